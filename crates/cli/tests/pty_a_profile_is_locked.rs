//! A kept conversation on a terminal: locked by a key nothing of it stays on the screen, what comes
//! meanwhile waits for the login, a wrong password is slow and said, and everything goes on.

#![cfg(feature = "sqlcipher")]

mod support;

use std::time::{Duration, Instant};

use support::kept::{Side, pair};
use support::{SOON, local_name};

const SIZE: (u16, u16) = (80, 24);

/// A wrong password costs at least so long, by intent; half a second on a machine of today.
const SLOW: Duration = Duration::from_millis(100);

#[test]
fn nothing_stays_on_the_screen_and_everything_goes_on_after_the_login() {
    let network = local_name();
    let (hilde, gustav) = (Side::new("hilde", Some("marmalade")), Side::new("gustav", None));
    pair(&hilde, &gustav, &network);
    let mut terminal = hilde.terminal(SIZE, &network, &["--with", "gustav"]);
    terminal.wait_for("The profile “home” is locked.", SOON);
    assert!(!terminal.contents().contains("gustav"));
    let begin = Instant::now();
    terminal.line("marmelade");
    terminal.wait_for("The password is wrong.", SOON);
    assert!(begin.elapsed() > SLOW, "{:?}", begin.elapsed());
    terminal.line("marmalade");
    terminal.wait_for("gustav ● verified", SOON);
    let mut other = gustav.plain(&network, &["--with", "hilde"]);
    terminal.line("the papers are under the blue bench");
    other.out.wait_for("the papers are under the blue bench", SOON);
    terminal.wait_for_row(&["the papers", "✓✓"], SOON);

    terminal.keys("half a thought\x0c");
    terminal.wait_for("The profile “home” is locked.", SOON);
    let screen = terminal.contents();
    for word in ["papers", "gustav", "half", "verified"] {
        assert!(!screen.contains(word), "{word} on\n{screen}");
    }
    assert!(terminal.is_on_its_own_screen(), "what can be scrolled back to has nothing of it");
    // Neither is what comes now shown, nor is it taken in: it waits at the other end.
    other.line("are you there?");
    other.words.wait_for("waiting.", SOON);
    // Another program doesn't have it meanwhile.
    let words = hilde.refused(&["contact", "list"]);
    assert!(words.contains("The profile is open in another undertone"), "{words}");
    assert!(!terminal.contents().contains("are you there?"));

    terminal.line("marmalade");
    terminal.wait_for_row(&["the papers", "✓✓"], SOON);
    terminal.wait_for("are you there?", SOON);
    terminal.wait_for("> half a thought", SOON);
    // The keys that lock don't come through to the shell, and a second lock is as good as the first.
    terminal.keys("\x15/lock\r");
    terminal.wait_for("The profile “home” is locked.", SOON);
    assert!(!terminal.contents().contains("papers"));
    terminal.keys("\x03");
    assert_eq!(terminal.exit_code(SOON), 0);
    terminal.assert_restored();
    let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
    assert!(!raw.contains("marm"), "the password was shown");
}

#[test]
fn another_password_opens_the_same_database() {
    let network = local_name();
    let (hilde, gustav) = (Side::new("hilde", Some("marmalade")), Side::new("gustav", None));
    pair(&hilde, &gustav, &network);
    let database = hilde.database();
    let mut terminal = hilde.terminal(SIZE, &network, &[]);
    terminal.wait_for("is locked.", SOON);
    terminal.line("marmalade");
    terminal.wait_for("1 gustav", SOON);
    terminal.line("/changepassword");
    terminal.wait_for("The present password:", SOON);
    terminal.line("marmelade");
    terminal.wait_for("The new password:", SOON);
    terminal.line("otter");
    terminal.wait_for("The same again:", SOON);
    terminal.line("otter");
    terminal.wait_for("That is not the present password.", SOON);
    terminal.line("marmalade");
    terminal.wait_for("The new password:", SOON);
    terminal.keys("otter lantern");
    terminal.wait_for("An estimate: about 28 bits", SOON);
    terminal.line("");
    terminal.wait_for("The same again:", SOON);
    terminal.line("otter lantern");
    terminal.wait_for("The password is changed.", SOON);
    terminal.keys("\x0c");
    terminal.wait_for("is locked.", SOON);
    terminal.line("marmalade");
    terminal.wait_for("The password is wrong.", SOON);
    terminal.line("otter lantern");
    terminal.wait_for("1 gustav", SOON);
    terminal.keys("q");
    assert_eq!(terminal.exit_code(SOON), 0);
    // Not one page of the first bytes was encrypted anew: the salt and the first page are what they were.
    let after = hilde.database();
    assert_eq!(database.get(..16), after.get(..16));
    let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
    assert!(!raw.contains("marm") && !raw.contains("otter"), "a password was shown");
}

#[test]
fn a_profile_without_a_password_gets_one() {
    let network = local_name();
    let (hilde, gustav) = (Side::new("hilde", None), Side::new("gustav", None));
    pair(&hilde, &gustav, &network);
    let mut terminal = hilde.terminal(SIZE, &network, &[]);
    terminal.wait_for("This profile has no password", SOON);
    terminal.keys("\x0c");
    terminal.wait_for("can't be locked", SOON);
    terminal.line("/setpassword");
    terminal.wait_for("The new password:", SOON);
    terminal.line("otter lantern");
    terminal.wait_for("The same again:", SOON);
    terminal.line("otter lantern");
    terminal.wait_for("The password is changed.", SOON);
    terminal.keys("\x0c");
    terminal.wait_for("is locked.", SOON);
    terminal.keys("\x03");
    assert_eq!(terminal.exit_code(SOON), 0);
    assert!(hilde.refused(&["contact", "list", "--no-password"]).contains("has a password"));
}
