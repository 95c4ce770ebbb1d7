//! The Socialist Millionaire check before the conversation: who asks, who answers, how it ends.

mod common;

use common::{CODE, Net, TALK, Tap};
use undertone_handle::command::{CheckCommand, Role};
use undertone_handle::event::{CheckEvent, ConversationEvent, Trust};
use undertone_handle::{Command, SecretText};
use undertone_wire::cell::FrameKind;

fn check(event: CheckEvent) -> ConversationEvent {
    ConversationEvent::Check(event)
}

fn secret(net: &mut Net, node: usize, words: &str) {
    let words = SecretText::new(words.to_owned());
    net.command(node, Command::Check(TALK, CheckCommand::Secret(words)));
}

/// Every combination of wishes in which somebody asks, and both orders of typing.
#[test]
fn if_one_asks_both_run_it_once() {
    let wishes = [
        (Some(true), Some(false)),
        (Some(false), Some(true)),
        (Some(true), Some(true)),
        (None, Some(true)),
        (Some(true), None),
    ];
    for (host, guest) in wishes {
        for first in 0..2 {
            let mut net = Net::new(1, 2);
            net.meet(0, Role::Host, CODE, host);
            net.meet(1, Role::Guest, CODE, guest);
            net.pass(2_000);
            for node in 0..2 {
                assert!(net.says(node, &check(CheckEvent::SecretWanted)), "{host:?} {guest:?}");
                assert!(!net.says(node, &ConversationEvent::Open));
            }
            secret(&mut net, first, " the blue bench ");
            secret(&mut net, 1 - first, "the blue bench");
            for node in 0..2 {
                let matches =
                    net.told(node).into_iter().filter(|e| **e == check(CheckEvent::Match)).count();
                assert_eq!(matches, 1, "{host:?} {guest:?} {first}");
                assert!(net.says(node, &ConversationEvent::Trust(Trust::Authenticated)));
                assert!(net.says(node, &ConversationEvent::Open));
            }
        }
    }
}

#[test]
fn secrets_given_beforehand_are_used_and_composed_forms_are_equal() {
    let mut net = Net::new(2, 2);
    net.meet_with(0, Role::Host, CODE, Some(true), Some("caf\u{e9}"));
    net.meet_with(1, Role::Guest, CODE, Some(false), Some("cafe\u{301}"));
    net.pass(2_000);
    for node in 0..2 {
        assert!(net.says(node, &check(CheckEvent::Match)));
    }
}

#[test]
fn a_mismatch_is_plain_to_both_and_turns_red_only_for_those_who_stay() {
    let mut net = Net::new(3, 2);
    net.meet_with(0, Role::Host, CODE, Some(true), Some("left"));
    net.meet_with(1, Role::Guest, CODE, Some(true), Some("right"));
    net.pass(2_000);
    for node in 0..2 {
        assert!(net.says(node, &check(CheckEvent::Mismatch)));
        assert!(net.says(node, &ConversationEvent::Trust(Trust::Unverified)));
        assert!(!net.says(node, &ConversationEvent::Open));
    }
    net.command(0, Command::Check(TALK, CheckCommand::Stay));
    assert!(net.says(0, &ConversationEvent::Open));
    assert!(!net.says(1, &ConversationEvent::Open));
    net.command(1, Command::Leave(TALK));
    assert!(net.says(0, &ConversationEvent::PeerLeft));
}

#[test]
fn a_check_in_the_middle_of_a_conversation_lifts_the_trust_until_the_link_ends() {
    let mut net = Net::open(4);
    net.command(1, Command::Check(TALK, CheckCommand::Wish(true)));
    assert!(net.says(0, &check(CheckEvent::PeerAsked)));
    secret(&mut net, 1, "pond");
    net.say(1, "texts go on meanwhile");
    secret(&mut net, 0, "pond");
    assert_eq!(net.received(0), ["texts go on meanwhile"]);
    for node in 0..2 {
        assert!(net.says(node, &ConversationEvent::Trust(Trust::Authenticated)));
    }
    net.nodes[0].events.clear();
    net.cut_all();
    assert!(net.says(0, &ConversationEvent::Trust(Trust::Verified { skipped: false })));
}

#[test]
fn a_partner_who_leaves_during_the_check_is_noticed() {
    let mut net = Net::new(5, 2);
    net.meet(0, Role::Host, CODE, Some(true));
    net.meet(1, Role::Guest, CODE, Some(true));
    net.pass(2_000);
    secret(&mut net, 0, "pond");
    net.command(1, Command::Leave(TALK));
    assert!(net.says(0, &ConversationEvent::PeerLeft));
}

/// The connection breaks at each packet of a check, and comes back: the check goes on where it was.
#[test]
fn a_check_survives_a_connection_that_breaks_at_any_packet() {
    for words in [["pond", "pond"], ["pond", "lake"]] {
        for cut_at in 0..16 {
            let mut net = Net::new(6, 2);
            net.meet(0, Role::Host, CODE, Some(true));
            net.meet(1, Role::Guest, CODE, Some(true));
            let mut count = 0;
            net.tap = Some(Box::new(move |passing| {
                count += usize::from(passing.kind == FrameKind::Packet);
                if count == cut_at + 1 && passing.kind == FrameKind::Packet {
                    Tap::Cut
                } else {
                    Tap::Pass
                }
            }));
            secret(&mut net, 1, words[1]);
            secret(&mut net, 0, words[0]);
            net.pass(10_000);
            let same = words[0] == words[1];
            let event = if same { CheckEvent::Match } else { CheckEvent::Mismatch };
            for node in 0..2 {
                let told = net.told(node).into_iter().filter(|e| **e == check(event)).count();
                assert_eq!(told, 1, "{words:?}, cut at {cut_at}, node {node}");
                assert_eq!(net.says(node, &ConversationEvent::Open), same);
            }
        }
    }
}

/// The partner is away between the question and the answer.
#[test]
fn a_secret_given_while_the_connection_is_lost_counts_when_it_is_back() {
    let mut net = Net::new(7, 2);
    net.meet(0, Role::Host, CODE, Some(true));
    net.meet(1, Role::Guest, CODE, Some(true));
    net.down = true;
    net.cut_all();
    secret(&mut net, 0, "pond");
    secret(&mut net, 1, "pond");
    net.pass(60_000);
    assert!(!net.says(0, &check(CheckEvent::Match)));
    net.down = false;
    net.pass(20_000);
    for node in 0..2 {
        assert!(net.says(node, &check(CheckEvent::Match)));
        assert!(net.says(node, &ConversationEvent::Open));
    }
}

/// A failed check can be tried again, as often as both wish; each try is plain, and the trust is red
/// until one succeeds.
#[test]
fn three_failures_and_a_match() {
    let mut net = Net::open(8);
    for (i, words) in [["a", "b"], ["c", "d"], ["e", "f"], ["same", "same"]].iter().enumerate() {
        let asks = i % 2;
        net.command(asks, Command::Check(TALK, CheckCommand::Wish(true)));
        for node in (0..2).filter(|_| i == 3) {
            net.command(node, Command::Check(TALK, CheckCommand::Confirm("check".to_owned())));
        }
        secret(&mut net, 0, words[0]);
        secret(&mut net, 1, words[1]);
        for node in 0..2 {
            let count = |event| net.told(node).into_iter().filter(|e| **e == check(event)).count();
            assert_eq!(count(CheckEvent::Mismatch), (i + 1).min(3), "try {i}, node {node}");
            assert_eq!(count(CheckEvent::Match), usize::from(i == 3), "try {i}, node {node}");
            net.command(node, Command::Check(TALK, CheckCommand::Stay));
        }
    }
    for node in 0..2 {
        let told = net.told(node).into_iter();
        let trust: Vec<Trust> = told
            .filter_map(|e| match e {
                ConversationEvent::Trust(trust) => Some(*trust),
                _ => None,
            })
            .collect();
        assert_eq!(trust[2..], [Trust::Unverified, Trust::Authenticated], "{trust:?}");
    }
}

/// One side decides to stay and asks again before the other has decided anything: the question
/// waits for that decision, and then the check runs.
#[test]
fn a_wish_that_meets_an_undecided_failure_is_not_lost() {
    for first in 0..2 {
        let other = 1 - first;
        let mut net = Net::open(9);
        net.command(0, Command::Check(TALK, CheckCommand::Wish(true)));
        secret(&mut net, 0, "left");
        secret(&mut net, 1, "right");
        net.command(first, Command::Check(TALK, CheckCommand::Stay));
        net.command(first, Command::Check(TALK, CheckCommand::Wish(true)));
        secret(&mut net, first, "pond");
        // The failure stands until this user acts.
        let asked = check(CheckEvent::SecretWanted);
        let count = |net: &Net| net.told(other).into_iter().filter(|e| **e == asked).count();
        assert_eq!(count(&net), 1, "{first}");
        net.command(other, Command::Check(TALK, CheckCommand::Stay));
        assert_eq!(count(&net), 2, "{first}");
        secret(&mut net, other, "pond");
        for node in 0..2 {
            assert!(net.says(node, &check(CheckEvent::Match)), "{first}");
        }
    }
}
