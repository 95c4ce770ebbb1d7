//! What is no code is said to be none: at once on the command line, and where it is typed with the
//! question again. It leads to no meeting.

mod support;

use std::time::{Duration, Instant};

use support::chats::plain_arguments;
use support::reading::read;
use support::{Plain, SOON, local_name};

/// A command line is judged before anything begins.
const AT_ONCE: Duration = Duration::from_secs(5);

const MALFORMED: [&str; 5] = ["", "nonsense", "94", "1000-otter-lantern-mesa", "93-ab"];

#[test]
fn in_a_file() {
    let name = local_name();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("code");
    let path = file.to_str().unwrap();
    let mut all = String::new();
    for malformed in MALFORMED {
        std::fs::write(&file, malformed).unwrap();
        let begin = Instant::now();
        let arguments = plain_arguments("-c", &name, &["--code-file", path]);
        let mut program = Plain::start(&arguments);
        let read = read(&mut program, begin, SOON, &[]);
        assert_eq!(read.code, 2, "{malformed}");
        assert!(read.took < AT_ONCE, "{malformed}: {:?}", read.took);
        // Whoever looks over a shoulder learns nothing of a slip.
        assert!(malformed.is_empty() || !read.text.contains(malformed), "{}", read.text);
        all.push_str(&format!("code “{malformed}”: {}\n", read.text));
    }
    insta::assert_snapshot!("in_a_file", all);
}

#[test]
fn typed_on_a_line() {
    for (role, who) in [("-s", "host"), ("-c", "guest")] {
        let begin = Instant::now();
        let mut program = Plain::start(&plain_arguments(role, &local_name(), &["--no-smp"]));
        // The host's empty line takes the proposal.
        let malformed = MALFORMED.into_iter().filter(|code| role == "-c" || !code.is_empty());
        for code in malformed.chain(["93-otter-lantern-mesx", "n", "/quit"]) {
            program.line(code);
        }
        let read = read(&mut program, begin, SOON, &[]);
        assert_eq!(read.code, 0, "{who}");
        assert!(read.took < AT_ONCE, "{who}: {:?}", read.took);
        insta::assert_snapshot!(format!("typed_by_{who}"), read.text);
    }
}
