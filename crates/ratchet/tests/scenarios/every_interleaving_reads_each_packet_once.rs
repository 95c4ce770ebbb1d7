//! Whatever the links do to packets, and whenever either end restarts from its stored state: each
//! packet is read once, to the right text, or not at all.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use undertone_ratchet::session::{MAX_CHAIN, Session};

use crate::ends::{copy, open_at, rng, sessions, try_seal};

#[derive(Debug, Clone)]
enum Event {
    /// One end sends a text of this length.
    Send { end: usize, length: usize },
    /// One of the packets to this end arrives; it stays on the link and may arrive again.
    Arrive { end: usize, pick: prop::sample::Index },
    /// The oldest packet to this end arrives that has not arrived yet: the usual case.
    Next { end: usize },
    /// A packet to this end arrives with a byte changed.
    Damaged { end: usize, pick: prop::sample::Index, place: prop::sample::Index, bits: u8 },
    /// One end is stored and loaded.
    Restart { end: usize },
    /// Seconds pass.
    Wait { seconds: u64 },
}

fn event() -> impl Strategy<Value = Event> {
    let end = 0..2_usize;
    prop_oneof![
        6 => (end.clone(), 0..40_usize).prop_map(|(end, length)| Event::Send { end, length }),
        4 => (end.clone(), any::<prop::sample::Index>())
            .prop_map(|(end, pick)| Event::Arrive { end, pick }),
        5 => end.clone().prop_map(|end| Event::Next { end }),
        2 => (end.clone(), any::<prop::sample::Index>(), any::<prop::sample::Index>(), 1..=255_u8)
            .prop_map(|(end, pick, place, bits)| Event::Damaged { end, pick, place, bits }),
        1 => end.prop_map(|end| Event::Restart { end }),
        1 => (0..1_000_u64).prop_map(|seconds| Event::Wait { seconds }),
    ]
}

/// A packet on the link, what it says, and whether it was read.
struct Sent {
    packet: Vec<u8>,
    text: Vec<u8>,
    read: bool,
}

struct World {
    ends: [Session; 2],
    /// The packets to each end.
    links: [Vec<Sent>; 2],
    now: u64,
}

impl World {
    fn arrive(&mut self, end: usize, index: usize) {
        let sent = &mut self.links[end][index];
        let result = open_at(&mut self.ends[end], &sent.packet, self.now);
        if sent.read {
            assert!(result.is_err(), "read twice");
        } else {
            assert_eq!(result.as_ref(), Ok(&sent.text));
            sent.read = true;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96,
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..ProptestConfig::default()
    })]

    #[test]
    fn each_packet_is_read_once(seed in any::<u8>(), events in vec(event(), 1..150)) {
        let mut rng = rng(seed);
        let (ana, ben) = sessions(&mut rng);
        let mut world = World { ends: [ana, ben], links: [Vec::new(), Vec::new()], now: 0 };
        for (number, event) in events.into_iter().enumerate() {
            match event {
                Event::Send { end, length } => {
                    let text = vec![number as u8; length];
                    let sender = &mut world.ends[end];
                    prop_assert!(sender.room() <= MAX_CHAIN);
                    let packet = try_seal(sender, &text, &mut rng).unwrap();
                    world.links[1 - end].push(Sent { packet, text, read: false });
                }
                Event::Arrive { end, pick } if !world.links[end].is_empty() => {
                    let index = pick.index(world.links[end].len());
                    world.arrive(end, index);
                }
                Event::Next { end } => {
                    if let Some(index) = world.links[end].iter().position(|sent| !sent.read) {
                        world.arrive(end, index);
                    }
                }
                Event::Damaged { end, pick, place, bits } if !world.links[end].is_empty() => {
                    let index = pick.index(world.links[end].len());
                    let mut packet = world.links[end][index].packet.clone();
                    let place = place.index(packet.len());
                    packet[place] ^= bits;
                    prop_assert!(open_at(&mut world.ends[end], &packet, world.now).is_err());
                }
                Event::Arrive { .. } | Event::Damaged { .. } => {}
                Event::Restart { end } => world.ends[end] = copy(&world.ends[end]),
                Event::Wait { seconds } => world.now += seconds / 4,
            }
        }
        // In the end everything that was ever sent can still be read.
        for end in 0..2 {
            for index in 0..world.links[end].len() {
                world.arrive(end, index);
            }
        }
    }
}
