//! `undertone request …` and `undertone address`: the public address of a lasting profile and its
//! requests, read while nothing runs on it.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use undertone_handle::address::public;
use undertone_handle::query::{AddressLine, AskLine, RequestLine, RequestState};
use undertone_handle::words;
use undertone_store::profile::{Look as _, Reader};

use crate::failure::Failure;
use crate::kept::{escape, plain, put};
use crate::profile::{Opened, Whose, open};
use crate::streams::Streams;

/// The version in lines for programs.
const JSON_VERSION: u8 = 1;

/// The arguments of `undertone request`.
#[derive(Args, Debug)]
pub struct Requests {
    /// What to do.
    #[command(subcommand)]
    command: RequestCommand,
}

#[derive(Debug, Subcommand)]
enum RequestCommand {
    /// List the requests that came to a profile and those of its own, oldest first.
    #[command(after_help = "\
Examples:
  undertone request list
  undertone request list --profile work --json

`/accept`, `/refuse` and `/withdraw` answer them in a chat.")]
    List {
        /// Of which profile.
        #[command(flatten)]
        whose: Whose,
    },
}

/// The arguments of `undertone address`.
#[derive(Args, Debug)]
pub struct Address {
    /// Of which profile.
    #[command(flatten)]
    whose: Whose,
}

/// The public address of a profile and all its requests.
pub struct All {
    /// The address, if there is one.
    pub address: Option<AddressLine>,
    /// The requests that came, oldest first.
    pub came: Vec<RequestLine>,
    /// Those of its own, oldest first.
    pub own: Vec<AskLine>,
}

impl std::fmt::Debug for All {
    /// Says nothing of names and greetings.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("All").finish_non_exhaustive()
    }
}

/// The public address of an open profile, the requests that came and those of its own.
///
/// # Errors
/// The machine.
pub fn all(reader: &Reader) -> Result<All, Failure> {
    let (came, own) = (reader.request_lines()?, reader.ask_lines()?);
    Ok(All { address: reader.address_line()?, came, own })
}

/// `undertone request`: does what the command line says, on the chosen profile.
///
/// # Errors
/// What the person has to read.
pub fn requests(
    arguments: Requests,
    chosen: Option<&str>,
    mut streams: Streams,
    as_json: bool,
) -> Result<(), Failure> {
    let RequestCommand::List { whose } = arguments.command;
    let Opened { reader, held: _held, .. } = open(whose, chosen, &mut streams)?;
    let All { came, own, .. } = all(&reader)?;
    if came.is_empty() && own.is_empty() && !as_json {
        streams.say("No request came, and none of yours is under way.");
    }
    let mut text = String::new();
    for one in &came {
        text.push_str(&if as_json { came_json(one) } else { came_lines(one) });
        text.push('\n');
    }
    for one in &own {
        text.push_str(&if as_json { own_json(one) } else { own_line(one) });
        text.push('\n');
    }
    put(&mut streams, &text)
}

/// `undertone address`: says it, on the chosen profile.
///
/// # Errors
/// What the person has to read.
pub fn address(
    arguments: Address,
    chosen: Option<&str>,
    mut streams: Streams,
    as_json: bool,
) -> Result<(), Failure> {
    let Opened { reader, held: _held, .. } = open(arguments.whose, chosen, &mut streams)?;
    let line = reader.address_line()?;
    if as_json {
        let (address, on) = (line.map(|line| public(&line.address)), line.is_some_and(|l| l.on));
        return put(
            &mut streams,
            &written(&json!({ "v": JSON_VERSION, "address": address, "on": on })),
        );
    }
    let Some(AddressLine { address, on }) = line else {
        streams.say(words::NO_ADDRESS);
        return Ok(());
    };
    if on {
        streams.say(words::ADDRESS_COSTS);
    }
    put(&mut streams, &format!("{}  {}\n", public(&address), if on { "on" } else { "off" }))
}

fn written(value: &Value) -> String {
    format!("{}\n", escape(&value.to_string()))
}

/// A request that came; what was said with it stands further in, so that it is taken for nothing else.
fn came_lines(one: &RequestLine) -> String {
    let state = words::request_state(one.state);
    let mut text = format!("<- {}  {}  {state}", one.conversation, plain(one.name.as_str()));
    for line in one.greeting.as_str().lines() {
        text.push_str("\n    | ");
        text.push_str(&plain(line));
    }
    text
}

fn own_line(one: &AskLine) -> String {
    format!(
        "-> {}  {}  {}  {}",
        one.conversation,
        plain(one.peer.as_str()),
        words::ask_state(one.arrived),
        public(&one.address)
    )
}

fn came_json(one: &RequestLine) -> String {
    let value = json!({
        "v": JSON_VERSION,
        "request": one.conversation.to_string(),
        "own": false,
        "name": one.name.as_str(),
        "greeting": one.greeting.as_str(),
        "at": one.at,
        "state": match one.state {
            RequestState::Pending => "pending",
            RequestState::Accepted => "accepted",
            RequestState::Refused => "refused",
            RequestState::Blocked => "blocked",
        },
    });
    escape(&value.to_string())
}

fn own_json(one: &AskLine) -> String {
    let value = json!({
        "v": JSON_VERSION,
        "request": one.conversation.to_string(),
        "own": true,
        "address": public(&one.address),
        "peer": one.peer.as_str(),
        "at": one.at,
        "arrived": one.arrived,
    });
    escape(&value.to_string())
}

#[cfg(test)]
mod tests {
    use undertone_handle::ConversationId;
    use undertone_handle::address;
    use undertone_handle::command::{Greeting, Name};

    use super::*;

    #[test]
    fn what_a_stranger_sent_stays_on_lines_of_its_own() {
        let one = RequestLine {
            conversation: ConversationId(0xa7),
            name: Name::parse("ana").unwrap(),
            greeting: Greeting::parse("hello\n-> 00  doug").unwrap(),
            at: 0,
            state: RequestState::Pending,
        };
        assert_eq!(
            came_lines(&one),
            "<- 00000000000000a7  ana  waits for your answer\n    | hello\n    | -> 00  doug"
        );
        let value: Value = serde_json::from_str(&came_json(&one)).unwrap();
        assert_eq!((&value["state"], &value["own"]), (&json!("pending"), &json!(false)));
        assert_eq!(value["greeting"], "hello\n-> 00  doug");
    }

    #[test]
    fn a_request_of_ours_says_whom_it_goes_to() {
        let label = "2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid";
        let one = AskLine {
            conversation: ConversationId(3),
            address: address::parse(label).unwrap(),
            peer: Name::parse("doug").unwrap(),
            at: 0,
            arrived: false,
        };
        let line = own_line(&one);
        assert_eq!(line, format!("-> 0000000000000003  doug  on its way  undertone:{label}"));
        let value: Value = serde_json::from_str(&own_json(&one)).unwrap();
        assert_eq!(value["address"], format!("undertone:{label}"));
    }
}
