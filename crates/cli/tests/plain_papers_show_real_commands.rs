//! Every command that the first page and the manual show is one that the program, or the project's
//! own door, takes; and those that can run by themselves do what is said of them.

#![expect(clippy::unwrap_used, reason = "helpers of a test fail like the test")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const PAPERS: [&str; 3] = ["README.md", "docs/manual.md", "CONTRIBUTING.md"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// The lines of all blocks that are marked as commands.
fn commands() -> Vec<String> {
    let mut found = Vec::new();
    for paper in PAPERS {
        let text = std::fs::read_to_string(root().join(paper)).unwrap();
        let mut inside = false;
        for line in text.lines() {
            match line {
                "```sh" => inside = true,
                "```" => inside = false,
                line if inside && !line.trim().is_empty() => found.push(line.to_owned()),
                _ => {}
            }
        }
    }
    found
}

fn undertone(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_undertone"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn every_command_is_one_that_the_program_takes() {
    let help = std::fs::read_to_string(root().join("xtask/src/main.rs")).unwrap();
    let commands = commands();
    assert!(commands.len() >= 6, "the papers show {commands:?}");
    for line in &commands {
        // What stands before and after a pipe and after a redirection is the shell's.
        let ours = ["undertone", "cargo"];
        let is_ours = |part: &&str| ours.contains(&part.split_whitespace().next().unwrap_or(""));
        let command =
            line.split('|').find(is_ours).unwrap_or(line).split(['<', '>']).next().unwrap();
        // So is the number of a redirection, and what runs behind `--` is another program.
        let command = command.strip_suffix(" 3").unwrap_or(command);
        let command = command.split(" -- nc ").next().unwrap();
        // What stands between quotes is one word.
        let quoted = command.split('"').enumerate();
        let words: Vec<&str> = quoted
            .flat_map(|(at, part)| match at % 2 {
                0 => part.split_whitespace().collect(),
                _ => vec![part],
            })
            .collect();
        match words.as_slice() {
            #[cfg(not(feature = "sqlcipher"))]
            ["undertone", "ratchet", ..] => {}
            ["undertone", arguments @ ..] => {
                let arguments: Vec<&str> = arguments.iter().copied().chain(["--help"]).collect();
                let output = undertone(&arguments, "");
                assert!(output.status.success(), "{line}: {output:?}");
            }
            ["cargo", "run", options @ ..] => {
                let (cargo, own) = match options.iter().position(|word| *word == "--") {
                    Some(at) => (&options[..at], &options[at + 1..]),
                    None => (options, [].as_slice()),
                };
                assert!(cargo.iter().all(|word| *word == "--release"), "{line}");
                let arguments: Vec<&str> = own.iter().copied().chain(["--help"]).collect();
                assert!(undertone(&arguments, "").status.success(), "{line}");
            }
            ["cargo", "xtask", verb, ..] => {
                assert!(help.contains(&format!("\"{verb}\"")), "{line} names no command of xtask");
            }
            _ => panic!("{line} is no command that this test knows"),
        }
    }
}

#[test]
fn the_pipe_of_the_examples_delivers_its_line() {
    assert!(commands().iter().any(|line| line == "echo hello | undertone demo --script -"));
    let output = undertone(&["demo", "--script", "-"], "hello\n");
    assert!(output.status.success(), "{output:?}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let delivered = r#""state":"delivered""#;
    assert!(lines.contains(delivered) && lines.contains(r#""text":"hello""#), "{lines}");
}
