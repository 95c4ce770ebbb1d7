//! `undertone ratchet …`: the command line, and what each command does.

mod chunks;
mod conversations;
#[cfg(test)]
mod golden;
pub mod handshake;
mod message;
mod pipe;
mod state;

use std::io::Read as _;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, Subcommand};
use undertone_store::OpenError;
use undertone_store::key::{Cost, Protection};
use undertone_store::sessions::Sessions;

use crate::failure::Failure;
use crate::passphrase::Source;
use crate::streams::Streams;

/// The arguments of `undertone ratchet`.
#[derive(Args, Debug)]
pub struct Ratchet {
    /// The database with your conversations
    /// [default: ratchet.db in $UNDERTONE_HOME, or in undertone under $XDG_DATA_HOME].
    #[arg(long, global = true, value_name = "FILE")]
    db: Option<PathBuf>,
    /// The passphrase is the first line of this file. Without this it is asked for on the terminal.
    #[arg(long, global = true, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// The passphrase is the next line of this open file descriptor; of standard input (0), the
    /// lines after it are what the command works on.
    #[arg(long, global = true, value_name = "NUMBER", conflicts_with = "passphrase_file")]
    passphrase_fd: Option<u32>,
    /// The database has no passphrase: whoever can read its files can read everything.
    #[arg(long, global = true, conflicts_with_all = ["passphrase_file", "passphrase_fd"])]
    no_passphrase: bool,
    /// What to do.
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum Command {
    /// Begin a conversation: write a card for your partner, or answer theirs.
    #[command(after_help = "\
Examples:
  undertone ratchet init bob > for-bob.card               make a card for Bob
  undertone ratchet init ana --peer for-bob.card > answer  Bob: answer it
  undertone ratchet init bob --peer answer > last         Ana: her end is ready
  undertone ratchet init ana --peer last                  Bob: his end is ready

Whatever your partner gave you goes in by --peer; whatever comes out goes to your partner,
until it says that the conversation is ready. Then compare the fingerprints.")]
    Init {
        /// What you call your partner.
        name: String,
        /// The card that your partner gave you (`-`: standard input).
        #[arg(long, value_name = "FILE|-")]
        peer: Option<PathBuf>,
    },
    /// List the conversations.
    #[command(after_help = "Example:\n  undertone ratchet list")]
    List,
    /// Encrypt standard input to standard output.
    #[command(after_help = "\
Examples:
  echo hello | undertone ratchet encrypt bob --armor      a text for a mail
  undertone ratchet encrypt bob < photo.jpg > photo.ut    a file of any size")]
    Encrypt {
        /// For whom.
        name: String,
        /// Write lines of text instead of bytes, for mail and the clipboard.
        #[arg(long)]
        armor: bool,
    },
    /// Decrypt standard input to standard output. Works once for each message.
    #[command(after_help = "\
Examples:
  undertone ratchet decrypt bob < mail.txt                finds the message in a mail
  undertone ratchet decrypt bob --output photo.jpg < photo.ut")]
    Decrypt {
        /// From whom.
        name: String,
        /// Write to this file, which appears when everything was found to be whole.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Talk both ways over a program that carries bytes, such as nc, socat or ssh.
    #[command(after_help = "\
Examples:
  undertone ratchet pipe bob -- nc -l 5000                what you type goes to Bob
  tar c folder | undertone ratchet pipe bob -- nc -l 5000
  undertone ratchet pipe ana -- nc ana.example 5000 | tar x

Both ends run it. Standard input is what you say, standard output what your partner says; the
command's input and output carry packets.")]
    Pipe {
        /// With whom.
        name: String,
        /// The program that carries bytes, with its arguments.
        #[arg(last = true, required = true, value_name = "COMMAND")]
        carrier: Vec<std::ffi::OsString>,
    },
    /// Show the fingerprint of a conversation: the same at both ends, if nobody is between.
    #[command(after_help = "\
Examples:
  undertone ratchet fingerprint bob                       read it out to each other
  echo 12345 67890 … | undertone ratchet fingerprint bob --compare")]
    Fingerprint {
        /// Of which conversation.
        name: String,
        /// Compare it with the first line of standard input, and remember that it is the same.
        #[arg(long)]
        compare: bool,
    },
    /// Move a conversation to a database of its own, for another machine.
    #[command(after_help = "\
Example:
  undertone ratchet export bob --to bob.db

The conversation is then in bob.db and bob.db.key, which belong together; in this database it
can't be used any more, because two copies would use the same keys.")]
    Export {
        /// Which conversation.
        name: String,
        /// The database to make.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        /// The passphrase of that database is the first line of this file. Without this it is that
        /// of this database.
        #[arg(long, value_name = "FILE")]
        to_passphrase_file: Option<PathBuf>,
    },
    /// Erase a conversation with its keys. What arrives for it later can't be read.
    #[command(after_help = "Example:\n  undertone ratchet delete bob --yes")]
    Delete {
        /// Which conversation.
        name: String,
        /// Yes, for good.
        #[arg(long, required = true)]
        yes: bool,
    },
    /// Put another passphrase in place of the present one.
    #[command(after_help = "\
Examples:
  undertone ratchet passphrase                            asks for both
  undertone ratchet passphrase --passphrase-file old --new-file new")]
    Passphrase {
        /// The new passphrase is the first line of this file.
        #[arg(long, value_name = "FILE", conflicts_with = "new_none")]
        new_file: Option<PathBuf>,
        /// Do without one: whoever can read the files of the database can read everything.
        #[arg(long)]
        new_none: bool,
    },
}

/// Does what the command line says. With `json`, what is for programs is written as JSON lines.
///
/// # Errors
/// What the person has to read; nothing of it has been written yet.
pub fn run(ratchet: Ratchet, mut streams: Streams, json: bool) -> Result<(), Failure> {
    let Ratchet { db, passphrase_file, passphrase_fd, no_passphrase, command } = ratchet;
    let path = match db {
        Some(path) => path,
        None => crate::profile::home()?.root().join("ratchet.db"),
    };
    let source = Source {
        file: passphrase_file,
        descriptor: passphrase_fd,
        none: no_passphrase,
        ..Source::default()
    };
    let database = Database { path, source };
    let streams_ref = &mut streams;
    match command {
        Command::Init { name, peer } => {
            // The passphrase may stand before the card; nothing is made for a card that is none.
            let way = database.way(streams_ref)?;
            let incoming = match peer {
                None => None,
                Some(file) => Some(conversations::read_card(&file, streams_ref)?),
            };
            let sessions = database.go(&way)?;
            conversations::init(sessions, &name, incoming.as_ref(), streams_ref)
        }
        Command::List => conversations::list(&database.open(streams_ref)?, streams_ref, json),
        Command::Encrypt { name, armor } => {
            message::encrypt(database.open(streams_ref)?, &name, armor, streams_ref)
        }
        Command::Decrypt { name, output } => {
            message::decrypt(database.open(streams_ref)?, &name, output.as_deref(), streams_ref)
        }
        Command::Pipe { name, carrier } => {
            let sessions = database.open(streams_ref)?;
            pipe::pipe(sessions, &name, &carrier, streams)
        }
        Command::Fingerprint { name, compare } => {
            let sessions = database.open(streams_ref)?;
            conversations::fingerprint(sessions, &name, compare, streams_ref, json)
        }
        Command::Export { name, to, to_passphrase_file } => {
            let protection = database.protection(streams_ref)?;
            let sessions = Sessions::open(&database.path, &protection)?;
            let protection = match to_passphrase_file {
                None => protection,
                file => Source { file, ..Source::default() }.fresh(streams_ref)?,
            };
            conversations::export(sessions, &name, &to, &protection, streams_ref)
        }
        Command::Delete { name, yes: _ } => {
            database.open(streams_ref)?.delete::<Failure>(&name)?;
            streams.say("It is erased.");
            Ok(())
        }
        Command::Passphrase { new_file, new_none } => {
            let sessions = database.open(streams_ref)?;
            let new = Source { file: new_file, none: new_none, ..Source::default() };
            let protection = new.fresh(streams_ref)?;
            warn_of_none(&protection, streams_ref);
            sessions.protect(&protection, cost(&protection)?)?;
            streams
                .say("The passphrase is changed. An older copy of the key file keeps the old one.");
            Ok(())
        }
    }
}

/// Where the database is, and how its passphrase is given.
struct Database {
    path: PathBuf,
    source: Source,
}

impl Database {
    fn protection(&self, streams: &mut Streams) -> Result<Protection, Failure> {
        let needed = Sessions::needs_passphrase(&self.path)?;
        self.source.present(needed, "The passphrase of the database: ", streams)
    }

    fn open(&self, streams: &mut Streams) -> Result<Sessions, Failure> {
        let protection = self.protection(streams)?;
        Ok(Sessions::open(&self.path, &protection)?)
    }

    /// Whether it is to be opened or made, and with which passphrase.
    fn way(&self, streams: &mut Streams) -> Result<Way, Failure> {
        match Sessions::needs_passphrase(&self.path) {
            Err(OpenError::Missing) => {
                let protection = self.source.fresh(streams)?;
                warn_of_none(&protection, streams);
                Ok(Way::Create(protection))
            }
            _ => Ok(Way::Open(self.protection(streams)?)),
        }
    }

    fn go(&self, way: &Way) -> Result<Sessions, Failure> {
        let protection = match way {
            Way::Open(protection) => protection,
            Way::Create(protection) => {
                match Sessions::create(&self.path, protection, cost(protection)?) {
                    // Another process was faster; the passphrase has to be the same.
                    Err(OpenError::Exists) => protection,
                    other => return Ok(other?),
                }
            }
        };
        Ok(Sessions::open(&self.path, protection)?)
    }
}

/// How to come to a database.
enum Way {
    Open(Protection),
    Create(Protection),
}

/// What a try of a passphrase is to cost; measuring it takes as long as one.
pub(crate) fn cost(protection: &Protection) -> Result<Cost, Failure> {
    match protection {
        Protection::Passphrase(_) => Ok(Cost::calibrated()?),
        Protection::Nothing => Ok(Cost::FLOOR),
    }
}

fn warn_of_none(protection: &Protection, streams: &mut Streams) {
    if matches!(protection, Protection::Nothing) {
        streams.say(
            "Without a passphrase, whoever can read the files of the database can read everything.",
        );
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// At most `most` bytes of a file, or of standard input (`-`).
fn read_all(file: &std::path::Path, most: u64, streams: &mut Streams) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = if file == std::path::Path::new("-") {
        (&mut streams.input).take(most).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(most).read_to_end(&mut bytes))
    };
    read.map_err(|error| Failure::stream("Reading your partner's card", &error))?;
    Ok(bytes)
}
