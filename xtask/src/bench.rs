//! Benches against the project's peers.

use crate::{Outcome, step};

/// The goal over onion services. It needs Tor inside, which takes minutes to build; the others don't, and are built as what
/// is shipped.
const OVER_TOR: &str = "latency";

/// What is measured beside peers with a dependency tree of their own, in a workspace of their own.
const BESIDE_PEERS: [&str; 2] = ["ratchet-file", "ratchet-suite"];
const PEERS: &str = "bench/peers/Cargo.toml";

/// What is measured beside otrr, which is under the LGPL and has a workspace of its own.
const BESIDE_OTRR: [&str; 5] =
    ["otr-4-message", "otr-4-message-1k", "otr-4-turn", "otr-4-session", "otr-4-check"];
const OTRR: [&str; 4] = ["--manifest-path", "interop/otrr/Cargo.toml", "--bin", "bench"];

/// Builds the benches and runs those whose names contain the filter, all without one.
pub(crate) fn command(arguments: &[String]) -> Outcome {
    let (options, filters): (Vec<String>, Vec<String>) =
        arguments.iter().cloned().partition(|argument| argument.starts_with('-'));
    let filter = filters.first().map_or("", String::as_str);
    let over_tor = OVER_TOR.contains(filter);
    let beside_peers = BESIDE_PEERS.iter().any(|name| name.contains(filter));
    // All run before one fails: a goal that is short hides none of the others.
    let mut results = Vec::new();
    if filters.is_empty() || !over_tor {
        let light = ["-p", "undertone-bench", "--profile", "dist", "--no-default-features"];
        results.push(run(&light, arguments));
    }
    if beside_peers {
        results.push(run(&["--manifest-path", PEERS, "--profile", "dist"], arguments));
    }
    if BESIDE_OTRR.iter().any(|name| name.contains(filter)) {
        results.push(run(&[&OTRR[..], &["--profile", "dist"]].concat(), arguments));
    }
    if over_tor {
        let only: Vec<String> = [OVER_TOR.to_owned()].into_iter().chain(options).collect();
        results.push(run(&["-p", "undertone-bench", "--release"], &only));
    }
    results.into_iter().collect::<Result<(), String>>().map(|()| true)
}

fn run(build: &[&str], arguments: &[String]) -> Result<(), String> {
    let mut command = step::cargo(&["run", "--quiet", "--locked"]);
    command.args(build).arg("--").args(arguments);
    step::run(command)
}
