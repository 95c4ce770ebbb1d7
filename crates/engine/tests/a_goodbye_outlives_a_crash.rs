//! A program falls down while it says goodbye. The user has left: what starts again has no such
//! contact any more, and dials nobody who is gone.

mod common;

use common::{CODE, Crash, Net, TALK, Tap};
use undertone_engine::storage::View as _;
use undertone_handle::Command;
use undertone_handle::command::{CheckCommand, Role};
use undertone_handle::event::ConversationEvent;
use undertone_wire::message::Body;

fn lasting(seed: u8) -> Net {
    let mut net = Net::new(seed, 2);
    net.lasting = true;
    net.meet(0, Role::Host, CODE, Some(false));
    net.meet(1, Role::Guest, CODE, Some(false));
    net
}

#[test]
fn who_left_has_left_after_the_program_fell_down() {
    for how in [Crash::AfterCommit, Crash::AfterEffects] {
        for node in 0..2 {
            let mut net = lasting(9);
            net.say(node, "before");
            net.crash = Some((node, 0, how));
            net.command(node, Command::Leave(TALK));
            assert!(net.crash.is_none(), "{how:?}");
            net.pass(60_000);
            assert!(net.nodes[node].memory().contact(TALK).is_none(), "{how:?} {node}");
            assert!(net.nodes[node].memory().outbox(TALK, 0, 9).is_empty(), "{how:?} {node}");
            assert!(
                net.says(node, &ConversationEvent::Left { confirmed: false }),
                "{how:?} {node}"
            );
        }
    }
}

/// What was not stored was not said: the conversation goes on.
#[test]
fn a_goodbye_that_was_not_kept_is_none() {
    let mut net = lasting(9);
    net.crash = Some((0, 0, Crash::BeforeCommit));
    net.command(0, Command::Leave(TALK));
    net.pass(60_000);
    net.say(0, "still here");
    assert_eq!(net.received(1), ["still here"]);
}

/// What comes in meanwhile is not answered: whatever had a number behind the goodbye would hide it from the next start.
#[test]
fn nothing_is_said_after_a_goodbye() {
    for node in 0..2 {
        let other = 1 - node;
        let mut net = lasting(9);
        // A timer that both set at once, a check: some of it is answered by the program itself.
        net.tap = Some(Box::new(move |passing| match passing.from.node == node {
            true => Tap::Drop,
            false => Tap::Pass,
        }));
        net.command(node, Command::SetTimer(TALK, Some(60)));
        net.command(node, Command::Check(TALK, CheckCommand::Wish(true)));
        net.command(node, Command::Leave(TALK));
        net.command(other, Command::Check(TALK, CheckCommand::Wish(true)));
        net.command(other, Command::SetTimer(TALK, Some(90)));
        net.command(other, Command::Check(TALK, CheckCommand::Cancel));
        let memory = net.nodes[node].memory();
        let next = memory.counters(TALK).unwrap().next;
        let last = memory.outbox(TALK, next - 1, 1).pop().unwrap();
        assert_eq!(Body::decode(&last.body).unwrap(), Body::Goodbye, "{node}");
        net.tap = None;
        net.reload(node);
        net.pass(60_000);
        assert!(net.nodes[node].memory().contact(TALK).is_none(), "{node}");
    }
}
