//! What can go wrong on the way to a conversation: what each side reads, how it exits, how soon.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what fails in a helper fails its test"
)]

mod support;

use std::fs;
use std::time::{Duration, Instant};

use support::chats::{code_in, plain_arguments, plain_guest, plain_host};
use support::{Place, Plain, SOON, local_name};

/// How soon both sides know of a failure that both have to do with.
const TOLD: Duration = Duration::from_secs(10);
/// How soon a guest whom nobody answers knows; it tries for fifty seconds.
const NOBODY: Duration = Duration::from_secs(60);

/// The code with another last word of the list.
fn with_another_word(code: &str) -> String {
    let (rest, last) = code.rsplit_once('-').unwrap();
    format!("{rest}-{}", if last == "otter" { "mesa" } else { "otter" })
}

/// The code with another number.
fn with_another_number(code: &str) -> String {
    let (number, rest) = code.split_once('-').unwrap();
    let number: u32 = number.parse().unwrap();
    format!("{}-{rest}", (number + 1) % 1000)
}

/// What a side read from the introduction on, without what changes from run to run: the code and
/// the proposal, how often it called, and at which moment the network was there.
fn read(side: &Plain, code: &str) -> String {
    const READY: &str = "The local network is ready.";
    let all = side.all_words(SOON);
    let (_, words) = all.split_once("Nobody outside the project").expect("the introduction");
    assert_eq!(words.matches(READY).count(), 1, "{words}");
    let kept = words.lines().skip(1).filter(|line| {
        let changing = [READY, "Finding the network,", "Calling your partner, attempt"];
        !changing.iter().any(|begin| line.starts_with(begin))
    });
    let kept = kept.map(|line| match line.strip_prefix("The code: an empty line takes ") {
        Some(proposed) => line.replace(&code_in(proposed).unwrap_or_default(), "PROPOSAL"),
        None => line.replace(code, "CODE"),
    });
    kept.collect::<Vec<_>>().join("\n")
}

/// A guest with the right code reaches this host and both say so.
fn assert_pairs(host: &mut Plain, name: &str, code: &str) {
    let mut guest = plain_guest(&Place::default(), name, code, &["--no-smp"]);
    for side in [host, &mut guest] {
        side.words.wait_for("The conversation is open.", SOON);
    }
}

#[test]
fn a_wrong_word_burns_the_code_and_both_are_told() {
    let name = local_name();
    let (mut host, code) = plain_host(&Place::default(), &name, &["--no-smp"]);
    let wrong = with_another_word(&code);
    let mut guest = plain_guest(&Place::default(), &name, &wrong, &["--no-smp"]);
    guest.words.wait_for("Agreeing on keys", SOON);
    let begin = Instant::now();
    assert_eq!((host.exit_code(TOLD), guest.exit_code(TOLD)), (5, 5));
    assert!(begin.elapsed() < TOLD);
    insta::assert_snapshot!("wrong_word_host", read(&host, &code));
    insta::assert_snapshot!("wrong_word_guest", read(&guest, &wrong));

    let mut late = plain_guest(&Place::default(), &name, &code, &["--no-smp"]);
    assert_eq!(late.exit_code(NOBODY + SOON), 4);
    insta::assert_snapshot!("burnt_code_guest", read(&late, &code));
}

#[test]
fn a_wrong_number_reaches_nobody_and_leaves_the_host_alone() {
    let name = local_name();
    let (mut host, code) = plain_host(&Place::default(), &name, &["--no-smp"]);
    let wrong = with_another_number(&code);
    let mut guest = plain_guest(&Place::default(), &name, &wrong, &["--no-smp"]);
    guest.words.wait_for("Calling your partner", SOON);
    let begin = Instant::now();
    assert_eq!(guest.exit_code(NOBODY + SOON), 4);
    assert!(begin.elapsed() < NOBODY, "{:?}", begin.elapsed());
    insta::assert_snapshot!("wrong_number_guest", read(&guest, &wrong));
    assert_pairs(&mut host, &name, &code);
}

#[test]
fn the_second_host_under_a_code_learns_that_it_is_taken() {
    let name = local_name();
    let (mut first, code) = plain_host(&Place::default(), &name, &["--no-smp"]);
    let mut second = Plain::start(&plain_arguments("-s", &name, &["--no-smp"]));
    second.line(&code);
    assert_eq!(second.exit_code(SOON), 5);
    insta::assert_snapshot!("taken_host", read(&second, &code));
    assert_pairs(&mut first, &name, &code);
}

/// Runs the program with nothing to read, and gives its exit code and what it said last.
fn refused(arguments: &[&str]) -> (i32, String) {
    let mut program = Plain::start(arguments);
    program.close_input();
    let code = program.exit_code(SOON);
    let words = program.words.to_the_end(SOON);
    assert_eq!(program.out.to_the_end(SOON), [""; 0]);
    (code, words[words.len().saturating_sub(2)..].join("\n"))
}

#[test]
fn what_the_command_line_gets_wrong_is_said_before_anything_begins() {
    let name = local_name();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("code");
    let path = file.to_str().unwrap();
    let mut said = Vec::new();
    for malformed in ["", "nonsense", "94", "1000-otter-lantern-mesa", "93-ab"] {
        fs::write(&file, malformed).unwrap();
        let (code, words) = refused(&plain_arguments("-c", &name, &["--code-file", path]));
        assert_eq!(code, 2, "{malformed}: {words}");
        assert!(malformed.is_empty() || !words.contains(malformed), "{words}");
        said.push(format!("code “{malformed}”:\n{words}"));
    }
    let long = "n".repeat(31);
    for option in ["--nick", "--peer"] {
        let (code, words) =
            refused(&["chat", "-s", "--plain", "--network", "local", option, &long]);
        assert_eq!(code, 2, "{option}: {words}");
        said.push(format!("{option} of 31 characters:\n{words}"));
    }
    for arguments in [&["chat", "-s", "--network", "local"][..], &["demo"], &[]] {
        let (code, words) = refused(arguments);
        assert_eq!(code, 8, "{arguments:?}: {words}");
        said.push(format!("no terminal for {arguments:?}:\n{words}"));
    }
    insta::assert_snapshot!("refused_at_once", said.join("\n\n"));
}
