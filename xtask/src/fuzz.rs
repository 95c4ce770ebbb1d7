//! Fuzz targets, one after the other. Tests of the tier `long` replay what is committed of their corpus.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::step::{self, Listen};
use crate::{Outcome, machine};

/// The folder of the fuzz targets: a workspace of its own.
const FOLDER: &str = "fuzz";

/// How long each target runs if it isn't said.
const SECONDS: u32 = 60;

/// The compiler that libFuzzer's instrumentation needs.
const TOOLCHAIN: &str = "+nightly";

/// Asks the targets to say which inputs get behind acceptance (`fuzz/src/lib.rs`).
const TELL: &str = "UNDERTONE_FUZZ_TELL";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Wish<'a> {
    target: Option<&'a str>,
    seconds: u32,
    /// How many processes look for inputs at a time.
    workers: u32,
}

impl<'a> Wish<'a> {
    fn parse(arguments: &'a [String]) -> Result<Self, String> {
        let mut wish = Self { target: None, seconds: SECONDS, workers: 1 };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            if let "--seconds" | "--workers" = word.as_str() {
                let number = words.next().and_then(|number| number.parse().ok());
                let number = number
                    .filter(|number| *number > 0)
                    .ok_or_else(|| format!("{word} wants a number from 1 on"))?;
                *if word == "--seconds" { &mut wish.seconds } else { &mut wish.workers } = number;
            } else if word.starts_with('-') || wish.target.is_some() {
                return Err(format!(
                    "fuzz takes one target, --seconds N and --workers N, not {word}"
                ));
            } else {
                wish.target = Some(word);
            }
        }
        Ok(wish)
    }
}

/// Runs one target or all. Fails at the first that finds something; its input is in `fuzz/artifacts` then.
pub(crate) fn command(arguments: &[String]) -> Outcome {
    let wish = Wish::parse(arguments)?;
    let all = targets(&step::root().join(FOLDER).join("fuzz_targets"))?;
    let chosen: Vec<&String> =
        all.iter().filter(|name| wish.target.is_none_or(|target| target == *name)).collect();
    if chosen.is_empty() {
        return Err(format!("there is no such fuzz target; these there are: {}", all.join(", ")));
    }
    machine::tool(machine::FUZZ)?;
    let mut rows = vec![Row::HEAD.to_owned()];
    let mut found = false;
    for name in chosen {
        println!("==> {name}: {} s, {} at a time", wish.seconds, wish.workers);
        let row = run(name, &wish)?;
        found = row.found;
        rows.push(row.to_string());
        if found {
            break;
        }
    }
    println!("\n{}", rows.join("\n"));
    Ok(!found)
}

/// What a run of a target came to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Row {
    target: String,
    /// How long it looked for inputs.
    seconds: u64,
    /// What it said while it looked.
    status: Status,
    /// What it said of all inputs that it has now.
    corpus: Status,
    /// How many of them get behind acceptance.
    accepted: u64,
    /// Whether an input broke something.
    found: bool,
}

impl Row {
    /// The rows make a table for people, in Markdown.
    const HEAD: &'static str = "\
| target | seconds | executions | edges | inputs kept | of them accepted | findings |
|---|---|---|---|---|---|---|";
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "| `{}` | {} | {} | {} | {} | {} | {} |",
            self.target,
            self.seconds,
            self.status.executions,
            self.corpus.edges,
            self.corpus.executions,
            self.accepted,
            if self.found { "one" } else { "none" }
        )
    }
}

/// What libFuzzer says in its status lines.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Status {
    /// How many inputs were run.
    executions: u64,
    /// How many edges of the code they reached.
    edges: u64,
}

impl Status {
    /// Reads a status line, of one process or of the one that counts for several; other lines say nothing.
    fn parse(line: &str) -> Option<Self> {
        let (executions, after) = line.strip_prefix('#')?.split_once([':', '\t', ' '])?;
        let (_, after) = after.split_once("cov: ")?;
        let edges = after.split_whitespace().next()?.parse().ok()?;
        Some(Self { executions: executions.parse().ok()?, edges })
    }
}

/// The targets' names, in order.
fn targets(folder: &Path) -> Result<Vec<String>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name().to_str()?.strip_suffix(".rs")?.to_owned()))
        .collect();
    names.sort_unstable();
    Ok(names)
}

/// Runs a target, then once more what it has kept, to see how far that gets. Finds go to a folder of their own: what is
/// committed of the corpus is chosen by hand.
fn run(name: &str, wish: &Wish<'_>) -> Result<Row, String> {
    let finds = machine::cache_folder().join("fuzz").join(name);
    fs::create_dir_all(&finds).map_err(|error| format!("{}: {error}", finds.display()))?;
    let target = |options: &[&str], of_fuzzer: &[String]| -> Command {
        let mut command = step::cargo(&[TOOLCHAIN, "fuzz", "run", "--fuzz-dir", FOLDER]);
        command.args(options).arg(name).arg(&finds).arg(format!("{FOLDER}/corpus/{name}"));
        // Several processes would let inputs pass that take too long or too much memory, if they weren't told. How long is
        // too long is for a busy machine.
        let limits = ["-timeout=60", "-rss_limit_mb=1024", "-ignore_timeouts=0", "-ignore_ooms=0"];
        command.arg("--").args(limits).args(of_fuzzer);
        command
    };
    // The compiler's time is none of the target's.
    step::run({
        let mut command = step::cargo(&[TOOLCHAIN, "fuzz", "build", "--fuzz-dir", FOLDER]);
        command.arg(name);
        command
    })?;
    let mut row = Row { target: name.to_owned(), ..Row::default() };
    let begin = Instant::now();
    let workers = wish.workers.to_string();
    let command = target(&["--jobs", &workers], &[format!("-max_total_time={}", wish.seconds)]);
    let ended = step::overhear(command, Listen::Error, |line| {
        row.status = Status::parse(line).unwrap_or(row.status);
    })?;
    row.seconds = begin.elapsed().as_secs();
    if let Err(why) = ended {
        println!("    {name}: {why}; see {FOLDER}/artifacts/{name}");
        row.found = true;
        return Ok(row);
    }
    let mut command = target(&[], &["-runs=0".to_owned()]);
    command.env(TELL, "1");
    step::overhear_quietly(command, Listen::Error, |line| {
        row.corpus = Status::parse(line).unwrap_or(row.corpus);
        row.accepted += u64::from(line.trim() == "accepted");
    })??;
    match row {
        Row { status: Status { executions: 0, .. }, .. }
        | Row { corpus: Status { edges: 0, .. }, .. } => Err(format!("{name} reached nothing")),
        Row { accepted: 0, .. } => Err(format!("no input of {name} got behind acceptance")),
        row => Ok(row),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_target_and_a_time_may_be_named() {
        let parse = |line: &str| {
            let words = words(line);
            Wish::parse(&words)
                .map(|wish| (wish.target.map(str::to_owned), wish.seconds, wish.workers))
        };
        let one = || Some("one".to_owned());
        assert_eq!(parse(""), Ok((None, 60, 1)));
        assert_eq!(parse("--seconds 5 one"), Ok((one(), 5, 1)));
        assert_eq!(parse("one --workers 2 --seconds 5"), Ok((one(), 5, 2)));
        for wrong in ["one two", "--seconds", "--seconds 0", "--workers x", "--forever"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn status_lines_are_read_and_nothing_else() {
        let one = "#4096\tpulse  cov: 1234 ft: 5678 corp: 90/12Kb lim: 43 exec/s: 2048 rss: 60Mb";
        assert_eq!(Status::parse(one), Some(Status { executions: 4_096, edges: 1_234 }));
        let several =
            "#9: cov: 12 ft: 5 corp: 9 exec/s: 2 oom/timeout/crash: 0/0/0 time: 2s job: 1";
        assert_eq!(Status::parse(several), Some(Status { executions: 9, edges: 12 }));
        for other in ["INFO: Loaded 1 modules", "# cov: 1", "#2 cov: x", "cov: 1"] {
            assert_eq!(Status::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_row_is_one_of_the_table() {
        let row = Row {
            target: "one".to_owned(),
            seconds: 5,
            status: Status { executions: 6, edges: 7 },
            corpus: Status { executions: 8, edges: 9 },
            accepted: 3,
            found: false,
        };
        assert_eq!(row.to_string(), "| `one` | 5 | 6 | 9 | 8 | 3 | none |");
        let columns = |line: &str| line.matches('|').count();
        assert!(Row::HEAD.lines().all(|line| columns(line) == columns(&row.to_string())));
    }

    #[test]
    fn the_targets_are_the_files_that_there_are() {
        let names = targets(&step::root().join(FOLDER).join("fuzz_targets")).unwrap();
        assert!(names.contains(&"ratchet_packets".to_owned()));
        let manifest = fs::read_to_string(step::root().join(FOLDER).join("Cargo.toml")).unwrap();
        for name in &names {
            assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is in no manifest");
            let corpus = step::root().join(FOLDER).join("corpus").join(name);
            assert!(fs::read_dir(&corpus).is_ok_and(|mut files| files.next().is_some()), "{name}");
        }
    }
}
