//! The check is bound to the newest post-quantum epoch that both have mixed in: so it finds an active
//! clone, who knows all keys of an earlier one and sits in the middle ever since.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod common;

use std::cell::RefCell;
use std::rc::Rc;

use common::outside::Puppet;
use common::{Net, Passing, TALK, Tap};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use undertone_engine::limits::CHECKS_ANEW;
use undertone_engine::storage::View as _;
use undertone_handle::command::CheckCommand;
use undertone_handle::event::{CheckEvent, ConversationEvent};
use undertone_handle::{Command, SecretText};
use undertone_ratchet::session::{Pace, Session};
use undertone_wire::cell::FrameKind;
use undertone_wire::message::{Body, Payload};

fn session(net: &Net, node: usize) -> Session {
    Session::from_bytes(&net.nodes[node].memory().session(TALK).unwrap()).unwrap()
}

fn says(net: &Net, node: usize, event: CheckEvent) -> bool {
    net.says(node, &ConversationEvent::Check(event))
}

fn secret(net: &mut Net, node: usize) {
    let words = SecretText::new("the blue bench".to_owned());
    net.command(node, Command::Check(TALK, CheckCommand::Secret(words)));
}

fn wish(net: &mut Net, node: usize) {
    net.command(node, Command::Check(TALK, CheckCommand::Wish(true)));
}

/// Both wish, and both type the same.
fn check(net: &mut Net) {
    wish(net, 1);
    secret(net, 1);
    secret(net, 0);
}

fn talk(net: &mut Net, texts: usize) {
    for i in 0..texts {
        net.say(0, &i.to_string());
        net.say(1, &i.to_string());
    }
}

/// Somebody in the middle with a copy of both ends' states, who answers each epoch himself.
struct Clone {
    /// The copy of each end's session.
    sessions: [Session; 2],
    rng: ChaCha20Rng,
    /// The epochs that first messages of a check named.
    named: Vec<u32>,
}

impl Clone {
    /// Reads what one end says with the other's session, and says it to the other with this one's.
    fn relay(&mut self, passing: &Passing) -> Option<Vec<u8>> {
        let from = passing.from.node;
        let mut plain = Vec::new();
        let reads = &mut self.sessions[1 - from];
        reads.decrypt(&passing.bytes, 0, &mut plain).ok()?;
        let (payload, chunk) = Payload::decode_with_chunk(&plain).ok()?;
        if !chunk.is_empty() {
            reads.take_chunk(chunk, &mut self.rng).ok()?;
        }
        if let Body::CheckBegin { epoch, .. } = &payload.body {
            self.named.push(*epoch);
        }
        let says = &mut self.sessions[from];
        if says.epoch_due(Pace::Unpaced) {
            says.begin_epoch(&mut self.rng);
        }
        let body = payload.body.encode().ok()?;
        let fill = |room, out: &mut Vec<u8>| {
            says.next_chunk(room, out);
        };
        let plain = Payload::encode_with_chunk(payload.sequence, &body, fill).ok()?;
        let mut packet = Vec::new();
        says.encrypt(&plain, &mut packet, &mut self.rng).ok()?;
        Some(packet)
    }

    /// From now on in the middle.
    fn sits(self, net: &mut Net) -> Rc<RefCell<Self>> {
        let clone = Rc::new(RefCell::new(self));
        let relays = clone.clone();
        net.tap = Some(Box::new(move |passing| match passing.kind {
            FrameKind::Packet => relays.borrow_mut().relay(passing).map_or(Tap::Drop, Tap::Replace),
            _ => Tap::Pass,
        }));
        clone
    }
}

fn steal(net: &Net) -> Clone {
    let sessions = [0, 1].map(|node| session(net, node));
    Clone { sessions, rng: ChaCha20Rng::from_seed([7; 32]), named: Vec::new() }
}

#[test]
fn both_bind_to_it_and_match() {
    let mut net = Net::open(1);
    for round in 1..4 {
        talk(&mut net, 60);
        assert!(session(&net, 0).shared_epoch() >= round);
        net.nodes.iter_mut().for_each(|node| node.events.clear());
        check(&mut net);
        for node in 0..2 {
            assert!(says(&net, node, CheckEvent::Match));
        }
    }
}

/// Texts pass the clone unnoticed; a check does not.
#[test]
fn an_active_clone_from_before_it_is_found() {
    let mut net = Net::open(2);
    talk(&mut net, 30);
    let stolen = session(&net, 0).epoch();
    let clone = steal(&net).sits(&mut net);
    talk(&mut net, 60);
    assert_eq!(net.received(0).len(), 90, "nobody notices the clone by texts");
    assert!(session(&net, 0).shared_epoch() > stolen);
    check(&mut net);
    for node in 0..2 {
        assert!(says(&net, node, CheckEvent::Mismatch));
        assert!(!says(&net, node, CheckEvent::Match));
    }
    let named = clone.borrow().named.clone();
    assert!(named.len() == 1 && named[0] > stolen, "{named:?}");
}

/// The limit of it: before a fresh epoch has been mixed in, a clone of both is as good as both. What
/// finds it then is new keys, and the check after them.
#[test]
fn a_clone_is_found_after_new_keys_and_not_before() {
    let mut net = Net::open(3);
    talk(&mut net, 30);
    steal(&net).sits(&mut net);
    check(&mut net);
    assert!(says(&net, 0, CheckEvent::Match) && says(&net, 1, CheckEvent::Match));
    net.nodes.iter_mut().for_each(|node| node.events.clear());
    talk(&mut net, 60);
    check(&mut net);
    assert!(says(&net, 0, CheckEvent::Mismatch) && says(&net, 1, CheckEvent::Mismatch));
}

/// The guest takes its time, and epochs pass between the host's first message and its answer.
#[test]
fn epochs_that_pass_during_a_run_do_not_break_it() {
    let mut net = Net::open(4);
    talk(&mut net, 60);
    wish(&mut net, 1);
    secret(&mut net, 0);
    let begun = session(&net, 1).epoch();
    talk(&mut net, 120);
    assert!(session(&net, 1).authenticator(begun).is_none(), "it is forgotten meanwhile");
    secret(&mut net, 1);
    for node in 0..2 {
        assert!(says(&net, node, CheckEvent::Match));
        assert!(!says(&net, node, CheckEvent::BegunAnew));
    }
}

/// The first message waits behind so many texts that its epoch is forgotten when it comes: the run
/// begins anew, and nobody types anything twice.
#[test]
fn a_first_message_that_comes_too_late_is_made_anew() {
    let mut net = Net::open(5);
    wish(&mut net, 1);
    secret(&mut net, 1);
    net.down = true;
    net.cut_all();
    for i in 0..600 {
        net.say(0, &i.to_string());
    }
    secret(&mut net, 0);
    net.down = false;
    net.pass(60_000);
    assert_eq!(net.received(1).len(), 600);
    for node in 0..2 {
        assert!(says(&net, node, CheckEvent::BegunAnew));
        assert!(says(&net, node, CheckEvent::Match));
    }
}

/// A partner who never knows the epoch, or names none that is known, gets nowhere, and soon.
#[test]
fn beginning_anew_has_an_end() {
    for asks in [true, false] {
        let mut net = Net::new(6, 1);
        let mut puppet = Puppet::pair(&mut net, 6, Some(false));
        let mut sequence = 0;
        let mut send = |net: &mut Net, body: Body| {
            sequence += 1;
            puppet.send(net, &Payload { sequence, body });
            puppet.read(net)
        };
        send(&mut net, Body::CheckWish(false));
        send(&mut net, Body::CheckWish(true));
        let body = || match asks {
            true => Body::CheckAnew,
            false => Body::CheckBegin { epoch: 1_000, message: vec![0; 395] },
        };
        if asks {
            secret(&mut net, 0);
        } else {
            send(&mut net, body());
            assert!(!says(&net, 0, CheckEvent::BegunAnew), "nobody has typed anything yet");
            secret(&mut net, 0);
        }
        for _ in 0..100 {
            let said = send(&mut net, body());
            let ended = said.iter().any(|payload| payload.body == Body::CheckAbort);
            assert_eq!(ended && says(&net, 0, CheckEvent::Aborted), ended);
        }
        let told = net.told(0).into_iter();
        let anew = ConversationEvent::Check(CheckEvent::BegunAnew);
        assert_eq!(told.filter(|event| **event == anew).count(), CHECKS_ANEW as usize);
        assert!(says(&net, 0, CheckEvent::Aborted));
        assert!(net.nodes[0].memory().outbox(TALK, 0, 1_000).len() < 12);
    }
}

/// A first message in a frame that names no epoch begins nothing.
#[test]
fn a_run_without_an_epoch_is_none() {
    let mut net = Net::new(7, 1);
    let mut puppet = Puppet::pair(&mut net, 7, Some(false));
    for (sequence, body) in
        (1..).zip([Body::CheckWish(false), Body::CheckWish(true), Body::CheckAnew])
    {
        puppet.send(&mut net, &Payload { sequence, body });
    }
    // Nothing of ours was out that could be made anew.
    assert!(says(&net, 0, CheckEvent::Aborted));
}
