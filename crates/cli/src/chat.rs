//! `undertone chat`, and the start screen that leads there.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, IsTerminal as _, Read as _, Write as _};
use std::path::Path;

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use undertone_handle::command::{Name, Role};
#[cfg(feature = "sqlcipher")]
use undertone_handle::words::Locked;
use undertone_handle::words::{Kind, UserError};
use undertone_handle::{Handle, SecretText};
use undertone_node::environment::hardening::Hardening;
use undertone_tui::plain::{AtEnd, Lines, Options, Shape, Streams};
use undertone_tui::{End, Outcome, Plan, World, plain, screen};
use undertone_wire::code::Code;
use zeroize::Zeroizing;

use crate::args::{Chat, NetworkChoice};
use crate::config::{Colour, Settings};
use crate::failure::{failure, internal};
use crate::world::{
    Connection, Interrupts, Prepared, clocks, connect, has_terminal, in_memory, kind, plan,
};
use crate::{Exit, no_terminal};

/// The longest first line of a file with a code or a secret, in bytes.
const LONGEST_LINE: u64 = 4096;

/// `undertone chat`.
pub(crate) async fn chat(settings: &Settings, chat: Chat, prepared: Prepared) -> Exit {
    if settings.screen() && !has_terminal() {
        return Exit::Failed(no_terminal());
    }
    #[cfg(feature = "sqlcipher")]
    if chat.keep || !(chat.serve || chat.join || chat.ephemeral) {
        return crate::profile::chat(settings, chat, prepared).await;
    }
    // The files that the plan is made of are read first: a network may change the directory.
    let filled = fill(&chat, settings)
        .and_then(|plan| Ok((plan, connect(settings.network.value, &settings.details())?)));
    match filled {
        Ok((plan, connection)) => converse(settings, plan, connection, prepared).await,
        Err(error) => Exit::Failed(error),
    }
}

/// `undertone` alone.
pub(crate) async fn start_screen(settings: &Settings, prepared: Prepared) -> Exit {
    if settings.screen() && !has_terminal() {
        return Exit::Failed(no_terminal());
    }
    let connection = connect(settings.network.value, &settings.details());
    let planned = connection.and_then(|c| Ok((plan(c.network.kind, false, settings)?, c)));
    match planned {
        Ok((plan, connection)) => converse(settings, plan, connection, prepared).await,
        Err(error) => Exit::Failed(error),
    }
}

/// What the command line says about a chat.
pub(crate) fn fill(chat: &Chat, settings: &Settings) -> Result<Plan, UserError> {
    let name = |option: &Option<String>, what: &str| match option {
        Some(text) => Name::parse(text).map(Some).map_err(|error| {
            failure(Kind::Usage, &format!("{what}: {error}."), "Choose another name.")
        }),
        None => Ok(None),
    };
    let mut plan = plan(kind(settings.network.value), false, settings)?;
    plan.role =
        (chat.serve || chat.join).then_some(if chat.serve { Role::Host } else { Role::Guest });
    plan.nick = name(&chat.nick, "Your name can't be used")?;
    plan.peer = name(&chat.peer, "Your partner's name can't be used")?;
    plan.check = if chat.smp { Some(true) } else { chat.no_smp.then_some(false) };
    if let Some(path) = &chat.code_file {
        let code = Code::parse(&first_line(path, "code")?).map_err(|error| {
            failure(Kind::Usage, &format!("The code can't be used: {error}."), "Look at it again.")
        })?;
        plan.code = Some(code);
    }
    if let Some(path) = &chat.secret_file {
        plan.secret = Some(SecretText::new(first_line(path, "secret")?.to_string()));
    }
    Ok(plan)
}

/// The first line of a file, or of standard input, and no byte more: what follows on standard input
/// belongs to the conversation.
fn first_line(path: &Path, what: &str) -> Result<Zeroizing<String>, UserError> {
    let unreadable = |error: io::Error| {
        failure(
            Kind::Usage,
            &format!("The {what} could not be read: {}.", error.kind()),
            "Name a file whose first line it is, or - for standard input.",
        )
    };
    let mut line = Zeroizing::new(String::new());
    if path.as_os_str() == "-" {
        let mut bytes = Zeroizing::new(Vec::new());
        let mut byte = [0];
        while (bytes.len() as u64) < LONGEST_LINE {
            // Byte by byte and without a buffer, so that nothing of the next line is taken.
            match rustix::io::read(io::stdin(), &mut byte) {
                Ok(1) if byte != *b"\n" => bytes.push(byte[0]),
                Ok(_) => break,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(unreadable(error.into())),
            }
        }
        let text = std::str::from_utf8(&bytes);
        line.push_str(text.map_err(|_| unreadable(io::ErrorKind::InvalidData.into()))?);
    } else {
        let file = File::open(path).map_err(unreadable)?;
        BufReader::new(file).take(LONGEST_LINE).read_line(&mut line).map_err(unreadable)?;
    }
    let trimmed = Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned());
    if trimmed.trim().is_empty() {
        return Err(unreadable(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(trimmed)
}

/// Runs a face over a node of its own, of which nothing is kept, and ends both.
async fn converse(
    settings: &Settings,
    plan: Plan,
    connection: Connection,
    prepared: Prepared,
) -> Exit {
    say_first(&connection.notices, &prepared.hardening);
    let started = in_memory().and_then(|storage| {
        undertone_node::start(connection.network.clone(), storage).map_err(|error| internal(&error))
    });
    let (handle, node) = match started {
        Ok(started) => started,
        Err(error) => return Exit::Failed(error),
    };
    let interrupts = Interrupts::new(prepared.signals);
    let world = World { clock: clocks(), interrupts: interrupts.face(), keeper: None };
    let outcome = face(settings, handle, plan, world).await;
    node.ended().await;
    // What the network left in memory goes only after the node.
    drop(connection);
    if outcome.end == End::Demo && interrupts.code().is_none() {
        return crate::demo::on_screen(settings, NetworkChoice::Local, &interrupts).await;
    }
    exit(outcome, &interrupts)
}

/// How the program exits after a face.
pub(crate) fn exit(outcome: Outcome, interrupts: &Interrupts) -> Exit {
    match (interrupts.code(), outcome.end) {
        (Some(code), _) => Exit::Code(code),
        (None, End::Done | End::Demo | End::Locked(..)) => Exit::Code(0),
        (None, End::Failed(error)) if outcome.told => Exit::Told(error),
        (None, End::Failed(error)) => Exit::Failed(error),
    }
}

/// Runs the face that the command line asks for.
pub(crate) async fn face(settings: &Settings, handle: Handle, plan: Plan, world: World) -> Outcome {
    Faces::new(settings).run(handle, plan, world).await
}

/// The faces of one process, one after the other: what one has read of the input and not used is there
/// for the next.
pub(crate) struct Faces {
    shape: Option<Shape>,
    colour: bool,
    input: Lines<tokio::io::BufReader<tokio::io::Stdin>>,
}

impl Faces {
    pub(crate) fn new(settings: &Settings) -> Self {
        let shape = match (settings.screen(), settings.json()) {
            (true, _) => None,
            (false, true) => Some(Shape::Json),
            (false, false) => Some(Shape::Words),
        };
        let colour = settings.colour.value == Colour::Auto;
        Self { shape, colour, input: Lines::new(tokio::io::BufReader::new(tokio::io::stdin())) }
    }

    /// Runs the face over a node.
    pub(crate) async fn run(&mut self, handle: Handle, plan: Plan, world: World) -> Outcome {
        let Some(shape) = self.shape else { return screen::run(handle, plan, world).await };
        let terminal = shape == Shape::Words && has_terminal();
        let options = Options { shape, at_end: AtEnd::Leave, terminal };
        plain::run(handle, plan, world, options, streams(&mut self.input)).await
    }

    /// Asks for the password of a locked profile, once. `None`: the user leaves.
    #[cfg(feature = "sqlcipher")]
    pub(crate) async fn unlock(
        &mut self,
        name: &str,
        why: Locked,
        failure: Option<UserError>,
        world: &mut World,
    ) -> Result<Option<SecretText>, UserError> {
        match self.shape {
            None => {
                let gate = screen::Gate::new(name, why, self.colour, failure.as_ref());
                screen::unlock(gate, world).await
            }
            Some(shape) => {
                let gate = plain::Gate::new(name, why, shape, failure);
                plain::unlock(gate, world, streams(&mut self.input)).await
            }
        }
    }

    /// Says something before a face begins.
    #[cfg(feature = "sqlcipher")]
    pub(crate) fn say(&self, sentence: &str) {
        // Where nobody reads there is nobody to tell.
        drop(writeln!(io::stderr(), "{sentence}"));
    }

    /// The end with a failure, on a terminal that was given back.
    #[cfg(feature = "sqlcipher")]
    pub(crate) fn failed(&self, error: UserError) -> Exit {
        screen::restore();
        Exit::Failed(error)
    }
}

/// Standard input, output and error.
fn streams<R>(
    input: &mut Lines<R>,
) -> Streams<'_, R, tokio::io::Stdout, tokio::io::Stderr, fn(bool)> {
    Streams { input, output: tokio::io::stdout(), words: tokio::io::stderr(), hide }
}

/// What the user should know before anything else, on standard error: it stays readable after the
/// full screen is gone.
pub(crate) fn say_first(notices: &[String], hardening: &Hardening) {
    let mut words = String::from(
        "Undertone has not been audited by anyone. Do not trust your safety to it yet.\n",
    );
    for sentence in notices.iter().chain(&hardening.warnings()) {
        words.push_str(sentence);
        words.push('\n');
    }
    // Where nobody reads there is nobody to tell.
    drop(io::stderr().write_all(words.as_bytes()));
}

/// Switches the terminal's echo off and on while a secret is typed as a line.
fn hide(hidden: bool) {
    let input = io::stdin();
    if !input.is_terminal() {
        return;
    }
    if let Ok(mut modes) = tcgetattr(&input) {
        modes.local_modes.set(LocalModes::ECHO, !hidden);
        // A terminal that refuses shows what is typed, as the user sees.
        let _: rustix::io::Result<()> = tcsetattr(&input, OptionalActions::Now, &modes);
    }
}
