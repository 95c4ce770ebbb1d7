//! The vectors of a conversation, bit for bit, and what comes of other orders.

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::skipped::SKIPPED_MAX;
use super::*;
use crate::codec::Reader;
use crate::v4::dake;
use crate::v4::message::{Body, kind};
use crate::v4::vectors::{Given, hex, load};
use crate::version::Version;

fn header(sender: u32, receiver: u32) -> Header {
    Header { version: Version::V4, kind: kind::DATA, sender, receiver }
}

fn read(message: &[u8]) -> Data<'_> {
    let mut reader = Reader::new(message);
    let header = Header::read(&mut reader).unwrap();
    let Ok(Body::Data(data)) = Body::read(header.kind, reader, message) else { panic!() };
    *data
}

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([6; 32])
}

fn pair() -> [Ratchet; 2] {
    dake::tests::exchange().map(|established| established.ratchet)
}

fn say(ratchet: &mut Ratchet, text: &str) -> Vec<u8> {
    ratchet.seal(header(0x100, 0x200), 0, text.as_bytes()).0
}

fn hear(ratchet: &mut Ratchet, message: &[u8]) -> Result<String, DataError> {
    let opened = ratchet.open(&read(message), &mut rng_of(ratchet))?;
    Ok(String::from_utf8(opened.plaintext.to_vec()).unwrap())
}

/// Different numbers for each turn, or keys would repeat.
fn rng_of(ratchet: &Ratchet) -> ChaCha20Rng {
    let mut seed = [0; 32];
    seed[..4].copy_from_slice(&ratchet.turns().to_be_bytes());
    seed[4] = ratchet.ours.ecdh.public.bytes()[0];
    ChaCha20Rng::from_seed(seed)
}

/// How many keys a message reveals.
fn revealed(message: &[u8]) -> usize {
    let data = read(message);
    let mut reader = Reader::new(&message[data.covered.len() + MAC_LEN..]);
    reader.data().unwrap().len() / MAC_LEN
}

#[test]
fn a_conversation_is_that_of_the_vectors() {
    let v = load("ratchet");
    let [mut alice, mut bob] = pair();
    let mut alices = Given::new(&[
        &v["new_syms"]["alice third"],
        &v["new_syms"]["alice fifth"],
        &v["new_dh"]["alice fifth"],
    ]);
    let mut bobs = Given::new(&[&v["new_syms"]["bob fourth"]]);
    // The last message brings a turn that the vectors don't have.
    alices.0.extend([1; 57 + 80]);
    bobs.0.extend([2; 57 + 80]);
    let messages = v["messages"].as_array().unwrap();
    for case in messages {
        let message = hex(&case["message"]);
        let (mut reader, plaintext) = (Reader::new(&message), hex(&case["plaintext"]));
        let header = Header::read(&mut reader).unwrap();
        let from_alice = case["from"] == "alice";
        let sender = if from_alice { &mut alice } else { &mut bob };
        let (sealed, extra) = sender.seal(header, message[11], &plaintext);
        assert_eq!(sealed, message, "{}", case["from"]);
        assert_eq!(extra.bytes(), hex(&case["extra_symmetric_key"]));
        let data = read(&message);
        let opened =
            if from_alice { bob.open(&data, &mut bobs) } else { alice.open(&data, &mut alices) };
        let opened = opened.unwrap();
        assert_eq!(opened.plaintext[..], plaintext);
        assert_eq!(opened.extra.bytes(), hex(&case["extra_symmetric_key"]));
    }
}

#[test]
fn turns_are_numbered_across_both_ends() {
    let [mut alice, mut bob] = pair();
    let number = |message: &[u8]| (read(message).ratchet, read(message).dh.is_some());
    let first = say(&mut alice, "a");
    assert_eq!(number(&first), (0, true));
    assert_eq!(number(&say(&mut bob, "b")), (0, true));
    let mut last = say(&mut bob, "b");
    for turn in 1..12 {
        let (hears, other) = if turn % 2 == 1 { (&mut alice, "a") } else { (&mut bob, "b") };
        hear(hears, &last).unwrap();
        last = say(hears, other);
        assert_eq!(number(&last), (turn, turn % 3 == 0), "{turn}");
        assert!(revealed(&last) > 0, "programs refuse a turn that reveals nothing");
        assert_eq!(revealed(&say(hears, other)), 0);
    }
}

#[test]
fn messages_come_in_any_order_and_each_once() {
    let [mut alice, mut bob] = pair();
    let mut early: Vec<_> = (0..4).map(|n| say(&mut alice, &format!("early {n}"))).collect();
    let answer = say(&mut bob, "answer");
    assert_eq!(hear(&mut alice, &answer).unwrap(), "answer");
    let late: Vec<_> = (0..3).map(|n| say(&mut alice, &format!("late {n}"))).collect();
    // The last of the new chain first, then the old chain backwards.
    assert_eq!(hear(&mut bob, &late[2]).unwrap(), "late 2");
    early.reverse();
    for (number, message) in early.iter().enumerate() {
        assert_eq!(hear(&mut bob, message).unwrap(), format!("early {}", 3 - number));
    }
    assert_eq!(hear(&mut bob, &late[0]).unwrap(), "late 0");
    assert_eq!(hear(&mut bob, &late[1]).unwrap(), "late 1");
    for message in early.iter().chain(&late) {
        assert_eq!(hear(&mut bob, message), Err(DataError::Replay));
    }
    assert_eq!(hear(&mut alice, &answer), Err(DataError::Replay));
    // Each that came is revealed, once.
    assert_eq!(revealed(&say(&mut bob, "b")), 7);
    assert_eq!(revealed(&say(&mut bob, "b")), 0);
}

#[test]
fn what_is_refused_changes_nothing() {
    let [mut alice, mut bob] = pair();
    let message = say(&mut alice, "text");
    let state = |ratchet: &Ratchet| {
        let chain = ratchet.receiving.as_ref().map(|chain| (chain.ratchet, chain.next));
        (ratchet.turns, chain, ratchet.skipped.len(), ratchet.reveal.len(), *ratchet.root.key)
    };
    let before = state(&bob);
    let covered = read(&message).covered.len();
    for at in (0..covered + MAC_LEN).filter(|at| !(24..473).contains(at)) {
        let mut changed = message.clone();
        changed[at] ^= 1;
        let mut reader = Reader::new(&changed);
        let Ok(header) = Header::read(&mut reader) else { continue };
        let Ok(Body::Data(data)) = Body::read(header.kind, reader, &changed) else { continue };
        assert!(bob.open(&data, &mut rng()).is_err(), "{at}");
        assert_eq!(state(&bob), before, "{at}");
    }
    // Another valid point and number: of another message.
    let mut data = read(&message);
    data.number = 1_001;
    assert_eq!(bob.open(&data, &mut rng()).err(), Some(DataError::TooFar));
    data.number = u32::MAX;
    assert_eq!(bob.open(&data, &mut rng()).err(), Some(DataError::TooFar));
    data.ratchet = 2;
    assert_eq!(bob.open(&data, &mut rng()).err(), Some(DataError::Keys));
    assert_eq!(hear(&mut bob, &message).unwrap(), "text");
    let before = state(&alice);
    let mut data = read(&message);
    // Our own, sent back: its keys are ours.
    assert_eq!(alice.open(&data, &mut rng()).err(), Some(DataError::Keys));
    data.point = Pair::random(&mut rng()).public;
    assert_eq!(alice.open(&data, &mut rng()).err(), Some(DataError::Keys), "our number");
    data.dh = None;
    assert_eq!(alice.open(&data, &mut rng()).err(), Some(DataError::Keys), "no number");
    data.dh = Some(dh::Pair::random(&mut rng()).public);
    assert_eq!(alice.open(&data, &mut rng()).err(), Some(DataError::Mac));
    data.previous = u32::MAX;
    data.number = 1_001;
    assert_eq!(alice.open(&data, &mut rng()).err(), Some(DataError::TooFar));
    assert_eq!(state(&alice), before);
}

#[test]
fn keys_of_missing_messages_are_bounded_and_revealed_when_they_go() {
    let [mut alice, mut bob] = pair();
    for _ in 0..3 {
        for _ in 0..SKIP_MAX {
            say(&mut alice, "lost");
        }
        assert!(hear(&mut bob, &say(&mut alice, "comes")).is_ok());
        assert_eq!(bob.skipped.len(), SKIPPED_MAX);
    }
    // Those that went were revealed, as far as there is room.
    assert_eq!(bob.reveal.len(), REVEAL_MAX);
    for _ in 0..=SKIP_MAX {
        say(&mut alice, "lost");
    }
    let far = say(&mut alice, "too far");
    assert_eq!(hear(&mut bob, &far), Err(DataError::TooFar));
}

#[test]
fn the_last_message_reveals_what_is_left() {
    let [mut alice, mut bob] = pair();
    say(&mut alice, "lost");
    hear(&mut bob, &say(&mut alice, "comes")).unwrap();
    let last = bob.seal_last(header(0x200, 0x100), 1, b"");
    assert_eq!(revealed(&last), 2);
}

/// With a revealed key anybody makes another message that passes: nobody can prove who wrote one.
#[test]
fn a_revealed_key_makes_any_message() {
    let [mut alice, mut bob] = pair();
    let message = say(&mut alice, "yes");
    hear(&mut bob, &message).unwrap();
    let answer = bob.seal_last(header(0x200, 0x100), 0, b"what?");
    let covered = read(&answer).covered.len();
    let keys = Reader::new(&answer[covered + MAC_LEN..]).data().unwrap();
    let data = read(&message);
    let mac = kdf::<64>(Usage::Authenticator, &[keys, data.covered]);
    assert_eq!(*mac, data.mac, "the key is the one that authenticated it");
    // Known text is turned into another of its length.
    let mut forged = message.clone();
    let at = data.covered.len() - 3;
    for (byte, change) in forged[at..at + 3].iter_mut().zip([b'y' ^ b'n', b'e' ^ b'o', b's' ^ b'!'])
    {
        *byte ^= change;
    }
    let mac = kdf::<64>(Usage::Authenticator, &[keys, &forged[..data.covered.len()]]);
    forged[data.covered.len()..][..MAC_LEN].copy_from_slice(&*mac);
    let [_, mut other_bob] = pair();
    assert_eq!(hear(&mut other_bob, &forged).unwrap(), "no!");
}

#[test]
fn debug_shows_nothing_secret() {
    let [alice, _] = pair();
    insta::assert_snapshot!(format!("{alice:?}"), @"Ratchet { turns: 0, skipped: 0, to_reveal: 0, .. }");
}
