//! A message with a timer goes at the receiver so long after it was seen, at the sender so long after
//! it arrived: whatever is restarted, whoever is away, however the clocks are set.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod common;

use common::{Crash, Net, TALK, Tap};
use undertone_engine::limits::AT_ONCE;
use undertone_engine::storage::{Reader as _, View as _};
use undertone_handle::event::{ConversationEvent, Deletion};
use undertone_handle::{Command, MessageId, SecretText};
use undertone_wire::cell::FrameKind;

const HOUR: u32 = 3_600;
const HOUR_MS: u64 = 3_600_000;
const YEAR: i64 = 366 * 86_400;

/// A lasting pair whose messages last an hour.
fn timed(seed: u8) -> Net {
    let mut net = Net::lasting(seed);
    net.command(0, Command::SetTimer(TALK, Some(HOUR)));
    net
}

fn see(net: &mut Net, node: usize) -> MessageId {
    let last = net.nodes[node].memory().rows(TALK).last().unwrap().message;
    net.command(node, Command::Seen(TALK, last));
    last
}

fn gone(net: &Net, node: usize) -> usize {
    let told = net.told(node).into_iter();
    told.filter(|e| matches!(e, ConversationEvent::Deleted(_, Deletion::Timer))).count()
}

#[test]
fn it_runs_from_the_receipt_here_and_from_the_look_there() {
    let mut net = timed(1);
    net.go_dark();
    net.write(0, "brief");
    net.command(0, Command::Draft(TALK, SecretText::new("begun".to_owned())));
    // Nobody has it: it stays.
    net.pass(3 * HOUR_MS);
    assert_eq!(net.kept(0), ["brief"]);
    net.down = false;
    net.pass(400_000);
    assert_eq!(net.received(1), ["brief"]);
    // It arrived within these 400 s. Nobody has looked at it, so there it stays.
    net.pass(HOUR_MS - 401_000);
    assert_eq!(net.kept(0), ["brief"]);
    net.pass(402_000);
    assert!(net.kept(0).is_empty());
    assert_eq!((gone(&net, 0), gone(&net, 1)), (1, 0));
    let draft = net.nodes[0].memory().draft(TALK).unwrap();
    assert_eq!(draft.as_ref().map(|draft| draft.reveal()), Some("begun"));
    net.pass(10 * HOUR_MS);
    assert_eq!(net.kept(1), ["brief"]);
    // Seen, and then nobody is connected: it goes all the same.
    see(&mut net, 1);
    net.go_dark();
    net.pass(HOUR_MS - 1_000);
    assert_eq!(net.kept(1), ["brief"]);
    net.pass(2_000);
    assert!(net.kept(1).is_empty());
    assert_eq!(gone(&net, 1), 1);
    // Its number stays counted: nothing is missed, nothing comes again.
    net.light();
    net.say(0, "next");
    assert_eq!(net.received(1), ["brief", "next"]);
}

#[test]
fn an_edit_gives_it_no_more_time() {
    let mut net = timed(2);
    let message = net.write(0, "one");
    see(&mut net, 1);
    net.pass(HOUR_MS / 2);
    net.command(0, Command::Edit { message, body: "two".to_owned() });
    assert_eq!(net.kept(1), ["two"]);
    see(&mut net, 1);
    net.pass(HOUR_MS / 2 + 1_000);
    assert!(net.kept(0).is_empty() && net.kept(1).is_empty());
}

#[test]
fn a_clock_that_is_set_gives_no_message_more_time() {
    for (jump, restart) in [(-YEAR, false), (-YEAR, true), (YEAR, false), (YEAR, true), (0, true)] {
        let mut net = timed(3);
        net.write(0, "brief");
        see(&mut net, 1);
        net.pass(HOUR_MS / 2);
        for node in 0..2 {
            net.nodes[node].clock += jump;
            if restart {
                net.reload(node);
            }
        }
        // Ahead: gone as soon as the clock is looked at.
        net.pass(61_000);
        for node in 0..2 {
            assert_eq!(net.kept(node).is_empty(), jump > 0, "{jump} {restart}");
        }
        // Back: no longer than the timer from the jump, and without a restart than from the start.
        let rest = if restart && jump < 0 { HOUR_MS } else { HOUR_MS / 2 };
        net.pass(rest - 62_000);
        for node in 0..2 {
            assert_eq!(net.kept(node).is_empty(), jump > 0, "{jump} {restart}");
        }
        net.pass(3_000);
        for node in 0..2 {
            assert!(net.kept(node).is_empty(), "{jump} {restart}");
            assert_eq!(gone(&net, node), 1, "{jump} {restart}");
        }
    }
}

#[test]
fn after_a_year_away_it_goes_at_the_start_and_what_was_not_seen_stays() {
    let mut net = timed(4);
    net.write(0, "seen");
    see(&mut net, 1);
    net.write(0, "not seen");
    net.command(1, Command::Shutdown);
    net.nodes[1].clock += YEAR;
    net.reload(1);
    net.pass(1_000);
    assert_eq!(net.kept(1), ["not seen"]);
    see(&mut net, 1);
    net.pass(HOUR_MS + 1_000);
    assert!(net.kept(1).is_empty());
}

/// The receiver falls down between the commit and the receipt, the message goes there, and the
/// sender sends it again: acknowledged, not shown, not kept.
#[test]
fn a_late_duplicate_of_what_has_gone_is_only_acknowledged() {
    let mut net = timed(5);
    net.tap = Some(Box::new(|passing| {
        let receipt = passing.from.node == 1 && passing.kind == FrameKind::Packet;
        if receipt { Tap::Drop } else { Tap::Pass }
    }));
    net.write(0, "brief");
    see(&mut net, 1);
    net.tap = None;
    net.go_dark();
    net.pass(HOUR_MS + 61_000);
    assert!(net.kept(1).is_empty());
    net.reload(1);
    net.light();
    assert_eq!(net.received(1), ["brief"]);
    assert!(net.kept(1).is_empty());
    assert_eq!(net.nodes[0].memory().outbox(TALK, 0, 99).len(), 0);
    net.pass(HOUR_MS + 1_000);
    assert!(net.kept(0).is_empty(), "its time began with the receipt");
}

#[test]
fn a_crash_at_any_step_lets_it_go_in_time() {
    for node in 0..2 {
        for how in [Crash::BeforeCommit, Crash::AfterCommit, Crash::AfterEffects] {
            for step in 0..8 {
                let mut net = timed(6);
                net.crash = Some((node, step, how));
                net.say(0, "brief");
                if net.kept(0).is_empty() {
                    net.say(0, "brief");
                }
                net.pass(400_000);
                see(&mut net, 1);
                see(&mut net, 1);
                net.pass(HOUR_MS + 400_000);
                net.crash = None;
                for end in 0..2 {
                    assert!(net.kept(end).is_empty(), "{node} {how:?} {step}: {end}");
                }
            }
        }
    }
}

#[test]
fn many_at_once_go_in_portions() {
    let mut net = timed(7);
    let many = 3 * AT_ONCE + 5;
    for i in 0..many {
        net.say(0, &i.to_string());
    }
    see(&mut net, 1);
    net.pass(2_000);
    assert!(net.nodes[1].memory().rows(TALK).all(|row| row.seen && row.expires.is_some()));
    net.pass(HOUR_MS + 5_000);
    for node in 0..2 {
        assert!(net.kept(node).is_empty());
        assert_eq!(gone(&net, node), many);
    }
}
