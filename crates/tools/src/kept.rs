//! `undertone contact …` and `undertone message …`: what a lasting profile keeps, read while nothing
//! runs on it.

use std::io::Write as _;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use undertone_handle::command::is_deceptive;
use undertone_handle::event::{Delivery, Trust};
use undertone_handle::query::{Before, Line, Overview, Search};
use undertone_handle::{MessageId, SecretText};
use undertone_store::profile::{Look as _, Reader, Terms};

use crate::failure::{Failure, Kind};
use crate::profile::{Opened, Whose, open};
use crate::streams::Streams;

/// The version in lines for programs.
const JSON_VERSION: u8 = 1;

/// Messages that are read at once.
const PAGE: usize = 500;

/// The arguments of `undertone contact`.
#[derive(Args, Debug)]
pub struct Contacts {
    /// What to do.
    #[command(subcommand)]
    command: ContactCommand,
}

#[derive(Debug, Subcommand)]
enum ContactCommand {
    /// List the contacts of a profile, the one with the newest message first.
    #[command(after_help = "\
Examples:
  undertone contact list
  undertone contact list --profile work --json")]
    List {
        /// Of which profile.
        #[command(flatten)]
        whose: Whose,
    },
}

/// The arguments of `undertone message`.
#[derive(Args, Debug)]
pub struct Messages {
    /// What to do.
    #[command(subcommand)]
    command: MessageCommand,
}

#[derive(Debug, Subcommand)]
enum MessageCommand {
    /// Print what was said with a contact, oldest first.
    #[command(after_help = "\
Examples:
  undertone message list ana
  undertone message list ana --json > ana.jsonl")]
    List {
        /// Which contact: the name under which you see them, or the id that `contact list` shows.
        contact: String,
        /// Of which profile.
        #[command(flatten)]
        whose: Whose,
    },
    /// Find words in all conversations, the newest message first.
    #[command(after_help = "\
Examples:
  undertone message search blue bench     both words, or words that begin with them
  undertone message search --limit 3 key")]
    Search {
        /// What to find.
        #[arg(required = true)]
        words: Vec<String>,
        /// How many messages at most.
        #[arg(long, default_value_t = 50, value_name = "NUMBER")]
        limit: usize,
        /// Of which profile.
        #[command(flatten)]
        whose: Whose,
    },
}

/// `undertone contact`: does what the command line says, on the chosen profile.
///
/// # Errors
/// What the person has to read.
pub fn contacts(
    arguments: Contacts,
    chosen: Option<&str>,
    mut streams: Streams,
    as_json: bool,
) -> Result<(), Failure> {
    let ContactCommand::List { whose } = arguments.command;
    let Opened { reader, held: _held, .. } = open(whose, chosen, &mut streams)?;
    let all = reader.overviews()?;
    if all.is_empty() && !as_json {
        streams.say("There is nobody yet; `undertone chat -s --keep` makes a contact that lasts.");
    }
    let mut text = String::new();
    for one in &all {
        let line = if as_json { contact_json(one).to_string() } else { contact_line(one) };
        text.push_str(&line);
        text.push('\n');
    }
    put(&mut streams, &text)
}

/// `undertone message`: does what the command line says, on the chosen profile.
///
/// # Errors
/// What the person has to read.
pub fn messages(
    arguments: Messages,
    chosen: Option<&str>,
    mut streams: Streams,
    as_json: bool,
) -> Result<(), Failure> {
    match arguments.command {
        MessageCommand::List { contact, whose } => {
            let Opened { reader, held: _held, .. } = open(whose, chosen, &mut streams)?;
            let contact = find(&reader, &contact)?;
            let mut after: Vec<Vec<Line>> = Vec::new();
            let mut before = None;
            loop {
                let page = reader.page(contact.conversation, before, PAGE)?;
                before = page.first().map(|line| line.message);
                let last = page.len() < PAGE;
                after.push(page);
                if last {
                    break;
                }
            }
            for line in after.iter().rev().flatten() {
                print(&contact, line, as_json, &mut streams)?;
            }
            Ok(())
        }
        MessageCommand::Search { words, limit, whose } => {
            let Some(search) = Search::parse(&words.join(" ")) else {
                return Err(Failure::new(
                    Kind::Usage,
                    "There is no word to find in that.",
                    "Give at least two characters of a word.",
                ));
            };
            let Opened { reader, held: _held, .. } = open(whose, chosen, &mut streams)?;
            for (contact, line) in self::search(&reader, &search, limit)? {
                print(&contact, &line, as_json, &mut streams)?;
            }
            Ok(())
        }
    }
}

/// The contact of this name or id.
///
/// # Errors
/// There is none, or several have the name.
pub fn find(reader: &Reader, wanted: &str) -> Result<Overview, Failure> {
    let mut found: Vec<Overview> = reader
        .overviews()?
        .into_iter()
        .filter(|one| {
            one.conversation.to_string() == wanted
                || one.name.as_str().to_lowercase() == wanted.trim().to_lowercase()
        })
        .collect();
    match (found.pop(), found.is_empty()) {
        (Some(contact), true) => Ok(contact),
        (None, _) => Err(Failure::new(
            Kind::Usage,
            "There is no contact of this name.",
            "`undertone contact list` shows those that there are.",
        )),
        (Some(_), false) => Err(Failure::new(
            Kind::Usage,
            "Several contacts have this name.",
            "Name the one you mean by the id that `undertone contact list` shows.",
        )),
    }
}

/// A conversation, as an interface goes on with it.
pub struct Kept {
    /// Who, and what waits.
    pub overview: Overview,
    /// What holds in it.
    pub terms: Terms,
    /// The last messages, oldest first.
    pub lines: Vec<Line>,
    /// What the user had begun to write.
    pub draft: Option<SecretText>,
}

impl std::fmt::Debug for Kept {
    /// Says nothing of names and texts.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept")
            .field("overview", &self.overview.conversation)
            .finish_non_exhaustive()
    }
}

/// All conversations, the one with the newest message first, with their last messages: of the first
/// ones [`SHOWN`], of the others [`FEW`], and of each all that nobody has seen, up to [`SHOWN`].
///
/// # Errors
/// The machine.
pub fn all(reader: &Reader) -> Result<Vec<Kept>, Failure> {
    let mut all = Vec::new();
    for (place, overview) in reader.overviews()?.into_iter().enumerate() {
        let id = overview.conversation;
        let count = if place < FIRST { SHOWN } else { overview.unread.clamp(FEW, SHOWN) };
        // Whoever is listed has terms: nothing else writes at this moment.
        let Some(terms) = reader.terms(id)? else { continue };
        let lines = reader.page(id, None, count)?;
        let draft = reader.draft(id)?;
        all.push(Kept { overview, terms, lines, draft });
    }
    Ok(all)
}

/// Conversations of which many messages are there at once.
const FIRST: usize = 20;
/// Messages of each of them.
const SHOWN: usize = 200;
/// Messages of each of the others.
const FEW: usize = 20;

/// At most `limit` messages that a search finds, the newest first, each with the name of its contact.
///
/// # Errors
/// The machine.
pub fn search(
    reader: &Reader,
    search: &Search,
    limit: usize,
) -> Result<Vec<(Overview, Line)>, Failure> {
    let contacts = reader.overviews()?;
    let none: Option<Before> = None;
    let hits = reader.search(search, none, limit)?;
    Ok(hits
        .into_iter()
        .filter_map(|hit| {
            let contact = contacts.iter().find(|one| one.conversation == hit.conversation)?;
            Some((contact.clone(), hit.line))
        })
        .collect())
}

fn trust(level: Trust) -> &'static str {
    match level {
        Trust::Unverified => "unverified",
        Trust::Verified { .. } => "verified",
        Trust::Authenticated => "authenticated",
    }
}

fn contact_line(one: &Overview) -> String {
    let mut line =
        format!("{}  {}  {}", one.conversation, trust(one.trust), plain(one.name.as_str()));
    for (count, word) in [(one.unread, "unread"), (one.waiting, "waiting")] {
        if count > 0 {
            line.push_str(&format!("  {count} {word}"));
        }
    }
    if one.ended {
        line.push_str("  ended by them");
    }
    line
}

fn contact_json(one: &Overview) -> Value {
    json!({
        "v": JSON_VERSION,
        "conversation": one.conversation.to_string(),
        "name": one.name.as_str(),
        "trust": trust(one.trust),
        "since": one.since,
        "ended": one.ended,
        "unread": one.unread,
        "waiting": one.waiting,
    })
}

fn print(
    contact: &Overview,
    line: &Line,
    as_json: bool,
    streams: &mut Streams,
) -> Result<(), Failure> {
    let state = match line.delivery {
        Delivery::Waiting => "waiting",
        Delivery::Sent => "sent",
        Delivery::Delivered => "delivered",
    };
    let text = if as_json {
        let MessageId(message) = line.message;
        let value = json!({
            "v": JSON_VERSION,
            "conversation": contact.conversation.to_string(),
            "name": contact.name.as_str(),
            "message": message,
            "own": line.own,
            "text": line.body.as_str(),
            "at": line.at,
            "state": state,
            "edited": line.edited,
            "reply": line.reply.map(|reply| reply.0),
        });
        escape(&value.to_string())
    } else {
        let way = if line.own { "->" } else { "<-" };
        let edited = if line.edited.is_some() { " (edited)" } else { "" };
        let waits = if line.delivery == Delivery::Waiting { " (waiting)" } else { "" };
        format!("{} {way} {}{edited}{waits}", plain(contact.name.as_str()), plain(&line.body))
    };
    put(streams, &format!("{text}\n"))
}

/// A text that no terminal takes for a command, on one line.
fn plain(text: &str) -> String {
    text.chars().map(|c| if is_deceptive(c) { '\u{fffd}' } else { c }).collect()
}

/// JSON without a character that could move or hide the text beside it.
fn escape(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_deceptive(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

fn put(streams: &mut Streams, text: &str) -> Result<(), Failure> {
    let written = streams.output.write_all(text.as_bytes());
    written
        .and_then(|()| streams.output.flush())
        .map_err(|error| Failure::stream("Writing the output", &error))
}
