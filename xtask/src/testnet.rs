//! The private Tor network, run by the program `undertone-testnet`.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::{Outcome, no_arguments, step};

/// Names the running network's description to tests.
pub(crate) const ENVIRONMENT: &str = "UNDERTONE_TESTNET";

/// A network that runs until this value is dropped, or until this process ends, however it ends: its program watches
/// the pipe to its standard input.
#[derive(Debug)]
pub(crate) struct Keeper {
    child: Child,
    description: PathBuf,
}

impl Keeper {
    /// Starts a network and waits until it is usable. The program must have been built.
    pub(crate) fn start(arguments: &[&str]) -> Result<Self, String> {
        use std::os::unix::process::CommandExt as _;
        let program = std::env::current_exe()
            .map_err(|error| error.to_string())?
            .with_file_name("undertone-testnet");
        let mut child = Command::new(&program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // An interrupt typed at the terminal ends this process, and by its end the network; in time to tidy up.
            .process_group(0)
            .spawn()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        let output = child.stdout.take().ok_or("a piped stream is missing")?;
        let description =
            BufReader::new(output).lines().map_while(Result::ok).find_map(|line| usable(&line));
        match description {
            Some(description) => Ok(Self { child, description }),
            None => {
                let status = child.wait().map_err(|error| error.to_string())?;
                Err(format!("the private Tor network did not come up ({status})"))
            }
        }
    }

    /// The file that describes the network.
    pub(crate) fn description(&self) -> &Path {
        &self.description
    }

    /// Ends the network; fails if a part of it had ended before.
    pub(crate) fn stop(mut self) -> Result<(), String> {
        drop(self.child.stdin.take());
        let status = self.child.wait().map_err(|error| error.to_string())?;
        if status.success() { Ok(()) } else { Err(format!("it had already ended: {status}")) }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // It tidies up and ends; there is nobody left to tell if it doesn't.
        drop(self.child.wait());
    }
}

/// The path in the line that says that the network is usable.
fn usable(line: &str) -> Option<PathBuf> {
    let line: Value = serde_json::from_str(line).ok()?;
    Some(PathBuf::from(line.get("usable")?.as_str()?))
}

/// Runs a network for trying things.
pub(crate) fn command(arguments: &[String]) -> Outcome {
    no_arguments("testnet", arguments)?;
    step::run(step::cargo(&["build", "--locked", "-p", "undertone-testnet"]))?;
    println!("starting a private Tor network on 127.0.0.1: about a minute");
    let network = Keeper::start(&[])?;
    let description = network.description();
    let configuration = description.with_file_name("arti.toml");
    let configuration = configuration.display();
    println!(
        "
Two people of one machine talk over it:

  undertone demo --network arti --tor-config {configuration}

or each in a terminal of their own:

  undertone chat -s --tor-config {configuration}
  undertone chat -c --tor-config {configuration}

Tests use it when they find it:

  export {ENVIRONMENT}={}

It ends with Ctrl-C, or with the end of this input.",
        description.display()
    );
    let mut ignored = [0; 256];
    while matches!(std::io::stdin().read(&mut ignored), Ok(1..)) {}
    network.stop().map(|()| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_line_that_says_usable_counts() {
        assert_eq!(usable(r#"{"usable":"/n/network.json"}"#), Some("/n/network.json".into()));
        assert_eq!(usable(r#"{"launched":"/n/network.json"}"#), None);
        assert_eq!(usable("something else"), None);
    }
}
