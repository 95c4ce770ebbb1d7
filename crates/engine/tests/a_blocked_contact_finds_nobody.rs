//! Whoever is blocked is neither dialled nor served: to them it is as if the program were not running. Nothing is lost
//! on either side, and all of it comes once the door is open again.

mod common;

use common::{Net, TALK};
use undertone_engine::storage::View as _;
use undertone_handle::Command;
use undertone_handle::event::{ConversationEvent, Delivery, LinkState, NotSent};

const DAY: u64 = 86_400_000;

fn block(net: &mut Net, node: usize, blocked: bool) {
    net.command(node, Command::Block(TALK, blocked));
    assert!(net.says(node, &ConversationEvent::Blocked(blocked)));
}

fn last_link(net: &Net, node: usize) -> Option<LinkState> {
    net.told(node).into_iter().rev().find_map(|event| match event {
        ConversationEvent::Link(state) => Some(*state),
        _ => None,
    })
}

#[test]
fn nothing_goes_through_in_either_direction_until_the_door_is_open() {
    // The one who serves blocks, and the one who dials.
    for node in 0..2 {
        let other = 1 - node;
        let mut net = Net::lasting(u8::try_from(node).unwrap() + 1);
        net.say(node, "before");
        block(&mut net, node, true);
        assert_eq!(last_link(&net, other), Some(LinkState::Away), "as if the program had ended");
        assert!(!net.says(other, &ConversationEvent::PeerLeft));
        net.write(other, "can you hear me?");
        net.say(node, "not this");
        let refused = net
            .told(node)
            .into_iter()
            .any(|event| matches!(event, ConversationEvent::NotSent(_, NotSent::Blocked)));
        assert!(refused);
        net.pass(2 * DAY);
        assert!(net.received(node).is_empty());
        assert_eq!(last_link(&net, node), Some(LinkState::Away));

        block(&mut net, node, false);
        net.pass(DAY);
        assert_eq!(net.received(node), ["can you hear me?"]);
        assert_eq!(net.received(other), ["before"]);
        net.say(node, "after");
        assert_eq!(net.received(other), ["before", "after"]);
    }
}

#[test]
fn what_waited_when_the_door_was_shut_waits_and_arrives() {
    let mut net = Net::lasting(3);
    net.go_dark();
    net.write(0, "written in the dark");
    block(&mut net, 0, true);
    net.light();
    net.pass(DAY);
    assert!(net.received(1).is_empty());
    assert_eq!(net.nodes[0].memory().outbox_len(TALK), 1);
    block(&mut net, 0, false);
    net.pass(DAY);
    assert_eq!(net.received(1), ["written in the dark"]);
    let delivered = net
        .told(0)
        .into_iter()
        .filter(|event| matches!(event, ConversationEvent::Delivery(_, Delivery::Delivered)));
    assert_eq!(delivered.count(), 1);
}

#[test]
fn it_outlives_the_program_on_both_sides() {
    for node in 0..2 {
        let other = 1 - node;
        let mut net = Net::lasting(u8::try_from(node).unwrap() + 5);
        block(&mut net, node, true);
        for ends in [node, other] {
            net.command(ends, Command::Shutdown);
            net.reload(ends);
        }
        net.write(other, "hello?");
        net.pass(DAY);
        assert!(net.received(node).is_empty());
        assert!(net.nodes[node].memory().policy(TALK).unwrap().blocked);
        block(&mut net, node, false);
        net.pass(DAY);
        assert_eq!(net.received(node), ["hello?"]);
    }
}

/// A passing conversation has nothing that could be blocked: it is left.
#[test]
fn only_a_lasting_contact_can_be_blocked() {
    let mut net = Net::open(9);
    net.command(0, Command::Block(TALK, true));
    assert!(net.says(0, &ConversationEvent::Blocked(false)));
    net.say(1, "still here");
    assert_eq!(net.received(0), ["still here"]);
}

/// Saying it twice is saying it once; and a blocked contact can be left like any other.
#[test]
fn a_blocked_contact_can_be_left() {
    let mut net = Net::lasting(11);
    block(&mut net, 0, true);
    block(&mut net, 0, true);
    net.command(0, Command::Leave(TALK));
    assert!(net.says(0, &ConversationEvent::Left { confirmed: false }));
    assert!(net.nodes[0].memory().contacts().is_empty());
}
