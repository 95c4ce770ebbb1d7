//! The binary `undertone`: arguments and wiring, nothing else.

mod args;
#[cfg(feature = "sqlcipher")]
mod backup;
mod chat;
mod config;
mod demo;
mod doctor;
mod failure;
mod papers;
#[cfg(feature = "sqlcipher")]
mod profile;
#[cfg(feature = "sqlcipher")]
mod tools;
mod world;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use undertone_handle::json::error_line;
use undertone_handle::words::{Kind, UserError};
use undertone_node::environment::hardening::{self, LockLimit};
use zeroizing_alloc::ZeroAlloc;

use crate::args::{Cli, Command, Config};
use crate::config::Settings;
use crate::failure::{failure, internal};

/// Memory that is given back is overwritten first: texts pass through many hands that know nothing of
/// their being secret, and after a lock none of it may be there any more.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<std::alloc::System> = ZeroAlloc(std::alloc::System);

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
    let mut json = cli.common.json;
    match run(cli, limit, &mut json) {
        Exit::Code(code) => ExitCode::from(code),
        Exit::Told(error) => ExitCode::from(error.kind.exit_code()),
        Exit::Failed(error) => {
            tell(&error, json);
            ExitCode::from(error.kind.exit_code())
        }
    }
}

/// Says a failure: one JSON line on standard output, or sentences on standard error.
fn tell(error: &UserError, json: bool) {
    use std::io::Write as _;
    // Where nobody reads there is nobody to tell; the exit code remains.
    drop(if json {
        writeln!(std::io::stdout(), "{}", error_line(error))
    } else {
        writeln!(std::io::stderr(), "{}\n{}", error.message, error.hint)
    });
}

/// Does what the command line says. `json` becomes whether failures are told to a program.
fn run(cli: Cli, limit: LockLimit, json: &mut bool) -> Exit {
    // What needs no settings works whatever stands in the file.
    match cli.command {
        Some(Command::Licences) => return papers::licences(),
        Some(Command::Completions { shell }) => return papers::completions(shell),
        Some(Command::Man) => return papers::manual(),
        Some(Command::Config(Config { example: true })) => return config::example(),
        #[cfg(feature = "sqlcipher")]
        Some(Command::Ratchet(arguments)) => {
            return tools::ratchet(arguments, cli.common.json, limit);
        }
        #[cfg(feature = "sqlcipher")]
        Some(Command::Otr(arguments)) => return tools::otr(arguments, cli.common.json, limit),
        _ => {}
    }
    let settings = match Settings::gather(&cli, &config::of_process) {
        Ok(settings) => settings,
        Err(error) => return Exit::Failed(error),
    };
    *json = settings.json();
    let draws = cli.draws() && settings.screen();
    match cli.command {
        Some(Command::Config(_)) => config::config(&settings),
        #[cfg(feature = "sqlcipher")]
        Some(Command::Profile(arguments)) => profile::profile(arguments, &settings, limit),
        #[cfg(feature = "sqlcipher")]
        Some(Command::Contact(arguments)) => profile::contact(arguments, &settings, limit),
        #[cfg(feature = "sqlcipher")]
        Some(Command::Request(arguments)) => profile::request(arguments, &settings, limit),
        #[cfg(feature = "sqlcipher")]
        Some(Command::Address(arguments)) => profile::address(arguments, &settings, limit),
        #[cfg(feature = "sqlcipher")]
        Some(Command::Message(arguments)) => profile::message(arguments, &settings, limit),
        #[cfg(feature = "sqlcipher")]
        Some(Command::Backup(arguments)) => backup::backup(arguments, &settings, limit),
        command => converse(command, &settings, draws, limit),
    }
}

/// What needs a network, and so a runtime.
fn converse(command: Option<Command>, settings: &Settings, draws: bool, limit: LockLimit) -> Exit {
    let prepared = match world::prepare(settings, draws, limit) {
        Ok(prepared) => prepared,
        Err(error) => return Exit::Failed(error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Exit::Failed(internal(&error.kind())),
    };
    let exit = runtime.block_on(async {
        match command {
            Some(Command::Chat(chat)) => chat::chat(settings, chat, prepared).await,
            Some(Command::Demo(demo)) => demo::demo(settings, demo, prepared).await,
            Some(Command::Doctor(doctor)) => doctor::doctor(settings, doctor, prepared).await,
            Some(_) => Exit::Code(0),
            None => chat::start_screen(settings, prepared).await,
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
