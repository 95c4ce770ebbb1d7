//! Databases that earlier programs wrote open in this one, with everything that was in them.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use std::convert::Infallible;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use undertone_engine::storage::{
    Counters, Policy, PublicAddress, Reader as _, View as _, message_id,
};
use undertone_handle::ConversationId;
use undertone_handle::command::{Greeting, History, Name};
use undertone_handle::query::{RequestLine, RequestState, Search};
use undertone_ratchet::secret::Secret;
use undertone_store::OpenError;
use undertone_store::key::{KeyError, Passphrase, Protection};
use undertone_store::profile::Profile;
use undertone_store::sessions::{Sessions, Stage};
use undertone_wire::address::OnionSeed;

/// A copy of a golden database, which opening may change.
fn copy(name: &str, folder: &Path) -> PathBuf {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let path = folder.join(name);
    for suffix in ["", ".key"] {
        let from = golden.join(format!("{name}{suffix}"));
        std::fs::copy(from, folder.join(format!("{name}{suffix}"))).unwrap();
    }
    path
}

fn passphrase(text: &str) -> Protection {
    Protection::Passphrase(Passphrase::new(text).unwrap())
}

#[test]
fn sessions_version_1() {
    let folder = tempfile::tempdir().unwrap();
    let path = copy("sessions-v1.db", folder.path());
    assert!(Sessions::needs_passphrase(&path).unwrap());
    let wrong = Sessions::open(&path, &passphrase("another")).err();
    assert_eq!(wrong, Some(OpenError::Key(KeyError::WrongPassphrase)));

    let mut sessions = Sessions::open(&path, &passphrase("an old passphr\u{e4}se")).unwrap();
    let all = sessions.list().unwrap();
    let told: Vec<_> =
        all.iter().map(|one| (one.name.as_str(), one.stage, one.verified, one.created)).collect();
    assert_eq!(
        told,
        [
            ("ana", Stage::Offered, false, 1_763_700_000),
            ("ben", Stage::Open, true, 1_763_700_001),
            ("cy", Stage::Exported, false, 1_763_700_002),
        ]
    );
    let ben = sessions.get::<Infallible>("ben").unwrap();
    assert_eq!(ben.state.as_slice(), [7; 6_000]);
    assert_eq!((ben.peer, ben.fingerprint), (Some([1; 32]), Some([2; 32])));
    let kept = sessions.change("ben", |turn| Ok::<_, Infallible>(turn.kept(b"packet").unwrap()));
    assert_eq!(kept.unwrap().unwrap().as_slice(), b"a kept text");
}

#[test]
fn profile_version_1() {
    let (_folder, profile) = profile_has_everything("profile-v1.db", false);
    has_no_requests(&profile);
}

#[test]
fn profile_version_2() {
    let (_folder, profile) = profile_has_everything("profile-v2.db", true);
    has_no_requests(&profile);
}

#[test]
fn profile_version_3() {
    let (_folder, profile) = profile_has_everything("profile-v3.db", true);
    let seed = OnionSeed(Secret::from_bytes(&[6; 32]));
    assert_eq!(profile.address(), Some(PublicAddress { seed, on: true }));
    let [let_go, accepted] = profile.requests().try_into().unwrap();
    let line = RequestLine {
        conversation: ConversationId(u64::MAX - 1),
        name: Name::parse("Cy").unwrap(),
        greeting: Greeting::parse("it's me\nfrom the pond").unwrap(),
        at: 1_763_700_001,
        state: RequestState::Accepted,
    };
    assert_eq!(accepted.line(), line);
    assert_eq!((accepted.tag, accepted.hash), ([1; 32], [0x54; 32]));
    let names = (Name::parse("me").unwrap(), Name::parse("Ben").unwrap());
    assert_eq!((accepted.names, accepted.accepted), (Some(names), Some(1_763_800_000)));
    let (keys, offer) = (accepted.keys.encode(), accepted.offer.unwrap().to_bytes());
    let parts = [&accepted.place.0, keys.as_slice(), offer.as_bytes()];
    assert_eq!(digest(&parts), "e72e3b46b3066d39");
    assert_eq!((let_go.state, let_go.greeting.as_str()), (RequestState::Blocked, ""));
    assert!(let_go.offer.is_none() && let_go.names.is_none() && let_go.accepted.is_none());

    let [waits, arrived] = profile.asks().try_into().unwrap();
    assert_eq!((arrived.id, arrived.at), (ConversationId(9), 1_763_700_009));
    assert_eq!((arrived.nick.as_str(), arrived.peer.as_str()), ("me", "Dee"));
    assert_eq!((arrived.greeting.as_str(), arrived.tries), ("may I?", 3));
    let sent = arrived.sent.unwrap();
    assert_eq!((sent.hash, arrived.arrived), ([0xa3; 32], true));
    let (own, offer) = (arrived.own.to_bytes(), sent.offer.encode());
    let parts = [&arrived.address.0, own.as_bytes().as_slice(), &offer];
    assert_eq!(digest(&parts), "72d5105d90636df3");
    assert!(waits.sent.is_none() && !waits.arrived && waits.tries == u32::MAX);
    assert_eq!(profile.fault(), None);
}

/// The first bytes of a hash of everything that was made at random.
fn digest(parts: &[&[u8]]) -> String {
    let hash = parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part)).finalize();
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// A database from before there were public addresses is brought up, and takes requests.
fn has_no_requests(profile: &Profile) {
    assert_eq!(profile.address(), None);
    assert!(profile.requests().is_empty() && profile.asks().is_empty());
    let reader = profile.reader().unwrap();
    assert_eq!(reader.address_line(), Ok(None));
    assert_eq!((reader.request_lines(), reader.ask_lines()), (Ok(Vec::new()), Ok(Vec::new())));
    assert_eq!(profile.fault(), None);
}

fn profile_has_everything(name: &str, blocked: bool) -> (TempDir, Profile) {
    let folder = tempfile::tempdir().unwrap();
    let path = copy(name, folder.path());
    let profile = Profile::open(&path, &passphrase("an old passphr\u{e4}se")).unwrap();
    let id = ConversationId(1);
    assert_eq!((profile.profile().next_number, profile.contacts()), (2, vec![id]));
    let contact = profile.contact(id).unwrap();
    assert_eq!((contact.nick.as_str(), contact.peer.as_str()), ("me", "Ana"));
    assert_eq!((contact.pairing, contact.recovery.keys.current().as_bytes()), ([3; 32], &[4; 32]));
    assert!(contact.lasting && contact.made && contact.open && !contact.ended);
    assert_eq!(profile.session(id).unwrap().as_slice(), [7; 6_000]);
    let counters =
        Counters { next: 9, sent: 8, acknowledged: 8, highest: 7, window: 1 << 63, place: 4 };
    assert_eq!(profile.counters(id), Some(counters));
    let policy = Policy {
        history: History::For(3_600),
        timer: Some(60),
        timer_changes: 2,
        to_date: 1,
        blocked,
    };
    assert_eq!(profile.policy(id), Some(policy));
    let outbox = profile.outbox(id, 0, 9);
    assert_eq!((outbox.len(), outbox[0].body.as_slice()), (1, b"a body".as_slice()));
    assert_eq!(profile.early(id)[0].sequence, 12);
    let first = profile.message(message_id(1, 1)).unwrap();
    assert_eq!(first.body.as_str(), "the first of all");
    assert_eq!(
        (first.edited, first.timer, first.expires),
        (Some(5), Some(60), Some(1_763_700_100))
    );
    assert_eq!(first.own_reaction.unwrap().as_str(), "👍");
    assert_eq!(profile.numbered(id, false, 2), Some(message_id(1, 2)));
    let reader = profile.reader().unwrap();
    assert_eq!(reader.draft(id).unwrap().unwrap().reveal(), "a draft");
    for (words, places) in [("東京", vec![2]), ("the", vec![3, 1])] {
        let hits = reader.search(&Search::parse(words).unwrap(), None, 9).unwrap();
        let found: Vec<_> = hits.iter().map(|hit| hit.line.message).collect();
        assert_eq!(found, places.into_iter().map(|at| message_id(1, at)).collect::<Vec<_>>());
    }
    assert_eq!(profile.fault(), None);
    profile.check().unwrap();
    (folder, profile)
}
