//! Fuzz targets, one after the other. Tests of the tier `long` replay what is committed of their corpus.

use std::fs;
use std::path::Path;

use crate::step::{self, Listen};
use crate::{Outcome, machine};

/// The folder of the fuzz targets: a workspace of its own.
const FOLDER: &str = "fuzz";

/// How long each target runs if it isn't said.
const SECONDS: u32 = 60;

/// The compiler that libFuzzer's instrumentation needs.
const TOOLCHAIN: &str = "+nightly";

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Wish<'a> {
    target: Option<&'a str>,
    seconds: u32,
}

impl<'a> Wish<'a> {
    fn parse(arguments: &'a [String]) -> Result<Self, String> {
        let mut wish = Self { target: None, seconds: SECONDS };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            if word == "--seconds" {
                let number = words.next().and_then(|number| number.parse().ok());
                wish.seconds = number
                    .filter(|seconds| *seconds > 0)
                    .ok_or("--seconds wants a number from 1 on")?;
            } else if word.starts_with('-') || wish.target.is_some() {
                return Err(format!("fuzz takes one target and --seconds N, not {word}"));
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
    for name in chosen {
        println!("==> {name}: {} s", wish.seconds);
        if !run(name, wish.seconds)? {
            return Ok(false);
        }
    }
    Ok(true)
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

/// Runs a target, and tells how many edges it has reached. Finds go to a folder of their own: what is committed of the
/// corpus is chosen by hand.
fn run(name: &str, seconds: u32) -> Result<bool, String> {
    let finds = machine::cache_folder().join("fuzz").join(name);
    fs::create_dir_all(&finds).map_err(|error| format!("{}: {error}", finds.display()))?;
    let mut command = step::cargo(&[TOOLCHAIN, "fuzz", "run", "--fuzz-dir", FOLDER, name]);
    command.arg(finds).arg(format!("{FOLDER}/corpus/{name}"));
    command.args([
        "--",
        &format!("-max_total_time={seconds}"),
        "-timeout=10",
        "-rss_limit_mb=1024",
    ]);
    let mut edges = None;
    let ended = step::overhear(command, Listen::Error, |line| edges = self::edges(line).or(edges))?;
    match (&ended, edges) {
        (Ok(()), Some(edges)) => println!("    {name}: {edges} edges reached, nothing found"),
        (Ok(()), None) => return Err(format!("{name} ran and reached nothing")),
        (Err(why), _) => println!("    {name}: {why}; see {FOLDER}/artifacts/{name}"),
    }
    Ok(ended.is_ok())
}

/// The number of edges in one of libFuzzer's status lines.
fn edges(line: &str) -> Option<u64> {
    let (_, after) = line.split_once(" cov: ")?;
    after.split_whitespace().next()?.parse().ok()
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
            Wish::parse(&words).map(|wish| (wish.target.map(str::to_owned), wish.seconds))
        };
        assert_eq!(parse(""), Ok((None, 60)));
        assert_eq!(parse("--seconds 5 one"), Ok((Some("one".to_owned()), 5)));
        assert_eq!(parse("one --seconds 5"), Ok((Some("one".to_owned()), 5)));
        for wrong in ["one two", "--seconds", "--seconds 0", "--seconds x", "--forever"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn edges_are_read_from_status_lines_alone() {
        let line = "#4096\tpulse  cov: 1234 ft: 5678 corp: 90/12Kb lim: 43 exec/s: 2048 rss: 60Mb";
        assert_eq!(edges(line), Some(1_234));
        assert_eq!(edges("INFO: Loaded 1 modules"), None);
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
