//! The passphrase is asked for on the terminal, twice for a new database, and never shown.

#![cfg(feature = "sqlcipher")]
#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use support::{Place, SOON, Terminal};

const SIZE: (u16, u16) = (80, 24);

fn run(home: &std::path::Path, arguments: &[&str]) -> Terminal {
    let data = home.join("data");
    let place =
        Place { home: Some(home), variables: vec![("UNDERTONE_HOME", data.to_str().unwrap())] };
    let all: Vec<&str> = ["ratchet"].into_iter().chain(arguments.to_vec()).collect();
    Terminal::start_in(&place, SIZE, &all)
}

#[test]
fn it_is_typed_unseen_and_compared() {
    let home = tempfile::tempdir().unwrap();
    let mut slip = run(home.path(), &["init", "ben"]);
    slip.wait_for("A new passphrase for the database:", SOON);
    slip.keys("swordfish\r");
    slip.wait_for("The same again:", SOON);
    slip.keys("swordfihs\r");
    slip.wait_for("The two passphrases differ.", SOON);
    assert_eq!(slip.exit_code(SOON), 2);

    let mut made = run(home.path(), &["init", "ben"]);
    made.wait_for("A new passphrase for the database:", SOON);
    made.keys("swordfiss\u{7f}h\r");
    made.wait_for("The same again:", SOON);
    made.keys("swordfish\r");
    made.wait_for("Give this card to your partner.", SOON);
    assert_eq!(made.exit_code(SOON), 0);

    let mut listed = run(home.path(), &["list"]);
    listed.wait_for("The passphrase of the database:", SOON);
    listed.keys("swordfish\r");
    listed.wait_for("offered", SOON);
    assert_eq!(listed.exit_code(SOON), 0);

    let mut wrong = run(home.path(), &["list"]);
    wrong.wait_for("The passphrase of the database:", SOON);
    wrong.keys("swordfisch\r");
    wrong.wait_for("The passphrase is wrong.", SOON);
    assert_eq!(wrong.exit_code(SOON), 2);

    for terminal in [&slip, &made, &listed, &wrong] {
        assert!(!String::from_utf8_lossy(&terminal.raw()).contains("sword"), "it was shown");
        assert!(terminal.is_in_line_mode(), "the terminal is as it was");
    }
}

#[test]
fn ctrl_c_leaves_the_terminal_as_it_was() {
    let home = tempfile::tempdir().unwrap();
    let mut given_up = run(home.path(), &["init", "ben"]);
    given_up.wait_for("A new passphrase for the database:", SOON);
    given_up.keys("swo\u{3}");
    given_up.wait_for("No passphrase was typed.", SOON);
    assert_eq!(given_up.exit_code(SOON), 2);
    assert!(given_up.is_in_line_mode());
    assert!(!home.path().join("data").exists(), "nothing was made");
}
