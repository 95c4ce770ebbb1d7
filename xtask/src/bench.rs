//! Benches against the project's peers.

use std::process::Command;

use crate::{Outcome, machine, step};

/// The goal over onion services. It needs Tor inside, which takes minutes to build; the others don't, and are built as what
/// is shipped.
const OVER_TOR: &str = "latency";

/// Goals of the store; they need SQLCipher, which is C.
const STORE: [&str; 5] = ["store-sends", "store-screen", "store-page", "store-search", PROGRAM];

/// The one that runs the program.
const PROGRAM: &str = "store-memory";

/// What is measured beside peers with a dependency tree of their own, in a workspace of their own.
const BESIDE_PEERS: [&str; 2] = ["ratchet-file", "ratchet-suite"];
const PEERS: &str = "bench/peers/Cargo.toml";

/// What is built as what is shipped.
const AS_SHIPPED: [&str; 3] = ["--profile", "dist", "--no-default-features"];

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
    let store = STORE.iter().any(|name| name.contains(filter));
    let beside_peers = BESIDE_PEERS.iter().any(|name| name.contains(filter));
    // All run before one fails: a goal that is short hides none of the others.
    let mut results = Vec::new();
    if filters.is_empty() || !over_tor {
        let mut light = bench();
        light.args(["-p", "undertone-bench"]).args(AS_SHIPPED);
        if store {
            light.args(["--features", "store"]);
            light.env("UNDERTONE_BENCH_FOLDER", machine::cache_folder().join("bench"));
        }
        if PROGRAM.contains(filter) {
            light.env("UNDERTONE_BENCH_PROGRAM", program()?);
        }
        results.push(run(light, arguments));
    }
    if beside_peers {
        let mut peers = bench();
        peers.args(["--manifest-path", PEERS, "--profile", "dist"]);
        results.push(run(peers, arguments));
    }
    if BESIDE_OTRR.iter().any(|name| name.contains(filter)) {
        let mut otrr = bench();
        otrr.args(OTRR).args(["--profile", "dist"]);
        results.push(run(otrr, arguments));
    }
    if over_tor {
        let only: Vec<String> = [OVER_TOR.to_owned()].into_iter().chain(options).collect();
        let mut tor = bench();
        tor.args(["-p", "undertone-bench", "--release", "--no-default-features"]);
        tor.args(["--features", "tor"]);
        results.push(run(tor, &only));
    }
    results.into_iter().collect::<Result<(), String>>().map(|()| true)
}

fn bench() -> Command {
    step::cargo(&["run", "--quiet", "--locked"])
}

fn run(mut command: Command, arguments: &[String]) -> Result<(), String> {
    command.arg("--").args(arguments);
    step::run(command)
}

/// Builds the program without Tor, and says where it is.
fn program() -> Result<String, String> {
    let mut command = step::cargo(&["build", "--quiet", "--locked", "-p", "undertone-cli"]);
    command.args(AS_SHIPPED).args(["--features", "sqlcipher", "--message-format", "json"]);
    let told = step::output(command)?;
    let executable = |line: &str| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(str::to_owned)
    };
    told.lines().rev().find_map(executable).ok_or_else(|| "cargo built no program".to_owned())
}
