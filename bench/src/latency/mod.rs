//! A message and its receipt against an echo of the same cells, over onion services.
//!
//! Two processes, each with one embedded Tor client, meet by code on a private network. Then the
//! guest alternates: a message until its receipt is in, as a user interface sees both; and an echo
//! on the conversation's raw Tor stream, one cell there and one back like the message. The pacer is
//! off.
//!
//! Relays gather what they send for some milliseconds. Those of the private network do it for one,
//! so that tests are fast; for the goal they do it as long as those of the public network. Both are
//! told, and what ours adds to the peer's time, which hardly depends on it.
//!
//! Also reported: from a code to the first message against the Tor client's own publication and
//! connection; memory; the size of the program.

mod children;
mod node;
mod peer;
mod records;
mod tap;

use std::time::Duration;

use undertone_node::propose_code;
use undertone_testnet::{Network, Options};

use self::children::Child;
pub(crate) use self::peer::run as peer;
use crate::goals::{LATENCY, Wanted};
use crate::measure::{Goal, Pair, median};
use crate::run::Failure;

/// The goal's name.
const NAME: &str = LATENCY.name;

/// The first argument of a process that takes part.
pub(crate) const PEER: &str = "peer";

/// Pairs that are measured, and pairs before them that aren't: the first ones find cold caches.
const PAIRS: usize = 400;
const WARM_UP: usize = 20;

/// How long relays gather what they send, in milliseconds (`KISTSchedRunInterval`): C tor's default,
/// which the public network doesn't change; and the least, which is the private network's.
const PUBLIC_ROUND: u64 = 10;
const FASTEST_ROUND: u64 = 1;

/// Meetings; the conversation of the last one is measured.
const MEETINGS: usize = 3;

/// Circuits end seconds after their streams, at both ends. An end of the embedded client that hears
/// of it while it does the same itself can lose its connection to the guard, and every circuit with
/// it (tor-proto 0.47, `deliver_destroy`). Nothing is measured before that is over.
const SETTLED: Duration = Duration::from_secs(8);

/// Measures on a network of its own.
pub(crate) fn measure(_: Wanted) -> Result<Goal, Failure> {
    println!("{NAME}: starting a private Tor network");
    let network = Network::start(Options::default())?;
    let configuration = network.arti_toml_path();
    let mut host = Child::start(&configuration)?;
    let mut guest = Child::start(&configuration)?;
    println!("{NAME}: this machine had a load of {}", load());
    let alone = (0..MEETINGS).map(|_| tor_alone(&mut host, &mut guest));
    let alone = alone.collect::<Result<Vec<_>, _>>()?;
    let mut meetings = Vec::new();
    for number in 0..MEETINGS {
        if number > 0 {
            host.ask("left")?;
            host.answer::<0>("listening")?;
            guest.ask("leave")?;
            guest.answer::<0>("left")?;
            host.answer::<0>("left")?;
        }
        std::thread::sleep(SETTLED);
        meetings.push(meet(&mut host, &mut guest)?);
    }
    report_meetings(&alone, &meetings).ok_or("no meeting")?;
    let fastest = pairs(&mut guest, &network, FASTEST_ROUND)?;
    let public = pairs(&mut guest, &network, PUBLIC_ROUND)?;
    println!("{NAME}: {}", fastest.without_goal(&format!("relays gather for {FASTEST_ROUND} ms")));
    println!("{NAME}: {}", public.without_goal(&format!("relays gather for {PUBLIC_ROUND} ms")));
    let (host_memory, guest_memory) = (memory(&mut host)?, memory(&mut guest)?);
    println!("{NAME}: resident memory: host {host_memory:.0} MB, guest {guest_memory:.0} MB");
    println!("{NAME}: the program {}", program());
    guest.end()?;
    host.end()?;
    Ok(public)
}

/// A publication and a connection of the Tor client alone, in seconds.
fn tor_alone(host: &mut Child, guest: &mut Child) -> Result<[f64; 2], Failure> {
    host.ask("publish")?;
    let (publish, address) = host.answer_with_word("published")?;
    guest.ask(&format!("connect {address}"))?;
    let [connect] = guest.answer("connected")?;
    host.ask("unpublish")?;
    host.answer::<0>("unpublished")?;
    Ok([publish, connect])
}

/// A meeting by code, in seconds: the host's code to reachable, the guest's to the first receipt.
fn meet(host: &mut Child, guest: &mut Child) -> Result<[f64; 2], Failure> {
    let code = propose_code()?;
    host.ask(&format!("host {}", *code.text()))?;
    let [reachable] = host.answer("reachable")?;
    guest.ask(&format!("guest {}", *code.text()))?;
    let [first] = guest.answer("first")?;
    Ok([reachable, first])
}

fn report_meetings(alone: &[[f64; 2]], meetings: &[[f64; 2]]) -> Option<()> {
    let first = |times: &[[f64; 2]]| median(times.iter().map(|[time, _]| *time).collect());
    let second = |times: &[[f64; 2]]| median(times.iter().map(|[_, time]| *time).collect());
    println!(
        "{NAME}: host's code to reachable {:.1} s, guest's code to the first receipt {:.1} s; the Tor client \
         alone: publish {:.1} s, connect {:.1} s (medians of {MEETINGS})",
        first(meetings)?,
        second(meetings)?,
        first(alone)?,
        second(alone)?,
    );
    Some(())
}

/// Messages and echoes in turn, over relays that gather for so many milliseconds.
fn pairs(guest: &mut Child, network: &Network, round: u64) -> Result<Goal, Failure> {
    for relay in network.description().all_relays() {
        let mut control = network.control(&relay.nickname, relay.control_port)?;
        control.command(&format!("SETCONF KISTSchedRunInterval=\"{round} msec\""))?;
    }
    guest.ask(&format!("pairs {WARM_UP} {PAIRS} {}", 3 * round))?;
    let mut pairs = Vec::with_capacity(PAIRS);
    for _ in 0..PAIRS {
        let [ours, peer] = guest.answer("pair")?;
        pairs.push(Pair { ours, peer });
    }
    let [out, back] = guest.answer("records")?;
    // A keep-alive may be among them.
    if (out - 1.0).abs() > 0.02 || (back - 1.0).abs() > 0.02 {
        return Err(format!(
            "a message with its receipt took {out:.2} cells out and {back:.2} back, not one each as an echo does"
        )
        .into());
    }
    Goal::from_pairs(&pairs, LATENCY.at_most).ok_or_else(|| "no pairs".into())
}

/// Resident memory in megabytes.
fn memory(child: &mut Child) -> Result<f64, Failure> {
    child.ask("memory")?;
    let [megabytes] = child.answer("memory")?;
    Ok(megabytes)
}

/// The size of the program, if it lies beside this one.
fn program() -> String {
    let beside = std::env::current_exe().map(|path| path.with_file_name("undertone"));
    match beside.and_then(std::fs::metadata) {
        Ok(data) => format!("has {:.1} MB", data.len() as f64 / 1e6),
        Err(_) => "isn't built beside this one, so its size isn't known".to_owned(),
    }
}

/// What else this machine had to do in the last minute.
fn load() -> String {
    std::fs::read_to_string("/proc/loadavg")
        .ok()
        .and_then(|line| line.split(' ').next().map(str::to_owned))
        .unwrap_or_else(|| "unknown".to_owned())
}
