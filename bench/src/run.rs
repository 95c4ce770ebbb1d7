//! What is asked for at the command line, and what comes of it.

use std::process::ExitCode;

use crate::goals::{ALL, BOUNDS, Bound, SESSIONS, SUITE, Wanted};
use crate::measure::{Goal, Taken};

const USAGE: &str = "[FILTER] [--check]: measures the goals whose names contain FILTER; --check fails where the bad end of an \
                     interval does not reach its goal";

/// What one goal's measurement may end with besides its result.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How a goal is measured.
pub(crate) type Measure = fn(Wanted) -> Result<Goal, Failure>;

/// How something that has no peer is measured.
pub(crate) type MeasureAlone = fn(Bound) -> Result<Taken, Failure>;

/// What prints lines that have no goal.
pub(crate) type Report = fn() -> Result<(), Failure>;

/// What a program measures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measures<'a> {
    pub(crate) goals: &'a [(Wanted, Measure)],
    pub(crate) bounds: &'a [(Bound, MeasureAlone)],
    pub(crate) reports: &'a [(&'a str, Report)],
}

/// Measures what the arguments ask for of what this program has. Fails where a goal is missed and `--check` is said.
pub(crate) fn run(arguments: &[String], measures: Measures<'_>) -> ExitCode {
    match measured(arguments, measures) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measured(arguments: &[String], measures: Measures<'_>) -> Result<bool, Failure> {
    let Measures { goals, bounds, reports } = measures;
    let (options, filters): (Vec<&String>, Vec<&String>) =
        arguments.iter().partition(|argument| argument.starts_with('-'));
    if options.iter().any(|option| *option != "--check") || filters.len() > 1 {
        return Err(USAGE.into());
    }
    let filter = filters.first().map_or("", |filter| filter.as_str());
    // Another program may have it.
    let names = ALL.iter().map(|wanted| wanted.name).chain(BOUNDS.iter().map(|bound| bound.name));
    let names: Vec<&str> = names.chain([SESSIONS, SUITE]).collect();
    if !names.iter().any(|name| name.contains(filter)) {
        return Err(format!("nothing is called {filter}; there are: {}", names.join(", ")).into());
    }
    if cfg!(debug_assertions) {
        println!("this is no release build: the numbers mean little");
    }
    let mut met = true;
    for (wanted, measure) in goals.iter().filter(|(wanted, _)| wanted.name.contains(filter)) {
        let goal = measure(*wanted)?;
        println!("{}", goal.line(wanted.name));
        met &= goal.is_met();
    }
    for (bound, measure) in bounds.iter().filter(|(bound, _)| bound.name.contains(filter)) {
        let taken = measure(*bound)?;
        println!("{}", taken.line());
        met &= taken.is_met();
    }
    for (_, report) in reports.iter().filter(|(name, _)| name.contains(filter)) {
        report()?;
    }
    Ok(met || options.is_empty())
}
