//! Packets of both directions are read in order, out of order, and around lost ones.

use crate::ends::{open, pass, rng, seal, sessions};
use undertone_ratchet::session::DecryptError;

#[test]
fn a_conversation_in_order() {
    let mut rng = rng(1);
    let (mut ana, mut ben) = sessions(&mut rng);
    for turn in 0..20_u8 {
        for _ in 0..3 {
            pass(&mut ana, &mut ben, &[turn; 5], &mut rng);
        }
        pass(&mut ben, &mut ana, b"", &mut rng);
    }
}

#[test]
fn the_responder_speaks_first() {
    let mut rng = rng(2);
    let (mut ana, mut ben) = sessions(&mut rng);
    pass(&mut ben, &mut ana, b"hello", &mut rng);
    pass(&mut ana, &mut ben, b"hello yourself", &mut rng);
}

#[test]
fn both_speak_before_either_has_read() {
    let mut rng = rng(3);
    let (mut ana, mut ben) = sessions(&mut rng);
    for round in 0..10_u8 {
        let from_ana: Vec<_> = (0..4).map(|n| seal(&mut ana, &[round, n], &mut rng)).collect();
        let from_ben: Vec<_> = (0..4).map(|n| seal(&mut ben, &[n, round], &mut rng)).collect();
        for n in 0..4_u8 {
            assert_eq!(open(&mut ben, &from_ana[usize::from(n)]), Ok(vec![round, n]));
            assert_eq!(open(&mut ana, &from_ben[usize::from(n)]), Ok(vec![n, round]));
        }
    }
}

#[test]
fn a_chain_read_backwards() {
    let mut rng = rng(4);
    let (mut ana, mut ben) = sessions(&mut rng);
    let packets: Vec<_> = (0..50_u8).map(|n| seal(&mut ana, &[n], &mut rng)).collect();
    for n in (0..50_u8).rev() {
        assert_eq!(open(&mut ben, &packets[usize::from(n)]), Ok(vec![n]));
    }
}

#[test]
fn packets_of_a_finished_chain_are_still_read() {
    let mut rng = rng(5);
    let (mut ana, mut ben) = sessions(&mut rng);
    let early: Vec<_> = (0..5_u8).map(|n| seal(&mut ana, &[n], &mut rng)).collect();
    assert_eq!(open(&mut ben, &early[1]), Ok(vec![1]));
    pass(&mut ben, &mut ana, b"turn", &mut rng);
    let late = seal(&mut ana, b"late", &mut rng);
    assert_eq!(open(&mut ben, &late).unwrap(), b"late");
    for n in [4, 0, 2, 3_u8] {
        assert_eq!(open(&mut ben, &early[usize::from(n)]), Ok(vec![n]));
    }
}

#[test]
fn lost_packets_hold_up_nothing() {
    let mut rng = rng(6);
    let (mut ana, mut ben) = sessions(&mut rng);
    for turn in 0..20_u8 {
        for _ in 0..turn {
            seal(&mut ana, b"lost", &mut rng);
        }
        pass(&mut ana, &mut ben, &[turn], &mut rng);
        for _ in 0..turn {
            seal(&mut ben, b"lost", &mut rng);
        }
        pass(&mut ben, &mut ana, &[turn], &mut rng);
    }
}

#[test]
fn no_packet_is_read_twice() {
    let mut rng = rng(7);
    let (mut ana, mut ben) = sessions(&mut rng);
    let packets: Vec<_> = (0..3_u8).map(|n| seal(&mut ana, &[n], &mut rng)).collect();
    assert_eq!(open(&mut ben, &packets[2]), Ok(vec![2]));
    assert_eq!(open(&mut ben, &packets[2]), Err(DecryptError::Replayed));
    assert_eq!(open(&mut ben, &packets[0]), Ok(vec![0]));
    assert_eq!(open(&mut ben, &packets[0]), Err(DecryptError::Replayed));
    pass(&mut ben, &mut ana, b"turn", &mut rng);
    pass(&mut ana, &mut ben, b"turn", &mut rng);
    assert_eq!(open(&mut ben, &packets[2]), Err(DecryptError::Replayed));
    assert_eq!(open(&mut ben, &packets[1]), Ok(vec![1]));
    // No key of that chain is left: even its headers are unreadable now.
    assert_eq!(open(&mut ben, &packets[1]), Err(DecryptError::Header));
}
