//! The rules of the house that no other tool knows.
//!
//! Each rule is a function from what it looks at to findings, so that its tests can plant a breach and see it found.

mod graph;
mod manifests;
mod rust;
mod source;
mod text;

use std::fmt;
use std::fs;
use std::path::Path;

use crate::{Outcome, no_arguments, step};

/// A breach of a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// The file, or the crate.
    place: String,
    /// Counted from 1; none for a whole file.
    line: Option<usize>,
    /// What is wrong, and what to do instead.
    what: String,
}

impl Finding {
    fn whole(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), line: None, what: what.into() }
    }

    fn at(place: impl Into<String>, line: usize, what: impl Into<String>) -> Self {
        Self { place: place.into(), line: Some(line), what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.place, self.what),
            None => write!(f, "{}: {}", self.place, self.what),
        }
    }
}

/// A text file of the project.
#[derive(Debug, Clone)]
pub(crate) struct File {
    /// Path in the project, with `/` between its parts.
    path: String,
    text: String,
}

/// Inputs of fuzz targets: bytes, even where they happen to be text.
const CORPUS: &str = "fuzz/corpus/";

/// The crates that mean things and touch nothing: no IO, clock, randomness or C of their own.
const CORE: [&str; 7] = ["engine", "handle", "otr", "ratchet", "sim", "smp", "wire"];

/// Runs the rules and prints what they find.
pub(crate) fn command(arguments: &[String]) -> Outcome {
    no_arguments("tidy", arguments)?;
    match tidy() {
        Ok(()) => Ok(true),
        Err(why) => {
            println!("{why}");
            Ok(false)
        }
    }
}

/// Runs the rules.
pub(crate) fn tidy() -> Result<(), String> {
    let files = files()?;
    let mut findings = text::check(&files);
    findings.extend(rust::check(&files));
    findings.extend(manifests::check(&files));
    let arguments = ["metadata", "--no-deps", "--offline", "--locked", "--format-version", "1"];
    let metadata = step::output(step::cargo(&arguments))?;
    findings.extend(graph::directions(&metadata)?);
    for name in CORE {
        findings.extend(graph::tree(name, &tree(name)?));
    }
    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => Ok(()),
        1 => Err("1 rule is broken, see above".to_owned()),
        many => Err(format!("rules are broken in {many} places, see above")),
    }
}

/// Everything that a crate is built from: one line for each, `name vVERSION|features`.
fn tree(name: &str) -> Result<String, String> {
    let package = format!("undertone-{name}");
    let arguments = ["tree", "--offline", "--locked", "--prefix", "none", "--no-dedupe"];
    let mut command = step::cargo(&arguments);
    command.args(["-e", "normal,build", "-f", "{p}|{f}", "-p", &package]);
    step::output(command)
}

/// All text files that git knows or would add.
fn files() -> Result<Vec<File>, String> {
    let mut command = step::command("git");
    command.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let list = step::output(command)?;
    Ok(list
        .split('\0')
        .filter(|path| !path.is_empty() && !path.starts_with(CORPUS))
        .filter_map(|path| read(&step::root(), path))
        .collect())
}

/// Reads a file, unless it isn't text, or is deleted but not yet committed.
fn read(root: &Path, path: &str) -> Option<File> {
    let text = fs::read_to_string(root.join(path)).ok()?;
    Some(File { path: path.to_owned(), text })
}

#[cfg(test)]
pub(crate) fn file(path: &str, text: &str) -> File {
    File { path: path.to_owned(), text: text.to_owned() }
}
