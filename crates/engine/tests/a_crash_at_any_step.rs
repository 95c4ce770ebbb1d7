//! A program falls down at any step of a conversation, before or after the commit, and is loaded
//! from what it had stored: every text arrives once, in order, on both sides.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod common;

use common::outside::Puppet;
use common::{Crash, Net, TALK};
use undertone_engine::storage::View as _;
use undertone_handle::command::{CheckCommand, Role};
use undertone_handle::event::{CheckEvent, ConversationEvent, Delivery, LinkState, Trust};
use undertone_handle::{Command, SecretText};
use undertone_wire::message::{Body, Payload};

const TEXTS: usize = 4;

/// Whether a node's storage has taken a text of its own.
fn kept(net: &Net, node: usize, body: &str) -> bool {
    net.nodes[node].memory().rows(TALK).any(|row| row.own && row.body.as_str() == body)
}

/// Sends a text; a program that fell down over it before it was kept is asked again.
fn say(net: &mut Net, node: usize, body: &str) {
    net.say(node, body);
    if !kept(net, node, body) {
        net.say(node, body);
        assert!(kept(net, node, body), "node {node} does not take {body}");
    }
}

/// The texts of the other side that a node has stored.
fn stored(net: &Net, node: usize) -> Vec<String> {
    let rows = net.nodes[node].memory().rows(TALK);
    rows.filter(|row| !row.own).map(|row| row.body.as_str().to_owned()).collect()
}

fn texts(node: usize) -> Vec<String> {
    (0..TEXTS).map(|i| format!("{i} from {node}")).collect()
}

/// Plays the conversation; `false` once the crash lies behind its end.
fn play(crash: Option<(usize, usize, Crash)>) -> bool {
    let mut net = Net::open(1);
    net.crash = crash;
    for (i, (a, b)) in texts(0).iter().zip(&texts(1)).enumerate() {
        say(&mut net, 0, a);
        if i % 2 == 0 {
            // Sometimes one side says two things before the other answers.
            net.pass(100);
        }
        say(&mut net, 1, b);
    }
    net.pass(60_000);
    let happened = crash.is_none() || net.crash.is_none();
    net.crash = None;
    assert_eq!(stored(&net, 0), texts(1), "{crash:?}");
    assert_eq!(stored(&net, 1), texts(0), "{crash:?}");
    for node in 0..2 {
        let memory = net.nodes[node].memory();
        assert_eq!(memory.outbox_len(TALK), 0, "{crash:?}: node {node}");
        for row in memory.rows(TALK).filter(|row| row.own) {
            assert_eq!(row.delivery, Delivery::Delivered, "{crash:?}: node {node}");
        }
    }
    // The conversation goes on, both ways and at once.
    net.say(0, "on");
    assert_eq!(stored(&net, 1).last().unwrap(), "on", "{crash:?}");
    net.say(1, "and on");
    assert_eq!(stored(&net, 0).last().unwrap(), "and on", "{crash:?}");
    happened
}

#[test]
fn every_text_arrives_once_and_in_order() {
    assert!(play(None));
    let mut crashes = 0;
    for how in [Crash::BeforeCommit, Crash::AfterCommit, Crash::AfterEffects] {
        for node in 0..2 {
            for step in 0.. {
                if !play(Some((node, step, how))) {
                    break;
                }
                crashes += 1;
            }
        }
    }
    assert!(crashes > 60, "only {crashes} crashes");
}

/// A crash is no reason to forget where the partner is: the host's own service is up again, and the
/// guest dials without a pause.
#[test]
fn after_a_crash_both_ends_meet_again_at_once() {
    for node in 0..2 {
        let mut net = Net::open(2);
        net.reload(node);
        net.pass(1_000);
        assert!(net.says(node, &ConversationEvent::Link(LinkState::Up)), "node {node}");
        assert_eq!(net.services(0), 1);
        net.say(0, "there");
        net.say(1, "here");
        assert_eq!(net.received(1), ["there"]);
        assert_eq!(net.received(0), ["here"]);
    }
    // Both at once.
    let mut net = Net::open(3);
    net.reload(0);
    net.reload(1);
    net.pass(5_000);
    net.say(0, "there");
    assert_eq!(net.received(1), ["there"]);
}

/// The partner of a loaded conversation never comes: it is given up like any other.
#[test]
fn a_loaded_conversation_is_given_up_after_ten_minutes_of_network() {
    for node in 0..2 {
        let mut net = Net::open(4);
        net.mute = true;
        net.cut_all();
        net.reload(node);
        net.squat(common::place("7-anchor-basket-cabin"));
        net.pass(11 * 60_000);
        assert!(net.says(node, &ConversationEvent::Link(LinkState::GivenUp)), "node {node}");
    }
}

/// A run of the check lives in memory alone. It is broken off, in words, on both sides, and can be
/// tried again.
#[test]
fn a_crash_in_a_check_breaks_it_off_on_both_sides() {
    for node in 0..2 {
        // In the check before the conversation.
        let mut net = Net::new(5, 2);
        net.meet_with(0, Role::Host, common::CODE, Some(true), Some("pond"));
        net.meet(1, Role::Guest, common::CODE, Some(true));
        net.reload(node);
        net.pass(5_000);
        // Who was loaded cannot know how far the run had come; to the other it is a cancelled one.
        let told = [CheckEvent::Aborted, CheckEvent::PeerCancelled];
        for end in [node, 1 - node] {
            let event = told[usize::from(end != node)];
            assert!(net.says(end, &ConversationEvent::Check(event)), "{node} {end}");
            let red = net.says(end, &ConversationEvent::Trust(Trust::Unverified));
            assert_eq!(red, end == node, "{node} {end}");
            assert!(!net.says(end, &ConversationEvent::Open));
            net.command(end, Command::Check(TALK, CheckCommand::Stay));
            assert!(net.says(end, &ConversationEvent::Open));
        }

        // In the middle of a conversation.
        let mut net = Net::open(6);
        net.command(0, Command::Check(TALK, CheckCommand::Wish(true)));
        net.reload(node);
        net.pass(5_000);
        let other = 1 - node;
        assert!(net.says(other, &ConversationEvent::Check(CheckEvent::PeerCancelled)), "{node}");
        // Both can ask again.
        net.command(node, Command::Check(TALK, CheckCommand::Wish(true)));
        for end in 0..2 {
            let words = SecretText::new("pond".to_owned());
            net.command(end, Command::Check(TALK, CheckCommand::Secret(words)));
        }
        for end in 0..2 {
            assert!(net.says(end, &ConversationEvent::Check(CheckEvent::Match)), "{node} {end}");
        }
    }
}

/// Where trust was lost, loading does not bring it back: not even if both say that they need no
/// check, which before the conversation would have been enough.
#[test]
fn loading_lifts_no_trust() {
    let mut net = Net::new(7, 1);
    let mut puppet = Puppet::pair(&mut net, 7, Some(true));
    let mut sequence = 0;
    let mut send = |net: &mut Net, puppet: &mut Puppet, body: Body| {
        sequence += 1;
        puppet.send(net, &Payload { sequence, body });
    };
    send(&mut net, &mut puppet, Body::CheckWish(true));
    send(&mut net, &mut puppet, Body::Check(vec![0; 10]));
    net.command(0, Command::Check(TALK, CheckCommand::Stay));
    assert!(net.says(0, &ConversationEvent::Open));

    net.reload(0);
    assert!(puppet.come_back(&mut net));
    net.command(0, Command::Check(TALK, CheckCommand::Wish(false)));
    send(&mut net, &mut puppet, Body::CheckWish(false));
    let contact = net.nodes[0].memory().contact(TALK).unwrap();
    assert_eq!(contact.trust, Trust::Unverified);
}
