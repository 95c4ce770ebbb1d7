//! Ends of sessions, required encryption and several clients: text that was meant to be private never
//! leaves in another way.

use crate::common::{NOW, Pair, is_secure, rng, session, texts};
use std::time::Duration;
use undertone_otr::{
    Event, INSTANCES_MAX, Policy, RESEND_WAIT, Refusal, SendError, Status, TEXT_MAX, Version,
    WAITING_MAX,
};

const SECRET: &str = "meet me at the lake";

#[test]
fn after_the_peers_end_nothing_is_sent_until_the_user_says_so() {
    let mut pair = Pair::private(Policy::MANUAL);
    let end = pair.ben.end();
    pair.ben_gives(end);
    assert!(matches!(pair.of_ana[..], [Event::Finished { .. }]));
    for _ in 0..3 {
        assert_eq!(pair.ana.send(SECRET, NOW).err(), Some(SendError::Finished));
    }
    assert_eq!(pair.ana.status(), Status::Finished);
    // Time passes and lines come; nothing changes.
    assert!(pair.ana.tick(Duration::from_secs(9_999)).lines.is_empty());
    pair.ben_says("hello?");
    assert!(pair.of_ana.iter().any(|event| matches!(event, Event::Plain { unexpected: true, .. })));
    assert_eq!(pair.ana.send(SECRET, NOW).err(), Some(SendError::Finished));
    let end = pair.ana.end();
    assert!(end.lines.is_empty());
    assert_eq!(pair.ana.send("open", NOW).unwrap().lines.len(), 1);
}

#[test]
fn a_message_after_the_end_is_answered_by_an_error() {
    let mut pair = Pair::private(Policy::MANUAL);
    // Ben's program ends, and Ana doesn't notice.
    let _lost = pair.ben.end();
    pair.ana_says("x");
    assert_eq!(pair.of_ben, [Event::Refused(Refusal::NotPrivate)]);
    assert!(matches!(pair.of_ana[..], [Event::PeerError { .. }]));
    let mut pair = Pair::private(Policy::MANUAL);
    let end = pair.ben.end();
    let late = pair.ana.send("x", NOW).unwrap();
    pair.ben_gives(end);
    pair.ana_gives(late);
    assert!(pair.wire.iter().any(|line| line.starts_with("?OTR Error:")));
    assert_eq!(texts(&pair.of_ben), Vec::<&str>::new());
}

#[test]
fn what_must_be_private_waits_and_arrives_in_order() {
    let mut pair = Pair::new(Policy::REQUIRE, Policy::MANUAL);
    let mut lines = Vec::new();
    for number in 0..3 {
        let output = pair.ana.send(&format!("{SECRET} {number}"), NOW).unwrap();
        assert_eq!(output.events, [Event::Waiting]);
        lines.extend(output.lines);
    }
    assert_eq!(lines.len(), 1, "one query for all");
    pair.carry(lines, Vec::new());
    let expected: Vec<String> = (0..3).map(|number| format!("{SECRET} {number}")).collect();
    assert_eq!(texts(&pair.of_ben), expected);
    assert!(pair.wire.iter().all(|line| !line.contains(SECRET)));
}

#[test]
fn what_waits_too_long_is_given_back() {
    let mut ana = session(0x1000, Policy::REQUIRE);
    let _query = ana.send(SECRET, NOW).unwrap();
    assert_eq!(ana.deadline(), Some(RESEND_WAIT));
    assert!(ana.tick(RESEND_WAIT - Duration::from_millis(1)).events.is_empty());
    let given = Event::NotSent { text: SECRET.to_owned() };
    let back = ana.tick(RESEND_WAIT);
    assert_eq!((back.events, back.lines), (vec![given.clone()], Vec::new()));
    let _query = ana.send(SECRET, RESEND_WAIT).unwrap();
    assert_eq!(ana.end().events, [given]);
    for _ in 0..WAITING_MAX {
        let _waits = ana.send(SECRET, RESEND_WAIT).unwrap();
    }
    assert_eq!(ana.send(SECRET, RESEND_WAIT).err(), Some(SendError::TooManyWaiting));
    let longer = "x".repeat(TEXT_MAX + 1);
    assert_eq!(ana.send(&longer, RESEND_WAIT).err(), Some(SendError::TooLong));
}

#[test]
fn a_choice_without_session_does_not_open_a_way_around_the_one_that_is_on() {
    let mut pair = Pair::private(Policy::MANUAL);
    pair.ana.choose(Some(Some(crate::common::tag(0x3000))));
    assert_eq!(pair.ana.send(SECRET, NOW).err(), Some(SendError::OtherInstance));
    pair.ana.choose(Some(Some(crate::common::tag(0x2000))));
    pair.ana_says(SECRET);
    assert_eq!(texts(&pair.of_ben), [SECRET]);
    pair.ana.choose(None);
    pair.ana_says(SECRET);
    assert_eq!(texts(&pair.of_ben), [SECRET, SECRET]);
}

/// What the peer couldn't read is sent again, but only to the same key, once and soon.
#[test]
fn what_was_lost_is_sent_again_in_the_next_session() {
    for (wait, complains, sent) in [(0, true, true), (0, false, false), (60, true, false)] {
        let mut pair = Pair::private(Policy::MANUAL);
        let _lost = pair.ana.send(SECRET, NOW).unwrap();
        pair.now = Duration::from_secs(wait);
        if complains {
            let output = pair.ana.receive("?OTR Error: what?", pair.now, &mut pair.rng);
            pair.ana_gives(output);
        }
        let again = pair.ana.start(pair.now).unwrap();
        pair.ana_gives(again);
        let resent = format!("[resent] {SECRET}");
        let expected: &[&str] = if sent { &[&resent] } else { &[] };
        assert_eq!(texts(&pair.of_ben), expected);
        let told = pair.of_ana.contains(&Event::Sent { text: SECRET.to_owned() });
        assert_eq!(told, sent);
    }
}

/// A client of version 2 and two of version 3 answer the same query: each gets a session.
#[test]
fn clients_of_both_versions_are_kept_apart() {
    let mut rng = rng(3);
    let mut ana = session(0x1000, Policy::MANUAL.allow(Version::V2));
    let mut clients = [
        session(0x2000, Policy::MANUAL),
        session(0x3000, Policy::MANUAL.only(Version::V2)),
        session(0x4000, Policy::MANUAL),
    ];
    let mut lines = ana.start(NOW).unwrap().lines;
    let mut secure = [0; 3];
    while !lines.is_empty() {
        let mut answers = Vec::new();
        for line in &lines {
            for (client, secure) in clients.iter_mut().zip(&mut secure) {
                let output = client.receive(line, NOW, &mut rng);
                answers.extend(output.lines);
                *secure += output.events.iter().filter(|event| is_secure(event)).count();
            }
        }
        let outputs = answers.iter().map(|line| ana.receive(line, NOW, &mut rng).lines);
        lines = outputs.flatten().collect();
    }
    assert_eq!(secure, [1, 1, 1]);
    let mut versions: Vec<_> = ana.instances().map(|info| (info.instance, info.version)).collect();
    versions.sort();
    let tags = [0x2000, 0x4000].map(|number| (Some(crate::common::tag(number)), Version::V3));
    assert_eq!(versions, [(None, Version::V2), tags[0], tags[1]]);
    for (index, instance) in [(0, versions[1].0), (1, None), (2, versions[2].0)] {
        ana.choose(Some(instance));
        let said = ana.send(SECRET, NOW).unwrap();
        for (number, client) in clients.iter_mut().enumerate() {
            let output = client.receive(&said.lines[0], NOW, &mut rng);
            assert_eq!(texts(&output.events).len(), usize::from(number == index));
        }
    }
}

#[test]
fn more_clients_than_are_kept_push_out_none_that_has_a_session() {
    let mut rng = rng(4);
    let mut ana = session(0x100, Policy::MANUAL);
    let query = "?OTRv3?";
    let mut talk = |ana: &mut undertone_otr::Session, number: u32| {
        let mut client = session(number, Policy::MANUAL);
        let mut to_ana = client.receive(query, NOW, &mut rng).lines;
        let mut refused = false;
        while !to_ana.is_empty() {
            let mut to_client = Vec::new();
            for line in std::mem::take(&mut to_ana) {
                let output = ana.receive(&line, NOW, &mut rng);
                refused |= output.events.contains(&Event::Refused(Refusal::TooManyInstances));
                to_client.extend(output.lines);
            }
            for line in to_client {
                to_ana.extend(client.receive(&line, NOW, &mut rng).lines);
            }
        }
        (client.status(), refused)
    };
    for number in 0..INSTANCES_MAX {
        let number = 0x1000 + u32::try_from(number).unwrap();
        assert_eq!(talk(&mut ana, number), (Status::Private, false));
    }
    assert_eq!(talk(&mut ana, 0x9000), (Status::Plain, true));
    assert_eq!(ana.instances().count(), INSTANCES_MAX);
}
