//! Queries, whitespace tags and errors: what each policy makes of them.

use crate::common::{NOW, Pair, is_secure, rng, session};
use undertone_otr::{
    Account, Event, Policy, Refusal, Session, Settings, SettingsError, StartError, Version,
};

#[test]
fn the_matrix_of_versions_finds_the_highest_in_common() {
    let sets = [
        Policy::NEVER,
        Policy::MANUAL.only(Version::V2),
        Policy::MANUAL,
        Policy::MANUAL.allow(Version::V2),
    ];
    for ana in sets {
        for ben in sets {
            let mut pair = Pair::new(ana, ben);
            let Ok(asked) = pair.ana.start(NOW) else {
                assert!(ana.versions.is_empty());
                continue;
            };
            pair.ana_gives(asked);
            let found = pair.of_ben.iter().find_map(|event| match event {
                Event::Secure { version, .. } => Some(*version),
                _ => None,
            });
            assert_eq!(found, ana.versions.highest_common(ben.versions));
            if found.is_none() && !ben.versions.is_empty() {
                assert!(matches!(pair.of_ben[..], [Event::NothingInCommon(_)]));
            }
        }
    }
}

#[test]
fn version_one_is_refused_with_a_sentence() {
    let mut ana = session(0x1000, Policy::ALWAYS.allow(Version::V2));
    for line in ["?OTR?", "?OTR?v?", "?OTR:AAEKAAAA."] {
        let output = ana.receive(line, NOW, &mut rng(1));
        assert_eq!(output.events, [Event::Refused(Refusal::VersionOne)], "{line}");
        assert!(output.lines.is_empty());
    }
    assert!(Refusal::VersionOne.to_string().contains("version 1"));
    let output = ana.receive("?OTR:AAQ1AAAA.", NOW, &mut rng(1));
    assert_eq!(output.events, [Event::Refused(Refusal::Version(4))]);
}

#[test]
fn tags_are_sent_until_the_peer_answers_in_the_clear_and_never_shown() {
    let mut pair = Pair::new(Policy::OPPORTUNISTIC, Policy::NEVER);
    let tagged = pair.ana.send("one", NOW).unwrap();
    assert!(tagged.lines[0].starts_with("one \t"));
    let _answer = pair.ana.receive("two", NOW, &mut pair.rng);
    assert_eq!(pair.ana.send("three", NOW).unwrap().lines, ["three"]);

    // A tag starts a session where the policy says so, and is taken off where it doesn't.
    for (policy, secure) in [(Policy::OPPORTUNISTIC, true), (Policy::MANUAL, false)] {
        let mut pair = Pair::new(Policy::OPPORTUNISTIC, policy);
        pair.ana_says("hello");
        let plain = Event::Plain { text: "hello".to_owned(), unexpected: false };
        assert_eq!(pair.of_ben[0], plain);
        assert_eq!(pair.of_ben.iter().any(is_secure), secure);
    }
    // A base without versions is taken off and offers nothing.
    let mut ben = session(0x2000, Policy::OPPORTUNISTIC);
    let output = ben.receive("hello \t  \t\t\t\t \t \t \t  ", NOW, &mut rng(1));
    assert_eq!(output.events, [Event::Plain { text: "hello".to_owned(), unexpected: false }]);
    assert!(output.lines.is_empty());
}

#[test]
fn an_error_brings_a_query_where_the_policy_says_so() {
    for (policy, query) in [(Policy::ALWAYS, true), (Policy::MANUAL, false)] {
        let mut ana = session(0x1000, policy);
        let output = ana.receive("?OTR Error: what?", NOW, &mut rng(1));
        assert_eq!(output.events, [Event::PeerError { sentence: "what?".to_owned() }]);
        assert_eq!(output.lines.len(), usize::from(query));
        // In the middle of a line it is text.
        let quoted = "she wrote ?OTR Error: what?";
        let output = ana.receive(quoted, NOW, &mut rng(1));
        assert!(matches!(&output.events[..], [Event::Plain { text, .. }] if text == quoted));
    }
}

#[test]
fn in_a_room_everything_is_text() {
    let settings = Settings { policy: Policy::ALWAYS, room: true, ..Settings::default() };
    let mut room =
        Session::new(Account::new(crate::common::key(), crate::common::tag(0x1000)), settings)
            .unwrap();
    assert_eq!(room.start(NOW).err(), Some(StartError::Room));
    for line in ["?OTRv23?", "?OTR:AAMC.", "?OTR Error: x", "hello"] {
        let output = room.receive(line, NOW, &mut rng(1));
        assert_eq!(output.events, [Event::Plain { text: line.to_owned(), unexpected: false }]);
        assert!(output.lines.is_empty());
    }
    assert_eq!(room.send("hello", NOW).unwrap().lines, ["hello"]);
}

#[test]
fn a_query_fits_the_carrier() {
    let query = |settings: Settings| {
        let account = Account::new(crate::common::key(), crate::common::tag(0x1000));
        Session::new(account, settings).map(|mut ana| ana.start(NOW).unwrap().lines.remove(0))
    };
    let line = query(Settings::default()).unwrap();
    let (first, second) = line.split_once('\n').unwrap();
    assert_eq!(first, "?OTRv3?");
    assert!(second.contains("Off-the-Record"));
    let line = query(Settings { one_line: true, ..Settings::default() }).unwrap();
    assert!(line.starts_with("?OTRv3? I would") && !line.contains('\n'));
    let line = query(Settings { longest_line: Some(100), ..Settings::default() }).unwrap();
    assert_eq!(line, "?OTRv3?");
    let short = query(Settings { longest_line: Some(49), ..Settings::default() });
    assert_eq!(short.err(), Some(SettingsError::LineTooShort));
}
