//! `otr talk` with itself, over a port, over named pipes and over a program: all that can be typed,
//! what each end reads of it, and how it ends.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails in a helper fails its test")]

#[path = "talk/mod.rs"]
mod talk;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use talk::{Person, keys};
use undertone_tools::Kind;

/// Two ends over a port.
fn two(options: &[&str]) -> (Person, Person) {
    let ana = Person::start(&[&["--listen", "0"], options].concat());
    let port = ana.port();
    let ben = Person::start(&[&["--connect", &port], options].concat());
    (ana, ben)
}

/// Both are in private.
fn private(ana: &mut Person, ben: &mut Person, version: u8) {
    ana.types("/otr");
    for person in [ana, ben] {
        person.reads(&format!("A private conversation has begun, in version {version}."));
        person.reads("Their fingerprint");
    }
}

#[test]
fn texts_go_both_ways_in_private_and_a_goodbye_ends_it() {
    for version in ["2", "3", "4"] {
        let (mut ana, mut ben) = two(&["--versions", version]);
        // Nothing leaves before the conversation is private: the text waits, and asks for it.
        ana.types("hello \u{1b}[2J");
        ana.reads("Your text waits for a private conversation");
        ana.reads(&format!("A private conversation has begun, in version {version}."));
        ana.reads("Sent in private: hello ⟨001B⟩[2J");
        ben.hears("them: hello ⟨001B⟩[2J");
        ben.types("//quit is a text");
        ana.hears("them: /quit is a text");
        ben.types("...");
        ana.hears("them: ...");
        ben.types(".quit");
        assert_eq!(ben.leaves(), Ok(()));
        ana.reads("The other side has ended the private conversation.");
        ana.reads("The connection has ended.");
        assert_eq!(ana.leaves(), Ok(()));
    }
}

#[test]
fn the_numbers_to_compare_are_the_same_at_both_ends() {
    for version in [3, 4] {
        numbers_are_the_same(version);
    }
}

fn numbers_are_the_same(version: u8) {
    let (mut ana, mut ben) = two(&["--versions", &version.to_string()]);
    private(&mut ana, &mut ben, version);
    let number = |person: &mut Person| {
        let line = person.reads("The session's number: you read out ");
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        (words[6].trim_matches(',').to_owned(), words[9].trim_matches('.').to_owned())
    };
    let ((of_ana, theirs), (of_ben, of_the_other)) = (number(&mut ana), number(&mut ben));
    assert_eq!((of_ana, theirs), (of_the_other, of_ben));
    ana.types("/fingerprint");
    let own = ana.reads("Your fingerprint").replace("Your", "Their");
    ben.types("/fingerprint");
    assert_eq!(ben.reads("Their fingerprint"), own);
    assert_eq!(own.contains(" in version 4: "), version == 4);
}

#[test]
fn a_check_with_a_question_succeeds_fails_and_is_called_off() {
    for version in ["2", "3", "4"] {
        let (mut ana, mut ben) = two(&["--versions", version, "--max-line", "300"]);
        private(&mut ana, &mut ben, version.parse().unwrap());
        ana.types("/smp Which bird?");
        ana.reads("The secret that you both know:");
        ana.types("swan");
        ben.reads("The other side asks whether you know the same secret: Which bird?");
        ben.types("/answer");
        ben.types("swan");
        for person in [&mut ana, &mut ben] {
            person.reads("The check succeeded");
        }
        ben.types(".smp");
        ben.types("swan");
        ana.reads("The other side asks whether you know the same secret.");
        ana.types(".abort");
        ben.reads("The check was called off.");
        ben.types("/smp");
        ben.types("swan");
        ana.reads("The other side asks whether you know the same secret.");
        ana.types("/answer");
        ana.types("goose");
        for person in [&mut ana, &mut ben] {
            person.reads("The check failed");
        }
        ana.types("/quit");
        assert_eq!(ana.leaves().unwrap_err().kind, Kind::CheckFailed);
    }
}

#[test]
fn the_extra_key_is_the_same_at_both_ends() {
    for (version, digits) in [(3, 64), (4, 128)] {
        let (mut ana, mut ben) = two(&["--versions", &version.to_string()]);
        private(&mut ana, &mut ben, version);
        ana.types("/extra-key 7 a file");
        let ours = ana.reads("The extra key, for use 7: ");
        let theirs =
            ben.reads("The other side wants the extra key to be used, for use 7 with \"a file\": ");
        let key = |line: &str| line.rsplit(' ').next().unwrap().to_owned();
        assert_eq!(key(&ours), key(&theirs));
        assert_eq!(key(&ours).len(), digits);
    }
}

/// Without `--versions` both speak 3 and 4, and version 4 is taken. The older key, which may be
/// known from elsewhere, vouches for the newer one.
#[test]
fn the_newest_version_is_taken_and_the_older_key_vouches_for_it() {
    let (mut ana, ben) = two(&[]);
    let own = ana.reads("Your fingerprint: ");
    ana.reads("Your fingerprint in version 4: ");
    ana.types("/otr");
    let digits = own.strip_prefix("Your fingerprint: ").unwrap().to_owned();
    let vouched = ben.reads("The other side's key of version 3 vouches for its key of version 4");
    assert!(vouched.contains(&digits), "{vouched}");
    ben.reads("A private conversation has begun, in version 4.");
    // Who speaks version 3 alone is spoken with too.
    let mut ana = Person::start(&["--listen", "0"]);
    let mut ben = Person::start(&["--connect", &ana.port(), "--versions", "3"]);
    private(&mut ana, &mut ben, 3);
    ben.types("/quit");
    assert_eq!(ben.leaves(), Ok(()));
}

/// Version 4 signs both names, so a line between two people's programs leads nobody to a third.
#[test]
fn a_conversation_of_version_4_begins_where_both_know_the_same_names() {
    let names = |ours, theirs| ["--versions", "4", "--our-name", ours, "--their-name", theirs];
    let meet = |bens: &[&str]| {
        let ana = Person::start(
            &[&["--listen", "0"][..], &names("ana@example.net", "ben@example.net")].concat(),
        );
        let ben = Person::start(&[&["--connect", &ana.port()], bens].concat());
        (ana, ben)
    };
    let (mut ana, mut ben) = meet(&names("ben@example.net", "ana@example.net"));
    private(&mut ana, &mut ben, 4);
    let (mut ana, ben) = meet(&names("ben@example.net", "eve@example.net"));
    ana.types("/otr");
    ben.reads("The other side asks for a private conversation.");
    ben.reads("A message that should begin a private conversation was refused");
}

#[test]
fn without_a_conversation_commands_say_what_they_need() {
    let (mut ana, _ben) = two(&[]);
    for (typed, told) in [
        ("/smp", "The secret that you both know:"),
        ("swan", "A check needs a private conversation, and none is on."),
        ("/answer", "Nobody asks for a secret."),
        ("/abort", "There is no check to call off."),
        ("/extra-key", "This needs a private conversation, and none is on."),
        ("/fingerprint", "No private conversation is on."),
        ("/qiut", "There is no such command"),
        ("/answer swan", "Type /answer alone"),
        ("/help", "/otr  "),
    ] {
        ana.types(typed);
        ana.reads(told);
    }
    ana.types("/quit");
    assert_eq!(ana.leaves(), Ok(()));
}

#[test]
fn after_the_end_nothing_is_sent_until_the_person_decides() {
    let (mut ana, mut ben) = two(&["--policy", "manual"]);
    private(&mut ana, &mut ben, 4);
    ben.types("/end");
    ana.reads("The other side has ended the private conversation.");
    ana.types("private?");
    ana.reads("Nothing was sent: the other side has ended the private conversation");
    ana.types("/end");
    ana.types("open");
    ben.hears("them, in the clear: open");
    ana.types("/otr");
    for person in [&mut ana, &mut ben] {
        person.reads("A private conversation has begun, in version 4.");
    }
    ana.types("again");
    ben.hears("them: again");
    ana.types("/quit");
    assert_eq!(ana.leaves().unwrap_err().kind, Kind::NotDelivered, "a text was refused");
}

#[test]
fn what_is_piped_in_waits_goes_out_in_private_and_ends_with_a_goodbye() {
    let mut ana = Person::start(&["--listen", "0"]);
    let mut ben = Person::start(&["--connect", &ana.port()]);
    ben.types("one");
    ben.types("two");
    ben.ends();
    assert_eq!(ben.leaves(), Ok(()));
    ana.hears("them: one");
    ana.hears("them: two");
    ana.reads("The other side has ended the private conversation.");
    assert_eq!(ana.leaves(), Ok(()));
}

/// Lines of somebody who speaks no OTR, and what they see.
#[test]
fn every_line_on_the_carrier_is_a_line() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let mut ana = Person::start(&["--connect", &port, "--max-line", "100", "--policy", "always"]);
    let (stream, _) = listener.accept().unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
    let mut stream = stream;
    ana.types("secret");
    assert_eq!(lines.next().unwrap(), "?OTRv34?");
    stream.write_all(b"what is that\r\n").unwrap();
    ana.reads("What follows came in the clear and should not have");
    ana.hears("them, in the clear: what is that");
    // A line as long as memory is passed over; the next one is read.
    let long = vec![b'x'; 1 << 20];
    stream.write_all(&[&long[..], b"\nafter\n"].concat()).unwrap();
    ana.reads("A line came that is longer than any message");
    ana.hears("them, in the clear: after");
    drop((stream, lines));
    // What waited is told of.
    ana.reads("Not sent: secret");
    assert_eq!(ana.leaves().unwrap_err().kind, Kind::NotDelivered);
}

#[test]
fn a_connection_that_is_cut_is_told() {
    let mut ana = Person::start(&["--listen", "0"]);
    // Everything passes through here, until it doesn't.
    let relay = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = relay.local_addr().unwrap().port().to_string();
    let mut ben = Person::start(&["--connect", &port]);
    let (to_ben, _) = relay.accept().unwrap();
    let to_ana = TcpStream::connect(format!("127.0.0.1:{}", ana.port())).unwrap();
    for (mut from, mut to) in [
        (to_ben.try_clone().unwrap(), to_ana.try_clone().unwrap()),
        (to_ana.try_clone().unwrap(), to_ben.try_clone().unwrap()),
    ] {
        std::thread::spawn(move || drop(std::io::copy(&mut from, &mut to)));
    }
    ben.types("hello");
    ana.hears("them: hello");
    for stream in [&to_ana, &to_ben] {
        stream.shutdown(std::net::Shutdown::Both).unwrap();
    }
    for person in [&mut ana, &mut ben] {
        assert_eq!(person.leaves().unwrap_err().kind, Kind::PartnerGone);
    }
}

#[test]
fn named_pipes_and_programs_carry_lines_too() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = |name: &str| {
        let path = folder.path().join(name);
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        path.to_str().unwrap().to_owned()
    };
    let (there, back) = (pipe("there"), pipe("back"));
    let mut ana = Person::start(&["--pipes", &back, &there]);
    let carrier = format!("cat < '{there}' & exec cat > '{back}'");
    let mut ben = Person::start(&["--", "sh", "-c", &carrier]);
    ana.types("over a pipe");
    ben.hears("them: over a pipe");
    ben.types("over a program");
    ana.hears("them: over a program");
    ben.ends();
    assert_eq!(ben.leaves(), Ok(()));
    ana.reads("The connection has ended.");
    assert_eq!(ana.leaves(), Ok(()));
}

#[test]
fn tags_start_a_conversation_where_the_policy_says_so() {
    let (mut ana, mut ben) = two(&["--policy", "opportunistic"]);
    ana.types("hello");
    ben.hears("them, in the clear: hello");
    for person in [&mut ana, &mut ben] {
        person.reads("A private conversation has begun, in version 4.");
    }
    ben.types("hello in private");
    ana.hears("them: hello in private");
}

#[test]
fn a_fresh_key_is_made_where_none_is_named() {
    let ana = Person::start_with_fresh_key(&["--listen", "0"]);
    ana.port();
}

#[test]
fn what_makes_no_sense_is_refused_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    let both = keys("ours").trim_end().strip_suffix(')').unwrap().to_owned()
        + keys("theirs").strip_prefix("(privkeys").unwrap();
    let path = path.to_str().unwrap();
    let refused = |text: &str, more: &[&str]| {
        std::fs::write(path, text).unwrap();
        let mut person = Person::start_as(&[&["--listen", "0", "--key", path], more].concat());
        let failure = person.leaves().unwrap_err();
        (failure.kind, failure.message)
    };
    let (kind, message) = refused("(privkeys", &[]);
    assert_eq!(kind, Kind::Usage);
    assert!(message.contains("no file of private keys"), "{message}");
    let (_, message) = refused(&keys("ours"), &["--account", "nobody"]);
    assert!(message.starts_with("The file has no such key; it has: "), "{message}");
    let (_, message) = refused(&both, &[]);
    assert!(message.starts_with("The file has several keys: "), "{message}");
    let (_, message) = refused(&keys("ours"), &["--policy", "never", "--versions", "3"]);
    assert!(message.contains("no version"), "{message}");
    let mut person = Person::start(&["--connect", "1"]);
    assert_eq!(person.leaves().unwrap_err().kind, Kind::PartnerGone);
    for arguments in [
        &[][..],
        &["--listen", "0", "--connect", "1"],
        &["--listen", "example.net:5000"],
        &["--listen", "0", "--max-line", "10"],
        &["--listen", "0", "--versions", "1"],
        &["--listen", "0", "--versions", "3,5"],
        &["--pipes", "one"],
        &["--listen", "0", "--account", "x"],
    ] {
        assert!(!talk::is_legal(arguments), "{arguments:?}");
    }
}
