//! What the fuzz targets `smp_*` do with their input, and what the replay of their corpus does.
//!
//! An input is a choice and edits: the good message of one step, edited, is given to the side that
//! waits for it. So an input without edits is accepted, and one with few gets far.
//!
//! The choice is one byte: bits 0 and 1 are the message's number less one, bit 2 makes the secrets
//! differ. An edit is four bytes: what to do, a place in 16 bits (little-endian), a value.

use undertone_smp::Reply;

use crate::support::{Use, What, replaced, run_to};

/// Runs an input, and tells whether the message was taken.
pub(crate) fn step<U: Use>(input: &[u8]) -> bool {
    let Some((choice, edits)) = input.split_first() else { return false };
    let number = usize::from(choice & 3) + 1;
    let equal = choice & 4 == 0;
    let mut run = run_to::<U>(number, 70, "yes", if equal { "yes" } else { "no" });
    let good = run.messages[number - 1].clone();
    let message = edited::<U>(number, &good, edits);
    match run.receive(&message) {
        Err(error) => {
            assert_ne!(message, good, "a good message was refused: {error}");
            assert!(run.receiver().is_idle());
            false
        }
        Ok(Reply::Aborted) => {
            assert!(run.receiver().is_idle());
            false
        }
        Ok(reply) => {
            assert_eq!(said::<U>(number, &message), said::<U>(number, &good));
            assert!(U::NAME != "ristretto255" || message == good);
            if let Reply::Finished { matched, .. } = reply {
                assert_eq!(matched, equal);
            }
            true
        }
    }
}

/// What no other message may say in its place: the elements, and where they have one encoding the
/// scalars.
fn said<U: Use>(number: usize, message: &U::Message) -> Vec<Vec<u8>> {
    let bytes = U::bytes(&mut message.clone()).clone();
    let fields = U::fields(number, message).into_iter();
    let unique = |what| what == What::Element || U::NAME != "ed448";
    fields.filter(|(what, _)| unique(*what)).map(|(_, place)| bytes[place].to_vec()).collect()
}

fn edited<U: Use>(number: usize, good: &U::Message, edits: &[u8]) -> U::Message {
    let mut message = good.clone();
    // Fields can be found until something else was edited.
    let mut whole = true;
    for edit in edits.chunks_exact(4).take(16) {
        let [what, low, high, value] = [edit[0], edit[1], edit[2], edit[3]];
        let place = usize::from(u16::from_le_bytes([low, high]));
        if what % 8 >= 5 {
            if whole {
                message = field_edited::<U>(number, &message, what % 8, place, value);
            }
            continue;
        }
        whole = false;
        let bytes = U::bytes(&mut message);
        if bytes.is_empty() {
            continue;
        }
        let place = place % bytes.len();
        match what % 8 {
            0 => bytes[place] = value,
            1 => bytes[place] ^= value,
            2 => bytes.insert(place, value),
            3 => {
                bytes.remove(place);
            }
            _ => bytes.truncate(place),
        }
    }
    message
}

/// Puts a known value, a bad one, or that of another field into a field.
fn field_edited<U: Use>(
    number: usize,
    message: &U::Message,
    how: u8,
    place: usize,
    value: u8,
) -> U::Message {
    let fields = U::fields(number, message);
    let (what, place) = fields[place % fields.len()].clone();
    let other = match how {
        5 => U::known(what),
        6 => {
            let bad = if what == What::Element { U::bad_elements() } else { U::bad_scalars() };
            bad[usize::from(value) % bad.len()].1.clone()
        }
        _ => {
            let from = fields[usize::from(value) % fields.len()].1.clone();
            U::bytes(&mut message.clone())[from].to_vec()
        }
    };
    replaced::<U>(message, place, &other)
}
