//! A partner who keeps the post-quantum epochs from ending: after 200 packets that is said, after 1,000
//! nothing more is sent, texts wait, and all is well again when it gives in.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod common;

use std::cell::RefCell;
use std::rc::Rc;

use common::outside::Puppet;
use common::{CODE, Net, TALK, Tap};
use undertone_engine::storage::View as _;
use undertone_handle::Command;
use undertone_handle::command::Role;
use undertone_handle::event::{ConversationEvent, Delivery, HealingEvent, LinkState};
use undertone_ratchet::session::{AMBER_MESSAGES, MAX_UNHEALED};
use undertone_wire::cell::FrameKind;
use undertone_wire::message::{Body, Payload};

const DAY: u64 = 86_400_000;

fn healing(net: &Net, node: usize) -> Vec<HealingEvent> {
    let told = net.told(node).into_iter();
    told.filter_map(|e| match e {
        ConversationEvent::Healing(event) => Some(*event),
        _ => None,
    })
    .collect()
}

/// Packets that passed, either way.
fn count_packets(net: &mut Net) -> Rc<RefCell<u32>> {
    let packets = Rc::new(RefCell::new(0));
    let counted = packets.clone();
    net.tap = Some(Box::new(move |passing| {
        *counted.borrow_mut() += u32::from(passing.kind == FrameKind::Packet);
        Tap::Pass
    }));
    packets
}

/// A contact in an open conversation with node 0, and the packets so far.
fn starving(seed: u8) -> (Net, Puppet, Rc<RefCell<u32>>) {
    let mut net = Net::new(seed, 1);
    let packets = count_packets(&mut net);
    let mut puppet = Puppet::pair(&mut net, seed, Some(false));
    puppet.send(&mut net, &Payload { sequence: 1, body: Body::CheckWish(false) });
    assert!(net.says(0, &ConversationEvent::Open));
    (net, puppet, packets)
}

fn texts(payloads: &[Payload]) -> Vec<String> {
    let bodies = payloads.iter().filter_map(|payload| match &payload.body {
        Body::Text { text, .. } => Some(text.as_str().to_owned()),
        _ => None,
    });
    bodies.collect()
}

/// Reads what came and confirms it, and takes no part in any epoch.
fn starve(net: &mut Net, puppet: &mut Puppet) -> Vec<Payload> {
    let payloads = puppet.read(net);
    if let Some(highest) = payloads.iter().map(|payload| payload.sequence).max().filter(|n| *n > 0)
    {
        let body = Body::Receipt { highest, window: 0 }.encode().unwrap();
        puppet.send_to_heal(net, &Payload::encode_kept(0, &body).unwrap());
    }
    payloads
}

/// Says texts until a state of the keys is told.
fn say_until(net: &mut Net, puppet: &mut Puppet, state: HealingEvent) {
    let mut said = 0;
    while !healing(net, 0).contains(&state) {
        assert!(said < 1_000, "never {state:?}");
        net.say(0, &said.to_string());
        starve(net, puppet);
        said += 1;
    }
}

#[test]
fn amber_at_two_hundred_and_stopped_at_a_thousand() {
    let (mut net, mut puppet, packets) = starving(1);
    say_until(&mut net, &mut puppet, HealingEvent::Late);
    // The last step may have sealed more than one packet.
    let late = *packets.borrow();
    assert!((AMBER_MESSAGES..AMBER_MESSAGES + 4).contains(&late), "{late}");
    assert_eq!(healing(&net, 0), [HealingEvent::Late]);

    say_until(&mut net, &mut puppet, HealingEvent::Stopped);
    let stopped = *packets.borrow();
    assert!((MAX_UNHEALED..MAX_UNHEALED + 4).contains(&stopped), "{stopped}");
    assert_eq!(healing(&net, 0), [HealingEvent::Late, HealingEvent::Stopped]);
}

#[test]
fn what_is_written_after_the_stop_waits_and_leaves_when_the_partner_gives_in() {
    let (mut net, mut puppet, _) = starving(2);
    say_until(&mut net, &mut puppet, HealingEvent::Stopped);
    starve(&mut net, &mut puppet);
    let waiting: Vec<String> = (0..5).map(|i| format!("{i} waits")).collect();
    let ids: Vec<_> = waiting.iter().map(|text| net.say(0, text)).collect();
    for id in &ids {
        let id = net.message(0, *id).unwrap();
        assert!(net.says(0, &ConversationEvent::Delivery(id, Delivery::Waiting)));
        assert!(!net.says(0, &ConversationEvent::Delivery(id, Delivery::Sent)));
    }
    assert!(texts(&starve(&mut net, &mut puppet)).is_empty());

    // It gives in: an empty packet that asks is answered with the wish, and so on.
    puppet.answer_with_chunk(&mut net);
    let payloads = puppet.exchange(&mut net);
    assert_eq!(texts(&payloads), waiting);
    let told = healing(&net, 0);
    assert_eq!(told, [HealingEvent::Late, HealingEvent::Stopped, HealingEvent::Renewed]);
    let highest = payloads.iter().map(|payload| payload.sequence).max().unwrap();
    puppet.send(&mut net, &Payload { sequence: 0, body: Body::Receipt { highest, window: 0 } });
    assert_eq!(net.nodes[0].memory().outbox_len(TALK), 0);
}

/// A text after the stop asks the partner for the epoch once more, where nothing else is under way.
#[test]
fn a_text_after_the_stop_carries_the_wish() {
    let (mut net, mut puppet, _) = starving(3);
    say_until(&mut net, &mut puppet, HealingEvent::Stopped);
    while !starve(&mut net, &mut puppet).is_empty() {}
    net.say(0, "waits");
    assert_eq!(texts(&puppet.exchange(&mut net)), ["waits"]);
    assert_eq!(healing(&net, 0).last(), Some(&HealingEvent::Renewed));
}

/// What was said before is said again after a loading: nobody knows who saw it.
#[test]
fn it_is_said_again_after_a_loading() {
    let (mut net, mut puppet, _) = starving(4);
    say_until(&mut net, &mut puppet, HealingEvent::Stopped);
    net.nodes[0].events.clear();
    net.reload(0);
    assert_eq!(healing(&net, 0), [HealingEvent::Stopped]);
}

/// Seven days of a connection on which nobody says a word: it is said, and heals by itself.
#[test]
fn a_week_of_silence_is_late_and_heals_by_itself() {
    let mut net = Net::open(5);
    net.pass(7 * DAY - 3_600_000);
    assert!(healing(&net, 0).is_empty() && healing(&net, 1).is_empty());
    net.pass(2 * 3_600_000);
    for node in 0..2 {
        assert_eq!(healing(&net, node), [HealingEvent::Late, HealingEvent::Renewed]);
    }
}

/// A week without a connection is no week of it.
#[test]
fn time_without_a_connection_does_not_count() {
    let mut net = Net::new(6, 2);
    net.meet(0, Role::Host, CODE, Some(false));
    net.meet(1, Role::Guest, CODE, Some(false));
    for _ in 0..100 {
        net.down = true;
        net.cut_all();
        net.pass(9 * 60_000);
        net.down = false;
        net.pass(60_000);
        for node in 0..2 {
            assert!(net.says(node, &ConversationEvent::Link(LinkState::Up)));
        }
    }
    net.pass(6 * DAY);
    assert!(healing(&net, 0).is_empty());
    net.command(0, Command::Leave(TALK));
}
