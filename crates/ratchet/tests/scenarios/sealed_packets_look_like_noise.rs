//! Over many packets of one conversation, the same text each time, no byte is constant, none favours a value, and there
//! is no length but the fixed ones.

use std::collections::BTreeSet;

use rand_chacha::rand_core::Rng as _;
use undertone_ratchet::sealed::{MAX_SEALED_PLAINTEXT, SIZES};

use crate::ends::rng;
use crate::sealed_ends::{ends, pass};

/// Packets for the statistics: 16 of each value are expected at each place.
const COUNT: usize = 4_096;

#[test]
fn each_place_takes_each_value_as_often() {
    let mut rng = rng(1);
    let [mut ana, mut ben] = ends(&mut rng);
    let mut counts = vec![[0_u32; 256]; SIZES[0]];
    let mut seen = BTreeSet::new();
    for n in 0..COUNT {
        if n % 512 == 511 {
            // A session stops after a thousand packets without an epoch.
            [ana, ben] = ends(&mut rng);
        }
        let packet = ana.seal(b"always the same text", &mut rng);
        assert_eq!(packet.len(), SIZES[0]);
        for (place, byte) in packet.iter().enumerate() {
            counts[place][usize::from(*byte)] += 1;
        }
        assert!(seen.insert(packet[..56].to_vec()));
        let found = ben.find(&packet).unwrap();
        ben.session.open(found, &packet, 0, &mut ben.table, &mut Vec::new()).unwrap();
        if n % 64 == 63 {
            pass(&mut ben, &mut ana, b"answer", &mut rng);
        }
    }
    let expected = COUNT as f64 / 256.0;
    for (place, counts) in counts.iter().enumerate() {
        let constant = counts.iter().filter(|count| **count > 0).count();
        assert!(constant > 250, "byte {place} takes {constant} values");
        let chi_square: f64 =
            counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
        // 255 degrees of freedom: mean 255, standard deviation 22.6; six of them to each side.
        assert!((119.0..=391.0).contains(&chi_square), "byte {place}: {chi_square}");
    }
}

#[test]
fn each_bit_is_set_half_of_the_time_whatever_the_size() {
    let mut rng = rng(2);
    for (size, text) in [(SIZES[1], 2_000), (SIZES[2], 10_000)] {
        let [mut ana, _] = ends(&mut rng);
        let mut set = vec![[0_i32; 8]; size];
        for _ in 0..200 {
            let packet = ana.seal(&vec![0; text], &mut rng);
            assert_eq!(packet.len(), size);
            for (counts, byte) in set.iter_mut().zip(&packet) {
                for (bit, count) in counts.iter_mut().enumerate() {
                    *count += i32::from(byte >> bit & 1);
                }
            }
        }
        // Of half a million bits the furthest from 100 of 200: six and a half standard deviations of 7.07.
        let furthest = set.iter().flatten().map(|count| (count - 100).abs()).max().unwrap();
        assert!(furthest <= 46, "{furthest}");
    }
}

#[test]
fn there_is_no_length_but_the_fixed_ones() {
    let mut rng = rng(3);
    let [mut ana, mut ben] = ends(&mut rng);
    let mut lengths = BTreeSet::new();
    for n in 0..250_usize {
        let length = match n {
            0..100 => n * 11,
            100..200 => n * 60,
            _ => (rng.next_u32() as usize) % (MAX_SEALED_PLAINTEXT + 1),
        };
        let packet = ana.seal(&vec![0; length], &mut rng);
        assert!(packet.len() >= length);
        lengths.insert(packet.len());
        assert_eq!(ben.take(&packet).unwrap().len(), length);
    }
    assert!(lengths.into_iter().eq(SIZES));
}
