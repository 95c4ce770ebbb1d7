//! A check can be cancelled by either side. It counts as none while nothing can have been guessed,
//! as failed later; and both can ask again, at once too.

mod common;

use common::{CODE, Net, TALK, Tap};
use undertone_handle::command::{CheckCommand, Role};
use undertone_handle::event::{CheckEvent, ConversationEvent, Trust};
use undertone_handle::{Command, SecretText};
use undertone_wire::cell::FrameKind;

fn check(net: &mut Net, node: usize, command: CheckCommand) {
    net.command(node, Command::Check(TALK, command));
}

fn secret(net: &mut Net, node: usize, words: &str) {
    check(net, node, CheckCommand::Secret(SecretText::new(words.to_owned())));
}

fn count(net: &Net, node: usize, event: CheckEvent) -> usize {
    let event = ConversationEvent::Check(event);
    net.told(node).into_iter().filter(|told| **told == event).count()
}

/// The levels of trust that a node was told, in order.
fn trusts(net: &Net, node: usize) -> Vec<Trust> {
    let told = net.told(node).into_iter();
    told.filter_map(|event| match event {
        ConversationEvent::Trust(trust) => Some(*trust),
        _ => None,
    })
    .collect()
}

/// Both type the same words and read that they match.
fn matches(net: &mut Net) {
    let before: Vec<_> = (0..2).map(|node| count(net, node, CheckEvent::Match)).collect();
    for node in 0..2 {
        secret(net, node, "pond");
    }
    for (node, before) in before.into_iter().enumerate() {
        assert_eq!(count(net, node, CheckEvent::Match), before + 1, "node {node}");
        assert_eq!(trusts(net, node).last(), Some(&Trust::Authenticated), "node {node}");
    }
}

#[test]
fn in_a_conversation_it_changes_no_trust_and_either_asks_again() {
    for asks in 0..2 {
        for cancels in 0..2 {
            for typed in [None, Some(0), Some(1)] {
                for again in 0..2 {
                    let mut net = Net::open(11);
                    let before: Vec<_> = (0..2).map(|node| trusts(&net, node)).collect();
                    check(&mut net, asks, CheckCommand::Wish(true));
                    if let Some(node) = typed {
                        secret(&mut net, node, "lake");
                    }
                    check(&mut net, cancels, CheckCommand::Cancel);
                    assert_eq!(count(&net, cancels, CheckEvent::Cancelled), 1);
                    assert_eq!(count(&net, 1 - cancels, CheckEvent::PeerCancelled), 1);
                    for (node, before) in before.iter().enumerate() {
                        assert_eq!(count(&net, node, CheckEvent::Aborted), 0);
                        assert_eq!(trusts(&net, node), *before, "node {node}");
                    }
                    check(&mut net, again, CheckCommand::Wish(true));
                    matches(&mut net);
                }
            }
        }
    }
}

/// Whoever wished it, however that was said, and whether the other's wish had come by then.
#[test]
fn before_the_conversation_the_other_side_decides_whether_to_go_on() {
    let wishes = [Some(true), Some(false), None];
    for host in wishes {
        for guest in wishes {
            for by_command in [None, Some(0), Some(1)] {
                for cancels in 0..2 {
                    other_decides([host, guest], by_command, cancels);
                }
            }
        }
    }
}

fn other_decides(wishes: [Option<bool>; 2], by_command: Option<usize>, cancels: usize) {
    let at = format!("{wishes:?} {by_command:?} {cancels}");
    let mut net = Net::new(12, 2);
    net.meet(0, Role::Host, CODE, wishes[0]);
    net.meet(1, Role::Guest, CODE, wishes[1]);
    net.pass(2_000);
    if let Some(node) = by_command {
        check(&mut net, node, CheckCommand::Wish(true));
    }
    if count(&net, cancels, CheckEvent::SecretWanted) == 0 {
        // Nobody wished one, or nobody has said so yet.
        return;
    }
    let other = 1 - cancels;
    check(&mut net, cancels, CheckCommand::Cancel);
    if net.says(other, &ConversationEvent::Open) {
        // It was one in the conversation.
        return;
    }
    let without = ConversationEvent::Trust(Trust::Verified { skipped: true });
    assert!(net.says(cancels, &without) && net.says(cancels, &ConversationEvent::Open), "{at}");
    assert_eq!(count(&net, other, CheckEvent::PeerCancelled), 1, "{at}");
    // A wish that comes before that decision waits for it.
    let asked = count(&net, other, CheckEvent::PeerAsked);
    check(&mut net, cancels, CheckCommand::Wish(true));
    assert_eq!(count(&net, cancels, CheckEvent::SecretWanted), 2, "{at}");
    check(&mut net, other, CheckCommand::Stay);
    assert!(net.says(other, &without) && net.says(other, &ConversationEvent::Open), "{at}");
    assert_eq!(count(&net, other, CheckEvent::PeerAsked), asked + 1, "{at}");
    matches(&mut net);
}

/// What is under way between the two when one cancels says nothing about the next run.
#[test]
fn cancels_that_cross_anything_leave_no_trace_in_the_next_run() {
    for host_asks_at_once in [false, true] {
        for guest_cancels_too in [false, true] {
            let mut net = Net::open(13);
            check(&mut net, 1, CheckCommand::Wish(true));
            // The host's first message waits for a connection, and then the guest's abort does.
            net.down = true;
            net.cut_all();
            secret(&mut net, 0, "lake");
            if guest_cancels_too {
                check(&mut net, 1, CheckCommand::Cancel);
            }
            check(&mut net, 0, CheckCommand::Cancel);
            if host_asks_at_once {
                check(&mut net, 0, CheckCommand::Wish(true));
            }
            net.down = false;
            net.pass(60_000);
            if !host_asks_at_once {
                check(&mut net, 1, CheckCommand::Wish(true));
            }
            matches(&mut net);
            for node in 0..2 {
                assert_eq!(count(&net, node, CheckEvent::Aborted), 0);
            }
        }
    }
}

/// The packets of a run are counted; the cancel comes at each of them. Whoever may be the one whose
/// guess went out is told of a failure, and never of a success.
#[test]
fn whoever_cancels_at_any_packet_hides_no_guess() {
    let mut failures = 0;
    for cancels in 0..2 {
        for lost_from in 0..8 {
            let mut net = Net::open(14);
            check(&mut net, 0, CheckCommand::Wish(true));
            let mut packets = 0;
            net.tap = Some(Box::new(move |passing| {
                packets += usize::from(passing.kind == FrameKind::Packet);
                if packets > lost_from { Tap::Drop } else { Tap::Pass }
            }));
            secret(&mut net, 0, "left");
            secret(&mut net, 1, "right");
            check(&mut net, cancels, CheckCommand::Cancel);
            net.tap = None;
            net.cut_all();
            net.pass(60_000);
            for node in 0..2 {
                let [none, failed] = [
                    [CheckEvent::Cancelled, CheckEvent::PeerCancelled],
                    [CheckEvent::Aborted, CheckEvent::Mismatch],
                ]
                .map(|events| events.into_iter().map(|e| count(&net, node, e)).sum::<usize>());
                assert_eq!(none + failed, 1, "{cancels} {lost_from} {node}");
                assert_eq!(count(&net, node, CheckEvent::Match), 0);
                let red = trusts(&net, node).contains(&Trust::Unverified);
                assert_eq!(red, failed == 1, "{cancels} {lost_from} {node}");
                failures += failed;
            }
            // Who learned that the other's guess was wrong is not the only one who is told.
            for node in 0..2 {
                if count(&net, node, CheckEvent::Mismatch) == 1 {
                    let red = trusts(&net, 1 - node).contains(&Trust::Unverified);
                    assert!(red, "{cancels} {lost_from}: node {node} had a guess unseen");
                }
            }
            // Each may go on, and both can ask again.
            for node in 0..2 {
                check(&mut net, node, CheckCommand::Stay);
            }
            check(&mut net, cancels, CheckCommand::Wish(true));
            matches(&mut net);
        }
    }
    assert!(failures > 0, "no cancel came too late");
}

#[test]
fn without_a_run_there_is_nothing_to_cancel() {
    let mut net = Net::open(15);
    let before = [net.told(0).len(), net.told(1).len()];
    check(&mut net, 0, CheckCommand::Cancel);
    assert_eq!([net.told(0).len(), net.told(1).len()], before);
    check(&mut net, 0, CheckCommand::Wish(true));
    matches(&mut net);
    check(&mut net, 1, CheckCommand::Cancel);
    assert_eq!(trusts(&net, 1).last(), Some(&Trust::Authenticated));
}
