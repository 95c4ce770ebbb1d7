//! Benches against the project's peers.

use crate::{Outcome, step};

/// The goals over onion services. They need Tor inside, which takes minutes to build; the others
/// don't, and are built as what is shipped.
const OVER_TOR: [&str; 1] = ["latency"];

/// Builds the benches and runs those whose names contain the filter, all without one.
pub(crate) fn command(arguments: &[String]) -> Outcome {
    let filter = arguments.iter().find(|argument| !argument.starts_with('-'));
    let over_tor = |filter: &String| OVER_TOR.iter().any(|name| name.contains(filter.as_str()));
    // Both run before either fails: a goal that is short hides none of the others.
    let light = match filter.is_some_and(over_tor) {
        true => Ok(()),
        false => run(&["--profile", "dist"], arguments),
    };
    if filter.is_none_or(over_tor) {
        run(&["--release", "--features", "tor"], arguments)?;
    }
    light.map(|()| true)
}

fn run(build: &[&str], arguments: &[String]) -> Result<(), String> {
    let mut command = step::cargo(&["run", "--quiet", "--locked", "-p", "undertone-bench"]);
    command.args(build).arg("--").args(arguments);
    step::run(command)
}
