//! `undertone otr talk --stdio` on a terminal: lines go over standard input and output, a person types
//! at the terminal, and a secret isn't shown.

#![cfg(feature = "sqlcipher")]

mod support;

use std::path::Path;
use std::process::Command;

use support::{Place, SOON, Terminal};

#[test]
fn lines_go_over_standard_streams_and_secrets_are_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["there", "back"] {
        let made = Command::new("mkfifo").arg(name).current_dir(folder.path()).status().unwrap();
        assert!(made.success());
    }
    let keys = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../interop/keys/ours");
    let keys = keys.to_str().unwrap();
    let program = support::PROGRAM;
    let run = |line: &str| {
        let place = Place { home: Some(folder.path()), variables: Vec::new() };
        Terminal::start_program_in(&place, (100, 30), "sh", &["-c", line])
    };
    let talk = format!("exec {program} otr talk --key {keys} --stdio");
    let mut ana = run(&format!("{talk} > there < back"));
    let mut ben = run(&format!("{talk} < there > back"));
    ana.wait_for("Type a text, or /help.", SOON);
    ana.keys("hello\r");
    ben.wait_for("them: hello", SOON);
    ben.keys("/smp\r");
    ben.wait_for("The secret that you both know:", SOON);
    ben.keys("swan\r");
    ana.wait_for("The other side asks whether you know the same secret.", SOON);
    ana.keys("/answer\r");
    ana.wait_for("The secret:", SOON);
    ana.keys("swan\r");
    for terminal in [&mut ana, &mut ben] {
        terminal.wait_for("The check succeeded", SOON);
    }
    ben.keys("/quit\r");
    assert_eq!(ben.exit_code(SOON), 0);
    ana.wait_for("The connection has ended.", SOON);
    assert_eq!(ana.exit_code(SOON), 0);
    for terminal in [&ana, &ben] {
        assert!(!String::from_utf8_lossy(&terminal.raw()).contains("swan"), "it was shown");
        assert!(terminal.is_in_line_mode(), "the terminal is as it was");
    }
}
