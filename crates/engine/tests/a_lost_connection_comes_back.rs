//! The connection breaks: it is said, dialled again at the contact's own service, and nothing is
//! lost or doubled.

mod common;

use common::{Net, TALK, Tap};
use undertone_engine::storage::View as _;
use undertone_handle::Command;
use undertone_handle::event::{ConversationEvent, Delivery, LinkState};
use undertone_wire::cell::FrameKind;

#[test]
fn what_was_under_way_arrives_once_after_the_connection_is_back() {
    let mut net = Net::open(1);
    net.say(0, "one");
    net.say(1, "eins");
    net.down = true;
    net.cut_all();
    for node in 0..2 {
        assert!(
            net.told(node)
                .iter()
                .any(|e| matches!(e, ConversationEvent::Link(LinkState::Lost { .. })))
        );
    }
    let waiting = net.say(0, "two");
    let waiting = net.message(0, waiting).unwrap();
    net.say(1, "zwei");
    net.pass(60_000);
    assert!(net.says(0, &ConversationEvent::Delivery(waiting, Delivery::Waiting)));
    assert_eq!(net.received(1), ["one"]);
    net.down = false;
    net.pass(20_000);
    assert_eq!(net.received(1), ["one", "two"]);
    assert_eq!(net.received(0), ["eins", "zwei"]);
    assert!(net.says(0, &ConversationEvent::Delivery(waiting, Delivery::Delivered)));
    for node in 0..2 {
        assert!(net.says(node, &ConversationEvent::Link(LinkState::Up)));
    }
}

/// Either side may want another connection; there is one soon, whoever dials, and nothing is lost.
#[test]
fn a_connection_is_made_anew_on_request() {
    for node in 0..2 {
        let mut net = Net::open(9);
        net.say(0, "one");
        net.command(node, Command::Reconnect(TALK));
        for side in 0..2 {
            let mut told = net.told(side).into_iter();
            assert!(told.any(|e| matches!(e, ConversationEvent::Link(LinkState::Lost { .. }))));
        }
        net.say(1, "eins");
        net.pass(20_000);
        assert_eq!((net.received(0).len(), net.received(1).len()), (1, 1));
        for side in 0..2 {
            assert!(net.says(side, &ConversationEvent::Link(LinkState::Up)));
        }
    }
}

/// Where a dial was to wait for minutes, it is made at once.
#[test]
fn a_pause_is_cut_short_on_request() {
    let mut net = Net::open(10);
    net.down = true;
    net.cut_all();
    net.pass(120_000);
    net.down = false;
    let guest = 1;
    net.command(guest, Command::Reconnect(TALK));
    net.pass(2_000);
    assert!(net.says(guest, &ConversationEvent::Link(LinkState::Up)));
}

/// Each frame after the first text is lost once, at every position in turn.
#[test]
fn a_cut_at_any_frame_loses_and_doubles_nothing() {
    for cut_at in 0..12 {
        let mut net = Net::open(2);
        let mut count = 0;
        net.tap = Some(Box::new(move |passing| {
            if passing.kind != FrameKind::Packet {
                return Tap::Pass;
            }
            count += 1;
            if count - 1 == cut_at { Tap::Cut } else { Tap::Pass }
        }));
        for i in 0..4 {
            net.say(0, &format!("a{i}"));
            net.say(1, &format!("b{i}"));
        }
        net.pass(60_000);
        assert_eq!(net.received(1), ["a0", "a1", "a2", "a3"], "cut at {cut_at}");
        assert_eq!(net.received(0), ["b0", "b1", "b2", "b3"], "cut at {cut_at}");
    }
}

#[test]
fn a_damaged_packet_is_refused_and_sent_again() {
    let mut net = Net::open(3);
    let mut done = false;
    net.tap = Some(Box::new(move |passing| {
        if passing.from.node == 0 && passing.kind == FrameKind::Packet && !done {
            done = true;
            let mut bytes = passing.bytes.clone();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            return Tap::Replace(bytes);
        }
        Tap::Pass
    }));
    net.say(0, "damaged on the way");
    assert!(net.says(1, &ConversationEvent::Refused));
    assert!(net.received(1).is_empty());
    // The next text's receipt shows the hole, and the hole is filled.
    net.say(0, "whole");
    assert_eq!(net.received(1).len(), 2);
    net.say(1, "answer");
    assert_eq!(net.received(0), ["answer"]);
}

#[test]
fn after_ten_minutes_the_conversation_is_given_up_on_both_sides() {
    let mut net = Net::open(4);
    net.down = true;
    net.cut_all();
    net.pass(9 * 60_000);
    assert!(!net.says(0, &ConversationEvent::Link(LinkState::GivenUp)));
    net.pass(2 * 60_000);
    for node in 0..2 {
        assert!(net.says(node, &ConversationEvent::Link(LinkState::GivenUp)));
    }
    assert_eq!(net.services(0), 0);
}

#[test]
fn a_hundred_cuts_in_a_row_lose_nothing() {
    let mut net = Net::open(5);
    let mut expected = Vec::new();
    for i in 0..100 {
        let body = format!("text {i}");
        net.say(0, &body);
        expected.push(body);
        net.cut_all();
        net.say(1, "back");
        net.pass(5_000);
    }
    net.pass(60_000);
    assert_eq!(net.received(1), expected);
    assert_eq!(net.received(0).len(), 100);
}

#[test]
fn more_than_the_window_and_the_chain_allow_waits_and_arrives_in_order() {
    let mut net = Net::open(6);
    net.down = true;
    net.cut_all();
    let expected: Vec<String> = (0..700).map(|i| format!("text {i}")).collect();
    for body in &expected {
        net.say(0, body);
    }
    net.down = false;
    net.pass(60_000);
    assert_eq!(net.received(1), expected);
}

/// A text arrived and its receipt did not: after the connection is back, the next text leaves at
/// once, although the partner has nothing to say.
#[test]
fn a_text_after_a_lost_receipt_does_not_wait_for_the_partner_to_speak() {
    let mut net = Net::open(7);
    net.tap = Some(Box::new(|passing| {
        let receipt = passing.from.node == 1 && passing.kind == FrameKind::Packet;
        if receipt { Tap::Cut } else { Tap::Pass }
    }));
    net.say(0, "arrives");
    net.tap = None;
    net.pass(5_000);
    let next = net.say(0, "follows");
    let next = net.message(0, next).unwrap();
    assert_eq!(net.received(1), ["arrives", "follows"]);
    assert!(net.says(0, &ConversationEvent::Delivery(next, Delivery::Delivered)));
}

/// Somebody on the way breaks each connection as soon as it stands, hundreds of times, whatever
/// direction gets through. When they have gone, what waited arrives.
#[test]
fn connections_that_break_at_once_for_ten_minutes_lose_nothing() {
    // How many packets of each node get through per connection.
    for through in [[0, 0], [1, 0], [0, 1], [1, 1], [70, 0], [0, 70]] {
        let mut net = Net::open(8);
        net.say(0, "before");
        net.say(1, "before");
        let mut passed = [0; 2];
        let mut current = None;
        net.tap = Some(Box::new(move |passing| {
            let from = passing.from.node;
            let stream = passing.from.stream.max(passing.to.stream);
            if current.replace(stream) != Some(stream) {
                passed = [0; 2];
            }
            if passing.kind != FrameKind::Packet {
                return Tap::Pass;
            }
            passed[from] += 1;
            match passed {
                // Both have had their say, and lost it where they should.
                [a, b] if a > through[0] && b > through[1] => Tap::Cut,
                _ if passed[from] > through[from] => Tap::Drop,
                _ => Tap::Pass,
            }
        }));
        for i in 0..100 {
            net.say(0, &format!("a{i}"));
            net.say(1, &format!("b{i}"));
        }
        for _ in 0..400 {
            net.cut_all();
            net.pass(1_500);
        }
        net.tap = None;
        net.cut_all();
        net.pass(60_000);
        let texts = |side: &str| {
            let numbered = (0..100).map(|i| format!("{side}{i}"));
            std::iter::once("before".to_owned()).chain(numbered).collect::<Vec<_>>()
        };
        assert_eq!(net.received(1), texts("a"), "{through:?}");
        assert_eq!(net.received(0), texts("b"), "{through:?}");
        for node in 0..2 {
            // Nobody forged anything, so nobody is told so.
            assert!(!net.says(node, &ConversationEvent::Refused), "{through:?}");
            assert_eq!(net.nodes[node].memory().outbox_len(TALK), 0, "{through:?}");
        }
    }
}
