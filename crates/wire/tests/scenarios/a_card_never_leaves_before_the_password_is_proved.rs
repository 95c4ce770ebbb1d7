use undertone_wire::card::CARD_LEN;

use crate::support::{ends, password, run};

/// Everything that is sent before both passwords are proved: shares with their version lists,
/// confirmations, a refusal. Nothing of these lengths can hold a card.
const BEFORE: [usize; 4] = [36, 36, 33, 33];

#[test]
fn the_frames_before_the_cards_are_shares_and_confirmations() {
    let frames = run(ends(), |_, _| {}).frames;
    assert_eq!(frames[..4].iter().map(Vec::len).collect::<Vec<_>>(), BEFORE);
    assert!(frames[4].len() > CARD_LEN && frames[5].len() > CARD_LEN);
}

#[test]
fn with_a_wrong_password_no_side_gets_that_far() {
    let (mut guest, host) = ends();
    guest.password = password("93-xyz1zyquuz");
    let frames = run((guest, host), |_, _| {}).frames;
    assert_eq!(frames.iter().map(Vec::len).collect::<Vec<_>>(), [36, 36, 33, 2]);
}

#[test]
fn a_host_that_skips_its_confirmation_gets_no_card() {
    // It sends its card, or anything as long, in the confirmation's place.
    for (code, length) in [(6, 2514), (4, 33), (8, 49), (2, 36)] {
        let frames = run(ends(), |place, frame| {
            if place == 3 {
                *frame = vec![code; length];
            }
        })
        .frames;
        assert!(frames[4..].iter().all(|frame| frame.len() == 2), "{code}");
    }
}

#[test]
fn a_guest_that_skips_its_confirmation_gets_no_card() {
    for (code, length) in [(5, 1426), (3, 33), (7, 1137), (1, 36)] {
        let frames = run(ends(), |place, frame| {
            if place == 2 {
                *frame = vec![code; length];
            }
        })
        .frames;
        assert!(frames[3..].iter().all(|frame| frame.len() == 2), "{code}");
    }
}

#[test]
fn cards_on_the_wire_are_sealed() {
    let outcome = run(ends(), |_, _| {});
    let paired = outcome.guest.paired();
    let both = [paired.own.public(), &paired.peer];
    for card in both.map(|card| card.encode()) {
        for part in card[1..].chunks(32) {
            for frame in &outcome.frames {
                assert!(!frame.windows(32).any(|window| window == part));
            }
        }
    }
}
