//! A backup that is restored, or a disk that is put back: nothing is said before both ends have new
//! keys, and then everything that can arrive does, once.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod common;

use common::{Net, TALK, Tap};
use undertone_engine::storage::{RepairState, View as _};
use undertone_engine::{Memory, ServiceState};
use undertone_handle::Command;
use undertone_handle::event::{ConversationEvent, Deletion, RepairEvent, Trust};
use undertone_wire::cell::FrameKind;

fn repair(event: RepairEvent) -> ConversationEvent {
    ConversationEvent::Repair(event)
}

fn copy(net: &Net, node: usize) -> Memory {
    net.nodes[node].memory().clone()
}

fn all_arrived(net: &Net) {
    for node in 0..2 {
        let memory = net.nodes[node].memory();
        assert_eq!(memory.outbox(TALK, 0, 10).len(), 0, "{node}: {:?}", net.told(node));
        assert_eq!(memory.contact(TALK).unwrap().recovery.state, RepairState::Well, "{node}");
    }
}

/// Either end: the host serves, the guest dials.
#[test]
fn texts_flow_both_ways_after_a_restore_and_both_are_told() {
    for node in 0..2 {
        let mut net = Net::lasting(1);
        let other = 1 - node;
        net.say(node, "before");
        net.say(other, "before too");
        let backup = copy(&net, node);
        net.say(node, "after the backup");
        net.say(other, "after the backup too");
        net.restore(node, backup);
        assert!(net.says(node, &repair(RepairEvent::Needed)));
        net.say(node, "while nothing can be sent");
        net.pass(60_000);
        assert!(net.says(node, &repair(RepairEvent::Restored)), "{:?}", net.told(node));
        assert!(net.says(other, &repair(RepairEvent::PeerRestored)), "{:?}", net.told(other));
        assert!(net.says(node, &repair(RepairEvent::Missing)));
        assert!(!net.says(other, &repair(RepairEvent::Missing)));
        net.say(node, "new");
        net.say(other, "new too");
        let got = net.kept(other);
        for text in ["before", "after the backup", "while nothing can be sent", "new"] {
            assert_eq!(got.iter().filter(|one| *one == text).count(), 1, "{text} in {got:?}");
        }
        let got = net.kept(node);
        assert_eq!(got.last().map(String::as_str), Some("new too"));
        all_arrived(&net);
        assert_eq!(net.nodes[node].memory().contact(TALK).unwrap().recovery.restored_from, None);
    }
}

#[test]
fn what_the_restored_end_never_acknowledged_comes_again_in_order() {
    for node in 0..2 {
        let mut net = Net::lasting(2);
        let other = 1 - node;
        net.say(node, "one");
        net.go_dark();
        for text in ["w1", "w2", "w3"] {
            net.say(node, text);
            net.say(other, text);
        }
        let backup = copy(&net, node);
        net.light();
        net.say(other, "acknowledged by a machine that is lost");
        net.go_dark();
        for number in 0..100 {
            net.say(other, &format!("{number}"));
        }
        net.restore(node, backup);
        for number in 0..100 {
            net.say(node, &format!("{number}"));
        }
        net.light();
        let hundred: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        let of = |net: &Net, node: usize, own: bool| -> Vec<String> {
            let rows = net.nodes[node].memory().rows(TALK).filter(|row| row.own == own);
            rows.map(|row| row.body.as_str().to_owned()).collect()
        };
        assert_eq!(of(&net, node, false), hundred, "{node}");
        let mut theirs = ["one", "w1", "w2", "w3"].map(str::to_owned).to_vec();
        theirs.extend(hundred);
        assert_eq!(of(&net, other, false), theirs, "{node}");
        all_arrived(&net);
    }
}

#[test]
fn both_ends_can_be_restored_at_once() {
    for (first, second) in [(0, 1), (1, 0)] {
        let mut net = Net::lasting(3);
        net.say(0, "a");
        let one = copy(&net, first);
        net.say(1, "b");
        net.say(0, "c");
        let two = copy(&net, second);
        net.say(1, "d");
        net.go_dark();
        net.restore(first, one);
        net.restore(second, two);
        net.say(0, "from the host");
        net.say(1, "from the guest");
        net.light();
        for node in 0..2 {
            for event in [RepairEvent::Restored, RepairEvent::PeerRestored] {
                assert!(net.says(node, &repair(event)), "{node} {event:?}");
            }
        }
        assert_eq!(net.kept(0).last().map(String::as_str), Some("from the guest"));
        assert_eq!(net.kept(1).last().map(String::as_str), Some("from the host"));
        all_arrived(&net);
    }
}

/// A repair that breaks at any of its frames begins again; texts flow in the end, once.
#[test]
fn a_repair_that_is_cut_at_any_frame_begins_again() {
    for node in 0..2 {
        for cut in 0..4 {
            let mut net = Net::lasting(4);
            let other = 1 - node;
            net.say(other, "one");
            let backup = copy(&net, node);
            net.say(other, "two");
            let mut left = cut;
            net.tap = Some(Box::new(move |passing| {
                if passing.kind != FrameKind::Repair {
                    return Tap::Pass;
                }
                left -= 1;
                if left == -1 { Tap::Cut } else { Tap::Pass }
            }));
            net.restore(node, backup);
            net.pass(120_000);
            net.say(node, "new");
            net.say(other, "new too");
            assert!(net.kept(other).contains(&"new".to_owned()), "{node} {cut}");
            assert_eq!(net.kept(node), ["one", "new", "new too"], "{node} {cut}");
            all_arrived(&net);
        }
    }
}

/// Nothing knows of it; the keys say it.
#[test]
fn a_disk_that_was_put_back_is_noticed_and_repaired() {
    for node in 0..2 {
        for idle in [false, true] {
            let mut net = Net::lasting(5);
            let other = 1 - node;
            net.say(other, "one");
            let backup = copy(&net, node);
            for _ in 0..5 {
                net.say(node, "lost");
                net.say(other, "lost too");
            }
            net.put_back(node, backup);
            net.pass(60_000);
            if !idle {
                net.say(other, "there?");
            }
            net.pass(60_000);
            net.say(node, "new");
            net.pass(60_000);
            net.say(node, "newer");
            net.say(other, "new too");
            net.pass(60_000);
            let broken = repair(RepairEvent::Broken);
            assert!(net.says(0, &broken) || net.says(1, &broken), "{node} {idle}");
            assert_eq!(net.kept(other).last().map(String::as_str), Some("new too"));
            assert!(net.kept(other).contains(&"newer".to_owned()), "{:?}", net.kept(other));
            assert_eq!(net.kept(node).last().map(String::as_str), Some("new too"));
            all_arrived(&net);
        }
    }
}

#[test]
fn trust_falls_to_verified_at_most() {
    let mut net = Net::lasting(6);
    let mut backup = copy(&net, 0);
    let mut contact = backup.contact(TALK).unwrap();
    contact.trust = Trust::Authenticated;
    backup.apply(vec![undertone_engine::storage::Write::PutContact(Box::new(contact))]);
    net.restore(0, backup);
    let trust = |net: &Net| net.nodes[0].memory().contact(TALK).unwrap().trust;
    assert!(matches!(trust(&net), Trust::Verified { .. }));
    net.pass(60_000);
    assert!(matches!(trust(&net), Trust::Verified { .. }));
}

/// The lost machine turns up again: it gets nothing, is told so, and disturbs nothing.
#[test]
fn an_older_copy_is_refused_and_both_are_told() {
    let mut net = Net::lasting(7);
    let backup = copy(&net, 1);
    net.say(1, "one");
    let old = copy(&net, 1);
    net.restore(1, backup);
    net.pass(60_000);
    net.say(0, "two");
    let new = copy(&net, 1);
    // The older copy runs, the newer one is off.
    net.put_back(1, old);
    net.say(1, "from the older copy");
    net.pass(600_000);
    assert!(net.says(1, &repair(RepairEvent::Refused)), "{:?}", net.told(1));
    assert!(!net.kept(0).contains(&"from the older copy".to_owned()));
    net.put_back(1, new);
    net.pass(600_000);
    net.say(1, "from the newer copy");
    net.say(0, "three");
    assert_eq!(net.kept(0).last().map(String::as_str), Some("three"));
    assert!(net.kept(0).contains(&"from the newer copy".to_owned()));
    assert_eq!(net.kept(1).last().map(String::as_str), Some("three"));
}

/// A backup from before the last repair proves nothing any more.
#[test]
fn a_backup_older_than_the_last_repair_is_refused() {
    let mut net = Net::lasting(8);
    let oldest = copy(&net, 1);
    net.restore(1, oldest.clone());
    net.pass(60_000);
    net.say(0, "one");
    net.restore(1, oldest);
    net.pass(600_000);
    assert!(net.says(1, &repair(RepairEvent::Refused)));
    assert_eq!(net.kept(1), [""; 0]);
}

#[test]
fn nothing_is_sent_before_the_repair() {
    let mut net = Net::lasting(9);
    let backup = copy(&net, 1);
    net.tap = Some(Box::new(|passing| match passing.kind {
        FrameKind::Repair => Tap::Drop,
        FrameKind::Packet => panic!("a packet left before the repair"),
        _ => Tap::Pass,
    }));
    net.restore(1, backup);
    for number in 0..5 {
        net.say(1, &format!("{number}"));
    }
    net.pass(100_000);
    net.tap = None;
    net.pass(100_000);
    assert_eq!(net.kept(0), ["0", "1", "2", "3", "4"]);
}

#[test]
fn who_is_not_reached_for_a_day_is_said_to_have_moved() {
    let mut net = Net::lasting(10);
    let backup = copy(&net, 1);
    net.command(0, Command::Shutdown);
    net.restore(1, backup);
    net.pass(23 * 3_600_000);
    assert!(!net.says(1, &repair(RepairEvent::Unreached)));
    net.pass(2 * 3_600_000);
    assert!(net.says(1, &repair(RepairEvent::Unreached)));
}

#[test]
fn an_address_that_somebody_else_serves_stops_this_side_with_a_sentence() {
    let mut net = Net::lasting(11);
    let backup = copy(&net, 0);
    net.publishing = Some(ServiceState::Taken);
    net.restore(0, backup);
    assert!(!net.says(0, &repair(RepairEvent::Elsewhere)), "an old process may not be gone yet");
    net.pass(60_000);
    assert!(net.says(0, &repair(RepairEvent::Elsewhere)));
    assert_eq!((net.services(0), net.streams()), (0, 0));
}

#[test]
fn what_disappears_is_in_no_backup() {
    let mut net = Net::lasting(12);
    net.command(0, Command::SetTimer(TALK, Some(3_600)));
    net.say(0, "goes");
    net.say(1, "goes too");
    net.command(0, Command::SetTimer(TALK, None));
    net.say(0, "stays");
    net.go_dark();
    net.command(0, Command::SetTimer(TALK, Some(3_600)));
    net.say(0, "waits and goes");
    net.command(0, Command::SetTimer(TALK, None));
    net.say(0, "waits");
    let backup = copy(&net, 0);
    net.restore(0, backup);
    assert_eq!(net.kept(0), ["stays", "waits"]);
    net.light();
    assert_eq!(net.kept(1).last().map(String::as_str), Some("waits"));
    assert!(!net.kept(1).contains(&"waits and goes".to_owned()));
    all_arrived(&net);
}

/// What was written after a restore waits until the partner has skipped the numbers that the lost machine may have used.
/// Until then it can be taken back, however much that machine had said, and then it never arrives.
#[test]
fn what_waits_behind_the_jump_can_be_taken_back() {
    for lost in [0, 1, 70] {
        let mut net = Net::lasting(13);
        let backup = copy(&net, 1);
        for number in 0..lost {
            net.say(1, &format!("lost {number}"));
        }
        net.restore(1, backup);
        // The receipt for the jump stays away.
        let mut opened = false;
        net.tap = Some(Box::new(move |passing| match passing.kind {
            FrameKind::Packet if passing.from.node == 0 && opened => Tap::Drop,
            FrameKind::Packet if passing.from.node == 0 => {
                opened = true;
                Tap::Pass
            }
            _ => Tap::Pass,
        }));
        net.pass(20_000);
        assert!(net.says(1, &repair(RepairEvent::Restored)), "{:?}", net.told(1));
        let waits = net.write(1, "taken back");
        net.command(1, Command::Cancel(waits));
        let gone = ConversationEvent::Deleted(waits, Deletion::Cancelled);
        assert!(net.says(1, &gone), "{lost}: {:?}", net.told(1));
        net.tap = None;
        net.go_dark();
        net.light();
        net.say(1, "new");
        let got = net.kept(0);
        assert_eq!(got.last().map(String::as_str), Some("new"), "{lost}");
        assert!(!got.contains(&"taken back".to_owned()), "{lost}: {got:?}");
        all_arrived(&net);
    }
}
