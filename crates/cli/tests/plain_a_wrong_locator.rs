//! A slip in the number leads to another place: the guest finds nobody and is told so in time, and
//! the host is left alone.

mod support;

use std::time::{Duration, Instant};

use support::chats::{plain_guest, plain_host};
use support::reading::{assert_pairs, read, with_another_number};
use support::{Place, SOON, local_name};

/// How soon a guest whom nobody answers knows; it tries for fifty seconds.
const NOBODY: Duration = Duration::from_secs(60);

#[test]
fn the_guest_finds_nobody_and_the_host_can_still_be_reached() {
    let name = local_name();
    let (mut host, code) = plain_host(&Place::default(), &name, &["--no-smp"]);
    let wrong = with_another_number(&code);
    let begin = Instant::now();
    let mut guest = plain_guest(&Place::default(), &name, &wrong, &["--no-smp"]);
    let read = read(&mut guest, begin, NOBODY + SOON, &[(&wrong, "WRONG")]);
    assert_eq!(read.code, 4);
    assert!(read.took < NOBODY, "{:?}", read.took);
    insta::assert_snapshot!("guest", read.text);
    assert_pairs(&mut host, &name, &code);
}
