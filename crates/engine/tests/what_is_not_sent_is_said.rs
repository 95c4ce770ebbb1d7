//! A text that is not taken is named, with its reason; everything else arrives.

mod common;

use common::{CODE, Net, TALK};
use undertone_engine::limits::OUTBOX;
use undertone_engine::storage::View as _;
use undertone_handle::Command;
use undertone_handle::command::{MAX_TEXT, Role};
use undertone_handle::event::{ConversationEvent, NotSent};

fn refused(net: &Net, node: usize) -> Vec<NotSent> {
    let told = net.told(node).into_iter();
    told.filter_map(|e| match e {
        ConversationEvent::NotSent(_, why) => Some(*why),
        _ => None,
    })
    .collect()
}

#[test]
fn the_thousand_and_first_waiting_text_is_refused_and_the_others_arrive() {
    let mut net = Net::open(1);
    net.down = true;
    net.cut_all();
    let mut expected = Vec::new();
    for i in 0..OUTBOX {
        expected.push(format!("text {i}"));
        net.say(0, &expected[i]);
    }
    assert!(refused(&net, 0).is_empty());
    for _ in 0..3 {
        let one_more = net.say(0, "one more");
        assert!(net.says(0, &ConversationEvent::NotSent(one_more, NotSent::OutboxFull)));
    }
    assert_eq!(net.nodes[0].memory().outbox_len(TALK), OUTBOX);
    net.down = false;
    net.pass(60_000);
    assert_eq!(net.received(1), expected);
    // There is room again.
    assert_eq!(net.nodes[0].memory().outbox_len(TALK), 0);
    net.say(0, "and on");
    assert_eq!(net.received(1).last().unwrap(), "and on");
    assert_eq!(refused(&net, 0).len(), 3);
}

#[test]
fn the_longest_text_arrives_and_a_longer_one_is_refused() {
    let mut net = Net::open(2);
    let longest = "x".repeat(MAX_TEXT);
    net.say(0, &longest);
    assert_eq!(net.received(1), [longest]);
    net.say(0, &"x".repeat(MAX_TEXT + 1));
    assert_eq!(refused(&net, 0), [NotSent::TooLong]);
    // Nothing of it is kept, and its number is not missed.
    net.say(0, "next");
    assert_eq!(net.received(1).len(), 2);
    assert_eq!(net.nodes[0].memory().outbox_len(TALK), 0);
}

#[test]
fn without_an_open_conversation_every_text_is_refused() {
    let mut net = Net::new(3, 2);
    net.say(0, "before the meeting");
    net.meet(0, Role::Host, CODE, None);
    net.say(0, "in the meeting");
    net.meet(1, Role::Guest, CODE, Some(false));
    net.say(0, "before the check");
    assert_eq!(refused(&net, 0), [NotSent::NotOpen; 3]);

    let mut net = Net::open(4);
    net.command(0, Command::Leave(TALK));
    for node in 0..2 {
        net.say(node, "after the goodbye");
        assert_eq!(refused(&net, node), [NotSent::NotOpen]);
    }
    assert!(net.received(0).is_empty() && net.received(1).is_empty());
}

#[test]
fn a_text_after_our_own_goodbye_is_refused_while_it_waits_for_its_answer() {
    let mut net = Net::open(5);
    net.tap = Some(Box::new(|_| common::Tap::Drop));
    net.command(0, Command::Leave(TALK));
    net.say(0, "one more thing");
    assert_eq!(refused(&net, 0), [NotSent::NotOpen]);
}
