//! Epochs as the caller sees them: who begins one and when, what chunks fit where, what is refused,
//! and which keys both ends have.

use rand_chacha::rand_core::Rng as _;
use undertone_ratchet::session::{
    AMBER_LINK_TIME, Begin, ChunkError, EPOCH_LINK_TIME, EPOCH_MESSAGES, EPOCH_PAUSE, Healing,
    MAX_CHUNK, MIN_CHUNK, Pace, Session, Taken,
};

use crate::ends::{copy, heal, open, pass, pass_chunk, rng, seal, seal_chunk, sessions, take};

/// The next chunk for this room.
fn chunk(session: &mut Session, room: usize) -> Vec<u8> {
    let mut chunk = Vec::new();
    session.next_chunk(room, &mut chunk);
    chunk
}

#[test]
fn the_ends_offer_in_turn() {
    let mut rng = rng(1);
    let (mut ana, mut ben) = sessions(&mut rng);
    for epoch in 1..=4 {
        let (offers, answers) =
            if epoch % 2 == 1 { (&mut ana, &mut ben) } else { (&mut ben, &mut ana) };
        assert_eq!(copy(answers).begin_epoch(&mut rng), Begin::Asked);
        assert_eq!(offers.begin_epoch(&mut rng), Begin::Offered);
        assert_eq!(offers.begin_epoch(&mut rng), Begin::UnderWay);
        heal(offers, answers, &mut rng);
        assert_eq!((ana.epoch(), ben.epoch()), (epoch, epoch));
    }
}

#[test]
fn a_wish_is_granted_once() {
    let mut rng = rng(2);
    let (mut ana, mut ben) = sessions(&mut rng);
    assert!(!ben.has_chunk());
    assert_eq!(ben.begin_epoch(&mut rng), Begin::Asked);
    assert_eq!(ben.begin_epoch(&mut rng), Begin::Asked);
    assert!(ben.has_chunk());
    assert_eq!(chunk(&mut ben, 4), []);
    let wish = chunk(&mut ben, 5);
    assert_eq!(wish, [0, 0, 0, 1, 0]);
    assert_eq!(take(&mut ana, &wish, &mut rng), Ok(Taken::Begun));
    assert!(ana.has_chunk());
    let offered = ana.to_bytes();
    assert_eq!(take(&mut ana, &wish, &mut rng), Ok(Taken::Known));
    assert!(*ana.to_bytes() == *offered, "the same key");
    heal(&mut ana, &mut ben, &mut rng);
    assert_eq!(take(&mut ana, &wish, &mut rng), Ok(Taken::Known), "a late one begins nothing");
    assert!(!ana.has_chunk());
}

#[test]
fn chunks_fit_the_room_there_is() {
    let mut rng = rng(3);
    let (mut ana, _) = sessions(&mut rng);
    assert_eq!(chunk(&mut ana, MAX_CHUNK), [], "nothing has begun");
    ana.begin_epoch(&mut rng);
    for room in 0..MIN_CHUNK {
        assert_eq!(chunk(&mut ana, room), []);
    }
    for (room, units) in [(MIN_CHUNK, 1), (68, 1), (69, 2), (400, 12), (MAX_CHUNK - 1, 36)] {
        let mut ana = copy(&ana);
        assert_eq!(chunk(&mut ana, room).len(), 5 + 32 * units);
    }
    for room in [MAX_CHUNK, usize::MAX] {
        assert_eq!(chunk(&mut copy(&ana), room).len(), MAX_CHUNK);
    }
    // Round and round, and across restarts.
    let whole = chunk(&mut copy(&ana), MAX_CHUNK);
    for first in [0, 12, 24, 36, 11, 23, 35, 10] {
        ana = copy(&ana);
        let chunk = chunk(&mut ana, 400);
        assert_eq!((chunk[4], chunk.len()), (first, 5 + 32 * 12));
        for (number, unit) in (usize::from(first)..).zip(chunk[5..].as_chunks::<32>().0) {
            assert_eq!(*unit, whole[5 + number % 37 * 32..][..32]);
        }
    }
}

/// How many rounds of a chunk each way an epoch takes when some of them get lost.
fn rounds(mut is_lost: impl FnMut(usize) -> bool) -> usize {
    let mut rng = rng(4);
    let (mut ana, mut ben) = sessions(&mut rng);
    ana.begin_epoch(&mut rng);
    for round in 1.. {
        let to_ben = chunk(&mut ana, 400);
        let to_ana = chunk(&mut ben, 400);
        pass(&mut ana, &mut ben, b"", &mut rng);
        pass(&mut ben, &mut ana, b"", &mut rng);
        if !is_lost(round) {
            assert!(to_ben.is_empty() || take(&mut ben, &to_ben, &mut rng).is_ok());
            assert!(to_ana.is_empty() || take(&mut ana, &to_ana, &mut rng).is_ok());
        }
        if ana.epoch() == 1 {
            return round;
        }
    }
    0
}

#[test]
fn a_lost_chunk_comes_again() {
    assert_eq!(rounds(|_| false), 8, "four for the key, three for the ciphertext, one to mix");
    let mut random = rng(40);
    assert!(rounds(|_| random.next_u32().is_multiple_of(3)) < 30);
    // In the rhythm of the ciphertext's three chunks, too.
    assert!(rounds(|round| round % 3 == 0) < 100);
}

#[test]
fn a_restart_sends_the_same_again() {
    let mut rng = rng(5);
    let (mut ana, mut ben) = sessions(&mut rng);
    ana.begin_epoch(&mut rng);
    let key = chunk(&mut copy(&ana), MAX_CHUNK);
    assert_eq!(chunk(&mut copy(&ana), MAX_CHUNK), key);
    assert_eq!(take(&mut ben, &key, &mut rng), Ok(Taken::Answered));
    let ciphertext = chunk(&mut copy(&ben), MAX_CHUNK);
    // The key comes again, and the ciphertext stays what it was.
    let mut ben = copy(&ben);
    assert_eq!(take(&mut ben, &key, &mut rng), Ok(Taken::Known));
    assert_eq!(chunk(&mut ben, MAX_CHUNK), ciphertext);
    assert_eq!(take(&mut ana, &ciphertext, &mut rng), Ok(Taken::Opened));
    assert!(!ana.has_chunk(), "the key has arrived");
}

#[test]
fn an_epoch_is_mixed_in_by_the_answerer_when_it_has_read_of_it() {
    let mut rng = rng(6);
    let (mut ana, mut ben) = sessions(&mut rng);
    ana.begin_epoch(&mut rng);
    pass_chunk(&mut ana, &mut ben, MAX_CHUNK, &mut rng);
    let early = seal(&mut ben, b"before", &mut rng);
    assert_eq!(pass_chunk(&mut ben, &mut ana, MAX_CHUNK, &mut rng), Some(Taken::Opened));
    assert_eq!((ana.epoch(), ben.epoch()), (0, 0));
    let mut packet = seal(&mut ana, b"epoch 1", &mut rng);
    assert_eq!((ana.epoch(), ana.shared_epoch()), (1, 0));
    // Not before it is authentic as a whole.
    let last = packet.len() - 1;
    packet[last] ^= 1;
    assert!(open(&mut ben, &packet).is_err());
    assert_eq!(ben.epoch(), 0);
    packet[last] ^= 1;
    assert!(open(&mut ben, &packet).is_ok());
    assert_eq!((ben.epoch(), ben.shared_epoch()), (1, 1));
    // A packet from before the epoch is still read.
    assert_eq!(open(&mut ana, &early).unwrap(), b"before");
    assert_eq!(ana.shared_epoch(), 0);
    pass(&mut ben, &mut ana, b"after", &mut rng);
    assert_eq!(ana.shared_epoch(), 1);
}

#[test]
fn the_shared_epoch_has_keys_that_are_the_same_at_both_ends() {
    let mut rng = rng(7);
    let (mut ana, mut ben) = sessions(&mut rng);
    let mut keys = std::collections::BTreeSet::new();
    while ana.epoch() < 5 {
        ana.begin_epoch(&mut rng);
        ben.begin_epoch(&mut rng);
        pass_chunk(&mut ana, &mut ben, 500, &mut rng);
        for (one, other) in [(&ana, &ben), (&ben, &ana)] {
            let epoch = one.shared_epoch();
            let link = one.link_key(epoch).unwrap();
            assert!(Some(link) == other.link_key(epoch));
            assert!(one.authenticator(epoch).unwrap() == other.authenticator(epoch).unwrap());
            keys.insert(*link.as_bytes());
            assert!(one.link_key(one.epoch() + 1).is_none());
            assert!(one.epoch() < 2 || one.link_key(one.epoch() - 2).is_none());
            assert!(one.epoch() < 1 || one.link_key(one.epoch() - 1).is_some());
        }
        std::mem::swap(&mut ana, &mut ben);
    }
    assert_eq!(keys.len(), 6, "another one in each epoch");
}

#[test]
fn what_no_honest_end_sends_closes_the_link() {
    let mut rng = rng(8);
    let (mut ana, mut ben) = sessions(&mut rng);
    let chunk_of = |epoch: u32, first: u8, bytes: &[u8]| {
        [epoch.to_be_bytes().as_slice(), &[first], bytes].concat()
    };
    for short in [&[][..], &[0, 0, 0, 1], &[0, 0, 0, 1, 0, 9], &chunk_of(1, 0, &[1; 31])] {
        assert_eq!(take(&mut ben, short, &mut rng), Err(ChunkError::Malformed(short.len())));
    }
    // Units that a key doesn't have, and nothing at all.
    for wrong in [chunk_of(1, 37, &[1; 32]), chunk_of(1, 5, &[1; 38 * 32]), chunk_of(1, 1, &[])] {
        assert_eq!(take(&mut ben, &wrong, &mut rng), Err(ChunkError::Malformed(wrong.len())));
    }
    // A wish that the other end has no use for.
    assert_eq!(take(&mut ben, &chunk_of(1, 0, &[]), &mut rng), Err(ChunkError::Malformed(5)));
    for epoch in [2, 3, u32::MAX] {
        let later = chunk_of(epoch, 0, &[1; 32]);
        assert_eq!(take(&mut ben, &later, &mut rng), Err(ChunkError::Epoch(epoch)));
    }
    let unasked = chunk_of(1, 0, &[1; 32]);
    assert_eq!(take(&mut ana, &unasked, &mut rng), Err(ChunkError::NotOffered(1)));

    // Other bytes for the same unit, in every situation that keeps them.
    ana.begin_epoch(&mut rng);
    let contradiction = Err(ChunkError::Contradiction(1));
    let key = chunk(&mut copy(&ana), MAX_CHUNK);
    let mut other_key = key.clone();
    other_key[5 + 32 * 3] ^= 1;
    assert_eq!(take(&mut ben, &key[..5 + 32 * 5], &mut rng), Ok(Taken::New));
    assert_eq!(take(&mut ben, &key[..5 + 32 * 2], &mut rng), Ok(Taken::Known));
    assert_eq!(take(&mut ben, &other_key, &mut rng), contradiction, "gathering");
    assert_eq!(take(&mut ben, &key, &mut rng), Ok(Taken::Answered));
    assert_eq!(take(&mut ben, &other_key, &mut rng), contradiction, "answered");
    let ciphertext = chunk(&mut ben, MAX_CHUNK);
    let mut other = ciphertext.clone();
    other[5] ^= 1;
    assert_eq!(take(&mut ana, &ciphertext[..5 + 32 * 5], &mut rng), Ok(Taken::New));
    assert_eq!(take(&mut ana, &other, &mut rng), contradiction, "offered");
    let beyond = chunk_of(1, 34, &[1; 32]);
    assert_eq!(take(&mut ana, &beyond, &mut rng), Err(ChunkError::Malformed(37)));
    assert_eq!(take(&mut ana, &ciphertext, &mut rng), Ok(Taken::Opened));
    assert_eq!(take(&mut ana, &other, &mut rng), contradiction, "opened");
}

#[test]
fn a_key_that_is_none_is_refused_when_it_is_whole() {
    let mut rng = rng(9);
    let (mut ana, mut ben) = sessions(&mut rng);
    ana.begin_epoch(&mut rng);
    let mut key = chunk(&mut ana, MAX_CHUNK);
    // A coefficient of 4,095.
    key[5..8].fill(0xff);
    assert_eq!(take(&mut ben, &key[..5 + 36 * 32], &mut rng), Ok(Taken::New));
    assert_eq!(take(&mut ben, &key, &mut rng), Err(ChunkError::InvalidKey(1)));
}

#[test]
fn an_epoch_is_due_after_packets_or_time_with_jitter() {
    let mut after_packets = std::collections::BTreeSet::new();
    let mut after_pause = std::collections::BTreeSet::new();
    for seed in 0..20 {
        let mut rng = rng(seed);
        let (mut ana, mut ben) = sessions(&mut rng);
        let fresh = copy(&ana);
        let mut packets = 0;
        while !ana.epoch_due(Pace::Unpaced) {
            pass(&mut ana, &mut ben, b"", &mut rng);
            pass(&mut ben, &mut ana, b"", &mut rng);
            packets += 2;
        }
        assert!((EPOCH_MESSAGES - 10..=EPOCH_MESSAGES).contains(&packets), "{packets}");
        after_packets.insert(packets);
        assert!(ana.epoch_due(Pace::Paced) && !ben.epoch_due(Pace::Unpaced), "it isn't his turn");

        let due_after = |pace, step: u32| {
            let mut ana = copy(&fresh);
            let mut seconds = 0;
            while !ana.epoch_due(pace) {
                ana.add_link_time(step);
                seconds += step;
            }
            seconds
        };
        let pause = due_after(Pace::Paced, 1);
        assert!((EPOCH_PAUSE..=2 * EPOCH_PAUSE).contains(&pause), "{pause}");
        after_pause.insert(pause);
        let day = due_after(Pace::Unpaced, 60);
        assert!((EPOCH_LINK_TIME * 3 / 4..=EPOCH_LINK_TIME + 60).contains(&day), "{day}");
        // Not while one is under way, and not again at once.
        ana.begin_epoch(&mut rng);
        assert!(!ana.epoch_due(Pace::Paced));
        heal(&mut ana, &mut ben, &mut rng);
        assert!(!ana.epoch_due(Pace::Paced) && !ben.epoch_due(Pace::Paced));
    }
    assert!(after_packets.len() > 2 && after_pause.len() > 10);
}

#[test]
fn a_week_of_link_time_is_amber() {
    let mut rng = rng(10);
    let (mut ana, mut ben) = sessions(&mut rng);
    assert_eq!(AMBER_LINK_TIME, 604_800);
    ana.add_link_time(AMBER_LINK_TIME - 1);
    assert_eq!(ana.healing(), Healing::Fresh);
    ana.add_link_time(1);
    assert_eq!(copy(&ana).healing(), Healing::Late);
    // Time alone stops nothing.
    ana.add_link_time(u32::MAX);
    assert_eq!(ana.healing(), Healing::Late);
    heal(&mut ana, &mut ben, &mut rng);
    assert_eq!(ana.healing(), Healing::Fresh);
}

#[test]
fn chunks_of_an_epoch_that_is_over_are_let_pass() {
    let mut rng = rng(11);
    let (mut ana, mut ben) = sessions(&mut rng);
    ana.begin_epoch(&mut rng);
    let key = chunk(&mut copy(&ana), MAX_CHUNK);
    let packet = seal_chunk(&mut ana, MAX_CHUNK, &mut rng);
    pass_chunk(&mut ana, &mut ben, MAX_CHUNK, &mut rng);
    heal(&mut ana, &mut ben, &mut rng);
    let late = open(&mut ben, &packet).unwrap();
    assert_eq!(late, key);
    assert_eq!(take(&mut ben, &late, &mut rng), Ok(Taken::Known));
}
