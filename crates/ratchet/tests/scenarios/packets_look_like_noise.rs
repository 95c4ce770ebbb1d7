//! No byte of a packet tells a packet from random bytes, or two sessions' packets apart.

use std::collections::BTreeSet;

use crate::ends::{copy, heal, pass, rng, seal, sessions};

#[test]
fn no_byte_is_constant_over_a_thousand_packets() {
    let mut rng = rng(1);
    let (mut ana, mut ben) = sessions(&mut rng);
    let mut packets = Vec::new();
    while packets.len() < 1_000 {
        if ana.room() == 0 {
            pass(&mut ben, &mut ana, b"answer", &mut rng);
            heal(&mut ana, &mut ben, &mut rng);
        }
        let packet = seal(&mut ana, b"always the same text", &mut rng);
        assert!(crate::ends::open(&mut ben, &packet).is_ok());
        packets.push(packet);
    }
    let length = packets[0].len();
    assert!(packets.iter().all(|packet| packet.len() == length));
    for place in 0..length {
        let values: BTreeSet<u8> = packets.iter().map(|packet| packet[place]).collect();
        // Of 256 values, 1,000 random bytes show 251 on average.
        assert!(values.len() > 230, "byte {place} takes {} values", values.len());
        for bit in 0..8 {
            let set = packets.iter().filter(|packet| packet[place] >> bit & 1 == 1).count();
            // Six standard deviations around the middle.
            assert!((405..=595).contains(&set), "bit {bit} of byte {place} is set {set} times");
        }
    }
}

#[test]
fn a_state_from_an_old_copy_of_the_disk_makes_no_two_time_pad() {
    let mut rng = rng(2);
    let (mut ana, mut ben) = sessions(&mut rng);
    pass(&mut ana, &mut ben, b"there", &mut rng);
    pass(&mut ben, &mut ana, b"and back", &mut rng);
    pass(&mut ana, &mut ben, b"there", &mut rng);
    let mut restored = copy(&ana);
    let zeros = [0; 64];
    let one = seal(&mut ana, &zeros, &mut rng);
    let two = seal(&mut restored, &zeros, &mut rng);
    // The same message key and the same text: with the same key stream the bodies were the same.
    for (start, end) in [(0, 24), (24, 84), (84, 148), (148, 164)] {
        let equal = one[start..end].iter().zip(&two[start..end]).filter(|(a, b)| a == b).count();
        assert!(equal < (end - start) / 4, "bytes {start} to {end} have {equal} in common");
    }
}
