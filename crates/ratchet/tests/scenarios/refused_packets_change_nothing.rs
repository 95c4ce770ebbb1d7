//! Forged, damaged, cut, foreign, reflected and repeated packets are refused without a trace.
//! `ends::open` checks after each refusal that state and output are as before.

use proptest::prelude::*;
use undertone_ratchet::session::{DecryptError, EncryptError, MAX_PLAINTEXT, OVERHEAD, Session};

use crate::ends::{copy, open, pass, rng, seal, sessions, try_seal};

/// A receiver in each state that a packet can meet, with the packet it waits for.
fn situations() -> Vec<(&'static str, Session, Vec<u8>)> {
    let mut rng = rng(1);
    let (mut ana, mut ben) = sessions(&mut rng);
    let mut all = Vec::new();
    let first = seal(&mut ana, b"first of all", &mut rng);
    all.push(("the initiator's first", copy(&ben), first));
    let first = seal(&mut ben, b"first", &mut rng);
    all.push(("the responder's first", copy(&ana), first));
    let skipped = seal(&mut ana, b"skipped", &mut rng);
    pass(&mut ana, &mut ben, b"read", &mut rng);
    all.push(("a skipped one", copy(&ben), skipped.clone()));
    let ahead = seal(&mut ana, b"ahead", &mut rng);
    all.push(("the next one", copy(&ben), ahead));
    pass(&mut ben, &mut ana, b"turn", &mut rng);
    let _lost = seal(&mut ana, b"lost", &mut rng);
    let turn = seal(&mut ana, b"turn", &mut rng);
    all.push(("a new chain", copy(&ben), turn.clone()));
    let long = seal(&mut ana, &[3; 2_049], &mut rng);
    all.push(("a long one", copy(&ben), long));
    assert!(open(&mut ben, &turn).is_ok());
    all.push(("one of a finished chain", ben, skipped));
    all
}

#[test]
fn a_packet_with_any_bit_changed() {
    for (name, mut receiver, packet) in situations() {
        for place in 0..packet.len() {
            let mut forged = packet.clone();
            forged[place] ^= 1 << (place % 8);
            let error = open(&mut receiver, &forged).unwrap_err();
            let expected = if place < 84 { DecryptError::Header } else { DecryptError::Payload };
            assert_eq!(error, expected, "{name}, byte {place}");
        }
        assert!(open(&mut receiver, &packet).is_ok(), "{name}: the true packet is still read");
    }
}

#[test]
fn a_packet_of_any_other_length() {
    for (name, mut receiver, packet) in situations() {
        for length in 0..packet.len() {
            assert!(open(&mut receiver, &packet[..length]).is_err(), "{name}, {length} bytes");
        }
        for length in 0..OVERHEAD {
            let error = open(&mut receiver, &packet[..length]);
            assert_eq!(error, Err(DecryptError::Length(length)));
        }
        let longer = [packet.as_slice(), &[0]].concat();
        assert_eq!(open(&mut receiver, &longer), Err(DecryptError::Payload));
        assert!(open(&mut receiver, &packet).is_ok());
    }
}

#[test]
fn a_huge_packet() {
    let mut rng = rng(2);
    let (mut ana, mut ben) = sessions(&mut rng);
    let longest = vec![5; MAX_PLAINTEXT];
    pass(&mut ana, &mut ben, &longest, &mut rng);

    let before = ana.to_bytes();
    let too_long = vec![5; MAX_PLAINTEXT + 1];
    assert_eq!(try_seal(&mut ana, &too_long, &mut rng), Err(EncryptError::TooLong));
    assert!(*before == *ana.to_bytes());

    let huge = vec![5; MAX_PLAINTEXT + OVERHEAD + 1];
    assert_eq!(open(&mut ben, &huge), Err(DecryptError::Length(huge.len())));
}

#[test]
fn a_packet_with_the_payload_of_another() {
    let mut rng = rng(3);
    let (mut ana, mut ben) = sessions(&mut rng);
    let one = seal(&mut ana, b"one", &mut rng);
    let two = seal(&mut ana, b"two", &mut rng);
    let mixed = [&one[..84], &two[84..]].concat();
    assert_eq!(open(&mut ben, &mixed), Err(DecryptError::Payload));
    assert!(open(&mut ben, &one).is_ok() && open(&mut ben, &two).is_ok());
}

#[test]
fn a_packet_sent_back_to_its_sender() {
    let mut rng = rng(4);
    let (mut ana, mut ben) = sessions(&mut rng);
    for _ in 0..5 {
        let packet = seal(&mut ana, b"mine", &mut rng);
        assert_eq!(open(&mut ana, &packet), Err(DecryptError::Header));
        assert!(open(&mut ben, &packet).is_ok());
        assert_eq!(open(&mut ana, &packet), Err(DecryptError::Header));
        pass(&mut ben, &mut ana, b"turn", &mut rng);
    }
}

#[test]
fn a_packet_of_another_session() {
    let mut rng = rng(5);
    let (mut ana, mut ben) = sessions(&mut rng);
    let (mut other_ana, _) = sessions(&mut rng);
    let foreign = seal(&mut other_ana, b"foreign", &mut rng);
    assert_eq!(open(&mut ben, &foreign), Err(DecryptError::Header));
    pass(&mut ana, &mut ben, b"own", &mut rng);
}

proptest! {
    #[test]
    fn arbitrary_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut rng = rng(6);
        let (mut ana, mut ben) = sessions(&mut rng);
        prop_assert!(open(&mut ben, &bytes).is_err());
        prop_assert!(open(&mut ana, &bytes).is_err());
        pass(&mut ana, &mut ben, b"still fine", &mut rng);
    }
}
