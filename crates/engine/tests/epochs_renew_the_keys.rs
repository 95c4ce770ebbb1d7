//! The ratchet's post-quantum epochs pass while people talk: in the padding of what is said, over
//! crashes and cuts, and the connection comes back under the newest one's key.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod common;

use std::cell::RefCell;
use std::rc::Rc;

use common::outside::Puppet;
use common::{Crash, Net, TALK, Tap};
use undertone_engine::storage::View as _;
use undertone_handle::event::{ConversationEvent, LinkState};
use undertone_ratchet::session::{EPOCH_MESSAGES, Session};
use undertone_wire::cell::FrameKind;
use undertone_wire::message::{Body, Payload, packet_len_for};

fn session(net: &Net, node: usize) -> Session {
    Session::from_bytes(&net.nodes[node].memory().session(TALK).unwrap()).unwrap()
}

fn epochs(net: &Net) -> [u32; 2] {
    [0, 1].map(|node| session(net, node).epoch())
}

/// Both say as many texts in turn, and all of them arrive.
fn talk(net: &mut Net, texts: usize) {
    let before = [0, 1].map(|node| net.received(node).len());
    for i in 0..texts {
        net.say(0, &format!("{i} from 0"));
        net.say(1, &format!("{i} from 1"));
    }
    for (node, before) in before.into_iter().enumerate() {
        let expected: Vec<_> = (0..texts).map(|i| format!("{i} from {}", 1 - node)).collect();
        assert_eq!(net.received(node)[before..], expected);
    }
}

#[test]
fn in_a_long_conversation_without_a_cell_more() {
    let mut net = Net::open(1);
    let packets = Rc::new(RefCell::new(0));
    let counted = packets.clone();
    net.tap = Some(Box::new(move |passing| {
        assert_eq!(passing.bytes.len(), packet_len_for(1));
        *counted.borrow_mut() += 1;
        Tap::Pass
    }));
    talk(&mut net, 700);
    // Each text and its receipt, and nothing besides.
    assert_eq!(*packets.borrow(), 4 * 700);
    let most = 4 * 700 / EPOCH_MESSAGES;
    for epoch in epochs(&net) {
        assert!(epoch > most / 2 && epoch <= most, "{epoch} epochs");
    }
    for node in 0..2 {
        assert!(!net.says(node, &ConversationEvent::Refused));
    }
}

#[test]
fn if_only_one_side_speaks() {
    let mut net = Net::open(2);
    for i in 0..700 {
        net.say(0, &i.to_string());
    }
    assert_eq!(net.received(1).len(), 700);
    assert!(epochs(&net).iter().all(|epoch| *epoch > 8));
}

#[test]
fn whatever_crashes_in_the_middle_of_one() {
    let mut crashes = 0;
    for how in [Crash::BeforeCommit, Crash::AfterCommit, Crash::AfterEffects] {
        for node in 0..2 {
            for step in (0..100).step_by(9) {
                let mut net = Net::open(3);
                talk(&mut net, 10);
                assert_eq!(epochs(&net), [0, 0]);
                net.crash = Some((node, step, how));
                for i in 0..30 {
                    net.say(0, &i.to_string());
                    net.say(1, &i.to_string());
                }
                net.pass(60_000);
                crashes += usize::from(net.crash.is_none());
                net.crash = None;
                for i in 0..10 {
                    net.say(0, &i.to_string());
                    net.say(1, &i.to_string());
                }
                net.pass(60_000);
                let [one, other] = epochs(&net);
                assert!(one >= 1 && one.abs_diff(other) <= 1, "{step} {how:?}: {one} {other}");
                for node in 0..2 {
                    assert_eq!(net.nodes[node].memory().outbox_len(TALK), 0, "{step} {how:?}");
                }
            }
        }
    }
    assert!(crashes > 40, "only {crashes} crashes");
}

#[test]
fn the_connection_comes_back_under_the_newest_key() {
    let mut net = Net::open(4);
    talk(&mut net, 60);
    let named = Rc::new(RefCell::new(Vec::new()));
    let seen = named.clone();
    net.tap = Some(Box::new(move |passing| {
        if passing.kind == FrameKind::Link {
            seen.borrow_mut().push(u32::from_be_bytes(passing.bytes[1..5].try_into().unwrap()));
        }
        Tap::Pass
    }));
    let mut shared = [0, 1].map(|node| session(&net, node).shared_epoch());
    net.cut_all();
    net.pass(20_000);
    for node in 0..2 {
        assert!(net.says(node, &ConversationEvent::Link(LinkState::Up)));
    }
    let mut named = named.borrow().clone();
    named.sort_unstable();
    assert!(named[0] > 1);
    shared.sort_unstable();
    assert_eq!(named, shared);
    net.tap = None;
    talk(&mut net, 5);
}

#[test]
fn a_chunk_that_breaks_the_rules_closes_the_connection() {
    let mut net = Net::new(5, 1);
    let mut puppet = Puppet::pair(&mut net, 6, Some(false));
    let empty = Body::Empty.encode().unwrap();
    let mut send = |net: &mut Net, chunk: &[u8]| {
        let plain =
            Payload::encode_with_chunk(0, &empty, |_, out| out.extend_from_slice(chunk)).unwrap();
        puppet.send_plain(net, &plain)
    };
    // Half of a key is nothing wrong, but other bytes for it are.
    let chunk = |byte| [&[0, 0, 0, 1, 0][..], &[byte; 32]].concat();
    assert!(send(&mut net, &chunk(1)) && send(&mut net, &chunk(1)));
    let lost = |net: &Net| {
        let told = net.told(0);
        told.iter().any(|e| matches!(e, ConversationEvent::Link(LinkState::Lost { .. })))
    };
    assert!(!lost(&net));
    assert!(send(&mut net, &chunk(2)));
    assert!(lost(&net) && net.says(0, &ConversationEvent::Refused));
}
