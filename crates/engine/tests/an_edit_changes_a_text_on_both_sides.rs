//! Whoever wrote a text can give it other words, on both sides; nobody else can, and what is gone
//! stays gone.

mod common;

use common::outside::Puppet;
use common::{CODE, Crash, Net, TALK};
use undertone_engine::limits::WAITING;
use undertone_engine::storage::{View as _, message_id};
use undertone_handle::Command;
use undertone_handle::command::{MAX_TEXT, Role};
use undertone_handle::event::{ConversationEvent, NotDone};
use undertone_wire::message::{Body, Payload};

fn edit(net: &mut Net, node: usize, message: undertone_handle::MessageId, body: &str) {
    net.command(node, Command::Edit { message, body: body.to_owned() });
}

#[test]
fn the_new_words_stand_on_both_sides_with_the_time() {
    let mut net = Net::lasting(1);
    let message = net.write(0, "teh cat");
    net.pass(60_000);
    edit(&mut net, 0, message, "the cat");
    for node in 0..2 {
        assert_eq!(net.kept(node), ["the cat"]);
        let memory = net.nodes[node].memory();
        let row = memory.rows(TALK).next().map(|row| (row.at, row.edited));
        let now = net.nodes[node].wall(net.now);
        assert!(row.is_some_and(|(at, edited)| at < now && edited == Some(now)), "{row:?}");
        let told = net.told(node).into_iter();
        let told = told.filter(
            |e| matches!(e, ConversationEvent::Edited { body, at, .. } if body == "the cat" && *at == now),
        );
        assert_eq!(told.count(), 1, "{node}");
    }
}

#[test]
fn a_crash_at_any_step_loses_and_doubles_no_edit() {
    for node in 0..2 {
        for how in [Crash::BeforeCommit, Crash::AfterCommit, Crash::AfterEffects] {
            for step in 0..10 {
                let mut net = Net::lasting(2);
                let message = net.write(0, "one");
                net.crash = Some((node, step, how));
                for body in ["two", "three"] {
                    edit(&mut net, 0, message, body);
                    if net.kept(0) != [body] {
                        edit(&mut net, 0, message, body);
                    }
                }
                net.pass(400_000);
                assert_eq!(net.kept(1), ["three"], "{node} {how:?} {step}");
                assert_eq!(net.nodes[0].memory().outbox(TALK, 0, 99).len(), 0);
            }
        }
    }
}

#[test]
fn an_edit_of_what_is_gone_changes_nothing() {
    let mut net = Net::lasting(3);
    let message = net.write(0, "one");
    let there = net.last_received(1);
    net.command(1, Command::Delete(there));
    edit(&mut net, 0, message, "two");
    assert_eq!(net.kept(0), ["two"]);
    assert!(net.kept(1).is_empty());
    let told = net.told(1).into_iter();
    assert_eq!(told.filter(|e| matches!(e, ConversationEvent::Edited { .. })).count(), 0);
}

#[test]
fn words_that_no_message_carries_are_refused() {
    let mut net = Net::lasting(4);
    let message = net.write(0, "one");
    for body in [String::new(), "x".repeat(MAX_TEXT + 1)] {
        edit(&mut net, 0, message, &body);
    }
    let refused = ConversationEvent::NotDone(message, NotDone::TooLong);
    assert_eq!(net.told(0).into_iter().filter(|e| **e == refused).count(), 2);
    edit(&mut net, 0, message, &"x".repeat(MAX_TEXT));
    assert_eq!(net.kept(1), ["x".repeat(MAX_TEXT)]);
    edit(&mut net, 0, message_id(1, 77), "nowhere");
    assert!(net.says(0, &ConversationEvent::NotDone(message_id(1, 77), NotDone::Gone)));
}

/// A contact edits what is ours, what it never sent, and the edit itself.
#[test]
fn a_contact_edits_nothing_but_its_own() {
    let mut net = Net::new(5, 1);
    let mut puppet = Puppet::pair(&mut net, 5, Some(false));
    let mut sequence = 0;
    let mut send = |net: &mut Net, puppet: &mut Puppet, body: Body| {
        sequence += 1;
        puppet.send(net, &Payload { sequence, body });
        puppet.read(net);
    };
    send(&mut net, &mut puppet, Body::CheckWish(false));
    // Ours is number 3 in our direction; theirs is number 2 in the other.
    net.say(0, "ours");
    send(&mut net, &mut puppet, Body::text("theirs".to_owned()));
    for of in [1, 3, 4, 5, 6, 60, u64::MAX] {
        let text = "forged".to_owned().into();
        send(&mut net, &mut puppet, Body::Edit { of, text });
    }
    assert_eq!(net.kept(0), ["ours", "theirs"]);
    send(&mut net, &mut puppet, Body::Edit { of: 2, text: "better".to_owned().into() });
    assert_eq!(net.kept(0), ["ours", "better"]);
}

/// Changes wait like texts, and no more of them than are good for the machine.
#[test]
fn more_changes_than_can_wait_are_refused_and_the_others_arrive() {
    let mut net = Net::new(6, 2);
    net.lasting = true;
    net.meet(0, Role::Host, CODE, Some(false));
    net.meet(1, Role::Guest, CODE, Some(false));
    let message = net.write(0, "0");
    net.go_dark();
    for i in 1..=WAITING {
        edit(&mut net, 0, message, &i.to_string());
    }
    let full = ConversationEvent::NotDone(message, NotDone::OutboxFull);
    assert!(!net.says(0, &full));
    edit(&mut net, 0, message, "one more");
    assert!(net.says(0, &full));
    net.light();
    assert_eq!(net.kept(1), [WAITING.to_string()]);
    edit(&mut net, 0, message, "one more");
    assert_eq!(net.kept(1), ["one more"]);
}
