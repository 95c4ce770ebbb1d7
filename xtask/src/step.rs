//! Running a program as one step of many, with its time and its outcome told.

use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

/// What a run of several steps has come to so far.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Tests that passed.
    pub(crate) passed: u64,
    /// Tests that failed.
    pub(crate) failed: u64,
    /// Steps that failed without a failing test to show for it.
    pub(crate) broken: Vec<String>,
}

impl Tally {
    /// Whether nothing failed.
    pub(crate) fn is_well(&self) -> bool {
        self.failed == 0 && self.broken.is_empty()
    }

    /// Runs `work` as a step: announces it, tells how long it took, and notes whether it failed.
    pub(crate) fn step(&mut self, name: &str, work: impl FnOnce(&mut Self) -> Result<(), String>) {
        println!("==> {name}");
        let begin = Instant::now();
        let done = work(self);
        let seconds = begin.elapsed().as_secs_f64();
        match done {
            Ok(()) => println!("    {name}: {seconds:.1} s"),
            Err(why) => {
                println!("    {name}: FAILED after {seconds:.1} s: {why}");
                self.broken.push(format!("{name}: {why}"));
            }
        }
    }

    /// The last lines of a run. A broken step counts as one failure, so that the sum says whether all was well.
    pub(crate) fn summary(&self) -> String {
        let broken: String = self.broken.iter().map(|step| format!("broken: {step}\n")).collect();
        let failed = self.failed + self.broken.len() as u64;
        format!("{broken}{} passed, {failed} failed", self.passed)
    }
}

/// The project's folder: the one above this crate's, which Cargo names to what it runs.
pub(crate) fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    here.parent().map_or_else(|| PathBuf::from("."), PathBuf::from)
}

/// Has the build take the system's OpenSSL instead of building one; `0` builds it all the same.
const NO_VENDOR: &str = "OPENSSL_NO_VENDOR";

/// A command in the project's folder, with the project's own tools first in its path.
pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    let tools = crate::machine::tools_folder().join("bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(tools).chain(std::env::split_paths(&path));
    // A folder with a colon in its name can't be in a path; then the path stays as it was.
    command.current_dir(root()).env("PATH", std::env::join_paths(folders).unwrap_or(path));
    // The system's OpenSSL: the one that users get takes minutes to build.
    if std::env::var_os(NO_VENDOR).is_none() {
        command.env(NO_VENDOR, "1");
    }
    // Which toolchain and package this tool itself was built from is no business of what it runs.
    for name in std::env::vars_os().map(|(name, _)| name).filter(is_of_this_run) {
        command.env_remove(name);
    }
    command
}

/// Cargo sets variables for the program it runs that would mark everything built by that program as changed.
fn is_of_this_run(name: &OsString) -> bool {
    name.to_str().is_some_and(|name| {
        name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name == "CARGO"
    })
}

/// Cargo with these arguments.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = command("cargo");
    command.args(arguments);
    command
}

/// Runs a command to its end.
pub(crate) fn run(mut command: Command) -> Result<(), String> {
    let status = command.status().map_err(|error| cannot_run(&command, &error))?;
    if status.success() { Ok(()) } else { Err(format!("{} ended with {status}", told(&command))) }
}

/// Runs a command to its end and gives what it wrote to standard output.
pub(crate) fn output(mut command: Command) -> Result<String, String> {
    let output =
        command.stderr(Stdio::inherit()).output().map_err(|error| cannot_run(&command, &error))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("{} ended with {}", told(&command), output.status))
    }
}

/// Which of a command's streams to listen to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Listen {
    Output,
    Error,
}

/// Runs a command to its end, shows one of its streams and gives `each` the lines of it. The outer error is that it
/// could not run at all; the inner one that it ended badly.
pub(crate) fn overhear(
    command: Command,
    listen: Listen,
    mut each: impl FnMut(&str),
) -> Result<Result<(), String>, String> {
    overhear_quietly(command, listen, |line| {
        // Showing is a courtesy; what counts is what `each` makes of it.
        drop(io::stdout().write_all(line.as_bytes()));
        each(&without_colours(line));
    })
}

/// The same without showing anything, and with what colours the lines.
pub(crate) fn overhear_quietly(
    mut command: Command,
    listen: Listen,
    mut each: impl FnMut(&str),
) -> Result<Result<(), String>, String> {
    match listen {
        Listen::Output => command.stdout(Stdio::piped()),
        Listen::Error => command.stderr(Stdio::piped()),
    };
    let mut child = command.spawn().map_err(|error| cannot_run(&command, &error))?;
    let stream: Option<Box<dyn Read>> = match listen {
        Listen::Output => child.stdout.take().map(|stream| Box::new(stream) as Box<dyn Read>),
        Listen::Error => child.stderr.take().map(|stream| Box::new(stream) as Box<dyn Read>),
    };
    let mut lines = BufReader::new(stream.ok_or("a piped stream is missing")?);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).map_err(|error| error.to_string())? > 0 {
        each(&String::from_utf8_lossy(&line));
        line.clear();
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    Ok(if status.success() {
        Ok(())
    } else {
        Err(format!("{} ended with {status}", told(&command)))
    })
}

fn cannot_run(command: &Command, error: &io::Error) -> String {
    format!("{} can't run: {error}", told(command))
}

/// A command as one would type it, without what goes on too long.
fn told(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args()).take(4);
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// A line without the escape sequences that colour it.
fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        rest = rest.strip_prefix(|c: char| c.is_ascii_alphabetic()).unwrap_or(rest);
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_counts_broken_steps_as_failures() {
        let mut tally = Tally { passed: 7, failed: 1, broken: Vec::new() };
        tally.step("broken on purpose", |_| Err("because".to_owned()));
        tally.step("fine", |_| Ok(()));
        assert!(!tally.is_well());
        assert_eq!(tally.summary(), "broken: broken on purpose: because\n7 passed, 2 failed");
        assert_eq!(Tally::default().summary(), "0 passed, 0 failed");
    }

    #[test]
    fn colours_are_taken_off_lines() {
        assert_eq!(without_colours("\u{1b}[32;1mPASS\u{1b}[0m [ 1s]"), "PASS [ 1s]");
        assert_eq!(without_colours("plain"), "plain");
    }

    #[test]
    fn what_a_command_says_is_heard_and_its_end_is_told() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two; exit 3"]);
        let mut heard = Vec::new();
        let ended = overhear(command, Listen::Output, |line| heard.push(line.trim().to_owned()));
        assert_eq!(heard, ["one", "two"]);
        assert!(ended.unwrap().unwrap_err().contains("exit status: 3"));
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error() {
        let missing = || Command::new("no-such-program-anywhere");
        assert!(run(missing()).is_err());
        assert!(output(missing()).is_err());
        assert!(overhear(missing(), Listen::Error, |_| {}).is_err());
    }
}
