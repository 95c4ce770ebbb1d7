//! A name of more than thirty characters: refused at once on the command line, asked for again where
//! it is typed.

mod support;

use std::time::{Duration, Instant};

use support::reading::read;
use support::{Plain, SOON, local, local_name};

/// A command line is judged before anything begins.
const AT_ONCE: Duration = Duration::from_secs(5);

#[test]
fn as_an_option_and_on_a_line() {
    let name = local_name();
    let long = "n".repeat(31);
    let base = [&["chat", "-s", "--plain"][..], &local(&name)].concat();
    let mut all = String::new();
    for option in ["--nick", "--peer"] {
        let begin = Instant::now();
        let mut program = Plain::start(&[&base[..], &[option, &long]].concat());
        program.close_input();
        let read = read(&mut program, begin, SOON, &[]);
        assert_eq!(read.code, 2, "{option}");
        assert!(read.took < AT_ONCE, "{option}: {:?}", read.took);
        all.push_str(&format!("{option}: {}\n", read.text));
    }
    let begin = Instant::now();
    let mut program = Plain::start(&base);
    for line in [&long[..], "", &long[1..], &long, "gustav", "/quit"] {
        program.line(line);
    }
    let read = read(&mut program, begin, SOON, &[]);
    assert_eq!(read.code, 0);
    assert!(read.took < AT_ONCE, "{:?}", read.took);
    all.push_str(&format!("typed: {}", read.text));
    insta::assert_snapshot!("too_long", all);
}
