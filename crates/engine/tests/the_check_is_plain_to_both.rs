//! The Socialist Millionaire check before the conversation: who asks, who answers, how it ends.

mod common;

use common::{CODE, Net, TALK};
use undertone_handle::command::{CheckCommand, Role};
use undertone_handle::event::{CheckEvent, ConversationEvent, Trust};
use undertone_handle::{Command, SecretText};

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
