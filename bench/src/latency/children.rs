//! The processes that take part, as the process that measures sees them.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use crate::run::Failure;

/// A process of this program. It ends when its input does, so also when this process is killed.
pub(super) struct Child {
    process: std::process::Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
}

impl Child {
    /// Starts one and waits until its Tor client has found the network.
    pub(super) fn start(configuration: &Path) -> Result<Self, Failure> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg(super::PEER)
            .arg(configuration)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = process.stdin.take();
        let output = process.stdout.take().ok_or("a piped stream is missing")?;
        let mut child = Self { process, input, output: BufReader::new(output).lines() };
        child.answer::<0>("ready")?;
        Ok(child)
    }

    /// Asks for something, in a line.
    pub(super) fn ask(&mut self, line: &str) -> Result<(), Failure> {
        let input = self.input.as_mut().ok_or("the process was told to end")?;
        writeln!(input, "{line}")?;
        Ok(input.flush()?)
    }

    /// Waits for the answer that begins with `word` and has `N` numbers.
    pub(super) fn answer<const N: usize>(&mut self, word: &str) -> Result<[f64; N], Failure> {
        let line = self.line(word)?;
        let numbers: Result<Vec<f64>, _> = line.split_whitespace().map(str::parse).collect();
        <[f64; N]>::try_from(numbers?).map_err(|_| format!("{word}: an odd answer").into())
    }

    /// Waits for the answer that begins with `word` and has a number and another word.
    pub(super) fn answer_with_word(&mut self, word: &str) -> Result<(f64, String), Failure> {
        let line = self.line(word)?;
        let (number, other) = line.trim().split_once(' ').ok_or("an odd answer")?;
        Ok((number.parse()?, other.to_owned()))
    }

    fn line(&mut self, word: &str) -> Result<String, Failure> {
        let line = self.output.next().ok_or("a process ended by itself")??;
        match line.strip_prefix(word) {
            Some(rest) => Ok(rest.to_owned()),
            None => Err(format!("instead of {word}: {line}").into()),
        }
    }

    /// Lets it end in order.
    pub(super) fn end(mut self) -> Result<(), Failure> {
        drop(self.input.take());
        let status = self.process.wait()?;
        if status.success() { Ok(()) } else { Err(format!("a process ended with {status}").into()) }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        drop(self.input.take());
        // Both fail only for a process that has ended.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
