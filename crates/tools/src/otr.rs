//! `undertone otr …`: the command line, and what each command does.

mod carrier;
mod input;
mod lines;
mod talk;
mod words;

use std::ffi::OsString;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use clap::{Args, Subcommand, ValueEnum};
use rand_chacha::ChaCha20Rng;
use undertone_otr::files::{KEYS_MAX, read_keys};
use undertone_otr::{
    Account, Identity, InstanceTag, LINE_MIN, Policy, PrivateKey, Session, Settings, Version,
};

use crate::failure::{Failure, Kind};
use crate::streams::Streams;
use carrier::{Place, Way};

/// The arguments of `undertone otr`.
#[derive(Args, Debug)]
pub struct Otr {
    /// What to do.
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum Command {
    /// Talk with another program that speaks OTR, over lines of text.
    #[command(after_help = "\
Examples:
  undertone otr talk --listen 5000            wait for the other end on this machine
  undertone otr talk --connect 5000           be the other end
  undertone otr talk -- nc ana.example 5000   over whatever carries lines
  undertone otr talk --versions 2,3 --policy opportunistic --key ~/.purple/otr.private_key \\
      --pipes from-them to-them
  undertone otr talk --versions 4 --our-name ana@example.net --their-name ben@example.net \\
      -- nc ben.example 5000

What you type goes to the other end; nothing leaves in the clear unless --policy says so. Lines
that begin with / are for this program (/help lists them). What the other end says comes on
standard output, everything else on standard error. Nothing is stored.")]
    Talk(Talk),
}

/// Options of `talk`.
#[derive(Args, Debug)]
struct Talk {
    #[command(flatten)]
    carrier: Carrier,
    /// Versions that are spoken, such as 4 or 2,3,4 [default: 3,4]. The highest that both ends
    /// speak is taken.
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = version)]
    versions: Vec<Version>,
    /// What happens without being asked.
    #[arg(long, value_enum, default_value_t = PolicyName::Require)]
    policy: PolicyName,
    /// The longest line that the carrier takes, in bytes: longer messages go in pieces.
    #[arg(long, value_name = "BYTES", value_parser = longest)]
    max_line: Option<usize>,
    /// Take a key from this file of private keys of libotr (otr.private_key). Without it a fresh
    /// one is made and forgotten at the end.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The account whose key it is, where the file has several.
    #[arg(long, value_name = "NAME", requires = "key")]
    account: Option<String>,
    /// Your name on the carrier, which version 4 signs: both programs must have the same, such as
    /// ana@example.net. Two of this program need none.
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    our_name: String,
    /// The other end's name on the carrier, exactly as its program has it.
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    their_name: String,
}

/// What carries lines to the other end and back; one of these.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct Carrier {
    /// Wait for a connection at a port of this machine, such as 5000 or [::1]:5000; with 0, at any
    /// port, which is said.
    #[arg(long, value_name = "[ADDRESS:]PORT")]
    listen: Option<Place>,
    /// Connect to a port of this machine.
    #[arg(long, value_name = "[ADDRESS:]PORT")]
    connect: Option<Place>,
    /// Read lines from one named pipe or open file (/dev/fd/3) and write them to another.
    #[arg(long, num_args = 2, value_names = ["FROM", "TO"])]
    pipes: Option<Vec<PathBuf>>,
    /// Standard input and output carry lines; you type at the terminal.
    #[arg(long)]
    stdio: bool,
    /// A program whose standard input and output carry lines, with its arguments.
    #[arg(last = true, value_name = "COMMAND")]
    command: Option<Vec<OsString>>,
}

/// What happens without being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PolicyName {
    /// Nothing leaves in the clear; the first text asks for a private conversation, and waits.
    Require,
    /// Nothing leaves in the clear, and offers of the other end are taken.
    Always,
    /// Text leaves in the clear until somebody asks for a private conversation (/otr).
    Manual,
    /// The same, and offers are made and taken by invisible marks behind a text.
    Opportunistic,
    /// OTR is off: everything is text in the clear.
    Never,
}

impl PolicyName {
    fn policy(self) -> Policy {
        let preset = match self {
            Self::Require => Policy::REQUIRE,
            Self::Always => Policy::ALWAYS,
            Self::Manual => Policy::MANUAL,
            Self::Opportunistic => Policy::OPPORTUNISTIC,
            Self::Never => return Policy::NEVER,
        };
        preset.allow(Version::V4)
    }
}

fn version(text: &str) -> Result<Version, String> {
    let number = text.trim().parse().ok();
    let version = number.and_then(Version::from_number);
    version.ok_or_else(|| format!("version {text} of OTR isn't spoken here"))
}

fn longest(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number >= LINE_MIN);
    number.ok_or_else(|| format!("lines must have {LINE_MIN} bytes at least"))
}

/// Does what the command line says.
///
/// # Errors
/// What the person has to read; nothing of it has been written yet.
pub fn run(otr: Otr, mut streams: Streams) -> Result<(), Failure> {
    let Command::Talk(arguments) = otr.command;
    let Talk { carrier, versions, policy, max_line, key, account, our_name, their_name } =
        arguments;
    let mut policy = policy.policy();
    if !versions.is_empty() {
        if policy.versions.is_empty() {
            let hint = "Leave out --versions, or take another policy.";
            let message = "With the policy `never` no version is spoken.";
            return Err(Failure::new(Kind::Usage, message, hint));
        }
        policy.versions = versions.into_iter().collect();
    }
    let mut randomness = talk::Randomness::new()?;
    let way = Way::of(carrier)?;
    // The session counts from here, and profiles say in Unix time until when they are good.
    let (begin, unix) = (Instant::now(), unix_time());
    let rng = randomness.fresh()?;
    let account = self::account(key.as_deref(), account.as_deref(), rng, &mut streams)?;
    let account = account.with_version_4(Identity::generate(rng), unix);
    let settings = Settings {
        policy,
        longest_line: max_line,
        one_line: true,
        our_name,
        peer_name: their_name,
        ..Settings::default()
    };
    let session = Session::new(account.clone(), settings)
        .map_err(|error| Failure::said(Kind::Usage, &error, "Take a larger --max-line."))?;
    let (older, newer) =
        (Some(account.fingerprint()), account.identity().map(Identity::fingerprint));
    let speaks = |version| policy.versions.has(version);
    let ours = [
        older.filter(|_| speaks(Version::V2) || speaks(Version::V3)),
        newer.filter(|_| speaks(Version::V4)),
    ];
    let ours = ours.into_iter().flatten().collect();
    talk::talk(session, ours, way, begin, randomness, streams)
}

/// Seconds since 1970; a clock before that says 1970.
fn unix_time() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The account: with a key of the file, or a fresh one.
fn account(
    file: Option<&Path>,
    name: Option<&str>,
    rng: &mut ChaCha20Rng,
    streams: &mut Streams,
) -> Result<Account, Failure> {
    let key = match file {
        Some(file) => key_of(file, name)?,
        None => {
            streams.say("Making a key, which takes a moment.");
            PrivateKey::generate(rng)
        }
    };
    Ok(Account::new(key, InstanceTag::random(rng)))
}

/// A key of a file of libotr.
fn key_of(file: &Path, name: Option<&str>) -> Result<PrivateKey, Failure> {
    let mut text = zeroize::Zeroizing::new(String::new());
    let most = u64::try_from(KEYS_MAX).unwrap_or(u64::MAX).saturating_add(1);
    std::fs::File::open(file)
        .and_then(|file| file.take(most).read_to_string(&mut text))
        .map_err(|error| Failure::stream("Reading the file of keys", &error))?;
    let hint = "Name the file that is called otr.private_key in libotr's programs.";
    let keys = read_keys(&text).map_err(|error| Failure::said(Kind::Usage, &error, hint))?;
    let names: Vec<String> =
        keys.iter().map(|key| format!("{} ({})", key.account, key.protocol)).collect();
    let mut found: Vec<_> =
        keys.into_iter().filter(|key| name.is_none_or(|name| key.account == name)).collect();
    match (found.pop(), found.is_empty()) {
        (Some(key), true) => Ok(key.key),
        (Some(_), false) => Err(Failure::new(
            Kind::Usage,
            format!("The file has several keys: {}.", crate::shown::shown(&names.join(", "))),
            "Name the account with --account.",
        )),
        (None, _) => Err(Failure::new(
            Kind::Usage,
            format!(
                "The file has no such key; it has: {}.",
                crate::shown::shown(&names.join(", "))
            ),
            "Name an account that it has with --account.",
        )),
    }
}
