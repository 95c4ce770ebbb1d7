//! Our own text goes at both ends, the partner's at ours alone; and no copy of a deleted text that
//! was still on its way, or comes again, brings it back.

mod common;

use common::outside::Puppet;
use common::{Crash, Net, TALK, Tap};
use undertone_engine::storage::View as _;
use undertone_handle::Command;
use undertone_handle::event::{ConversationEvent, Deletion, NotDone};
use undertone_wire::cell::FrameKind;
use undertone_wire::message::{Body, Payload};

#[test]
fn ours_goes_at_both_ends_and_theirs_at_ours() {
    let mut net = Net::lasting(1);
    let ours = net.write(0, "ours");
    let there = net.last_received(1);
    net.say(1, "theirs");
    let theirs = net.last_received(0);
    net.command(0, Command::Delete(ours));
    assert!(net.says(0, &ConversationEvent::Deleted(ours, Deletion::Own)));
    assert!(net.says(1, &ConversationEvent::Deleted(there, Deletion::Peer)));
    net.command(0, Command::Delete(theirs));
    assert!(net.kept(0).is_empty());
    assert_eq!(net.kept(1), ["theirs"]);
    for command in [
        Command::Delete(ours),
        Command::Edit { message: ours, body: "again".to_owned() },
        Command::React(ours, None),
    ] {
        net.nodes[0].events.clear();
        net.command(0, command);
        assert!(net.says(0, &ConversationEvent::NotDone(ours, NotDone::Gone)));
    }
}

/// The receiver falls down between the commit and the receipt, the message is deleted there, and the
/// sender sends it again: shown once in total, acknowledged, nothing left to send.
#[test]
fn a_late_duplicate_of_a_deleted_text_is_acknowledged_and_not_shown() {
    let mut net = Net::lasting(2);
    net.crash = Some((1, 0, Crash::AfterCommit));
    net.say(0, "once");
    assert!(net.crash.is_none(), "it fell down over the text");
    let message = net.nodes[1].memory().rows(TALK).next().unwrap().message;
    net.command(1, Command::Delete(message));
    net.reload(1);
    net.pass(400_000);
    assert!(net.kept(1).is_empty());
    assert!(net.received(1).is_empty(), "the crash came before it was shown");
    assert_eq!(net.nodes[0].memory().outbox_len(TALK), 0);
    net.say(0, "next");
    assert_eq!(net.received(1), ["next"]);
}

#[test]
fn a_crash_at_any_step_loses_no_deletion() {
    for node in 0..2 {
        for how in [Crash::BeforeCommit, Crash::AfterCommit, Crash::AfterEffects] {
            for step in 0..10 {
                let mut net = Net::lasting(3);
                let message = net.write(0, "gone");
                net.say(0, "stays");
                net.crash = Some((node, step, how));
                net.command(0, Command::Delete(message));
                if net.kept(0).len() == 2 {
                    net.command(0, Command::Delete(message));
                }
                net.pass(400_000);
                for end in 0..2 {
                    assert_eq!(net.kept(end), ["stays"], "{node} {how:?} {step}");
                }
                assert_eq!(net.nodes[0].memory().outbox(TALK, 0, 99).len(), 0);
            }
        }
    }
}

/// The text and its edits still wait in the outbox when it is deleted: none of their words do.
#[test]
fn no_word_of_it_waits_in_the_outbox() {
    let mut net = Net::lasting(4);
    net.tap = Some(Box::new(|passing| match passing.kind {
        FrameKind::Packet => Tap::Drop,
        _ => Tap::Pass,
    }));
    let message = net.write(0, "secret 1");
    net.command(0, Command::Edit { message, body: "secret 2".to_owned() });
    net.go_dark();
    net.command(0, Command::Edit { message, body: "secret 3".to_owned() });
    net.command(0, Command::Delete(message));
    let rows = net.nodes[0].memory().outbox(TALK, 0, 99);
    assert_eq!(rows.len(), 4, "three that say nothing, and the deletion");
    assert!(rows.iter().all(|row| !row.body.windows(6).any(|part| part == b"secret")));
    net.tap = None;
    net.light();
    assert!(net.received(1).is_empty() && net.kept(1).is_empty());
    assert_eq!(net.nodes[0].memory().outbox(TALK, 0, 99).len(), 0);
}

fn puppet(seed: u8) -> (Net, Puppet) {
    let mut net = Net::new(seed, 1);
    let mut puppet = Puppet::pair(&mut net, seed, Some(false));
    send(&mut net, &mut puppet, 1, Body::CheckWish(false));
    (net, puppet)
}

fn send(net: &mut Net, puppet: &mut Puppet, sequence: u64, body: Body) {
    puppet.send(net, &Payload { sequence, body });
    puppet.read(net);
}

/// The deletion overtakes the text, which waits for its turn or has not come at all.
#[test]
fn a_text_whose_deletion_is_here_is_never_shown() {
    let text = |words: &str| Body::text(words.to_owned());
    // Number 2 is missing. In turn: the text waits, and the deletion comes.
    let (mut net, mut from) = puppet(5);
    send(&mut net, &mut from, 3, text("waits"));
    send(&mut net, &mut from, 4, Body::Edit { of: 3, text: "waits too".to_owned().into() });
    send(&mut net, &mut from, 5, Body::Delete { of: 3 });
    let early = net.nodes[0].memory().early(TALK);
    assert!(early.iter().all(|row| !row.body.windows(5).any(|part| part == b"waits")));
    send(&mut net, &mut from, 2, text("shown"));
    send(&mut net, &mut from, 6, text("shown too"));
    assert_eq!(net.received(0), ["shown", "shown too"]);
    // The deletion comes before what it deletes.
    let (mut net, mut from) = puppet(6);
    send(&mut net, &mut from, 3, Body::Delete { of: 2 });
    send(&mut net, &mut from, 2, text("never"));
    send(&mut net, &mut from, 4, text("shown"));
    assert_eq!(net.received(0), ["shown"]);
    // What was shown goes at once, though something before the deletion is missing.
    let (mut net, mut from) = puppet(7);
    send(&mut net, &mut from, 2, text("shown"));
    send(&mut net, &mut from, 4, Body::Delete { of: 2 });
    assert!(net.kept(0).is_empty());
}

/// A contact deletes what is ours, what it never sent, and the deletion itself.
#[test]
fn a_contact_deletes_nothing_but_its_own() {
    let (mut net, mut from) = puppet(8);
    net.say(0, "ours");
    send(&mut net, &mut from, 2, Body::text("theirs".to_owned()));
    for (sequence, of) in (3..).zip([1, 3, 5, 60, u64::MAX]) {
        send(&mut net, &mut from, sequence, Body::Delete { of });
    }
    assert_eq!(net.kept(0), ["ours", "theirs"]);
    let told = net.told(0).into_iter();
    assert_eq!(told.filter(|e| **e == ConversationEvent::Refused).count(), 3);
}
