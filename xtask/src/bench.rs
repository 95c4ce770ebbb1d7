//! Benches against the project's peers.

use crate::{Outcome, step};

/// Builds the benches for release and runs them with the arguments given.
pub(crate) fn command(arguments: &[String]) -> Outcome {
    let mut command =
        step::cargo(&["run", "--quiet", "--locked", "--release", "-p", "undertone-bench", "--"]);
    command.args(arguments);
    step::run(command).map(|()| true)
}
