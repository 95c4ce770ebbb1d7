//! Either side sets the timer for both, and both end with the same one: whoever changes it when, and
//! however often while nobody hears it.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod common;

use common::outside::Puppet;
use common::{Crash, Net, TALK};
use undertone_engine::storage::View as _;
use undertone_handle::Command;
use undertone_handle::command::MAX_TIMER;
use undertone_handle::event::ConversationEvent;
use undertone_wire::message::{Body, Payload};

fn timer(net: &Net, node: usize) -> Option<u32> {
    net.nodes[node].memory().policy(TALK).unwrap().timer
}

fn set(net: &mut Net, node: usize, seconds: Option<u32>) {
    net.command(node, Command::SetTimer(TALK, seconds));
}

#[test]
fn both_are_told_who_changed_it_and_new_messages_carry_it() {
    let mut net = Net::lasting(1);
    net.say(0, "stays");
    set(&mut net, 1, Some(60));
    assert!(net.says(1, &ConversationEvent::Timer { seconds: Some(60), own: true }));
    assert!(net.says(0, &ConversationEvent::Timer { seconds: Some(60), own: false }));
    net.say(0, "goes");
    set(&mut net, 0, None);
    assert!(net.says(1, &ConversationEvent::Timer { seconds: None, own: false }));
    net.say(1, "stays too");
    for node in 0..2 {
        let timers: Vec<_> = net.nodes[node].memory().rows(TALK).map(|row| row.timer).collect();
        assert_eq!(timers, [None, Some(60), None]);
    }
}

/// Every way in which both change it while they do not hear each other, up to three times each.
#[test]
fn of_changes_at_once_the_same_stands_on_both_sides() {
    for hosts in 0..4_u32 {
        for guests in 0..4_u32 {
            let mut net = Net::lasting(2);
            net.go_dark();
            for (node, changes) in [(0, hosts), (1, guests)] {
                for i in 1..=changes {
                    set(&mut net, node, Some(1_000 * (u32::try_from(node).unwrap() + 1) + i));
                }
                let waiting = net.nodes[node].memory().outbox(TALK, 0, 99).len();
                assert!(waiting <= 1, "however often it is changed, one change waits");
            }
            net.light();
            let expected = match (hosts, guests) {
                (0, 0) => None,
                (hosts, 0) => Some(1_000 + hosts),
                (_, guests) => Some(2_000 + guests),
            };
            for node in 0..2 {
                assert_eq!(timer(&net, node), expected, "{hosts} {guests}");
            }
            // And it goes on from there.
            set(&mut net, 0, Some(7));
            assert_eq!((timer(&net, 0), timer(&net, 1)), (Some(7), Some(7)), "{hosts} {guests}");
        }
    }
}

#[test]
fn a_crash_at_any_step_parts_nobody() {
    for node in 0..2 {
        for how in [Crash::BeforeCommit, Crash::AfterCommit, Crash::AfterEffects] {
            for step in 0..8 {
                let mut net = Net::lasting(3);
                net.crash = Some((node, step, how));
                set(&mut net, 0, Some(60));
                set(&mut net, 1, Some(90));
                set(&mut net, 0, Some(120));
                net.pass(400_000);
                assert_eq!(timer(&net, 0), timer(&net, 1), "{node} {how:?} {step}");
            }
        }
    }
}

#[test]
fn no_timer_is_longer_than_a_year_or_of_no_time() {
    let mut net = Net::lasting(4);
    set(&mut net, 0, Some(u32::MAX));
    assert_eq!((timer(&net, 0), timer(&net, 1)), (Some(MAX_TIMER), Some(MAX_TIMER)));
    set(&mut net, 0, Some(0));
    assert_eq!((timer(&net, 0), timer(&net, 1)), (None, None));
}

/// A contact that leaps ahead in the count would have the last word for ever.
#[test]
fn a_leap_in_the_count_is_refused() {
    let mut net = Net::new(5, 1);
    let mut puppet = Puppet::pair(&mut net, 5, Some(false));
    let bodies = [
        Body::CheckWish(false),
        Body::Timer { changes: u32::MAX, seconds: 60 },
        Body::Timer { changes: 2, seconds: 60 },
        Body::Timer { changes: 0, seconds: u32::MAX },
    ];
    for (sequence, body) in (1..).zip(bodies) {
        puppet.send(&mut net, &Payload { sequence, body });
        puppet.read(&mut net);
    }
    let told = net.told(0).into_iter();
    assert_eq!(told.filter(|e| **e == ConversationEvent::Refused).count(), 2);
    set(&mut net, 0, Some(5));
    assert_eq!(timer(&net, 0), Some(5));
}
