//! `undertone profile …`: the folders of lasting profiles and their passwords.

use std::io::Write as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use undertone_store::OpenError;
use undertone_store::key::{KeyError, Protection};
pub use undertone_store::profile::Reader;
use undertone_store::profile::{AnyStorage, Profile as Database};
use undertone_store::profiles::{
    self, Held, Home, HomeError, Mended, PasswordError, ProfileName, State, Variables,
};

use crate::failure::Failure;
use crate::passphrase::{Noun, Source, parse};
use crate::ratchet::cost;
use crate::streams::{Streams, first_line};

/// The version in lines for programs.
const JSON_VERSION: u8 = 1;

/// The longest line in which a name is typed, in bytes.
const LONGEST_LINE: usize = 4096;

/// The arguments of `undertone profile`.
#[derive(Args, Debug)]
pub struct Profile {
    /// What to do.
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum Command {
    /// List the profiles of this machine.
    #[command(after_help = "\
Examples:
  undertone profile list
  undertone profile list --json")]
    List,
    /// Make a profile.
    #[command(after_help = "\
Examples:
  undertone profile new                   \"profile 1\", which tells nobody anything
  undertone profile new work              asks for a password, twice
  undertone profile new work --password-file password.txt

The name lies readable on the disk, because the list is shown before the password.")]
    New {
        /// What you call it; local, never sent.
        name: Option<String>,
        /// How the password is given.
        #[command(flatten)]
        password: Given,
    },
    /// Put another password in place of the present one.
    #[command(after_help = "\
Examples:
  undertone profile password              of the profile that was used last; asks for both
  undertone profile password work --password-file old --new-file new

Nothing else is written anew. Who has kept the old key file still gets in with the old password.")]
    Password {
        /// Of which profile; without it, that which was used last.
        name: Option<String>,
        /// How the present password is given.
        #[command(flatten)]
        password: Given,
        /// The new password is the first line of this file.
        #[arg(long, value_name = "FILE", conflicts_with_all = ["new_fd", "new_none"])]
        new_file: Option<PathBuf>,
        /// The new password is the next line of this open file descriptor.
        #[arg(long, value_name = "NUMBER", conflicts_with = "new_none")]
        new_fd: Option<u32>,
        /// Do without one: whoever can read the files of the profile can read everything.
        #[arg(long)]
        new_none: bool,
    },
    /// Destroy a profile: its key first, then everything in it.
    #[command(after_help = "\
Examples:
  undertone profile destroy work          asks you to type the name in full
  echo work | undertone profile destroy work

It needs no password. Your contacts are not told, and backups elsewhere stay.")]
    Destroy {
        /// Which profile.
        name: String,
    },
    /// Show the folder that a profile is in.
    #[command(after_help = "Example:\n  undertone profile path work")]
    Path {
        /// Which profile; without it, that which was used last.
        name: Option<String>,
    },
}

/// How a password is given.
#[derive(Args, Debug)]
struct Given {
    /// The password is the first line of this file. Without this it is asked for on the terminal.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// The password is the next line of this open file descriptor.
    #[arg(long, value_name = "NUMBER", conflicts_with = "password_file")]
    password_fd: Option<u32>,
    /// There is no password: whoever can read the files of the profile can read everything.
    #[arg(long, conflicts_with_all = ["password_file", "password_fd"])]
    no_password: bool,
}

/// Which profile, and how its password is given.
#[derive(Args, Debug)]
pub struct Whose {
    /// Which lasting profile; without it, that of the settings, or that which was used last.
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// How the password is given.
    #[command(flatten)]
    password: Given,
}

impl Whose {
    /// The profile that is named, if one is, and where its password comes from.
    pub(crate) fn apart(self) -> (Option<String>, Source) {
        (self.profile, self.password.source())
    }
}

impl Given {
    fn source(self) -> Source {
        let Self { password_file, password_fd, no_password } = self;
        source(password_file, password_fd, no_password)
    }
}

pub(crate) fn source(file: Option<PathBuf>, descriptor: Option<u32>, none: bool) -> Source {
    Source { noun: Noun::Password, file, descriptor, none }
}

/// Where profiles and the databases of the tools are, as the environment says it.
///
/// # Errors
/// It doesn't say.
pub fn home() -> Result<Home, Failure> {
    Ok(Home::find(Variables {
        undertone_home: std::env::var_os("UNDERTONE_HOME"),
        xdg_data_home: std::env::var_os("XDG_DATA_HOME"),
        home: std::env::var_os("HOME"),
    })?)
}

/// A profile that this process has, unlocked.
pub struct Opened {
    /// What a node writes to.
    pub storage: AnyStorage,
    /// What interfaces read from.
    pub reader: Reader,
    /// As long as this lives no other process can have the profile.
    pub held: Holding,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened").field("held", &self.held).finish_non_exhaustive()
    }
}

/// A profile that this process has, unlocked or not.
#[derive(Debug)]
pub struct Holding(Held);

impl Holding {
    /// What its owner calls it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.label()
    }

    /// Whether it has a password.
    ///
    /// # Errors
    /// Its key file can't be read.
    pub fn needs_password(&self) -> Result<bool, Failure> {
        Ok(self.0.needs_password()?)
    }

    /// Unlocks it, for a node and for look-ups. Lasts about half a second with a password, whether it is
    /// right or wrong.
    ///
    /// # Errors
    /// The password is wrong, the machine fails.
    pub fn unlock(&self, key: &Key) -> Result<(AnyStorage, Reader), Failure> {
        let database = self.database(key)?;
        let reader = database.reader()?;
        Ok((Box::new(database), reader))
    }

    fn database(&self, key: &Key) -> Result<Database, Failure> {
        let key = self.0.unlock(&key.0)?;
        let opened = Database::open_under(&self.0.database(), key);
        // In the words for profiles: nobody named a database.
        opened.map_err(|error| match error {
            OpenError::Fault(fault) => Failure::from(HomeError::Fault(fault)),
            other => other.into(),
        })
    }

    /// What was given, or else what is typed on the terminal.
    fn key(&self, given: Option<Key>, streams: &mut Streams) -> Result<Key, Failure> {
        if let Some(key) = given {
            return Ok(key);
        }
        let question = format!("The password of the profile {}: ", quoted(self.name()));
        Ok(Key(source(None, None, false).present(true, &question, streams)?))
    }

    /// Puts another password in place of the present one. The key of the database stays what it is, and
    /// so does the database. `false`: the present one was given wrong, and stays.
    ///
    /// # Errors
    /// The machine fails; the present password stays.
    pub fn change(&self, present: &Key, new: &Key) -> Result<bool, Failure> {
        let key = match self.0.unlock(&present.0) {
            Ok(key) => key,
            Err(PasswordError(
                KeyError::WrongPassphrase | KeyError::NoPassphrase | KeyError::PassphraseNeeded,
            )) => {
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
        };
        self.0.protect(&key, &new.0, cost(&new.0)?)?;
        Ok(true)
    }
}

/// What unlocks a profile.
pub struct Key(Protection);

impl Key {
    /// A password, or none.
    ///
    /// # Errors
    /// It is empty or too long.
    pub fn new(password: Option<&str>) -> Result<Self, Failure> {
        match password {
            Some(text) => Ok(Self(Protection::Passphrase(parse(Noun::Password, text.as_bytes())?))),
            None => Ok(Self(Protection::Nothing)),
        }
    }
}

impl std::fmt::Debug for Key {
    /// Says nothing of the password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

/// Takes the chosen profile, or that which was used last, for this process. With it comes what unlocks
/// it, if that was given or nothing is needed; else somebody has to be asked.
///
/// # Errors
/// There is no such profile, another process has it, what was given is no password.
pub fn hold(
    whose: Whose,
    chosen: Option<&str>,
    streams: &mut Streams,
) -> Result<(Holding, Option<Key>), Failure> {
    let Whose { profile, password } = whose;
    let chosen = profile.as_deref().or(chosen);
    let home = home()?;
    mend(&home, streams);
    let held = home.hold(&home.choose(chosen)?)?;
    let given = password.source().given(streams)?;
    let key = match given {
        Some(protection) => Some(Key(protection)),
        None if held.needs_password()? => None,
        None => Some(Key(Protection::Nothing)),
    };
    Ok((Holding(held), key))
}

/// Takes the chosen profile, or that which was used last, and unlocks it; the password is asked for if
/// it was not given.
///
/// # Errors
/// There is no such profile, another process has it, the password is wrong, the machine fails.
pub fn open(whose: Whose, chosen: Option<&str>, streams: &mut Streams) -> Result<Opened, Failure> {
    let (holding, key) = hold(whose, chosen, streams)?;
    let key = holding.key(key, streams)?;
    let (storage, reader) = holding.unlock(&key)?;
    Ok(Opened { storage, reader, held: holding })
}

/// The same, as the database that it is.
pub(crate) fn database(
    whose: Whose,
    chosen: Option<&str>,
    streams: &mut Streams,
) -> Result<(Database, Holding), Failure> {
    let (holding, key) = hold(whose, chosen, streams)?;
    let key = holding.key(key, streams)?;
    Ok((holding.database(&key)?, holding))
}

/// A storage that lives and dies with the process: the same tables, in memory alone.
///
/// # Errors
/// The machine gives no memory or no randomness for it.
pub fn in_memory() -> Result<AnyStorage, Failure> {
    Ok(Box::new(Database::in_memory()?))
}

/// Does what the command line says. `chosen` is the profile that is meant where none is named; none
/// is the one that was used last. With `json`, what is for programs is written as JSON lines.
///
/// # Errors
/// What the person has to read; nothing of it has been written yet.
pub fn run(
    profile: Profile,
    chosen: Option<&str>,
    mut streams: Streams,
    json: bool,
) -> Result<(), Failure> {
    let home = home()?;
    let streams = &mut streams;
    mend(&home, streams);
    match profile.command {
        Command::List => list(&home, streams, json),
        Command::New { name, password } => {
            make(&home, name.as_deref(), &password.source(), streams, json)
        }
        Command::Password { name, password, new_file, new_fd, new_none } => {
            let held = home.hold(&home.choose(name.as_deref().or(chosen))?)?;
            let question = format!("The password of the profile {}: ", quoted(held.label()));
            let present = password.source().present(held.needs_password()?, &question, streams)?;
            // Before the new one is asked for: a wrong one is said at once.
            let key = held.unlock(&present)?;
            let new = source(new_file, new_fd, new_none).fresh(streams)?;
            warn_of_none(&new, streams);
            held.protect(&key, &new, cost(&new)?)?;
            streams
                .say("The password is changed. An older copy of the key file keeps the old one.");
            Ok(())
        }
        Command::Destroy { name } => destroy(&home, &name, streams),
        Command::Path { name } => {
            let profile = home.choose(name.as_deref().or(chosen))?;
            let folder = home.folder(profile.id());
            let folder = folder.to_string_lossy();
            let line = json!({ "v": JSON_VERSION, "name": profile.label(), "path": folder });
            put(streams, &if json { format!("{line}\n") } else { format!("{folder}\n") })
        }
    }
}

/// Puts in order what killed processes left. What can't be put in order now keeps nobody from
/// reading the list; who wants to write is told then.
pub(crate) fn mend(home: &Home, streams: &mut Streams) {
    let Mended { unfinished, destroyed, .. } = home.mend().unwrap_or_default();
    if unfinished > 0 {
        streams.say("Making a profile had broken off; what was left of it is removed.");
    }
    if destroyed > 0 {
        streams.say("Destroying a profile had broken off; it is destroyed now.");
    }
}

fn list(home: &Home, streams: &mut Streams, json: bool) -> Result<(), Failure> {
    let all = home.list()?;
    if all.is_empty() && !json {
        streams.say("There is no profile yet; `undertone profile new` makes one.");
    }
    let width = all.iter().map(|one| one.label().chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for profile in &all {
        if json {
            text.push_str(&line(profile).to_string());
        } else {
            let label = profile.label();
            let last = if profile.is_last() { "used last" } else { "" };
            let row = format!("{label:width$}  {:13}  {last}", words(profile.state()));
            text.push_str(row.trim_end());
        }
        text.push('\n');
    }
    put(streams, &text)
}

/// A profile for programs.
fn line(profile: &profiles::Profile) -> Value {
    json!({
        "v": JSON_VERSION,
        "name": profile.label(),
        "id": profile.id().as_str(),
        "state": match profile.state() {
            State::Password => "password",
            State::NoPassword => "no_password",
            State::Newer => "newer",
            _ => "damaged",
        },
        "last": profile.is_last(),
    })
}

fn words(state: State) -> &'static str {
    match state {
        State::Password => "password",
        State::NoPassword => "no password",
        State::Newer => "newer version",
        _ => "damaged",
    }
}

fn make(
    home: &Home,
    name: Option<&str>,
    password: &Source,
    streams: &mut Streams,
    json: bool,
) -> Result<(), Failure> {
    let name = match name {
        Some(text) => ProfileName::parse(text).map_err(HomeError::from)?,
        None => home.unused_name()?,
    };
    // Said before a password is thought up for it.
    if home.choose(Some(name.as_str())).is_ok() {
        return Err(HomeError::NameTaken.into());
    }
    let protection = password.fresh(streams)?;
    warn_of_none(&protection, streams);
    let made = home.create(&name, &protection, cost(&protection)?, |path, key| {
        Ok::<_, Failure>(Database::create_under(path, key)?)
    })?;
    drop(made);
    let words = match protection {
        Protection::Passphrase(_) => {
            "is made. Nobody can give you another password for it: keep this one."
        }
        Protection::Nothing => "is made.",
    };
    streams.say(&format!("The profile {} {words}", quoted(name.as_str())));
    if json {
        let made = home.choose(Some(name.as_str()))?;
        put(streams, &format!("{}\n", line(&made)))?;
    }
    Ok(())
}

fn destroy(home: &Home, name: &str, streams: &mut Streams) -> Result<(), Failure> {
    let held = home.hold(&home.choose(Some(name))?)?;
    streams.say(&format!(
        "This destroys the profile {} on this machine for good: its key first, then its contacts, \
         conversations and files. Your contacts are not told. Backups elsewhere stay.\n\
         Type its name in full, or nothing to keep it:",
        quoted(held.label())
    ));
    let typed = first_line(&mut streams.input, LONGEST_LINE)
        .map_err(|error| Failure::stream("Reading the name", &error))?
        .unwrap_or_default();
    home.destroy(held, &String::from_utf8_lossy(&typed))?;
    streams.say("It is destroyed.");
    Ok(())
}

pub(crate) fn warn_of_none(protection: &Protection, streams: &mut Streams) {
    if matches!(protection, Protection::Nothing) {
        streams.say(
            "Without a password, whoever can read the files of the profile can read everything.",
        );
    }
}

/// A name as it stands in a sentence.
pub(crate) fn quoted(name: &str) -> String {
    format!("\u{201c}{name}\u{201d}")
}

fn put(streams: &mut Streams, text: &str) -> Result<(), Failure> {
    let written = streams.output.write_all(text.as_bytes());
    written
        .and_then(|()| streams.output.flush())
        .map_err(|error| Failure::stream("Writing the output", &error))
}
