//! Runs a private Tor network until its standard input ends.
//!
//! Two lines of JSON go to standard output: `{"launched":PATH}` when the processes run, and `{"usable":PATH}` when a
//! client can use them, PATH being the network's description. What goes on besides is told on standard error.

use std::error::Error;
use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use undertone_testnet::{Network, Options, StartError, VotingInterval};

const USAGE: &str =
    "undertone-testnet [--authorities N] [--relays N] [--clients N] [--interval SECONDS]";

/// Time between two looks while the network comes up.
const COMING_UP: Duration = Duration::from_millis(250);

/// Time between two looks at a network that is up.
const UP: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let options = options(std::env::args().skip(1))?;
    let end = end_of_input();
    let begin = Instant::now();
    let mut network = Network::launch(&options)?;
    let path = network.description().path();
    say(&serde_json::json!({ "launched": path }))?;
    tell(&format!("processes launched after {:.1} s", begin.elapsed().as_secs_f64()));
    while let Some(missing) = network.missing()? {
        if begin.elapsed() > options.patience {
            let seconds = begin.elapsed().as_secs();
            return Err(StartError::NotUsable { seconds, missing }.into());
        }
        if ended(&end, COMING_UP) {
            return Ok(());
        }
    }
    tell(&format!("usable after {:.1} s", begin.elapsed().as_secs_f64()));
    say(&serde_json::json!({ "usable": path }))?;
    while !ended(&end, UP) {
        network.check()?;
    }
    Ok(())
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, Box<dyn Error>> {
    let mut options = Options::default();
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or(USAGE)?;
        match name.as_str() {
            "--authorities" => options.authorities = value.parse()?,
            "--relays" => options.relays = value.parse()?,
            "--clients" => options.clients = value.parse()?,
            "--interval" => options.interval = VotingInterval::from_seconds(value.parse()?)?,
            _ => return Err(USAGE.into()),
        }
    }
    Ok(options)
}

/// A channel that closes when standard input does, which happens however the process at its other end ends.
fn end_of_input() -> Receiver<()> {
    let (open, end) = mpsc::channel();
    thread::spawn(move || {
        let _open: mpsc::Sender<()> = open;
        let mut input = io::stdin().lock();
        let mut ignored = [0; 256];
        while matches!(input.read(&mut ignored), Ok(1..)) {}
    });
    end
}

fn ended(end: &Receiver<()>, patience: Duration) -> bool {
    end.recv_timeout(patience) == Err(RecvTimeoutError::Disconnected)
}

fn say(line: &serde_json::Value) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")?;
    output.flush()
}

fn tell(line: &str) {
    // Whoever closed standard error doesn't want to be told.
    drop(writeln!(io::stderr(), "private Tor network: {line}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, Box<dyn Error>> {
        options(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_are_taken_from_arguments() {
        let parsed = parse("--relays 3 --interval 20 --clients 1").unwrap();
        assert_eq!((parsed.relays, parsed.clients, parsed.authorities), (3, 1, 3));
        assert_eq!(parsed.interval.seconds(), 20);
        assert_eq!(parse("").unwrap(), Options::default());
    }

    #[test]
    fn unknown_and_incomplete_arguments_are_refused() {
        for line in ["--relays", "--nothing 1", "--relays x", "--interval 17"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
