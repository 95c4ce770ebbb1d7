//! The fullest log of a conversation and of a failure names nobody and tells nothing.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use std::fs;
use std::path::PathBuf;

use support::chats::{plain_guest, plain_host};
use support::{Place, SOON, local_name};

/// The length from which a run of letters and digits may be a key or an address.
const KEY_LIKE: usize = 32;

/// Fails if one of the logs has one of these, or what looks like an address or a key.
fn assert_tell_nothing(logs: &[PathBuf; 2], secrets: &[&str]) {
    let text = logs.each_ref().map(|log| fs::read_to_string(log).unwrap()).concat();
    assert!(text.contains(" DEBUG undertone_"), "a log of nothing proves nothing:\n{text}");
    let lower = text.to_lowercase();
    for secret in secrets {
        assert!(!lower.contains(&secret.to_lowercase()), "{secret} in\n{text}");
    }
    assert!(!lower.contains(".onion"), "an address in\n{text}");
    let runs = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '+' || c == '='));
    for run in runs {
        assert!(run.len() < KEY_LIKE, "{run} in\n{text}");
    }
}

#[test]
fn of_a_conversation_with_a_check() {
    let name = local_name();
    let directory = tempfile::tempdir().unwrap();
    let logs = ["host", "guest"].map(|side| directory.path().join(side));
    let [one, two] = logs.each_ref().map(|path| path.to_str().unwrap());
    let place = Place::default();
    let options = |log| ["--smp", "--log", log, "--log-level", "debug"];
    let (mut host, code) = plain_host(&place, &name, &options(one));
    let mut guest = plain_guest(&place, &name, &code, &options(two));
    for side in [&mut host, &mut guest] {
        side.words.wait_for("Type the secret that you share.", SOON);
        side.line("underneath a bluish bench");
    }
    for side in [&mut host, &mut guest] {
        side.words.wait_for("The conversation is open.", SOON);
    }
    host.line("heron at the weir");
    guest.out.wait_for("heron at the weir", SOON);
    guest.line("marmalade then");
    host.out.wait_for("marmalade then", SOON);
    host.line("/quit");
    assert_eq!((host.exit_code(SOON), guest.exit_code(SOON)), (0, 0));

    let mut secrets = vec!["hilde", "gustav", &code, "bluish", "heron", "weir", "marmalade"];
    let words = code.split('-').skip(1).filter(|word| word.len() > 4);
    secrets.extend(words);
    assert_tell_nothing(&logs, &secrets);
}

#[test]
fn of_a_wrong_word() {
    let name = local_name();
    let directory = tempfile::tempdir().unwrap();
    let logs = ["host", "guest"].map(|side| directory.path().join(side));
    let [one, two] = logs.each_ref().map(|path| path.to_str().unwrap());
    let place = Place::default();
    let options = |log| ["--no-smp", "--log", log, "--log-level", "debug"];
    let (mut host, code) = plain_host(&place, &name, &options(one));
    let (rest, last) = code.rsplit_once('-').unwrap();
    let wrong = format!("{rest}-{}", if last == "otter" { "lantern" } else { "otter" });
    let mut guest = plain_guest(&place, &name, &wrong, &options(two));
    assert_eq!((host.exit_code(SOON), guest.exit_code(SOON)), (5, 5));
    let mut secrets = vec!["hilde", "gustav", &code, &wrong];
    secrets.extend(code.split('-').chain(wrong.split('-')).filter(|word| word.len() > 4));
    assert_tell_nothing(&logs, &secrets);
}

#[test]
fn a_log_on_the_screens_own_terminal_is_refused() {
    let mut program = support::Terminal::start(&["demo", "--log", "stderr"]);
    assert_eq!(program.exit_code(SOON), 2);
    let shown = program.contents();
    assert!(shown.contains("A log on this terminal"), "{shown}");
    assert!(!program.is_on_its_own_screen());
}
