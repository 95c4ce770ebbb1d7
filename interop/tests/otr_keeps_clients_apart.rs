//! Several clients of one account at once: two of libotr's opposite one of ours, two of ours opposite
//! one of libotr's, and libotr's files.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use undertone_interop::{Libotr, POLICY_V3, Said, account, folder};
use undertone_otr::files::{
    AccountKey, AccountTag, read_fingerprints, read_keys, read_tags, write_fingerprints,
    write_keys, write_tags,
};
use undertone_otr::{Event, InstanceTag, Session, Settings, Status};

const NOW: Duration = Duration::ZERO;

fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
}

fn libotr() -> Libotr {
    Libotr::start(target(), &folder().unwrap(), POLICY_V3, None).unwrap()
}

fn lines(said: &[Said]) -> Vec<String> {
    said.iter().filter(|said| said.name == "send").map(|said| said.text(0)).collect()
}

fn texts(said: &[Said]) -> Vec<String> {
    said.iter().filter(|said| said.name == "text").map(|said| said.text(0)).collect()
}

/// One carrier that all clients hear, as with several clients at one account of XMPP.
fn carry(
    ours: &mut [Session],
    theirs: &mut [Libotr],
    mut to_them: Vec<String>,
    rng: &mut ChaCha20Rng,
) -> (Vec<Vec<Event>>, Vec<Vec<Said>>) {
    let mut events = vec![Vec::new(); ours.len()];
    let mut all = vec![Vec::new(); theirs.len()];
    for _ in 0..50 {
        let mut to_us = Vec::new();
        for line in std::mem::take(&mut to_them) {
            for (libotr, all) in theirs.iter_mut().zip(&mut all) {
                let said = libotr.tell("recv", &[&line]).unwrap();
                to_us.extend(lines(&said));
                all.extend(said);
            }
        }
        for line in to_us {
            for (session, events) in ours.iter_mut().zip(&mut events) {
                let output = session.receive(&line, NOW, rng);
                to_them.extend(output.lines);
                events.extend(output.events);
            }
        }
        if to_them.is_empty() {
            return (events, all);
        }
    }
    panic!("the lines have no end");
}

#[test]
fn two_clients_of_libotr_talk_with_one_of_ours() {
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    let mut ours = [Session::new(account(1).unwrap(), Settings::default()).unwrap()];
    let mut theirs = [libotr(), libotr()];
    let query = ours[0].start(NOW).unwrap().lines;
    let (events, _) = carry(&mut ours, &mut theirs, query, &mut rng);
    let secure = events[0].iter().filter(|event| matches!(event, Event::Secure { .. }));
    assert_eq!(secure.count(), 2);
    let instances: Vec<InstanceTag> =
        ours[0].instances().filter_map(|info| info.instance).collect();
    assert_eq!(instances.len(), 2);
    for (number, instance) in instances.iter().enumerate() {
        ours[0].choose(Some(Some(*instance)));
        let sent = ours[0].send(&format!("to {number}"), NOW).unwrap().lines;
        let (_, said) = carry(&mut ours, &mut theirs, sent, &mut rng);
        let shown: Vec<String> = said.iter().flat_map(|said| texts(said)).collect();
        assert_eq!(shown, [format!("to {number}")]);
    }
    // Who spoke last is who is answered, unless the user chose.
    ours[0].choose(None);
    for number in [1, 0, 1] {
        let said = theirs[number].tell("say", &["hello"]).unwrap();
        for line in lines(&said) {
            let _output = ours[0].receive(&line, NOW, &mut rng);
        }
        let sent = ours[0].send("answer", NOW).unwrap().lines;
        let (_, said) = carry(&mut ours, &mut theirs, sent, &mut rng);
        assert_eq!((texts(&said[number]).len(), texts(&said[1 - number]).len()), (1, 0));
    }
    // One ends, the other goes on; nothing goes out in the clear.
    let ended = theirs[0].tell("end", &[]).unwrap();
    for line in lines(&ended) {
        let _output = ours[0].receive(&line, NOW, &mut rng);
    }
    assert_eq!(ours[0].status(), Status::Private);
    let sent = ours[0].send("on", NOW).unwrap().lines;
    assert!(sent[0].starts_with("?OTR:"));
    let ended = theirs[1].tell("end", &[]).unwrap();
    for line in lines(&ended) {
        let _output = ours[0].receive(&line, NOW, &mut rng);
    }
    assert!(ours[0].send("on", NOW).is_err());
}

#[test]
fn two_clients_of_ours_talk_with_one_of_libotr() {
    let mut rng = ChaCha20Rng::from_seed([2; 32]);
    let session = |client| Session::new(account(client).unwrap(), Settings::default()).unwrap();
    let mut ours = [session(1), session(2)];
    let mut theirs = [libotr()];
    let query = theirs[0].tell("query", &[]).unwrap();
    let mut to_them = Vec::new();
    for line in lines(&query) {
        for session in &mut ours {
            to_them.extend(session.receive(&line, NOW, &mut rng).lines);
        }
    }
    let (events, said) = carry(&mut ours, &mut theirs, to_them, &mut rng);
    for events in &events {
        assert!(events.iter().any(|event| matches!(event, Event::Secure { .. })), "{events:?}");
    }
    assert_eq!(said[0].iter().filter(|said| said.name == "secure").count(), 2);
    for (number, text) in ["one", "two"].iter().enumerate() {
        let sent = ours[number].send(text, NOW).unwrap().lines;
        let (_, said) = carry(&mut ours, &mut theirs, sent, &mut rng);
        assert_eq!(texts(&said[0]), [*text]);
    }
    let said = theirs[0].tell("say", &["to whom?"]).unwrap();
    let mut heard = 0;
    let mut for_others = 0;
    for line in lines(&said) {
        for session in &mut ours {
            for event in session.receive(&line, NOW, &mut rng).events {
                match event {
                    Event::Private { text, .. } if text == "to whom?" => heard += 1,
                    Event::Refused(undertone_otr::Refusal::OtherInstance) => for_others += 1,
                    other => panic!("{other:?}"),
                }
            }
        }
    }
    assert_eq!((heard, for_others), (1, 1));
}

#[test]
fn files_go_to_libotr_and_come_back() {
    let mut rng = ChaCha20Rng::from_seed([3; 32]);
    // A key that libotr makes is read here, with its tag.
    let empty = folder().unwrap();
    std::fs::remove_file(empty.path().join("keys")).unwrap();
    let mut fresh = Libotr::start(target(), &empty, POLICY_V3, None).unwrap();
    let said = fresh.tell("fingerprint", &[]).unwrap();
    let read = |name| std::fs::read_to_string(empty.path().join(name)).unwrap();
    let key = read_keys(&read("keys")).unwrap().pop().unwrap();
    let tag = read_tags(&read("tags")).entries.pop().unwrap();
    assert_eq!(said[0].words[0], tag.tag.to_string());
    assert_eq!(said[0].words[1..].join(" "), key.key.public().fingerprint().to_string());

    // A key that is made here is read there, with its tag.
    let made = folder().unwrap();
    let key = undertone_otr::PrivateKey::generate(&mut rng);
    let (fingerprint, account_name) = (key.public().fingerprint(), "ben@example.net".to_owned());
    let protocol = "prpl-jabber".to_owned();
    let keys = [AccountKey { account: account_name.clone(), protocol: protocol.clone(), key }];
    std::fs::write(made.path().join("keys"), write_keys(&keys).as_str()).unwrap();
    let tag = InstanceTag::random(&mut rng);
    let tags = [AccountTag { account: account_name, protocol, tag }];
    std::fs::write(made.path().join("tags"), write_tags(&tags)).unwrap();
    let mut libotr = Libotr::start(target(), &made, POLICY_V3, None).unwrap();
    let said = libotr.tell("fingerprint", &[]).unwrap();
    assert_eq!(said[0].words[0], tag.to_string());
    assert_eq!(said[0].words[1..].join(" "), fingerprint.to_string());

    // What it trusts is read here, and written the same.
    let mut ours = [Session::new(account(1).unwrap(), Settings::default()).unwrap()];
    let mut theirs = [libotr];
    let query = ours[0].start(NOW).unwrap().lines;
    carry(&mut ours, &mut theirs, query, &mut rng);
    theirs[0].tell("trust", &["verified"]).unwrap();
    let text = std::fs::read_to_string(made.path().join("fingerprints")).unwrap();
    let entries = read_fingerprints(&text);
    assert_eq!(entries.skipped, Vec::<usize>::new());
    assert_eq!(entries.entries[0].fingerprint, account(1).unwrap().fingerprint());
    assert_eq!(entries.entries[0].trust, "verified");
    assert_eq!(write_fingerprints(&entries.entries), text);
}
