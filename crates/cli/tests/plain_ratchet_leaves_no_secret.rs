//! What `undertone ratchet` leaves on a disk: no text, no passphrase, no name; and its files are for
//! their owner alone.

#![cfg(feature = "sqlcipher")]
#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use support::ratchet::{Person, finish, kill, start, words};

const PASSPHRASE: &str = "canary-passphrase-swordfish";
const TEXT: &str = "canary-text-albatross";
const NAME: &str = "canary-name-cormorant";

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, mut files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    files.extend(folders.iter().flat_map(|folder| self::files(folder)));
    files
}

fn has(bytes: &[u8], canary: &str) -> bool {
    bytes.windows(canary.len()).any(|window| window == canary.as_bytes())
}

/// No file below has a canary or is open to others.
fn assert_clean(folder: &Path) -> usize {
    let files = files(folder);
    for file in &files {
        let bytes = std::fs::read(file).unwrap();
        for canary in [PASSPHRASE, TEXT, NAME] {
            assert!(!has(&bytes, canary), "{canary} is in {}", file.display());
            let utf16: Vec<u8> = canary.encode_utf16().flat_map(u16::to_le_bytes).collect();
            assert!(!bytes.windows(utf16.len()).any(|window| window == utf16));
        }
        let mode = std::fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", file.display());
    }
    files.len()
}

/// Runs a command of a person with the passphrase before its input.
fn run(person: &Person, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let child = begin(person, arguments, input);
    let output = finish(child);
    assert!(output.status.success(), "{arguments:?}: {}", words(&output));
    output.stdout
}

fn begin(person: &Person, arguments: &[&str], input: &[u8]) -> std::process::Child {
    let all: Vec<&str> = ["--passphrase-fd", "0"].into_iter().chain(arguments.to_vec()).collect();
    let input = [PASSPHRASE.as_bytes(), b"\n", input].concat();
    start(person.command(&all), &input)
}

#[test]
fn neither_while_it_runs_nor_after_a_kill_nor_in_the_end() {
    let (ana, ben) = (Person::without_database(), Person::without_database());
    let first = run(&ana, &["init", NAME], b"");
    let second = run(&ben, &["init", NAME, "--peer", "-"], &first);
    let third = run(&ana, &["init", NAME, "--peer", "-"], &second);
    run(&ben, &["init", NAME, "--peer", "-"], &third);
    for paper in [&first, &second, &third] {
        assert!(!has(paper, NAME));
    }
    for _ in 0..3 {
        let packet = run(&ana, &["encrypt", NAME, "--armor"], TEXT.as_bytes());
        // Killed with the log still there: when the text is out, the note of it isn't yet.
        let mut killed = begin(&ben, &["decrypt", NAME], &packet);
        let mut out = killed.stdout.take().unwrap();
        let mut byte = [0];
        std::io::Read::read_exact(&mut out, &mut byte).unwrap();
        killed.stdout = Some(out);
        kill(killed);
        assert!(assert_clean(ben.home()) >= 2);
        let again = finish(begin(&ben, &["decrypt", NAME], &packet));
        assert!(again.stdout.is_empty() || again.stdout == TEXT.as_bytes());
    }
    run(&ana, &["delete", NAME, "--yes"], b"");
    assert_eq!(assert_clean(ana.home()), 2, "the database and its key");
    assert_eq!(assert_clean(ben.home()), 2);
    for person in [&ana, &ben] {
        let mode = std::fs::metadata(person.data()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
}

/// The test can fail: a database without the cipher would have shown the names.
#[test]
fn the_canaries_would_be_seen_in_a_file() {
    let person = Person::without_database();
    std::fs::write(person.home().join("log"), format!("it was {NAME}\n")).unwrap();
    let found = std::panic::catch_unwind(|| assert_clean(person.home()));
    assert!(found.is_err());
}

/// Nothing that other programs can see takes a secret.
#[test]
fn no_argument_and_no_variable_takes_a_passphrase() {
    let person = Person::without_database();
    for option in ["--passphrase", "--password", "-p"] {
        let output = person.run(&[option, PASSPHRASE, "init", "ben"], b"");
        assert_eq!(output.status.code(), Some(2), "{option}: {}", words(&output));
    }
    let mut command = person.command(&["init", "ben"]);
    for name in ["UNDERTONE_PASSPHRASE", "PASSPHRASE", "UNDERTONE_PASSWORD"] {
        command.env(name, PASSPHRASE);
    }
    // In a session of its own it has no terminal to ask on.
    let mut alone = person.program("setsid");
    alone.arg("--wait").arg(command.get_program()).args(command.get_args());
    alone.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = finish(start(alone, b""));
    assert_eq!(output.status.code(), Some(8), "{}", words(&output));
    assert!(words(&output).contains("--passphrase-file"), "{}", words(&output));
    assert_eq!(files(person.home()), Vec::<PathBuf>::new(), "nothing was made");
}

#[test]
fn a_wrong_passphrase_is_said_and_takes_its_time() {
    let person = Person::without_database();
    run(&person, &["init", "ben"], b"");
    let begin = std::time::Instant::now();
    let output = person.run(&["--passphrase-fd", "0", "list"], b"another one\n");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        words(&output),
        "The passphrase is wrong.\nType it again; capitals and spaces count.\n"
    );
    assert!(begin.elapsed().as_millis() >= 20, "Argon2id can't have run");
    let none = person.run(&["--no-passphrase", "list"], b"");
    assert_eq!(none.status.code(), Some(2));
    assert!(words(&none).contains("has a passphrase"), "{}", words(&none));
}

/// A descriptor that the shell opened, as the manual shows it.
#[test]
fn a_passphrase_comes_by_a_file_descriptor() {
    let person = Person::without_database();
    std::fs::write(person.home().join("passphrase.txt"), format!("{PASSPHRASE}\n")).unwrap();
    for (script, expected) in [
        ("\"$0\" ratchet init ben --passphrase-fd 3 3< passphrase.txt", 0),
        ("\"$0\" ratchet list --passphrase-fd 3 3< passphrase.txt", 0),
        ("\"$0\" ratchet list --passphrase-file passphrase.txt", 0),
        ("echo wrong | \"$0\" ratchet list --passphrase-fd 0", 2),
        ("\"$0\" ratchet list --passphrase-fd 9", 8),
    ] {
        let mut shell = person.program("sh");
        shell.args(["-c", script, support::PROGRAM]);
        let output = finish(start(shell, b""));
        assert_eq!(output.status.code(), Some(expected), "{script}: {}", words(&output));
    }
}
