//! A program falls down while it says goodbye. The user has left: what starts again has no such
//! contact any more, and dials nobody who is gone.

mod common;

use common::{CODE, Crash, Net, TALK};
use undertone_engine::storage::View as _;
use undertone_handle::Command;
use undertone_handle::command::Role;
use undertone_handle::event::ConversationEvent;

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
