//! Nothing of a network outlives its owner, not even one that was killed.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use undertone_testnet::Description;

/// A `tor` looks after its owner every 15 s; the rest is for a busy machine.
const NOTICED: Duration = Duration::from_secs(60);

/// The owner: the program of this crate, with one authority and one relay, which is all that this needs.
struct Owner {
    child: Child,
    description: Description,
}

impl Owner {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_undertone-testnet"))
            .args(["--authorities", "1", "--relays", "1"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program of this crate starts");
        let output = child.stdout.take().expect("its output is a pipe");
        let line = BufReader::new(output).lines().next().expect("it says a line").expect("as text");
        let said: serde_json::Value = serde_json::from_str(&line).expect("as JSON");
        let path = PathBuf::from(said["launched"].as_str().expect("the network's description"));
        let description = Description::read(&path).expect("the network runs");
        assert_eq!(description.owner, child.id());
        assert_eq!(description.pids().len(), 2);
        Self { child, description }
    }

    fn directory(&self) -> &Path {
        &self.description.directory
    }

    /// Handles of its `tor` processes, which stay theirs whatever becomes of the numbers.
    fn processes(&self) -> Vec<std::os::fd::OwnedFd> {
        let open = |pid: u32| {
            let pid = Pid::from_raw(pid.try_into().expect("a process number")).expect("above 0");
            pidfd_open(pid, PidfdFlags::empty()).expect("it runs")
        };
        self.description.pids().into_iter().map(open).collect()
    }
}

fn assert_ended(process: &std::os::fd::OwnedFd) {
    let patience = Timespec::try_from(NOTICED).expect("a minute fits");
    let mut ends = [PollFd::new(process, PollFlags::IN)];
    assert_eq!(poll(&mut ends, Some(&patience)).expect("polling works"), 1, "it still runs");
}

#[test]
fn tor_ends_with_a_killed_owner_and_the_next_start_sweeps() {
    let mut killed = Owner::start();
    let processes = killed.processes();
    killed.child.kill().expect("the owner can be killed");
    killed.child.wait().expect("and is gone");
    for process in &processes {
        assert_ended(process);
    }
    let mut next = Owner::start();
    assert!(!killed.directory().exists(), "the next start sweeps what a dead owner left");
    drop(next.child.stdin.take());
    assert!(next.child.wait().expect("it ends").success());
}

#[test]
fn all_is_gone_once_the_owner_hears_nothing_more() {
    let mut owner = Owner::start();
    let processes = owner.processes();
    drop(owner.child.stdin.take());
    assert!(owner.child.wait().expect("it ends").success());
    for process in &processes {
        assert_ended(process);
    }
    assert!(!owner.directory().exists());
}
