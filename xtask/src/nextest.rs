//! Running tests, and reading what ran from what the runners print.

use std::collections::BTreeSet;
use std::process::Command;

use crate::step::{Listen, Tally, overhear};

/// What a run of tests came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    passed: u64,
    failed: u64,
    /// The tests that passed, as `crate::binary test`, where the runner was told to name them.
    pub(crate) names: BTreeSet<String>,
    /// Whether the runner came to its sum.
    finished: bool,
}

impl Report {
    /// Takes in a line of nextest.
    fn nextest_line(&mut self, line: &str) {
        let line = line.trim();
        if let Some((_, name)) = line.strip_prefix("PASS [").and_then(|rest| rest.split_once(']')) {
            let name = name.trim_start();
            let name = name
                .strip_prefix('(')
                .and_then(|rest| rest.split_once(')'))
                .map_or(name, |(_, name)| name);
            self.names.insert(name.trim().to_owned());
        } else if let Some(sum) =
            line.strip_prefix("Summary [").and_then(|rest| rest.split_once(']'))
        {
            self.finished = self.sum(sum.1).is_some();
        }
    }

    /// Reads `33/40 tests run: 32 passed (1 slow), 1 failed, 2 timed out, 3 skipped`. Tests that a run didn't come to
    /// have failed.
    fn sum(&mut self, sum: &str) -> Option<()> {
        let (run, outcomes) = sum.split_once(" run: ")?;
        let run = run.split_whitespace().next()?;
        let (ran, wanted) = run.split_once('/').unwrap_or((run, run));
        self.failed += wanted.parse::<u64>().ok()?.saturating_sub(ran.parse().ok()?);
        for outcome in without_brackets(outcomes).split(',') {
            let (number, kind) = outcome.trim().split_once(' ')?;
            let number: u64 = number.parse().ok()?;
            match kind.trim() {
                "passed" => self.passed += number,
                "skipped" => {}
                _ => self.failed += number,
            }
        }
        Some(())
    }

    /// Takes in a line of Cargo's own test runner, which prints a sum for each crate.
    fn cargo_line(&mut self, line: &str) {
        let Some(sum) = line.trim().strip_prefix("test result: ") else { return };
        for outcome in sum.split(['.', ';']) {
            match outcome.trim().split_once(' ') {
                Some((number, "passed")) => self.passed += number.parse().unwrap_or(0),
                Some((number, "failed")) => self.failed += number.parse().unwrap_or(0),
                _ => {}
            }
        }
        self.finished = true;
    }

    /// Adds the report to the tally. A runner that ended badly without a failing test broke otherwise.
    fn settle(self, tally: &mut Tally, ended: Result<(), String>) -> Result<Self, String> {
        tally.passed += self.passed;
        tally.failed += self.failed;
        match ended {
            Ok(()) if !self.finished => Err("the sum of the tests is missing".to_owned()),
            Err(why) if self.failed == 0 => Err(why),
            _ => Ok(self),
        }
    }
}

fn without_brackets(text: &str) -> String {
    let mut rest = text;
    let mut plain = String::new();
    while let Some((before, after)) = rest.split_once('(') {
        plain.push_str(before);
        rest = after.split_once(')').map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    plain
}

/// Runs nextest and adds what ran to the tally.
pub(crate) fn nextest(mut command: Command, tally: &mut Tally) -> Result<Report, String> {
    let mut report = Report::default();
    quiet_snapshots(&mut command);
    let ended = overhear(command, Listen::Error, |line| report.nextest_line(line))?;
    report.settle(tally, ended)
}

/// Runs documentation tests and adds what ran to the tally.
pub(crate) fn doctests(mut command: Command, tally: &mut Tally) -> Result<Report, String> {
    let mut report = Report::default();
    quiet_snapshots(&mut command);
    let ended = overhear(command, Listen::Output, |line| report.cargo_line(line))?;
    report.settle(tally, ended)
}

/// A snapshot that differs fails and leaves no file behind; to accept one is a developer's decision.
fn quiet_snapshots(command: &mut Command) {
    command.env("INSTA_UPDATE", "no");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nextest_report(lines: &str) -> Report {
        let mut report = Report::default();
        lines.lines().for_each(|line| report.nextest_line(line));
        report
    }

    #[test]
    fn a_sum_of_nextest_is_read() {
        let report = nextest_report(
            "     Summary [  18.6s] 38 tests run: 32 passed (2 slow, 1 leaky), 1 failed, 5 timed out, 4 skipped",
        );
        assert_eq!((report.passed, report.failed, report.finished), (32, 6, true));
        let one = nextest_report("Summary [ 0.1s] 1 test run: 1 passed, 0 skipped");
        assert_eq!((one.passed, one.failed, one.finished), (1, 0, true));
    }

    #[test]
    fn tests_that_an_interrupted_run_did_not_come_to_have_failed() {
        let report = nextest_report("Summary [ 0.1s] 3/10 tests run: 3 passed, 0 skipped");
        assert_eq!((report.passed, report.failed), (3, 7));
    }

    #[test]
    fn each_passed_test_is_named_once() {
        let report = nextest_report(
            "        PASS [   0.007s] (16/33) undertone-net-arti::tor_x a_test
        PASS [   9.007s] ( 1/33) undertone-net tests::b
        SLOW [> 60.000s] (─────) undertone-net tests::b
        FAIL [   1.000s] (2/33) undertone-net tests::c
        PASS [   0.007s] (16/33) undertone-net-arti::tor_x a_test
        PASS [   0.007s] undertone-net without a number",
        );
        let names: Vec<_> = report.names.iter().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "undertone-net tests::b",
                "undertone-net without a number",
                "undertone-net-arti::tor_x a_test"
            ]
        );
    }

    #[test]
    fn sums_of_documentation_tests_add_up() {
        let mut report = Report::default();
        for line in [
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s",
            "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.2s",
        ] {
            report.cargo_line(line);
        }
        assert_eq!((report.passed, report.failed, report.finished), (4, 2, true));
    }

    #[test]
    fn a_runner_without_a_sum_is_broken_and_failing_tests_are_counted_once() {
        let mut tally = Tally::default();
        assert!(Report::default().settle(&mut tally, Ok(())).is_err());
        assert!(Report::default().settle(&mut tally, Err("no".to_owned())).is_err());
        let failing = nextest_report("Summary [ 0.1s] 2 tests run: 1 passed, 1 failed, 0 skipped");
        assert!(failing.settle(&mut tally, Err("exit code 100".to_owned())).is_ok());
        assert_eq!((tally.passed, tally.failed), (1, 1));
    }
}
