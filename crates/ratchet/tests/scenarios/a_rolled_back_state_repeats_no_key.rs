//! A state that comes back from an old copy of the disk, again and again: still no key seals two
//! different texts under one nonce, neither in headers nor in payloads. The keys of each packet are
//! those that the second implementation used, which makes the same packets byte by byte.

use std::collections::HashMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{FileFailurePersistence, TestRunner};
use rand_chacha::ChaCha20Rng;
use undertone_ratchet::session::Session;

use crate::ends::{copy, open, rng, sessions, take, try_seal};
use crate::second::{Key, Second, payload_key};

/// What was sealed so far, under which key and nonce.
#[derive(Default)]
struct Sealed {
    texts: HashMap<(Key, Vec<u8>), Vec<u8>>,
    /// The texts of each message key, which a roll-back does repeat.
    of_message_keys: HashMap<Key, Vec<u8>>,
    repeated: usize,
}

impl Sealed {
    fn note(&mut self, key: Key, nonce: &[u8], text: &[u8]) {
        let before = self.texts.insert((key, nonce.to_vec()), text.to_vec());
        assert!(before.is_none_or(|before| before == text), "a key and nonce for two texts");
    }

    fn seal(&mut self, from: &mut Session, text: &[u8], rng: &mut ChaCha20Rng) -> Option<Vec<u8>> {
        let mut second = Second::parse(&from.to_bytes());
        let by_second = second.encrypt_openly(text, &mut rng.clone());
        let packet = try_seal(from, text, rng).ok();
        let (by_second, header, header_key, message_key) = by_second?;
        assert_eq!(packet.as_ref(), Some(&by_second));
        self.note(header_key, &by_second[..24], format!("{header:?}").as_bytes());
        let payload_key = payload_key(&by_second, text.len(), &message_key, &second.data);
        self.note(payload_key, &[0; 12], text);
        let before = self.of_message_keys.insert(message_key, text.to_vec());
        self.repeated += usize::from(before.is_some_and(|before| before != text));
        packet
    }
}

/// What a packet holds: a number that no other has, and perhaps more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    /// A chunk behind it.
    Chunk,
    /// Zeros before it, which make the text a long one: texts that differ in their last bytes alone.
    Long,
}

#[derive(Debug, Clone)]
enum Event {
    /// One end sends, what the other end reads if it can.
    Send { end: usize, kind: Kind },
    /// One end begins an epoch or asks for one.
    Begin { end: usize },
    /// The disk of one end is copied.
    Save { end: usize },
    /// One end goes on from an old copy; a copied machine repeats its random bytes as well.
    Restore { end: usize, pick: Index, random_too: bool },
}

fn event() -> impl Strategy<Value = Event> {
    let end = 0..2_usize;
    prop_oneof![
        8 => (end.clone(), prop_oneof![Just(Kind::Number), Just(Kind::Chunk), Just(Kind::Long)])
            .prop_map(|(end, kind)| Event::Send { end, kind }),
        1 => end.clone().prop_map(|end| Event::Begin { end }),
        2 => end.clone().prop_map(|end| Event::Save { end }),
        2 => (end, any::<Index>(), any::<bool>())
            .prop_map(|(end, pick, random_too)| Event::Restore { end, pick, random_too }),
    ]
}

fn run(seed: u8, events: Vec<Event>) -> Sealed {
    let mut setup = rng(seed);
    let (ana, ben) = sessions(&mut setup);
    let mut ends = [(ana, rng(seed ^ 0x55)), (ben, rng(seed ^ 0xaa))];
    let mut saved = [0, 1].map(|end: usize| vec![(copy(&ends[end].0), ends[end].1.clone())]);
    let mut sealed = Sealed::default();
    for (number, event) in events.into_iter().enumerate() {
        match event {
            Event::Send { end, kind } => {
                let (session, rng) = &mut ends[end];
                let before = if kind == Kind::Long { 2_100 } else { 0 };
                let mut text = [vec![0; before], number.to_be_bytes().to_vec()].concat();
                if kind == Kind::Chunk {
                    session.next_chunk(1_300, &mut text);
                }
                let Some(packet) = sealed.seal(session, &text, rng) else { continue };
                // After a roll-back the other end may have to refuse; then a repair is due.
                let (session, rng) = &mut ends[1 - end];
                if let Ok(text) = open(session, &packet)
                    && kind == Kind::Chunk
                    && text.len() > 8
                {
                    let _ = take(session, &text[8..], rng);
                }
            }
            Event::Begin { end } => {
                let (session, rng) = &mut ends[end];
                session.begin_epoch(rng);
            }
            Event::Save { end } => saved[end].push((copy(&ends[end].0), ends[end].1.clone())),
            Event::Restore { end, pick, random_too } => {
                let (session, rng) = pick.get(&saved[end]);
                ends[end].0 = copy(session);
                if random_too {
                    ends[end].1 = rng.clone();
                }
            }
        }
    }
    sealed
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_comes_back_and_when(seed in any::<u8>(), events in vec(event(), 1..120)) {
        run(seed, events);
    }
}

#[test]
fn although_message_keys_are_repeated() {
    let cases =
        [false, true].map(|random_too| [Kind::Number, Kind::Long].map(|kind| (random_too, kind)));
    for (random_too, kind) in cases.into_iter().flatten() {
        let send = || Event::Send { end: 0, kind };
        let pick = any::<Index>().new_tree(&mut TestRunner::deterministic()).unwrap().current();
        let restore = || Event::Restore { end: 0, pick, random_too };
        let sealed = run(1, vec![send(), restore(), send(), restore(), send()]);
        // Were the nonce of the header or the payload's key made of the message key alone, or of
        // it and random bytes alone, the test above would have failed.
        assert_eq!(sealed.repeated, 2);
        assert_eq!(sealed.texts.len(), 6);
    }
}
