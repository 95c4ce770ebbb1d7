//! Every byte of every frame, one bit of it flipped on the way.

use undertone_wire::pairing::PairingError;

use crate::support::{FRAMES, ends, run};

/// Flips a bit in each byte of one frame, and checks that neither end pairs and that the end that
/// gets the frame fails with one of `expected`, now or at its next frame.
fn flip_each_byte(place: usize, expected: &[PairingError]) {
    let lengths: Vec<usize> = run(ends(), |_, _| {}).frames.iter().map(Vec::len).collect();
    assert_eq!(lengths.len(), FRAMES);
    for at in 0..lengths[place] {
        let outcome = run(ends(), |now, frame| {
            if now == place {
                frame[at] ^= 1 << (at % 8);
            }
        });
        let (receiver, sender) = if place.is_multiple_of(2) {
            (outcome.host, outcome.guest)
        } else {
            (outcome.guest, outcome.host)
        };
        let error = receiver.error();
        let by_order =
            at == 0 && matches!(error, PairingError::OutOfTurn | PairingError::Malformed);
        assert!(by_order || expected.contains(&error), "frame {place}, byte {at}: {error:?}");
        // The last frame's sender cannot know whether it arrived: the two generals.
        assert_eq!(sender.is_paired(), place == FRAMES - 1, "frame {place}, byte {at}");
    }
}

const SHARE: [PairingError; 3] =
    [PairingError::Malformed, PairingError::NoCommonVersion, PairingError::WrongPassword];

#[test]
fn in_the_guests_share() {
    flip_each_byte(0, &SHARE);
}

#[test]
fn in_the_hosts_share() {
    let told = PairingError::Refused(undertone_wire::pairing::Refusal::WrongPassword);
    flip_each_byte(1, &[&SHARE[..], &[told]].concat());
}

#[test]
fn in_the_guests_confirmation() {
    flip_each_byte(2, &[PairingError::WrongPassword]);
}

#[test]
fn in_the_hosts_confirmation() {
    flip_each_byte(3, &[PairingError::WrongPassword]);
}

#[test]
fn in_the_guests_card() {
    flip_each_byte(4, &[PairingError::BadCiphertext]);
}

#[test]
fn in_the_hosts_card() {
    flip_each_byte(5, &[PairingError::BadCiphertext]);
}

#[test]
fn in_the_guests_proof() {
    flip_each_byte(6, &[PairingError::BadCiphertext]);
}

#[test]
fn in_the_hosts_proof() {
    flip_each_byte(7, &[PairingError::BadCiphertext]);
}
