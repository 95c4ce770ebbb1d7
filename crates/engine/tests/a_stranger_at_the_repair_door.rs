//! What a contact's service lets in with an unknown certificate: three streams an hour, for a repair that
//! is proved by the recovery key, and nothing else.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod common;

use common::{Net, TALK, Tap};
use std::sync::{Arc, Mutex};
use undertone_engine::storage::View as _;
use undertone_handle::event::{ConversationEvent, RepairEvent};
use undertone_ratchet::repair::{CONSENT_LEN, REQUEST_LEN};
use undertone_wire::cell::FrameKind;

const HOUR: u64 = 3_600_000;

fn recovery_key(net: &Net, node: usize) -> [u8; 32] {
    *net.nodes[node].memory().contact(TALK).unwrap().recovery.keys.current().as_bytes()
}

#[test]
fn the_fourth_stranger_within_an_hour_is_sent_away() {
    let mut net = Net::lasting(1);
    net.known = false;
    for round in 0..2 {
        let session = net.nodes[0].memory().session(TALK).unwrap();
        for _ in 0..3 {
            let stranger = net.knock(0).unwrap();
            assert!(!net.is_closed(&stranger), "{round}");
            assert!(net.heard(&stranger).is_empty(), "a stranger hears nothing");
            net.speak(&stranger, FrameKind::Repair, &[1; REQUEST_LEN]);
            assert!(net.is_closed(&stranger));
        }
        let fourth = net.knock(0).unwrap();
        assert!(net.is_closed(&fourth), "{round}");
        let after = net.nodes[0].memory().session(TALK).unwrap();
        assert_eq!(after, session, "nothing was changed");
        net.pass(HOUR);
    }
    net.known = true;
    net.say(1, "as ever");
    assert_eq!(net.kept(0), ["as ever"]);
}

#[test]
fn a_stranger_may_do_nothing_but_ask_for_a_repair() {
    for kind in [FrameKind::Link, FrameKind::Packet, FrameKind::Pairing] {
        let mut net = Net::lasting(2);
        net.known = false;
        let stranger = net.knock(0).unwrap();
        net.speak(&stranger, kind, &[1; 38]);
        assert!(net.is_closed(&stranger), "{kind:?}");
    }
    let mut net = Net::lasting(3);
    net.known = false;
    let silent = net.knock(0).unwrap();
    net.pass(20_000);
    assert!(net.is_closed(&silent));
}

/// The whole of a repair that was recorded, said again: each of its frames, on a stream of its own.
#[test]
fn a_recorded_repair_opens_nothing() {
    let mut net = Net::lasting(4);
    let backup = net.nodes[1].memory().clone();
    let recorded: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
    let into = Arc::clone(&recorded);
    net.tap = Some(Box::new(move |passing| {
        if passing.kind == FrameKind::Repair {
            into.lock().unwrap().push(passing.bytes.clone());
        }
        Tap::Pass
    }));
    net.restore(1, backup);
    net.pass(60_000);
    net.say(0, "through");
    net.tap = None;
    let key = recovery_key(&net, 0);
    let recorded = recorded.lock().unwrap().clone();
    assert_eq!(recorded.first().map(Vec::len), Some(REQUEST_LEN));
    assert_eq!(recorded.last().map(Vec::len), Some(CONSENT_LEN));
    for known in [true, false] {
        net.known = known;
        for frame in &recorded {
            if let Some(line) = net.knock(0) {
                net.speak(&line, FrameKind::Repair, frame);
                assert!(net.is_closed(&line));
            }
        }
    }
    assert_eq!(recovery_key(&net, 0), key);
    net.known = true;
    net.say(1, "as ever");
    assert_eq!(net.kept(0).last().map(String::as_str), Some("as ever"));
}

/// One flipped bit in any frame of a repair, and nothing comes of it but another try.
#[test]
fn a_changed_frame_repairs_nothing() {
    for nth in 0..4 {
        let mut net = Net::lasting(5);
        let before = recovery_key(&net, 0);
        let backup = net.nodes[1].memory().clone();
        let mut left = nth;
        net.tap = Some(Box::new(move |passing| {
            if passing.kind != FrameKind::Repair {
                return Tap::Pass;
            }
            left -= 1;
            let mut bytes = passing.bytes.clone();
            bytes[40] ^= 1;
            match left {
                -1 => Tap::Replace(bytes),
                i32::MIN..-1 => Tap::Drop,
                _ => Tap::Pass,
            }
        }));
        net.restore(1, backup);
        net.pass(30_000);
        // The responder has it when the proof was right; then the consent alone was changed.
        assert_eq!(recovery_key(&net, 0) == before, nth < 3, "{nth}");
        assert_eq!(recovery_key(&net, 1), before);
        assert!(!net.says(1, &ConversationEvent::Repair(RepairEvent::Restored)));
        net.tap = None;
        net.pass(60_000);
        net.say(1, "in the end");
        assert_eq!(net.kept(0).last().map(String::as_str), Some("in the end"), "{nth}");
        assert_eq!(recovery_key(&net, 0), recovery_key(&net, 1));
    }
}

/// Who was restored may have lost the certificate too: the recovery key says who it is.
#[test]
fn the_door_lets_in_who_has_the_recovery_key() {
    let mut net = Net::lasting(6);
    let backup = net.nodes[1].memory().clone();
    net.known = false;
    net.restore(1, backup);
    net.pass(2_000);
    assert!(net.says(1, &ConversationEvent::Repair(RepairEvent::Restored)), "{:?}", net.told(1));
    net.known = true;
    net.pass(60_000);
    net.say(1, "through");
    assert_eq!(net.kept(0).last().map(String::as_str), Some("through"));
}
