use undertone_ratchet::handshake::OWN_KEYS_LEN;
use undertone_wire::address::OnionAddress;
use undertone_wire::card::{CARD_LEN, CardError};
use undertone_wire::pairing::{Exporters, PairingError, Refusal};
use undertone_wire::request::{AcceptanceStage, OwnOffer, OwnRequest, request_hash};

use crate::asking::{Ends, View, asked, ends, public_address, run};

/// Runs two ends who don't agree, and checks that it ends at the asker's share, before any card.
fn fails_before_the_cards(ends: Ends) {
    let outcome = run(ends, |_, _| {});
    assert_eq!(outcome.accepter.error(), PairingError::RootMismatch);
    assert!(!outcome.asker.is_paired());
    assert_eq!(outcome.frames.iter().map(Vec::len).collect::<Vec<_>>(), [1092, 1124]);
    assert_eq!(outcome.confirmed, [vec![], vec![]]);
}

/// Whoever is in the middle has one TLS session with each end, hence other exporter values.
#[test]
fn two_tls_sessions_never_pair() {
    for exporters in [
        Exporters { sid: [60; 32], binding: [70; 32] },
        Exporters { sid: [60; 32], binding: [7; 32] },
        Exporters { sid: [6; 32], binding: [70; 32] },
    ] {
        let mut ends = ends();
        ends.asker.exporters = exporters;
        fails_before_the_cards(ends);
    }
}

#[test]
fn another_network_or_place_never_pairs() {
    let mut other_network = ends();
    other_network.asker.network = "tor";
    fails_before_the_cards(other_network);
    let mut other_place = ends();
    other_place.place = public_address();
    fails_before_the_cards(other_place);
}

#[test]
fn another_request_hash_never_pairs() {
    for bit in 0..256 {
        let mut ends = ends();
        ends.asker.hash[bit / 8] ^= 1 << (bit % 8);
        fails_before_the_cards(ends);
    }
}

/// Who recorded a request says it again: on another stream, under another offer, to another owner.
#[test]
fn a_request_that_is_replayed_never_pairs() {
    let (_, _, offer, request) = asked();
    let other_owner = OnionAddress([4; 32]);
    let streams = [
        ("local", public_address(), [90; 32]),
        ("local", other_owner, [9; 32]),
        ("tor", public_address(), [9; 32]),
    ];
    for (network, address, binding) in streams {
        let mut ends = ends();
        ends.accepter.hash = request_hash(network, &address, &binding, &offer, &request);
        assert_ne!(ends.accepter.hash, ends.asker.hash);
        fails_before_the_cards(ends);
    }
    // To another offer on what would be the same stream: keys and hash are other ones.
    let mut ends = ends();
    ends.own_offer = OwnOffer::generate(&mut ends.accepter.rng);
    let offer = ends.own_offer.public().encode();
    ends.accepter.hash = request_hash("local", &public_address(), &[9; 32], &offer, &request);
    fails_before_the_cards(ends);
}

/// Somebody at the place who knows all that was said and even the place's key, but not the keys of
/// the request.
#[test]
fn a_stranger_at_the_place_is_refused_and_sees_one_share() {
    let mut ends = ends();
    let real = ends.own_request.to_bytes();
    let other = OwnRequest::generate(&mut ends.asker.rng).to_bytes();
    let (front, _) = real.as_bytes().split_last_chunk::<OWN_KEYS_LEN>().unwrap();
    let (_, keys) = other.as_bytes().split_last_chunk::<OWN_KEYS_LEN>().unwrap();
    ends.own_request = OwnRequest::from_bytes(&[front, keys].concat()).unwrap();
    assert_eq!(ends.own_request.place().address(), ends.place);
    fails_before_the_cards(ends);
}

/// Somebody who dials the place, knowing all but the private keys of the offer.
#[test]
fn a_stranger_who_dials_the_place_sees_no_card() {
    let mut ends = ends();
    ends.own_offer = OwnOffer::generate(&mut ends.accepter.rng);
    let (mut stranger, first) = ends.accepter();
    let mut asker = ends.asker();
    let share = asker.handle(&first, &mut ends.asker.rng).unwrap();
    assert!(matches!(share.stage, AcceptanceStage::Waiting));
    let share = share.send.unwrap();
    assert!(share.len() < CARD_LEN);
    let error = stranger.handle(&share, &mut ends.accepter.rng).unwrap_err();
    assert_eq!(error, PairingError::RootMismatch);
    // It goes on nevertheless, with a card that it can't seal.
    let genuine = run(crate::asking::ends(), |_, _| {}).frames[2].clone();
    let error = asker.handle(&genuine, &mut ends.asker.rng).unwrap_err();
    assert_eq!(error, PairingError::BadCiphertext);
    assert_eq!(asker.handle(&genuine, &mut ends.asker.rng).unwrap_err(), PairingError::Over);
}

#[test]
fn the_accepter_shows_no_card_before_the_asker_has_proved_itself() {
    // In the place of its share: other frames, what it was sent itself, a share without a proof.
    let genuine = run(ends(), |_, _| {}).frames;
    let unproved = [&genuine[1][..1092], &[0; 32]].concat();
    let reflected = [&[2], &genuine[0][1..], &[0; 32]].concat();
    let zeros = [&[2, 1, 0, 1][..], &[0; 1120]].concat();
    let others = genuine.iter().enumerate().filter(|(place, _)| *place != 1);
    let others = others.map(|(_, frame)| frame.clone());
    for instead in others.chain([unproved, reflected, zeros, Vec::new()]) {
        let outcome = run(ends(), |place, frame| {
            if place == 1 {
                frame.clone_from(&instead);
            }
        });
        outcome.accepter.error();
        assert_eq!(outcome.frames.len(), 2);
        assert_eq!(outcome.confirmed, [vec![], vec![]]);
    }
}

#[test]
fn our_own_keys_shown_back_are_refused() {
    let mut mirrored = ends();
    mirrored.offer_keys = mirrored.own_request.keys().public();
    let (_, first) = mirrored.accepter();
    let error = mirrored.asker().handle(&first, &mut mirrored.asker.rng).unwrap_err();
    assert_eq!(error, PairingError::BadCard(CardError::Reflected));

    let mut mirrored = ends();
    mirrored.request_keys = mirrored.own_offer.keys().public();
    let outcome = run(mirrored, |_, _| {});
    assert_eq!(outcome.accepter.error(), PairingError::BadCard(CardError::Reflected));
}

#[test]
fn a_version_list_that_was_changed_never_pairs() {
    let with_list = |place: usize, list: &[u8]| {
        let outcome = run(ends(), |now, frame| {
            if now == place {
                *frame = [&frame[..1], list, &frame[4..]].concat();
            }
        });
        assert!(!outcome.asker.is_paired() && !outcome.accepter.is_paired());
        (outcome.accepter, outcome.asker)
    };
    // Both still come to version 1, and to two transcripts.
    for place in [0, 1] {
        let (accepter, _) = with_list(place, &[2, 0, 1, 0, 9]);
        assert_eq!(accepter.error(), PairingError::RootMismatch);
    }
    let told = PairingError::Refused(Refusal::NoCommonVersion);
    let (accepter, asker) = with_list(0, &[1, 0, 9]);
    assert_eq!((accepter.error(), asker.error()), (told, PairingError::NoCommonVersion));
    let (accepter, asker) = with_list(1, &[1, 0, 9]);
    assert_eq!((accepter.error(), asker.error()), (PairingError::NoCommonVersion, told));
}

#[test]
fn a_refusal_may_come_instead_of_any_frame() {
    for refusal in [Refusal::Busy, Refusal::Burnt, Refusal::NoCommonVersion] {
        for place in 0..6 {
            let outcome = run(ends(), |now, frame| {
                if now == place {
                    *frame = refusal.encode();
                }
            });
            let fate = if place % 2 == 0 { outcome.asker } else { outcome.accepter };
            assert_eq!(fate.error(), PairingError::Refused(refusal), "frame {place}");
        }
    }
}

#[test]
fn frames_out_of_turn_or_of_a_wrong_length_end_it() {
    let genuine = run(ends(), |_, _| {}).frames;
    let replaced = |place: usize, instead: &[u8]| {
        let outcome = run(ends(), |now, frame| {
            if now == place {
                *frame = instead.to_vec();
            }
        });
        if place.is_multiple_of(2) { outcome.asker.error() } else { outcome.accepter.error() }
    };
    for (place, frame) in genuine.iter().enumerate() {
        for length in [0, 1, frame.len() / 2, frame.len() - 1] {
            assert_eq!(replaced(place, &frame[..length]), PairingError::Malformed, "{place}");
        }
        let longer = [frame, &[0][..]].concat();
        assert_eq!(replaced(place, &longer), PairingError::Malformed, "{place}");
        for (other, instead) in genuine.iter().enumerate().filter(|(other, _)| *other != place) {
            assert_eq!(replaced(place, instead), PairingError::OutOfTurn, "{other} for {place}");
        }
    }
}

#[test]
fn an_acceptance_that_ended_stays_over() {
    let mut ends = ends();
    let (mut accepter, first) = ends.accepter();
    let mut asker = ends.asker();
    let View { rng, .. } = &mut ends.asker;
    assert_eq!(accepter.handle(&[], rng).unwrap_err(), PairingError::Malformed);
    assert_eq!(asker.handle(&[], rng).unwrap_err(), PairingError::Malformed);
    assert_eq!(asker.handle(&first, rng).unwrap_err(), PairingError::Over);
    assert_eq!(accepter.handle(&first, rng).unwrap_err(), PairingError::Over);
    assert_eq!(format!("{accepter:?} {asker:?}"), "Accepter(…) Asker(…)");
}
