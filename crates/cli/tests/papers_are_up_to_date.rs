//! What the program prints about itself: the same as the files beside the source, complete, and true.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails in a helper fails its test")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The program, away from the terminal whose width would shape its help.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_undertone"));
    command.args(arguments).env_remove("COLUMNS").stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// What the program prints when all is well.
fn printed(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Shows the first line that differs; a whole paper wouldn't help.
#[cfg(feature = "sqlcipher")]
fn assert_same(path: &str, printed: &str) {
    let kept = file(path);
    let differs = (1..).zip(kept.lines().zip(printed.lines())).find(|(_, (one, two))| one != two);
    assert_eq!(differs, None, "{path} is out of date: cargo xtask generate");
    assert_eq!(kept.len(), printed.len(), "{path} is out of date: cargo xtask generate");
}

/// The commands that the root help lists.
fn listed_commands() -> Vec<String> {
    let help = printed(&["--help"]);
    let (_, list) = help.split_once("\nCommands:\n").unwrap();
    let (list, _) = list.split_once("\n\n").unwrap();
    let names = list.lines().map(|line| line.split_whitespace().next().unwrap().to_owned());
    names.collect()
}

/// The lines of a help that begin with the program's name, as under its examples.
fn examples(help: &str) -> Vec<&str> {
    let (_, rest) = help.split_once("\nExample").unwrap_or_default();
    rest.lines().map(str::trim).filter(|line| line.contains("undertone")).collect()
}

#[cfg(feature = "sqlcipher")]
#[test]
fn the_manual_page_is_the_one_that_is_kept() {
    assert_same("docs/generated/undertone.1", &printed(&["man"]));
}

#[cfg(feature = "sqlcipher")]
#[test]
fn the_completions_are_those_that_are_kept() {
    for shell in ["bash", "fish", "zsh"] {
        let path = format!("docs/generated/undertone.{shell}");
        assert_same(&path, &printed(&["completions", shell]));
    }
}

#[test]
fn the_licences_name_what_is_inside_in_its_version() {
    let licences = printed(&["licences"]);
    let lock = file("Cargo.lock");
    for name in ["arti-client", "rustls", "ml-kem", "ratatui", "clap", "tor-proto"] {
        let (_, entry) = lock.split_once(&format!("\nname = \"{name}\"\nversion = \"")).unwrap();
        let (version, _) = entry.split_once('"').unwrap();
        let line = format!("\n{name} {version}: ");
        assert_eq!(licences.matches(&line).count(), 1, "{name} {version}: cargo xtask generate");
    }
    assert!(!licences.contains("undertone-node"), "our own crates aren't the work of others");
}

#[test]
fn the_licences_have_the_texts_that_their_terms_want_kept() {
    let licences = printed(&["licences"]);
    for (whose, text) in [
        ("our own", file("LICENSE-MIT")),
        ("our own", file("LICENSE-APACHE")),
        ("the list of words", file("crates/wire/src/words-NOTICE.txt")),
    ] {
        assert!(licences.contains(&text), "{whose}");
    }
    for (whose, text) in [
        ("MIT", "Permission is hereby granted, free of charge"),
        ("aws-lc-sys", "AWS-LC is a fork of BoringSSL, which is itself a fork of OpenSSL"),
        ("AES and big numbers of aws-lc-sys", "Eric Young (eay@cryptsoft.com)"),
        ("libsqlite3-sys", "SQLite, which its authors gave to the public domain"),
        ("SQLCipher", "Copyright (c) 2008-2020 Zetetic LLC"),
        ("openssl-sys", "OpenSSL's libcrypto, Copyright (c) The OpenSSL Project Authors"),
        ("liblzma-sys", "liblzma is under the BSD Zero Clause License"),
        ("zstd-sys", "For Zstandard software"),
        ("option-ext", "Mozilla Public License Version 2.0"),
        ("the tables of Unicode", "UNICODE LICENSE V3"),
    ] {
        assert!(licences.contains(text), "{whose}");
    }
}

#[test]
fn a_reader_who_has_read_enough_of_the_licences_is_no_failure() {
    let mut command = command(&["licences"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    // Much more than a pipe holds is still to come when this end of it goes.
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(!line.is_empty());
    let mut complaint = String::new();
    child.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
    assert_eq!((child.wait().unwrap().code(), complaint.as_str()), (Some(0), ""));
}

#[test]
fn the_root_help_is_as_it_was_read_and_approved() {
    insta::assert_snapshot!(printed(&["--help"]));
}

#[test]
fn the_help_lists_every_command_and_has_an_example_of_each() {
    let script = printed(&["completions", "bash"]);
    let (_, own) = script.split_once("\n        undertone)\n").unwrap();
    let (_, words) = own.split_once("opts=\"").unwrap();
    let (words, _) = words.split_once('"').unwrap();
    let commands: BTreeSet<&str> =
        words.split_whitespace().filter(|word| !word.starts_with('-')).collect();
    let listed = listed_commands();
    assert_eq!(listed.iter().map(String::as_str).collect::<BTreeSet<_>>(), commands);
    for flag in ["-h", "--help"] {
        let help = printed(&[flag]);
        for command in &listed {
            let begin = format!("undertone {command} ");
            assert!(examples(&help).iter().any(|line| line.starts_with(&begin)), "{begin}");
        }
    }
}

#[test]
fn the_help_of_every_command_has_an_example_whose_options_exist() {
    for name in listed_commands() {
        for flag in ["-h", "--help"] {
            let help = printed(&[&name, flag]);
            let (usage, _) =
                help.split_once("\nExample").unwrap_or_else(|| panic!("{name} {flag}"));
            let examples = examples(&help);
            assert!(!examples.is_empty(), "{name} {flag}");
            for example in examples {
                assert!(example.contains(&format!("undertone {name}")), "{name}: {example}");
                let words = example.split_whitespace().filter(|word| word.starts_with("--"));
                for option in words {
                    assert!(
                        usage.contains(&format!("{option} "))
                            || usage.contains(&format!("{option}\n")),
                        "{name}: {example}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_command_line_that_makes_no_sense_ends_with_2_and_says_why() {
    for arguments in [
        &["whisper"][..],
        &["--whisper"],
        &["chat", "-s", "--with", "ana"],
        &["chat", "-s", "-c"],
        &["chat", "-c", "--code", "7-one-two-three"],
        &["chat", "-s", "--smp", "--no-smp"],
        &["chat", "-s", "--network", "pigeon"],
        &["--log-level", "debug", "doctor"],
        &["demo", "--script"],
        &["licences", "more"],
        &["completions"],
        &["completions", "cmd"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("--help"), "{arguments:?}");
    }
}

#[test]
fn the_version_is_the_workspaces() {
    assert_eq!(printed(&["--version"]), format!("undertone {}\n", env!("CARGO_PKG_VERSION")));
}
