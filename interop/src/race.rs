//! libotr with itself, timed.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::libotr::{compiled, folder};

/// The private key of both ends of a [`Race`], in libotr's form; for tests and benches alone.
pub const PRIVATE_KEYS: &str = include_str!("../keys/theirs");

/// Two accounts of libotr that talk to each other within one process.
#[derive(Debug)]
pub struct Race {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    _folder: std::rc::Rc<TempDir>,
}

impl Race {
    /// Starts it, with a session between the two.
    ///
    /// # Errors
    /// What the system says; that the program can't be compiled.
    pub fn start(target: &Path) -> std::io::Result<Self> {
        let folder = folder()?;
        let mut child = Command::new(compiled(target, "race", "-O2")?)
            .arg(folder.path().join("keys"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let closed = || std::io::Error::other("the program has no input or output");
        let input = child.stdin.take().ok_or_else(closed)?;
        let output = BufReader::new(child.stdout.take().ok_or_else(closed)?);
        Ok(Self { child, input, output, _folder: folder })
    }

    /// How long all of what the command asks for takes, by libotr's own clock: `sessions N`,
    /// `messages N LEN`, `turns N LEN` or `checks N`.
    ///
    /// # Errors
    /// That the program has ended, as it does where something goes wrong.
    pub fn time(&mut self, command: &str) -> std::io::Result<Duration> {
        writeln!(self.input, "{command}")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let ended = |_| std::io::Error::other(format!("libotr ended at {command}"));
        line.trim().parse().map(Duration::from_nanos).map_err(ended)
    }
}

impl Drop for Race {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
    }
}
