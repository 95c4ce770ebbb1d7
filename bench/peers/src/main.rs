//! Benches of the ratchet against peers with a dependency tree of their own. Lines are those of `undertone-bench`.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool at the terminal speaks on the standard streams"
)]

mod files;
#[path = "../../src/goals.rs"]
mod goals;
#[path = "../../src/measure.rs"]
mod measure;
#[path = "../../src/run.rs"]
mod run;
mod suite;

use std::process::ExitCode;

use crate::goals::{FILE, SUITE};
use crate::run::Measures;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (goals, reports) = ([(FILE, files::measure as _)], [(SUITE, suite::report as _)]);
    run::run(&arguments, Measures { goals: &goals, bounds: &[], reports: &reports })
}
