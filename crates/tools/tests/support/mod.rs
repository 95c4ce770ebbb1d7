//! What the scenarios share: people with databases, and commands as they type them.

#![allow(dead_code, reason = "each scenario uses its part")]
#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

use std::path::{Path, PathBuf};

use clap::Parser;
use undertone_tools::ratchet::{self, Ratchet};
use undertone_tools::{Failure, Streams};

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    ratchet: Ratchet,
}

/// Someone with a database.
pub(crate) struct Person {
    folder: tempfile::TempDir,
    passphrase: Option<&'static str>,
}

impl Person {
    /// Without a passphrase, since each try of one takes its time.
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), passphrase: None }
    }

    pub(crate) fn with_passphrase(passphrase: &'static str) -> Self {
        Self { passphrase: Some(passphrase), ..Self::new() }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The path of a file of this person.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a file there.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.file(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn options(&self) -> Vec<String> {
        let mut options = vec!["--db".to_owned(), self.file("ratchet.db").to_str().unwrap().into()];
        match self.passphrase {
            None => options.push("--no-passphrase".into()),
            Some(text) => {
                options.push("--passphrase-file".into());
                options.push(self.put("passphrase", format!("{text}\n").as_bytes()));
            }
        }
        options
    }

    /// Runs a command with this input and gives its output.
    pub(crate) fn run(&self, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, Failure> {
        let (streams, written) = Streams::in_memory(input);
        self.run_on(arguments, streams).map(|()| written.bytes())
    }

    /// Runs a command on these streams.
    pub(crate) fn run_on(&self, arguments: &[&str], streams: Streams) -> Result<(), Failure> {
        let own = self.options();
        let own = own.iter().map(String::as_str);
        let all: Vec<&str> =
            ["undertone"].into_iter().chain(own).chain(arguments.to_vec()).collect();
        ratchet::run(Cli::try_parse_from(all).unwrap().ratchet, streams, false)
    }

    /// Runs a command without input that gives text.
    pub(crate) fn text(&self, arguments: &[&str]) -> String {
        String::from_utf8(self.run(arguments, b"").unwrap()).unwrap()
    }

    /// Takes a card and gives what comes of it.
    pub(crate) fn answer(&self, name: &str, card: &str) -> String {
        let output = self.run(&["init", name, "--peer", "-"], card.as_bytes()).unwrap();
        String::from_utf8(output).unwrap()
    }
}

/// Ana, who has a conversation with "ben", and Ben, who has one with "ana".
pub(crate) fn pair() -> (Person, Person) {
    let (ana, ben) = (Person::new(), Person::new());
    meet(&ana, &ben);
    (ana, ben)
}

/// Makes them a conversation.
pub(crate) fn meet(ana: &Person, ben: &Person) {
    let first = ana.text(&["init", "ben"]);
    let second = ben.answer("ana", &first);
    let third = ana.answer("ben", &second);
    assert_eq!(ben.answer("ana", &third), "", "nothing is left to be said");
}
