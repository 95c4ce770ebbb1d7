//! Every byte of every frame, one bit of it flipped on the way.

use undertone_wire::pairing::PairingError;
use undertone_wire::request::{Offer, Request, request_hash};

use crate::asking::{FRAMES, asked, ends, public_address, run};

/// Flips a bit in each byte of one frame, and checks that neither end pairs and that the end that
/// gets the frame fails with one of `expected`, or that its answer is refused with `later`.
fn flip_each_byte(place: usize, expected: &[PairingError], later: Option<PairingError>) {
    let lengths: Vec<usize> = run(ends(), |_, _| {}).frames.iter().map(Vec::len).collect();
    assert_eq!(lengths.len(), FRAMES);
    let mut answered = 0;
    for at in 0..lengths[place] {
        let outcome = run(ends(), |now, frame| {
            if now == place {
                frame[at] ^= 1 << (at % 8);
            }
        });
        let (receiver, sender) = if place.is_multiple_of(2) {
            (outcome.asker, outcome.accepter)
        } else {
            (outcome.accepter, outcome.asker)
        };
        assert!(!receiver.is_paired(), "frame {place}, byte {at}");
        // The last frame's sender cannot know whether it arrived: the two generals.
        assert_eq!(sender.is_paired(), place == FRAMES - 1, "frame {place}, byte {at}");
        if let Some(later) = later.filter(|_| outcome.frames.len() == place + 2 && at >= 4) {
            assert_eq!(sender.error(), later, "frame {place}, byte {at}");
            answered += 1;
            continue;
        }
        let error = receiver.error();
        let by_order =
            at == 0 && matches!(error, PairingError::OutOfTurn | PairingError::Malformed);
        assert!(by_order || expected.contains(&error), "frame {place}, byte {at}: {error:?}");
    }
    // Of a share, all but the kind and the list of three bytes.
    assert_eq!(answered, if later.is_some() { lengths[place] - 4 } else { 0 });
}

const LIST: [PairingError; 2] = [PairingError::Malformed, PairingError::NoCommonVersion];

#[test]
fn in_the_accepters_share() {
    // The asker cannot tell, and answers with its share; that shows another root.
    flip_each_byte(0, &LIST, Some(PairingError::RootMismatch));
}

#[test]
fn in_the_askers_share() {
    flip_each_byte(1, &[&LIST[..], &[PairingError::RootMismatch]].concat(), None);
}

#[test]
fn in_the_accepters_card() {
    flip_each_byte(2, &[PairingError::BadCiphertext], None);
}

#[test]
fn in_the_askers_card() {
    flip_each_byte(3, &[PairingError::BadCiphertext], None);
}

#[test]
fn in_the_accepters_proof() {
    flip_each_byte(4, &[PairingError::BadCiphertext], None);
}

#[test]
fn in_the_askers_proof() {
    flip_each_byte(5, &[PairingError::BadCiphertext], None);
}

#[test]
fn in_the_offer() {
    let (_, _, offer, request) = asked();
    let mut read = 0;
    for at in 0..offer.len() {
        let mut seen = offer.clone();
        seen[at] ^= 1 << (at % 8);
        let Ok(changed) = Offer::decode(&seen) else { continue };
        read += 1;
        let mut ends = ends();
        ends.offer_keys = changed.keys().clone();
        ends.asker.hash = request_hash("local", &public_address(), &[9; 32], &seen, &request);
        let outcome = run(ends, |_, _| {});
        assert_eq!(outcome.accepter.error(), PairingError::RootMismatch, "byte {at}");
        assert_eq!(outcome.frames.len(), 2);
    }
    // Most changes to a key give another key.
    assert!(read > 1000, "{read}");
}

#[test]
fn in_the_request() {
    let (_, _, offer, request) = asked();
    let mut read = 0;
    for at in 0..request.len() {
        let mut seen = request.clone();
        seen[at] ^= 1 << (at % 8);
        let Ok(changed) = Request::decode(&seen) else { continue };
        read += 1;
        let mut ends = ends();
        ends.request_keys = changed.keys;
        ends.place = changed.place;
        ends.accepter.hash = request_hash("local", &public_address(), &[9; 32], &offer, &seen);
        let outcome = run(ends, |_, _| {});
        assert_eq!(outcome.accepter.error(), PairingError::RootMismatch, "byte {at}");
        assert_eq!(outcome.frames.len(), 2);
    }
    assert!(read > 1000, "{read}");
}
