//! Two people serve under one code that they agreed on: the second is told what to do, the first
//! notices nothing.

mod support;

use std::time::{Duration, Instant};

use support::tor::{Side, TOR, Tor, agreed_code, home};
use support::{Place, Plain};

/// Two looks, after which a host would publish.
const LOOKED: Duration = Duration::from_secs(40);

#[test]
fn the_second_host_is_told_that_the_code_is_taken_and_the_first_still_meets_its_guest() {
    let tor = Tor::attach();
    let code = agreed_code();
    let mut first = Side::start(&tor, "-s", &["--no-smp"]);
    first.program.line(&code);
    assert_eq!(first.serve("y"), code);

    let place = home();
    let options = tor.options();
    let arguments = [&["chat", "-s", "--plain", "--no-smp"][..], &options].concat();
    let mut second = Plain::start_in(
        &Place { home: Some(place.path()), variables: Vec::new() },
        &[&arguments[..], &["--nick", "hugo", "--peer", "gustav"]].concat(),
    );
    second.line(&code);
    second.line("y");
    second.words.wait_for("Looking whether the code is free", TOR);
    let begin = Instant::now();
    second.words.wait_for("This code is taken: somebody already answers under it.", TOR);
    let told = begin.elapsed();
    println!("told after {told:.1?}");
    assert!(told < LOOKED, "{told:?}");
    second.words.wait_for("join with the same code instead of saying it", TOR);
    assert_eq!(second.exit_code(TOR), 5);

    let mut guest = Side::guest(&tor, &code, &["--no-smp"]);
    guest.program.line("y");
    first.open();
    guest.open();
    guest.program.line("/quit");
    guest.ends(0);
    first.ends(0);
}
