//! Everything that is done to the project: `cargo xtask help`.

#![expect(clippy::print_stdout, reason = "a tool at the terminal speaks on standard output")]

mod bench;
mod check;
mod fuzz;
mod generate;
mod interop;
mod machine;
mod mutants;
mod nextest;
mod sim;
mod step;
mod testnet;
mod tidy;
mod tiers;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask test [TIER]... [-- NAME]...   all tiers, or some of quick, local, tor, long; of these, tests by name
cargo xtask check                         formatting, lints, licences, documentation and tidy, no tests
cargo xtask tidy                          the rules of the house that no other tool knows
cargo xtask testnet                       runs a private Tor network until Ctrl-C or the end of its input
cargo xtask bench [FILTER] [--check]      measures against the peers; --check fails at a goal that isn't met
cargo xtask fuzz [TARGET] [OPTION]...     runs all fuzz targets, or one, and prints how far each got
                                          --seconds N for each, 60 if not said; --workers N at a time, 1 if not said
cargo xtask interop [NAME]                live sessions with programs that have a workspace of their own: otrr
cargo xtask mutants [CRATE] [OPTION]...   tries changes of smp and ratchet that no record knows; fails while one lives
                                          --file PART, --shard K/N, --again for all, --check for none
cargo xtask sim [--seeds N] [--script FILE]   plays N seeds of the simulator, 1000 if not said, or one script
cargo xtask sim --planted [NAME]          compiles bugs in place of real lines; the simulator must find each
cargo xtask soak [--hours N]              plays seeds of the simulator for N hours, 8 if not said, and kills the program
                                          200 times beside it
cargo xtask generate [--check]            notices, manual page and completions; --check fails where one is out of date
cargo xtask help                          this list

Developer tools and nothing else go to $UNDERTONE_CACHE, or else ~/.cache/undertone.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = arguments
        .split_first()
        .map_or(("help", &[][..]), |(command, rest)| (command.as_str(), rest));
    let done = match command {
        "test" => tiers::test(rest),
        "check" => check::check(rest),
        "tidy" => tidy::command(rest),
        "testnet" => testnet::command(rest),
        "bench" => bench::command(rest),
        "fuzz" => fuzz::command(rest),
        "mutants" => mutants::command(rest),
        "sim" => sim::command(rest),
        "soak" => sim::soak(rest),
        "interop" => interop::command(rest),
        "generate" => generate::command(rest),
        "help" | "-h" | "--help" => {
            println!("{HELP}");
            Ok(true)
        }
        other => Err(format!("there is no command {other}; these there are:\n{HELP}")),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            println!("{why}");
            ExitCode::FAILURE
        }
    }
}

/// What a command comes to: whether all was well, or why it could not even be found out.
type Outcome = Result<bool, String>;

/// Refuses arguments of a command that takes none.
fn no_arguments(command: &str, arguments: &[String]) -> Result<(), String> {
    arguments
        .first()
        .map_or(Ok(()), |first| Err(format!("{command} takes no argument, not {first}")))
}
