//! A second implementation, written from `docs/sealed.md`, opens what the crate seals; and `tests/golden/sealed_1.txt`
//! holds states and packets as version 1 writes them.

use std::fmt::Write as _;

use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use hmac::{Hmac, Mac as _};
use proptest::prelude::*;
use sha2::Sha256;
use undertone_ratchet::sealed::{SealedSession, TagTable};
use undertone_ratchet::session::StateError;

use crate::ends::rng;
use crate::golden::{hex, lines, same};
use crate::sealed_ends::{End, ends, pass};

const GOLDEN: &str = include_str!("../golden/sealed_1.txt");

fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).unwrap();
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// "Packet": what it holds, if this state of a chain is the one for it.
fn open(state: &[u8], packet: &[u8]) -> Vec<u8> {
    let tag = &hmac(state, &[b"undertone/1 sealed packet tag"])[..16];
    assert_eq!(&packet[24..40], tag);
    let key = hmac(state, &[b"undertone/1 sealed packet key"]);
    let key = hmac(&key, &[b"undertone/1 sealed payload key", &packet[..40], &[1]]);
    // This library wants the keyed hash behind the ciphertext.
    let sealed = [&packet[56..], &packet[40..56]].concat();
    let sealed = Payload { msg: &sealed, aad: &packet[..40] };
    let body = ChaCha20Poly1305::new(&key.into()).decrypt(&[0; 12].into(), sealed).unwrap();
    let length = u32::from_be_bytes(body[..4].try_into().unwrap()) as usize;
    assert!(body[4 + length..].iter().all(|byte| *byte == 0));
    body[4..4 + length].to_vec()
}

#[test]
fn packets_of_two_chains() {
    let mut rng = rng(1);
    let [mut ana, mut ben] = ends(&mut rng);
    for turn in 0..2 {
        // "State": the state of our own chain stands first. In a new turn it is the seed for the next chain.
        let state = ana.session.to_bytes();
        assert_eq!(state[0], 1);
        let mut step: [u8; 32] = match turn {
            0 => state[1..33].try_into().unwrap(),
            _ => {
                assert_eq!(state[37], 1);
                state[38..70].try_into().unwrap()
            }
        };
        for _ in 0..3 {
            let packet = ana.seal(b"text", &mut rng);
            let content = open(&step, &packet);
            step = hmac(&step, &[b"undertone/1 sealed packet next step"]);
            assert_eq!(ana.session.to_bytes()[1..33], step);
            // The content is a packet of the session, which a link could have brought as well.
            let mut text = Vec::new();
            ben.session.decrypt(&content, 0, &mut ben.table, &mut text).unwrap();
            assert_eq!(text, b"text");
        }
        pass(&mut ben, &mut ana, b"turn", &mut rng);
    }
}

/// Both ends in the middle of things, and a packet that is under way.
fn middle() -> (End, End, Vec<u8>, Vec<u8>) {
    let mut rng = rng(0x2c);
    let [mut ana, mut ben] = ends(&mut rng);
    pass(&mut ana, &mut ben, b"there", &mut rng);
    pass(&mut ben, &mut ana, b"and back", &mut rng);
    let late = ana.seal(b"late", &mut rng);
    pass(&mut ana, &mut ben, b"there", &mut rng);
    let packet = ana.seal(b"a packet", &mut rng);
    (ana, ben, late, packet)
}

#[test]
fn version_1_is_what_this_version_writes() {
    let (ana, ben, late, packet) = middle();
    let mut written =
        "# Both ends of a session with tags, and two packets for the second, version 1.\n"
            .to_owned();
    for (name, value) in [
        ("state of the initiator", ana.session.to_bytes().as_slice()),
        ("state of the responder", &ben.session.to_bytes()),
        ("late packet", &late),
        ("packet", &packet),
    ] {
        writeln!(written, "{name} = {}", hex(value)).unwrap();
    }
    same("sealed_1.txt", &written, GOLDEN);
}

#[test]
fn version_1_is_read() {
    let golden = lines(GOLDEN);
    let mut table = TagTable::new();
    let state = &golden["state of the responder"];
    let session = SealedSession::from_bytes(state, (7, &mut table)).unwrap();
    assert_eq!(&*session.to_bytes(), state);
    let mut end = End { session, table };
    for (name, text) in [("packet", "a packet"), ("late packet", "late")] {
        let mut opened = Vec::new();
        let found = end.table.find(&golden[name]).unwrap();
        assert_eq!(found.conversation, 7);
        end.session.open(found, &golden[name], 0, &mut end.table, &mut opened).unwrap();
        assert_eq!(opened, text.as_bytes());
    }
}

#[test]
fn a_stored_state_is_read_strictly() {
    let (_, ben, ..) = middle();
    let state = ben.session.to_bytes();
    let read = |bytes: &[u8]| {
        let mut table = TagTable::new();
        let read = SealedSession::from_bytes(bytes, (0, &mut table));
        // What is refused leaves no tags behind.
        assert!(read.is_ok() || table.is_empty());
        read.map(|session| session.to_bytes())
    };
    assert!(*read(&state).unwrap() == *state);
    for length in 0..state.len() {
        assert_eq!(read(&state[..length]).err(), Some(StateError::Damaged), "{length} bytes");
    }
    let mut longer = state.to_vec();
    longer.push(0);
    assert_eq!(read(&longer).err(), Some(StateError::Damaged));
    let mut later = state.to_vec();
    later[0] = 2;
    assert_eq!(read(&later).err(), Some(StateError::Version(2)));
    // Flags: is there a next chain of ours, a chain before, a next chain of the peer's.
    for flag in [37, 74, 75] {
        let mut other = state.to_vec();
        assert!(other[flag] <= 1, "{flag}");
        other[flag] = 2;
        assert_eq!(read(&other).err(), Some(StateError::Damaged), "{flag}");
    }
}

/// "Exactly if that number isn't 0", "with number 0 only", "below that number".
#[test]
fn chains_that_cannot_be_are_refused() {
    let (_, ben, ..) = middle();
    let state = ben.session.to_bytes().to_vec();
    let read = |bytes: &[u8]| {
        let mut table = TagTable::new();
        SealedSession::from_bytes(bytes, (0, &mut table)).map(|session| session.to_bytes().to_vec())
    };
    let number = |at: usize| u32::from_be_bytes(state[at..at + 4].try_into().unwrap());
    let chain_len = |at: usize| 40 + 52 * number(at + 36) as usize;
    assert_eq!((state[37], state[74], state[75]), (1, 1, 1));
    assert!(number(70) > 0);
    let previous = 76;
    let current = previous + chain_len(previous);
    let next = current + chain_len(current);
    let session = next + chain_len(next);

    // The first of the peer's chains with one before it.
    let mut first = state.clone();
    first[70..74].fill(0);
    assert_eq!(read(&first).err(), Some(StateError::Damaged));
    // A later one without one after it.
    let mut last = [&state[..next], &state[session..]].concat();
    last[75] = 0;
    assert_eq!(read(&last).err(), Some(StateError::Damaged));

    // A tag that was passed over has a number below that of the next.
    let passed_over = |number: u32| {
        let kept = [&number.to_be_bytes()[..], &[7; 16 + 32]].concat();
        let mut chain = state[next..session].to_vec();
        chain[32..36].copy_from_slice(&5_u32.to_be_bytes());
        chain[36..40].copy_from_slice(&1_u32.to_be_bytes());
        [&state[..next], &chain[..40], &kept, &state[session..]].concat()
    };
    assert_eq!(read(&passed_over(4)), Ok(passed_over(4)));
    for number in [5, 6, u32::MAX] {
        assert_eq!(read(&passed_over(number)).err(), Some(StateError::Damaged), "{number}");
    }
}

proptest! {
    #[test]
    fn arbitrary_changes_are_read_as_what_they_say_or_refused(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
    ) {
        let (_, ben, ..) = middle();
        let mut state = ben.session.to_bytes().to_vec();
        for (place, byte) in changes {
            let place = place.index(state.len());
            state[place] = byte;
        }
        let mut table = TagTable::new();
        if let Ok(session) = SealedSession::from_bytes(&state, (0, &mut table)) {
            prop_assert_eq!(session.to_bytes().to_vec(), state);
        }
    }
}
