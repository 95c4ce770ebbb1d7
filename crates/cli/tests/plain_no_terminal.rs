//! Without a terminal a full screen is refused at once, with what to take instead.

mod support;

use std::time::{Duration, Instant};

use support::reading::read;
use support::{Plain, SOON};

const AT_ONCE: Duration = Duration::from_secs(5);

#[test]
fn every_full_screen_is_refused() {
    let mut all = String::new();
    for arguments in [
        &["chat", "-s", "--network", "local"][..],
        &["chat", "-c", "--network", "local"],
        &["demo"],
        &[],
    ] {
        let begin = Instant::now();
        let mut program = Plain::start(arguments);
        program.close_input();
        let read = read(&mut program, begin, SOON, &[]);
        assert_eq!(read.code, 8, "{arguments:?}");
        assert!(read.took < AT_ONCE, "{arguments:?}: {:?}", read.took);
        all.push_str(&format!("undertone {}: {}\n", arguments.join(" "), read.text));
    }
    insta::assert_snapshot!("refused", all);
}
