//! Whole sessions of version 4: how they begin, what goes through them, how they end.

use std::time::Duration;

use undertone_otr::{
    Event, HEARTBEAT_AFTER, Policy, Refusal, SESSION_LIFETIME, Session, Settings, Status, Version,
};

use crate::common::{
    NOW, Pair, identity, is_secure, policy_4, rng, session, session_with, tag, texts,
};

fn version(events: &[Event]) -> Option<Version> {
    events.iter().find_map(|event| match event {
        Event::Secure { version, .. } => Some(*version),
        _ => None,
    })
}

#[test]
fn two_clients_talk_in_private() {
    let mut pair = Pair::new(policy_4(), policy_4());
    let asked = pair.ana.start(NOW).unwrap();
    assert!(asked.lines[0].starts_with("?OTRv4?"));
    pair.ana_gives(asked);
    let found = |events: &[Event]| {
        events.iter().find_map(|event| match event {
            Event::Secure { fingerprint, session, .. } => Some((*fingerprint, *session)),
            _ => None,
        })
    };
    let (of_ben, anas) = found(&pair.of_ana).unwrap();
    let (of_ana, bens) = found(&pair.of_ben).unwrap();
    assert_eq!(of_ana, identity(0x1000).fingerprint());
    assert_eq!(of_ben, identity(0x2000).fingerprint());
    assert_eq!(anas.bytes(), bens.bytes());
    assert_ne!(anas.is_ours_first(), bens.is_ours_first());
    // Both at once, many turns, and several messages a turn.
    for turn in 0..9 {
        pair.ana_says(&format!("ana {turn}"));
        pair.ana_says(&format!("ana again {turn}"));
        pair.ben_says(&format!("ben {turn}"));
    }
    assert_eq!(texts(&pair.of_ben).len(), 18);
    assert_eq!(texts(&pair.of_ana).len(), 9);
    assert!(pair.wire.iter().all(|line| !line.contains("ana ")));
    let ended = pair.ana.end();
    pair.ana_gives(ended);
    assert!(matches!(pair.of_ben.last(), Some(Event::Finished { .. })));
    assert!(pair.ben.send("too late", NOW).is_err());
}

#[test]
fn the_highest_version_that_both_allow_is_spoken() {
    let v4 = Policy::MANUAL.only(Version::V4);
    let both = Policy::MANUAL.allow(Version::V4);
    let v3 = Policy::MANUAL;
    let tags = Policy::OPPORTUNISTIC.allow(Version::V4);
    for (ana, ben, spoken) in [
        (v4, v4, Some(Version::V4)),
        (both, v4, Some(Version::V4)),
        (both, both, Some(Version::V4)),
        (both, v3, Some(Version::V3)),
        (v3, both, Some(Version::V3)),
        (v3, v4, None),
        (tags, tags, Some(Version::V4)),
        (tags, Policy::OPPORTUNISTIC, Some(Version::V3)),
    ] {
        let mut pair = Pair::new(ana, ben);
        if ana.send_tag {
            pair.ana_says("hello");
        } else {
            let asked = pair.ana.start(NOW).unwrap();
            pair.ana_gives(asked);
        }
        assert_eq!((version(&pair.of_ana), version(&pair.of_ben)), (spoken, spoken));
        if spoken.is_some() {
            pair.ana_says("one");
            pair.ben_says("two");
            assert_eq!((texts(&pair.of_ben), texts(&pair.of_ana)), (vec!["one"], vec!["two"]));
        }
    }
}

#[test]
fn an_older_key_vouches_for_the_identity() {
    let both = Policy::MANUAL.allow(Version::V4);
    let pair = Pair::private(both);
    drop(pair);
    let mut pair = Pair::new(both, both);
    let asked = pair.ana.start(NOW).unwrap();
    pair.ana_gives(asked);
    let older = crate::common::key().public().fingerprint();
    let vouched = Event::Vouched {
        instance: Some(tag(0x1000)),
        older,
        fingerprint: identity(0x1000).fingerprint(),
    };
    assert!(pair.of_ben.contains(&vouched));
}

#[test]
fn nobody_leads_back_to_an_older_version() {
    let both = Policy::MANUAL.allow(Version::V4);
    let mut pair = Pair::private(both);
    // Whoever holds the carrier offers version 3 alone, or begins it.
    for line in ["?OTRv3?", "?OTRv23?"] {
        let output = pair.ana.receive(line, NOW, &mut pair.rng);
        assert_eq!(output.events, [Event::Refused(Refusal::RollBack)]);
        assert!(output.lines.is_empty());
    }
    let mut stranger = session(0x3000, Policy::MANUAL);
    let commit = stranger.receive("?OTRv3?", NOW, &mut pair.rng).lines.remove(0);
    let output = pair.ana.receive(&commit, NOW, &mut pair.rng);
    assert_eq!(output.events, [Event::Refused(Refusal::RollBack)]);
    let mut tagged = session(0x3000, Policy::OPPORTUNISTIC);
    let line = tagged.send("hello", NOW).unwrap().lines.remove(0);
    let policy = Policy { start_on_tag: true, ..both };
    let settings = Settings { policy, peer_speaks_4: true, ..Settings::default() };
    let output = session_with(0x1000, settings.clone()).receive(&line, NOW, &mut pair.rng);
    assert!(output.events.contains(&Event::Refused(Refusal::RollBack)));
    assert!(output.lines.is_empty());
    // Unless the policy says so.
    let policy = Policy { roll_back: true, ..policy };
    let mut willing = session_with(0x1000, Settings { policy, ..settings });
    assert_eq!(willing.receive(&line, NOW, &mut pair.rng).lines.len(), 1);
    pair.ana_says("still here");
    assert_eq!(texts(&pair.of_ben), ["still here"]);
}

#[test]
fn messages_go_in_pieces_that_come_in_any_order() {
    let settings = Settings { policy: policy_4(), longest_line: Some(100), ..Settings::default() };
    let mut pair = Pair::new(policy_4(), policy_4());
    pair.ana = session_with(0x1000, settings.clone());
    pair.ben = session_with(0x2000, settings);
    let asked = pair.ana.start(NOW).unwrap();
    pair.ana_gives(asked);
    assert!(pair.wire.iter().skip(1).all(|line| line.len() <= 100));
    assert_eq!(pair.ana.status(), Status::Private);
    let long = "A long way to say it. ".repeat(40);
    let mut lines = pair.ana.send(&long, NOW).unwrap().lines;
    assert!(lines.len() > 10);
    lines.reverse();
    pair.carry(lines, Vec::new());
    assert_eq!(texts(&pair.of_ben), [long]);
}

#[test]
fn both_may_begin_at_once() {
    for seed in 0..6 {
        let mut pair = Pair::new(policy_4(), policy_4());
        pair.rng = rng(seed);
        let query = ["?OTRv4?".to_owned()];
        pair.carry(query.to_vec(), query.to_vec());
        assert_eq!((pair.ana.status(), pair.ben.status()), (Status::Private, Status::Private));
        pair.ana_says("one");
        pair.ben_says("two");
        assert_eq!((texts(&pair.of_ben), texts(&pair.of_ana)), (vec!["one"], vec!["two"]));
    }
}

#[test]
fn names_that_differ_begin_nothing() {
    let named = |ours: &str, peers: &str| Settings {
        policy: policy_4(),
        our_name: ours.to_owned(),
        peer_name: peers.to_owned(),
        ..Settings::default()
    };
    for (seen, begins) in [("ben@example.org", true), ("ben@example.com", false)] {
        let mut pair = Pair::new(policy_4(), policy_4());
        pair.ana = session_with(0x1000, named("ana@example.org", seen));
        pair.ben = session_with(0x2000, named("ben@example.org", "ana@example.org"));
        let asked = pair.ana.start(NOW).unwrap();
        pair.ana_gives(asked);
        assert_eq!(pair.of_ana.iter().any(is_secure), begins);
    }
}

#[test]
fn clients_of_the_peer_are_kept_apart() {
    let mut pair = Pair::private(policy_4());
    let mut other = session(0x3000, policy_4());
    // A second client of Ben's answers a query of Ana's too.
    let query = pair.ana.start(NOW).unwrap().lines.remove(0);
    let mut to_ana = other.receive(&query, NOW, &mut pair.rng).lines;
    let mut secure = 0;
    while let Some(line) = to_ana.pop() {
        for line in pair.ana.receive(&line, NOW, &mut pair.rng).lines {
            let output = other.receive(&line, NOW, &mut pair.rng);
            secure += output.events.iter().filter(|event| is_secure(event)).count();
            to_ana.extend(output.lines);
        }
    }
    assert_eq!((secure, pair.ana.instances().count()), (1, 2));
    for (number, session) in [(0x3000, &mut other), (0x2000, &mut pair.ben)] {
        pair.ana.choose(Some(Some(tag(number))));
        let line = pair.ana.send("to one of you", NOW).unwrap().lines.remove(0);
        let output = session.receive(&line, NOW, &mut pair.rng);
        assert_eq!(texts(&output.events), ["to one of you"]);
    }
    let line = pair.ana.send("not to you", NOW).unwrap().lines.remove(0);
    let output = other.receive(&line, NOW, &mut pair.rng);
    assert_eq!(output.events, [Event::Refused(Refusal::OtherInstance)]);
}

#[test]
fn data_that_comes_before_the_end_of_an_exchange_is_read_after_it() {
    let mut pair = Pair::new(policy_4(), policy_4());
    let identity = pair.ana.receive("?OTRv4?", NOW, &mut pair.rng).lines.remove(0);
    let auth_r = pair.ben.receive(&identity, NOW, &mut pair.rng).lines.remove(0);
    let auth_i = pair.ana.receive(&auth_r, NOW, &mut pair.rng).lines.remove(0);
    let said = pair.ana.send("first", NOW).unwrap().lines.remove(0);
    let output = pair.ben.receive(&said, NOW, &mut pair.rng);
    assert_eq!(output.events, [Event::Refused(Refusal::Early)]);
    assert!(output.lines.is_empty());
    let output = pair.ben.receive(&auth_i, NOW, &mut pair.rng);
    assert_eq!(texts(&output.events), ["first"]);
}

#[test]
fn a_new_exchange_does_not_disturb_the_session_until_it_ends() {
    let mut pair = Pair::private(policy_4());
    let query = pair.ben.start(NOW).unwrap().lines.remove(0);
    let identity = pair.ana.receive(&query, NOW, &mut pair.rng).lines.remove(0);
    let auth_r = pair.ben.receive(&identity, NOW, &mut pair.rng).lines.remove(0);
    pair.ana_says("meanwhile");
    pair.ben_says("yes");
    assert_eq!((texts(&pair.of_ben), texts(&pair.of_ana)), (vec!["meanwhile"], vec!["yes"]));
    pair.carry(Vec::new(), vec![auth_r]);
    let refreshed = |event: &Event| matches!(event, Event::Secure { refreshed: true, .. });
    assert!(pair.of_ana.iter().any(refreshed) && pair.of_ben.iter().any(refreshed));
    pair.ana_says("after");
    assert_eq!(texts(&pair.of_ben), ["meanwhile", "after"]);
}

#[test]
fn silence_is_broken_by_a_heartbeat_and_a_session_without_new_keys_ends() {
    let mut pair = Pair::private(policy_4());
    pair.ana_says("are you there?");
    pair.now = HEARTBEAT_AFTER;
    assert!(pair.ben.deadline() <= Some(pair.now));
    let beat = pair.ben.tick(pair.now);
    assert_eq!(beat.lines.len(), 1);
    pair.ben_gives(beat);
    assert!(matches!(pair.of_ana.last(), Some(Event::Heartbeat { .. })));
    let last = pair.now;
    // Nothing more is said: the session is over for both.
    pair.now = last + SESSION_LIFETIME;
    assert!(pair.ana.deadline() <= Some(pair.now));
    let over = pair.ana.tick(pair.now);
    assert!(matches!(over.events[..], [Event::Expired { .. }]));
    pair.ana_gives(over);
    assert_eq!(pair.ana.status(), Status::Finished);
    assert_eq!(pair.ben.status(), Status::Finished);
}

fn answer(pair: &mut Pair, secret: &str) {
    let output = pair.ben.answer(Some(tag(0x1000)), secret, NOW, &mut pair.rng).unwrap();
    pair.ben_gives(output);
}

#[test]
fn secrets_are_compared() {
    for (question, secret, matched) in [
        (None, "bridge", true),
        (Some("Where?"), "bridge", true),
        (Some("Where?"), "tunnel", false),
    ] {
        let mut pair = Pair::private(policy_4());
        let asked = pair.ana.ask(question, "bridge", NOW, &mut pair.rng).unwrap();
        pair.ana_gives(asked);
        let question = question.map(str::to_owned);
        let instance = Some(tag(0x1000));
        assert_eq!(pair.of_ben.last(), Some(&Event::Asked { instance, question }));
        answer(&mut pair, secret);
        assert_eq!(pair.of_ben.last(), Some(&Event::Checked { instance, matched }));
        let instance = Some(tag(0x2000));
        assert_eq!(pair.of_ana.last(), Some(&Event::Checked { instance, matched }));
    }
    let mut pair = Pair::private(policy_4());
    let asked = pair.ana.ask(Some("Where?"), "bridge", NOW, &mut pair.rng).unwrap();
    pair.ana_gives(asked);
    let cancelled = pair.ben.cancel(Some(tag(0x1000)), NOW).unwrap();
    pair.ben_gives(cancelled);
    assert!(matches!(pair.of_ana.last(), Some(Event::CheckCancelled { .. })));
}

#[test]
fn both_have_the_extra_key() {
    let mut pair = Pair::private(policy_4());
    let mut seen = Vec::new();
    for _ in 0..2 {
        let (ours, output) = pair.ana.extra_key(7, b"a file", NOW).unwrap();
        pair.ana_gives(output);
        let Some(Event::ExtraKey { usage: 7, data, key, .. }) = pair.of_ben.last() else {
            panic!()
        };
        assert_eq!((&data[..], key), (&b"a file"[..], &ours));
        assert_eq!(key.bytes().len(), 64);
        seen.push(key.clone());
    }
    assert_ne!(seen[0], seen[1]);
}

#[test]
fn what_cannot_be_read_is_complained_about_with_a_code() {
    let mut pair = Pair::private(policy_4());
    let line = pair.ana.send("text", NOW).unwrap().lines.remove(0);
    let mut ben = session(0x2000, policy_4());
    let output = ben.receive(&line, NOW, &mut pair.rng);
    assert_eq!(output.events, [Event::Refused(Refusal::NotPrivate)]);
    assert_eq!(output.lines, ["?OTR Error: ERROR_2: Not in private state message"]);
    let _first = pair.ben.receive(&line, NOW, &mut pair.rng);
    let output = pair.ben.receive(&line, NOW, &mut pair.rng);
    assert!(matches!(output.events[..], [Event::Refused(Refusal::Unreadable(_))]));
    assert_eq!(output.lines, ["?OTR Error: ERROR_1: Unreadable message"]);
    let mut bytes = data_encoding::BASE64.decode(&line.as_bytes()[5..line.len() - 1]).unwrap();
    bytes.push(0);
    let longer = format!("?OTR:{}.", data_encoding::BASE64.encode(&bytes));
    let output = pair.ben.receive(&longer, NOW, &mut pair.rng);
    assert_eq!(output.lines, ["?OTR Error: ERROR_3: Malformed message"]);
}

#[test]
fn profiles_are_renewed_in_time() {
    let mut pair = Pair::new(policy_4(), policy_4());
    let begin = |session: &mut Session, now, pair_rng: &mut _| {
        session.receive("?OTRv4?", now, pair_rng).lines.remove(0)
    };
    let profile = |line: &str| {
        let bytes = data_encoding::BASE64.decode(&line.as_bytes()[5..line.len() - 1]).unwrap();
        bytes[11..11 + 263].to_vec()
    };
    let week = Duration::from_secs(undertone_otr::PROFILE_LIFETIME);
    let first = begin(&mut pair.ana, NOW, &mut pair.rng);
    let same = begin(&mut pair.ana, NOW, &mut pair.rng);
    assert_eq!(profile(&first), profile(&same));
    let later = begin(&mut pair.ana, week, &mut pair.rng);
    assert_ne!(profile(&first), profile(&later));
    // The old one is refused then, the new one taken.
    let output = pair.ben.receive(&first, week, &mut pair.rng);
    assert!(matches!(output.events[..], [Event::Refused(Refusal::Exchange(_))]));
    assert_eq!(pair.ben.instances().count(), 0);
    assert_eq!(pair.ben.receive(&later, week, &mut pair.rng).lines.len(), 1);
}

/// Each message of an exchange and of a conversation: cut, made longer, and with each length of a
/// number at its largest. Nothing of it is taken, nothing changes, and each refusal says why.
#[test]
fn cut_and_stretched_messages_change_nothing() {
    let mut pair = Pair::private(policy_4());
    pair.ana_says("one");
    pair.ben_says("two");
    let base64 = |line: &str| line.strip_prefix("?OTR:")?.strip_suffix('.').map(str::to_owned);
    let messages: Vec<Vec<u8>> = pair
        .wire
        .iter()
        .filter_map(|line| base64(line))
        .map(|base64| data_encoding::BASE64.decode(base64.as_bytes()).unwrap())
        .collect();
    let kinds: Vec<u8> = messages.iter().map(|message| message[2]).collect();
    assert_eq!(kinds, [0x35, 0x36, 0x37, 3, 3]);
    let mut bad = Vec::new();
    for message in messages {
        let ends = (0..message.len()).step_by(53).chain([message.len() - 1]);
        bad.extend(ends.map(|end| message[..end].to_vec()));
        bad.push([&message[..], &[0]].concat());
        for (at, _) in message.windows(4).enumerate().filter(|(_, len)| *len == [0, 0, 1, 0x80]) {
            for len in [u32::MAX, 0x181, 0x17f, 0] {
                let mut stretched = message.clone();
                stretched[at..at + 4].copy_from_slice(&len.to_be_bytes());
                bad.push(stretched);
            }
        }
    }
    assert!(bad.len() > 90);
    let before: Vec<_> = [&pair.ana, &pair.ben].into_iter().flat_map(Session::instances).collect();
    for message in bad {
        let line = format!("?OTR:{}.", data_encoding::BASE64.encode(&message));
        for session in [&mut pair.ana, &mut pair.ben] {
            let output = session.receive(&line, NOW, &mut pair.rng);
            let [Event::Refused(refusal)] = &output.events[..] else { panic!("{output:?}") };
            assert!(refusal.to_string().len() > 20);
            assert!(output.lines.iter().all(|line| line.starts_with("?OTR Error: ERROR_")));
        }
    }
    let after: Vec<_> = [&pair.ana, &pair.ben].into_iter().flat_map(Session::instances).collect();
    assert_eq!(before, after);
    pair.ana_says("three");
    assert_eq!(texts(&pair.of_ben), ["one", "three"]);
}
