//! A partner who is killed is missed soon, and what the kill left in memory goes with the next start.

mod support;

use std::time::{Duration, Instant};

use support::tor::{Side, TOR, Tor, conversation, entries};

/// A lost connection is told within this time.
const NOTICED: Duration = Duration::from_secs(10);

#[test]
fn the_host_hears_of_it_stays_usable_and_the_next_start_sweeps() {
    let tor = Tor::attach();
    let (mut host, mut guest) = conversation(&tor);
    guest.send("before");
    assert_eq!(host.text(TOR), "before");
    guest.program.kill();
    let begin = Instant::now();
    host.link("lost", TOR);
    println!("noticed after {:.2?}", begin.elapsed());
    assert!(begin.elapsed() < NOTICED, "{:?}", begin.elapsed());

    host.send("after");
    assert_eq!(host.event("message.queued", TOR)["text"], "after");
    assert_eq!(host.event("message.delivery", TOR)["state"], "waiting");

    let left = entries(guest.home.path());
    assert_eq!(left.len(), 1, "a killed program cannot tidy up: {left:?}");
    let mut next = Side::start_at(guest.home, &tor, "-c", &[]);
    next.event("prompt", TOR);
    let own = entries(next.home.path());
    assert_eq!(own.len(), 1, "{own:?}");
    assert_ne!(own, left, "the next start sweeps");
    next.program.line(r#"{"quit":true}"#);
    next.ends(0);

    // Nobody has the text, and the host says so.
    host.program.line("/quit");
    host.ends(9);
}
