//! What goes wrong when two meet is told to both, soon, and costs no more than it must.

mod support;

use std::time::{Duration, Instant};

use support::tor::{Side, TOR, Tor};

/// Both know within this time after the guest's program began to prove the password.
const TOLD: Duration = Duration::from_secs(10);

/// Whoever dials a place at which nobody answers knows within this time.
const NOBODY: Duration = Duration::from_secs(60);

/// A guest who finds nobody: says how long after the first dial that was told.
fn finds_nobody(tor: &Tor, code: &str) -> Duration {
    let mut guest = Side::guest(tor, code, &["--no-smp"]);
    guest.step("dialling");
    let begin = Instant::now();
    assert_eq!(guest.meeting_end(TOR), "nobody_answers");
    let told = begin.elapsed();
    assert!(told < NOBODY, "{told:?}");
    guest.ends(4);
    told
}

#[test]
fn a_wrong_password_is_told_to_both_and_burns_the_code() {
    let tor = Tor::attach();
    let (mut host, code) = Side::host(&tor, &["--no-smp"]);
    let (front, last) = code.rsplit_once('-').unwrap();
    let other = if last == "otter" { "mesa" } else { "otter" };
    let mut guest = Side::guest(&tor, &format!("{front}-{other}"), &["--no-smp"]);
    guest.step("agreeing");
    let begin = Instant::now();
    assert_eq!(guest.meeting_end(TOR), "wrong_password");
    let guest_told = begin.elapsed();
    assert_eq!(host.meeting_end(TOR), "wrong_password");
    let host_told = begin.elapsed();
    println!("told after: guest {guest_told:.2?}, host {host_told:.2?}");
    assert!(guest_told < TOLD && host_told < TOLD);
    guest.ends(5);
    host.ends(5);
    println!("nobody answers under the burnt code: {:.1?}", finds_nobody(&tor, &code));
}

#[test]
fn a_wrong_locator_finds_nobody_and_does_not_touch_the_host() {
    let tor = Tor::attach();
    let (mut host, code) = Side::host(&tor, &["--no-smp"]);
    let (number, words) = code.split_once('-').unwrap();
    let number: u16 = number.parse().unwrap();
    let wrong = format!("{}-{words}", (number + 1) % 1000);
    println!("nobody answers under the wrong locator: {:.1?}", finds_nobody(&tor, &wrong));
    let last = host.program.out.all().pop().unwrap();
    assert!(last.contains(r#""step":"reachable""#), "the host has heard something: {last}");
    let mut guest = Side::guest(&tor, &code, &["--no-smp"]);
    host.open();
    guest.open();
    guest.program.line("/quit");
    guest.ends(0);
    host.ends(0);
}
