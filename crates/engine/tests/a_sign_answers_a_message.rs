//! Each side answers a message with at most one sign, and a text can answer a message: both are
//! told of the same message, whoever wrote it.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod common;

use common::outside::Puppet;
use common::{Crash, Net, TALK};
use undertone_engine::storage::{MessageRow, View as _};
use undertone_handle::Command;
use undertone_handle::command::Reaction;
use undertone_handle::event::ConversationEvent;
use undertone_handle::{MessageId, Ticket};
use undertone_wire::message::{Body, Payload, Reference};

fn row(net: &Net, node: usize, message: MessageId) -> MessageRow {
    net.nodes[node].memory().message(message).unwrap()
}

#[test]
fn one_sign_per_side_replaced_and_taken_away() {
    let mut net = Net::lasting(1);
    let sign = Reaction::parse;
    let ours = net.write(0, "hello");
    let there = net.last_received(1);
    net.command(1, Command::React(there, sign("👍")));
    net.command(0, Command::React(ours, sign("🎉")));
    for (node, message, own, peer) in [(0, ours, "🎉", "👍"), (1, there, "👍", "🎉")] {
        let row = row(&net, node, message);
        assert_eq!((row.own_reaction, row.peer_reaction), (sign(own), sign(peer)));
        for (own, reaction) in [(true, sign(own)), (false, sign(peer))] {
            assert!(net.says(node, &ConversationEvent::Reacted { message, own, reaction }));
        }
    }
    net.command(1, Command::React(there, sign("👎")));
    assert_eq!(row(&net, 0, ours).peer_reaction, sign("👎"));
    net.command(1, Command::React(there, None));
    assert_eq!(row(&net, 0, ours).peer_reaction, None);
    assert_eq!(row(&net, 0, ours).own_reaction, sign("🎉"));
    // The same again says nothing to anybody.
    let sent = net.nodes[1].memory().counters(TALK).unwrap().sent;
    net.command(1, Command::React(there, None));
    assert_eq!(net.nodes[1].memory().counters(TALK).unwrap().sent, sent);
}

#[test]
fn a_crash_at_any_step_loses_no_sign() {
    for node in 0..2 {
        for how in [Crash::BeforeCommit, Crash::AfterCommit, Crash::AfterEffects] {
            for step in 0..6 {
                let mut net = Net::lasting(2);
                let ours = net.write(0, "hello");
                let there = net.last_received(1);
                net.crash = Some((node, step, how));
                net.command(1, Command::React(there, Reaction::parse("👍")));
                if row(&net, 1, there).own_reaction.is_none() {
                    net.command(1, Command::React(there, Reaction::parse("👍")));
                }
                net.pass(400_000);
                let peer = row(&net, 0, ours).peer_reaction;
                assert_eq!(peer, Reaction::parse("👍"), "{node} {how:?} {step}");
            }
        }
    }
}

#[test]
fn a_text_answers_one_of_ours_one_of_theirs_or_one_that_is_gone() {
    let mut net = Net::lasting(3);
    let ours = net.write(0, "first");
    let first = net.last_received(1);
    net.say(1, "second");
    let theirs = net.last_received(0);
    let second = net.nodes[1].memory().rows(TALK).last().unwrap().message;
    let send = |net: &mut Net, ticket, reply| {
        let (ticket, body) = (Ticket(ticket), "answer".to_owned());
        net.command(0, Command::Send { conversation: TALK, ticket, body, reply: Some(reply) });
    };
    for (ticket, here, there) in [(91, ours, Some(first)), (92, theirs, Some(second))] {
        send(&mut net, ticket, here);
        assert_eq!(row(&net, 0, net.message(0, Ticket(ticket)).unwrap()).reply, Some(here));
        assert_eq!(row(&net, 1, net.last_received(1)).reply, there);
    }
    net.command(1, Command::Delete(first));
    send(&mut net, 93, ours);
    assert_eq!(row(&net, 1, net.last_received(1)).reply, None);
}

#[test]
fn a_sign_that_disguises_something_is_refused() {
    let mut net = Net::new(4, 1);
    let mut puppet = Puppet::pair(&mut net, 4, Some(false));
    let bodies = [Body::CheckWish(false), Body::text("theirs".to_owned())];
    let signs = ["\u{1b}[2J", "\u{202e}", "a b", "\n"];
    let signs = signs.map(|sign| Body::React {
        to: Reference { own: true, sequence: 2 },
        sign: sign.to_owned().into(),
    });
    for (sequence, body) in (1..).zip(bodies.into_iter().chain(signs)) {
        puppet.send(&mut net, &Payload { sequence, body });
        puppet.read(&mut net);
    }
    let told = net.told(0).into_iter();
    assert_eq!(told.filter(|e| **e == ConversationEvent::Refused).count(), 4);
    assert!(net.nodes[0].memory().rows(TALK).all(|row| row.peer_reaction.is_none()));
}
