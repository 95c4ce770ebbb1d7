//! `undertone backup …`: a profile in one file under a passphrase of its own, and back.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;
use undertone_store::backup::{ReadError, Reader, WriteError, Writer};
use undertone_store::key::{Cost, Passphrase, Protection};
use undertone_store::profile::{BackUpError, Backup as Read, Contents, Profile, RestoreError};
use undertone_store::profiles::{HomeError, ProfileName};

use crate::failure::{Failure, Kind};
use crate::passphrase::{Noun, Source};
use crate::profile::{Whose, database, home, mend, quoted, source, warn_of_none};
use crate::ratchet::cost;
use crate::streams::Streams;

/// The version in lines for programs.
const JSON_VERSION: u8 = 1;

/// What is said before and after a restore.
const WHAT_A_RESTORE_DOES: &str = "\
What a restore does: a backup has no keys of conversations, so nothing is sent before both sides have \
agreed on new ones. That happens by itself when a contact is connected, and each contact is told that \
you were restored. What came in since the backup was made is not here. End the machine that the \
backup came from, if it still runs, and do not start it again: of two copies the older is refused.";

/// The arguments of `undertone backup`.
#[derive(Args, Debug)]
pub struct Backup {
    /// What to do.
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum Command {
    /// Write a profile to one file, under a passphrase of its own.
    #[command(after_help = "\
Examples:
  undertone backup create work.backup              asks for the password, and for a new passphrase twice
  undertone backup create work.backup --profile work --no-history
  undertone backup create b --password-file password.txt --passphrase-file words.txt

Contacts, their keys for a repair, histories, drafts and what waits to be sent are in it. Not in it: keys
of conversations, messages that disappear, settings of the program. Whoever has the file and its
passphrase can come to your contacts as you: they are told that you were restored.")]
    Create {
        /// Where it goes; never in place of another file.
        file: PathBuf,
        /// Without messages, drafts and what waits to be sent: contacts alone.
        #[arg(long)]
        no_history: bool,
        /// How the passphrase of the backup is given.
        #[command(flatten)]
        passphrase: Words,
        /// Of which profile.
        #[command(flatten)]
        whose: Whose,
    },
    /// Make a new profile of a backup, on this machine or another.
    #[command(after_help = "\
Examples:
  undertone backup restore work.backup             under the name that the profile had
  undertone backup restore work.backup --profile again

A backup has no keys of conversations, so nothing is sent before both sides have agreed on new ones. That
happens by itself when a contact is connected, and each contact is told that you were restored. Of two
copies of a profile the older is refused: end the machine that the backup came from.")]
    Restore {
        /// The backup.
        file: PathBuf,
        /// How the passphrase of the backup is given.
        #[command(flatten)]
        passphrase: Words,
        /// The new profile, and how its password is given.
        #[command(flatten)]
        whose: Whose,
    },
}

/// How the passphrase of a backup is given.
#[derive(Args, Debug)]
struct Words {
    /// The passphrase of the backup is the first line of this file. Without this it is asked for on
    /// the terminal.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// The passphrase of the backup is the next line of this open file descriptor.
    #[arg(long, value_name = "NUMBER", conflicts_with = "passphrase_file")]
    passphrase_fd: Option<u32>,
}

impl Words {
    fn source(self) -> Source {
        let Self { passphrase_file, passphrase_fd } = self;
        Source { noun: Noun::Backup, ..source(passphrase_file, passphrase_fd, false) }
    }
}

/// Does what the command line says. `chosen` is the profile that is meant where none is named. With
/// `json`, what is for programs is written as JSON lines.
///
/// # Errors
/// What the person has to read.
pub fn run(
    backup: Backup,
    chosen: Option<&str>,
    mut streams: Streams,
    json: bool,
) -> Result<(), Failure> {
    let streams = &mut streams;
    match backup.command {
        Command::Create { file, no_history, passphrase, whose } => {
            let (profile, held) = database(whose, chosen, streams)?;
            let words = wanted(passphrase.source().fresh(streams)?)?;
            let writer = Writer::create(&file, &words, Cost::calibrated()?)?;
            let written = profile.back_up(writer, held.name(), !no_history)?;
            streams.say(&format!(
                "The profile {} is in {}: {}. Nobody can give you another passphrase for it.",
                quoted(held.name()),
                quoted(&file.to_string_lossy()),
                counted(written),
            ));
            streams.say(WHAT_A_RESTORE_DOES);
            put(streams, json, "backup.created", held.name(), written)
        }
        Command::Restore { file, passphrase, whose } => {
            restore(&file, passphrase.source(), whose, streams, json)
        }
    }
}

fn restore(
    file: &Path,
    passphrase: Source,
    whose: Whose,
    streams: &mut Streams,
    json: bool,
) -> Result<(), Failure> {
    let home = home()?;
    mend(&home, streams);
    let (name, password) = whose.apart();
    let question = format!("The passphrase of {}: ", quoted(&file.to_string_lossy()));
    let words = wanted(passphrase.present(true, &question, streams)?)?;
    let backup = Read::begin(Reader::open(file, &words)?)?;
    let name = name.as_deref().unwrap_or(backup.name());
    let name = ProfileName::parse(name).map_err(HomeError::from)?;
    // Said before a password is thought up for it.
    if home.choose(Some(name.as_str())).is_ok() {
        let hint = "Give the restored one another name with --profile: nothing is ever restored over a \
                    profile that is there.";
        return Err(Failure { hint: hint.to_owned(), ..HomeError::NameTaken.into() });
    }
    let protection = password.fresh(streams)?;
    warn_of_none(&protection, streams);
    let mut contents = Contents::default();
    let made = home.create(&name, &protection, cost(&protection)?, |path, key| {
        contents = Profile::restore_under(path, key, backup)?;
        Ok::<_, Failure>(())
    })?;
    drop(made);
    streams.say(&format!(
        "The profile {} is restored: {}.",
        quoted(name.as_str()),
        counted(contents)
    ));
    streams.say(WHAT_A_RESTORE_DOES);
    put(streams, json, "backup.restored", name.as_str(), contents)
}

/// A backup always has a passphrase.
fn wanted(protection: Protection) -> Result<Passphrase, Failure> {
    match protection {
        Protection::Passphrase(words) => Ok(words),
        Protection::Nothing => Err(Failure::new(
            Kind::Usage,
            "A backup needs a passphrase.",
            "Take several words that nobody would guess.",
        )),
    }
}

fn counted(Contents { contacts, messages }: Contents) -> String {
    let of = |count: u64, one: &str, many: &str| match count {
        1 => format!("one {one}"),
        count => format!("{count} {many}"),
    };
    format!("{}, {}", of(contacts, "contact", "contacts"), of(messages, "message", "messages"))
}

fn put(
    streams: &mut Streams,
    json: bool,
    event: &str,
    profile: &str,
    Contents { contacts, messages }: Contents,
) -> Result<(), Failure> {
    if !json {
        return Ok(());
    }
    let line = json!({
        "v": JSON_VERSION, "event": event, "profile": profile, "contacts": contacts,
        "messages": messages,
    });
    let written = streams.output.write_all(format!("{line}\n").as_bytes());
    written
        .and_then(|()| streams.output.flush())
        .map_err(|error| Failure::stream("Writing the output", &error))
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        let kind = match error {
            WriteError::Exists => Kind::Usage,
            _ => Kind::Environment,
        };
        Self::said(kind, &error, error.hint())
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        let kind = match error {
            ReadError::WrongPassphrase | ReadError::Missing | ReadError::Foreign => Kind::Usage,
            ReadError::Damaged | ReadError::CutOff => Kind::CheckFailed,
            _ => Kind::Environment,
        };
        Self::said(kind, &error, error.hint())
    }
}

impl From<BackUpError> for Failure {
    fn from(error: BackUpError) -> Self {
        match error {
            BackUpError::Write(error) => error.into(),
            BackUpError::Profile(fault) => fault.into(),
        }
    }
}

impl From<RestoreError> for Failure {
    fn from(error: RestoreError) -> Self {
        match error {
            RestoreError::Read(error) => error.into(),
            RestoreError::Profile(fault) => fault.into(),
            RestoreError::Open(error) => error.into(),
        }
    }
}
