//! `undertone contact …` and `undertone message …`: what a lasting profile keeps, read and cleared
//! away while nothing runs on it.

mod export;

use std::io::Write as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use undertone_handle::command::{Name, is_deceptive};
use undertone_handle::event::{Delivery, Trust};
use undertone_handle::query::{Before, Line, Overview, Search};
use undertone_handle::{ConversationId, MessageId, SecretText};
use undertone_store::profile::{Look as _, Reader, Terms};

use crate::failure::{Failure, Kind};
use crate::profile::{Opened, Whose, database, open};
use crate::streams::{Streams, first_line};

/// The version in lines for programs.
const JSON_VERSION: u8 = 1;

/// The longest line in which a name is typed, in bytes.
const LONGEST_LINE: usize = 4096;

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
    /// Delete a contact with all that was said, so that not even the decrypted files have it.
    #[command(after_help = "\
Examples:
  undertone contact delete ana            asks you to type the name in full
  echo ana | undertone contact delete ana

They are not told: in their program you are away from now on. `/leave NAME` in the conversation tells them.
Pair again, and it begins anew: nothing is known about them then.")]
    Delete {
        /// Which contact: the name under which you see them, or the id that `contact list` shows.
        contact: String,
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
    /// Write what was said with a contact to a file that anybody can read.
    #[command(after_help = "\
Examples:
  undertone message export ana ana.txt    a line for each message, with its time (UTC)
  undertone message export ana ana.jsonl --json

The file is not encrypted. One that is there already is not written over. Messages that are to disappear
are left out.")]
    Export {
        /// Which contact: the name under which you see them, or the id that `contact list` shows.
        contact: String,
        /// Where to.
        file: PathBuf,
        /// Of which profile.
        #[command(flatten)]
        whose: Whose,
    },
    /// Find words in all conversations, the newest message first.
    #[command(after_help = "\
Examples:
  undertone message search blue bench     both words, or words that begin with them
  undertone message search --limit 3 key
  undertone message search --context 2 pond       with two messages before and two after each")]
    Search {
        /// What to find.
        #[arg(required = true)]
        words: Vec<String>,
        /// How many messages at most.
        #[arg(long, default_value_t = 50, value_name = "NUMBER")]
        limit: usize,
        /// So many messages before and after each that was found, from its conversation.
        #[arg(short = 'C', long, default_value_t = 0, value_name = "NUMBER",
              value_parser = clap::value_parser!(u8).range(..=20))]
        context: u8,
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
    let whose = match arguments.command {
        ContactCommand::List { whose } => whose,
        ContactCommand::Delete { contact, whose } => {
            return delete(&contact, whose, chosen, &mut streams);
        }
    };
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
            for line in said(&reader, contact.conversation)? {
                print(&contact, &line, as_json, &mut streams)?;
            }
            Ok(())
        }
        MessageCommand::Export { contact, file, whose } => {
            let Opened { reader, held: _held, .. } = open(whose, chosen, &mut streams)?;
            let contact = find(&reader, &contact)?;
            export::export(&reader, &contact, &file, as_json, &mut streams)
        }
        MessageCommand::Search { words, limit, context, whose } => {
            let Some(search) = Search::parse(&words.join(" ")) else {
                return Err(Failure::new(
                    Kind::Usage,
                    "There is no word to find in that.",
                    "Give at least two characters of a word.",
                ));
            };
            let Opened { reader, held: _held, .. } = open(whose, chosen, &mut streams)?;
            for (number, (contact, line)) in
                self::search(&reader, &search, limit)?.into_iter().enumerate()
            {
                if context == 0 {
                    print(&contact, &line, as_json, &mut streams)?;
                    continue;
                }
                if number > 0 && !as_json {
                    put(&mut streams, "--\n")?;
                }
                for near in reader.around(line.message, context.into())? {
                    let found = near.message == line.message;
                    let text = match as_json {
                        true => message_json(&contact, &near, Some(found)),
                        false if found => format!("* {}", said_line(&contact, &near)),
                        false => format!("  {}", said_line(&contact, &near)),
                    };
                    put(&mut streams, &format!("{text}\n"))?;
                }
            }
            Ok(())
        }
    }
}

/// Everything that was said, oldest first.
fn said(reader: &Reader, conversation: ConversationId) -> Result<Vec<Line>, Failure> {
    let mut pages: Vec<Vec<Line>> = Vec::new();
    let mut before = None;
    loop {
        let page = reader.page(conversation, before, PAGE)?;
        before = page.first().map(|line| line.message);
        let last = page.len() < PAGE;
        pages.push(page);
        if last {
            return Ok(pages.into_iter().rev().flatten().collect());
        }
    }
}

fn delete(
    wanted: &str,
    whose: Whose,
    chosen: Option<&str>,
    streams: &mut Streams,
) -> Result<(), Failure> {
    let (mut profile, _held) = database(whose, chosen, streams)?;
    // Whoever reads keeps what was erased in the log.
    let contact = find(&profile.reader()?, wanted)?;
    let name = contact.name.as_str();
    streams.say(&format!(
        "This deletes {} with everything that was said, on this machine and for good. They are not \
         told, and what they have stays with them. Backups elsewhere stay.\n\
         Type the name in full, or nothing to keep them:",
        plain(name)
    ));
    let typed = first_line(&mut streams.input, LONGEST_LINE)
        .map_err(|error| Failure::stream("Reading the name", &error))?
        .unwrap_or_default();
    if String::from_utf8_lossy(&typed).trim() != name {
        return Err(Failure::new(
            Kind::Usage,
            "What was typed is not the name of the contact; nothing was deleted.",
            "Type it as `undertone contact list` shows it, capitals and spaces included.",
        ));
    }
    profile.forget(contact.conversation)?;
    streams.say("It is deleted.");
    Ok(())
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

/// The names in a conversation: this side's own, and the one that it shows. `None`: there is none.
///
/// # Errors
/// The machine.
pub fn names(reader: &Reader, id: ConversationId) -> Result<Option<(Name, Name)>, Failure> {
    let contact = reader.overviews()?.into_iter().find(|one| one.conversation == id);
    Ok(reader.terms(id)?.zip(contact).map(|(terms, contact)| (terms.nick, contact.name)))
}

/// All conversations, the one with the newest message first, with their last messages: of the first
/// ones `SHOWN`, of the others `FEW`, and of each all that nobody has seen, up to `SHOWN`.
///
/// # Errors
/// The machine.
pub fn conversations(reader: &Reader) -> Result<Vec<Kept>, Failure> {
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

/// At most `limit` messages of a conversation from before one of them, oldest first.
///
/// # Errors
/// The machine.
pub fn before(
    reader: &Reader,
    conversation: ConversationId,
    message: MessageId,
    limit: usize,
) -> Result<Vec<Line>, Failure> {
    Ok(reader.page(conversation, Some(message), limit)?)
}

/// What was said right before a message and right after it.
#[must_use]
pub fn beside(reader: &Reader, message: MessageId) -> (Option<Line>, Option<Line>) {
    // Whoever asks has the message: that is worth showing without what stands beside it.
    let near = reader.around(message, 1).unwrap_or_default();
    let (mut before, mut after) = (None, None);
    for line in near {
        match line.message.cmp(&message) {
            std::cmp::Ordering::Less => before = Some(line),
            std::cmp::Ordering::Greater => after = Some(line),
            std::cmp::Ordering::Equal => {}
        }
    }
    (before, after)
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
    for (is, word) in [(one.ended, "ended by them"), (one.blocked, "blocked by you")] {
        if is {
            line.push_str("  ");
            line.push_str(word);
        }
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
        "blocked": one.blocked,
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
    let text = if as_json { message_json(contact, line, None) } else { said_line(contact, line) };
    put(streams, &format!("{text}\n"))
}

fn said_line(contact: &Overview, line: &Line) -> String {
    let way = if line.own { "->" } else { "<-" };
    let edited = if line.edited.is_some() { " (edited)" } else { "" };
    let waits = if line.delivery == Delivery::Waiting { " (waiting)" } else { "" };
    format!("{} {way} {}{edited}{waits}", plain(contact.name.as_str()), plain(&line.body))
}

/// `found`: whether it is what was looked for or stands beside it, where that is asked.
fn message_json(contact: &Overview, line: &Line, found: Option<bool>) -> String {
    let state = match line.delivery {
        Delivery::Waiting => "waiting",
        Delivery::Sent => "sent",
        Delivery::Delivered => "delivered",
    };
    let MessageId(message) = line.message;
    let mut value = json!({
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
    if let Some(found) = found {
        value["found"] = found.into();
    }
    escape(&value.to_string())
}

/// A text that no terminal takes for a command, on one line.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if is_deceptive(c) { '\u{fffd}' } else { c }).collect()
}

/// JSON without a character that could move or hide the text beside it.
pub(crate) fn escape(json: &str) -> String {
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

pub(crate) fn put(streams: &mut Streams, text: &str) -> Result<(), Failure> {
    let written = streams.output.write_all(text.as_bytes());
    written
        .and_then(|()| streams.output.flush())
        .map_err(|error| Failure::stream("Writing the output", &error))
}
