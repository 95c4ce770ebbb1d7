//! The check on two terminals: one who asks is enough, and what the two secrets make of it.

mod support;

use support::chats::{screen_guest, screen_host};
use support::{SOON, Terminal, local, local_name};

const RED: vt100::Color = vt100::Color::Idx(1);
const CYAN: vt100::Color = vt100::Color::Idx(6);

/// Pairs two terminals; one asks for the check, and each types its secret.
fn checked(secrets: [&str; 2]) -> (Terminal, Terminal) {
    let name = local_name();
    let network = local(&name);
    let (mut host, code) = screen_host("hilde", &network, SOON);
    let mut guest = screen_guest("gustav", &network, &code);
    // The one who wants none answers first: the other's wish would take the question away.
    for (side, wish) in [(&mut guest, "n"), (&mut host, "y")] {
        side.wait_for("Check by a shared secret? (y/N)", SOON);
        side.keys(wish);
        side.wait_without("Check by a shared secret? (y/N)", SOON);
    }
    // Who did not ask reads that the partner does; no key but Enter leads on, and none is kept.
    guest.wait_for("hilde asks for the check.", SOON);
    guest.keys("yn");
    guest.keys("\r");
    for (side, secret) in [&mut host, &mut guest].into_iter().zip(secrets) {
        side.wait_for("Type the secret that you share.", SOON);
        side.keys(secret);
        side.wait_for(&"•".repeat(secret.chars().count()), SOON);
        assert!(!side.contents().contains(secret), "the secret is not shown");
        side.keys("\r");
    }
    (host, guest)
}

#[test]
fn one_asks_and_the_same_secret_makes_both_cyan() {
    let (mut host, mut guest) = checked(["blue bench", "blue bench"]);
    for (side, partner) in [(&host, "gustav"), (&guest, "hilde")] {
        side.wait_for(&format!("{partner} ▲ authenticated"), SOON);
        side.wait_for_colour("▲ authenticated", CYAN, SOON);
        side.wait_for("The conversation is open.", SOON);
    }
    guest.line("so it is you");
    host.wait_for("so it is you", SOON);
    host.wait_for_colour("gustav  so it is you", CYAN, SOON);
    host.line("/quit");
    guest.wait_for("hilde ended the conversation.", SOON);
    guest.keys("\r");
    assert_eq!((host.exit_code(SOON), guest.exit_code(SOON)), (0, 0));
}

#[test]
fn different_secrets_leave_by_default() {
    let (mut host, mut guest) = checked(["blue bench", "green bench"]);
    for side in [&host, &guest] {
        side.wait_for("Stay all the same, unverified? (y/N)", SOON);
        side.wait_for("The check failed: the secrets differ.", SOON);
        side.wait_for_colour("■ unverified", RED, SOON);
    }
    guest.keys("\r");
    assert_eq!(guest.exit_code(SOON), 7);
    guest.assert_restored();
    // Left alone with the question, the other side has no one to stay with.
    host.wait_for("gustav ended the conversation.", SOON);
    host.keys("\r");
    assert_eq!(host.exit_code(SOON), 7);
    host.assert_restored();
}

#[test]
fn who_stays_reads_and_writes_in_red() {
    let (mut host, mut guest) = checked(["blue bench", "green bench"]);
    for side in [&mut host, &mut guest] {
        side.wait_for("Stay all the same, unverified? (y/N)", SOON);
        side.keys("y");
    }
    for side in [&host, &guest] {
        side.wait_for("The conversation is open.", SOON);
    }
    guest.line("who is it then");
    host.wait_for("who is it then", SOON);
    host.wait_for_colour("who is it then", RED, SOON);
    guest.wait_for_row(&["who is it then", "✓✓"], SOON);
    guest.wait_for_colour("who is it then", RED, SOON);
    host.wait_for_colour("■ unverified", RED, SOON);
    host.line("/quit");
    guest.wait_for("hilde ended the conversation.", SOON);
    guest.keys("\r");
    assert_eq!((host.exit_code(SOON), guest.exit_code(SOON)), (0, 0));
}
