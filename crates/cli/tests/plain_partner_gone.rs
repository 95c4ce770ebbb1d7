//! A partner who is killed says nothing: the other side notices, says so, and stays usable.

mod support;

use std::time::{Duration, Instant};

use support::chats::{plain_conversation, plain_guest, plain_host};
use support::{Place, Plain, SOON, local_name};

/// How soon a partner who is gone is missed.
const MISSED: Duration = Duration::from_secs(10);

/// Waits for a line with one of these texts, and for no longer than a partner is missed.
fn hears(side: &mut Plain, texts: &[&str]) -> String {
    let begin = Instant::now();
    let line = side.words.wait_until(&format!("one of {texts:?}"), MISSED, |line| {
        texts.iter().any(|text| line.contains(text)).then(|| line.to_owned())
    });
    assert!(begin.elapsed() < MISSED);
    line
}

#[test]
fn while_both_agree_on_keys() {
    let name = local_name();
    let (mut host, code) = plain_host(&Place::default(), &name, &["--no-smp"]);
    let mut guest = plain_guest(&Place::default(), &name, &code, &["--no-smp"]);
    guest.words.wait_for("Agreeing on keys", SOON);
    guest.kill();
    // How far both had come when it was killed is for the machine to say.
    let came = ["did not prove", "went away before both", "The connection was lost."];
    let line = hears(&mut host, &came);
    if line.contains(came[0]) {
        let mut second = plain_guest(&Place::default(), &name, &code, &["--no-smp"]);
        for side in [&mut host, &mut second] {
            side.words.wait_for("The conversation is open.", SOON);
        }
    } else if line.contains(came[1]) {
        assert_eq!(host.exit_code(SOON), 6);
    }
}

#[test]
fn while_both_are_asked_about_the_check() {
    let name = local_name();
    let (mut host, code) = plain_host(&Place::default(), &name, &[]);
    let mut guest = plain_guest(&Place::default(), &name, &code, &[]);
    for side in [&mut host, &mut guest] {
        side.words.wait_for("Check by a shared secret? (y/N)", SOON);
    }
    guest.kill();
    hears(&mut host, &["The connection was lost."]);
    // Still there to be told what to do.
    host.line("/quit");
    host.words.wait_for("did not confirm the goodbye", SOON);
    assert_eq!(host.exit_code(SOON), 0);
}

#[test]
fn in_the_conversation() {
    let name = local_name();
    let (mut host, mut guest) = plain_conversation(&name, &[]);
    guest.kill();
    hears(&mut host, &["The connection was lost."]);
    host.line("are you there");
    host.words.wait_for("Message 1: waiting.", SOON);
    host.line("/who");
    host.words.wait_for("You talk with gustav.", SOON);
    host.line("/quit");
    assert_eq!(host.exit_code(SOON), 9);
    let words = host.all_words(SOON);
    assert!(words.contains("One message was not confirmed: it may not have arrived."), "{words}");
}
