//! The log: off unless asked for, and scrubbed line by line whoever wrote the line.
//!
//! Events of all crates pass the same writer, Arti's as well as ours: it takes the line that the
//! formatter made, spans and fields included, [scrubs](redact::scrub) it and writes it in one
//! piece. A file is made with mode 0600; one that is there must be a plain file of the user's
//! own, is closed to everybody else, and grows at its end.
//!
//! A log is a trace on a disk all the same: it says when the program ran and when it had a
//! connection.

use std::ffi::OsStr;
use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::redact;

/// The longest line, before it is scrubbed. What is beyond is left out.
const MAX_LINE: usize = 16 << 10;

/// Where the log goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogTarget {
    /// Standard error.
    Stderr,
    /// A file, made if it isn't there.
    File(PathBuf),
}

impl LogTarget {
    /// The value of `--log`: `stderr` or a path.
    #[must_use]
    pub fn from_argument(argument: &OsStr) -> Self {
        if argument == "stderr" { Self::Stderr } else { Self::File(argument.into()) }
    }
}

/// How much is logged, each level with those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogLevel {
    /// What failed.
    Error,
    /// What may fail soon.
    Warn,
    /// What was done.
    #[default]
    Info,
    /// How it was done.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// Every level with its name on the command line.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Error, "error"),
        (Self::Warn, "warn"),
        (Self::Info, "info"),
        (Self::Debug, "debug"),
        (Self::Trace, "trace"),
    ];

    fn filter(self) -> LevelFilter {
        match self {
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
            Self::Trace => LevelFilter::TRACE,
        }
    }
}

/// A word that is no level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a level is error, warn, info, debug or trace")]
pub struct LogLevelError;

impl FromStr for LogLevel {
    type Err = LogLevelError;

    fn from_str(text: &str) -> Result<Self, LogLevelError> {
        let found = Self::ALL.iter().find(|(_, name)| *name == text);
        found.map(|(level, _)| *level).ok_or(LogLevelError)
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(level, _)| level == self).map(|(_, name)| *name);
        f.write_str(name.unwrap_or_default())
    }
}

/// Why there is no log. The path is the user's own argument; it isn't repeated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The path leads over a link.
    #[error("The log file is a link, which could lead anywhere. Name the file itself.")]
    Link,
    /// It is a directory, a device or a pipe.
    #[error("The log file is not a plain file. Name another.")]
    NotAFile,
    /// It belongs to another user, or has other names elsewhere.
    #[error("The log file is not this user's alone. Name another.")]
    NotOurs,
    /// It can't be opened or made.
    #[error("The log file can't be opened: {0}. Name another, or leave out --log.")]
    Open(#[source] io::Error),
    /// There is a log already.
    #[error("There is a log already.")]
    Twice,
}

/// Sends every event of the process, at this level and those before it, to a target.
///
/// # Errors
/// [`LogError`]: the target can't be written to, or this was called before.
pub fn init(target: &LogTarget, level: LogLevel) -> Result<(), LogError> {
    let sink: Box<dyn Write + Send> = match target {
        LogTarget::Stderr => Box::new(io::stderr()),
        LogTarget::File(path) => Box::new(open(path)?),
    };
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(level.filter())
        .with_writer(Scrubbed(Arc::new(Mutex::new(sink))))
        .finish();
    tracing::subscriber::set_global_default(subscriber).map_err(|_| LogError::Twice)
}

fn open(path: &PathBuf) -> Result<File, LogError> {
    // A pipe without a reader must not hold up the start.
    let flags = OFlags::WRONLY
        | OFlags::APPEND
        | OFlags::CREATE
        | OFlags::NOFOLLOW
        | OFlags::NONBLOCK
        | OFlags::NOCTTY
        | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR) {
        Ok(file) => file,
        Err(Errno::LOOP) => return Err(LogError::Link),
        Err(Errno::ISDIR | Errno::NXIO) => return Err(LogError::NotAFile),
        Err(errno) => return Err(LogError::Open(errno.into())),
    };
    let found = rustix::fs::fstat(&file).map_err(|errno| LogError::Open(errno.into()))?;
    if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
        return Err(LogError::NotAFile);
    }
    if found.st_uid != rustix::process::geteuid().as_raw() || found.st_nlink != 1 {
        return Err(LogError::NotOurs);
    }
    rustix::fs::fchmod(&file, Mode::RUSR | Mode::WUSR)
        .map_err(|errno| LogError::Open(errno.into()))?;
    Ok(file.into())
}

/// Makes a writer for each event.
struct Scrubbed<W>(Arc<Mutex<W>>);

impl<'a, W: Write + 'a> MakeWriter<'a> for Scrubbed<W> {
    type Writer = Line<W>;

    fn make_writer(&'a self) -> Line<W> {
        Line { text: Vec::new(), sink: Arc::clone(&self.0) }
    }
}

/// Collects what the formatter writes of one event, in however many pieces, so that no key is
/// looked at in halves.
struct Line<W: Write> {
    text: Vec<u8>,
    sink: Arc<Mutex<W>>,
}

impl<W: Write> Write for Line<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = MAX_LINE.saturating_sub(self.text.len()).min(bytes.len());
        self.text.extend_from_slice(bytes.get(..room).unwrap_or_default());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<W: Write> Drop for Line<W> {
    fn drop(&mut self) {
        let mut text = String::from_utf8_lossy(&self.text);
        if self.text.len() >= MAX_LINE {
            // The last word may be half of something.
            let whole = text.rfind(char::is_whitespace).unwrap_or(0);
            text.to_mut().truncate(whole);
            text.to_mut().push('…');
        }
        let text = text.strip_suffix('\n').unwrap_or(&text);
        if text.is_empty() {
            return;
        }
        let line = format!("{}\n", redact::scrub(text));
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        // A log that can't be written, on a full disk or a closed pipe, stops nothing.
        drop(sink.write_all(line.as_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

    use super::*;

    fn logged(emit: impl FnOnce()) -> String {
        let sink = Arc::new(Mutex::new(Vec::new()));
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(LevelFilter::TRACE)
            .with_writer(Scrubbed(Arc::clone(&sink)))
            .finish();
        tracing::subscriber::with_default(subscriber, emit);
        String::from_utf8(sink.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn fields_spans_and_errors_of_any_crate_are_scrubbed() {
        let onion = "7zzfpbd3hsnbxwyrd5b5qnnl2jmjr3bcmqxqxp3cnk3dnsbb7fsjrjad";
        let text = logged(|| {
            let span = tracing::info_span!(target: "tor_hsclient", "dial", onion);
            let _inside = span.enter();
            let error = io::Error::other("no route\nto 192.0.2.7 for 93-otter-lantern");
            tracing::warn!(target: "tor_circmgr", ?error, key = ?[7_u8; 32], count = 3, "failed");
        });
        assert_eq!(text.lines().count(), 1, "{text}");
        for word in ["WARN", "tor_circmgr", "dial", "count=3", "failed", "no route", "[ip]"] {
            assert!(text.contains(word), "{word} in {text}");
        }
        for secret in [onion, "192.0.2", "otter", "7, 7"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }

    #[test]
    fn a_long_event_is_cut_between_words() {
        let text = logged(|| tracing::info!("{}", "deadbeef ".repeat(MAX_LINE)));
        assert!(text.len() <= MAX_LINE + 8, "{}", text.len());
        let text = logged(|| tracing::info!("words {}", "a".repeat(2 * MAX_LINE)));
        assert!(text.ends_with("words…\n"), "{text}");
    }

    #[test]
    fn a_new_file_is_the_users_alone_and_an_old_one_becomes_so() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let mode = || std::fs::metadata(&path).unwrap().mode() & 0o777;
        writeln!(open(&path).unwrap(), "one").unwrap();
        assert_eq!(mode(), 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        writeln!(open(&path).unwrap(), "two").unwrap();
        assert_eq!(mode(), 0o600);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\n");
    }

    #[test]
    fn links_pipes_and_directories_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("target");
        std::fs::write(&target, "untouched").unwrap();
        let link = directory.path().join("link");
        symlink(&target, &link).unwrap();
        assert!(matches!(open(&link), Err(LogError::Link)));
        let hard = directory.path().join("hard");
        std::fs::hard_link(&target, &hard).unwrap();
        assert!(matches!(open(&hard), Err(LogError::NotOurs)));
        let pipe = directory.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, Mode::RWXU).unwrap();
        assert!(matches!(open(&pipe), Err(LogError::NotAFile)));
        let folder = directory.path().to_path_buf();
        assert!(matches!(open(&folder), Err(LogError::NotAFile)));
        assert!(matches!(open(&PathBuf::from("/dev/null")), Err(LogError::NotAFile)));
        assert!(matches!(open(&directory.path().join("no/file")), Err(LogError::Open(_))));
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "untouched");
    }

    #[test]
    fn levels_and_targets_are_read_as_written() {
        for (level, name) in LogLevel::ALL {
            assert_eq!(name.parse(), Ok(level));
            assert_eq!(level.to_string(), name);
        }
        assert_eq!("loud".parse::<LogLevel>(), Err(LogLevelError));
        assert_eq!(LogTarget::from_argument(OsStr::new("stderr")), LogTarget::Stderr);
        let file = LogTarget::File(PathBuf::from("./stderr"));
        assert_eq!(LogTarget::from_argument(OsStr::new("./stderr")), file);
    }
}
