//! What `to_bytes` writes is read back to the same session; anything else is refused.

use proptest::prelude::*;
use undertone_ratchet::session::{Session, StateError};

use crate::ends::{open, pass, rng, seal, sessions};

/// States of every shape: with and without each chain, with and without skipped keys.
fn states() -> Vec<Vec<u8>> {
    let mut rng = rng(1);
    let (mut ana, mut ben) = sessions(&mut rng);
    let mut states = vec![ana.to_bytes(), ben.to_bytes()];
    let mut late = Vec::new();
    for _ in 0..2 {
        late.push(seal(&mut ana, b"late", &mut rng));
        late.push(seal(&mut ana, b"late", &mut rng));
        pass(&mut ana, &mut ben, b"", &mut rng);
        states.push(ben.to_bytes());
        pass(&mut ben, &mut ana, b"", &mut rng);
        states.push(ana.to_bytes());
        states.push(ben.to_bytes());
    }
    states.into_iter().map(|state| state.to_vec()).collect()
}

#[test]
fn each_state_is_written_as_it_was_read() {
    for state in states() {
        assert_eq!(Session::from_bytes(&state).unwrap().to_bytes().as_slice(), state);
    }
}

#[test]
fn a_state_cut_off_or_continued_is_refused() {
    for state in states() {
        for length in 0..state.len() {
            let cut = Session::from_bytes(&state[..length]).err();
            assert_eq!(cut, Some(StateError::Damaged), "{length} of {} bytes", state.len());
        }
        let longer = [state.as_slice(), &[0]].concat();
        assert_eq!(Session::from_bytes(&longer).err(), Some(StateError::Damaged));
    }
}

#[test]
fn a_state_of_another_version_is_refused() {
    for version in [0, 2, 255] {
        let mut state = states().remove(0);
        state[0] = version;
        assert_eq!(Session::from_bytes(&state).err(), Some(StateError::Version(version)));
    }
}

#[test]
fn a_state_that_contradicts_itself_is_refused() {
    // Where things stand is in docs/ratchet.md; the last state has both chains and two skipped ones.
    let state = states().pop().unwrap();
    let refused = |place: usize, bytes: &[u8]| {
        let mut changed = state.clone();
        changed[place..place + bytes.len()].copy_from_slice(bytes);
        assert_eq!(Session::from_bytes(&changed).err(), Some(StateError::Damaged), "byte {place}");
    };
    refused(65, &[0; 32]); // the peer's ratchet key: low order
    refused(97, &[2]); // is there a sending chain: neither no nor yes
    refused(194, &257_u32.to_be_bytes()); // more sent than a chain holds
    refused(230, &257_u32.to_be_bytes()); // more sent before than a chain holds
    refused(234, &[2]); // is there a receiving chain
    refused(335, &4_u32.to_be_bytes()); // more answered than received
    refused(339, &1_u32.to_be_bytes()); // an epoch that this version doesn't know
    refused(343, &1_u32.to_be_bytes()); // a post-quantum state
    refused(347, &u32::MAX.to_be_bytes()); // chains with skipped keys
    refused(383, &0_u32.to_be_bytes()); // a chain without keys
    refused(383, &1_001_u32.to_be_bytes()); // a chain with too many
    refused(387, &7_u32.to_be_bytes()); // numbers that descend
    let first_header = state[351..383].to_vec();
    let second_chain = 351 + 36 + 2 * 44;
    refused(second_chain, &first_header); // two chains with one header key
    refused(second_chain + 36 + 44, &3_u32.to_be_bytes()); // skipped, but not passed yet
}

#[test]
fn a_restored_session_goes_on() {
    let mut rng = rng(2);
    let (mut ana, mut ben) = sessions(&mut rng);
    let late = seal(&mut ana, b"late", &mut rng);
    for _ in 0..5 {
        pass(&mut ana, &mut ben, b"there", &mut rng);
        pass(&mut ben, &mut ana, b"and back", &mut rng);
        ana = Session::from_bytes(&ana.to_bytes()).unwrap();
        ben = Session::from_bytes(&ben.to_bytes()).unwrap();
    }
    assert_eq!(open(&mut ben, &late).unwrap(), b"late");
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_a_session_or_refused(
        pick in any::<prop::sample::Index>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        tail in proptest::collection::vec(any::<u8>(), 0..100),
        cut in any::<prop::sample::Index>(),
    ) {
        let states = states();
        let mut state = pick.get(&states).clone();
        for (place, byte) in changes {
            let place = place.index(state.len());
            state[place] = byte;
        }
        state.truncate(state.len() - cut.index(state.len()) / 8);
        state.extend(tail);
        if let Ok(mut session) = Session::from_bytes(&state) {
            prop_assert_eq!(session.to_bytes().to_vec(), state);
            prop_assert!(open(&mut session, &[0; 200]).is_err());
        }
    }
}
