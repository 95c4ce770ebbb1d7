//! A check called off on one of two terminals: before the conversation the other side decides, in it
//! both talk on; and after three failures the program wants a word.

mod support;

use support::chats::{screen_conversation, screen_guest, screen_host};
use support::terminal::rows;
use support::{SOON, Terminal, local, local_name};

/// Both sides at the prompt for the secret, before the conversation: the host asked.
fn asked() -> (Terminal, Terminal) {
    let name = local_name();
    let network = local(&name);
    let (mut host, code) = screen_host("hilde", &network, SOON);
    let mut guest = screen_guest("gustav", &network, &code);
    for (side, wish) in [(&mut guest, "n"), (&mut host, "y")] {
        side.wait_for("Check by a shared secret? (y/N)", SOON);
        side.keys(wish);
    }
    guest.wait_for("hilde asks for the check.", SOON);
    guest.keys("\r");
    for side in [&host, &guest] {
        side.wait_for("The shared secret:", SOON);
    }
    (host, guest)
}

#[test]
fn before_the_conversation_the_other_side_decides() {
    let (mut host, mut guest) = asked();
    // In the middle of a word.
    host.keys("blu");
    host.wait_for("•••", SOON);
    guest.keys("\x1b");
    guest.wait_for("You cancelled the check.", SOON);
    guest.wait_for("The conversation is open.", SOON);
    host.wait_for("Your partner's side cancelled the check.", SOON);
    host.wait_for("Enter goes on.", SOON);
    host.keys("yny\r");
    host.wait_for("Go on without the check? (y/N)", SOON);
    host.keys("y");
    host.wait_for("The conversation is open.", SOON);
    host.wait_for("● verified (by code, check skipped)", SOON);
    guest.line("here");
    host.wait_for("here", SOON);
    // And both can ask again.
    host.line("/check");
    host.wait_for("The shared secret:", SOON);
    guest.wait_for("/check answers with your secret", SOON);
    guest.line("/check");
    for side in [&mut host, &mut guest] {
        side.wait_for("The shared secret:", SOON);
        side.line("blue bench");
    }
    for side in [&host, &guest] {
        side.wait_for("▲ authenticated", SOON);
    }
    host.line("/quit");
    guest.wait_for("hilde ended the conversation.", SOON);
    guest.keys("\r");
    assert_eq!((host.exit_code(SOON), guest.exit_code(SOON)), (0, 0));
}

#[test]
fn who_does_not_go_on_leaves_with_a_failure() {
    let (mut host, mut guest) = asked();
    guest.line("blue bench");
    guest.wait_for("Waiting for your partner's secret.", SOON);
    host.keys("\x1b");
    host.wait_for("The conversation is open.", SOON);
    guest.wait_for("Go on without the check? (y/N)", SOON);
    guest.keys("\r");
    assert_eq!(guest.exit_code(SOON), 7);
    guest.assert_restored();
    assert!(guest.contents().contains("cancelled the check and you left."), "{}", guest.contents());
    host.wait_for("gustav ended the conversation.", SOON);
    host.keys("\r");
    assert_eq!(host.exit_code(SOON), 0);
}

/// One answer to a question for a secret, from the conversation and back to it.
fn answer(side: &mut Terminal, secret: &str) {
    side.wait_for("The shared secret:", SOON);
    side.line(secret);
    side.wait_without("The shared secret:", SOON);
}

/// Waits for a text below every row that shows another one.
fn wait_below(side: &Terminal, above: &str, text: &str) {
    side.wait_until(&format!("{text} below {above}"), SOON, |screen| {
        let rows = rows(screen);
        let last = rows.iter().rposition(|row| row.contains(above))?;
        rows[last..].iter().any(|row| row.contains(text)).then_some(())
    });
}

#[test]
fn the_fourth_check_after_three_failures_wants_a_word() {
    const WORD: &str = "Type the word check:";
    let name = local_name();
    let (mut host, mut guest) = screen_conversation(&local(&name), SOON);
    let mut last = "The conversation is open.".to_owned();
    for failure in 1..=3 {
        host.line("/check");
        answer(&mut host, "left");
        wait_below(&guest, &last, "/check answers with your secret");
        guest.line("/check");
        answer(&mut guest, "right");
        let said = format!("on after {failure}");
        for side in [&mut host, &mut guest] {
            wait_below(side, &last, "/stay goes on, unverified; /quit leaves.");
            side.line("/stay");
            side.line(&said);
            side.wait_for_row(&[&said, "✓✓"], SOON);
        }
        last = said;
    }
    guest.line("/check");
    // The host is asked, and answers when it likes.
    wait_below(&host, &last, "/check answers with your secret");
    host.line("/check");
    for side in [&mut host, &mut guest] {
        side.wait_for(WORD, SOON);
        side.line("yes");
        side.wait_for("That was not the word.", SOON);
        side.line("check");
        answer(side, "blue bench");
    }
    for side in [&host, &guest] {
        side.wait_for("▲ authenticated", SOON);
    }
    host.line("/quit");
    guest.wait_for("hilde ended the conversation.", SOON);
    guest.keys("\r");
    assert_eq!((host.exit_code(SOON), guest.exit_code(SOON)), (0, 0));
}
