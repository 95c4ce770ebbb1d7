//! A profile's password is asked for on the terminal and never shown; while somebody is asked, no
//! other program has the profile, and a kill gives it back.

#![cfg(feature = "sqlcipher")]
#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod support;

use rustix::process::Signal;
use support::{Place, SOON, Terminal};

const SIZE: (u16, u16) = (100, 24);

fn run(home: &std::path::Path, arguments: &[&str]) -> Terminal {
    let data = home.join("data");
    let place =
        Place { home: Some(home), variables: vec![("UNDERTONE_HOME", data.to_str().unwrap())] };
    let all: Vec<&str> = ["profile"].into_iter().chain(arguments.to_vec()).collect();
    Terminal::start_in(&place, SIZE, &all)
}

#[test]
fn it_is_typed_unseen_and_one_program_has_the_profile() {
    let home = tempfile::tempdir().unwrap();
    let mut made = run(home.path(), &["new", "Ben"]);
    made.wait_for("A new password for the profile:", SOON);
    made.keys("marmalade\r");
    made.wait_for("The same again:", SOON);
    made.keys("marmalade\r");
    made.wait_for("The profile “Ben” is made.", SOON);
    assert_eq!(made.exit_code(SOON), 0);

    let first = run(home.path(), &["password"]);
    first.wait_for("The password of the profile “Ben”:", SOON);
    let mut second = run(home.path(), &["password", "ben"]);
    second.wait_for(
        &format!("The profile is open in another undertone, process {}.", first.process()),
        SOON,
    );
    assert_eq!(second.exit_code(SOON), 8);
    first.signal(Signal::KILL);
    // Dead, though nobody has taken note of it yet: its files are closed.
    let stat = format!("/proc/{}/stat", first.process());
    let dead = || std::fs::read_to_string(&stat).unwrap().contains(") Z").then_some(());
    support::poll(SOON, dead, || "it still runs".to_owned());
    let mut third = run(home.path(), &["password", "ben"]);
    third.wait_for("The password of the profile “Ben”:", SOON);
    third.keys("marmelade\r");
    third.wait_for("The password is wrong.", SOON);
    assert_eq!(third.exit_code(SOON), 2);

    let mut changed = run(home.path(), &["password", "ben"]);
    changed.wait_for("The password of the profile “Ben”:", SOON);
    changed.keys("marmalade\r");
    changed.wait_for("A new password for the profile:", SOON);
    changed.keys("marlin\r");
    changed.wait_for("The same again:", SOON);
    changed.keys("marlin\r");
    changed.wait_for("The password is changed.", SOON);
    assert_eq!(changed.exit_code(SOON), 0);

    let mut slip = run(home.path(), &["destroy", "ben"]);
    slip.wait_for("Type its name in full", SOON);
    slip.keys("ben\r");
    slip.wait_for("nothing was destroyed", SOON);
    assert_eq!(slip.exit_code(SOON), 2);
    let mut gone = run(home.path(), &["destroy", "ben"]);
    gone.wait_for("Type its name in full", SOON);
    gone.keys("Ben\r");
    gone.wait_for("It is destroyed.", SOON);
    assert_eq!(gone.exit_code(SOON), 0);

    for terminal in [&made, &first, &second, &third, &changed, &slip, &gone] {
        let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
        assert!(!raw.contains("marm") && !raw.contains("marlin"), "it was shown");
    }
}
