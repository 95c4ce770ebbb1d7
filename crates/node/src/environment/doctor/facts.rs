//! The facts of a report, as values.

use std::fs;
use std::io;

use rustix::process::Resource;

use crate::environment::clock;
use crate::environment::hardening::Hardening;
use crate::environment::log::LogTarget;
use crate::environment::ram::{Place, Verdict, places};

/// The longest name of a system or kernel that is shown, in characters.
const MAX_NAME: usize = 80;
/// The longest value of a variable that is shown.
const MAX_WORD: usize = 32;

/// Everything that a report says about the machine, gathered once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The program's version.
    pub version: String,
    /// What the program was built with.
    pub features: Vec<String>,
    /// The distribution's name.
    pub system: String,
    /// The kernel's name and release and the processor's architecture.
    pub kernel: String,
    /// Seconds since 1970 in UTC.
    pub now: i64,
    /// Seconds that local time is ahead of UTC, where it is known.
    pub utc_offset: Option<i32>,
    /// What the program talks to.
    pub terminal: Terminal,
    /// Where a directory in memory could be, in the order of preference.
    pub places: Vec<(Place, Verdict)>,
    /// What came of hardening at the start.
    pub hardening: Hardening,
    /// The limit on locked memory in bytes, `None` for no limit.
    pub lock_limit: Option<u64>,
    /// The limit on open files, `None` for no limit.
    pub open_files: Option<u64>,
    /// Where the log goes, if there is one.
    pub log: Option<LogTarget>,
}

/// The terminal, or what stands in its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terminal {
    /// Whether standard input is one.
    pub input: bool,
    /// Whether standard output is one.
    pub output: bool,
    /// Whether standard error is one.
    pub errors: bool,
    /// Columns and rows.
    pub size: Option<(u16, u16)>,
    /// `TERM`.
    pub term: Option<String>,
    /// `COLORTERM`.
    pub colorterm: Option<String>,
    /// Whether `NO_COLOR` is set to something.
    pub no_color: bool,
    /// Whether the locale's characters are UTF-8.
    pub utf8: bool,
}

impl Facts {
    /// Looks at the machine. Changes nothing.
    #[must_use]
    pub fn gather(
        version: &str,
        features: &[&str],
        hardening: &Hardening,
        log: Option<&LogTarget>,
    ) -> Self {
        let kernel = rustix::system::uname();
        let kernel = [kernel.sysname(), kernel.release(), kernel.machine()];
        let kernel = kernel.map(|part| part.to_string_lossy().into_owned()).join(" ");
        let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
        let now = clock::unix_now();
        Self {
            version: version.to_owned(),
            features: features.iter().map(|feature| (*feature).to_owned()).collect(),
            system: shortened(&system_name(&release)),
            kernel: shortened(&kernel),
            now,
            utc_offset: clock::utc_offset_seconds(now),
            terminal: Terminal::gather(|name| std::env::var(name).ok()),
            places: places()
                .into_iter()
                .map(|place| {
                    let verdict = place.examine();
                    (place, verdict)
                })
                .collect(),
            hardening: hardening.clone(),
            lock_limit: rustix::process::getrlimit(Resource::Memlock).current,
            open_files: rustix::process::getrlimit(Resource::Nofile).current,
            log: log.cloned(),
        }
    }
}

impl Terminal {
    fn gather(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let size = rustix::termios::tcgetwinsize(io::stdout()).ok();
        let size = size.map(|size| (size.ws_col, size.ws_row));
        // The first that is set decides.
        let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG"));
        let locale = locale.unwrap_or_default().to_ascii_lowercase();
        Self {
            input: rustix::termios::isatty(io::stdin()),
            output: rustix::termios::isatty(io::stdout()),
            errors: rustix::termios::isatty(io::stderr()),
            size: size.filter(|(columns, rows)| *columns > 0 && *rows > 0),
            term: set("TERM").map(word),
            colorterm: set("COLORTERM").map(word),
            no_color: set("NO_COLOR").is_some(),
            utf8: locale.contains("utf-8") || locale.contains("utf8"),
        }
    }
}

/// A variable's value if it looks like the name of a terminal: nobody's data belongs in there,
/// but anybody can set it.
fn word(value: String) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte);
    if value.len() <= MAX_WORD && value.bytes().all(is_plain) {
        value
    } else {
        "unusual".to_owned()
    }
}

fn shortened(name: &str) -> String {
    name.chars().take(MAX_NAME).collect()
}

/// The name in an `os-release` file.
fn system_name(release: &str) -> String {
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    name.map_or("unknown", |name| name.trim().trim_matches('"')).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terminal(variables: &[(&str, &str)]) -> Terminal {
        Terminal::gather(|wanted| {
            let found = variables.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_first_locale_that_is_set_decides() {
        assert!(terminal(&[("LANG", "de_DE.UTF-8")]).utf8);
        assert!(terminal(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8"), ("LANG", "C")]).utf8);
        assert!(!terminal(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]).utf8);
        assert!(!terminal(&[]).utf8);
    }

    #[test]
    fn variables_are_shown_only_if_they_look_like_names_of_terminals() {
        assert_eq!(terminal(&[("TERM", "xterm-256color")]).term.unwrap(), "xterm-256color");
        for odd in ["/home/ana/x", "a b", "\u{1b}[2J", &"x".repeat(MAX_WORD + 1)] {
            assert_eq!(terminal(&[("TERM", odd)]).term.unwrap(), "unusual");
        }
        assert_eq!(terminal(&[("TERM", "")]).term, None);
    }

    #[test]
    fn no_color_counts_when_it_is_not_empty() {
        assert!(terminal(&[("NO_COLOR", "1")]).no_color);
        assert!(!terminal(&[("NO_COLOR", "")]).no_color);
    }

    #[test]
    fn the_systems_name_is_its_pretty_one() {
        assert_eq!(
            system_name("ID=x\nPRETTY_NAME=\"Debian GNU/Linux 13\"\n"),
            "Debian GNU/Linux 13"
        );
        assert_eq!(system_name(""), "unknown");
    }
}
