//! Benches against the project's peers.

use crate::{Outcome, step};

/// The goal over onion services. It needs Tor inside, which takes minutes to build; the others don't, and are built as what
/// is shipped.
const OVER_TOR: &str = "latency";

/// Builds the benches and runs those whose names contain the filter, all without one.
pub(crate) fn command(arguments: &[String]) -> Outcome {
    let (options, filters): (Vec<String>, Vec<String>) =
        arguments.iter().cloned().partition(|argument| argument.starts_with('-'));
    let over_tor = filters.first().is_none_or(|filter| OVER_TOR.contains(filter.as_str()));
    // Both run before either fails: a goal that is short hides none of the others.
    let light = if over_tor && !filters.is_empty() {
        Ok(())
    } else {
        run(&["--profile", "dist", "--no-default-features"], arguments)
    };
    if over_tor {
        let only: Vec<String> = [OVER_TOR.to_owned()].into_iter().chain(options).collect();
        run(&["--release"], &only)?;
    }
    light.map(|()| true)
}

fn run(build: &[&str], arguments: &[String]) -> Result<(), String> {
    let mut command = step::cargo(&["run", "--quiet", "--locked", "-p", "undertone-bench"]);
    command.args(build).arg("--").args(arguments);
    step::run(command)
}
