//! Live sessions of version 4 with otrr 0.7.4.

use otrr::{ProtocolStatus, UserMessage};
use undertone_interop_otrr::{NOW, OURS, Pair, Set};
use undertone_otr::{Event, Status, Version};

/// Whether both have a session, with the same id.
fn assert_private(pair: &mut Pair) {
    let secure = pair.events.iter().find_map(|event| match event {
        Event::Secure { version: Version::V4, session, .. } => Some(*session),
        _ => None,
    });
    let session = secure.unwrap_or_else(|| panic!("{:?}", pair.events));
    let (_, tag) = pair.tags();
    let theirs = pair.theirs.session(OURS.as_bytes());
    assert_eq!(theirs.status(tag), Some(ProtocolStatus::Encrypted));
    assert_eq!(theirs.ssid(tag).unwrap(), *session.bytes());
}

#[test]
fn either_side_begins_and_both_talk_through_many_turns() {
    for we_begin in [true, false] {
        let mut pair = Pair::private(&Set::default(), we_begin);
        assert_private(&mut pair);
        for turn in 0..10 {
            pair.we_say(&format!("ours {turn}"));
            pair.we_say(&format!("ours again {turn}"));
            pair.they_say(&format!("theirs {turn}"));
            if turn % 3 == 0 {
                pair.they_say(&format!("theirs again {turn}"));
            }
        }
        assert_eq!((pair.they_heard().len(), pair.we_heard().len()), (20, 14));
        assert_eq!(pair.they_heard().last().unwrap(), "ours again 9");
        assert_eq!(pair.we_heard().last(), Some(&"theirs again 9"));
        assert!(pair.wire.iter().all(|line| !line.contains("ours ")));
    }
}

#[test]
fn who_speaks_first_does_not_matter() {
    for we_begin in [true, false] {
        for we_speak in [true, false] {
            let mut pair = Pair::private(&Set::default(), we_begin);
            for turn in 0..8 {
                if we_speak == (turn % 2 == 0) {
                    pair.we_say("ours");
                } else {
                    pair.they_say("theirs");
                }
            }
            assert_eq!((pair.they_heard().len(), pair.we_heard().len()), (4, 4));
        }
    }
}

#[test]
fn messages_go_in_pieces() {
    for we_begin in [true, false] {
        let set = Set { longest: Some(200), ..Set::default() };
        let mut pair = Pair::private(&set, we_begin);
        assert_private(&mut pair);
        let long = "A long way to say it. ".repeat(30);
        pair.we_say(&long);
        pair.they_say(&long);
        assert_eq!(pair.they_heard(), [long.clone()]);
        assert_eq!(pair.we_heard(), [long]);
        assert!(pair.wire.iter().all(|line| line.len() <= 200));
    }
}

#[test]
fn older_keys_vouch_for_identities() {
    let set = Set { older: true, ..Set::default() };
    let mut pair = Pair::private(&set, true);
    assert_private(&mut pair);
    let vouched = |event: &Event| matches!(event, Event::Vouched { .. });
    assert!(pair.events.iter().any(vouched));
    pair.we_say("hello");
    pair.they_say("hello");
    assert_eq!((pair.they_heard().len(), pair.we_heard().len()), (1, 1));
}

#[test]
fn secrets_are_compared() {
    for (secret, matched) in [("bridge", true), ("tunnel", false)] {
        let set = Set { secret, ..Set::default() };
        let mut pair = Pair::private(&set, true);
        let asked = pair.ours.ask(Some("Where?"), "bridge", NOW, &mut pair.rng).unwrap();
        pair.give(asked);
        let (theirs, tag) = pair.tags();
        let checked = Event::Checked { instance: Some(theirs), matched };
        assert!(pair.events.contains(&checked), "{:?}", pair.events);
        // They ask.
        pair.events.clear();
        pair.messages.clear();
        let session = pair.theirs.session(OURS.as_bytes());
        session.start_smp(tag, secret.as_bytes(), b"Where again?").unwrap();
        pair.give(undertone_otr::Output::default());
        let asked =
            Event::Asked { instance: Some(theirs), question: Some("Where again?".to_owned()) };
        assert!(pair.events.contains(&asked), "{:?}", pair.events);
        let answer = pair.ours.answer(Some(theirs), "bridge", NOW, &mut pair.rng).unwrap();
        pair.give(answer);
        assert!(pair.events.contains(&checked), "{:?}", pair.events);
        let succeeded = |message: &UserMessage| matches!(message, UserMessage::SMPSucceeded(_));
        assert_eq!(pair.messages.iter().any(succeeded), matched, "{:?}", pair.messages);
    }
}

#[test]
fn either_side_ends_it() {
    let mut pair = Pair::private(&Set::default(), true);
    pair.we_say("bye");
    let ended = pair.ours.end();
    pair.give(ended);
    let tags = pair.theirs.session(OURS.as_bytes()).instances();
    let tag = tags.into_iter().find(|tag| *tag != 0).unwrap();
    let status = pair.theirs.session(OURS.as_bytes()).status(tag);
    assert_eq!(status, Some(ProtocolStatus::Finished));

    let mut pair = Pair::private(&Set::default(), false);
    pair.they_say("bye");
    let (_, tag) = pair.tags();
    pair.theirs.session(OURS.as_bytes()).end(tag).unwrap();
    pair.give(undertone_otr::Output::default());
    assert_eq!(pair.ours.status(), Status::Finished);
}
