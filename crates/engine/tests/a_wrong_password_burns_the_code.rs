//! A wrong password costs the code: both ends are told at once, and nobody answers under it any
//! more, not even to who has the right one.

mod common;

use common::outside::{answer, guess};
use common::{CODE, Net};
use undertone_handle::command::Role;
use undertone_handle::event::MeetingEnd;
use undertone_wire::cell::FrameKind;

/// The locator of [`CODE`] with another password.
const TYPO: &str = "93-anchor-basket-candle";

#[test]
fn both_are_told_at_once_and_the_right_guest_finds_nobody() {
    let mut net = Net::new(1, 3);
    net.meet(0, Role::Host, CODE, Some(false));
    assert_eq!(net.services(0), 1);
    let dialled = net.now;
    net.meet(1, Role::Guest, TYPO, Some(false));
    // No time passed: nobody waited for a timeout.
    assert_eq!(net.now, dialled);
    for node in 0..2 {
        assert_eq!(net.ended(node), Some(MeetingEnd::WrongPassword), "node {node}");
        assert!(!net.paired(node));
    }
    assert_eq!((net.services(0), net.streams()), (0, 0));

    net.meet(2, Role::Guest, CODE, Some(false));
    net.pass(60_000);
    assert_eq!(net.ended(2), Some(MeetingEnd::NobodyAnswers));
    assert!(!net.paired(0) && !net.paired(2));
}

#[test]
fn a_guest_who_waits_its_turn_behind_the_wrong_one_is_told() {
    let mut net = Net::new(2, 2);
    net.meet(0, Role::Host, CODE, Some(false));
    // Somebody has the turn; the right guest waits behind.
    let stranger = net.knock(0).unwrap();
    let (mut pairing, share) = guess(&stranger, TYPO, 3);
    net.speak(&stranger, FrameKind::Pairing, &share);
    net.meet(1, Role::Guest, CODE, Some(false));
    assert_eq!(net.ended(1), None);
    let (_, frame) = net.heard(&stranger).remove(0);
    let confirmation = answer(&mut pairing, &frame, 4).unwrap();
    net.speak(&stranger, FrameKind::Pairing, &confirmation);
    assert_eq!(net.ended(0), Some(MeetingEnd::WrongPassword));
    net.pass(60_000);
    assert_eq!(net.ended(1), Some(MeetingEnd::NobodyAnswers));
}
