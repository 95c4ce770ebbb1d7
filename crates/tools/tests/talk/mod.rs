//! Somebody who uses `otr talk`: what they type, and what they read.

#![allow(dead_code, reason = "each scenario uses its part")]

use std::io::{BufRead as _, BufReader, PipeReader, PipeWriter, Write as _, pipe};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use clap::Parser;
use undertone_tools::otr::{self, Otr};
use undertone_tools::{Failure, Streams};

/// Longer than anything takes that comes at all.
const SOON: Duration = Duration::from_secs(60);

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    otr: Otr,
}

/// A file of private keys of libotr, for tests alone.
pub(crate) fn keys(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../interop/keys").join(name);
    std::fs::read_to_string(path).unwrap()
}

fn parse(arguments: &[&str]) -> Result<Cli, clap::Error> {
    Cli::try_parse_from([&["undertone", "talk"], arguments].concat())
}

/// Whether the command line takes these arguments.
pub(crate) fn is_legal(arguments: &[&str]) -> bool {
    parse(arguments).is_ok()
}

/// Lines that somebody reads.
struct Lines(Receiver<String>);

impl Lines {
    fn of(pipe: PipeReader) -> Self {
        let (tell, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        Self(lines)
    }

    /// The next line that begins so; those before it are passed over.
    fn next(&self, begin: &str) -> String {
        let mut passed = Vec::new();
        let until = Instant::now() + SOON;
        loop {
            match self.0.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) if line.starts_with(begin) => return line,
                Ok(line) => passed.push(line),
                Err(_) => panic!("never: {begin}\nbut: {passed:#?}"),
            }
        }
    }
}

/// Somebody who runs the command.
pub(crate) struct Person {
    typing: Option<PipeWriter>,
    heard: Lines,
    read: Lines,
    running: Option<JoinHandle<Result<(), Failure>>>,
}

impl Person {
    /// With a key that is there already, since making one takes its time.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../interop/keys/ours");
        let key = ["--key", path.to_str().unwrap()];
        Self::start_as(&[&key, arguments].concat())
    }

    pub(crate) fn start_with_fresh_key(arguments: &[&str]) -> Self {
        Self::start_as(arguments)
    }

    pub(crate) fn start_as(arguments: &[&str]) -> Self {
        let otr = parse(arguments).unwrap_or_else(|error| panic!("{error}")).otr;
        let ((input, typing), (heard, output), (read, words)) =
            (pipe().unwrap(), pipe().unwrap(), pipe().unwrap());
        let streams = Streams {
            input: Box::new(input),
            output: Box::new(output),
            words: Box::new(words),
            may_ask: false,
        };
        Self {
            typing: Some(typing),
            heard: Lines::of(heard),
            read: Lines::of(read),
            running: Some(std::thread::spawn(move || otr::run(otr, streams))),
        }
    }

    /// The port at which it waits.
    pub(crate) fn port(&self) -> String {
        let line = self.read.next("Waiting for the other end at 127.0.0.1:");
        let (_, port) = line.rsplit_once(':').unwrap();
        port.trim_end_matches('.').to_owned()
    }

    pub(crate) fn types(&mut self, line: &str) {
        writeln!(self.typing.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Nothing more is typed.
    pub(crate) fn ends(&mut self) {
        self.typing = None;
    }

    /// What the other end says, on standard output: the next line that begins so.
    pub(crate) fn hears(&self, begin: &str) -> String {
        self.heard.next(begin)
    }

    /// What the program says, on standard error: the next line that begins so.
    pub(crate) fn reads(&self, begin: &str) -> String {
        self.read.next(begin)
    }

    /// How the command ends.
    pub(crate) fn leaves(&mut self) -> Result<(), Failure> {
        self.running.take().unwrap().join().unwrap()
    }
}
