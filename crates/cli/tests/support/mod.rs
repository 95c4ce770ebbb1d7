//! What the scenarios of the binary share: programs on terminals and on pipes.
//!
//! Nothing here sleeps: each wait is for something that is expected, with a deadline that only a
//! failure reaches. A program that outlives its test is killed when its handle is dropped.

#![allow(dead_code, reason = "each scenario uses its part")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what fails in a helper fails its test"
)]

pub(crate) mod chats;
pub(crate) mod ctor;
pub(crate) mod kept;
pub(crate) mod plain;
pub(crate) mod ratchet;
pub(crate) mod reading;
pub(crate) mod relay;
pub(crate) mod strace;
pub(crate) mod terminal;
pub(crate) mod tor;

use std::path::Path;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

pub(crate) use plain::Plain;
pub(crate) use terminal::Terminal;

/// The program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_undertone");

/// How long anything may take that needs no network but this machine's, on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(45);

/// A name for a loopback network that no other test has.
pub(crate) fn local_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("test-{}-{count}", std::process::id())
}

/// The options that choose the loopback network of this name.
pub(crate) fn local(name: &str) -> [&str; 4] {
    ["--network", "local", "--local-name", name]
}

/// Where a program runs: its environment, as far as tests set it. The rest is this process's own
/// without what would shape the output.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place<'a> {
    /// Home, working directory and directory for temporary files, if not this process's.
    pub(crate) home: Option<&'a Path>,
    /// Further variables.
    pub(crate) variables: Vec<(&'a str, &'a str)>,
}

impl Place<'_> {
    /// The variables to set; those that are not here and shape the output are removed.
    fn variables(&self) -> Vec<(String, String)> {
        let mut all = vec![
            ("TERM".to_owned(), "xterm-256color".to_owned()),
            ("LANG".to_owned(), "C.UTF-8".to_owned()),
            ("TZ".to_owned(), "UTC".to_owned()),
        ];
        if let Some(home) = self.home {
            for name in ["HOME", "TMPDIR", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"] {
                all.push((name.to_owned(), home.to_str().unwrap().to_owned()));
            }
        }
        all.extend(self.variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        all
    }
}

/// Variables of the outside that would shape what the program shows.
const SHAPING: [&str; 5] = ["NO_COLOR", "COLORTERM", "COLUMNS", "LINES", "LC_ALL"];

/// Sends a signal to a process of ours that has not been waited for.
pub(crate) fn signal(process: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}

/// Calls `look` until it gives something, and panics with `missing` at the deadline.
///
/// For what nobody can be told of, such as a process's end; everything else waits on a condition.
pub(crate) fn poll<T>(
    within: Duration,
    mut look: impl FnMut() -> Option<T>,
    missing: impl FnOnce() -> String,
) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        if begin.elapsed() > within {
            panic!("{}", missing());
        }
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// The exit code of a program that ended by itself.
pub(crate) fn code_of(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| panic!("ended by a signal: {status}"))
}
