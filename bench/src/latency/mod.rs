//! A message and its receipt against an echo of the same cells, over onion services.
//!
//! Two processes, each with one embedded Tor client, meet by code on a private network. Then the
//! guest alternates: a message until its receipt is in, as a user interface sees both; and an echo
//! on the conversation's raw Tor stream, one cell there and one back like the message. The pacer is
//! off.
//!
//! Also reported: from a code to the first message against the Tor client's own publication and
//! connection; memory; the size of the program.

mod children;
mod node;
mod peer;
mod records;
mod tap;

use std::path::{Path, PathBuf};

use undertone_node::propose_code;
use undertone_testnet::{ENVIRONMENT, Network, Options};

use self::children::Child;
pub(crate) use self::peer::run as peer;
use crate::Failure;
use crate::measure::{Goal, Pair, median};

/// The goal's name.
pub(crate) const NAME: &str = "latency";

/// The first argument of a process that takes part.
pub(crate) const PEER: &str = "peer";

/// A message with its receipt takes at most so many times an echo.
const AT_MOST: f64 = 1.10;

/// Pairs that are measured, and pairs before them that aren't: the first ones find cold caches.
const PAIRS: usize = 400;
const WARM_UP: usize = 20;

/// Meetings; the conversation of the last one is measured.
const MEETINGS: usize = 3;

/// The times of one meeting, in seconds.
struct Meeting {
    publish: f64,
    connect: f64,
    reachable: f64,
    first: f64,
}

/// Measures on a network of its own, or on the one that the environment names.
pub(crate) fn measure() -> Result<Goal, Failure> {
    let network = if std::env::var_os(ENVIRONMENT).is_some() {
        Network::attach_from_env()?
    } else {
        println!("{NAME}: starting a private Tor network");
        Network::start(Options::default())?
    };
    let configuration = network.arti_toml_path();
    let mut host = Child::start(&configuration)?;
    let mut guest = Child::start(&configuration)?;
    println!("{NAME}: the load of this machine was {}", load());
    let mut meetings = Vec::new();
    for number in 0..MEETINGS {
        meetings.push(meet(&mut host, &mut guest)?);
        if number + 1 < MEETINGS {
            host.ask("left")?;
            guest.ask("leave")?;
            guest.answer::<0>("left")?;
            host.answer::<0>("left")?;
        }
    }
    guest.ask(&format!("pairs {WARM_UP} {PAIRS}"))?;
    let mut pairs = Vec::with_capacity(PAIRS);
    for _ in 0..PAIRS {
        let [ours, peer] = guest.answer("pair")?;
        pairs.push(Pair { ours, peer });
    }
    let [out, back] = guest.answer("records")?;
    println!(
        "{NAME}: {PAIRS} pairs; a message and its receipt took {out:.2} cells out and {back:.2} back"
    );
    if (out - 1.0).abs() > 0.05 || (back - 1.0).abs() > 0.05 {
        return Err("a message and an echo don't take as many cells: nothing was compared".into());
    }
    let [host_memory] = memory(&mut host)?;
    let [guest_memory] = memory(&mut guest)?;
    report_meetings(&meetings).ok_or("no meeting")?;
    println!("{NAME}: resident memory: host {host_memory:.0} MB, guest {guest_memory:.0} MB");
    match program() {
        Some((path, bytes)) => {
            println!("{NAME}: the program {} has {:.1} MB", path.display(), bytes as f64 / 1e6);
        }
        None => println!("{NAME}: the program isn't built beside this one, so it has no size"),
    }
    guest.end()?;
    host.end()?;
    Goal::from_pairs(&pairs, AT_MOST).ok_or_else(|| "no pairs".into())
}

/// One publication and connection of the Tor client alone, then one meeting by code.
fn meet(host: &mut Child, guest: &mut Child) -> Result<Meeting, Failure> {
    host.ask("publish")?;
    let (publish, address) = host.answer_with_word("published")?;
    guest.ask(&format!("connect {address}"))?;
    let [connect] = guest.answer("connected")?;
    host.ask("unpublish")?;
    host.answer::<0>("unpublished")?;

    let code = propose_code()?;
    host.ask(&format!("host {}", *code.text()))?;
    let [reachable] = host.answer("reachable")?;
    guest.ask(&format!("guest {}", *code.text()))?;
    let [first] = guest.answer("first")?;
    Ok(Meeting { publish, connect, reachable, first })
}

fn report_meetings(meetings: &[Meeting]) -> Option<()> {
    let middle = |of: fn(&Meeting) -> f64| median(meetings.iter().map(of).collect());
    let (publish, connect) = (middle(|m| m.publish)?, middle(|m| m.connect)?);
    let (reachable, first) = (middle(|m| m.reachable)?, middle(|m| m.first)?);
    println!(
        "{NAME}: from both codes to the first receipt {:.1} s: host reachable {reachable:.1} s, guest's code to receipt \
         {first:.1} s; the Tor client alone {:.1} s: publish {publish:.1} s, connect {connect:.1} s (medians of {})",
        reachable + first,
        publish + connect,
        meetings.len()
    );
    Some(())
}

fn memory(child: &mut Child) -> Result<[f64; 1], Failure> {
    child.ask("memory")?;
    child.answer("memory")
}

/// The program beside this one, and its size in bytes.
fn program() -> Option<(PathBuf, u64)> {
    let path = std::env::current_exe().ok()?.with_file_name("undertone");
    let bytes = std::fs::metadata(&path).ok()?.len();
    let name = Path::new(path.file_name()?).to_owned();
    Some((name, bytes))
}

/// What else this machine has to do.
fn load() -> String {
    std::fs::read_to_string("/proc/loadavg")
        .ok()
        .and_then(|line| line.split(' ').next().map(str::to_owned))
        .unwrap_or_else(|| "unknown".to_owned())
}
