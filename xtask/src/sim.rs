//! The simulator: many seeds, one script, hours, and bugs that it must find.

use std::fs;
use std::path::PathBuf;

use crate::step::{self, Tally};
use crate::{Outcome, machine};

/// Seeds of a run if it isn't said.
const SEEDS: &str = "1000";

/// Seeds of the run in the tier `long`.
pub(crate) const IN_CI: &str = "10000";

/// Hours of a soak if it isn't said.
const HOURS: u64 = 8;

/// How often a soak kills the program itself, and the test that does so.
const KILLS: &str = "200";
const KILLER: &str = "long_a_kept_conversation_outlives_kills";

/// Seeds within which a planted bug must be found.
const WITHIN: &str = "1000";

/// What every line of source that holds a planted bug asks for; see `docs/simulator.md`.
const CONDITION: &str = "planted";

/// Planted bugs, and the invariant that each breaks.
const PLANTED: [(&str, &str); 12] = [
    ("once", "once"),
    ("order", "order"),
    ("committed", "committed"),
    ("nonce", "nonce"),
    ("delivered", "delivered"),
    ("bounded", "bounded"),
    ("rest", "rest"),
    ("blocked", "blocked"),
    ("alive", "alive"),
    ("withdrawn", "withdrawn"),
    ("converged", "converged"),
    ("disappeared", "disappeared"),
];

/// `cargo xtask sim`.
pub(crate) fn command(arguments: &[String]) -> Outcome {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => simulate(&["seeds", SEEDS]),
        ["--seeds", count] => simulate(&["seeds", count]),
        ["--seeds", count, "--from", seed] => simulate(&["seeds", count, seed]),
        ["--script", file] => simulate(&["script", &absolute(file)?]),
        ["--planted"] => planted(None),
        ["--planted", name] => planted(Some(name)),
        _ => Err("sim takes --seeds N [--from SEED], --script FILE or --planted [NAME]".to_owned()),
    }
}

/// `cargo xtask soak`.
pub(crate) fn soak(arguments: &[String]) -> Outcome {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (hours, from) = match words.as_slice() {
        [] => (HOURS, "1000000"),
        ["--hours", hours] => (hours_of(hours)?, "1000000"),
        ["--hours", hours, "--from", seed] => (hours_of(hours)?, *seed),
        _ => return Err("soak takes --hours N [--from SEED]".to_owned()),
    };
    // What is built is built first, so that the hours are those of the simulator.
    step::run(killer("--no-run"))?;
    let seconds = hours.saturating_mul(3_600).to_string();
    let (killed, simulated) = std::thread::scope(|scope| {
        let killed = scope.spawn(|| step::run(killer("--quiet")));
        let simulated = simulate(&["soak", &seconds, from]);
        let killed = killed.join();
        (killed.unwrap_or_else(|_| Err("the kills broke off".to_owned())), simulated)
    });
    // Both are told: one that failed doesn't hide the other.
    let told = |name: &str, done: &Result<(), String>| match done {
        Ok(()) => println!("{name}: well"),
        Err(why) => println!("{name}: FAILED: {why}"),
    };
    told(&format!("{KILLS} kills of the program"), &killed);
    let simulated = simulated.map(drop);
    told(&format!("{hours} hours of the simulator"), &simulated);
    Ok(killed.is_ok() && simulated.is_ok())
}

/// Kills the program beside the simulator: both ends send all the time over the loopback network.
fn killer(option: &str) -> std::process::Command {
    let mut command = step::cargo(&["test", "--locked", "--workspace", "--test", KILLER]);
    command.arg(option).env("UNDERTONE_KILLS", KILLS);
    command
}

fn hours_of(word: &str) -> Result<u64, String> {
    word.parse().map_err(|_| format!("{word} is no number of hours"))
}

/// A file as seen from the folder in which the command was given, which is not the one it runs in.
fn absolute(file: &str) -> Result<String, String> {
    let path = std::path::absolute(file).map_err(|error| format!("{file}: {error}"))?;
    path.to_str().map(str::to_owned).ok_or_else(|| format!("{file} has a name that is no text"))
}

/// Builds the simulator as the tests are built, and runs it.
pub(crate) fn simulate(arguments: &[&str]) -> Outcome {
    let mut command = step::cargo(&["run", "--quiet", "--locked", "-p", "undertone-sim", "--"]);
    command.args(arguments);
    step::run(command).map(|()| true)
}

/// Compiles each bug in place of the line that it breaks, and has the simulator find it.
fn planted(only: Option<&str>) -> Outcome {
    let chosen: Vec<(&str, &str)> =
        PLANTED.into_iter().filter(|(name, _)| only.is_none_or(|only| only == *name)).collect();
    if chosen.is_empty() {
        let names = PLANTED.map(|(name, _)| name).join(", ");
        return Err(format!("there is no such planted bug; these there are: {names}"));
    }
    let mut tally = Tally::default();
    for (name, invariant) in chosen {
        tally.step(&format!("planted: {name}"), |tally| {
            let mut command =
                step::cargo(&["run", "--quiet", "--locked", "-p", "undertone-sim", "--"]);
            command.args(["find", invariant, WITHIN]);
            command.env("RUSTC_WORKSPACE_WRAPPER", wrapper(name)?);
            step::run(command)?;
            tally.passed += 1;
            Ok(())
        });
    }
    println!("{}", tally.summary());
    Ok(tally.is_well())
}

/// A program that compiles crates of this workspace with a bug in them. Cargo takes it into the names of what it builds,
/// by its path: so nothing that is built with a bug is taken for the real thing, and nothing below is built again.
fn wrapper(name: &str) -> Result<PathBuf, String> {
    let folder = machine::cache_folder().join(CONDITION);
    let path = folder.join(name);
    let text = format!("#!/bin/sh\nexec \"$@\" --cfg '{CONDITION}=\"{name}\"'\n");
    let told = |error: std::io::Error| format!("{}: {error}", path.display());
    if fs::read_to_string(&path).is_ok_and(|there| there == text) {
        return Ok(path);
    }
    fs::create_dir_all(&folder).map_err(told)?;
    fs::write(&path, text).map_err(told)?;
    make_runnable(&path).map_err(told)?;
    Ok(path)
}

#[cfg(unix)]
fn make_runnable(path: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_runnable(_: &std::path::Path) -> std::io::Result<()> {
    Err(std::io::Error::other("planted bugs are compiled by a shell script"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_planted_bug_stands_in_the_source_of_the_product() {
        for (name, _) in PLANTED {
            let mark = format!("planted = \"{name}\"");
            let mut folders = vec![step::root().join("crates")];
            let mut found = 0;
            while let Some(folder) = folders.pop() {
                for entry in fs::read_dir(folder).unwrap() {
                    let path = entry.unwrap().path();
                    if path.is_dir() {
                        folders.push(path);
                    } else if path.extension().is_some_and(|end| end == "rs") {
                        found += fs::read_to_string(path).unwrap().matches(&mark).count();
                    }
                }
            }
            assert_eq!(found, 1, "{name}");
        }
    }

    #[test]
    fn the_test_that_kills_takes_its_number() {
        let path = step::root().join("crates/cli/tests").join(KILLER).with_extension("rs");
        assert!(fs::read_to_string(path).unwrap().contains("\"UNDERTONE_KILLS\""));
    }

    #[test]
    fn what_is_asked_for_wrongly_is_refused() {
        for wrong in [["--seeds"].as_slice(), &["--script"], &["5"], &["--planted", "nobody"]] {
            let words: Vec<String> = wrong.iter().map(|&word| word.to_owned()).collect();
            assert!(command(&words).is_err(), "{wrong:?}");
        }
    }
}
