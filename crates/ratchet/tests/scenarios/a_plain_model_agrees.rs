//! Whatever the links do, whoever restarts, and however the epochs go: session and plain model make
//! the same packets from the same random bytes, read the same packets to the same texts, refuse the
//! same ones, and are in the same state after each step. Each packet is read at most once.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::FileFailurePersistence;
use rand_chacha::ChaCha20Rng;
use undertone_ratchet::session::Session;

use crate::ends::{copy, open_at, rng, sessions, take, try_seal};
use crate::second::Second;

#[derive(Debug, Clone)]
enum Event {
    /// One end sends a text of this length, and behind it a chunk if there is one for the room.
    Send { end: usize, length: usize, room: usize },
    /// One of the packets to this end arrives; it stays on the link and may arrive again.
    Arrive { end: usize, pick: Index },
    /// The oldest packet to this end arrives that has not arrived yet.
    Next { end: usize },
    /// A packet to this end arrives with a byte changed.
    Damaged { end: usize, pick: Index, place: Index, bits: u8 },
    /// The oldest packet to this end that has not arrived yet never will.
    Lost { end: usize },
    /// One end begins an epoch or asks for one.
    Begin { end: usize },
    /// A chunk arrives that its sender never sent, or not for this exchange.
    Lie { end: usize, epoch: u32, first: u8, byte: u8, units: usize },
    /// One end is stored and loaded.
    Restart { end: usize },
    /// Seconds pass.
    Wait { seconds: u64 },
}

fn event() -> impl Strategy<Value = Event> {
    let end = 0..2_usize;
    let pick = any::<Index>;
    prop_oneof![
        // Short texts, and at times some around the length from which on they count as long.
        10 => (end.clone(), prop_oneof![19 => 0..20_usize, 1 => 2_040..2_060_usize],
            prop_oneof![Just(0), 0..1_300_usize])
            .prop_map(|(end, length, room)| Event::Send { end, length, room }),
        3 => (end.clone(), pick()).prop_map(|(end, pick)| Event::Arrive { end, pick }),
        9 => end.clone().prop_map(|end| Event::Next { end }),
        1 => (end.clone(), pick(), pick(), 1..=255_u8)
            .prop_map(|(end, pick, place, bits)| Event::Damaged { end, pick, place, bits }),
        1 => end.clone().prop_map(|end| Event::Lost { end }),
        2 => end.clone().prop_map(|end| Event::Begin { end }),
        1 => (end.clone(), 0..4_u32, 0..40_u8, any::<u8>(), 0..40_usize).prop_map(
            |(end, epoch, first, byte, units)| Event::Lie { end, epoch, first, byte, units }
        ),
        1 => end.prop_map(|end| Event::Restart { end }),
        1 => prop_oneof![0..1_000_u64, 40_000..90_000_u64]
            .prop_map(|seconds| Event::Wait { seconds }),
    ]
}

/// A packet on the link, what it says, and whether it was read.
struct Sent {
    packet: Vec<u8>,
    text: Vec<u8>,
    /// Where in the text the chunk begins.
    chunk: usize,
    was_read: bool,
    is_gone: bool,
}

/// One end, twice.
struct End {
    session: Session,
    model: Second,
}

impl End {
    fn new(session: Session) -> Self {
        let model = Second::parse(&session.to_bytes());
        Self { session, model }
    }

    fn check(&self) {
        assert_eq!(Second::parse(&self.session.to_bytes()), self.model);
    }

    fn send(&mut self, length: usize, room: usize, rng: &mut ChaCha20Rng) -> Option<Sent> {
        let mut text = vec![length as u8; length];
        self.session.next_chunk(room, &mut text);
        assert_eq!(text[length..], self.model.next_chunk(room));
        let from_model = self.model.encrypt(&text, &mut rng.clone());
        let packet = try_seal(&mut self.session, &text, rng).ok();
        assert_eq!(packet, from_model);
        self.check();
        packet.map(|packet| Sent { packet, text, chunk: length, was_read: false, is_gone: false })
    }

    fn open(&mut self, packet: &[u8], now: u64) -> Option<Vec<u8>> {
        let text = open_at(&mut self.session, packet, now).ok();
        assert_eq!(text, self.model.decrypt(packet, now));
        self.check();
        text
    }

    fn take(&mut self, chunk: &[u8], rng: &mut ChaCha20Rng) -> bool {
        let by_model = self.model.take_chunk(chunk, &mut rng.clone());
        let result = take(&mut self.session, chunk, rng);
        assert_eq!(result.is_ok(), by_model.is_ok(), "{result:?}");
        self.check();
        result.is_ok()
    }

    fn arrive(&mut self, sent: &mut Sent, now: u64, rng: &mut ChaCha20Rng) {
        match self.open(&sent.packet, now) {
            Some(text) => {
                assert!(!sent.was_read, "read twice");
                assert_eq!(text, sent.text);
                sent.was_read = true;
                let chunk = &text[sent.chunk..];
                assert!(chunk.is_empty() || self.take(chunk, rng), "an honest chunk was refused");
            }
            None => sent.is_gone = true,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 128,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..ProptestConfig::default()
    })]

    #[test]
    fn about_everything(seed in any::<u8>(), events in vec(event(), 1..200)) {
        let mut rng = rng(seed);
        let (ana, ben) = sessions(&mut rng);
        let mut ends = [ana, ben].map(End::new);
        let mut links: [Vec<Sent>; 2] = [Vec::new(), Vec::new()];
        let mut now = 0;
        for event in events {
            match event {
                Event::Send { end, length, room } => {
                    links[1 - end].extend(ends[end].send(length, room, &mut rng));
                }
                Event::Arrive { end, pick } if !links[end].is_empty() => {
                    let sent = pick.index(links[end].len());
                    ends[end].arrive(&mut links[end][sent], now, &mut rng);
                }
                Event::Next { end } => {
                    if let Some(sent) = links[end].iter_mut().find(|s| !s.was_read && !s.is_gone) {
                        ends[end].arrive(sent, now, &mut rng);
                    }
                }
                Event::Damaged { end, pick, place, bits } if !links[end].is_empty() => {
                    let mut packet = pick.get(&links[end]).packet.clone();
                    let place = place.index(packet.len());
                    packet[place] ^= bits;
                    prop_assert_eq!(ends[end].open(&packet, now), None);
                }
                Event::Lost { end } => {
                    if let Some(sent) = links[end].iter().position(|s| !s.was_read) {
                        links[end].remove(sent);
                    }
                }
                Event::Begin { end } => {
                    let end = &mut ends[end];
                    end.model.begin_epoch(&mut rng.clone());
                    end.session.begin_epoch(&mut rng);
                    end.check();
                }
                Event::Lie { end, epoch, first, byte, units } => {
                    let mut chunk = epoch.to_be_bytes().to_vec();
                    chunk.push(first);
                    chunk.extend(vec![byte; 32 * units]);
                    // On a copy, for the true conversation wouldn't survive it.
                    let session = copy(&ends[end].session);
                    End::new(session).take(&chunk, &mut rng);
                }
                Event::Arrive { .. } | Event::Damaged { .. } => {}
                Event::Restart { end } => ends[end].session = copy(&ends[end].session),
                Event::Wait { seconds } => now += seconds,
            }
        }
        // A packet that was never lost and whose key did not expire can still be read.
        for (end, link) in ends.iter_mut().zip(&mut links) {
            for sent in link.iter_mut().filter(|sent| !sent.was_read && !sent.is_gone) {
                let skipped = end.model.skipped.values();
                let has_expired = skipped.into_iter().any(|(since, _)| now - since > 86_400);
                end.arrive(sent, now, &mut rng);
                prop_assert!(sent.was_read || now > 86_400 || has_expired);
            }
        }
    }
}

/// The events above do reach what they are about.
#[test]
fn three_epochs_between_two_models() {
    let mut rng = rng(1);
    let (ana, ben) = sessions(&mut rng);
    let mut ends = [ana, ben].map(End::new);
    for turn in 0..40 {
        let (sender, receiver) = (turn % 2, 1 - turn % 2);
        ends[sender].model.begin_epoch(&mut rng.clone());
        ends[sender].session.begin_epoch(&mut rng);
        let mut sent = ends[sender].send(turn, 700, &mut rng).unwrap();
        ends[receiver].arrive(&mut sent, 0, &mut rng);
        assert!(sent.was_read);
    }
    assert!(ends.iter().all(|end| end.session.epoch() >= 3));
}
