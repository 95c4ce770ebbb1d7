//! A process that writes to a profile is killed at any moment: what it had committed is there, and of
//! everything else all or nothing.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

#[path = "support/profile.rs"]
mod support;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::{MESSAGES_OF, contact, message};
use undertone_engine::storage::{Counters, Reader as _, View as _, Write, message_id};
use undertone_handle::query::Search;
use undertone_store::key::{Cost, Protection};
use undertone_store::profile::Profile;
use zeroize::Zeroizing;

/// Where the writing process finds the database.
const PATH: &str = "UNDERTONE_TEST_WRITES_TO";
const KILLS: u64 = 24;
/// So long after a commit at the most, and in this part of all kills.
const CLOSE: Duration = Duration::from_millis(5);

/// What one commit holds: a message, where the conversation is, and a session as long as it gets.
fn step(place: u32) -> Vec<Write> {
    let counters = Counters { next: u64::from(place) + 1, place: place + 1, ..Counters::default() };
    let session = vec![place.to_be_bytes()[3]; usize::try_from(place % 9).unwrap() * 1_000 + 1];
    let mut writes = vec![
        Write::PutMessage(MESSAGES_OF, Box::new(message(place, &format!("number {place}")))),
        Write::PutCounters(MESSAGES_OF, counters),
        Write::PutSession(MESSAGES_OF, Zeroizing::new(session)),
    ];
    if place % 7 == 3 {
        writes.push(Write::Purge(vec![message_id(1, place - 2)]));
    }
    writes
}

/// Whether a message was erased by a later step.
fn is_purged(place: u32, last: u32) -> bool {
    (place + 2) % 7 == 3 && place + 2 <= last
}

/// Writes until it is killed, and says what is committed.
fn write_on(path: &Path) {
    let mut profile = Profile::open(path, &Protection::Nothing).unwrap();
    let mut place = profile.counters(MESSAGES_OF).unwrap().place;
    let mut out = std::io::stdout();
    loop {
        profile.apply(&step(place)).unwrap();
        profile.commit().unwrap();
        writeln!(out, "committed {place}").unwrap();
        out.flush().unwrap();
        if place.is_multiple_of(25) {
            profile.settle().unwrap();
        }
        place += 1;
    }
}

#[test]
fn what_was_committed_is_there_and_nothing_half() {
    if let Some(path) = std::env::var_os(PATH) {
        write_on(Path::new(&path));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("profile.db");
    let mut profile = Profile::create(&path, &Protection::Nothing, Cost::FLOOR).unwrap();
    profile.apply(&[Write::PutContact(Box::new(contact(1)))]).unwrap();
    profile.apply(&step(1)).unwrap();
    profile.commit().unwrap();
    drop(profile);

    let mut close = 0;
    for kill in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["what_was_committed_is_there_and_nothing_half", "--exact", "--nocapture"])
            .env(PATH, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut committed = || {
            said.by_ref().find_map(|line| line.unwrap().strip_prefix("committed ")?.parse().ok())
        };
        let mut last: u32 = 0;
        for _ in 0..=kill % 40 {
            last = committed().unwrap();
        }
        // From the moment of a commit on, in steps of a fifth of a millisecond, twice over: whatever it
        // does then, it is killed in it.
        let wait = Duration::from_micros(200 * kill);
        let until = Instant::now() + wait;
        while Instant::now() < until {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        close += u64::from(wait <= CLOSE);
        while let Some(place) = committed() {
            last = place;
        }

        let profile = Profile::open(&path, &Protection::Nothing).unwrap();
        let place = profile.counters(MESSAGES_OF).unwrap().place - 1;
        assert!(place >= last, "{last} was committed, {place} is there");
        assert!(place <= last + 1, "{place} is there, and only {last} was said");
        let session = profile.session(MESSAGES_OF).unwrap();
        assert_eq!(session.len(), usize::try_from(place % 9).unwrap() * 1_000 + 1);
        assert!(session.iter().all(|byte| *byte == place.to_be_bytes()[3]));
        for each in 1..=place {
            let there = profile.message(message_id(1, each)).is_some();
            assert_eq!(there, !is_purged(each, place), "message {each} of {place}");
        }
        assert!(profile.message(message_id(1, place + 1)).is_none());
        assert_eq!(profile.fault(), None);
        let search = Search::parse("number").unwrap();
        let found = profile.reader().unwrap().search(&search, None, usize::MAX >> 1).unwrap();
        let kept = (1..=place).filter(|each| !is_purged(*each, place)).count();
        assert_eq!(found.len(), kept);
        profile.check().unwrap();
    }
    assert!(close * 4 >= KILLS, "{close} of {KILLS} kills were close to a commit");
}
