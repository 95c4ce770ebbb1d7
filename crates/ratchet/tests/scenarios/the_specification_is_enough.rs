//! A second implementation, written from `docs/ratchet.md` with nothing but the primitives, reads
//! what the crate writes: root, confirmations, and the first packets of both directions.

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit as _, XChaCha20Poly1305};
use hmac::{Hmac, Mac as _};
use ml_kem::kem::Decapsulate as _;
use sha2::{Digest as _, Sha256};
use undertone_ratchet::handshake::{OwnKeys, Role, derive_root, encapsulate};
use undertone_ratchet::transcript::Transcript;

use crate::ends::{open, rng, seal};

type Key = [u8; 32];

fn hmac(key: &[u8], parts: &[&[u8]]) -> Key {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// HKDF-Expand to one block.
fn expand(prk: &Key, label: &str, context: &[u8]) -> Key {
    hmac(prk, &[label.as_bytes(), context, &[1]])
}

fn framed(parts: &[&[u8]]) -> Vec<u8> {
    let frame = |part: &&[u8]| [&(part.len() as u64).to_be_bytes(), *part].concat();
    parts.iter().flat_map(frame).collect()
}

fn absorb(hash: &Key, label: &[u8], bytes: &[u8]) -> Key {
    Sha256::digest([hash.as_slice(), &framed(&[label, bytes])].concat()).into()
}

fn dh(secret: &[u8], public: &[u8]) -> Key {
    x25519_dalek::x25519(secret.try_into().unwrap(), public.try_into().unwrap())
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

/// A root step: root key, chain key, next header key.
fn root_step(root: &Key, secret: &[u8], public: &[u8]) -> [Key; 3] {
    let prk = hmac(root, &[&dh(secret, public)]);
    [
        expand(&prk, "undertone/1 ratchet root key", &[]),
        expand(&prk, "undertone/1 ratchet chain key", &[]),
        expand(&prk, "undertone/1 ratchet next header key", &[]),
    ]
}

/// Opens a packet: header and text.
fn open_packet(packet: &[u8], header: &Key, chain: &Key, data: &Key) -> ([u8; 44], Vec<u8>) {
    let sealed = Payload { msg: &packet[24..84], aad: data };
    let nonce: [u8; 24] = packet[..24].try_into().unwrap();
    let header = XChaCha20Poly1305::new(&(*header).into()).decrypt(&nonce.into(), sealed).unwrap();
    let header: [u8; 44] = header.try_into().unwrap();
    let mut chain = *chain;
    for _ in 0..u32::from_be_bytes(header[36..40].try_into().unwrap()) {
        chain = hmac(&chain, &[b"undertone/1 ratchet next chain key"]);
    }
    let message = hmac(&chain, &[b"undertone/1 ratchet message key"]);
    let key = expand(&message, "undertone/1 ratchet payload key", &packet[..84]);
    let sealed = Payload { msg: &packet[84..], aad: data };
    let text = ChaCha20Poly1305::new(&key.into()).decrypt(&[0; 12].into(), sealed).unwrap();
    (header, text)
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
        &Sha256::digest(&a.public),
        &Sha256::digest(&b.public),
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

    // "Session": the initiator's first chain.
    let peer_root = root.clone();
    let mut session = root.into_session(Role::Initiator, &ana, &ben.public(), &transcript);
    let data = hmac(&hash, &[b"undertone/1 associated data", &a.public[..32], &b.public[..32]]);
    let session_root = expand(&prk, "undertone/1 session root", &[]);
    let [first_root, chain, next_header] = root_step(&session_root, &a.ratchet, &b.public[64..96]);
    let header = expand(&prk, "undertone/1 header key initiator", &[]);
    for number in 0..3_u32 {
        let packet = seal(&mut session, b"from Ana", rng);
        assert_eq!(packet.len(), 100 + 8);
        let (fields, text) = open_packet(&packet, &header, &chain, &data);
        assert_eq!(text, b"from Ana");
        assert_eq!(fields[..32], a.public[64..96]);
        assert_eq!(fields[32..36], [0; 4]);
        assert_eq!(fields[36..40], number.to_be_bytes());
        assert_eq!(fields[40..], [0; 4]);
    }

    // The responder's first chain, which the initiator's ratchet key opens.
    let mut peer = peer_root.into_session(Role::Responder, &ben, &ana.public(), &transcript);
    let answer = seal(&mut peer, b"from Ben", rng);
    let header = expand(&prk, "undertone/1 header key responder", &[]);
    // The key in the header is needed for the chain, so the header is opened with any chain first.
    let sealed = Payload { msg: &answer[24..84], aad: &data };
    let nonce: [u8; 24] = answer[..24].try_into().unwrap();
    let fields = XChaCha20Poly1305::new(&header.into()).decrypt(&nonce.into(), sealed).unwrap();
    let [second_root, chain, _] = root_step(&first_root, &a.ratchet, &fields[..32]);
    assert_eq!(open_packet(&answer, &header, &chain, &data).1, b"from Ben");
    assert_eq!(open(&mut session, &answer).unwrap(), b"from Ben");

    // "State": where the root key and the new chains' keys stand.
    let state = session.to_bytes();
    assert_eq!(state[33..65], second_root);
    assert_eq!(state[65..97], fields[..32]);
    assert_eq!(state[97], 0);
    assert_eq!(state[98..130], next_header);
    assert_eq!(state[130..134], 3_u32.to_be_bytes());
    assert_eq!(state[134], 1);
    assert_eq!(state[135..167], hmac(&chain, &[b"undertone/1 ratchet next chain key"]));
    assert_eq!(state[167..199], header);
    assert_eq!(state[199..203], 1_u32.to_be_bytes());
}
