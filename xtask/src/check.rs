//! Everything that is checked without running a test.

use crate::step::{self, Tally};
use crate::{Outcome, generate, machine, no_arguments, tidy};

/// Checks formatting, lints, licences, advisories, documentation and the rules of the house.
pub(crate) fn check(arguments: &[String]) -> Outcome {
    no_arguments("check", arguments)?;
    let mut tally = Tally::default();
    tally.step("formatting", |_| formatting());
    tally.step("tidy", |_| tidy::tidy());
    tally.step("licences, bans, sources", |_| {
        machine::tool(machine::DENY)?;
        step::run(step::cargo(&["fetch", "--locked"]))?;
        licences()
    });
    tally.step("advisories", |_| advisories());
    tally.step("lints", |_| lints(&["--workspace"]));
    tally.step("documentation", |_| documentation());
    for step in &tally.broken {
        println!("broken: {step}");
    }
    Ok(tally.is_well())
}

/// Whether every crate is formatted.
pub(crate) fn formatting() -> Result<(), String> {
    step::run(step::cargo(&["fmt", "--all", "--check"]))
}

/// Clippy and the compiler's own lints on everything in `which`, none tolerated.
pub(crate) fn lints(which: &[&str]) -> Result<(), String> {
    let mut command = step::cargo(&["clippy", "--locked", "--all-targets"]);
    command.args(which).args(["--", "-D", "warnings"]);
    step::run(command)
}

/// Licences, banned crates and sources, all of which stand in files that are here, and the notices that the licences
/// want kept.
pub(crate) fn licences() -> Result<(), String> {
    let arguments = ["deny", "--offline", "check", "licenses", "bans", "sources"];
    step::run(step::cargo(&arguments))?;
    generate::notices_are_current()
}

/// Known faults of dependencies, where the database of them can be had.
fn advisories() -> Result<(), String> {
    if let Err(why) = step::run(step::cargo(&["deny", "fetch", "db"])) {
        println!("NOT CHECKED: the database of advisories can't be had here ({why})");
        return Ok(());
    }
    step::run(step::cargo(&["deny", "--offline", "check", "advisories"]))
}

pub(crate) fn documentation() -> Result<(), String> {
    let mut command = step::cargo(&["doc", "--locked", "--workspace", "--no-deps"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    step::run(command)
}
