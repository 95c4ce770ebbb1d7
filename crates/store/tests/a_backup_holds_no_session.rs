//! What is in a backup: contacts and what was said, nothing of a session, nothing that disappears; and
//! what a restore makes of it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails in a helper fails its test")]

#[path = "support/profile.rs"]
mod profile;
#[path = "support/requests.rs"]
mod requests;

use std::path::Path;

use profile::{MESSAGES_OF, contact, message};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use undertone_engine::restore::JUMP;
use undertone_engine::storage::{
    Contact, Counters, EarlyRow, MessageRow, OutboxRow, Policy, RepairState, View as _, Write,
};
use undertone_handle::ConversationId;
use undertone_handle::command::{History, Reaction};
use undertone_ratchet::handshake::{OwnKeys, Role, derive_root, encapsulate};
use undertone_ratchet::transcript::Transcript;
use undertone_store::backup::{ReadError, Reader, Writer};
use undertone_store::key::{Cost, DatabaseKey, Passphrase, Protection};
use undertone_store::profile::{Backup, Contents, Profile, RestoreError};
use undertone_store::profiles::{Home, HomeError, ProfileName};
use undertone_wire::message::Body;
use zeroize::Zeroizing;

const ID: ConversationId = MESSAGES_OF;

fn words() -> Passphrase {
    Passphrase::new("words").unwrap()
}

fn session() -> Zeroizing<Vec<u8>> {
    let rng = &mut ChaCha20Rng::from_seed([5; 32]);
    let (own, other) = (OwnKeys::generate(rng), OwnKeys::generate(rng));
    let (_, to_other) = encapsulate(&other.public(), rng);
    let (_, to_own) = encapsulate(&own.public(), rng);
    let transcript = Transcript::new(b"test");
    let role = Role::Initiator;
    let root =
        derive_root(role, &own, &other.public(), &to_other, &to_own, &[], &transcript).unwrap();
    root.into_session(role, &own, &other.public(), &transcript).to_bytes()
}

/// A message with all that can stand beside a text.
fn marked() -> MessageRow {
    MessageRow {
        edited: Some(1_763_800_000),
        reply: Some(message(1, "").message),
        own_reaction: Reaction::parse("👍"),
        peer_reaction: Reaction::parse("+1"),
        expires: Some(1_763_900_000),
        seen: true,
        ..message(3, "what was said then")
    }
}

const POLICY: Policy = Policy {
    history: History::For(3_600),
    timer: Some(60),
    timer_changes: 3,
    to_date: 2,
    blocked: true,
};

const COUNTERS: Counters =
    Counters { next: 9, sent: 6, acknowledged: 4, highest: 7, window: 0b10, place: 12 };

/// A profile with a bit of everything.
fn full(path: &Path) -> Profile {
    let mut profile = Profile::create(path, &Protection::Nothing, Cost::FLOOR).unwrap();
    let passing = Contact { lasting: false, ..contact(2) };
    let text = |text: &str, timer| {
        Body::Text { text: Zeroizing::new(text.to_owned()), reply: None, timer }.encode().unwrap()
    };
    let row = |sequence, body| OutboxRow { sequence, message: None, body };
    profile
        .apply(&[
            Write::PutContact(Box::new(contact(1))),
            Write::PutSession(ID, session()),
            Write::PutCounters(ID, COUNTERS),
            Write::PutMessage(ID, Box::new(message(1, "what was said"))),
            Write::PutMessage(
                ID,
                Box::new(MessageRow { timer: Some(60), ..message(2, "what disappears") }),
            ),
            Write::PutMessage(ID, Box::new(marked())),
            Write::PutPolicy(ID, POLICY),
            Write::PutDraft(ID, Zeroizing::new("what was begun".to_owned())),
            Write::AddOutbox(ID, row(5, text("what waits", None))),
            Write::AddOutbox(ID, row(6, text("what waits and disappears", Some(60)))),
            Write::AddOutbox(
                ID,
                row(
                    7,
                    Body::Edit { of: 99, text: "of what is gone".to_owned().into() }
                        .encode()
                        .unwrap(),
                ),
            ),
            Write::PutEarly(ID, EarlyRow { sequence: 9, body: text("what came early", None) }),
            Write::PutContact(Box::new(passing)),
            Write::PutCounters(ConversationId(2), COUNTERS),
            Write::PutAddress(requests::address()),
            Write::PutRequest(Box::new(requests::request(1, "Stranger", "who asked"))),
            Write::PutAsk(Box::new(requests::ask(1, "Stranger", "whom was asked"))),
        ])
        .unwrap();
    profile.commit().unwrap();
    profile
}

fn back_up(profile: &Profile, path: &Path, history: bool) -> Contents {
    let writer = Writer::create(path, &words(), Cost::FLOOR).unwrap();
    profile.back_up(writer, "work", history).unwrap()
}

fn records(path: &Path) -> Vec<u8> {
    let all = Reader::open(path, &words()).unwrap();
    all.flat_map(|record| record.unwrap().bytes.to_vec()).collect()
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn restore(home: &Home, backup: &Path) -> Result<Profile, RestoreError> {
    let backup = Backup::begin(Reader::open(backup, &words())?)?;
    assert_eq!(backup.name(), "work");
    let name = ProfileName::parse("again").unwrap();
    let fill = |path: &Path, key: &DatabaseKey| {
        Profile::restore_under(path, key, backup).map(drop).map_err(Either::Restore)
    };
    let (held, key) = match home.create(&name, &Protection::Nothing, Cost::FLOOR, fill) {
        Ok(made) => made,
        Err(Either::Restore(error)) => return Err(error),
        Err(Either::Home(error)) => panic!("{error}"),
    };
    Ok(Profile::open_under(&held.database(), key).unwrap())
}

#[derive(Debug)]
enum Either {
    Restore(RestoreError),
    Home(HomeError),
}

impl From<HomeError> for Either {
    fn from(error: HomeError) -> Self {
        Self::Home(error)
    }
}

#[test]
fn no_key_of_a_session_and_nothing_that_disappears_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let profile = full(&folder.path().join("profile.db"));
    let file = folder.path().join("backup");
    let contents = back_up(&profile, &file, true);
    assert_eq!(contents, Contents { contacts: 1, messages: 2 });
    let bytes = records(&file);
    // Each piece of a session is a key, or as good as one; its lengths and flags are short.
    let session = session();
    for piece in session.windows(12) {
        let says_something = piece.iter().filter(|byte| **byte != 0).count() > 8;
        assert!(!says_something || !has(&bytes, piece), "{piece:?} of the session");
    }
    for text in ["disappears", "of what is gone", "Stranger", "who asked", "whom was asked"] {
        assert!(!has(&bytes, text.as_bytes()), "{text}");
    }
    let here = ["what was said", "what was said then", "what was begun", "what waits"];
    for text in here.into_iter().chain(["what came early"]) {
        assert!(has(&bytes, text.as_bytes()), "{text}");
    }
    // The address is; the keys of a request serve once.
    assert!(has(&bytes, requests::address().seed.0.as_bytes()));
    let offer = requests::request(1, "Stranger", "").offer.unwrap();
    for secret in [
        offer.client_auth_secret().as_bytes(),
        requests::ask(1, "Stranger", "").own.place().0.as_bytes(),
    ] {
        assert!(!has(&bytes, secret));
    }
    let sealed = std::fs::read(&file).unwrap();
    assert!(!has(&sealed, b"what was said"));

    let bare = folder.path().join("bare");
    assert_eq!(back_up(&profile, &bare, false), Contents { contacts: 1, messages: 0 });
    assert!(!has(&records(&bare), b"what "));
    assert!(has(&records(&bare), contact(1).recovery.keys.current().as_bytes()));
}

#[test]
fn a_restore_makes_a_newer_incarnation_that_needs_a_repair() {
    let folder = tempfile::tempdir().unwrap();
    let profile = full(&folder.path().join("profile.db"));
    let file = folder.path().join("backup");
    back_up(&profile, &file, true);
    let home = Home::at(folder.path().join("home"));
    let restored = restore(&home, &file).unwrap();
    assert_eq!(restored.contacts(), [ID]);
    let (before, after) = (contact(1), restored.contact(ID).unwrap());
    assert_eq!(after.recovery.state, RepairState::Needed);
    assert_eq!(after.recovery.restored_from, Some(COUNTERS.next));
    assert!(after.recovery.incarnations.own > before.recovery.incarnations.own);
    assert_eq!(after.recovery.incarnations.peer, before.recovery.incarnations.peer);
    assert_eq!(after.recovery.keys.current(), before.recovery.keys.current());
    assert_eq!(after.own.to_bytes(), before.own.to_bytes());
    assert_eq!(after.pairing, before.pairing);
    let next = COUNTERS.next + JUMP;
    let sent = COUNTERS.next - 1;
    assert_eq!(restored.counters(ID), Some(Counters { next, sent, ..COUNTERS }));
    assert_ne!(restored.session(ID), profile.session(ID));
    let texts = |profile: &Profile| -> Vec<String> {
        let all = (1..4).filter_map(|place| profile.message(message(place, "").message));
        all.map(|row| row.body.as_str().to_owned()).collect()
    };
    assert_eq!(texts(&restored), ["what was said", "what was said then"]);
    let waits = restored.outbox(ID, 0, 9);
    let nothing = Body::Withdrawn.encode().unwrap();
    assert_eq!(waits.len(), 3);
    assert_eq!(waits[0].body, profile.outbox(ID, 0, 9)[0].body);
    assert!(waits[1..].iter().all(|row| row.body == nothing));
    assert_eq!(restored.early(ID).len(), 1);
    assert_eq!(restored.policy(ID), Some(POLICY));
    assert_eq!(restored.address(), Some(requests::address()));
    assert!(restored.requests().is_empty() && restored.asks().is_empty());
    let row = restored.message(marked().message).unwrap();
    let before = profile.message(row.message).unwrap();
    assert_eq!(row.line(), before.line());
    restored.check().unwrap();
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Vec<u8> {
    let pairs = (0..text.len()).step_by(2).map(|at| text.get(at..at + 2).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}

/// Whoever has a backup of version 1 gets all of it back, whatever wrote it.
#[test]
fn the_records_of_version_1_are_what_they_were() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/backup-records-v1.txt");
    let golden = std::fs::read_to_string(golden).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let profile = full(&folder.path().join("profile.db"));
    let file = folder.path().join("backup");
    back_up(&profile, &file, true);
    let written: String = Reader::open(&file, &words())
        .unwrap()
        .map(|record| {
            let record = record.unwrap();
            format!("{} {}\n", record.kind, hex(&record.bytes))
        })
        .collect();
    assert_eq!(written, golden, "the format has changed");

    let old = folder.path().join("old");
    let mut writer = Writer::create(&old, &words(), Cost::FLOOR).unwrap();
    // Written before there were public addresses, it has none.
    for line in golden.lines().filter(|line| !line.starts_with("8 ")) {
        let (kind, bytes) = line.split_once(' ').unwrap();
        writer.put(kind.parse().unwrap(), &from_hex(bytes)).unwrap();
    }
    writer.finish().unwrap();
    let restored = restore(&Home::at(folder.path().join("home")), &old).unwrap();
    assert_eq!(restored.contacts(), [ID]);
    assert_eq!(restored.policy(ID), Some(POLICY));
    assert_eq!(restored.message(marked().message).unwrap().body.as_str(), "what was said then");
    assert_eq!(restored.outbox(ID, 0, 9).len(), 3);
    assert_eq!(restored.address(), None);
}

#[test]
fn a_broken_backup_leaves_no_profile() {
    let folder = tempfile::tempdir().unwrap();
    let profile = full(&folder.path().join("profile.db"));
    let file = folder.path().join("backup");
    back_up(&profile, &file, true);
    let mut bytes = std::fs::read(&file).unwrap();
    let home = Home::at(folder.path().join("home"));
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let broken = folder.path().join("broken");
    std::fs::write(&broken, &bytes).unwrap();
    assert!(matches!(restore(&home, &broken), Err(RestoreError::Read(ReadError::Damaged))));
    assert!(home.list().unwrap().is_empty());

    // Rightly sealed, and not what a profile writes: a message of nobody, a contact or the address
    // twice.
    for (kind, times) in [(2, 0), (2, 2), (8, 2)] {
        let odd = folder.path().join(format!("odd {kind} {times}"));
        let mut writer = Writer::create(&odd, &words(), Cost::FLOOR).unwrap();
        for record in Reader::open(&file, &words()).unwrap() {
            let record = record.unwrap();
            let times = if record.kind.get() == kind { times } else { 1 };
            (0..times).for_each(|_| writer.put(record.kind, &record.bytes).unwrap());
        }
        writer.finish().unwrap();
        assert!(matches!(restore(&home, &odd), Err(RestoreError::Read(ReadError::Damaged))));
        assert!(home.list().unwrap().is_empty());
    }
}
