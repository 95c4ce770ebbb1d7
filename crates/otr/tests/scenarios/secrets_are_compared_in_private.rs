//! Checks, the extra key and heartbeats between two sessions; what ends them.

use std::time::Duration;

use undertone_otr::{CheckError, Event, HEARTBEAT_AFTER, Policy, PrivateError, Version};

use crate::common::{NOW, Pair, session, texts};

fn ask(pair: &mut Pair, question: Option<&str>) {
    let output = pair.ana.ask(question, "swan", NOW, &mut pair.rng).unwrap();
    pair.ana_gives(output);
}

fn answer(pair: &mut Pair, secret: &str) {
    let asked = pair.of_ben.iter().rev().find_map(|event| match event {
        Event::Asked { instance, .. } => Some(*instance),
        _ => None,
    });
    let output = pair.ben.answer(asked.unwrap(), secret, NOW, &mut pair.rng).unwrap();
    pair.ben_gives(output);
}

fn outcomes(pair: &Pair) -> [Option<bool>; 2] {
    [&pair.of_ana, &pair.of_ben].map(|events| {
        events.iter().find_map(|event| match event {
            Event::Checked { matched, .. } => Some(*matched),
            _ => None,
        })
    })
}

#[test]
fn both_learn_whether_they_know_the_same_and_nothing_is_left() {
    for version in [Version::V2, Version::V3] {
        let mut pair = Pair::private(Policy::MANUAL.only(version));
        for (question, secret) in [(None, "swan"), (Some("Which bird?"), "goose"), (None, "swan")] {
            pair.of_ana.clear();
            pair.of_ben.clear();
            ask(&mut pair, question);
            let Some(Event::Asked { question: asked, .. }) = pair.of_ben.last() else {
                panic!("{:?}", pair.of_ben)
            };
            assert_eq!(asked.as_deref(), question);
            assert!(pair.ana.ask(None, "swan", NOW, &mut pair.rng).is_err(), "one at a time");
            answer(&mut pair, secret);
            assert_eq!(outcomes(&pair), [Some(secret == "swan"); 2]);
        }
        assert_eq!((texts(&pair.of_ana).len(), texts(&pair.of_ben).len()), (0, 0));
    }
}

#[test]
fn checks_that_cross_end_both() {
    let mut pair = Pair::private(Policy::MANUAL);
    let ours = pair.ana.ask(None, "swan", NOW, &mut pair.rng).unwrap();
    let theirs = pair.ben.ask(None, "swan", NOW, &mut pair.rng).unwrap();
    pair.carry(ours.lines, theirs.lines);
    assert_eq!(outcomes(&pair), [None, None]);
    let over =
        |event: &Event| matches!(event, Event::CheckFailed { .. } | Event::CheckCancelled { .. });
    assert!(pair.of_ana.iter().any(over) && pair.of_ben.iter().any(over));
    ask(&mut pair, None);
    answer(&mut pair, "swan");
    assert_eq!(outcomes(&pair), [Some(true); 2]);
}

#[test]
fn a_check_ends_with_its_session() {
    let mut pair = Pair::private(Policy::MANUAL);
    ask(&mut pair, None);
    let again = pair.ana.start(NOW).unwrap();
    pair.ana_gives(again);
    let cancelled = |event: &Event| matches!(event, Event::CheckCancelled { .. });
    assert!(pair.of_ana.iter().any(cancelled) && pair.of_ben.iter().any(cancelled));
    let instance = pair.ben.instances().next().unwrap().instance;
    assert!(pair.ben.answer(instance, "swan", NOW, &mut pair.rng).is_err());
    let end = pair.ben.end();
    pair.ben_gives(end);
    let refused = pair.ana.ask(None, "swan", NOW, &mut pair.rng).err();
    assert_eq!(refused, Some(CheckError::NotPrivate));
    assert_eq!(pair.ana.cancel(instance, NOW).err(), Some(CheckError::NotPrivate));
}

#[test]
fn the_extra_key_is_shared_and_changes() {
    let mut pair = Pair::private(Policy::MANUAL);
    let mut keys = Vec::new();
    for _ in 0..2 {
        let (key, output) = pair.ana.extra_key(7, b"file", NOW).unwrap();
        pair.ana_gives(output);
        let Some(Event::ExtraKey { usage: 7, data, key: theirs, .. }) = pair.of_ben.last() else {
            panic!("{:?}", pair.of_ben)
        };
        assert_eq!((data.as_slice(), theirs), (&b"file"[..], &key));
        assert_eq!(format!("{key:?}"), "ExtraKey(..)");
        keys.push(key.bytes().to_vec());
        pair.ben_says("x");
    }
    assert_ne!(keys[0], keys[1]);
    let long = vec![0; 65_532];
    assert_eq!(pair.ana.extra_key(7, &long, NOW).err(), Some(PrivateError::TooLong));
    let mut alone = session(0x3000, Policy::MANUAL);
    assert_eq!(alone.extra_key(7, b"", NOW).err(), Some(PrivateError::NotPrivate));
}

#[test]
fn silence_is_answered_by_a_heartbeat_once() {
    let mut pair = Pair::private(Policy::MANUAL);
    pair.ana_says("x");
    assert_eq!(pair.ben.deadline(), Some(HEARTBEAT_AFTER));
    let early = HEARTBEAT_AFTER - Duration::from_millis(1);
    assert!(pair.ben.tick(early).lines.is_empty());
    pair.now = HEARTBEAT_AFTER;
    let beat = pair.ben.tick(pair.now);
    assert_eq!(beat.lines.len(), 1);
    pair.ben_gives(beat);
    assert!(matches!(pair.of_ana[..], [Event::Heartbeat { .. }]));
    // A heartbeat is answered by none, or they would never end.
    assert!(pair.ana.tick(pair.now * 9).lines.is_empty());
    assert!(pair.ben.tick(pair.now * 9).lines.is_empty());
}

/// Each bit of a data message: every change is refused, and the message itself is read afterwards.
#[test]
fn no_flipped_bit_of_a_data_message_passes() {
    let mut pair = Pair::private(Policy::MANUAL);
    let said = pair.ana.send("hi", NOW).unwrap().lines.remove(0);
    let base64 = said.strip_prefix("?OTR:").unwrap().strip_suffix('.').unwrap();
    let message = data_encoding::BASE64.decode(base64.as_bytes()).unwrap();
    // The last four bytes are the length of revealed keys, which nobody checks but for their end.
    for bit in 0..(message.len() - 4) * 8 {
        let mut changed = message.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let line = format!("?OTR:{}.", data_encoding::BASE64.encode(&changed));
        let output = pair.ben.receive(&line, NOW, &mut pair.rng);
        assert!(matches!(output.events[..], [Event::Refused(_)]), "{bit}: {:?}", output.events);
    }
    pair.carry(vec![said], Vec::new());
    assert_eq!(texts(&pair.of_ben), ["hi"]);
}

#[test]
fn debug_shows_no_key_and_no_text() {
    let mut pair = Pair::private(Policy::REQUIRE);
    pair.ana_says("swan");
    let mut waits = session(0x3000, Policy::REQUIRE);
    let _query = waits.send("swan", NOW).unwrap();
    insta::assert_snapshot!(
        format!("{:?}\n{waits:?}", pair.ana),
        @r"
    Session { instances: 1, status: Private, chosen: None, offer: Open, waiting: 0, .. }
    Session { instances: 0, status: Plain, chosen: None, offer: Open, waiting: 1, .. }
    "
    );
}
