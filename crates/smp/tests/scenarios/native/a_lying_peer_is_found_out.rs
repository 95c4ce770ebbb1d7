//! Elements that are none, that say nothing, or that repeat ours; proofs of something else.

use undertone_smp::{ReceiveError, Reply};

use super::run::{Run, Side, rng, run_to};

const HEADER: usize = 2;
const QUESTION: usize = 201;

/// Where the elements and the scalars of each message begin (docs/smp.md).
fn fields(number: usize) -> (Vec<usize>, Vec<usize>) {
    let (start, elements, scalars) = match number {
        1 => (HEADER + QUESTION, 2, 4),
        2 => (HEADER, 4, 7),
        3 => (HEADER, 3, 5),
        _ => (HEADER, 1, 2),
    };
    let place = |count: usize| start + count * 32;
    ((0..elements).map(place).collect(), (elements..elements + scalars).map(place).collect())
}

/// Gives the message, with `bytes` put at `place`, to the side that waits for it.
fn receive_changed(number: usize, place: usize, bytes: &[u8]) -> Result<Reply, ReceiveError> {
    let Run { starter, answerer, mut messages, mut rng } = run_to(number, 30, "yes", "yes");
    let mut side = if number % 2 == 1 { answerer } else { starter };
    messages[number - 1][place..place + bytes.len()].copy_from_slice(bytes);
    let reply = side.receive(&messages[number - 1], &mut rng);
    assert!(reply.is_ok() || side.is_idle());
    reply
}

#[test]
fn the_identity_and_points_of_small_order_are_refused_at_every_place() {
    // Encodings of ed25519's points of order 1, 2, 4 and 8, and bytes beyond the field.
    let mut one = [0; 32];
    one[0] = 1;
    let mut minus_one = [0xff; 32];
    minus_one[0] = 0xec;
    minus_one[31] = 0x7f;
    let order_eight = [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ];
    for number in 1..=4 {
        for place in fields(number).0 {
            for element in [[0; 32], one, minus_one, order_eight, [0xff; 32]] {
                let reply = receive_changed(number, place, &element);
                assert_eq!(reply, Err(ReceiveError::Element), "message {number} at {place}");
            }
        }
    }
}

#[test]
fn another_valid_element_is_refused_at_every_place() {
    // The generator, an element whose exponent everybody knows.
    let generator = [
        0xe2, 0xf2, 0xae, 0x0a, 0x6a, 0xbc, 0x4e, 0x71, 0xa8, 0x84, 0xa9, 0x61, 0xc5, 0x00, 0x51,
        0x5f, 0x58, 0xe3, 0x0b, 0x6a, 0xa5, 0x82, 0xdd, 0x8d, 0xb6, 0xa6, 0x59, 0x45, 0xe0, 0x8d,
        0x2d, 0x76,
    ];
    for number in 1..=4 {
        for place in fields(number).0 {
            let reply = receive_changed(number, place, &generator);
            assert_eq!(reply, Err(ReceiveError::Proof), "message {number} at {place}");
        }
    }
}

#[test]
fn zero_and_unreduced_scalars_are_refused_at_every_place() {
    for number in 1..=4 {
        for place in fields(number).1 {
            for scalar in [[0; 32], [0xff; 32]] {
                let reply = receive_changed(number, place, &scalar);
                assert_eq!(reply, Err(ReceiveError::Proof), "message {number} at {place}");
            }
        }
    }
}

#[test]
fn blinded_secrets_that_repeat_ours_are_refused() {
    let second = run_to(2, 30, "yes", "yes").messages.remove(1);
    // Pb and Qb come back as Pa or as Qa.
    for (ours, theirs) in [(HEADER + 64, HEADER), (HEADER + 96, HEADER + 32)] {
        let reply = receive_changed(3, theirs, &second[ours..ours + 32]);
        assert_eq!(reply, Err(ReceiveError::Element));
    }
}

#[test]
fn proofs_in_exchanged_places_are_refused() {
    let first = run_to(1, 30, "yes", "yes").messages.remove(0);
    let proofs = HEADER + QUESTION + 64;
    let exchanged = [&first[proofs + 64..proofs + 128], &first[proofs..proofs + 64]].concat();
    let reply = receive_changed(1, proofs, &exchanged);
    assert_eq!(reply, Err(ReceiveError::Proof));
}

#[test]
fn the_starters_first_elements_sent_back_are_refused() {
    let first = run_to(1, 30, "yes", "yes").messages.remove(0);
    let start = HEADER + QUESTION;
    let mut back = vec![1, 2];
    back.extend_from_slice(&first[start..start + 192]);
    back.resize(Side::MESSAGE_LEN, 0);
    let mut run = run_to(1, 30, "yes", "yes");
    assert!(run.starter.receive(&back, &mut rng(1)).is_err());
    assert!(run.starter.is_idle());
}

#[test]
fn another_version_and_unknown_kinds_are_refused() {
    assert_eq!(receive_changed(1, 0, &[2]), Err(ReceiveError::Version));
    for kind in [0, 6, 255] {
        assert_eq!(receive_changed(1, 1, &[kind]), Err(ReceiveError::Malformed));
    }
    assert_eq!(receive_changed(1, HEADER, &[201]), Err(ReceiveError::Malformed));
    assert_eq!(receive_changed(1, HEADER + 1, &[0xff]), Err(ReceiveError::Malformed));
}
