//! What the real program takes of memory with the large profile, beside the same with an empty one.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::fill::{EMPTY, FIRST, LARGE};
use super::made;
use crate::goals::Bound;
use crate::measure::Taken;
use crate::run::Failure;

/// The program, as it is shipped but for Tor.
const PROGRAM: &str = "UNDERTONE_BENCH_PROGRAM";

/// Runs of each.
const RUNS: usize = 5;

/// Texts that are written in each.
const TEXTS: usize = 50;

/// The greatest resident memory of both, again and again.
pub(crate) fn memory(bound: Bound) -> Result<Taken, Failure> {
    let made = made()?;
    let program = std::env::var_os(PROGRAM)
        .ok_or_else(|| format!("{PROGRAM} names no program: use cargo xtask bench"))?;
    let run = |profile: &str, number: usize| {
        resident(program.as_ref(), &made.folder, profile, &format!("bench-{number}-{profile}"))
    };
    let (mut more, mut large, mut empty) = (Vec::new(), 0.0_f64, 0.0_f64);
    for number in 0..RUNS {
        let both = (run(LARGE, number)?, run(EMPTY, number)?);
        more.push(both.0 - both.1);
        (large, empty) = (large.max(both.0), empty.max(both.1));
    }
    println!(
        "{}: at most {large:.1} MB with the large profile, {empty:.1} MB with an empty one",
        bound.name
    );
    Ok(Taken::new(more, bound).ok_or("no run")?)
}

/// A program that is ended when this goes.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Opens a conversation, writes a few texts that nobody receives, and gives the most memory that was taken, in MB.
fn resident(program: &Path, home: &Path, profile: &str, network: &str) -> Result<f64, Failure> {
    let mut command = Command::new(program);
    command.args(["--json", "chat", "--with", FIRST, "--profile", profile, "--no-password"]);
    command.args(["--network", "local", "--local-name", network]);
    command.env("UNDERTONE_HOME", home).env_remove("XDG_CONFIG_HOME");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut running = Running(command.spawn()?);
    let mut lines = BufReader::new(running.0.stdout.take().ok_or("no output")?).lines();
    let mut input = running.0.stdin.take().ok_or("no input")?;
    let mut wait_for = |event: &str| -> Result<(), Failure> {
        let wanted = format!("\"event\":\"{event}\"");
        for line in lines.by_ref() {
            if line?.contains(&wanted) {
                return Ok(());
            }
        }
        Err(format!("the program ended before {event}").into())
    };
    wait_for("network.ready")?;
    for number in 0..TEXTS {
        writeln!(input, "{{\"send\":\"text {number}\"}}")?;
        wait_for("message.queued")?;
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.0.id()))?;
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: f64 =
        most.and_then(|rest| rest.split_whitespace().next()).ok_or("no VmHWM")?.parse()?;
    Ok(kib / 1024.0)
}
