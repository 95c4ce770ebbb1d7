//! A second implementation, written from `docs/ratchet.md` with nothing but the primitives, reads
//! what the crate writes: root, confirmations, and the first packets of both directions.

use ml_kem::kem::Decapsulate as _;
use undertone_ratchet::handshake::{OwnKeys, Role, derive_root, encapsulate};
use undertone_ratchet::transcript::Transcript;

use crate::ends::{open, rng, seal, seal_chunk, take};
use crate::second::{Exchange, Key, Second, dh, expand, hmac, sha256};

fn framed(parts: &[&[u8]]) -> Vec<u8> {
    let frame = |part: &&[u8]| [&(part.len() as u64).to_be_bytes(), *part].concat();
    parts.iter().flat_map(frame).collect()
}

fn absorb(hash: &Key, label: &[u8], bytes: &[u8]) -> Key {
    sha256(&[hash.as_slice(), &framed(&[label, bytes])].concat())
}

/// "Keys at rest", field by field.
struct Keys {
    identity: Vec<u8>,
    ephemeral: Vec<u8>,
    ratchet: Vec<u8>,
    kem: Vec<u8>,
    public: Vec<u8>,
}

impl Keys {
    fn of(keys: &OwnKeys) -> Self {
        let bytes = keys.to_bytes();
        let bytes = bytes.as_bytes();
        assert_eq!((bytes.len(), bytes[0]), (193, 1));
        Self {
            identity: bytes[1..33].to_vec(),
            ephemeral: bytes[33..65].to_vec(),
            ratchet: bytes[65..97].to_vec(),
            kem: bytes[97..161].to_vec(),
            public: keys.public().encode().to_vec(),
        }
    }

    fn kem_secret(&self, ciphertext: &[u8]) -> Key {
        let seed: [u8; 64] = self.kem.as_slice().try_into().unwrap();
        let key = ml_kem::ml_kem_768::DecapsulationKey::from_seed(seed.into());
        let shared = key.decapsulate(ciphertext.try_into().unwrap());
        let key = &self.public[96..1280];
        hmac(&[0; 32], &[b"undertone/1 kem secret", &shared, key, ciphertext])
    }
}

#[test]
fn from_the_keys_to_the_first_packets() {
    let rng = &mut rng(1);
    let (ana, ben) = (OwnKeys::generate(rng), OwnKeys::generate(rng));
    let (to_ben, kem_ana) = encapsulate(&ben.public(), rng);
    let (to_ana, _) = encapsulate(&ana.public(), rng);
    let mut transcript = Transcript::new(b"start");
    transcript.absorb(b"label", b"bytes");
    let extra: [&[u8]; 2] = [b"one", b"other"];
    let kem_ben = ana.decapsulate(&to_ana);
    let root =
        derive_root(Role::Initiator, &ana, &ben.public(), &kem_ana, &kem_ben, &extra, &transcript)
            .unwrap();

    // "Transcript" and "Root".
    let hash = absorb(&[0; 32], b"undertone/1 transcript", b"start");
    let hash = absorb(&hash, b"label", b"bytes");
    assert_eq!(transcript.hash(), hash);
    let (a, b) = (Keys::of(&ana), Keys::of(&ben));
    let sources = framed(&[
        b"undertone/1 root",
        &sha256(&a.public),
        &sha256(&b.public),
        &dh(&a.identity, &b.public[32..64]),
        &dh(&b.identity, &a.public[32..64]),
        &dh(&a.ephemeral, &b.public[32..64]),
        &b.kem_secret(to_ben.as_slice()),
        &a.kem_secret(to_ana.as_slice()),
        extra[0],
        extra[1],
    ]);
    let prk = hmac(&hash, &[&sources]);
    for (role, label) in [
        (Role::Initiator, "undertone/1 confirm initiator"),
        (Role::Responder, "undertone/1 confirm responder"),
    ] {
        assert_eq!(root.confirmation(role), hmac(&expand(&prk, label, &[]), &[&hash]));
    }
    assert_eq!(*root.link_key().as_bytes(), expand(&prk, "undertone/1 link key", &[0; 4]));
    let authenticator = expand(&prk, "undertone/1 authenticator", &[0; 4]);
    assert_eq!(*root.authenticator().as_bytes(), authenticator);
    assert_eq!(*root.recovery_key().as_bytes(), expand(&prk, "undertone/1 recovery key", &[]));

    // "Session": both ends of it, one of them written twice.
    let peer_root = root.clone();
    let mut ana_first = root.into_session(Role::Initiator, &ana, &ben.public(), &transcript);
    let mut ben_first = peer_root.into_session(Role::Responder, &ben, &ana.public(), &transcript);
    let start = |is_initiator, own: &Keys| {
        let own = own.ratchet.as_slice().try_into().unwrap();
        Second::start(&prk, &hash, [&a.public, &b.public], is_initiator, own)
    };
    let (mut ana_second, mut ben_second) = (start(true, &a), start(false, &b));
    assert_eq!(Second::parse(&ana_first.to_bytes()), ana_second);
    assert_eq!(Second::parse(&ben_first.to_bytes()), ben_second);

    // What either writes, the other reads; both directions, with a turn after each.
    let mut second_rng = crate::ends::rng(2);
    for number in 0..3 {
        let packet = seal(&mut ana_first, b"from Ana", rng);
        assert_eq!(packet.len(), 100 + 8);
        assert_eq!(ben_second.decrypt(&packet, 0).unwrap(), b"from Ana");
        let packet = ana_second.encrypt(b"from Ana", &mut second_rng).unwrap();
        if number == 0 {
            // Two states that came from one must not both go on.
            ana_second = Second::parse(&ana_first.to_bytes());
            assert_eq!(open(&mut ben_first, &packet).unwrap(), b"from Ana");
            let packet = seal(&mut ben_first, b"from Ben", rng);
            assert_eq!(ana_second.decrypt(&packet, 0).unwrap(), b"from Ben");
        }
    }
}

/// Around the lengths where a block of a hash, of a key stream, or the kind of the payload's cipher ends.
#[test]
fn with_texts_of_many_lengths() {
    let mut rng = rng(4);
    let (mut ana, ben) = crate::ends::sessions(&mut rng);
    let mut ben = Second::parse(&ben.to_bytes());
    for length in [0, 1, 15, 16, 17, 55, 56, 63, 64, 65, 2_047, 2_048, 2_049, 2_064, 4_095, 70_001]
    {
        let text: Vec<u8> = (0..length).map(|place| (place % 251) as u8).collect();
        let mut same = Second::parse(&ana.to_bytes());
        let by_second = same.encrypt(&text, &mut rng.clone()).unwrap();
        let packet = seal(&mut ana, &text, &mut rng);
        assert!(packet == by_second, "{length} bytes");
        assert!(ben.decrypt(&packet, 0) == Some(text), "{length} bytes");
    }
}

#[test]
fn through_three_epochs() {
    for first_offers in [true, false] {
        let rng = &mut rng(3);
        let (ana, ben) = crate::ends::sessions(rng);
        // One end is the crate's, the other the second implementation.
        let (mut first, other) = if first_offers { (ana, ben) } else { (ben, ana) };
        let mut second = Second::parse(&other.to_bytes());
        for epoch in 1..=3 {
            // Who may not offer asks.
            first.begin_epoch(rng);
            while (first.shared_epoch(), second.epoch) != (epoch, epoch) {
                let packet = seal_chunk(&mut first, 500, rng);
                let chunk = second.decrypt(&packet, 0).unwrap();
                assert!(chunk.is_empty() || second.take_chunk(&chunk, rng).is_ok());
                let chunk = second.next_chunk(500);
                let packet = second.encrypt(&chunk, rng).unwrap();
                let chunk = open(&mut first, &packet).unwrap();
                assert!(chunk.is_empty() || take(&mut first, &chunk, rng).is_ok());
            }
            assert_eq!(second.exchange, Exchange::Idle);
            let (link, authenticator) = second.keys[&epoch];
            assert_eq!(first.link_key(epoch).unwrap().as_bytes(), &link);
            assert_eq!(first.authenticator(epoch).unwrap().as_bytes(), &authenticator);
        }
    }
}
