//! What only the inside can show: headers that no honest peer seals, and where old keys are.

mod explorer;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;

use super::*;
use crate::handshake::{OwnKeys, Role, derive_root, encapsulate};
use crate::transcript::Transcript;

fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

fn sessions(rng: &mut ChaCha20Rng) -> (Session, Session) {
    let keys = [(); 2].map(|()| OwnKeys::generate(rng));
    let [(_, one), (_, two)] = [&keys[1], &keys[0]].map(|keys| encapsulate(&keys.public(), rng));
    let transcript = Transcript::new(b"test");
    let session =
        |role, own: &OwnKeys, peer: &OwnKeys| {
            derive_root(role, own, &peer.public(), &one, &two, &[], &transcript)
                .unwrap()
                .into_session(role, own, &peer.public(), &transcript)
        };
    (session(Role::Initiator, &keys[0], &keys[1]), session(Role::Responder, &keys[1], &keys[0]))
}

fn seal(session: &mut Session, rng: &mut ChaCha20Rng) -> Vec<u8> {
    let mut packet = Vec::new();
    session.encrypt(b"text", &mut packet, rng).unwrap();
    packet
}

/// Reads a packet; a refused one has to leave no trace.
fn open(session: &mut Session, packet: &[u8]) -> Result<(), DecryptError> {
    let (before, mut text) = (session.to_bytes(), Vec::new());
    let result = session.decrypt(packet, 0, &mut text);
    assert_eq!(result.is_err(), text.is_empty());
    assert!(result.is_ok() || *before == *session.to_bytes());
    result
}

/// A packet whose header says what it likes, under a peer's own keys.
fn forge(session: &mut Session, rng: &mut ChaCha20Rng, lie: impl FnOnce(&mut Header)) -> Vec<u8> {
    seal(session, rng);
    let sending = session.sending.as_ref().unwrap();
    let mut header = Header {
        key: *sending.own.public().as_bytes(),
        previous: session.previous_sent,
        number: sending.sent,
        epoch: session.epoch,
    };
    lie(&mut header);
    seal_with(session, &header, rng)
}

/// A packet with this header, under the next key of a chain.
fn seal_with(session: &Session, header: &Header, rng: &mut ChaCha20Rng) -> Vec<u8> {
    let sending = session.sending.as_ref().unwrap();
    let associated_data = &session.associated_data;
    let key = MessageKey::new(&message_key(&sending.chain));
    let nonce = key.nonce(b"text", rng);
    let sealed = header.seal(&sending.header, associated_data, nonce).unwrap();
    let mut packet = Vec::new();
    packet::seal(&key, &sealed, associated_data, b"text", &mut packet).unwrap();
    packet
}

fn message_key(chain: &ChainKey) -> [u8; 32] {
    let mut step = ChainStep::default();
    chain.step(&mut step);
    step.message
}

#[test]
fn an_epoch_that_is_not_known_is_refused() {
    let mut rng = rng(1);
    let (mut ana, mut ben) = sessions(&mut rng);
    let packet = forge(&mut ana, &mut rng, |header| header.epoch = 1);
    assert_eq!(open(&mut ben, &packet), Err(DecryptError::Epoch(1)));
    let packet = forge(&mut ben, &mut rng, |header| header.epoch = u32::MAX);
    assert_eq!(open(&mut ana, &packet), Err(DecryptError::Epoch(u32::MAX)));

    // In a finished chain, too.
    let _lost = seal(&mut ana, &mut rng);
    let packet = seal(&mut ana, &mut rng);
    open(&mut ben, &packet).unwrap();
    let late = forge(&mut ana, &mut rng, |header| {
        header.epoch = 1;
        header.number = 0;
    });
    let packet = seal(&mut ben, &mut rng);
    open(&mut ana, &packet).unwrap();
    let packet = seal(&mut ana, &mut rng);
    open(&mut ben, &packet).unwrap();
    assert_eq!(open(&mut ben, &late), Err(DecryptError::Epoch(1)));
}

#[test]
fn a_header_that_contradicts_earlier_ones_is_refused() {
    let mut rng = rng(2);
    let (mut ana, mut ben) = sessions(&mut rng);
    let other = *KeyPair::generate(&mut rng).public().as_bytes();
    let packet = forge(&mut ana, &mut rng, |header| header.key = other);
    assert_eq!(open(&mut ben, &packet), Err(DecryptError::Inconsistent), "another key in a chain");

    let packet = forge(&mut ben, &mut rng, |header| header.previous = 1);
    assert_eq!(
        open(&mut ana, &packet),
        Err(DecryptError::Inconsistent),
        "a chain before the first"
    );

    let old_key = *ana.peer.as_bytes();
    let packet = forge(&mut ben, &mut rng, |header| header.key = old_key);
    assert_eq!(open(&mut ana, &packet), Err(DecryptError::Inconsistent), "the old key again");

    let mut minus_one = [0xff; 32];
    (minus_one[0], minus_one[31]) = (0xec, 0x7f);
    for key in [[0; 32], [0xff; 32], minus_one] {
        let packet = forge(&mut ben, &mut rng, |header| header.key = key);
        assert_eq!(open(&mut ana, &packet), Err(DecryptError::Inconsistent), "an invalid key");
    }

    for _ in 0..3 {
        let packet = seal(&mut ben, &mut rng);
        open(&mut ana, &packet).unwrap();
    }
    let packet = seal(&mut ana, &mut rng);
    open(&mut ben, &packet).unwrap();
    let packet = forge(&mut ben, &mut rng, |header| header.previous = 2);
    assert_eq!(open(&mut ana, &packet), Err(DecryptError::Inconsistent), "fewer than were read");
}

#[test]
fn a_peer_that_claims_a_huge_gap_costs_no_work() {
    let mut rng = rng(3);
    let (mut ana, mut ben) = sessions(&mut rng);
    for number in [1_002, u32::MAX - 1, u32::MAX] {
        let packet = forge(&mut ana, &mut rng, |header| header.number = number);
        assert_eq!(open(&mut ben, &packet), Err(DecryptError::TooFarAhead));
        let packet = forge(&mut ben, &mut rng, |header| header.number = number);
        assert_eq!(open(&mut ana, &packet), Err(DecryptError::TooFarAhead));
    }
    let packet = seal(&mut ben, &mut rng);
    open(&mut ana, &packet).unwrap();
    let packet = seal(&mut ana, &mut rng);
    open(&mut ben, &packet).unwrap();
    for previous in [ana.received() + 1_001, u32::MAX] {
        let packet = forge(&mut ben, &mut rng, |header| header.previous = previous);
        assert_eq!(open(&mut ana, &packet), Err(DecryptError::TooFarAhead));
    }
}

#[test]
fn a_thousand_lost_packets_are_bridged() {
    let mut rng = rng(4);
    let (mut ana, mut ben) = sessions(&mut rng);
    // No sender of ours makes such a chain; a later one may.
    let sending = ana.sending.as_mut().unwrap();
    let (_, chain) = sending.chain.skip(0, 1_000);
    sending.chain = chain;
    sending.sent = 1_000;
    let header =
        Header { key: *sending.own.public().as_bytes(), previous: 0, number: 1_000, epoch: 0 };
    let packet = seal_with(&ana, &header, &mut rng);
    open(&mut ben, &packet).unwrap();
    assert_eq!(ben.skipped.len(), 1_000);
    assert!(Session::from_bytes(&ben.to_bytes()).is_ok());
}

/// All secrets that a session holds now, and the message keys that its chains give next.
fn secrets(session: &Session) -> Vec<[u8; 32]> {
    let mut all = vec![*session.root.as_bytes()];
    if let Some(Sending { own, chain, .. }) = &session.sending {
        all.extend([*own.secret().as_bytes(), *chain.0.as_bytes(), message_key(chain)]);
    }
    if let Some(Receiving { chain, .. }) = &session.receiving {
        all.extend([*chain.0.as_bytes(), message_key(chain)]);
    }
    all
}

#[test]
fn a_turn_in_each_direction_replaces_every_key() {
    let mut rng = rng(5);
    let (mut ana, mut ben) = sessions(&mut rng);
    for _ in 0..6 {
        let before = [secrets(&ana), secrets(&ben)].concat();
        for _ in 0..2 {
            let packet = seal(&mut ana, &mut rng);
            open(&mut ben, &packet).unwrap();
            let packet = seal(&mut ben, &mut rng);
            open(&mut ana, &packet).unwrap();
        }
        for state in [ana.to_bytes(), ben.to_bytes()] {
            for old in &before {
                assert!(!state.windows(32).any(|window| window == old));
            }
        }
    }
}

#[test]
fn the_key_of_a_packet_is_gone_once_it_is_sent_or_read() {
    let mut rng = rng(6);
    let (mut ana, mut ben) = sessions(&mut rng);
    for _ in 0..10 {
        let sending = ana.sending.as_ref().unwrap();
        let used = [*sending.chain.0.as_bytes(), message_key(&sending.chain)];
        let packet = seal(&mut ana, &mut rng);
        open(&mut ben, &packet).unwrap();
        for state in [ana.to_bytes(), ben.to_bytes()] {
            for key in &used {
                assert!(!state.windows(32).any(|window| window == key));
            }
        }
    }
}

#[test]
fn a_private_ratchet_key_is_gone_with_the_answer_to_it() {
    let mut rng = rng(7);
    let (mut ana, mut ben) = sessions(&mut rng);
    let own = ana.sending.as_ref().unwrap().own.secret().clone();
    let packet = seal(&mut ben, &mut rng);
    assert!(ana.to_bytes().windows(32).any(|window| window == own.as_bytes()));
    open(&mut ana, &packet).unwrap();
    assert!(!ana.to_bytes().windows(32).any(|window| window == own.as_bytes()));
}

#[test]
fn each_turn_yields_the_same_tag_seed_at_both_ends() {
    let mut rng = rng(9);
    let (mut ana, mut ben) = sessions(&mut rng);
    let taken = |seed: Option<Secret<32>>| seed.map(|seed| *seed.as_bytes());
    let mut seen = Vec::new();
    let (one, two) = (ana.take_tag_seeds(), ben.take_tag_seeds());
    assert!(one.receiving.is_none() && two.sending.is_none());
    assert_eq!(taken(one.sending).unwrap(), taken(two.receiving).unwrap());
    for _ in 0..4 {
        let packet = seal(&mut ben, &mut rng);
        open(&mut ana, &packet).unwrap();
        let (one, two) = (ana.take_tag_seeds(), ben.take_tag_seeds());
        assert!(one.sending.is_none() && two.receiving.is_none());
        let seed = taken(two.sending).unwrap();
        assert_eq!(taken(one.receiving), Some(seed));
        seen.push(seed);
        // A packet of the same chain yields nothing.
        let packet = seal(&mut ben, &mut rng);
        open(&mut ana, &packet).unwrap();
        let (one, two) = (ana.take_tag_seeds(), ben.take_tag_seeds());
        assert!(one.receiving.is_none() && two.sending.is_none());
        (ana, ben) = (ben, ana);
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 4, "every turn yields another");
}

#[test]
fn debug_shows_counters_and_no_keys() {
    let mut rng = rng(8);
    let (mut ana, mut ben) = sessions(&mut rng);
    let _lost = seal(&mut ana, &mut rng);
    let packet = seal(&mut ana, &mut rng);
    open(&mut ben, &packet).unwrap();
    insta::assert_snapshot!(
        format!("{ana:?}"),
        @r#"Session { sent: Some(2), received: None, skipped: 0, epoch: 0, exchange: "idle", unhealed: 2, .. }"#
    );
    insta::assert_snapshot!(
        format!("{ben:?}"),
        @r#"Session { sent: None, received: Some(2), skipped: 1, epoch: 0, exchange: "idle", unhealed: 1, .. }"#
    );
}

#[test]
fn only_a_state_from_after_a_packet_accounts_for_it() {
    let mut rng = rng(9);
    let (mut ana, mut ben) = sessions(&mut rng);
    let mut packets = Vec::new();
    for _ in 0..2 {
        let before = Session::from_bytes(&ana.to_bytes()).unwrap();
        let packet = seal(&mut ana, &mut rng);
        assert!(!before.has_sealed(&packet));
        packets.push(packet);
        assert!(packets.iter().all(|packet| ana.has_sealed(packet)));
        assert!(!ben.has_sealed(&packets[0]));
    }
    assert!(!ana.has_sealed(&packets[0][..SEALED_HEADER_LEN - 1]));
    open(&mut ben, &packets[0]).unwrap();
    let answer = seal(&mut ben, &mut rng);
    assert!(ben.has_sealed(&answer));
    // The chain has ended: nothing is sealed under its keys any more, and the state knows nothing of it.
    open(&mut ana, &answer).unwrap();
    assert!(!ana.has_sealed(&packets[0]));
}
