//! A second implementation, written from `docs/repair.md`, is the initiator against the crate's responder; and
//! `tests/golden/repair_1.txt` holds a repair as version 1 writes it.

use std::fmt::Write as _;

use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use hmac::{Hmac, Mac as _};
use ml_kem::kem::Decapsulate as _;
use sha2::{Digest as _, Sha256};
use undertone_ratchet::handshake::{OwnKeys, PublicKeys, Role, encapsulate};
use undertone_ratchet::repair::Responder;

use crate::ends::{rng, seal};
use crate::golden::{hex, lines, same};
use crate::repairs::{CHANNEL, paired, repair};

const GOLDEN: &str = include_str!("../golden/repair_1.txt");

type Key = [u8; 32];

fn hmac(key: &[u8], parts: &[&[u8]]) -> Key {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

fn expand(prk: &[u8], label: &str, context: &[u8]) -> Key {
    hmac(prk, &[label.as_bytes(), context, &[1]])
}

fn framed(parts: &[&[u8]]) -> Vec<u8> {
    parts.iter().flat_map(|part| [&(part.len() as u64).to_be_bytes(), *part].concat()).collect()
}

fn absorb(hash: &mut Key, label: &str, bytes: &[u8]) {
    let framed = framed(&[label.as_bytes(), bytes]);
    *hash = Sha256::digest([hash.as_slice(), &framed].concat()).into();
}

fn cipher(recovery: &[u8], number: u8) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&expand(recovery, "undertone/1 repair message", &[number]).into())
}

fn message(recovery: &[u8], number: u8, transcript: &Key, text: &[u8], nonce: Key) -> Vec<u8> {
    let nonce: [u8; 24] = nonce[..24].try_into().unwrap();
    let sealed = Payload { msg: text, aad: transcript };
    let sealed = cipher(recovery, number).encrypt(&nonce.into(), sealed).unwrap();
    [[1].as_slice(), &nonce, &sealed].concat()
}

fn read(recovery: &[u8], number: u8, transcript: &Key, message: &[u8]) -> Vec<u8> {
    assert_eq!(message[0], 1);
    let nonce: [u8; 24] = message[1..25].try_into().unwrap();
    let sealed = Payload { msg: &message[25..], aad: transcript };
    cipher(recovery, number).decrypt(&nonce.into(), sealed).unwrap()
}

fn dh(secret: &[u8], public: &[u8]) -> Key {
    x25519_dalek::x25519(secret.try_into().unwrap(), public.try_into().unwrap())
}

#[test]
fn an_initiator_by_the_page_repairs_with_the_crate() {
    let mut rng = rng(1);
    let [one, two] = paired(&mut rng);
    let recovery = *one.recovery.current().as_bytes();

    // Fresh keys around the old identity: "Keys at rest" of ratchet.md.
    let mut own = *OwnKeys::generate(&mut rng).to_bytes().as_bytes();
    own[1..33].copy_from_slice(one.identity.as_bytes());
    let public = OwnKeys::from_bytes(&own).unwrap().public().encode();

    let mut transcript = [0; 32];
    absorb(&mut transcript, "undertone/1 transcript", b"repair 1");
    absorb(&mut transcript, "binding", &CHANNEL);
    absorb(&mut transcript, "initiator identity", &two.peer_identity);
    absorb(&mut transcript, "responder identity", &one.peer_identity);
    let shown = [&one.incarnations.own.to_be_bytes(), public.as_slice()].concat();
    let request = message(&recovery, 1, &transcript, &shown, [1; 32]);
    assert_eq!(request.len(), 1_361);
    absorb(&mut transcript, "request", &request);

    let contact = two.contact();
    let (responder, answer) = Responder::answer(&contact, &CHANNEL, &request, &mut rng).unwrap();
    let body = read(&recovery, 2, &transcript, answer.as_slice());
    let (incarnation, theirs, to_us) = (&body[..8], &body[8..1_320], &body[1_320..]);
    assert_eq!((answer.len(), to_us.len()), (2_449, 1_088));
    assert_eq!(incarnation, two.incarnations.own.to_be_bytes());
    assert_eq!(theirs[..32], one.peer_identity);
    absorb(&mut transcript, "answer", answer.as_slice());
    absorb(&mut transcript, "initiator incarnation", &one.incarnations.own.to_be_bytes());
    absorb(&mut transcript, "responder incarnation", incarnation);
    let before_proof = transcript;

    let seed: [u8; 64] = own[97..161].try_into().unwrap();
    let key = ml_kem::ml_kem_768::DecapsulationKey::from_seed(seed.into());
    let shared = key.decapsulate(to_us.try_into().unwrap());
    let from_responder =
        hmac(&[0; 32], &[b"undertone/1 kem secret", &shared, &public[96..1_280], to_us]);
    // The secret that we encapsulate comes from the crate: `the_specification_is_enough.rs` has it by hand, and the
    // responder opens it only if it is right.
    let peer = PublicKeys::decode(theirs).unwrap();
    let (to_them, _) = encapsulate(&peer, &mut crate::ends::rng(2));
    let from_initiator = by_hand(theirs, to_them.as_slice(), &mut crate::ends::rng(2));
    absorb(&mut transcript, "ciphertext", to_them.as_slice());

    let sources = framed(&[
        b"undertone/1 root",
        &Sha256::digest(public),
        &Sha256::digest(theirs),
        &dh(&own[1..33], &theirs[32..64]),
        &dh(&own[33..65], &theirs[..32]),
        &dh(&own[33..65], &theirs[32..64]),
        &from_initiator,
        &from_responder,
        &recovery,
    ]);
    let root = hmac(&transcript, &[&sources]);
    let confirmation = |label| hmac(&expand(&root, label, &[]), &[transcript.as_slice()]);
    let text = [to_them.as_slice(), &confirmation("undertone/1 confirm initiator")].concat();
    let proof = message(&recovery, 3, &before_proof, &text, [3; 32]);
    assert_eq!(proof.len(), 1_161);

    let (repaired, consent) = responder.consent(&proof, &mut rng).unwrap();
    assert_eq!(consent.len(), 73);
    let body = read(&recovery, 4, &transcript, consent.as_slice());
    assert_eq!(body, confirmation("undertone/1 confirm responder"));
    assert_eq!(repaired.transcript.hash(), transcript);
    let new = expand(&root, "undertone/1 recovery key", &[]);
    assert_eq!(repaired.recovery.current().as_bytes(), &new);
    assert_eq!(repaired.recovery.former().unwrap().as_bytes(), &recovery);
    assert_eq!(repaired.peer_incarnation, one.incarnations.own);
}

/// The secret of an encapsulation with these random bytes.
fn by_hand(theirs: &[u8], ciphertext: &[u8], rng: &mut rand_chacha::ChaCha20Rng) -> Key {
    use ml_kem::kem::Encapsulate as _;
    let key: [u8; 1_184] = theirs[96..1_280].try_into().unwrap();
    let key = ml_kem::ml_kem_768::EncapsulationKey::new(&key.into()).unwrap();
    let (same, shared) = key.encapsulate_with_rng(rng);
    assert_eq!(same.as_slice(), ciphertext);
    hmac(&[0; 32], &[b"undertone/1 kem secret", &shared, &theirs[96..1_280], ciphertext])
}

#[test]
fn version_1_is_what_this_version_writes() {
    let mut rng = rng(0x2b);
    let [one, two] = paired(&mut rng);
    let (mut near, far, messages) = repair(&one, &two, &mut rng).unwrap();
    let mut written = "# A repair, version 1; the channel is bound by 32 bytes 0x09.\n".to_owned();
    for (name, value) in [
        ("identity of the initiator, private", one.identity.as_bytes().as_slice()),
        ("identity of the responder, private", two.identity.as_bytes()),
        ("recovery key", one.recovery.current().as_bytes()),
        ("incarnation of the initiator", &one.incarnations.own.to_be_bytes()),
        ("incarnation of the responder", &two.incarnations.own.to_be_bytes()),
        ("request", &messages.request),
        ("answer", &messages.answer),
        ("proof", &messages.proof),
        ("consent", &messages.consent),
        ("transcript", &near.transcript.hash()),
        ("confirmation of the initiator", &near.root.confirmation(Role::Initiator)),
        ("confirmation of the responder", &near.root.confirmation(Role::Responder)),
        ("new recovery key", far.recovery.current().as_bytes()),
    ] {
        writeln!(written, "{name} = {}", hex(value)).unwrap();
    }
    same("repair_1.txt", &written, GOLDEN);
    // Both have the session that this root gives.
    let mut far = far.session;
    let packet = seal(&mut near.session, b"text", &mut rng);
    assert_eq!(crate::ends::open(&mut far, &packet).as_deref(), Ok(b"text".as_slice()));
}

#[test]
fn version_1_is_read() {
    let golden = lines(GOLDEN);
    let [mut one, mut two] = paired(&mut rng(1));
    let secret = |name: &str| {
        let bytes = golden[name].as_slice().try_into().unwrap();
        undertone_ratchet::secret::Secret::<32>::from_bytes(bytes)
    };
    one.identity = secret("identity of the initiator, private");
    two.identity = secret("identity of the responder, private");
    let public = |own: &undertone_ratchet::secret::Secret<32>| {
        x25519_dalek::x25519(*own.as_bytes(), x25519_dalek::X25519_BASEPOINT_BYTES)
    };
    (one.peer_identity, two.peer_identity) = (public(&two.identity), public(&one.identity));
    let key = || undertone_ratchet::repair::RecoveryKeys::new(secret("recovery key"));
    (one.recovery, two.recovery) = (key(), key());
    let number = |name: &str| u64::from_be_bytes(golden[name].as_slice().try_into().unwrap());
    two.incarnations.peer = number("incarnation of the initiator");
    two.incarnations.own = number("incarnation of the responder");
    let contact = two.contact();
    assert!(Responder::answer(&contact, &CHANNEL, &golden["request"], &mut rng(1)).is_ok());
}
