//! After a lock nothing that was said, typed as a draft or given as a password is in the memory of the
//! process, nor the names of those it was said to.

#![cfg(feature = "sqlcipher")]
#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt as _;

use support::kept::{Side, pair};
use support::{SOON, local_name};

/// What can be written to of a process's memory, piece by piece; none where nobody else may read it.
fn memory(process: u32) -> Option<Vec<Vec<u8>>> {
    let memory = match File::open(format!("/proc/{process}/mem")) {
        Ok(memory) => memory,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
            return None;
        }
    };
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
    let mut pieces = Vec::new();
    for line in maps.lines() {
        let mut fields = line.split_whitespace();
        let (range, rights) = (fields.next().unwrap(), fields.next().unwrap());
        let (from, to) = range.split_once('-').unwrap();
        let (from, to) =
            (u64::from_str_radix(from, 16).unwrap(), u64::from_str_radix(to, 16).unwrap());
        if !rights.starts_with("rw") {
            continue;
        }
        let mut piece = vec![0; usize::try_from(to - from).unwrap()];
        // What goes while we look is gone.
        if memory.read_exact_at(&mut piece, from).is_ok() {
            pieces.push(piece);
        }
    }
    Some(pieces)
}

/// Which of these words are in the memory of a process.
fn known(process: u32, words: &[&str]) -> Option<Vec<String>> {
    let memory = memory(process)?;
    let is_there = |word: &&&str| {
        let finder =
            |piece: &Vec<u8>| piece.windows(word.len()).any(|part| part == word.as_bytes());
        memory.iter().any(finder)
    };
    Some(words.iter().filter(is_there).map(|word| (*word).to_owned()).collect())
}

#[test]
fn no_text_no_name_no_draft_and_no_password_is_left() {
    let network = local_name();
    let (hilde, gustav) = (Side::new("hilde", Some("marmalade")), Side::new("gustav", None));
    pair(&hilde, &gustav, &network);
    let mut other = gustav.plain(&network, &["--with", "hilde"]);
    // Not told by an argument.
    let mut terminal = hilde.terminal((80, 24), &network, &[]);
    terminal.wait_for("is locked.", SOON);
    terminal.line("marmalade");
    terminal.wait_for("1 gustav", SOON);
    terminal.keys("\x1b1");
    terminal.wait_for("gustav ● verified", SOON);
    for text in ["papers", "umbrella"] {
        other.line(&format!("the {text} are under the blue bench"));
        terminal.wait_for_row(&["gustav", text], SOON);
    }
    for key in "harbour lights".chars() {
        terminal.keys(&key.to_string());
    }
    terminal.keys("\r");
    other.out.wait_for("harbour lights", SOON);
    for key in "zebra crossing".chars() {
        terminal.keys(&key.to_string());
    }
    terminal.wait_for("> zebra crossing", SOON);
    let words = ["blue bench", "harbour lights", "zebra crossing", "gustav", "marmalade"];
    let before = known(terminal.process(), &words);
    terminal.keys("\x0c");
    terminal.wait_for("is locked.", SOON);
    let after = known(terminal.process(), &words);
    // Either nobody may look, or it was there and is gone.
    if let (Some(before), Some(after)) = (before, after) {
        assert_eq!(before, words[..4], "before the lock");
        assert_eq!(after, Vec::<String>::new(), "after the lock");
    }
    terminal.line("marmalade");
    terminal.wait_for("> zebra crossing", SOON);
}
