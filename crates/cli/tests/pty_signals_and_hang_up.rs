//! Signals, Ctrl-C and a lost terminal end the full screen in order and give the terminal back.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "what fails in a helper fails its test"
)]

mod support;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use support::chats::{plain_arguments, screen_conversation};
use support::{Place, Plain, SOON, Terminal, local, local_name, poll};

/// How long an orderly end may take: three seconds, and what a busy machine adds.
const END: Duration = Duration::from_secs(5);
/// Tells this test's program, run by itself, in which network to hold a terminal.
const ROLE: &str = "UNDERTONE_TEST_HOLDS_A_TERMINAL_IN";
/// The code of the conversation whose terminal is lost; its network is the test's own.
const CODE: &str = "93-otter-lantern-mesa";

#[test]
fn a_signal_says_goodbye_and_gives_the_terminal_back() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        let name = local_name();
        let (mut host, mut guest) = screen_conversation(&local(&name), SOON);
        guest.signal(signal);
        assert_eq!(guest.exit_code(END), code);
        guest.assert_restored();
        host.wait_for("gustav ended the conversation.", SOON);
        host.keys("\r");
        assert_eq!(host.exit_code(SOON), 0);
    }
}

#[test]
fn ctrl_c_twice_ends_a_conversation() {
    let name = local_name();
    let (mut host, mut guest) = screen_conversation(&local(&name), SOON);
    host.keys("\x03\x03");
    guest.wait_for("hilde ended the conversation.", SOON);
    assert_eq!(host.exit_code(SOON), 0);
    host.assert_restored();
    // The one who is left can go by the same key.
    guest.keys("\x03");
    assert_eq!(guest.exit_code(SOON), 0);
    guest.assert_restored();
}

#[test]
fn a_signal_at_the_start_screen_ends_it() {
    let mut program = Terminal::start(&[]);
    program.wait_for("1  Say a code", SOON);
    program.signal(Signal::TERM);
    assert_eq!(program.exit_code(END), 143);
    program.assert_restored();
}

/// A terminal is lost when the last program that holds its other end goes: here this test's own
/// program, run once more for nothing but that, and killed.
#[test]
fn a_lost_terminal_says_goodbye() {
    if let Ok(name) = std::env::var(ROLE) {
        hold_a_terminal(&name);
    }
    let name = local_name();
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_lost_terminal_says_goodbye", "--nocapture"])
        .env(ROLE, &name)
        .stdout(Stdio::piped())
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let process = BufReader::new(holder.stdout.take().unwrap())
        .lines()
        .find_map(|line| line.unwrap().split_once("holds ")?.1.trim().parse::<u32>().ok())
        .expect("a program on a terminal");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("code");
    fs::write(&file, CODE).unwrap();
    let more = ["--no-smp", "--code-file", file.to_str().unwrap()];
    let mut guest = Plain::start_in(&Place::default(), &plain_arguments("-c", &name, &more));
    guest.words.wait_for("The conversation is open.", SOON);

    holder.kill().unwrap();
    holder.wait().unwrap();
    guest.words.wait_for("hilde ended the conversation.", SOON);
    assert_eq!(guest.exit_code(SOON), 0);
    let status = format!("/proc/{process}/stat");
    poll(
        END,
        || {
            // Whoever inherits it may not have taken note of its end.
            let stat = fs::read_to_string(&status).unwrap_or_default();
            let state = stat.rsplit_once(") ").map(|(_, rest)| rest.as_bytes()[0]);
            matches!(state, None | Some(b'Z')).then_some(())
        },
        || "still running without its terminal".to_owned(),
    );
}

/// Holds the terminal of a serving program until it is killed, or its test is gone.
fn hold_a_terminal(name: &str) -> ! {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("code");
    fs::write(&file, CODE).unwrap();
    let code_file = file.to_str().unwrap();
    let mut arguments = vec!["chat", "-s", "--nick", "hilde", "--peer", "gustav", "--no-smp"];
    arguments.extend(["--code-file", code_file]);
    arguments.extend(local(name));
    let host = Terminal::start(&arguments);
    host.wait_for("✓ published it: reachable", SOON);
    drop(directory);
    println!("\nholds {}", host.process());
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    std::process::exit(0)
}
