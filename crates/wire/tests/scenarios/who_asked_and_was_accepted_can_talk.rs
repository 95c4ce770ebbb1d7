use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use undertone_ratchet::handshake::Role;
use undertone_ratchet::session::Session;
use undertone_wire::card::CARD_LEN;
use undertone_wire::message::{Body, Payload};
use undertone_wire::pairing::{MAX_PAIRING_FRAME, Paired};
use undertone_wire::request::{OwnOffer, OwnRequest};

use crate::asking::{FRAMES, asked, ends, run};

fn session(paired: Paired) -> Session {
    paired.root.into_session(paired.role, paired.own.keys(), paired.peer.keys(), &paired.transcript)
}

#[test]
fn both_ends_have_the_same() {
    let outcome = run(ends(), |_, _| {});
    assert_eq!(outcome.frames.len(), FRAMES);
    let (accepter, asker) = (outcome.accepter.paired(), outcome.asker.paired());
    assert_eq!((accepter.role, asker.role), (Role::Initiator, Role::Responder));
    assert_eq!((accepter.version, asker.version), (1, 1));
    assert_eq!(accepter.transcript.hash(), asker.transcript.hash());
    assert_eq!(accepter.peer, *asker.own.public());
    assert_eq!(asker.peer, *accepter.own.public());
    assert_eq!(accepter.root.link_key(), asker.root.link_key());
    assert_eq!(accepter.root.authenticator(), asker.root.authenticator());
    assert_eq!(accepter.root.recovery_key(), asker.root.recovery_key());
}

#[test]
fn each_is_told_once_when_the_other_has_proved_itself() {
    let outcome = run(ends(), |_, _| {});
    assert_eq!(outcome.confirmed, [vec![2], vec![3]]);
}

#[test]
fn they_talk_whoever_begins() {
    let outcome = run(ends(), |_, _| {});
    let mut both = [session(outcome.accepter.paired()), session(outcome.asker.paired())];
    let rng = &mut ChaCha20Rng::from_seed([8; 32]);
    for sequence in 1..4 {
        for from in [0, 1] {
            let payload = Payload { sequence, body: Body::text(format!("{from} {sequence}")) };
            let (mut packet, mut plain) = (Vec::new(), Vec::new());
            both[from].encrypt(&payload.encode().unwrap(), &mut packet, rng).unwrap();
            both[1 - from].decrypt(&packet, 0, &mut plain).unwrap();
            assert_eq!(Payload::decode(&plain).unwrap(), payload);
        }
    }
}

#[test]
fn halves_that_were_stored_do_as_well() {
    let mut stored = ends();
    stored.own_offer = OwnOffer::from_bytes(stored.own_offer.to_bytes().as_bytes()).unwrap();
    stored.own_request = OwnRequest::from_bytes(stored.own_request.to_bytes().as_bytes()).unwrap();
    let (fresh, stored) = (run(ends(), |_, _| {}), run(stored, |_, _| {}));
    assert_eq!(stored.frames, fresh.frames);
    assert!(stored.accepter.is_paired() && stored.asker.is_paired());
}

#[test]
fn an_acceptance_that_was_cut_off_may_be_begun_anew() {
    let mut again = ends();
    let (_, first) = again.accepter();
    let cut_off = again.asker().handle(&first, &mut again.asker.rng).unwrap().send.unwrap();
    again.accepter.exporters.sid = [60; 32];
    again.asker.exporters.sid = [60; 32];
    let outcome = run(again, |_, _| {});
    assert_ne!(outcome.frames[0], first);
    assert_ne!(outcome.frames[1], cut_off);
    assert_eq!(
        outcome.accepter.paired().transcript.hash(),
        outcome.asker.paired().transcript.hash()
    );
}

#[test]
fn every_frame_fits_a_strangers_stream() {
    let frames = run(ends(), |_, _| {}).frames;
    let lengths: Vec<usize> = frames.iter().map(Vec::len).collect();
    assert_eq!(lengths, [1092, 1124, 1426, 2514, 1137, 49]);
    assert!(lengths.iter().all(|length| *length <= MAX_PAIRING_FRAME));
}

#[test]
fn cards_on_the_wire_are_sealed_and_new() {
    let outcome = run(ends(), |_, _| {});
    let (_, _, offer, request) = asked();
    let paired = outcome.accepter.paired();
    for card in [paired.own.public(), &paired.peer].map(|card| card.encode()) {
        assert_eq!(card.len(), CARD_LEN);
        for part in card[1..].chunks(32) {
            for frame in outcome.frames.iter().chain([&offer, &request]) {
                assert!(!frame.windows(32).any(|window| window == part));
            }
        }
    }
}
