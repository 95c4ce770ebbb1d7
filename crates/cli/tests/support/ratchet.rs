//! People who use `undertone ratchet`, each with a home of their own.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use super::PROGRAM;

/// Someone with a home and a database without a passphrase, since each try of one takes its time.
pub(crate) struct Person {
    home: tempfile::TempDir,
}

impl Person {
    /// With an empty database.
    pub(crate) fn new() -> Self {
        let person = Self::without_database();
        person.well(&["--no-passphrase", "init", "nobody"], b"");
        person.well(&["delete", "nobody", "--yes"], b"");
        person
    }

    /// With nothing.
    pub(crate) fn without_database() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    /// The home.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// The folder of the database.
    pub(crate) fn data(&self) -> PathBuf {
        self.home().join(".local/share/undertone")
    }

    /// A program that has this home.
    pub(crate) fn program(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("HOME", self.home()).env("PATH", std::env::var_os("PATH").unwrap());
        command.current_dir(self.home());
        command
    }

    /// The command.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.program(PROGRAM);
        command.arg("ratchet").args(arguments);
        command
    }

    /// Runs it with this input.
    pub(crate) fn run(&self, arguments: &[&str], input: &[u8]) -> Output {
        finish(start(self.command(arguments), input))
    }

    /// Runs it, and it has to succeed.
    pub(crate) fn well(&self, arguments: &[&str], input: &[u8]) -> Vec<u8> {
        let output = self.run(arguments, input);
        assert!(output.status.success(), "{arguments:?}: {}", words(&output));
        output.stdout
    }
}

/// Starts a command with this input.
pub(crate) fn start(mut command: Command, input: &[u8]) -> Child {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut to_child = child.stdin.take().unwrap();
    let input = input.to_vec();
    // It may write more than a pipe holds before it has read all, or end before.
    std::thread::spawn(move || drop(to_child.write_all(&input)));
    child
}

/// Waits for a command's end.
pub(crate) fn finish(child: Child) -> Output {
    child.wait_with_output().unwrap()
}

/// Kills a command and gives what it wrote until then.
pub(crate) fn kill(mut child: Child) -> Vec<u8> {
    child.kill().unwrap();
    child.wait().unwrap();
    let mut written = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut written).unwrap();
    written
}

/// What a command said.
pub(crate) fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Ana, who has a conversation with "ben", and Ben, who has one with "ana".
pub(crate) fn pair() -> (Person, Person) {
    let (ana, ben) = (Person::new(), Person::new());
    let first = ana.well(&["init", "ben"], b"");
    let second = ben.well(&["init", "ana", "--peer", "-"], &first);
    let third = ana.well(&["init", "ben", "--peer", "-"], &second);
    ben.well(&["init", "ana", "--peer", "-"], &third);
    (ana, ben)
}
