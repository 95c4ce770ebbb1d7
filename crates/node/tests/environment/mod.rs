//! What the scenarios of the environment share: this test's own program as a child.
//!
//! A scenario that needs a process of its own runs itself again: the same test of the same
//! binary, with a role in the environment. The child's side comes first in each test.

#![allow(dead_code, reason = "each scenario uses its part")]
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a child talks to its test by these")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use rustix::process::{Pid, Signal};
use undertone_node::environment::ram::Place;

const ROLE: &str = "UNDERTONE_TEST_ROLE";
/// What a child's own lines begin with, among those of the test harness.
const MARK: &str = "child: ";

/// The role that this process was started with, if it is a child.
pub(crate) fn role() -> Option<String> {
    std::env::var(ROLE).ok()
}

/// Says a line to the parent.
pub(crate) fn say(line: impl std::fmt::Display) {
    println!("\n{MARK}{line}");
}

/// Waits to be ended by somebody else.
pub(crate) fn wait_forever() -> ! {
    loop {
        std::thread::park();
    }
}

/// A running child.
pub(crate) struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
    errors: ChildStderr,
}

/// Starts the test called `test` of this binary in a role.
pub(crate) fn start(test: &str, role: &str, prepare: impl FnOnce(&mut Command)) -> Running {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(ROLE, role);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    prepare(&mut command);
    let mut child = command.spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let errors = child.stderr.take().unwrap();
    Running { child, out, errors }
}

impl Running {
    /// The next line that the child says.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            let length = self.out.read_line(&mut line).unwrap();
            assert_ne!(length, 0, "the child has ended: {}", self.errors());
            if let Some(said) = line.trim_end().strip_prefix(MARK) {
                return said.to_owned();
            }
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        rustix::process::kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn errors(&mut self) -> String {
        let mut text = String::new();
        self.errors.read_to_string(&mut text).unwrap();
        text
    }

    /// Waits for the end.
    pub(crate) fn end(mut self) -> Ended {
        let mut out = String::new();
        self.out.read_to_string(&mut out).unwrap();
        let errors = self.errors();
        let status = self.child.wait().unwrap();
        Ended {
            code: status.code(),
            signal: status.signal(),
            dumped: status.core_dumped(),
            errors,
            out,
        }
    }
}

impl Drop for Running {
    /// A test that fails leaves no child behind.
    fn drop(&mut self) {
        let _dead = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// How a child has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) dumped: bool,
    pub(crate) errors: String,
    pub(crate) out: String,
}

/// A place for directories that no other test uses, on the memory file system that tests need.
pub(crate) fn place(directory: &tempfile::TempDir) -> Place {
    Place { label: "test", path: directory.path().to_path_buf() }
}

/// A fresh directory on a memory file system.
pub(crate) fn memory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap()
}

/// What a directory holds.
pub(crate) fn entries(directory: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> =
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}
