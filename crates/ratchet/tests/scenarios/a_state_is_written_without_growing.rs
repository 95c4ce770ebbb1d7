//! A state is written into a buffer that has room for the longest from the beginning: one that grew would leave copies of
//! secrets behind. Neither has it more room than that.

use std::collections::BTreeSet;

use undertone_ratchet::sealed::{KEPT, SealedSession, TagTable};
use undertone_ratchet::session::{MAX_CHUNK, Session};

use crate::ends::{open, pass, pass_chunk, rng, seal, sessions};
use crate::sealed_ends::{self, ends};

/// The room of a session's state, and how much of it is left.
fn room(session: &Session) -> (usize, usize) {
    let state = session.to_bytes();
    (state.capacity(), state.capacity() - state.len())
}

#[test]
fn the_longest_state_of_all_exchanges_fills_the_room_that_each_has() {
    let mut rng = rng(1);
    let (mut ana, mut ben) = sessions(&mut rng);
    let mut seen = BTreeSet::from([room(&ana), room(&ben)]);
    for epoch in 1..=2 {
        ana.begin_epoch(&mut rng);
        while (ana.shared_epoch(), ben.shared_epoch()) != (epoch, epoch) {
            pass_chunk(&mut ana, &mut ben, MAX_CHUNK, &mut rng);
            seen.extend([room(&ana), room(&ben)]);
            pass_chunk(&mut ben, &mut ana, MAX_CHUNK, &mut rng);
            seen.extend([room(&ana), room(&ben)]);
        }
    }
    let rooms: BTreeSet<usize> = seen.iter().map(|(room, _)| *room).collect();
    assert_eq!(rooms.len(), 1, "{rooms:?}");
    assert_eq!(seen.iter().map(|(_, left)| *left).min(), Some(0));
}

#[test]
fn keys_of_skipped_packets_get_just_the_room_that_they_need() {
    let mut rng = rng(2);
    let (mut ana, mut ben) = sessions(&mut rng);
    pass(&mut ana, &mut ben, b"", &mut rng);
    let (mut rooms, mut left) = (BTreeSet::new(), BTreeSet::new());
    for chains in 0..3 {
        pass(&mut ben, &mut ana, b"", &mut rng);
        for _ in 0..chains {
            seal(&mut ana, b"lost", &mut rng);
        }
        let packet = seal(&mut ana, b"there", &mut rng);
        assert!(open(&mut ben, &packet).is_ok());
        rooms.insert(room(&ben).0);
        left.insert(room(&ben).1);
    }
    assert_eq!((rooms.len(), left.len()), (3, 1), "{rooms:?} {left:?}");
}

#[test]
fn tags_have_the_room_of_three_chains_with_all_that_is_kept() {
    let mut rng = rng(3);
    let [mut one, mut two] = ends(&mut rng);
    for _ in 0..2 {
        sealed_ends::pass(&mut one, &mut two, b"", &mut rng);
        sealed_ends::pass(&mut two, &mut one, b"", &mut rng);
    }
    let state = one.session.to_bytes();
    let (most, few) = (state.capacity(), state.len());
    // docs/sealed.md, "State": a seed of the chain after, and two marks, of a chain before and after.
    let beginning = 1 + 32 + 4 + 1 + 32 + 4 + 2;
    assert_eq!((state[37], &state[beginning - 2..beginning]), (1, &[1, 1][..]));
    let mut full = state[..beginning].to_vec();
    let mut rest = &state[beginning..];
    for chain in 0..3_u8 {
        let (seed, after) = rest.split_at(32);
        let count = u32::from_be_bytes(after[4..8].try_into().unwrap()) as usize;
        rest = &after[8 + count * 52..];
        full.extend_from_slice(seed);
        full.extend_from_slice(&(KEPT as u32).to_be_bytes());
        full.extend_from_slice(&(KEPT as u32).to_be_bytes());
        for number in 0..KEPT as u32 {
            full.extend_from_slice(&number.to_be_bytes());
            full.extend_from_slice(&[&[chain; 15][..], &[number as u8], &[7; 32]].concat());
        }
    }
    full.extend_from_slice(rest);
    let session = SealedSession::from_bytes(&full, (1, &mut TagTable::new())).unwrap();
    let state = session.to_bytes();
    assert_eq!(*state, full);
    assert_eq!((state.capacity(), state.len()), (most, most), "{few} before");
}
