//! The connection ends at each of the eight messages of a pairing, the message itself lost with it:
//! what each side reads then, and how it ends.

mod support;

use std::time::{Duration, Instant};

use support::chats::{plain_guest, plain_host};
use support::reading::read;
use support::relay::Relay;
use support::{Place, Plain, SOON, local_name};

/// Who loses a partner in the pairing knows so soon, the way to the meeting place included.
const TOLD: Duration = Duration::from_secs(30);

/// Meets under a code with a connection that ends instead of message `cut`. What is there in the
/// end is left by `leave`; then both have ended with these exit codes.
fn gone_at(cut: usize, codes: (i32, i32), leave: impl FnOnce(&mut Plain, &mut Plain)) {
    let (hosts, guests) = (local_name(), local_name());
    let (mut host, code) = plain_host(&Place::default(), &hosts, &["--no-smp"]);
    let _relay = Relay::start(&code, &hosts, &guests, cut);
    let begin = Instant::now();
    let mut guest = plain_guest(&Place::default(), &guests, &code, &["--no-smp"]);
    leave(&mut host, &mut guest);
    for (side, who, code_wanted) in [(&mut host, "host", codes.0), (&mut guest, "guest", codes.1)] {
        let read = read(side, begin, SOON, &[(&code, "CODE")]);
        assert_eq!(read.code, code_wanted, "{who}:\n{}", read.text);
        assert!(read.took < TOLD, "{who}: {:?}", read.took);
        insta::assert_snapshot!(format!("message_{cut}_{who}"), read.text);
    }
}

/// Nothing is spent yet: the guest calls again, and both meet.
fn both_meet_all_the_same(host: &mut Plain, guest: &mut Plain) {
    for side in [&mut *host, &mut *guest] {
        side.words.wait_for("The conversation is open.", SOON);
    }
    guest.line("/quit");
}

#[test]
fn at_the_guests_share() {
    gone_at(1, (0, 0), both_meet_all_the_same);
}

#[test]
fn at_the_hosts_share() {
    gone_at(2, (0, 0), both_meet_all_the_same);
}

/// The guest's guess is spent; the host has seen none, and waits for the next who comes.
#[test]
fn at_the_guests_confirmation() {
    gone_at(3, (5, 6), |host, _| {
        host.words.wait_for("did not prove", SOON);
        host.line("/quit");
    });
}

#[test]
fn at_the_hosts_confirmation() {
    gone_at(4, (6, 6), |_, _| {});
}

#[test]
fn at_the_guests_card() {
    gone_at(5, (6, 6), |_, _| {});
}

#[test]
fn at_the_hosts_card() {
    gone_at(6, (6, 6), |_, _| {});
}

#[test]
fn at_the_guests_last_message() {
    gone_at(7, (6, 6), |_, _| {});
}

/// The host has all that it needs and cannot know that the guest has not: it waits for its call.
#[test]
fn at_the_hosts_last_message() {
    gone_at(8, (0, 6), |host, _| {
        host.words.wait_for("The connection was lost.", SOON);
        host.line("/quit");
    });
}
