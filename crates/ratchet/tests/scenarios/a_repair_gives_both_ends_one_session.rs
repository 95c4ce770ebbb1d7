//! After a repair both ends speak again, whichever of them had lost its state, and the recovery key has been replaced;
//! before it is done, nothing has been.

use rand_chacha::ChaCha20Rng;
use undertone_ratchet::handshake::Role;
use undertone_ratchet::repair::{
    Incarnations, Initiator, RepairError, Repaired, Responder, next_incarnation,
};

use crate::ends::{open, rng, seal, sessions};
use crate::repairs::{CHANNEL, Kept, paired, repair, talk};

/// A backup that is taken now and restored later.
fn restored(kept: &Kept, rng: &mut ChaCha20Rng) -> Kept {
    let own = next_incarnation(kept.incarnations.own, rng);
    Kept { incarnations: Incarnations { own, ..kept.incarnations }, ..kept.clone() }
}

fn assert_same(near: &mut Repaired, far: &mut Repaired, rng: &mut ChaCha20Rng) {
    assert_eq!((near.role, far.role), (Role::Initiator, Role::Responder));
    assert_eq!(near.transcript.hash(), far.transcript.hash());
    assert!(near.root.link_key() == far.root.link_key());
    assert!(near.root.authenticator() == far.root.authenticator());
    assert!(near.recovery.current() == far.recovery.current());
    talk(&mut near.session, &mut far.session, rng);
}

#[test]
fn the_restored_end_starts() {
    let mut rng = rng(1);
    let [one, two] = paired(&mut rng);
    let back = restored(&one, &mut rng);
    let (mut near, mut far, _) = repair(&back, &two, &mut rng).unwrap();
    assert_same(&mut near, &mut far, &mut rng);
    assert_eq!(near.peer_incarnation, two.incarnations.own);
    assert_eq!(far.peer_incarnation, back.incarnations.own);
    assert!(far.peer_incarnation > two.incarnations.peer);
}

#[test]
fn the_live_end_starts() {
    let mut rng = rng(2);
    let [one, two] = paired(&mut rng);
    let back = restored(&two, &mut rng);
    let (mut near, mut far, _) = repair(&one, &back, &mut rng).unwrap();
    assert_same(&mut near, &mut far, &mut rng);
    assert_eq!(near.peer_incarnation, back.incarnations.own);
}

#[test]
fn a_broken_session_is_repaired_without_a_restore() {
    let mut rng = rng(3);
    let (mut ana, mut ben) = sessions(&mut rng);
    // Both chains are full and every packet of both was lost: neither can send.
    for session in [&mut ana, &mut ben] {
        while session.room() > 0 {
            seal(session, b"lost", &mut rng);
        }
        assert!(session.encrypt(b"", &mut Vec::new(), &mut rng).is_err());
    }
    let [one, two] = paired(&mut rng);
    let (mut near, mut far, _) = repair(&one, &two, &mut rng).unwrap();
    assert_same(&mut near, &mut far, &mut rng);
    assert_eq!(near.peer_incarnation, one.incarnations.peer);
    // What was under way in the old session belongs to none of the new ones.
    let old = seal(&mut sessions(&mut rng).0, b"old", &mut rng);
    assert!(open(&mut near.session, &old).is_err() && open(&mut far.session, &old).is_err());
}

#[test]
fn both_may_have_been_restored() {
    let mut rng = rng(4);
    let [one, two] = paired(&mut rng);
    let (one, two) = (restored(&one, &mut rng), restored(&two, &mut rng));
    let (mut near, mut far, _) = repair(&one, &two, &mut rng).unwrap();
    assert_same(&mut near, &mut far, &mut rng);
}

#[test]
fn the_recovery_key_is_another_after_each_repair_and_the_one_before_is_worth_nothing() {
    let mut rng = rng(5);
    let [mut one, mut two] = paired(&mut rng);
    let backup = one.clone();
    for _ in 0..3 {
        let before = one.clone();
        let (near, far, _) = repair(&one, &two, &mut rng).unwrap();
        (one, two) = (one.after(&near), two.after(&far));
        assert!(one.recovery.current() != before.recovery.current());
        assert!(one.recovery.former().is_none());
        // The consent has come: a packet of the new session shows it to the responder.
        assert!(two.recovery.former() == Some(before.recovery.current()));
        two.recovery.settle();
        assert_eq!(repair(&before, &two, &mut rng).err(), Some(RepairError::Unproved));
        assert_eq!(repair(&two, &before, &mut rng).err(), Some(RepairError::Unproved));
    }
    assert_eq!(repair(&backup, &two, &mut rng).err(), Some(RepairError::Unproved));
}

#[test]
fn every_backup_since_the_last_repair_can_repair() {
    let mut rng = rng(6);
    let [one, two] = paired(&mut rng);
    // Neither talking nor a repair that came to nothing takes a backup's worth.
    let backup = one.clone();
    let (near, far) = (one.contact(), two.contact());
    let (_, request) = Initiator::start(&near, near.recovery().current(), &CHANNEL, &mut rng);
    Responder::answer(&far, &CHANNEL, request.as_slice(), &mut rng).unwrap();
    let (mut near, mut far, _) = repair(&restored(&backup, &mut rng), &two, &mut rng).unwrap();
    assert_same(&mut near, &mut far, &mut rng);
}

#[test]
fn a_lost_consent_is_made_up_for_by_the_next_attempt() {
    let mut rng = rng(7);
    let [one, two] = paired(&mut rng);
    let (_, far, _) = repair(&one, &two, &mut rng).unwrap();
    // The responder has replaced everything, the initiator nothing.
    let two = two.after(&far);
    let (near, far, _) = repair(&one, &two, &mut rng).unwrap();
    // And lost again.
    let two = two.after(&far);
    drop(near);
    let (mut near, mut far, _) = repair(&one, &two, &mut rng).unwrap();
    assert_same(&mut near, &mut far, &mut rng);
}

#[test]
fn after_a_lost_consent_the_responder_can_start_too() {
    let mut rng = rng(8);
    let [one, two] = paired(&mut rng);
    let (_, far, _) = repair(&one, &two, &mut rng).unwrap();
    let two = two.after(&far).contact();
    let one = one.contact();
    let mut start = |key| Initiator::start(&two, key, &CHANNEL, &mut rng).1;
    let (current, former) = (two.recovery().current(), two.recovery().former().unwrap());
    let (refused, taken) = (start(current), start(former));
    let answer =
        |request: &[u8]| Responder::answer(&one, &CHANNEL, request, &mut crate::ends::rng(1));
    assert_eq!(answer(refused.as_slice()).err(), Some(RepairError::Unproved));
    assert!(answer(taken.as_slice()).is_ok());
}

#[test]
fn an_incarnation_goes_up_by_a_random_step() {
    let mut rng = rng(9);
    let steps: Vec<u64> = (0..100).map(|_| next_incarnation(1_000, &mut rng)).collect();
    assert!(steps.iter().all(|next| (1_001..=1_001 + u64::from(u32::MAX)).contains(next)));
    let mut distinct = steps;
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), 100);
    assert_eq!(next_incarnation(u64::MAX, &mut rng), u64::MAX);
}
