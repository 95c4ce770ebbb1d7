//! `/heal`: the user asks for new keys, and gets them at once, whosever turn it is to offer them.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod common;

use std::cell::RefCell;
use std::rc::Rc;

use common::{Net, TALK, Tap};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use undertone_engine::storage::View as _;
use undertone_handle::Command;
use undertone_handle::event::{ConversationEvent, HealingEvent};
use undertone_ratchet::session::{Begin, Session};
use undertone_wire::cell::FrameKind;

fn session(net: &Net, node: usize) -> Session {
    Session::from_bytes(&net.nodes[node].memory().session(TALK).unwrap()).unwrap()
}

fn healing(net: &Net, node: usize) -> Vec<HealingEvent> {
    let told = net.told(node).into_iter();
    told.filter_map(|e| match e {
        ConversationEvent::Healing(event) => Some(*event),
        _ => None,
    })
    .collect()
}

fn heal(net: &mut Net, node: usize) {
    net.command(node, Command::Heal(TALK));
}

/// The guest offers the odd epochs: the host asks for the first, the guest begins it. In the second
/// it is the other way round.
#[test]
fn by_either_side_in_an_epoch_of_either() {
    for (first, second) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        let mut net = Net::open(1);
        for (node, epoch) in [(first, 1), (second, 2)] {
            net.nodes.iter_mut().for_each(|node| node.events.clear());
            heal(&mut net, node);
            assert_eq!(healing(&net, node), [HealingEvent::Begun, HealingEvent::Renewed]);
            assert!(healing(&net, 1 - node).is_empty(), "nobody asked there");
            for node in 0..2 {
                let session = session(&net, node);
                assert_eq!((session.epoch(), session.shared_epoch()), (epoch, epoch));
            }
        }
        let [one, other] = [0, 1].map(|node| session(&net, node));
        assert_eq!(one.authenticator(2), other.authenticator(2));
    }
}

/// What was copied in the middle of an exchange holds what that leads to; so the one after it is what
/// was asked for.
#[test]
fn an_epoch_that_is_under_way_is_not_the_one_that_was_asked_for() {
    let mut net = Net::open(2);
    for i in 0..60 {
        if session(&net, 1).has_chunk() {
            break;
        }
        net.say(0, &i.to_string());
    }
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    let under_way = session(&net, 1).begin_epoch(&mut rng);
    assert_eq!(under_way, Begin::UnderWay);
    heal(&mut net, 1);
    assert_eq!(healing(&net, 1), [HealingEvent::Begun, HealingEvent::Renewed]);
    assert_eq!(session(&net, 0).epoch(), 2);
}

/// Both ask, and again, at once: the exchange ends all the same, and each is told.
#[test]
fn by_both_at_once_and_often() {
    let mut net = Net::open(3);
    for node in [0, 1, 1, 0, 0, 1] {
        heal(&mut net, node);
    }
    for node in 0..2 {
        let told = healing(&net, node);
        assert_eq!(told.iter().filter(|event| **event == HealingEvent::Begun).count(), 3);
        assert_eq!(told.last(), Some(&HealingEvent::Renewed));
    }
}

#[test]
fn without_a_connection_with_the_next_one() {
    for node in 0..2 {
        let mut net = Net::open(4);
        net.down = true;
        net.cut_all();
        heal(&mut net, node);
        assert_eq!(healing(&net, node), [HealingEvent::Waiting]);
        net.down = false;
        net.pass(30_000);
        let said = [HealingEvent::Waiting, HealingEvent::Begun, HealingEvent::Renewed];
        assert_eq!(healing(&net, node), said);
        assert_eq!(session(&net, 1 - node).epoch(), 1);
    }
}

/// The connection breaks at each packet of the exchange, and the keys come all the same.
#[test]
fn over_a_connection_that_breaks_at_any_packet() {
    for node in 0..2 {
        let mut broken = 0;
        for cut_at in 0..30 {
            let mut net = Net::open(5);
            let cut = Rc::new(RefCell::new((0, false)));
            let state = cut.clone();
            net.tap = Some(Box::new(move |passing| {
                let (count, done) = &mut *state.borrow_mut();
                *count += u32::from(passing.kind == FrameKind::Packet);
                if !*done && *count > cut_at {
                    *done = true;
                    return Tap::Cut;
                }
                Tap::Pass
            }));
            heal(&mut net, node);
            net.pass(60_000);
            broken += u32::from(cut.borrow().1);
            assert_eq!(healing(&net, node).last(), Some(&HealingEvent::Renewed), "{cut_at}");
            assert_eq!(session(&net, node).shared_epoch(), 1, "{cut_at}");
        }
        assert!(broken > 8, "only {broken} breaks");
    }
}

/// It is over when it is over: no packet goes to and fro for it afterwards.
#[test]
fn with_few_packets_and_an_end() {
    let mut net = Net::open(6);
    let packets = Rc::new(RefCell::new(0));
    let counted = packets.clone();
    net.tap = Some(Box::new(move |_| {
        *counted.borrow_mut() += 1;
        Tap::Pass
    }));
    heal(&mut net, 0);
    let used = *packets.borrow();
    assert!(used <= 24, "{used} packets");
    net.pass(3_000_000);
    assert_eq!(*packets.borrow(), used);
}
