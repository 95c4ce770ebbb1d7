//! Messages to a client that is offline: prekeys are published, a session begins without an answer,
//! and goes on when the client is back.

use undertone_otr::{
    AkeError, Ensemble, Event, OfflineError, Policy, Prekeys, Publication, PublishError, Refusal,
    Session, Settings, Status, Version, Versions,
};

use crate::common::{NOW, account, identity, is_secure, policy_4, rng, session, tag, texts};

fn settings() -> Settings {
    Settings { policy: policy_4(), ..Settings::default() }
}

/// A client that takes messages which were written while it was offline, and what it published.
fn published(number: u32, prekeys: &Prekeys) -> (Session, Publication) {
    let account = account(number).with_prekeys(prekeys.clone());
    let versions = Versions::NONE.with(Version::V4);
    let publication = account.publish(versions, 4, NOW, &mut rng(7)).unwrap();
    (Session::new(account, settings()).unwrap(), publication)
}

fn ensemble(publication: &Publication, index: usize) -> Ensemble {
    let Publication { profile, prekey_profile, messages } = publication.clone();
    let ensemble = Ensemble { profile, prekey_profile, message: messages[index].clone() };
    Ensemble::decode(&ensemble.encoded()).unwrap()
}

#[test]
fn what_was_written_is_read_later_and_answered() {
    let prekeys = Prekeys::new();
    let (mut ben, publication) = published(0x2000, &prekeys);
    let mut ana = session(0x1000, policy_4());
    let mut rng = rng(1);
    let ensemble = ensemble(&publication, 0);
    assert_eq!(ensemble.profile.fingerprint(), identity(0x2000).fingerprint());
    let written = ana.write_offline(&ensemble, "call me", NOW, &mut rng).unwrap();
    assert!(written.events.iter().any(is_secure));
    let more = ana.send("or not", NOW).unwrap();
    let mut events = Vec::new();
    for line in written.lines.iter().chain(&more.lines) {
        events.extend(ben.receive(line, NOW, &mut rng).events);
    }
    assert_eq!(texts(&events), ["call me", "or not"]);
    assert!(events.iter().any(is_secure));
    assert_eq!(prekeys.left(), 3);
    for turn in 0..7 {
        let (from, to) = if turn % 2 == 0 { (&mut ben, &mut ana) } else { (&mut ana, &mut ben) };
        let line = from.send(&format!("turn {turn}"), NOW).unwrap().lines.remove(0);
        assert_eq!(texts(&to.receive(&line, NOW, &mut rng).events), [format!("turn {turn}")]);
    }
    // The same again is refused, and the session goes on.
    let output = ben.receive(&written.lines[0], NOW, &mut rng);
    assert_eq!(output.events, [Event::Refused(Refusal::Exchange(AkeError::Prekey))]);
    let line = ana.send("still", NOW).unwrap().lines.remove(0);
    assert_eq!(texts(&ben.receive(&line, NOW, &mut rng).events), ["still"]);
}

#[test]
fn prekeys_are_shared_by_all_conversations_of_an_account() {
    let prekeys = Prekeys::new();
    let (mut to_ana, publication) = published(0x2000, &prekeys);
    let account = account(0x2000).with_prekeys(prekeys);
    let mut to_eve = Session::new(account, settings()).unwrap();
    let ensemble = ensemble(&publication, 1);
    let mut rng = rng(2);
    let mut ana = session(0x1000, policy_4());
    let mut eve = session(0x3000, policy_4());
    let first = ana.write_offline(&ensemble, "one", NOW, &mut rng).unwrap();
    let second = eve.write_offline(&ensemble, "two", NOW, &mut rng).unwrap();
    assert!(to_ana.receive(&first.lines[0], NOW, &mut rng).events.iter().any(is_secure));
    let output = to_eve.receive(&second.lines[0], NOW, &mut rng);
    assert_eq!(output.events, [Event::Refused(Refusal::Exchange(AkeError::Prekey))]);
    assert_eq!(to_eve.instances().count(), 0);
}

#[test]
fn who_has_no_prekeys_takes_none_and_who_may_not_writes_none() {
    let prekeys = Prekeys::new();
    let (_, publication) = published(0x2000, &prekeys);
    let ensemble = ensemble(&publication, 0);
    let mut rng = rng(3);
    let mut ana = session(0x1000, policy_4());
    let written = ana.write_offline(&ensemble, "hello", NOW, &mut rng).unwrap();
    let mut ben = session(0x2000, policy_4());
    let output = ben.receive(&written.lines[0], NOW, &mut rng);
    assert_eq!(output.events, [Event::Refused(Refusal::Exchange(AkeError::Offline))]);
    assert_eq!(ben.status(), Status::Plain);
    let mut old = session(0x1000, Policy::REQUIRE);
    let refused = old.write_offline(&ensemble, "hello", NOW, &mut rng).err();
    assert_eq!(refused, Some(OfflineError::Off));
    let refused = ben.write_offline(&ensemble, "hello", NOW, &mut rng).err();
    assert_eq!(refused, Some(OfflineError::Ourselves));
    let versions = Versions::NONE.with(Version::V4);
    let refused = account(0x1000).publish(versions, 1, NOW, &mut rng).err();
    assert_eq!(refused, Some(PublishError::NoPrekeys));
}

#[test]
fn going_offline_ends_the_session_before() {
    let prekeys = Prekeys::new();
    let (mut ben, publication) = published(0x2000, &prekeys);
    let mut ana = session(0x1000, policy_4());
    let mut rng = rng(4);
    for index in 0..2 {
        let ensemble = ensemble(&publication, index);
        let written = ana.write_offline(&ensemble, "hello", NOW, &mut rng).unwrap();
        let mut events = Vec::new();
        for line in &written.lines {
            events.extend(ben.receive(line, NOW, &mut rng).events);
        }
        let ended = Event::Finished { instance: Some(tag(0x1000)) };
        assert_eq!(events.contains(&ended), index == 1);
        assert_eq!(texts(&events), ["hello"]);
        assert_eq!(ben.status(), Status::Private);
    }
}
