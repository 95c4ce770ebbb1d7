//! What the program finds around itself, as a report that is safe to show in public.
//!
//! The report is made of chosen facts, never of what happens to be in the environment: no user
//! name, no host name, no path of a home, no addresses. Words that come from elsewhere (the name of
//! the system, a library's error) pass [`scrub`] first. The time zone is in it: a wrong clock is
//! the commonest reason for Tor not to connect.
//!
//! Whether the network works is found out by the caller, who hands in the steps.

mod facts;

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Map, Value, json};

pub use facts::{Facts, Terminal};

use super::hardening::{MemoryLock, size};
use super::ram::Verdict;
use super::redact::scrub;
use super::{clock, log::LogTarget};

/// The version of the JSON form. It rises when a key changes its meaning or goes.
pub const JSON_VERSION: u64 = 1;
/// No build of this program was made before 2026: an earlier clock is wrong.
const EARLIEST: i64 = 1_767_225_600;
/// Open files below which connections may fail: each circuit's channel and each stream takes one.
const MIN_FILES: u64 = 256;

/// How something turned out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// Neither.
    Plain,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Plain => "plain",
        }
    }

    /// What stands before a line of text.
    fn mark(self) -> char {
        match self {
            Self::Good => '+',
            Self::Bad => '!',
            Self::Plain => ' ',
        }
    }
}

/// One step of a trial of the network, as the caller saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What was tried, such as "directory".
    pub name: String,
    /// How it went; [`State::Plain`] if it wasn't tried.
    pub state: State,
    /// What there is to say, a library's words included: they are scrubbed.
    pub words: String,
    /// How long it took.
    pub took: Option<Duration>,
}

/// One line of the report.
struct Row {
    key: &'static str,
    label: &'static str,
    value: String,
    state: State,
}

/// Lines that belong together.
struct Section {
    key: &'static str,
    title: &'static str,
    rows: Vec<Row>,
}

impl Section {
    fn new(key: &'static str, title: &'static str) -> Self {
        Self { key, title, rows: Vec::new() }
    }

    fn row(
        mut self,
        key: &'static str,
        label: &'static str,
        state: State,
        value: impl Into<String>,
    ) -> Self {
        // Whatever its origin, once more: a report is pasted where everybody reads it.
        let value = scrub(&value.into()).into_owned();
        self.rows.push(Row { key, label, value, state });
        self
    }
}

fn good(condition: bool) -> State {
    if condition { State::Good } else { State::Bad }
}

fn yes(condition: bool) -> &'static str {
    if condition { "yes" } else { "no" }
}

/// The report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    facts: Facts,
    steps: Vec<Step>,
}

impl Report {
    /// A report of facts and of the network's steps, in the order in which they were tried.
    #[must_use]
    pub fn new(facts: Facts, mut steps: Vec<Step>) -> Self {
        for step in &mut steps {
            step.name = scrub(&step.name).into_owned();
            step.words = scrub(&step.words).into_owned();
        }
        Self { facts, steps }
    }

    /// Whether Undertone can run here: there is memory to work in, and no step of the network
    /// failed. What is merely unwise is in the report, and doesn't count.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.has_memory() && self.steps.iter().all(|step| step.state != State::Bad)
    }

    fn has_memory(&self) -> bool {
        self.facts.places.iter().any(|(_, verdict)| matches!(verdict, Verdict::Usable { .. }))
    }

    /// For people: lines of text, each ended, `+` before what is as it should be and `!` before what
    /// isn't.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::from(
            "Undertone's report. It names neither you nor this machine nor your contacts.\n",
        );
        // Writing to a string can't fail.
        for section in self.sections() {
            let _ = writeln!(out, "\n{}", section.title);
            for Row { label, value, state, .. } in section.rows {
                let _ = writeln!(out, "{} {label:<20} {value}", state.mark());
            }
        }
        if !self.steps.is_empty() {
            out.push_str("\nNetwork\n");
        }
        for Step { name, state, words, took } in &self.steps {
            let took = took.map(|took| format!(" ({:.1} s)", took.as_secs_f32()));
            let took = took.unwrap_or_default();
            let _ = writeln!(out, "{} {name:<20} {words}{took}", state.mark());
        }
        let warnings = self.facts.hardening.warnings();
        if !warnings.is_empty() {
            out.push_str("\nTo know\n");
        }
        for warning in warnings {
            let _ = writeln!(out, "! {}", scrub(&warning));
        }
        out
    }

    /// For scripts: one object. Each fact is below its section with `value` and `state`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("version".to_owned(), JSON_VERSION.into());
        object.insert("good".to_owned(), self.is_good().into());
        for section in self.sections() {
            let rows = section.rows.into_iter().map(|row| {
                (row.key.to_owned(), json!({ "value": row.value, "state": row.state.name() }))
            });
            object.insert(section.key.to_owned(), Value::Object(rows.collect()));
        }
        let steps = self.steps.iter().map(|step| {
            json!({
                "name": step.name,
                "state": step.state.name(),
                "words": step.words,
                "milliseconds": step.took.map(|took| u64::try_from(took.as_millis()).ok()),
            })
        });
        object.insert("network".to_owned(), steps.collect());
        let warnings = self.facts.hardening.warnings();
        let warnings = warnings.iter().map(|warning| Value::from(scrub(warning)));
        object.insert("warnings".to_owned(), warnings.collect());
        Value::Object(object)
    }

    fn sections(&self) -> [Section; 6] {
        [
            self.program(),
            self.clock(),
            self.terminal(),
            self.memory(),
            self.protection(),
            self.writing(),
        ]
    }

    fn program(&self) -> Section {
        let facts = &self.facts;
        let features =
            if facts.features.is_empty() { "none".to_owned() } else { facts.features.join(", ") };
        Section::new("program", "Program")
            .row("version", "version", State::Plain, facts.version.as_str())
            .row("features", "features", State::Plain, features)
            .row("system", "system", State::Plain, facts.system.as_str())
            .row("kernel", "kernel", State::Plain, facts.kernel.as_str())
    }

    fn clock(&self) -> Section {
        let facts = &self.facts;
        let zone = match facts.utc_offset {
            Some(offset) => clock::offset_text(offset),
            None => "unknown: times are shown in UTC".to_owned(),
        };
        // That it is right, no machine can know by itself.
        let state = if facts.now < EARLIEST { State::Bad } else { State::Plain };
        Section::new("clock", "Clock")
            .row("utc", "UTC", state, clock::date_and_time(facts.now, 0))
            .row("zone", "time zone", State::Plain, zone)
    }

    fn terminal(&self) -> Section {
        let terminal = &self.facts.terminal;
        let size = match terminal.size {
            Some((columns, rows)) => format!("{columns} columns, {rows} rows"),
            None => "unknown".to_owned(),
        };
        let streams =
            [("input", terminal.input), ("output", terminal.output), ("errors", terminal.errors)];
        let streams = streams.map(|(name, on)| format!("{name} {}", yes(on))).join(", ");
        let or_unset = |word: &Option<String>| word.clone().unwrap_or("not set".to_owned());
        Section::new("terminal", "Terminal")
            .row("streams", "is a terminal", State::Plain, streams)
            .row("size", "size", State::Plain, size)
            .row("term", "TERM", State::Plain, or_unset(&terminal.term))
            .row("colorterm", "COLORTERM", State::Plain, or_unset(&terminal.colorterm))
            .row("no_color", "NO_COLOR", State::Plain, yes(terminal.no_color))
            .row("utf8", "UTF-8", good(terminal.utf8), yes(terminal.utf8))
    }

    fn memory(&self) -> Section {
        let key = |label: &str| match label {
            "$XDG_RUNTIME_DIR" => "xdg_runtime_dir",
            "/dev/shm" => "dev_shm",
            "/tmp" => "tmp",
            _ => "run_user",
        };
        let section = Section::new("places", "Memory file systems");
        let section = self.facts.places.iter().fold(section, |section, (place, verdict)| {
            let usable = matches!(verdict, Verdict::Usable { .. });
            let state = if usable { State::Good } else { State::Plain };
            section.row(key(place.label), place.label, state, verdict.to_string())
        });
        let words = if self.has_memory() { "yes" } else { "no: Undertone can't start" };
        section.row("usable", "one can be used", good(self.has_memory()), words)
    }

    fn protection(&self) -> Section {
        let hardening = &self.facts.hardening;
        let locked = match &hardening.memory {
            MemoryLock::Locked => "yes".to_owned(),
            MemoryLock::LimitTooLow { limit } => {
                format!("no: the limit is {}, 1 GiB is needed", size(*limit))
            }
            MemoryLock::Refused { reason } => format!("no: the system refused ({reason})"),
        };
        let limit = |limit: Option<u64>| limit.map_or("unlimited".to_owned(), size);
        let files = self.facts.open_files;
        let no_core = hardening.no_core_files && hardening.not_dumpable;
        let hibernates = if hardening.can_hibernate {
            "possible: it writes all memory to swap, locked or not"
        } else {
            "not possible"
        };
        let hibernation_is_bad = hardening.can_hibernate && hardening.swap.is_readable();
        Section::new("protection", "Protection of memory")
            .row("no_core_dumps", "core dumps off", good(no_core), yes(no_core))
            .row("locked", "memory locked", good(hardening.memory == MemoryLock::Locked), locked)
            .row("lock_limit", "limit for locking", State::Plain, limit(self.facts.lock_limit))
            .row("swap", "swap", good(!hardening.swap.is_readable()), hardening.swap.to_string())
            .row("hibernation", "hibernation", good(!hibernation_is_bad), hibernates)
            .row(
                "open_files",
                "open files at most",
                good(files.is_none_or(|files| files >= MIN_FILES)),
                files.map_or("unlimited".to_owned(), |files| files.to_string()),
            )
    }

    fn writing(&self) -> Section {
        let usable = |(_, verdict): &&(_, Verdict)| matches!(verdict, Verdict::Usable { .. });
        let place = self.facts.places.iter().find(usable).map(|(place, _)| place.label);
        let memory = match place {
            Some(place) => format!("Tor's working files, in {place}, removed at the end"),
            None => "nothing".to_owned(),
        };
        let disk = match &self.facts.log {
            None => "nothing",
            Some(LogTarget::Stderr) => "nothing, unless you redirect the log on standard error",
            Some(LogTarget::File(_)) => "the log, to the file that you named",
        };
        Section::new("writes", "What is written")
            .row("memory", "in memory", State::Plain, memory)
            .row("disk", "on disks", State::Plain, disk)
    }
}

#[cfg(test)]
mod tests;
