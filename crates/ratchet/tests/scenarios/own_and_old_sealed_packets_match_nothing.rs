//! Somebody who reads and writes the carrier can send back what he saw, to either end, and change it. Nothing matches
//! that isn't waited for, and a copied tag opens nothing and takes nothing away.

use undertone_ratchet::sealed::{OpenError, SIZES, SealedSession, TagTable};

use crate::ends::rng;
use crate::sealed_ends::{CONVERSATION, ends, pass};

#[test]
fn own_packets_reflected() {
    let mut rng = rng(1);
    let [mut ana, mut ben] = ends(&mut rng);
    for _ in 0..4 {
        for _ in 0..10 {
            let one = ana.seal(b"text", &mut rng);
            assert!(ana.find(&one).is_none());
            assert!(ben.take(&one).is_some());
            let two = ben.seal(b"text", &mut rng);
            assert!(ben.find(&two).is_none());
            assert!(ana.take(&two).is_some());
        }
        pass(&mut ana, &mut ben, b"turn", &mut rng);
    }
}

#[test]
fn old_packets_replayed() {
    let mut rng = rng(2);
    let [mut ana, mut ben] = ends(&mut rng);
    let mut old = Vec::new();
    for _ in 0..6 {
        for _ in 0..5 {
            let packet = ana.seal(b"text", &mut rng);
            assert!(ben.take(&packet).is_some());
            old.push(packet);
        }
        pass(&mut ben, &mut ana, b"turn", &mut rng);
        for packet in &old {
            assert!(ben.find(packet).is_none() && ana.find(packet).is_none());
        }
    }
    // Nor after a restart.
    let mut table = TagTable::new();
    SealedSession::from_bytes(&ben.session.to_bytes(), (CONVERSATION, &mut table)).unwrap();
    assert!(old.iter().all(|packet| table.find(packet).is_none()));
}

#[test]
fn a_copied_tag_opens_nothing_and_keeps_nothing_out() {
    let mut rng = rng(3);
    let [mut ana, mut ben] = ends(&mut rng);
    let packet = ana.seal(b"text", &mut rng);
    for place in (0..24).chain(40..packet.len()).step_by(5) {
        let mut forged = packet.clone();
        forged[place] ^= 0x10;
        let found = ben.find(&forged).unwrap();
        assert_eq!(ben.open(found, &forged), Err(OpenError::Hash), "byte {place}");
    }
    for place in 24..40 {
        let mut other = packet.clone();
        other[place] ^= 0x10;
        assert!(ben.find(&other).is_none(), "byte {place}");
    }
    // Of another length, too: with the tag where it belongs.
    for size in [SIZES[1], SIZES[2]] {
        let mut longer = packet.clone();
        longer.resize(size, 0);
        let found = ben.find(&longer).unwrap();
        assert_eq!(ben.open(found, &longer), Err(OpenError::Hash));
    }
    for size in [0, 39, 40, 1_023, 1_025] {
        let mut other = packet.clone();
        other.resize(size, 0);
        assert!(ben.find(&other).is_none());
    }
    assert_eq!(ben.take(&packet).unwrap(), b"text");
}

#[test]
fn a_match_serves_once() {
    let mut rng = rng(4);
    let [mut ana, mut ben] = ends(&mut rng);
    let (one, two) = (ana.seal(b"one", &mut rng), ana.seal(b"two", &mut rng));
    let found = ben.find(&one).unwrap();
    // With another packet than the one that was found.
    assert_eq!(ben.open(found, &two), Err(OpenError::Tag));
    ben.open(found, &one).unwrap();
    assert_eq!(ben.open(found, &one), Err(OpenError::Tag));
    assert_eq!(ben.take(&two).unwrap(), b"two");
}

#[test]
fn what_is_left_in_the_state_leads_to_no_packet_that_was_read() {
    let mut rng = rng(5);
    let [mut ana, mut ben] = ends(&mut rng);
    let mut read = Vec::new();
    for n in 0..40 {
        let packet = ana.seal(b"text", &mut rng);
        if n % 3 != 0 {
            assert!(ben.take(&packet).is_some());
            read.push(packet);
        }
    }
    // A thief of the state has every tag that is still waited for, and none of those: so no record can be told to be of
    // this conversation by its tags.
    for state in [ana.session.to_bytes(), ben.session.to_bytes()] {
        for packet in &read {
            assert!(!state.windows(16).any(|window| window == &packet[24..40]));
        }
        let mut stolen = TagTable::new();
        SealedSession::from_bytes(&state, (0, &mut stolen)).unwrap();
        assert!(!stolen.is_empty());
        assert!(read.iter().all(|packet| stolen.find(packet).is_none()));
    }
}

#[test]
fn a_state_of_an_old_copy_makes_no_two_time_pad() {
    let mut rng = rng(6);
    let [mut ana, _] = ends(&mut rng);
    let state = ana.session.to_bytes();
    let mut back = SealedSession::from_bytes(&state, (0, &mut TagTable::new())).unwrap();
    let one = ana.seal(&[0; 64], &mut rng);
    let mut two = Vec::new();
    back.seal(&[0; 64], &mut two, &mut rng).unwrap();
    // The tag comes again, which the page says; nothing else does.
    assert_eq!(one[24..40], two[24..40]);
    let equal = one[56..].iter().zip(&two[56..]).filter(|(a, b)| a == b).count();
    assert!(equal < 30, "{equal} bytes of 968 in common");
}
