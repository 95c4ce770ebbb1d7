//! Two sides that talk over the private Tor network, each with everything that it may touch in a
//! place of its own.

use std::hash::{BuildHasher as _, RandomState};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use undertone_testnet::Network;

use super::{PROGRAM, Place, Plain, strace};

/// How long anything may take that needs circuits. It covers a change of Tor's time period, during
/// which a service is not found until the next consensus, here up to a minute later.
pub(crate) const TOR: Duration = Duration::from_secs(150);

/// The private network of this run.
pub(crate) struct Tor {
    pub(crate) network: Network,
    config: String,
}

impl Tor {
    /// Attaches to the network that the environment names.
    pub(crate) fn attach() -> Self {
        let network = Network::attach_from_env().unwrap_or_else(|error| panic!("{error}"));
        let config = network.arti_toml_path().to_str().unwrap().to_owned();
        Self { network, config }
    }

    /// The options that choose this network.
    pub(crate) fn options(&self) -> [&str; 4] {
        ["--network", "arti", "--tor-config", &self.config]
    }

    /// The arguments of `chat` on JSON lines, without a check unless `more` asks for it.
    pub(crate) fn arguments<'a>(&'a self, role: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let names = match role {
            "-s" => ["--nick", "hilde", "--peer", "gustav"],
            _ => ["--nick", "gustav", "--peer", "hilde"],
        };
        [&["chat", role, "--json"], &names[..], &self.options(), more].concat()
    }
}

/// A directory in memory that is a program's home, runtime directory and everything else.
pub(crate) fn home() -> TempDir {
    tempfile::Builder::new().prefix("test-").tempdir_in("/dev/shm").expect("a directory in memory")
}

/// What lies in a directory, by name.
pub(crate) fn entries(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).expect("a directory");
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// A number that no other test draws.
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(())
}

/// A code that two people agreed on: of their own making, with enough bits to need no warning.
pub(crate) fn agreed_code() -> String {
    format!("{}-zq{:012x}x", 100 + random() % 900, random() & 0xffff_ffff_ffff)
}

/// A program on JSON lines with a home of its own.
pub(crate) struct Side {
    pub(crate) program: Plain,
    pub(crate) home: TempDir,
    pub(crate) begin: Instant,
}

impl Side {
    /// Runs `chat` in this role.
    pub(crate) fn start(tor: &Tor, role: &str, more: &[&str]) -> Self {
        Self::start_at(home(), tor, role, more)
    }

    /// Runs `chat` in this role and this home.
    pub(crate) fn start_at(home: TempDir, tor: &Tor, role: &str, more: &[&str]) -> Self {
        Self::start_traced(home, tor, role, more, None)
    }

    /// Runs `chat` in this role and this home; under `strace`, if there is a prefix for its files.
    pub(crate) fn start_traced(
        home: TempDir,
        tor: &Tor,
        role: &str,
        more: &[&str],
        traces: Option<&str>,
    ) -> Self {
        let place = Place { home: Some(home.path()), variables: Vec::new() };
        let arguments = tor.arguments(role, more);
        let program = match traces {
            Some(traces) => {
                let arguments = strace::arguments(traces, PROGRAM, &arguments);
                Plain::start_program(strace::STRACE, &place, &arguments)
            }
            None => Plain::start_in(&place, &arguments),
        };
        Self { program, home, begin: Instant::now() }
    }

    /// A host that has taken the proposed code and is reachable, and the code.
    pub(crate) fn host(tor: &Tor, more: &[&str]) -> (Self, String) {
        let mut host = Self::start(tor, "-s", more);
        let code = host.serve("");
        (host, code)
    }

    /// Types a code, or an empty line for the proposed one, and waits until the host is reachable.
    pub(crate) fn serve(&mut self, code: &str) -> String {
        self.program.line(code);
        let code = self.event("meeting.code", TOR)["code"].as_str().unwrap().to_owned();
        self.step("reachable");
        code
    }

    /// A guest who has typed this code.
    pub(crate) fn guest(tor: &Tor, code: &str, more: &[&str]) -> Self {
        let mut guest = Self::start(tor, "-c", more);
        guest.program.line(code);
        guest
    }

    /// Waits for an event of this name. Lines before it are passed over.
    pub(crate) fn event(&mut self, name: &str, within: Duration) -> Value {
        self.program.out.wait_until(name, within, |line| named(line, name))
    }

    /// Waits for this step of the meeting.
    pub(crate) fn step(&mut self, step: &str) {
        self.program.out.wait_until(step, TOR, |line| {
            named(line, "meeting.step").filter(|event| event["step"] == step)
        });
    }

    /// Waits for the conversation.
    pub(crate) fn open(&mut self) {
        self.event("conversation.open", TOR);
    }

    /// Sends a text as it is.
    pub(crate) fn send(&mut self, text: &str) {
        self.program.line(&json!({ "send": text }).to_string());
    }

    /// Waits for the next text.
    pub(crate) fn text(&mut self, within: Duration) -> String {
        self.event("message.received", within)["text"].as_str().unwrap().to_owned()
    }

    /// Waits for this state of the check.
    pub(crate) fn check(&mut self, state: &str) {
        self.program.out.wait_until(state, TOR, |line| {
            named(line, "check").filter(|event| event["state"] == state)
        });
    }

    /// Waits for this state of the connection.
    pub(crate) fn link(&mut self, state: &str, within: Duration) {
        self.program.out.wait_until(state, within, |line| {
            named(line, "link").filter(|event| event["state"] == state)
        });
    }

    /// Waits for the end of the meeting and gives the reason.
    pub(crate) fn meeting_end(&mut self, within: Duration) -> String {
        self.event("meeting.ended", within)["reason"].as_str().unwrap().to_owned()
    }

    /// Every text that it has read so far.
    pub(crate) fn texts(&self) -> Vec<String> {
        let received = self.program.out.all();
        let received = received.iter().filter_map(|line| named(line, "message.received"));
        received.map(|event| event["text"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits for the program's end, with this exit code and nothing left of it.
    pub(crate) fn ends(&mut self, code: i32) {
        assert_eq!(self.program.exit_code(TOR), code);
        assert_eq!(entries(self.home.path()), Vec::<PathBuf>::new(), "left behind");
    }

    /// Resident memory now, in KiB.
    pub(crate) fn resident(&self) -> u64 {
        let status = format!("/proc/{}/status", self.program.process());
        let status = std::fs::read_to_string(status).expect("a running program");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

/// Both sides in an open conversation.
pub(crate) fn conversation(tor: &Tor) -> (Side, Side) {
    let (mut host, code) = Side::host(tor, &["--no-smp"]);
    let mut guest = Side::guest(tor, &code, &["--no-smp"]);
    host.open();
    guest.open();
    (host, guest)
}

/// A line as an event, if it has this name.
fn named(line: &str, name: &str) -> Option<Value> {
    serde_json::from_str::<Value>(line).ok().filter(|event| event["event"] == name)
}
