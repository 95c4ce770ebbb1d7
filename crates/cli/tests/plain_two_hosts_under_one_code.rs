//! Two who say the same code: the second learns that it is taken, and the first is left alone.

mod support;

use std::time::{Duration, Instant};

use support::chats::{plain_arguments, plain_host};
use support::reading::{assert_pairs, read};
use support::{Place, Plain, SOON, local_name};

/// The second looks for at most twenty seconds.
const TOLD: Duration = Duration::from_secs(25);

#[test]
fn the_second_is_told_and_the_first_can_still_be_reached() {
    let name = local_name();
    let (mut first, code) = plain_host(&Place::default(), &name, &["--no-smp"]);
    let begin = Instant::now();
    let mut second = Plain::start(&plain_arguments("-s", &name, &["--no-smp"]));
    second.line(&code);
    let read = read(&mut second, begin, SOON, &[(&code, "CODE")]);
    assert_eq!(read.code, 5);
    assert!(read.took < TOLD, "{:?}", read.took);
    insta::assert_snapshot!("second", read.text);
    assert_pairs(&mut first, &name, &code);
}
