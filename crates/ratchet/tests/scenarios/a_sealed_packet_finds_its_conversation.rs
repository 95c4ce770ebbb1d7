//! Whatever a carrier does to packets, those that arrive are found and opened once, over turns, losses and restarts.

use proptest::prelude::*;
use undertone_ratchet::sealed::{
    MAX_SEALED_PLAINTEXT, OpenError, SIZES, SealError, SealedSession, TagTable, WINDOW,
};
use undertone_ratchet::session::{EncryptError, MAX_CHAIN, MAX_SKIPPED_AGE};

use crate::ends::rng;
use crate::sealed_ends::{CONVERSATION, ends, pass};

#[test]
fn either_end_may_be_first_and_turns_follow() {
    for first in [0, 1] {
        let mut rng = rng(1);
        let [mut ana, mut ben] = ends(&mut rng);
        for turn in 0..8 {
            let (from, to) =
                if turn % 2 == first { (&mut ana, &mut ben) } else { (&mut ben, &mut ana) };
            for _ in 0..3 {
                pass(from, to, b"text", &mut rng);
            }
        }
    }
}

#[test]
fn both_send_before_either_has_read() {
    let mut rng = rng(2);
    let [mut ana, mut ben] = ends(&mut rng);
    for _ in 0..5 {
        let (one, two) = (ana.seal(b"from Ana", &mut rng), ben.seal(b"from Ben", &mut rng));
        assert_eq!(ana.take(&two).unwrap(), b"from Ben");
        assert_eq!(ben.take(&one).unwrap(), b"from Ana");
    }
}

#[test]
fn packets_arrive_in_any_order_and_some_of_the_chain_before() {
    let mut rng = rng(3);
    let [mut ana, mut ben] = ends(&mut rng);
    pass(&mut ben, &mut ana, b"hello", &mut rng);
    let early: Vec<_> = (0..20_u8).map(|n| ana.seal(&[n], &mut rng)).collect();
    for n in [3, 1, 19, 7] {
        assert_eq!(ben.take(&early[n]).unwrap(), [n as u8]);
    }
    // A turn each, and then the rest of the chain that is over.
    pass(&mut ben, &mut ana, b"turn", &mut rng);
    pass(&mut ana, &mut ben, b"turn", &mut rng);
    for n in [18, 0, 2, 11] {
        assert_eq!(ben.take(&early[n]).unwrap(), [n as u8]);
    }
    // Two chains ago is too long.
    pass(&mut ben, &mut ana, b"turn", &mut rng);
    pass(&mut ana, &mut ben, b"turn", &mut rng);
    assert!(ben.take(&early[5]).is_none());
}

#[test]
fn what_is_lost_in_a_row_may_be_a_window_less_one() {
    let mut rng = rng(4);
    let [mut ana, mut ben] = ends(&mut rng);
    let mut lose = |count: u32, rng: &mut _| {
        for _ in 0..count {
            ana.seal(b"lost", rng);
        }
        ana.seal(b"found?", rng)
    };
    assert!(ben.take(&lose(WINDOW - 1, &mut rng)).is_some());
    assert!(ben.take(&lose(WINDOW, &mut rng)).is_none());
    // The next turn is looked for all the time, so the conversation goes on with it.
    pass(&mut ben, &mut ana, b"turn", &mut rng);
    pass(&mut ana, &mut ben, b"found", &mut rng);
}

#[test]
fn a_new_chain_is_found_by_any_of_its_first_packets() {
    let mut rng = rng(5);
    let [mut ana, mut ben] = ends(&mut rng);
    pass(&mut ana, &mut ben, b"there", &mut rng);
    pass(&mut ben, &mut ana, b"and back", &mut rng);
    let packets: Vec<_> = (0..5_u8).map(|n| ana.seal(&[n], &mut rng)).collect();
    for n in [4, 0, 3, 1, 2] {
        assert_eq!(ben.take(&packets[n]).unwrap(), [n as u8]);
    }
}

#[test]
fn links_and_carriers_share_a_session() {
    let mut rng = rng(6);
    let [mut ana, mut ben] = ends(&mut rng);
    for turn in 0..12 {
        let (from, to) = if turn % 2 == 0 { (&mut ana, &mut ben) } else { (&mut ben, &mut ana) };
        if turn % 3 == 0 {
            pass(from, to, b"sealed", &mut rng);
        }
        let (mut packet, mut text) = (Vec::new(), Vec::new());
        from.session.encrypt(b"by a link", &mut packet, &mut rng).unwrap();
        assert!(to.find(&packet).is_none());
        to.session.decrypt(&packet, 0, &mut to.table, &mut text).unwrap();
        assert_eq!(text, b"by a link");
        if turn % 3 == 1 {
            pass(from, to, b"sealed", &mut rng);
        }
    }
}

#[test]
fn a_whole_chain_goes_by_and_then_an_answer_is_wanted() {
    let mut rng = rng(7);
    let [mut ana, mut ben] = ends(&mut rng);
    for _ in 0..MAX_CHAIN {
        pass(&mut ana, &mut ben, b"", &mut rng);
    }
    let mut packet = b"kept".to_vec();
    let refused = ana.session.seal(b"", &mut packet, &mut rng);
    assert_eq!(refused, Err(SealError::Session(EncryptError::ChainFull)));
    assert_eq!(packet, b"kept");
    pass(&mut ben, &mut ana, b"", &mut rng);
    pass(&mut ana, &mut ben, b"", &mut rng);
}

#[test]
fn the_longest_text_fits_and_a_longer_one_changes_nothing() {
    let mut rng = rng(8);
    let [mut ana, mut ben] = ends(&mut rng);
    const { assert!(MAX_SEALED_PLAINTEXT > (1 << 16) + 512) };
    let longest = vec![7; MAX_SEALED_PLAINTEXT];
    assert_eq!(ana.seal(&longest, &mut rng).len(), SIZES[2]);
    pass(&mut ana, &mut ben, &longest, &mut rng);
    let before = ana.session.to_bytes();
    let longer = vec![7; MAX_SEALED_PLAINTEXT + 1];
    assert_eq!(ana.session.seal(&longer, &mut Vec::new(), &mut rng), Err(SealError::TooLong));
    assert!(*ana.session.to_bytes() == *before);
}

#[test]
fn one_table_holds_many_conversations() {
    let mut rng = rng(9);
    let mut table = TagTable::new();
    let mut pairs: Vec<_> = (0..12_u64)
        .map(|n| {
            let [ana, ben] = ends(&mut rng);
            let ben = SealedSession::from_bytes(&ben.session.to_bytes(), (n, &mut table)).unwrap();
            (ana, ben)
        })
        .collect();
    for round in 0..3 {
        for n in [5, 0, 11, 3, 8] {
            let packet = pairs[n].0.seal(&[round], &mut rng);
            let found = table.find(&packet).unwrap();
            assert_eq!(found.conversation, n as u64);
            // Another conversation than the one that was found opens nothing.
            let other = &mut pairs[(n + 1) % 12].1;
            let refused = other.open(found, &packet, 0, &mut table, &mut Vec::new());
            assert_eq!(refused, Err(OpenError::Tag));
            let mut text = Vec::new();
            pairs[n].1.open(found, &packet, 0, &mut table, &mut text).unwrap();
            assert_eq!(text, [round]);
        }
    }
    for (_, ben) in &pairs {
        ben.leave(&mut table);
    }
    assert!(table.is_empty());
}

#[test]
fn keys_of_what_never_came_go_after_a_day() {
    let mut rng = rng(12);
    let [mut ana, mut ben] = ends(&mut rng);
    ana.seal(b"lost", &mut rng);
    pass(&mut ana, &mut ben, b"came", &mut rng);
    let length = ben.session.to_bytes().len();
    ben.session.expire(MAX_SKIPPED_AGE);
    assert_eq!(ben.session.to_bytes().len(), length);
    ben.session.expire(MAX_SKIPPED_AGE + 1);
    assert!(ben.session.to_bytes().len() < length);
}

#[test]
fn debug_shows_counters_and_no_keys() {
    let mut rng = rng(10);
    let [mut ana, mut ben] = ends(&mut rng);
    pass(&mut ana, &mut ben, b"", &mut rng);
    let shown = format!("{:?} {:?}", ana.session, ben.session);
    let session = format!("{:?} {:?}", ana.session.session(), ben.session.session());
    let [ana, ben] = session.split_at(session.find(" Session").unwrap()).into();
    assert_eq!(
        shown,
        format!(
            "SealedSession {{ session: {ana}, sealed: 1, opened: 0, .. }} \
             SealedSession {{ session: {}, sealed: 0, opened: 1, .. }}",
            ben.trim_start()
        )
    );
}

/// What happens next.
#[derive(Debug, Clone, Copy)]
enum Event {
    Send(bool),
    Deliver(bool, usize),
    Lose(bool, usize),
    Restart(bool),
    Again(bool, usize),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        4 => any::<bool>().prop_map(Event::Send),
        4 => (any::<bool>(), 0..8_usize).prop_map(|(who, n)| Event::Deliver(who, n)),
        1 => (any::<bool>(), 0..8_usize).prop_map(|(who, n)| Event::Lose(who, n)),
        1 => any::<bool>().prop_map(Event::Restart),
        1 => (any::<bool>(), 0..8_usize).prop_map(|(who, n)| Event::Again(who, n)),
    ];
    proptest::collection::vec(event, 1..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// A packet is opened at most once, as what it was; and always if it is of the present chain and few are missing.
    #[test]
    fn whatever_the_carrier_does(events in events(), seed: u8) {
        let mut rng = rng(seed);
        let mut ends = ends(&mut rng);
        let (mut under_way, mut done) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
        for event in events {
            match event {
                Event::Send(who) => {
                    let who = usize::from(who);
                    let text = rng.next_u64().to_be_bytes();
                    let mut packet = Vec::new();
                    if ends[who].session.seal(&text, &mut packet, &mut rng).is_ok() {
                        prop_assert!(ends[who].find(&packet).is_none(), "reflected");
                        under_way[who].push((packet, text));
                    }
                }
                Event::Deliver(who, n) if n < under_way[usize::from(who)].len() => {
                    let (from, to) = (usize::from(who), usize::from(!who));
                    let (packet, text) = under_way[from].remove(n);
                    if let Some(opened) = ends[to].take(&packet) {
                        prop_assert_eq!(opened, text);
                    }
                    done[from].push(packet);
                }
                Event::Lose(who, n) if n < under_way[usize::from(who)].len() => {
                    drop(under_way[usize::from(who)].remove(n));
                }
                Event::Restart(who) => {
                    let end = &mut ends[usize::from(who)];
                    let state = end.session.to_bytes();
                    end.table = TagTable::new();
                    end.session =
                        SealedSession::from_bytes(&state, (CONVERSATION, &mut end.table)).unwrap();
                }
                Event::Again(who, n) if n < done[usize::from(who)].len() => {
                    let packet = &done[usize::from(who)][n];
                    prop_assert!(ends.iter().all(|end| end.find(packet).is_none()), "replayed");
                }
                Event::Deliver(..) | Event::Lose(..) | Event::Again(..) => {}
            }
        }
        // A turn each way, and both are together again.
        let [ana, ben] = &mut ends;
        for _ in 0..2 {
            let mut packet = Vec::new();
            if ana.session.seal(b"end", &mut packet, &mut rng).is_ok() {
                ben.take(&packet);
            }
            let mut packet = Vec::new();
            if ben.session.seal(b"end", &mut packet, &mut rng).is_ok() {
                ana.take(&packet);
            }
        }
        pass(ana, ben, b"together", &mut rng);
        pass(ben, ana, b"together", &mut rng);
    }
}
