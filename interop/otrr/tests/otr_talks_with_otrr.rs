//! Live sessions of version 4 with otrr 0.7.4.

use otrr::{ProtocolStatus, UserMessage};
use undertone_interop_otrr::{NOW, OURS, Pair, Set};
use undertone_otr::{Event, Output, SESSION_LIFETIME, Status, Version};

/// Whether both have a session of version 4, with the same id.
fn assert_private(pair: &mut Pair) {
    assert_private_in(pair, Version::V4);
}

fn assert_private_in(pair: &mut Pair, wanted: Version) {
    let secure = pair.events.iter().find_map(|event| match event {
        Event::Secure { version, session, .. } if *version == wanted => Some(*session),
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
    for (we_begin, longest) in [(true, 100), (false, 100), (true, 400), (false, 400)] {
        let set = Set { longest: Some(longest), ..Set::default() };
        let mut pair = Pair::private(&set, we_begin);
        assert_private(&mut pair);
        let long = "A long way to say it. ".repeat(30);
        pair.we_say(&long);
        pair.they_say(&long);
        assert_eq!(pair.they_heard(), [long.clone()]);
        assert_eq!(pair.we_heard(), [long]);
        assert!(pair.wire.iter().all(|line| line.len() <= longest));
    }
}

#[test]
fn older_keys_vouch_for_identities() {
    let set = Set { versions: &[Version::V3, Version::V4], ..Set::default() };
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
        pair.give(Output::default());
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
    pair.give(Output::default());
    assert_eq!(pair.ours.status(), Status::Finished);
}

#[test]
fn texts_of_all_widths_arrive() {
    let mut pair = Pair::private(&Set::default(), true);
    let texts = ["a", "żółć", "水と橋", "🦢🌉", "?OTR: no message", "two\nlines", " \t "];
    for text in texts {
        pair.we_say(text);
        pair.they_say(text);
    }
    assert_eq!(pair.they_heard(), texts);
    assert_eq!(pair.we_heard(), texts);
}

#[test]
fn tags_begin_a_session_in_either_direction() {
    let set = Set { tags: true, ..Set::default() };
    let mut pair = Pair::new(&set);
    let said = pair.ours.send("hello", NOW).unwrap();
    assert!(said.lines[0].starts_with("hello") && said.lines[0].len() > "hello".len());
    pair.give(said);
    assert_private(&mut pair);
    pair.we_say("in private");
    assert_eq!(pair.they_heard(), ["in private"]);

    // They put theirs before the text.
    let mut pair = Pair::new(&set);
    let lines = pair.theirs.session(OURS.as_bytes()).send(0, b"hello").unwrap();
    let line = String::from_utf8(lines[0].clone()).unwrap();
    let output = pair.ours.receive(&line, NOW, &mut pair.rng);
    let plain = Event::Plain { text: "hello".to_owned(), unexpected: false };
    assert_eq!(output.events, [plain]);
    pair.give(output);
    assert_private(&mut pair);
    pair.they_say("in private");
    assert_eq!(pair.we_heard(), ["in private"]);
}

/// Without a query: who knows that the other speaks version 4 begins with an Identity message.
#[test]
fn an_identity_message_begins_a_session() {
    let mut pair = Pair::new(&Set::default());
    let session = pair.theirs.session(OURS.as_bytes());
    session.initiate(&otrr::Version::V4, 0).unwrap();
    pair.give(Output::default());
    assert_private(&mut pair);
    pair.we_say("ours");
    pair.they_say("theirs");
    assert_eq!((pair.they_heard().len(), pair.we_heard().len()), (1, 1));
}

#[test]
fn either_side_calls_a_check_off() {
    let mut pair = Pair::private(&Set::default(), true);
    let (theirs, _) = pair.tags();
    // They ask, we refuse.
    pair.they(|session, tag| session.start_smp(tag, b"bridge", b"Where?").unwrap());
    let refused = pair.ours.cancel(Some(theirs), NOW).unwrap();
    pair.messages.clear();
    pair.give(refused);
    let failed = |message: &UserMessage| matches!(message, UserMessage::SMPFailed(_));
    assert!(pair.messages.iter().any(failed), "{:?}", pair.messages);
    // They ask, and take it back.
    pair.they(|session, tag| session.start_smp(tag, b"bridge", b"Where?").unwrap());
    pair.they(|session, tag| session.abort_smp(tag).unwrap());
    assert!(pair.events.contains(&Event::CheckCancelled { instance: Some(theirs) }));
    // The next one works.
    let asked = pair.ours.ask(None, "bridge", NOW, &mut pair.rng).unwrap();
    pair.give(asked);
    let checked = Event::Checked { instance: Some(theirs), matched: true };
    assert!(pair.events.contains(&checked), "{:?}", pair.events);
}

#[test]
fn a_session_that_lasts_too_long_is_ended_by_either_side() {
    let mut pair = Pair::private(&Set::default(), true);
    pair.we_say("one");
    pair.they_say("two");
    let (_, tag) = pair.tags();
    let over = pair.ours.tick(NOW + SESSION_LIFETIME);
    assert!(matches!(over.events[..], [Event::Expired { .. }]));
    pair.give(over);
    let status = pair.theirs.session(OURS.as_bytes()).status(tag);
    assert_eq!(status, Some(ProtocolStatus::Finished));

    let mut pair = Pair::private(&Set::default(), false);
    pair.we_say("one");
    pair.they_say("two");
    pair.they(|session, _| session.expire(0));
    assert_eq!(pair.ours.status(), Status::Finished);
}

#[test]
fn who_starts_anew_gets_a_new_session() {
    for we_begin in [true, false] {
        let mut pair = Pair::private(&Set::default(), we_begin);
        pair.we_say("before");
        pair.start_anew(&Set::default());
        if we_begin {
            let asked = pair.ours.start(NOW).unwrap();
            pair.give(asked);
        } else {
            pair.theirs.session(OURS.as_bytes()).query().unwrap();
            pair.give(Output::default());
        }
        pair.we_say("after");
        assert_eq!(pair.they_heard(), ["before", "after"]);
    }
}

#[test]
fn version_3_is_spoken_with_otrr_too() {
    for (we_begin, longest) in [(true, None), (false, Some(200))] {
        let set = Set { versions: &[Version::V3], longest, ..Set::default() };
        let mut pair = Pair::private(&set, we_begin);
        assert_private_in(&mut pair, Version::V3);
        for turn in 0..4 {
            pair.we_say(&format!("ours {turn}"));
            pair.they_say(&format!("theirs {turn}"));
        }
        assert_eq!((pair.they_heard().len(), pair.we_heard().len()), (4, 4));
        let asked = pair.ours.ask(None, "bridge", NOW, &mut pair.rng).unwrap();
        pair.give(asked);
        let (theirs, _) = pair.tags();
        let checked = Event::Checked { instance: Some(theirs), matched: true };
        assert!(pair.events.contains(&checked), "{:?}", pair.events);
        pair.they(|session, tag| drop(session.end(tag).unwrap()));
        assert_eq!(pair.ours.status(), Status::Finished);
    }
}
