//! A partner who is killed says nothing: the other side notices, says so, and stays usable.

mod support;

use std::time::Duration;

use support::chats::{plain_conversation, plain_guest, plain_host};
use support::{Place, Plain, SOON, local_name};

/// How soon a partner who is gone is missed.
const MISSED: Duration = Duration::from_secs(10);

/// Waits for a line with one of these texts, for so long.
fn hears(side: &mut Plain, texts: &[&str], within: Duration) -> String {
    side.words.wait_until(&format!("one of {texts:?}"), within, |line| {
        texts.iter().any(|text| line.contains(text)).then(|| line.to_owned())
    })
}

/// How far both had come when the guest was killed is for the machine to say. Either it counts for
/// nothing and the next who knows the code comes in, or the host is told.
#[test]
fn while_both_agree_on_keys() {
    const GONE: &str = "went away before both";
    const LOST: &str = "The connection was lost.";
    const ASKED: &str = "Check by a shared secret? (y/N)";
    const OPEN: &str = "The conversation is open.";
    let name = local_name();
    let (mut host, code) = plain_host(&Place::default(), &name, &[]);
    let mut guest = plain_guest(&Place::default(), &name, &code, &[]);
    guest.words.wait_for("Agreeing on keys", SOON);
    guest.kill();
    let second = plain_guest(&Place::default(), &name, &code, &["--no-smp"]);
    let mut line = hears(&mut host, &[GONE, LOST, ASKED], SOON);
    if line.contains(ASKED) {
        host.line("n");
        line = hears(&mut host, &[OPEN, LOST], SOON);
    }
    if line.contains(GONE) {
        assert_eq!(host.exit_code(SOON), 6);
    } else if line.contains(LOST) {
        host.line("/quit");
        assert_eq!(host.exit_code(SOON), 0);
    } else {
        host.line("so you came");
        host.words.wait_for("Message 1: delivered.", SOON);
    }
    drop(second);
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
    host.words.wait_for("The connection was lost.", MISSED);
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
    host.words.wait_for("The connection was lost.", MISSED);
    host.line("are you there");
    host.words.wait_for("Message 1: waiting.", SOON);
    host.line("/who");
    host.words.wait_for("You talk with gustav.", SOON);
    host.line("/quit");
    assert_eq!(host.exit_code(SOON), 9);
    let words = host.all_words(SOON);
    assert!(words.contains("One message was not confirmed: it may not have arrived."), "{words}");
}
