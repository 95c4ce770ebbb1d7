//! Two ends of `pipe` over two pipes of the system: everything arrives, whole and in order, and what
//! is missing, old or strange is told.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use support::{Person, pair};
use undertone_ratchet::session::OVERHEAD;
use undertone_tools::{Failure, Kind, Streams, Written};

fn fifo(folder: &Path, name: &str) -> String {
    let path = folder.join(name);
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path.to_str().unwrap().to_owned()
}

/// A carrier that writes to one named pipe what it is given, and gives what comes out of another.
fn carrier(to: &str, from: &str) -> String {
    format!("cat < '{from}' & exec cat > '{to}'")
}

/// Runs `pipe` over a shell's command.
fn run(person: &Person, name: &str, input: &[u8], carrier: &str) -> (Result<(), Failure>, Written) {
    let (streams, written) = Streams::in_memory(input);
    let done = person.run_on(&["pipe", name, "--", "sh", "-c", carrier], streams);
    (done, written)
}

/// Both ends over two named pipes, with something that each carrier does to what it carries.
fn both(
    ana: (&Person, &[u8]),
    ben: (&Person, &[u8]),
    filter: &str,
) -> [(Result<(), Failure>, Written); 2] {
    let folder = tempfile::tempdir().unwrap();
    let (there, back) = (fifo(folder.path(), "there"), fifo(folder.path(), "back"));
    let of_ana = if filter.is_empty() {
        carrier(&there, &back)
    } else {
        // Of the two, only the one that writes to this end may hold its pipe open.
        format!("cat < '{back}' & exec sh -c '{filter}' > '{there}'")
    };
    thread::scope(|scope| {
        let at_ana = scope.spawn(|| run(ana.0, "ben", ana.1, &of_ana));
        let at_ben = run(ben.0, "ana", ben.1, &carrier(&back, &there));
        [at_ana.join().unwrap(), at_ben]
    })
}

fn well(ends: [(Result<(), Failure>, Written); 2]) -> [Vec<u8>; 2] {
    ends.map(|(done, written)| {
        done.unwrap();
        written.bytes()
    })
}

#[test]
fn what_each_says_arrives_at_the_other() {
    let (ana, ben) = pair();
    // More than a chain holds without an answer, and than any buffer on the way: both at once.
    let long: Vec<u8> =
        (0..12_000_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for (one, two) in [
        (b"hello".as_slice(), b"hi".as_slice()),
        (b"", b""),
        (b"only one", b""),
        (long.as_slice(), b""),
        (long.as_slice(), &long[1..]),
    ] {
        let [at_ana, at_ben] = well(both((&ana, one), (&ben, two), ""));
        assert!(at_ben == one && at_ana == two, "{} {}", one.len(), two.len());
    }
    // The conversation goes on by hand.
    let sealed = ben.run(&["encrypt", "ana"], b"after").unwrap();
    assert_eq!(ana.run(&["decrypt", "ben"], &sealed).unwrap(), b"after");
}

#[test]
fn a_cut_connection_is_no_end() {
    let (ana, ben) = pair();
    let text = vec![7; 500_000];
    for length in [0, 2, 100, 70_000] {
        let ends = both((&ana, &text), (&ben, b""), &format!("exec head -c {length}"));
        for (done, _) in ends {
            assert_eq!(done.unwrap_err().kind, Kind::PartnerGone, "{length}");
        }
    }
}

#[test]
fn what_was_changed_on_the_way_is_refused() {
    let (ana, ben) = pair();
    // Every byte 'q' of what Ana sends becomes another: the first is met within some hundred bytes.
    let ends = both((&ana, &[7; 100_000]), (&ben, b""), "exec tr q r");
    let [(at_ana, _), (at_ben, written)] = ends;
    at_ana.unwrap_err();
    let failure = at_ben.unwrap_err();
    assert!(matches!(failure.kind, Kind::CheckFailed | Kind::PartnerGone), "{failure}");
    assert!(written.bytes().iter().all(|byte| *byte == 7), "nothing wrong was written");
}

#[test]
fn packets_of_an_earlier_pipe_are_refused() {
    let (ana, ben) = pair();
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    // Length ‖ (no part of an exchange ‖ text) in a packet.
    let hello = 4 + 2 + 17 + OVERHEAD;
    let data = 4 + 2 + 25 + 32_768 + OVERHEAD;
    // Somebody on the way keeps the second packet of what Ana said, and cuts the connection.
    // Who keeps it runs on when the carrier is ended.
    let keep = format!(
        "exec 3<&0; head -c {} <&3; cat <&3 > {} & exec true",
        hello + data,
        kept.to_str().unwrap()
    );
    let ends = both((&ana, &[7; 60_000]), (&ben, b""), &keep);
    assert!(ends.iter().all(|(done, _)| done.is_err()));
    let second = 4 + 2 + 25 + (60_000 - 32_768) + OVERHEAD;
    let begin = Instant::now();
    while std::fs::metadata(&kept).map_or(0, |kept| kept.len()) < second as u64 {
        assert!(begin.elapsed() < Duration::from_secs(20), "nothing was kept");
        thread::park_timeout(Duration::from_millis(5));
    }
    // The next pipe is given that after its own beginning.
    let old = format!("head -c {hello}; exec cat {}", kept.to_str().unwrap());
    let [_, (at_ben, written)] = both((&ana, b""), (&ben, b""), &old);
    let failure = at_ben.unwrap_err();
    assert!(failure.message.contains("earlier pipe"), "{failure}");
    assert_eq!(written.bytes(), b"", "nothing of it was believed");
}

#[test]
fn a_message_is_no_part_of_a_pipe_and_stays_readable() {
    let (ana, ben) = pair();
    let message = ana.run(&["encrypt", "ben"], b"a message").unwrap();
    let packet = &message[16..];
    let file = ben.put("packet", packet);
    let (done, written) = run(&ben, "ana", b"", &format!("cat '{file}'; cat > /dev/null"));
    assert_eq!(done.unwrap_err().kind, Kind::CheckFailed);
    assert_eq!(written.bytes(), b"");
    assert_eq!(ben.run(&["decrypt", "ana"], &message).unwrap(), b"a message");
}

#[test]
fn a_carrier_that_is_not_there_or_talks_nonsense_is_told() {
    let (ana, _ben) = pair();
    let (streams, _) = Streams::in_memory(b"");
    let nobody = ana.run_on(&["pipe", "ben", "--", "no-such-program-anywhere"], streams);
    assert_eq!(nobody.unwrap_err().kind, Kind::Usage);
    let (done, _) = run(&ana, "ben", b"hello", "echo SSH-2.0-OpenSSH; cat > /dev/null");
    let failure = done.unwrap_err();
    assert_eq!(failure.kind, Kind::CheckFailed);
    assert!(failure.message.contains("no packet"), "{failure}");
    let (done, _) = run(&ana, "ben", b"hello", "true");
    assert_eq!(done.unwrap_err().kind, Kind::PartnerGone);
}
