//! A slip in the last word: both sides are told soon, the code is burnt, and nobody answers under it
//! any more.

mod support;

use std::time::{Duration, Instant};

use support::chats::{plain_guest, plain_host};
use support::reading::{read, with_another_word};
use support::{Place, SOON, local_name};

/// How soon both sides know, from the first words of the pairing on.
const TOLD: Duration = Duration::from_secs(10);

/// How soon a guest whom nobody answers knows; it tries for fifty seconds.
const NOBODY: Duration = Duration::from_secs(60);

#[test]
fn both_are_told_and_the_code_is_burnt() {
    let name = local_name();
    let (mut host, code) = plain_host(&Place::default(), &name, &["--no-smp"]);
    let wrong = with_another_word(&code);
    let mut guest = plain_guest(&Place::default(), &name, &wrong, &["--no-smp"]);
    guest.words.wait_for("Agreeing on keys", SOON);
    let begin = Instant::now();
    for (side, who) in [(&mut host, "host"), (&mut guest, "guest")] {
        let read = read(side, begin, SOON, &[(&code, "CODE"), (&wrong, "WRONG")]);
        assert_eq!(read.code, 5, "{who}");
        assert!(read.took < TOLD, "{who}: {:?}", read.took);
        insta::assert_snapshot!(who, read.text);
    }

    let begin = Instant::now();
    let mut late = plain_guest(&Place::default(), &name, &code, &["--no-smp"]);
    let read = read(&mut late, begin, NOBODY + SOON, &[(&code, "CODE")]);
    assert_eq!(read.code, 4);
    assert!(read.took < NOBODY, "{:?}", read.took);
    insta::assert_snapshot!("too_late", read.text);
}
