//! The vectors of a whole key exchange and its first data message, bit for bit, and what keys do
//! that no session shows from outside.

use std::convert::Infallible;

use hmac::{Hmac, KeyInit, Mac};
use rand_chacha::ChaCha20Rng;
use rand_core::{SeedableRng, TryCryptoRng, TryRng};
use serde_json::Value;

use super::ake::{AkeError, Auth, Established, Outcome, Outgoing, Started};
use super::keys::{DataError, Keys};
use super::message::{Body, Header, kind};
use crate::codec::Reader;
use crate::key::PrivateKey;
use crate::key::tests::key;
use crate::vectors::{self, hex};
use crate::version::Version;

/// Gives the bytes of the vectors for random ones.
struct Scripted(Vec<u8>);

impl TryRng for Scripted {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        let rest = self.0.split_off(bytes.len());
        bytes.copy_from_slice(&std::mem::replace(&mut self.0, rest));
        Ok(())
    }
}

impl TryCryptoRng for Scripted {}

/// What makes the `dsa` crate take `k`: it reads 28 bytes, the lowest first, as a number below
/// `2^224`, reduces it and adds one.
fn nonce(k: &Value) -> Vec<u8> {
    let mut bytes = hex(k);
    *bytes.last_mut().unwrap() -= 1;
    bytes.reverse();
    bytes.resize(28, 0);
    bytes
}

fn header(kind: u8, sender: &Value, receiver: Option<&Value>) -> Header {
    let tag = |tag: &Value| u32::from_str_radix(tag.as_str().unwrap(), 16).unwrap();
    Header { version: Version::V3, kind, sender: tag(sender), receiver: receiver.map_or(0, tag) }
}

fn body(message: &[u8]) -> Body<'_> {
    let mut reader = Reader::new(message);
    let header = Header::read(&mut reader).unwrap();
    Body::read(header, reader, message).unwrap()
}

fn hmac1(key: &[u8], bytes: &[u8]) -> [u8; 20] {
    let mac = Hmac::<sha1::Sha1>::new_from_slice(key).unwrap();
    mac.chain_update(bytes).finalize().into_bytes().into()
}

fn send(outcome: Outcome) -> Outgoing {
    match outcome {
        Outcome::Send(outgoing) => outgoing,
        Outcome::Done(..) => panic!("done too early"),
    }
}

fn done(outcome: Outcome) -> (Established, Option<Outgoing>) {
    match outcome {
        Outcome::Done(established, outgoing) => (*established, outgoing),
        Outcome::Send(_) => panic!("not done"),
    }
}

#[test]
fn a_key_exchange_and_its_first_message_are_those_of_the_vectors() {
    let v = vectors::ake();
    let (bob_tag, alice_tag) = (&v["bob_tag"], &v["alice_tag"]);
    let own = key();
    let message =
        |(kind, body): Outgoing, from, to| header(kind, from, to).write().raw(&body).finish();

    let started = Started::new(&mut Scripted([hex(&v["r"]), hex(&v["x"])].concat()));
    let commit = message(started.message(), bob_tag, None);
    assert_eq!(commit, hex(&v["commit"]));
    let mut bob = Auth::AwaitingKey(started.into());

    let mut alice = Auth::None;
    let Body::Commit(commit) = body(&commit) else { panic!() };
    let dh_key = send(alice.commit(commit, false, &mut Scripted(hex(&v["y"]))).unwrap());
    let dh_key = message(dh_key, alice_tag, Some(bob_tag));
    assert_eq!(dh_key, hex(&v["dh_key"]));

    let Body::Key(gy) = body(&dh_key) else { panic!() };
    let reveal = bob.key(gy, &own, &mut Scripted(nonce(&v["dsa"]["k_reveal"])));
    let reveal = message(send(reveal.unwrap()), bob_tag, Some(alice_tag));
    assert_eq!(reveal, hex(&v["reveal_signature"]));

    let Body::Reveal(reveal) = body(&reveal) else { panic!() };
    let end = alice.reveal(&reveal, &own, &mut Scripted(nonce(&v["dsa"]["k_signature"])));
    let (at_alice, signature) = done(end.unwrap());
    let signature = message(signature.unwrap(), alice_tag, Some(bob_tag));
    assert_eq!(signature, hex(&v["signature"]));

    let Body::Signature(signed) = body(&signature) else { panic!() };
    let (at_bob, nothing) = done(bob.signature(&signed).unwrap());
    assert!(nothing.is_none());
    for (end, revealed) in [(&at_alice, false), (&at_bob, true)] {
        assert_eq!(end.ssid.as_slice(), hex(&v["ssid"]));
        assert_eq!(end.their_key, *own.public());
        assert_eq!(end.revealed, revealed);
    }

    let data = &v["data"];
    let mut bob = Keys::new(&at_bob, None, &mut Scripted(hex(&data["x2"])));
    let header = header(kind::DATA, bob_tag, Some(alice_tag));
    let (sealed, extra) = bob.seal(header, 0, |writer| writer.raw(&hex(&data["plaintext"])));
    assert_eq!(sealed, hex(&data["message"]));
    assert_eq!(extra.bytes().as_slice(), hex(&data["extra_symmetric_key"]));

    let mut alice = Keys::new(&at_alice, None, &mut rng(1));
    let Body::Data(sealed) = body(&sealed) else { panic!() };
    let (plaintext, extra) = alice.open(&sealed, &mut rng(2)).unwrap();
    assert_eq!(*plaintext, hex(&data["plaintext"]));
    assert_eq!(extra.bytes().as_slice(), hex(&data["extra_symmetric_key"]));
    assert_eq!(alice.open(&sealed, &mut rng(3)).err(), Some(DataError::Replay));
}

fn rng(seed: u8) -> ChaCha20Rng {
    ChaCha20Rng::from_seed([seed; 32])
}

const HEADER: Header = Header { version: Version::V2, kind: kind::DATA, sender: 0, receiver: 0 };

fn message((kind, body): Outgoing) -> Vec<u8> {
    Header { kind, ..HEADER }.write().raw(&body).finish()
}

/// A key exchange between two ends, as far as `Signature`.
fn exchange(own: &PrivateKey, rng: &mut ChaCha20Rng) -> (Established, Established) {
    let started = Started::new(rng);
    let commit = message(started.message());
    let (mut bob, mut alice) = (Auth::AwaitingKey(started.into()), Auth::None);
    let Body::Commit(commit) = body(&commit) else { panic!() };
    let dh_key = message(send(alice.commit(commit, false, rng).unwrap()));
    let Body::Key(gy) = body(&dh_key) else { panic!() };
    let reveal = message(send(bob.key(gy, own, rng).unwrap()));
    let Body::Reveal(reveal) = body(&reveal) else { panic!() };
    let (at_alice, signature) = done(alice.reveal(&reveal, own, rng).unwrap());
    let signature = message(signature.unwrap());
    let Body::Signature(signed) = body(&signature) else { panic!() };
    (done(bob.signature(&signed).unwrap()).0, at_alice)
}

fn pair(rng: &mut ChaCha20Rng) -> (Keys, Keys) {
    let (bob, alice) = exchange(&key(), rng);
    (Keys::new(&bob, None, rng), Keys::new(&alice, None, rng))
}

fn deliver(from: &mut Keys, to: &mut Keys, rng: &mut ChaCha20Rng) -> (Vec<u8>, Vec<u8>) {
    let (sealed, _) = from.seal(HEADER, 0, |writer| writer.raw(b"text"));
    let Body::Data(data) = body(&sealed) else { panic!() };
    assert_eq!(*to.open(&data, rng).unwrap().0, b"text");
    let end = data.covered.len() + 24;
    (sealed.clone(), sealed[end..].to_vec())
}

/// Every message between two turns uses the same keys; each turn brings fresh ones, and the key
/// that authenticated the messages two turns ago is revealed once.
#[test]
fn used_keys_are_revealed_once_and_only_when_gone() {
    let rng = &mut rng(4);
    let (mut bob, mut alice) = pair(rng);
    let mut revealed = std::collections::BTreeSet::new();
    let mut number = 0;
    for turn in 0..8 {
        let (from, to) =
            if turn % 2 == 0 { (&mut bob, &mut alice) } else { (&mut alice, &mut bob) };
        for _ in 0..3 {
            let (sealed, keys) = deliver(from, to, rng);
            for key in keys.chunks(20) {
                assert!(revealed.insert(key.to_vec()), "twice");
                number += 1;
            }
            // What was sent just now is authentic under none of the revealed keys.
            let Body::Data(data) = body(&sealed) else { panic!() };
            for key in &revealed {
                assert_ne!(hmac1(key, data.covered), data.mac);
            }
        }
    }
    assert!(number >= 5, "{number}");
}

#[test]
fn a_refused_message_changes_nothing() {
    let rng = &mut rng(5);
    let (mut bob, mut alice) = pair(rng);
    deliver(&mut bob, &mut alice, rng);
    let (sealed, _) = alice.seal(HEADER, 0, |writer| writer.raw(b"text"));
    let Body::Data(data) = body(&sealed) else { panic!() };
    let mut changed = data.clone();
    changed.mac[0] ^= 1;
    assert_eq!(bob.open(&changed, rng).err(), Some(DataError::Mac));
    let keyids = [(data.sender_keyid + 1, 1), (data.sender_keyid, 4), (9, 9)];
    for (sender_keyid, recipient_keyid) in keyids {
        let other = super::message::Data { sender_keyid, recipient_keyid, ..data.clone() };
        assert_eq!(bob.open(&other, rng).err(), Some(DataError::Keys));
    }
    assert_eq!(*bob.open(&data, rng).unwrap().0, b"text");
    assert_eq!(bob.open(&data, rng).err(), Some(DataError::Replay));
}

/// Counters are kept for each pair of keys by itself: fresh keys begin anew.
#[test]
fn counters_belong_to_pairs_of_keys() {
    let rng = &mut rng(6);
    let (mut bob, mut alice) = pair(rng);
    let counter = |sealed: &[u8]| {
        let Body::Data(data) = body(sealed) else { panic!() };
        u64::from_be_bytes(data.counter)
    };
    assert_eq!(counter(&deliver(&mut bob, &mut alice, rng).0), 1);
    assert_eq!(counter(&deliver(&mut bob, &mut alice, rng).0), 2);
    assert_eq!(counter(&deliver(&mut alice, &mut bob, rng).0), 1);
    assert_eq!(counter(&deliver(&mut bob, &mut alice, rng).0), 1);
}

#[test]
fn a_late_message_under_the_keys_before_is_read() {
    let rng = &mut rng(7);
    let (mut bob, mut alice) = pair(rng);
    let (late, _) = bob.seal(HEADER, 0, |writer| writer.raw(b"late"));
    let (later, _) = bob.seal(HEADER, 0, |writer| writer.raw(b"later"));
    let Body::Data(late) = body(&late) else { panic!() };
    let Body::Data(later) = body(&later) else { panic!() };
    // The counter rises within a pair of keys, so that order counts there.
    assert!(alice.open(&later, rng).is_ok());
    assert_eq!(alice.open(&late, rng).err(), Some(DataError::Replay));
    let (under_old_keys, _) = bob.seal(HEADER, 0, |writer| writer.raw(b"old"));
    deliver(&mut alice, &mut bob, rng);
    let Body::Data(data) = body(&under_old_keys) else { panic!() };
    assert_eq!(*alice.open(&data, rng).unwrap().0, b"old");
}

#[test]
fn the_last_message_reveals_every_used_key() {
    let rng = &mut rng(8);
    let (mut bob, mut alice) = pair(rng);
    for _ in 0..2 {
        deliver(&mut bob, &mut alice, rng);
        deliver(&mut alice, &mut bob, rng);
    }
    let last = bob.seal_last(HEADER, 1, |writer| writer.raw(b"\0\0\x01\0\0"));
    let Body::Data(data) = body(&last) else { panic!() };
    assert!(last.len() >= data.covered.len() + 24 + 20);
    assert!(alice.open(&data, rng).is_ok());
}

#[test]
fn a_new_exchange_reveals_what_the_old_session_used() {
    let rng = &mut rng(9);
    let (mut bob, mut alice) = pair(rng);
    deliver(&mut bob, &mut alice, rng);
    let (_, at_alice) = exchange(&key(), rng);
    let mut alice = Keys::new(&at_alice, Some(alice), rng);
    let (sealed, _) = alice.seal(HEADER, 0, |writer| writer.raw(b""));
    let Body::Data(data) = body(&sealed) else { panic!() };
    assert_eq!(sealed.len(), data.covered.len() + 24 + 20);
}

#[test]
fn messages_out_of_turn_are_refused() {
    let rng = &mut rng(10);
    let own = key();
    let started = Started::new(rng);
    let mut none = Auth::None;
    let mut answered = Auth::None;
    let commit = message(started.message());
    let Body::Commit(commit) = body(&commit) else { panic!() };
    let dh_key = message(send(answered.commit(commit.clone(), false, rng).unwrap()));
    let Body::Key(gy) = body(&dh_key) else { panic!() };
    let mut bob = Auth::AwaitingKey(started.into());
    let reveal = message(send(bob.key(gy, &own, rng).unwrap()));
    let Body::Reveal(reveal) = body(&reveal) else { panic!() };
    let unexpected = Some(AkeError::Unexpected);
    assert_eq!(none.key(gy, &own, rng).err(), unexpected);
    assert_eq!(none.reveal(&reveal, &own, rng).err(), unexpected);
    assert_eq!(none.signature(&reveal.signed).err(), unexpected);
    assert_eq!(answered.key(gy, &own, rng).err(), unexpected);
    assert_eq!(answered.signature(&reveal.signed).err(), unexpected);
    assert_eq!(bob.reveal(&reveal, &own, rng).err(), unexpected);

    // The same key once more gets the same answer, another one none.
    let again = message(send(bob.key(gy, &own, rng).unwrap()));
    let Body::Reveal(again) = body(&again) else { panic!() };
    assert_eq!(again, reveal);
    let other = crate::group::Pair::random(rng).public;
    assert_eq!(bob.key(other, &own, rng).err(), unexpected);

    // Whatever is changed is refused, and what was meant is taken afterwards.
    let mut changed = reveal.clone();
    changed.key[0] ^= 1;
    assert_eq!(answered.reveal(&changed, &own, rng).err(), Some(AkeError::Commitment));
    let mut changed = reveal.clone();
    changed.signed.mac[0] ^= 1;
    assert_eq!(answered.reveal(&changed, &own, rng).err(), Some(AkeError::Mac));
    let short = super::message::Signed {
        encrypted: &reveal.signed.encrypted[1..],
        ..reveal.signed.clone()
    };
    let changed = super::message::Reveal { signed: short, ..reveal.clone() };
    assert_eq!(answered.reveal(&changed, &own, rng).err(), Some(AkeError::Mac));

    // A second commitment is answered by the same key, and its number is the one to be opened.
    let second = Started::new(rng);
    let message_of_second = message(second.message());
    let Body::Commit(second) = body(&message_of_second) else { panic!() };
    assert_eq!(message(send(answered.commit(second, false, rng).unwrap())), dh_key);
    assert_eq!(answered.reveal(&reveal, &own, rng).err(), Some(AkeError::Commitment));
    answered.commit(commit, false, rng).unwrap();
    let (_, signature) = done(answered.reveal(&reveal, &own, rng).unwrap());
    let signature = message(signature.unwrap());
    let Body::Signature(signed) = body(&signature) else { panic!() };
    let mut changed = signed.clone();
    changed.mac[19] ^= 1;
    assert_eq!(bob.signature(&changed).err(), Some(AkeError::Mac));
    assert!(bob.signature(&signed).is_ok());
    assert_eq!(bob.signature(&signed).err(), unexpected);
}

/// Both commit themselves at once: one gives way. In version 2 it may come back to its own.
#[test]
fn of_two_commitments_the_one_with_the_higher_hash_stays() {
    let rng = &mut rng(11);
    let own = key();
    let (one, two) = (Started::new(rng), Started::new(rng));
    let [of_one, of_two] = [&one, &two].map(|started| message(started.message()));
    let hash = |message: &[u8]| message[message.len() - 32..].to_vec();
    let (low, high) = if hash(&of_one) < hash(&of_two) { (one, two) } else { (two, one) };
    let [of_low, of_high] = [&low, &high].map(|started| message(started.message()));
    let commit = |message: &[u8]| match body(message) {
        Body::Commit(commit) => commit,
        _ => panic!(),
    };
    let (low, high) = (std::sync::Arc::new(low), std::sync::Arc::new(high));
    for stay in [false, true] {
        let mut at_low = Auth::AwaitingKey(low.clone());
        let mut at_high = Auth::AwaitingKey(high.clone());
        let again = at_high.commit(commit(&of_low), stay, rng).unwrap();
        assert_eq!(message(send(again)), of_high);
        let dh_key = message(send(at_low.commit(commit(&of_high), stay, rng).unwrap()));
        let Body::Key(gy) = body(&dh_key) else { panic!() };
        assert!(at_high.key(gy, &own, rng).is_ok());
        let foreign = crate::group::Pair::random(rng).public;
        assert_eq!(at_low.key(foreign, &own, rng).is_ok(), stay);
        let reflected = Auth::AwaitingKey(low.clone()).commit(commit(&of_low), stay, rng);
        assert_eq!(reflected.err(), Some(AkeError::Reflected));
    }
}
