//! Strangers at a code's address: what costs a guess, what costs nothing, and that the guest pairs
//! among a thousand of them.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod common;

use common::outside::{Visitor, guess};
use common::{CODE, Net};
use undertone_engine::limits::{CONFIRMATION_PATIENCE, SHARE_PATIENCE, STRANGERS, UNCONFIRMED};
use undertone_handle::command::Role;
use undertone_handle::event::{ConversationEvent, Event, MeetingEnd, MeetingEvent};
use undertone_wire::cell::FrameKind;

const WRONG: &str = "93-anchor-basket-candle";

/// A stranger comes and sends a right share. It needs no password for that.
fn share(net: &mut Net, seed: u8) -> Visitor {
    let visitor = net.knock(0).unwrap();
    let (_, share) = guess(&visitor, WRONG, seed);
    net.speak(&visitor, FrameKind::Pairing, &share);
    visitor
}

/// What the host said about guesses.
fn guesses_left(net: &Net) -> Vec<u8> {
    let events = net.nodes[0].events.iter();
    events
        .filter_map(|e| match e {
            Event::Meeting(_, MeetingEvent::GuessesLeft(left)) => Some(*left),
            _ => None,
        })
        .collect()
}

fn hosting(seed: u8, nodes: usize) -> Net {
    let mut net = Net::new(seed, nodes);
    net.meet(0, Role::Host, CODE, Some(false));
    net
}

#[test]
fn a_silent_stranger_costs_one_of_three_and_the_guest_behind_it_pairs() {
    let mut net = hosting(1, 2);
    let stranger = share(&mut net, 1);
    net.meet(1, Role::Guest, CODE, Some(false));
    net.pass(CONFIRMATION_PATIENCE - 1);
    assert!(guesses_left(&net).is_empty() && !net.is_closed(&stranger));
    assert!(!net.paired(0), "the turn is exclusive");
    net.pass(1);
    assert_eq!(guesses_left(&net), [UNCONFIRMED - 1]);
    assert!(net.is_closed(&stranger));
    net.pass(5_000);
    assert!(net.says(0, &ConversationEvent::Open) && net.says(1, &ConversationEvent::Open));
}

#[test]
fn two_silent_strangers_ahead_do_not_keep_the_guest_away() {
    let mut net = hosting(2, 2);
    for seed in 0..2 {
        share(&mut net, seed);
    }
    net.meet(1, Role::Guest, CODE, Some(false));
    net.pass(2 * CONFIRMATION_PATIENCE + 10_000);
    assert!(net.paired(0) && net.paired(1), "{:?}", net.ended(1));
}

#[test]
fn the_third_unconfirmed_share_burns_the_code() {
    let mut net = hosting(3, 2);
    for seed in 0..UNCONFIRMED {
        assert_eq!(net.ended(0), None);
        let stranger = share(&mut net, seed);
        // One of them hangs up instead of waiting: the same.
        if seed == 1 {
            net.drop_visitor(&stranger);
        } else {
            net.pass(CONFIRMATION_PATIENCE);
        }
    }
    assert_eq!(guesses_left(&net), [2, 1]);
    assert_eq!(net.ended(0), Some(MeetingEnd::TooManyUnconfirmed));
    assert_eq!((net.services(0), net.streams()), (0, 0));
    net.meet(1, Role::Guest, CODE, Some(false));
    net.pass(60_000);
    assert_eq!(net.ended(1), Some(MeetingEnd::NobodyAnswers));
}

#[test]
fn what_is_no_share_costs_nothing() {
    let mut net = hosting(4, 2);
    let garbage: [(FrameKind, Vec<u8>); 9] = [
        (FrameKind::Pairing, Vec::new()),
        (FrameKind::Pairing, vec![1]),
        (FrameKind::Pairing, [&[1, 1, 0, 1][..], &[0xff; 32]].concat()),
        (FrameKind::Pairing, [&[1, 1, 0, 1][..], &[0; 32]].concat()),
        (FrameKind::Pairing, [&[1, 1, 0, 9][..], &[7; 32]].concat()),
        (FrameKind::Pairing, vec![3; 33]),
        (FrameKind::Pairing, vec![15, 3]),
        (FrameKind::Packet, vec![0; 466]),
        (FrameKind::Link, vec![1; 38]),
    ];
    for (kind, bytes) in &garbage {
        let stranger = net.knock(0).unwrap();
        net.speak(&stranger, *kind, bytes);
        assert!(net.is_closed(&stranger), "{kind:?} {bytes:?}");
    }
    assert!(guesses_left(&net).is_empty());
    net.meet(1, Role::Guest, CODE, Some(false));
    assert!(net.paired(0) && net.paired(1));
}

#[test]
fn a_stream_without_a_share_is_closed_after_ten_seconds_and_costs_nothing() {
    let mut net = hosting(5, 1);
    let stranger = net.knock(0).unwrap();
    net.speak(&stranger, FrameKind::KeepAlive, &[]);
    net.pass(SHARE_PATIENCE - 1);
    assert!(!net.is_closed(&stranger));
    net.pass(1);
    assert!(net.is_closed(&stranger));
    assert!(guesses_left(&net).is_empty());
}

/// A second share on the stream that waits, or instead of a confirmation, gains nothing.
#[test]
fn a_second_share_ends_its_stream() {
    let mut net = hosting(6, 1);
    let first = share(&mut net, 1);
    let second = net.knock(0).unwrap();
    for _ in 0..2 {
        let (_, again) = guess(&second, WRONG, 2);
        net.speak(&second, FrameKind::Pairing, &again);
    }
    assert!(net.is_closed(&second));
    assert!(guesses_left(&net).is_empty());
    let (_, again) = guess(&first, WRONG, 1);
    net.speak(&first, FrameKind::Pairing, &again);
    assert!(net.is_closed(&first));
    assert_eq!(guesses_left(&net), [2]);
}

/// Garbage, silence, and two shares that nobody confirms: a thousand streams in ten seconds.
#[test]
fn the_guest_pairs_among_a_thousand_strangers() {
    for arrives_at in [0, 63, 64, 65, 500, 999] {
        let mut net = hosting(7, 2);
        for i in 0..1_000_u32 {
            if i == arrives_at {
                net.meet(1, Role::Guest, CODE, Some(false));
            }
            let Some(stranger) = net.knock(0) else { break };
            match i {
                10 | 300 => {
                    let (_, share) = guess(&stranger, WRONG, 9);
                    net.speak(&stranger, FrameKind::Pairing, &share);
                }
                _ if i % 2 == 0 => net.speak(&stranger, FrameKind::Pairing, &[1, 2, 3]),
                _ => {}
            }
            net.pass(10);
        }
        // One more: the stream that has the turn.
        assert!(net.nodes[0].most_waiting <= STRANGERS + 1, "{}", net.nodes[0].most_waiting);
        net.pass(60_000);
        assert!(net.paired(0) && net.paired(1), "{arrives_at}: {:?}", net.ended(1));
    }
}
