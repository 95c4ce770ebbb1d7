//! What somebody reads of a program from its start to its end: all of it, for a snapshot.

use std::time::{Duration, Instant};

use super::chats::code_in;
use super::{Plain, SOON};

/// How the sentences begin that are about the machine on which the test runs.
const MACHINE: [&str; 4] =
    ["Core dumps could not", "Memory is not locked", "Swap is not known", "Whether this machine"];

/// How the sentences begin that are said whenever the network has something to say. What the local
/// one has to say is said at the beginning as well.
const MOMENT: [&str; 2] = ["Finding the network,", "The local network is ready."];

/// A program that has ended: its exit code, how long that took, and all that it wrote.
pub(crate) struct Read {
    pub(crate) code: i32,
    pub(crate) took: Duration,
    pub(crate) text: String,
}

/// Waits for a program's end. `masks` are texts that differ from run to run, each with what stands
/// in its place. The proposed code and the number of a call are masked too; left out is what is said
/// of the machine, and on the way to the network. Everything else is there.
pub(crate) fn read(
    program: &mut Plain,
    begin: Instant,
    within: Duration,
    masks: &[(&str, &str)],
) -> Read {
    let code = program.exit_code(within);
    let took = begin.elapsed();
    let mut text = format!("exit code {code}\n");
    for (name, lines) in [("output", &program.out), ("errors", &program.words)] {
        text.push_str(&format!("-- standard {name} --\n"));
        for line in settled(&lines.to_the_end(SOON)) {
            let line = masks.iter().fold(line, |line, (text, mask)| line.replace(text, mask));
            text.push_str(&line);
            text.push('\n');
        }
    }
    Read { code, took, text }
}

/// The lines without what depends on the machine and the moment.
fn settled(lines: &[String]) -> Vec<String> {
    let mut settled: Vec<String> = Vec::new();
    for line in lines {
        if MACHINE.iter().chain(&MOMENT).any(|begin| line.starts_with(begin)) {
            continue;
        }
        let line = match line.strip_prefix("The code: an empty line takes ") {
            Some(proposed) => line.replace(&code_in(proposed).unwrap_or_default(), "PROPOSAL"),
            None => without_number(line, "Calling your partner, attempt "),
        };
        if settled.last() != Some(&line) {
            settled.push(line);
        }
    }
    settled
}

/// The line with an N in the place of the number behind this beginning.
fn without_number(line: &str, beginning: &str) -> String {
    match line.strip_prefix(beginning) {
        Some(rest) => {
            format!("{beginning}N{}", rest.trim_start_matches(|c: char| c.is_ascii_digit()))
        }
        None => line.to_owned(),
    }
}

/// The code with another last word of the list: another half of the password.
pub(crate) fn with_another_word(code: &str) -> String {
    let (rest, last) = code.rsplit_once('-').unwrap();
    format!("{rest}-{}", if last == "otter" { "mesa" } else { "otter" })
}

/// The code with another number: another locator.
pub(crate) fn with_another_number(code: &str) -> String {
    let (number, rest) = code.split_once('-').unwrap();
    let number: u32 = number.parse().unwrap();
    format!("{}-{rest}", (number + 1) % 1000)
}

/// A guest with the right code reaches this host, and both say so.
pub(crate) fn assert_pairs(host: &mut Plain, name: &str, code: &str) {
    let mut guest = super::chats::plain_guest(&super::Place::default(), name, code, &["--no-smp"]);
    for side in [host, &mut guest] {
        side.words.wait_for("The conversation is open.", SOON);
    }
}
