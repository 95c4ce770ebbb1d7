//! A text that has certainly not left is taken back or changed without a trace; one that may have
//! left is deleted instead, and the user is told which it was. In no case does a cancelled text
//! arrive after it was cancelled.

mod common;

use common::{Crash, Net, TALK, Tap};
use undertone_engine::storage::View as _;
use undertone_handle::Command;
use undertone_handle::event::{ConversationEvent, Deletion, NotDone};
use undertone_wire::cell::FrameKind;

#[test]
fn a_text_that_waits_is_taken_back_and_never_arrives() {
    let mut net = Net::lasting(1);
    net.go_dark();
    net.write(0, "one");
    let second = net.write(0, "two");
    net.write(0, "three");
    net.command(0, Command::Cancel(second));
    assert!(net.says(0, &ConversationEvent::Deleted(second, Deletion::Cancelled)));
    assert_eq!(net.kept(0), ["one", "three"]);
    assert!(
        net.nodes[0]
            .memory()
            .outbox(TALK, 0, 99)
            .iter()
            .all(|row| { !row.body.windows(3).any(|part| part == b"two") }),
        "its text stayed in the outbox"
    );
    net.light();
    assert_eq!(net.received(1), ["one", "three"]);
    assert_eq!(net.nodes[0].memory().outbox(TALK, 0, 99).len(), 0);
    // It is gone: there is nothing to be done to it any more.
    net.command(0, Command::Cancel(second));
    assert!(net.says(0, &ConversationEvent::NotDone(second, NotDone::Gone)));
}

#[test]
fn a_text_that_waits_is_edited_where_it_waits() {
    let mut net = Net::lasting(2);
    net.go_dark();
    let first = net.write(0, "helo");
    net.command(0, Command::Edit { message: first, body: "hello".to_owned() });
    net.light();
    assert_eq!(net.received(1), ["hello"]);
    let told = net.told(1).into_iter();
    assert_eq!(told.filter(|e| matches!(e, ConversationEvent::Edited { .. })).count(), 0);
}

/// A text left and its connection was lost: nobody can say whether it arrived. Taking it back is
/// deleting it, and it is gone on both sides whichever it was.
#[test]
fn a_text_that_may_have_left_is_deleted_instead() {
    for arrives in [false, true] {
        let mut net = Net::lasting(3);
        // Either the text is lost, or its receipt.
        net.tap = Some(Box::new(move |passing| {
            let lost = if arrives { passing.from.node == 1 } else { passing.from.node == 0 };
            if passing.kind == FrameKind::Packet && lost { Tap::Drop } else { Tap::Pass }
        }));
        let message = net.write(0, "maybe");
        net.tap = None;
        net.go_dark();
        assert_eq!(net.received(1).len(), usize::from(arrives));
        net.nodes[0].events.clear();
        net.reload(0);
        net.command(0, Command::Cancel(message));
        assert!(net.says(0, &ConversationEvent::Deleted(message, Deletion::Own)), "{arrives}");
        net.light();
        assert_eq!(net.received(1).len(), usize::from(arrives));
        assert!(net.kept(0).is_empty() && net.kept(1).is_empty(), "{arrives}");
        assert_eq!(net.nodes[0].memory().outbox(TALK, 0, 99).len(), 0);
        net.say(0, "on");
        assert_eq!(net.kept(1), ["on"]);
    }
}

/// A crash at any step between the writing, the cancelling and the connection that comes back.
#[test]
fn no_crash_lets_a_cancelled_text_arrive() {
    for node in 0..2 {
        for how in [Crash::BeforeCommit, Crash::AfterCommit, Crash::AfterEffects] {
            for step in 0..14 {
                let mut net = Net::lasting(4);
                net.go_dark();
                let message = net.write(0, "never");
                net.crash = Some((node, step, how));
                net.command(0, Command::Cancel(message));
                if net.kept(0) == ["never"] {
                    net.command(0, Command::Cancel(message));
                }
                assert!(net.kept(0).is_empty());
                net.light();
                net.crash = None;
                net.say(0, "last");
                net.pass(400_000);
                assert_eq!(net.kept(1), ["last"], "{node} {how:?} {step}");
                assert!(!net.received(1).contains(&"never".to_owned()));
                assert_eq!(net.nodes[0].memory().outbox(TALK, 0, 99).len(), 0);
            }
        }
    }
}

#[test]
fn what_is_the_partners_is_not_taken_back() {
    let mut net = Net::lasting(5);
    net.say(0, "mine");
    let message = net.last_received(1);
    net.command(1, Command::Cancel(message));
    net.command(1, Command::Edit { message, body: "yours".to_owned() });
    let refused = ConversationEvent::NotDone(message, NotDone::NotOurs);
    assert_eq!(net.told(1).into_iter().filter(|e| **e == refused).count(), 2);
    assert_eq!(net.kept(1), ["mine"]);
    assert_eq!(net.nodes[1].memory().counters(TALK).unwrap().sent, 2, "nothing was sent for it");
}
