//! `undertone ratchet` killed at any moment, and many at once: no key serves twice, nothing is lost.
//!
//! The receiver is the witness: a second packet under one key is refused as read already, so if all
//! packets that ever got out can be read, no key served for two.

#![cfg(feature = "sqlcipher")]

mod support;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use support::ratchet::{Person, finish, kill, pair, start, words};

/// Moments from before the program has begun to after its end, each time others.
fn moments(count: u32, whole: Duration) -> Vec<Duration> {
    // A stride that has no small factor with the count: early and late ones come mixed.
    (0..count).map(|i| whole * (i * 37 % count) / count).collect()
}

/// How long a command takes when nobody kills it.
fn whole(person: &Person, arguments: &[&str], input: &[u8]) -> Duration {
    let begin = Instant::now();
    person.well(arguments, input);
    begin.elapsed()
}

fn wait(moment: Duration) {
    let begin = Instant::now();
    while begin.elapsed() < moment {
        std::thread::park_timeout(moment.saturating_sub(begin.elapsed()));
    }
}

/// Whether all of a message got out: its packet's length stands behind 16 bytes.
fn is_whole(message: &[u8]) -> bool {
    let length = message.get(16..).and_then(|rest| rest.first_chunk()).copied();
    length.is_some_and(|length| message.len() == 20 + u32::from_be_bytes(length) as usize)
}

#[test]
fn a_killed_encrypt_never_uses_a_key_again() {
    let (ana, ben) = pair();
    let mut packets = Vec::new();
    let took = whole(&ana, &["encrypt", "ben"], b"first") * 3 / 2;
    let (mut early, mut late) = (0, 0);
    for (number, moment) in moments(60, took).into_iter().enumerate() {
        let text = format!("text {number}");
        let child = start(ana.command(&["encrypt", "ben"]), text.as_bytes());
        wait(moment);
        let written = kill(child);
        if is_whole(&written) {
            late += 1;
            packets.push((text, written));
        } else {
            early += 1;
        }
        // One that nobody kills, so that whatever was left behind is met by somebody.
        if number % 10 == 0 {
            let text = format!("whole {number}");
            let packet = ana.well(&["encrypt", "ben"], text.as_bytes());
            packets.push((text, packet));
        }
    }
    assert!(early >= 5 && late >= 5, "{early} killed before and {late} after: it has to be both");
    let different: BTreeSet<_> = packets.iter().map(|(_, packet)| packet).collect();
    assert_eq!(different.len(), packets.len());
    for (text, packet) in &packets {
        assert_eq!(ben.well(&["decrypt", "ana"], packet), text.as_bytes());
    }
}

#[test]
fn a_killed_decrypt_loses_no_text() {
    let (ana, ben) = pair();
    let packet = ana.well(&["encrypt", "ben"], b"first");
    let took = whole(&ben, &["decrypt", "ana"], &packet) * 3 / 2;
    let (mut early, mut late) = (0, 0);
    for (number, moment) in moments(60, took).into_iter().enumerate() {
        let text = format!("text {number}");
        let packet = ana.well(&["encrypt", "ben"], text.as_bytes());
        let child = start(ben.command(&["decrypt", "ana"]), &packet);
        wait(moment);
        let written = kill(child);
        let again = ben.run(&["decrypt", "ana"], &packet);
        if written.is_empty() {
            early += 1;
            assert!(again.status.success(), "{number}: lost: {}", words(&again));
            assert_eq!(again.stdout, text.as_bytes());
        } else {
            late += 1;
            assert_eq!(written, text.as_bytes());
            // Killed before or after the note that it was written.
            let noted = again.status.code() == Some(7) && words(&again).contains("read already");
            assert!(noted || again.stdout == text.as_bytes(), "{}", words(&again));
        }
        let replay = ben.run(&["decrypt", "ana"], &packet);
        assert_eq!(replay.status.code(), Some(7), "{number}: read a third time");
    }
    assert!(early >= 5 && late >= 5, "{early} killed before and {late} after: it has to be both");
}

#[test]
fn a_crowd_on_one_database_takes_turns() {
    let (ana, ben) = pair();
    let packets: Vec<(String, Vec<u8>)> = std::thread::scope(|scope| {
        let ana = &ana;
        let writers: Vec<_> = (0..6)
            .map(|writer| {
                scope.spawn(move || {
                    let texts = (0..15).map(|number| format!("{writer} says {number}"));
                    texts
                        .map(|text| {
                            let packet = ana.well(&["encrypt", "ben"], text.as_bytes());
                            (text, packet)
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    assert_eq!(packets.len(), 90);
    // Read by a crowd as well, in whatever order that comes to.
    std::thread::scope(|scope| {
        let ben = &ben;
        for some in packets.chunks(15) {
            scope.spawn(move || {
                for (text, packet) in some {
                    assert_eq!(ben.well(&["decrypt", "ana"], packet), text.as_bytes());
                }
            });
        }
    });
}

/// Of several that read the same packet at once, at least one gives the text, and none another.
#[test]
fn a_crowd_on_one_packet() {
    let (ana, ben) = pair();
    for _ in 0..5 {
        let packet = ana.well(&["encrypt", "ben"], b"the text");
        let readers: Vec<_> =
            (0..4).map(|_| start(ben.command(&["decrypt", "ana"]), &packet)).collect();
        let outputs: Vec<_> = readers.into_iter().map(finish).collect();
        let read = outputs.iter().filter(|output| output.status.success()).count();
        assert!(read >= 1, "{}", words(&outputs[0]));
        for output in outputs {
            let refused = output.status.code() == Some(7) && output.stdout.is_empty();
            assert!(refused || output.stdout == b"the text", "{}", words(&output));
        }
        assert_eq!(ben.run(&["decrypt", "ana"], &packet).status.code(), Some(7));
    }
}

#[test]
fn several_that_make_the_database_at_once_make_one() {
    for _ in 0..5 {
        let person = Person::without_database();
        let makers: Vec<_> = (0..4)
            .map(|number| {
                let name = format!("friend {number}");
                start(person.command(&["--no-passphrase", "init", &name]), b"")
            })
            .collect();
        for output in makers.into_iter().map(finish) {
            assert!(output.status.success(), "{}", words(&output));
        }
        let list = String::from_utf8(person.well(&["list"], b"")).unwrap();
        assert_eq!(list.lines().count(), 4, "{list}");
    }
}

#[test]
fn a_killed_beginning_is_no_obstacle() {
    let took = whole(&Person::without_database(), &["--no-passphrase", "init", "ben"], b"");
    for moment in moments(20, took) {
        let person = Person::without_database();
        let child = start(person.command(&["--no-passphrase", "init", "ben"]), b"");
        wait(moment);
        kill(child);
        person.well(&["--no-passphrase", "init", "ben"], b"");
        let list = String::from_utf8(person.well(&["list"], b"")).unwrap();
        assert_eq!(list.lines().count(), 1, "{list}");
        let mut files: Vec<_> = std::fs::read_dir(person.data())
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        assert_eq!(files, ["ratchet.db", "ratchet.db.key"]);
    }
}
