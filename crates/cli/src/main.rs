//! The binary `undertone`: arguments and wiring, nothing else.

mod args;
mod chat;
mod demo;
mod doctor;
mod failure;
mod papers;
#[cfg(feature = "sqlcipher")]
mod tools;
mod world;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use undertone_handle::json;
use undertone_handle::words::{Kind, UserError};
use undertone_node::environment::hardening::{self, LockLimit};

use crate::args::{Cli, Command, Common};
use crate::failure::{failure, internal};

/// What is left of the runtime's tasks at the end gets so long; none of them matters any more.
const LAST_TASKS: Duration = Duration::from_millis(200);

/// How the program ends.
pub(crate) enum Exit {
    /// With this code; 0 when everything went as asked.
    Code(u8),
    /// With a failure that the user has not read yet.
    Failed(UserError),
    /// With a failure that the user has read.
    Told(UserError),
}

fn main() -> ExitCode {
    let limit = LockLimit::read();
    hardening::bound_allocator(limit);
    let cli = Cli::parse();
    let common = cli.common.clone();
    match run(cli, limit) {
        Exit::Code(code) => ExitCode::from(code),
        Exit::Told(error) => ExitCode::from(error.kind.exit_code()),
        Exit::Failed(error) => {
            tell(&error, &common);
            ExitCode::from(error.kind.exit_code())
        }
    }
}

/// Says a failure: one JSON line on standard output, or sentences on standard error.
fn tell(error: &UserError, common: &Common) {
    use std::io::Write as _;
    // Where nobody reads there is nobody to tell; the exit code remains.
    drop(if common.json {
        writeln!(std::io::stdout(), "{}", json::error_line(error))
    } else {
        writeln!(std::io::stderr(), "{}\n{}", error.message, error.hint)
    });
}

fn run(cli: Cli, limit: LockLimit) -> Exit {
    match cli.command {
        Some(Command::Licences) => return papers::licences(),
        Some(Command::Completions { shell }) => return papers::completions(shell),
        Some(Command::Man) => return papers::manual(),
        #[cfg(feature = "sqlcipher")]
        Some(Command::Ratchet(arguments)) => {
            return tools::ratchet(arguments, cli.common.json, limit);
        }
        #[cfg(feature = "sqlcipher")]
        Some(Command::Otr(arguments)) => return tools::otr(arguments, cli.common.json, limit),
        _ => {}
    }
    let prepared = match world::prepare(&cli.common, cli.draws(), limit) {
        Ok(prepared) => prepared,
        Err(error) => return Exit::Failed(error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Exit::Failed(internal(&error.kind())),
    };
    let exit = runtime.block_on(async {
        match cli.command {
            Some(Command::Chat(chat)) => chat::chat(&cli.common, chat, prepared).await,
            Some(Command::Demo(demo)) => demo::demo(&cli.common, demo, prepared).await,
            Some(Command::Doctor(doctor)) => doctor::doctor(&cli.common, doctor, prepared).await,
            Some(_) => Exit::Code(0),
            None => chat::start_screen(&cli.common, prepared).await,
        }
    });
    runtime.shutdown_timeout(LAST_TASKS);
    exit
}

/// The failure of a full screen without a terminal.
pub(crate) fn no_terminal() -> UserError {
    failure(
        Kind::Environment,
        "There is no terminal to draw on: standard input or output is a file or a pipe.",
        "Run it in a terminal, or with --plain for lines, or with --json for programs.",
    )
}
