//! Chains, answers and kept keys have limits, and what lies at and beyond each is as documented.

use undertone_ratchet::session::{
    ANSWER_AFTER, DecryptError, EncryptError, MAX_CHAIN, MAX_SKIPPED, MAX_SKIPPED_AGE,
};

use crate::ends::{copy, heal, open, open_at, pass, rng, seal, sessions, try_seal};

#[test]
fn a_full_chain_waits_for_the_answer() {
    let mut rng = rng(1);
    let (mut ana, mut ben) = sessions(&mut rng);
    for round in 0..3 {
        for sent in 0..MAX_CHAIN {
            assert_eq!(ana.room(), MAX_CHAIN - sent);
            pass(&mut ana, &mut ben, b"", &mut rng);
        }
        assert_eq!(ana.room(), 0);
        let before = ana.to_bytes();
        assert_eq!(try_seal(&mut ana, b"", &mut rng), Err(EncryptError::ChainFull));
        assert!(*before == *ana.to_bytes());
        // A full chain survives being stored.
        ana = copy(&ana);
        assert_eq!(try_seal(&mut ana, b"", &mut rng), Err(EncryptError::ChainFull));
        pass(&mut ben, &mut ana, b"answer", &mut rng);
        assert_eq!(ana.room(), MAX_CHAIN, "round {round}");
    }
}

#[test]
fn both_ends_can_fill_their_first_chains() {
    let mut rng = rng(2);
    let (mut ana, mut ben) = sessions(&mut rng);
    let to_ben: Vec<_> = (0..MAX_CHAIN).map(|_| seal(&mut ana, b"a", &mut rng)).collect();
    let to_ana: Vec<_> = (0..MAX_CHAIN).map(|_| seal(&mut ben, b"b", &mut rng)).collect();
    assert_eq!((ana.room(), ben.room()), (0, 0));
    assert!(open(&mut ana, to_ana.last().unwrap()).is_ok());
    // Ana has a new key; Ben has not read of it, so his chain stays full until he does.
    pass(&mut ana, &mut ben, b"answer", &mut rng);
    assert_eq!((ana.room(), ben.room()), (MAX_CHAIN - 1, MAX_CHAIN));
    for packet in to_ben {
        assert!(open(&mut ben, &packet).is_ok());
    }
}

#[test]
fn an_answer_is_wanted_after_sixty_four_packets_and_again() {
    let mut rng = rng(3);
    let (mut ana, mut ben) = sessions(&mut rng);
    for _ in 0..2 {
        for received in 1..=ANSWER_AFTER {
            assert!(!ben.wants_to_answer());
            pass(&mut ana, &mut ben, b"", &mut rng);
            assert_eq!(ben.wants_to_answer(), received == ANSWER_AFTER);
        }
        assert!(copy(&ben).wants_to_answer());
        // An answer that gets lost is asked for again, on the same chain.
        seal(&mut ben, b"lost", &mut rng);
        assert!(!ben.wants_to_answer());
    }
    pass(&mut ben, &mut ana, b"answer", &mut rng);
    assert_eq!(ana.room(), MAX_CHAIN);
    assert!(!ana.wants_to_answer() && !ben.wants_to_answer());
}

#[test]
fn lost_packets_count_towards_the_answer() {
    let mut rng = rng(4);
    let (mut ana, mut ben) = sessions(&mut rng);
    for _ in 1..ANSWER_AFTER {
        seal(&mut ana, b"lost", &mut rng);
    }
    pass(&mut ana, &mut ben, b"", &mut rng);
    assert!(ben.wants_to_answer(), "the sender has used up as much of its chain");
}

#[test]
fn a_late_packet_is_read_for_a_day() {
    let mut rng = rng(5);
    let (mut ana, mut ben) = sessions(&mut rng);
    let late: Vec<_> = (0..3).map(|_| seal(&mut ana, b"late", &mut rng)).collect();
    let packet = seal(&mut ana, b"early", &mut rng);
    assert!(open_at(&mut ben, &packet, 1_000).is_ok());

    let last = 1_000 + MAX_SKIPPED_AGE;
    assert_eq!(open_at(&mut ben, &late[0], last).unwrap(), b"late");
    assert_eq!(open_at(&mut ben, &late[1], last + 1), Err(DecryptError::Replayed));
    let length = ben.to_bytes().len();
    ben.expire(last + 1);
    assert!(ben.to_bytes().len() < length, "the keys are gone from the state");
    assert_eq!(open_at(&mut ben, &late[1], 1_000), Err(DecryptError::Replayed));
}

#[test]
fn kept_keys_are_bounded_whatever_is_lost() {
    let mut rng = rng(6);
    let (mut ana, mut ben) = sessions(&mut rng);
    let mut lost = Vec::new();
    for round in 0..12 {
        if round % 3 == 0 {
            heal(&mut ana, &mut ben, &mut rng);
        }
        for _ in 1..MAX_CHAIN {
            lost.push(seal(&mut ana, b"lost", &mut rng));
        }
        pass(&mut ana, &mut ben, b"", &mut rng);
        pass(&mut ben, &mut ana, b"", &mut rng);
    }
    assert!(lost.len() > MAX_SKIPPED);
    let readable = lost.iter().filter(|packet| open(&mut copy(&ben), packet).is_ok()).count();
    assert_eq!(readable, MAX_SKIPPED);
    let oldest_kept = lost.len() - MAX_SKIPPED;
    assert!(open(&mut ben, &lost[oldest_kept - 1]).is_err());
    assert!(open(&mut ben, &lost[oldest_kept]).is_ok());
}
