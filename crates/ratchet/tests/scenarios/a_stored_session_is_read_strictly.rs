//! What `to_bytes` writes is read back to the same session; anything else is refused.

use proptest::prelude::*;
use undertone_ratchet::session::{Session, StateError};

use crate::ends::{open, pass, pass_chunk, rng, seal, sessions};

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
    // An exchange in every situation: asked for, offered, in parts at both ends, answered, opened,
    // mixed in by one of them, and by both.
    ben.begin_epoch(&mut rng);
    for _ in 0..4 {
        for _ in 0..2 {
            pass_chunk(&mut ben, &mut ana, 800, &mut rng);
            states.extend([ana.to_bytes(), ben.to_bytes()]);
        }
        for _ in 0..2 {
            pass_chunk(&mut ana, &mut ben, 800, &mut rng);
            states.extend([ana.to_bytes(), ben.to_bytes()]);
        }
    }
    assert_eq!((ana.epoch(), ben.epoch()), (1, 1));
    states.into_iter().map(|state| state.to_vec()).collect()
}

/// The state with both chains and two skipped ones, before any exchange.
const WITH_SKIPPED: usize = 7;

/// The first state whose exchange is of this kind.
fn with_exchange(kind: u8) -> (Vec<u8>, usize) {
    states()
        .into_iter()
        .find_map(|state| {
            let place = exchange(&state)?;
            (state[place] == kind).then_some((state, place))
        })
        .unwrap()
}

/// Where the exchange stands in a state, if there is one.
fn exchange(state: &[u8]) -> Option<usize> {
    let sending = if state[97] == 1 { 101 } else { 1 };
    let receiving = 97 + sending + 36;
    let epoch = receiving + if state[receiving] == 1 { 73 } else { 1 } + 32 + 4 + 1;
    let previous = if state[epoch..epoch + 4] == [0; 4] { 0 } else { 64 };
    let length = epoch + 4 + 64 + previous + 8;
    (state[length..length + 4] != [0; 4]).then_some(length + 4)
}

#[test]
fn each_state_is_written_as_it_was_read() {
    for state in states() {
        assert_eq!(Session::from_bytes(&state).unwrap().to_bytes().as_slice(), state);
    }
}

#[test]
fn a_state_cut_off_or_continued_is_refused() {
    let mut states = states();
    // Of those with an exchange, one of each kind is enough.
    states.truncate(WITH_SKIPPED + 1);
    states.extend((1..=5).map(|kind| with_exchange(kind).0));
    for state in states {
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
    // Where things stand is in docs/ratchet.md.
    let state = states().remove(WITH_SKIPPED);
    let refused = |state: &[u8], place: usize, bytes: &[u8]| {
        let mut changed = state.to_vec();
        changed[place..place + bytes.len()].copy_from_slice(bytes);
        assert_eq!(Session::from_bytes(&changed).err(), Some(StateError::Damaged), "byte {place}");
    };
    refused(&state, 65, &[0; 32]); // the peer's ratchet key: low order
    refused(&state, 97, &[2]); // is there a sending chain: neither no nor yes
    refused(&state, 194, &257_u32.to_be_bytes()); // more sent than a chain holds
    refused(&state, 230, &257_u32.to_be_bytes()); // more sent before than a chain holds
    refused(&state, 234, &[2]); // is there a receiving chain
    refused(&state, 303, &1_u32.to_be_bytes()); // a receiving chain of an epoch still to come
    refused(&state, 339, &4_u32.to_be_bytes()); // more answered than received
    refused(&state, 343, &[2]); // who offers the odd epochs
    refused(&state, 420, &1_u32.to_be_bytes()); // an exchange that takes the next byte's place
    refused(&state, 420, &u32::MAX.to_be_bytes()); // an endless exchange
    refused(&state, 424, &u32::MAX.to_be_bytes()); // chains with skipped keys
    refused(&state, 460, &0_u32.to_be_bytes()); // a chain without keys
    refused(&state, 460, &1_001_u32.to_be_bytes()); // a chain with too many
    refused(&state, 464, &7_u32.to_be_bytes()); // numbers that descend
    let first_header = state[428..460].to_vec();
    let second_chain = 428 + 36 + 2 * 44;
    refused(&state, second_chain, &first_header); // two chains with one header key
    refused(&state, second_chain + 36 + 44, &3_u32.to_be_bytes()); // skipped, but not passed yet
}

#[test]
fn an_exchange_that_contradicts_itself_is_refused() {
    let refused = |kind: u8, change: fn(&mut [u8])| {
        let (mut state, place) = with_exchange(kind);
        change(&mut state[place..]);
        assert_eq!(Session::from_bytes(&state).err(), Some(StateError::Damaged), "kind {kind}");
    };
    for kind in 1..=5 {
        refused(kind, |exchange| exchange[0] = 0);
        refused(kind, |exchange| exchange[0] = 6);
        // Who offers odd epochs offers the first.
        let (mut state, place) = with_exchange(kind);
        let role = place - 4 - 8 - 64 - 4 - 1;
        assert_eq!(state[role], u8::from(matches!(kind, 2 | 3)));
        state[role] ^= 1;
        assert_eq!(Session::from_bytes(&state).err(), Some(StateError::Damaged), "kind {kind}");
    }
    refused(2, |exchange| exchange[65] = 37); // the unit to send next
    refused(2, |exchange| exchange[66 + 7] ^= 1); // one unit more or less than there is
    refused(2, |exchange| exchange[66] = 0x80); // a unit that no ciphertext has
    refused(4, |exchange| exchange[1 + 7] ^= 1);
    refused(4, |exchange| exchange[1..9].fill(0)); // begun without a unit
    refused(5, |exchange| exchange[1 + 32 + 1184 + 1088] = 34);
}

#[test]
fn a_receiving_chain_is_behind_only_where_an_epoch_was_just_mixed_in() {
    let behind = states().into_iter().rfind(|state| {
        let receiving = 97 + if state[97] == 1 { 101 } else { 1 } + 36;
        state[receiving] == 1
            && state[receiving + 69..receiving + 73] == [0; 4]
            && state[receiving + 73 + 37..receiving + 73 + 41] == [0, 0, 0, 1]
    });
    let mut state = behind.unwrap();
    assert!(Session::from_bytes(&state).is_ok());
    // The other end never is.
    let role = 97 + 101 + 36 + 73 + 36;
    state[role] ^= 1;
    assert_eq!(Session::from_bytes(&state).err(), Some(StateError::Damaged));
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
