//! libotr in a process of its own.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::rc::Rc;

use data_encoding::HEXLOWER;
use tempfile::TempDir;

/// libotr's flag for version 2.
pub const POLICY_V2: u32 = 0x02;
/// libotr's flag for version 3.
pub const POLICY_V3: u32 = 0x04;

/// The name of the account that libotr has.
const ACCOUNT: &str = "ben@example.net";

/// A line that the program said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// What it is about.
    pub name: String,
    /// The words behind it.
    pub words: Vec<String>,
}

impl Said {
    /// A word that is a text in hexadecimal digits.
    ///
    /// # Panics
    /// If it is none.
    #[must_use]
    pub fn text(&self, word: usize) -> String {
        String::from_utf8(self.bytes(word)).unwrap_or_default()
    }

    /// A word that is bytes in hexadecimal digits.
    #[must_use]
    pub fn bytes(&self, word: usize) -> Vec<u8> {
        let word = self.words.get(word).map(String::as_str).unwrap_or_default();
        HEXLOWER.decode(word.as_bytes()).unwrap_or_default()
    }
}

/// libotr, with one account that talks to one peer.
#[derive(Debug)]
pub struct Libotr {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    folder: Rc<TempDir>,
}

/// A folder for the files of an account, with its key, which is for tests alone.
///
/// # Errors
/// What the system says.
pub fn folder() -> std::io::Result<Rc<TempDir>> {
    let folder = TempDir::new()?;
    std::fs::write(folder.path().join("keys"), include_str!("../keys/theirs"))?;
    Ok(Rc::new(folder))
}

impl Libotr {
    /// Starts libotr on the files in `folder`.
    ///
    /// # Errors
    /// What the system says; that the program can't be compiled.
    pub fn start(
        target: &Path,
        folder: &Rc<TempDir>,
        policy: u32,
        longest: Option<usize>,
    ) -> std::io::Result<Self> {
        let mut child = Command::new(compiled(target, "talk", "-O1")?)
            .arg(folder.path())
            .args([ACCOUNT, &policy.to_string(), &longest.unwrap_or(0).to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let closed = || std::io::Error::other("the program has no input or output");
        let input = child.stdin.take().ok_or_else(closed)?;
        let output = BufReader::new(child.stdout.take().ok_or_else(closed)?);
        Ok(Self { child, input, output, folder: Rc::clone(folder) })
    }

    /// Where its files are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Gives a command and its texts, and what the program says to it.
    ///
    /// # Errors
    /// That the program has ended.
    pub fn tell(&mut self, command: &str, texts: &[&str]) -> std::io::Result<Vec<Said>> {
        let words = texts.iter().map(|text| {
            if text.is_empty() { "-".to_owned() } else { HEXLOWER.encode(text.as_bytes()) }
        });
        let line: Vec<String> = std::iter::once(command.to_owned()).chain(words).collect();
        writeln!(self.input, "{}", line.join(" "))?;
        let mut all = Vec::new();
        loop {
            let mut line = String::new();
            if self.output.read_line(&mut line)? == 0 {
                return Err(std::io::Error::other(format!("libotr ended at {command}")));
            }
            let mut words = line.split_whitespace().map(str::to_owned);
            let name = words.next().unwrap_or_default();
            if name == "done" {
                return Ok(all);
            }
            all.push(Said { name, words: words.collect() });
        }
    }
}

impl Drop for Libotr {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// A program of the folder `libotr`, compiled into `target` unless it is there already. Tests that run
/// beside each other each compile for themselves at worst.
pub(crate) fn compiled(target: &Path, name: &str, optimised: &str) -> std::io::Result<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("libotr/{name}.c"));
    let program = target.join(format!("libotr-{name}"));
    let written = |path: &Path| path.metadata().and_then(|metadata| metadata.modified());
    if written(&program).is_ok_and(|made| written(&source).is_ok_and(|source| source < made)) {
        return Ok(program);
    }
    let fresh = target.join(format!("libotr-{name}.{}", std::process::id()));
    let flags = ["-std=gnu11", optimised, "-Wall", "-Wextra", "-Werror", "-o"];
    let done = Command::new("cc")
        .args(flags)
        .arg(&fresh)
        .arg(&source)
        .args(["-lotr", "-lgcrypt"])
        .status()?;
    if !done.success() {
        let why = format!(
            "{} can't be compiled; Debian's package libotr5-dev is needed",
            source.display()
        );
        return Err(std::io::Error::other(why));
    }
    std::fs::rename(&fresh, &program)?;
    Ok(program)
}
