//! Benches of Undertone against its peers.
//!
//! Each goal is a line: name, ours, the peer's, the ratio with its 95 % interval, the goal, and
//! whether it is met. Ours and the peer's alternate, so that both see the same machine. Other lines
//! report what has no goal.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool at the terminal, and between its processes, speaks on the standard streams"
)]

#[cfg(feature = "tor")]
mod latency;
mod measure;
mod otr;
mod ratchet;

use std::process::ExitCode;

use crate::measure::Goal;

const USAGE: &str = "undertone-bench [FILTER] [--check]: measures the goals whose names contain FILTER; --check \
                     fails where the bad end of an interval does not reach its goal";

/// What one goal's measurement may end with besides its result.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How a goal is measured.
type Measure = fn() -> Result<Goal, Failure>;

/// The goals: name, and what measures it.
const GOALS: &[(&str, Measure)] = &[
    (ratchet::SHORT, ratchet::short),
    (ratchet::KIB, ratchet::kib),
    (ratchet::LONG, ratchet::long),
    (ratchet::TURN, ratchet::turn),
    (ratchet::STREAM, ratchet::chunk),
    (otr::MESSAGE, otr::message),
    (otr::KIB, otr::kib),
    (otr::TURN, otr::turn),
    (otr::SESSION, otr::session),
    (otr::CHECK, otr::check),
    #[cfg(feature = "tor")]
    (latency::NAME, latency::measure),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.as_slice() {
        #[cfg(feature = "tor")]
        [first, configuration] if first == latency::PEER => {
            latency::peer(configuration.as_ref()).map(|()| true)
        }
        arguments => bench(arguments),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Measures what the arguments ask for; whether all is well by them.
fn bench(arguments: &[String]) -> Result<bool, Failure> {
    let (options, filters): (Vec<&String>, Vec<&String>) =
        arguments.iter().partition(|argument| argument.starts_with('-'));
    if options.iter().any(|option| *option != "--check") || filters.len() > 1 {
        return Err(USAGE.into());
    }
    let filter = filters.first().map_or("", |filter| filter.as_str());
    let chosen: Vec<_> = GOALS.iter().filter(|(name, _)| name.contains(filter)).collect();
    if chosen.is_empty() {
        let names: Vec<&str> = GOALS.iter().map(|(name, _)| *name).collect();
        return Err(format!("no goal is called {filter}; there are: {}", names.join(", ")).into());
    }
    if cfg!(debug_assertions) {
        println!("this is no release build: the numbers mean little");
    }
    let mut met = true;
    for (name, measure) in chosen {
        let goal = measure()?;
        println!("{}", goal.line(name));
        met &= goal.is_met();
    }
    Ok(met || options.is_empty())
}
