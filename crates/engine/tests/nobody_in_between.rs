//! Somebody in the middle, who has found the locator and takes the guest's dial: with a guess at the
//! password on both legs, and as a mere relay between two TLS sessions.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod common;

use common::outside::Visitor;
use common::{CODE, Net, place};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use undertone_engine::ChannelKeys;
use undertone_handle::command::Role;
use undertone_handle::event::{ConversationEvent, MeetingEnd};
use undertone_wire::cell::FrameKind;
use undertone_wire::code::{Code, Password};
use undertone_wire::pairing::{Guest, Host};

/// What came of a run.
struct Outcome {
    contacts: usize,
    ended: [Option<MeetingEnd>; 2],
}

/// Node 0 hosts, node 1 joins, and the guest's dial ends at the scenario, which has one stream to
/// each of them.
fn between(net: &mut Net, code: &str) -> (Visitor, Visitor) {
    net.meet(0, Role::Host, code, Some(false));
    net.squat(place(code));
    net.meet(1, Role::Guest, code, Some(false));
    let guest_leg = net.visits().remove(0);
    let host_leg = net.knock(0).unwrap();
    (guest_leg, host_leg)
}

fn outcome(mut net: Net) -> Outcome {
    // Nothing that somebody waits for comes any more.
    net.pass(11 * 60_000);
    let contacts = (0..2).filter(|node| net.paired(*node)).count();
    Outcome { contacts, ended: [net.ended(0), net.ended(1)] }
}

/// Plays the host to the guest and the guest to the host, with one guess at each, which may be the
/// same. Whatever an engine says goes to the machine that plays its partner.
fn bridge(net: &mut Net, code: &str, guesses: [&Password; 2], seed: u64) {
    let rng = &mut ChaCha20Rng::seed_from_u64(seed);
    let (guest_leg, host_leg) = between(net, code);
    let mut host = Host::new(guesses[0], "local", &place(code), &guest_leg.exporters());
    let (mut guest, share) =
        Guest::new(guesses[1], "local", &place(code), &host_leg.exporters(), rng);
    net.speak(&host_leg, FrameKind::Pairing, &share);
    loop {
        let (from_guest, from_host) = (net.heard(&guest_leg), net.heard(&host_leg));
        if from_guest.is_empty() && from_host.is_empty() {
            break;
        }
        // Where its machine fails the player says as little as it can: nothing.
        for (_, frame) in from_guest {
            let said = host.handle(&frame, rng).ok().and_then(|progress| progress.send);
            said.iter().for_each(|bytes| net.speak(&guest_leg, FrameKind::Pairing, bytes));
        }
        for (_, frame) in from_host {
            let said = guest.handle(&frame, rng).ok().and_then(|progress| progress.send);
            said.iter().for_each(|bytes| net.speak(&host_leg, FrameKind::Pairing, bytes));
        }
    }
}

/// A thousand codes, a thousand guesses: never a contact, always told, on both sides.
#[test]
fn a_thousand_guesses_at_the_password_yield_no_contact_and_both_are_told() {
    let rng = &mut ChaCha20Rng::from_seed([1; 32]);
    for run in 0..1_000 {
        let code = Code::propose(rng);
        let (one, two) = (Code::propose(rng).password(), Code::propose(rng).password());
        if [&one, &two].iter().any(|guess| guess.as_bytes() == code.password().as_bytes()) {
            continue;
        }
        let mut net = Net::new(2, 2);
        // Half of the runs make the same guess at both ends.
        let other = if run % 2 == 0 { &one } else { &two };
        bridge(&mut net, &code.text(), [&one, other], run);
        let Outcome { contacts, ended } = outcome(net);
        assert_eq!(contacts, 0, "run {run}, codes from seed 1");
        // The host checks the guess itself; to the guest nobody ever confirms.
        assert_eq!(ended[0], Some(MeetingEnd::WrongPassword), "run {run}");
        assert_eq!(ended[1], Some(MeetingEnd::PartnerGone), "run {run}");
    }
}

/// The same player, given the password, is in the middle: what keeps it out is the password alone.
#[test]
fn with_the_password_the_same_player_has_both() {
    let mut net = Net::new(3, 2);
    let password = Code::parse(CODE).unwrap().password();
    bridge(&mut net, CODE, [&password, &password], 1);
    assert!(net.paired(0) && net.paired(1));
}

/// One leg's guess is right: that end has a contact, who is the player; the other end was told, and
/// nothing passes between the two.
#[test]
fn a_right_guess_at_one_end_is_noticed_at_the_other() {
    for right in 0..2 {
        let mut net = Net::new(4, 2);
        let (known, wrong) =
            (Code::parse(CODE).unwrap().password(), Code::parse("1-acid-acorn-anvil").unwrap());
        let mut guesses = [&known, &known];
        let wrong = wrong.password();
        guesses[1 - right] = &wrong;
        bridge(&mut net, CODE, guesses, 1);
        let Outcome { contacts, ended } = outcome(net);
        assert_eq!(contacts, 1);
        // `right` counts the player's legs: the first is the guest's.
        assert!(ended[right].is_some(), "{ended:?}");
    }
}

/// Passes every frame on, unchanged, between the two TLS sessions.
fn relay(net: &mut Net, guest_leg: &Visitor, host_leg: &Visitor) {
    loop {
        let (up, down) = (net.heard(guest_leg), net.heard(host_leg));
        if up.is_empty() && down.is_empty() {
            break;
        }
        up.iter().for_each(|(kind, bytes)| net.speak(host_leg, *kind, bytes));
        down.iter().for_each(|(kind, bytes)| net.speak(guest_leg, *kind, bytes));
    }
}

#[test]
fn a_relay_between_two_tls_sessions_yields_no_contact() {
    let mut net = Net::new(5, 2);
    let (guest_leg, host_leg) = between(&mut net, CODE);
    relay(&mut net, &guest_leg, &host_leg);
    let Outcome { contacts, ended } = outcome(net);
    assert_eq!(contacts, 0);
    assert_eq!(ended, [Some(MeetingEnd::WrongPassword); 2]);
}

/// With either exporter value different, not both, a relay fails as well; with none it would succeed:
/// that the two sessions differ is all that keeps it out.
#[test]
fn a_relay_is_kept_out_by_each_exporter_value() {
    let keys = ChannelKeys { sid: [1; 32], binding: [2; 32], link: [3; 32], repair: [4; 32] };
    let mut net = Net::new(6, 2);
    net.same_keys = Some(keys.clone());
    let (guest_leg, host_leg) = between(&mut net, CODE);
    relay(&mut net, &guest_leg, &host_leg);
    for node in 0..2 {
        assert!(net.says(node, &ConversationEvent::Open), "one session: the relay is a wire");
    }

    for differs in 0..2 {
        let mut net = Net::new(7, 2);
        net.meet(0, Role::Host, CODE, Some(false));
        net.squat(place(CODE));
        net.same_keys = Some(keys.clone());
        net.meet(1, Role::Guest, CODE, Some(false));
        let guest_leg = net.visits().remove(0);
        let mut others = keys.clone();
        if differs == 0 {
            others.sid = [9; 32];
        } else {
            others.binding = [9; 32];
        }
        net.same_keys = Some(others);
        let host_leg = net.knock(0).unwrap();
        relay(&mut net, &guest_leg, &host_leg);
        let Outcome { contacts, ended } = outcome(net);
        assert_eq!(contacts, 0);
        assert_eq!(ended, [Some(MeetingEnd::WrongPassword); 2]);
    }
}
