//! Sessions with libotr 4.1.1: versions 2 and 3, either side first, lines of any length, texts of any
//! kind, ends and new beginnings.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::Path;
use std::time::Duration;

use undertone_interop::{POLICY_V2, POLICY_V3, Table};
use undertone_otr::{Event, Policy, Session, Settings, Status, TEXT_MAX, Version};

const BOTH: u32 = POLICY_V2 | POLICY_V3;

fn table(policy: Policy, libotr: u32, longest_line: Option<usize>) -> Table {
    let settings = Settings { policy, longest_line, ..Settings::default() };
    Table::new(Path::new(env!("CARGO_TARGET_TMPDIR")), settings, libotr).unwrap()
}

fn start(table: &mut Table) {
    table.we(|ours, now, _| ours.start(now)).unwrap();
}

fn say(table: &mut Table, text: &str) {
    table.we(|ours, now, _| ours.send(text, now)).unwrap();
}

/// Both are in a session of this version, and agree about it.
fn agree(table: &mut Table, version: Version) {
    let secure = table.events.iter().rev().find_map(|event| match event {
        Event::Secure { version, fingerprint, session, .. } => {
            Some((*version, *fingerprint, *session))
        }
        _ => None,
    });
    let (spoken, fingerprint, session) =
        secure.unwrap_or_else(|| panic!("no session: {}", table.story()));
    let said = table.said.iter().rev().find(|said| said.name == "secure" || said.name == "still");
    let said = said.expect("no session at libotr's side").clone();
    assert_eq!(spoken, version);
    assert_eq!(said.words[0], if version == Version::V2 { "v2" } else { "v3" });
    assert_eq!(said.bytes(2), session.bytes());
    assert_eq!(said.words[3] == "1", !session.is_ours_first());
    let ours = undertone_interop::account(1).unwrap().fingerprint();
    assert_eq!(said.words[4..].join(" "), ours.to_string());
    let theirs = table.theirs.tell("fingerprint", &[]).unwrap();
    assert_eq!(theirs[0].words[1..].join(" "), fingerprint.to_string());
    table.events.clear();
    table.said.clear();
}

fn talk(table: &mut Table) {
    for turn in 0..4 {
        for text in ["plain", "ünïcödé ✓", "<b>marked up</b> &amp; more", &"long ".repeat(2_000)]
        {
            let text = format!("{turn} {text}");
            say(table, &text);
            assert_eq!(table.shown(), [text.as_str()]);
            table.they("say", &[&text]).unwrap();
            assert_eq!(table.private(), [text.as_str()]);
        }
    }
    for text in ["a bit long ".repeat(100), "x".repeat(1_000)] {
        say(table, &text);
        assert_eq!(table.shown(), [text.as_str()]);
        table.they("say", &[&text]).unwrap();
        assert_eq!(table.private(), [text.as_str()]);
    }
    // Several in one direction, and nothing in the other.
    for number in 0..5 {
        say(table, &number.to_string());
    }
    assert_eq!(table.shown(), ["0", "1", "2", "3", "4"]);
    for number in 0..5 {
        table.they("say", &[&number.to_string()]).unwrap();
    }
    assert_eq!(table.private(), ["0", "1", "2", "3", "4"]);
}

#[test]
fn we_ask_and_libotr_begins() {
    for (policy, libotr, version) in [
        (Policy::MANUAL, BOTH, Version::V3),
        (Policy::MANUAL.allow(Version::V2), BOTH, Version::V3),
        (Policy::MANUAL.allow(Version::V2), POLICY_V2, Version::V2),
        (Policy::MANUAL.only(Version::V2), BOTH, Version::V2),
    ] {
        for longest in [None, Some(100), Some(400)] {
            let mut table = table(policy, libotr, longest);
            start(&mut table);
            agree(&mut table, version);
            talk(&mut table);
            let longest = longest.unwrap_or(usize::MAX);
            let lines = table.sent.iter().chain(&table.heard);
            assert!(
                lines.filter(|line| !line.starts_with("?OTRv")).all(|line| line.len() <= longest)
            );
        }
    }
}

#[test]
fn libotr_asks_and_we_begin() {
    for (policy, libotr, version) in [
        (Policy::MANUAL, BOTH, Version::V3),
        (Policy::MANUAL.allow(Version::V2), POLICY_V2, Version::V2),
    ] {
        for longest in [None, Some(100), Some(400)] {
            let mut table = table(policy, libotr, longest);
            table.they("query", &[]).unwrap();
            agree(&mut table, version);
            talk(&mut table);
        }
    }
}

#[test]
fn a_text_as_long_as_any_arrives() {
    let mut table = table(Policy::MANUAL, BOTH, Some(400));
    start(&mut table);
    agree(&mut table, Version::V3);
    let text = "long ".repeat(TEXT_MAX / 5);
    say(&mut table, &text);
    assert_eq!(table.shown(), [text.as_str()]);
    table.they("say", &[&text]).unwrap();
    assert_eq!(table.private(), [text.as_str()]);
    let longer = [&text, "more than that"].concat();
    assert!(table.we(|ours, now, _| ours.send(&longer, now)).is_err());
}

#[test]
fn whitespace_tags_start_a_session_in_either_direction() {
    let opportunistic = BOTH | 0x10 | 0x20 | 0x40;
    let mut table = table(Policy::OPPORTUNISTIC, opportunistic, None);
    say(&mut table, "hello");
    assert!(table.sent[0].starts_with("hello \t"));
    assert_eq!(table.about("text").len(), 1);
    assert_eq!(table.about("text")[0].text(0), "hello");
    agree(&mut table, Version::V3);
    let mut table = self::table(Policy::OPPORTUNISTIC, opportunistic, None);
    table.they("say", &["hello"]).unwrap();
    assert_eq!(table.events[0], Event::Plain { text: "hello".to_owned(), unexpected: false });
    agree(&mut table, Version::V3);
    talk(&mut table);
}

#[test]
fn what_waits_for_a_session_arrives_in_it() {
    let mut table = table(Policy::REQUIRE, BOTH, None);
    say(&mut table, "only in private");
    let texts = table.about("text");
    assert_eq!(texts.len(), 1);
    assert_eq!(texts[0].text(0), "only in private");
    assert!(table.sent.iter().all(|line| line.starts_with("?OTR")));
    assert!(table.events.contains(&Event::Sent { text: "only in private".to_owned() }));
    agree(&mut table, Version::V3);

    let mut table = self::table(Policy::MANUAL, BOTH | 0x08, None);
    table.they("say", &["only in private"]).unwrap();
    let ours = table.events.iter().find(|event| matches!(event, Event::Private { .. }));
    let Some(Event::Private { text, .. }) = ours else { panic!("{:?}", table.events) };
    assert!(text.ends_with("only in private"));
    assert!(table.heard.iter().all(|line| line.starts_with("?OTR")));
}

#[test]
fn both_start_at_once() {
    // Whose commitment stays depends on random numbers: sixteen times leave no doubt.
    for version in [Version::V2, Version::V3].repeat(8) {
        let mut table = table(Policy::MANUAL.only(version), BOTH, None);
        // Each has the other's query, so that both commit themselves.
        let query = table.theirs.tell("query", &[]).unwrap();
        let theirs = table.hear(query);
        let number = if version == Version::V2 { "?OTRv2?" } else { "?OTRv3?" };
        let said = table.theirs.tell("recv", &[number]).unwrap();
        let commit = table.hear(said);
        table.carry(Vec::new(), theirs.into_iter().chain(commit).collect()).unwrap();
        agree(&mut table, version);
        say(&mut table, "here");
        assert_eq!(table.shown(), ["here"]);
        table.they("say", &["there"]).unwrap();
        assert_eq!(table.private(), ["there"]);
    }
}

#[test]
fn a_session_goes_on_under_fresh_keys() {
    let mut table = table(Policy::MANUAL, BOTH, None);
    start(&mut table);
    agree(&mut table, Version::V3);
    say(&mut table, "before");
    start(&mut table);
    let refreshed = |event: &Event| matches!(event, Event::Secure { refreshed: true, .. });
    assert!(table.events.iter().any(refreshed));
    agree(&mut table, Version::V3);
    table.they("query", &[]).unwrap();
    agree(&mut table, Version::V3);
    talk(&mut table);
}

#[test]
fn libotr_ends_and_nothing_slips_out() {
    let mut table = table(Policy::OPPORTUNISTIC, BOTH, None);
    start(&mut table);
    agree(&mut table, Version::V3);
    table.they("end", &[]).unwrap();
    assert!(matches!(table.events[..], [Event::Finished { .. }]));
    assert_eq!(table.ours.status(), Status::Finished);
    let before = table.sent.len();
    assert!(table.we(|ours, now, _| ours.send("private", now)).is_err());
    assert_eq!(table.sent.len(), before);
    // Once ended here too, it may be said in the clear, or in a new session.
    table.we(|ours, _, _| Ok::<_, std::fmt::Error>(ours.end())).unwrap();
    assert_eq!(table.ours.status(), Status::Plain);
    table.said.clear();
    say(&mut table, "open");
    assert_eq!(table.shown(), ["open"]);
    start(&mut table);
    agree(&mut table, Version::V3);
    talk(&mut table);
}

#[test]
fn we_end_and_libotr_knows() {
    for version in [Version::V2, Version::V3] {
        let mut table = table(Policy::MANUAL.only(version), BOTH, None);
        start(&mut table);
        agree(&mut table, version);
        say(&mut table, "x");
        table.we(|ours, _, _| Ok::<_, std::fmt::Error>(ours.end())).unwrap();
        assert_eq!(table.about("disconnected").len(), 1);
        // libotr refuses to send anything until it is told what to do.
        table.said.clear();
        let heard = table.heard.len();
        table.they("say", &["late"]).unwrap();
        assert!(table.heard[heard..].iter().all(|line| !line.contains("late")));
        assert!(table.private().is_empty());
    }
}

#[test]
fn a_program_that_starts_anew_gets_a_new_session() {
    let mut table = table(Policy::OPPORTUNISTIC, BOTH | 0x40, None);
    start(&mut table);
    agree(&mut table, Version::V3);
    // We forget everything; libotr goes on, gets an error, and asks.
    let settings = Settings { policy: Policy::OPPORTUNISTIC, ..Settings::default() };
    table.ours = Session::new(undertone_interop::account(1).unwrap(), settings).unwrap();
    table.they("say", &["lost?"]).unwrap();
    assert!(table.sent.iter().any(|line| line.starts_with("?OTR Error:")));
    agree(&mut table, Version::V3);
    talk(&mut table);

    // libotr forgets everything, and 4.1.1 doesn't say so: until somebody asks, we talk to nobody.
    let folder = undertone_interop::folder().unwrap();
    for name in ["keys", "tags", "fingerprints"] {
        std::fs::copy(table.theirs.folder().join(name), folder.path().join(name)).unwrap();
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    table.theirs = undertone_interop::Libotr::start(target, &folder, BOTH, None).unwrap();
    say(&mut table, "lost");
    assert!(table.shown().is_empty());
    start(&mut table);
    agree(&mut table, Version::V3);
    talk(&mut table);
}

#[test]
fn heartbeats_are_understood_by_both() {
    let mut table = table(Policy::MANUAL, BOTH, None);
    start(&mut table);
    agree(&mut table, Version::V3);
    table.they("say", &["x"]).unwrap();
    table.now = Duration::from_secs(60);
    assert_eq!(table.ours.deadline(), Some(table.now));
    table.we(|ours, now, _| Ok::<_, std::fmt::Error>(ours.tick(now))).unwrap();
    // Number 10 among libotr's events is a heartbeat received.
    assert!(table.about("event").iter().any(|said| said.words[0] == "10"), "{:?}", table.said);
    assert!(table.shown().iter().all(String::is_empty));
    table.events.clear();
    talk(&mut table);
}

#[test]
fn the_extra_key_is_the_same_at_both_ends() {
    for version in [Version::V2, Version::V3] {
        let mut table = table(Policy::MANUAL.only(version), BOTH, None);
        start(&mut table);
        agree(&mut table, version);
        let mut ours = None;
        table
            .we(|session, now, _| {
                let (key, output) = session.extra_key(9, b"file", now)?;
                ours = Some(key);
                Ok::<_, undertone_otr::PrivateError>(output)
            })
            .unwrap();
        let theirs = table.about("symkey")[0].clone();
        assert_eq!((theirs.words[0].as_str(), theirs.bytes(1)), ("9", b"file".to_vec()));
        assert_eq!(theirs.bytes(2), ours.unwrap().bytes());
        table.said.clear();
        table.they("symkey", &["theirs"]).unwrap();
        let Some(Event::ExtraKey { usage: 7, data, key, .. }) = table.events.last() else {
            panic!("{:?}", table.events)
        };
        assert_eq!(data, b"theirs");
        assert_eq!(table.about("symkey")[0].bytes(2), key.bytes());
        table.events.clear();
        table.said.clear();
        talk(&mut table);
    }
}
