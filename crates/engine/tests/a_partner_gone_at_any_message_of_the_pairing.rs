//! The stream breaks at each message of a pairing, in each direction: whoever is left is told, and
//! nobody is left with half a contact to write to.

mod common;

use common::{CODE, Net, Tap};
use undertone_engine::limits::{CODE_LIFE, REDIAL_FOR};
use undertone_handle::command::Role;
use undertone_handle::event::{ConversationEvent, LinkState, MeetingEnd, NotSent};
use undertone_wire::cell::FrameKind;

/// Messages of a pairing: odd ones are the guest's, even ones the host's.
const MESSAGES: usize = 8;

/// The guest's guess is spent once this message is out.
const GUEST_CONFIRMATION: usize = 3;

/// Breaks the first stream at its `cut`th message of the pairing, counted from 1.
fn cut_at(net: &mut Net, cut: usize) {
    let mut count = 0;
    net.tap = Some(Box::new(move |passing| {
        if passing.kind == FrameKind::Pairing {
            count += 1;
        }
        if count == cut && passing.kind == FrameKind::Pairing { Tap::Cut } else { Tap::Pass }
    }));
}

#[test]
fn before_the_guests_confirmation_the_guest_dials_again_and_both_pair() {
    for cut in 1..GUEST_CONFIRMATION {
        let mut net = Net::new(1, 2);
        cut_at(&mut net, cut);
        net.meet(0, Role::Host, CODE, Some(false));
        net.meet(1, Role::Guest, CODE, Some(false));
        assert!(!net.paired(1), "cut at {cut}");
        net.pass(5_000);
        for node in 0..2 {
            assert!(net.says(node, &ConversationEvent::Open), "cut at {cut}");
        }
    }
}

/// The guest cannot know whether its confirmation arrived, so its guess is spent; the host's code is
/// burnt when it did, and costs one share when it did not.
#[test]
fn from_the_guests_confirmation_on_the_guest_is_told_and_has_nothing() {
    for cut in GUEST_CONFIRMATION..=MESSAGES {
        let mut net = Net::new(2, 2);
        cut_at(&mut net, cut);
        net.meet(0, Role::Host, CODE, Some(false));
        net.meet(1, Role::Guest, CODE, Some(false));
        net.pass(60_000);
        assert_eq!(net.ended(1), Some(MeetingEnd::PartnerGone), "cut at {cut}");
        assert!(!net.paired(1), "cut at {cut}");
        net.pass(CODE_LIFE + REDIAL_FOR);
        match cut {
            // The confirmation never came: the code lives on, until it expires.
            GUEST_CONFIRMATION => assert_eq!(net.ended(0), Some(MeetingEnd::Expired)),
            // The host was sure of the guest, and the guest went away.
            4..MESSAGES => assert_eq!(net.ended(0), Some(MeetingEnd::PartnerGone), "cut at {cut}"),
            // The host has everything it needs, and nobody comes: it says so, and cannot write.
            _ => {
                assert!(net.paired(0));
                assert!(!net.says(0, &ConversationEvent::Open));
                assert!(net.says(0, &ConversationEvent::Link(LinkState::GivenUp)));
            }
        }
        assert_eq!((net.services(0), net.streams()), (0, 0), "cut at {cut}");
        for node in 0..2 {
            let text = net.say(node, "to nobody");
            let refused = ConversationEvent::NotSent(text, NotSent::NotOpen);
            assert!(net.says(node, &refused), "cut at {cut}: node {node} could write");
        }
    }
}

/// Of what stands between, the host's half contact is the only one, and it takes no text either.
#[test]
fn a_host_whose_last_word_was_lost_takes_no_text_while_it_waits() {
    let mut net = Net::new(3, 2);
    cut_at(&mut net, MESSAGES);
    net.meet(0, Role::Host, CODE, Some(false));
    net.meet(1, Role::Guest, CODE, Some(false));
    assert!(net.paired(0) && !net.paired(1));
    let text = net.say(0, "to nobody");
    assert!(net.says(0, &ConversationEvent::NotSent(text, NotSent::NotOpen)));
}

/// A message that never arrives, on a stream that stays: everybody waits, and nobody for ever.
#[test]
fn a_message_lost_without_a_sound_is_noticed_by_both() {
    for lost in 1..=MESSAGES {
        let mut net = Net::new(4, 2);
        let mut count = 0;
        net.tap = Some(Box::new(move |passing| {
            count += usize::from(passing.kind == FrameKind::Pairing);
            if count == lost && passing.kind == FrameKind::Pairing { Tap::Drop } else { Tap::Pass }
        }));
        net.meet(0, Role::Host, CODE, Some(false));
        net.meet(1, Role::Guest, CODE, Some(false));
        net.pass(CODE_LIFE + REDIAL_FOR);
        let paired = net.paired(0) && net.paired(1);
        let told = net.ended(1).is_some()
            && (net.ended(0).is_some()
                || net.says(0, &ConversationEvent::Link(LinkState::GivenUp)));
        assert!(paired || told, "lost {lost}: {:?} {:?}", net.ended(0), net.ended(1));
        assert_eq!(paired, net.says(0, &ConversationEvent::Open), "lost {lost}");
    }
}
