//! The events as JSON lines, versioned, and the lines that a script may send.
//!
//! Each line is one object with `"v":1` and `"event"`. Within version 1 fields and events may be
//! added, never renamed, removed or given another meaning; a reader skips what it doesn't know.
//! `docs/json/` documents every event and its fields. Only the row structs here are serializable;
//! the types of the program are not.

use serde::Serialize;
use zeroize::Zeroizing;

use crate::ConversationId;
use crate::command::is_deceptive;
use crate::event::{
    Event, MeetingEnd, MeetingEvent, MeetingStep, NetworkKind, NetworkState, NetworkStep,
    StorageEvent, StorageFault, Trust,
};
use crate::query::{Line as Message, Overview};
use crate::words::{Locked, UserError};

pub use self::asking::{address_line, ask_line, request_id, request_line, requests_done_line};
pub use self::request::{
    AddressRequest, AskingRequest, MessageRequest, NotUnderstood, ProfileRequest, Request, request,
};

mod asking;
mod conversation;
mod request;

/// The version of the lines, which is in each of them.
pub const VERSION: u8 = 1;

/// A line as it is written.
#[derive(Serialize)]
struct Line<'a> {
    v: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    side: Option<&'a str>,
    #[serde(flatten)]
    row: Row<'a>,
}

/// A conversation's id: sixteen hex digits, because JavaScript's numbers end at 53 bits.
type Id = String;

/// What each event carries. The name of the event is the renamed variant.
#[derive(Serialize)]
#[serde(tag = "event")]
enum Row<'a> {
    #[serde(rename = "network.finding")]
    Finding { network: &'static str, percent: u8, clock_off_by_seconds: Option<i64> },
    #[serde(rename = "network.ready")]
    Ready { network: &'static str, anonymous: bool, clock_off_by_seconds: Option<i64> },
    #[serde(rename = "network.blocked")]
    Blocked { network: &'static str, reason: &'a str, clock_off_by_seconds: Option<i64> },
    #[serde(rename = "storage.failed")]
    StorageFailed { reason: &'static str },
    #[serde(rename = "storage.well")]
    StorageWell {},
    #[serde(rename = "prompt")]
    Prompt { what: &'static str },
    #[serde(rename = "meeting.code")]
    Code { conversation: Id, code: &'a str },
    #[serde(rename = "meeting.step")]
    Step {
        conversation: Id,
        step: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        lives_seconds: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        attempt: Option<u32>,
    },
    #[serde(rename = "meeting.guesses_left")]
    GuessesLeft { conversation: Id, left: u8 },
    #[serde(rename = "meeting.paired")]
    Paired { conversation: Id },
    #[serde(rename = "meeting.ended")]
    MeetingEnded { conversation: Id, reason: &'static str },
    #[serde(rename = "check")]
    Check { conversation: Id, state: &'static str },
    #[serde(rename = "trust")]
    Trust { conversation: Id, level: &'static str, skipped: bool },
    #[serde(rename = "conversation.open")]
    Open { conversation: Id },
    #[serde(rename = "message.queued")]
    Queued {
        conversation: Id,
        ticket: u64,
        message: u64,
        text: &'a str,
        at: u64,
        reply: Option<u64>,
        timer_seconds: Option<u32>,
    },
    #[serde(rename = "message.received")]
    Received {
        conversation: Id,
        message: u64,
        text: &'a str,
        at: u64,
        reply: Option<u64>,
        timer_seconds: Option<u32>,
    },
    #[serde(rename = "message.delivery")]
    Delivery { conversation: Id, message: u64, state: &'static str },
    #[serde(rename = "message.not_sent")]
    NotSent { conversation: Id, ticket: u64, reason: &'static str },
    #[serde(rename = "message.edited")]
    Edited { conversation: Id, message: u64, text: &'a str, at: u64 },
    #[serde(rename = "message.deleted")]
    Deleted { conversation: Id, message: u64, by: &'static str },
    #[serde(rename = "message.not_done")]
    NotDone { conversation: Id, message: u64, reason: &'static str },
    #[serde(rename = "message.reacted")]
    Reacted { conversation: Id, message: u64, own: bool, reaction: Option<&'a str> },
    #[serde(rename = "conversation.timer")]
    Timer { conversation: Id, seconds: Option<u32>, own: bool },
    #[serde(rename = "conversation.history")]
    History { conversation: Id, keeps: &'static str, seconds: Option<u32> },
    #[serde(rename = "peer.renamed")]
    Renamed { conversation: Id, name: &'a str },
    #[serde(rename = "peer.blocked")]
    PeerBlocked { conversation: Id, blocked: bool },
    #[serde(rename = "peer.name")]
    PeerName { conversation: Id, claims: &'a str },
    #[serde(rename = "link")]
    Link {
        conversation: Id,
        state: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        redial_seconds: Option<u64>,
    },
    #[serde(rename = "healing")]
    Healing { conversation: Id, state: &'static str },
    #[serde(rename = "repair")]
    Repair { conversation: Id, state: &'static str },
    #[serde(rename = "conversation.refused")]
    Refused { conversation: Id },
    #[serde(rename = "conversation.peer_left")]
    PeerLeft { conversation: Id },
    #[serde(rename = "conversation.left")]
    Left { conversation: Id, confirmed: bool },
    #[serde(rename = "profile.locked")]
    Locked { name: &'a str, why: &'static str },
    #[serde(rename = "profile.opened")]
    Opened { name: &'a str, password: bool },
    #[serde(rename = "profile.password")]
    Password { bits: u32 },
    #[serde(rename = "conversation.selected")]
    Selected { conversation: Id, name: &'a str },
    #[serde(rename = "conversation.listed")]
    Listed {
        conversation: Id,
        name: &'a str,
        trust: &'static str,
        ended: bool,
        blocked: bool,
        unread: usize,
        waiting: usize,
        draft: bool,
    },
    #[serde(rename = "message.found")]
    Found { conversation: Id, name: &'a str, message: u64, own: bool, text: &'a str, at: u64 },
    #[serde(rename = "search.done")]
    SearchDone { found: usize },
    #[serde(rename = "error")]
    Error { kind: &'static str, exit_code: u8, message: &'a str, hint: &'a str },
    #[serde(rename = "ended")]
    Ended {},
    #[serde(untagged)]
    Asking(asking::AskingRow<'a>),
}

/// The names of all events of this version, in the order of the documentation.
pub const EVENTS: [&str; 67] = [
    "network.finding",
    "network.ready",
    "network.blocked",
    "storage.failed",
    "storage.well",
    "prompt",
    "meeting.code",
    "meeting.step",
    "meeting.guesses_left",
    "meeting.paired",
    "meeting.ended",
    "check",
    "trust",
    "conversation.open",
    "message.queued",
    "message.received",
    "message.delivery",
    "message.not_sent",
    "message.edited",
    "message.deleted",
    "message.not_done",
    "message.reacted",
    "conversation.timer",
    "conversation.history",
    "peer.renamed",
    "peer.blocked",
    "peer.name",
    "link",
    "healing",
    "repair",
    "conversation.refused",
    "conversation.peer_left",
    "conversation.left",
    "profile.locked",
    "profile.opened",
    "profile.password",
    "conversation.selected",
    "conversation.listed",
    "message.found",
    "search.done",
    "address.publishing",
    "address.reachable",
    "address.unreachable",
    "address.elsewhere",
    "address.off",
    "address.state",
    "request.came",
    "request.accepted",
    "request.not_reached",
    "request.stranger",
    "request.refused",
    "request.blocked",
    "request.unblocked",
    "request.expired",
    "asked.kept",
    "asked.dialling",
    "asked.not_reached",
    "asked.arrived",
    "asked.not_understood",
    "asked.withdrawn",
    "asked.expired",
    "asked.not_kept",
    "requests.row",
    "asks.row",
    "requests.done",
    "error",
    "ended",
];

/// What an interface asks its user for in a `prompt` line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// Whether to say a code or to join by one: `s` or `c`.
    Role,
    /// The user's own name.
    Nick,
    /// The name for the partner.
    Peer,
    /// The code.
    Code,
    /// Whether the code was meant as it was typed: `y` or `n`.
    CodeMeant,
    /// The password of the profile, by a login.
    Password,
    /// What is said with a request.
    Greeting,
    /// The word that replaces the public address.
    Replace,
}

/// An event as one line, without the line's end.
#[must_use]
pub fn line(event: &Event) -> String {
    write(None, row(event))
}

/// An event of one of two sides that write into one stream, such as a demo's: the line carries the
/// side's name.
#[must_use]
pub fn side_line(side: &str, event: &Event) -> String {
    write(Some(side), row(event))
}

fn row(event: &Event) -> Row<'_> {
    match event {
        Event::Network(state) => network(state),
        Event::Meeting(id, event) => meeting(id.to_string(), event),
        Event::Conversation(id, event) => conversation::row(id.to_string(), event),
        Event::Storage(StorageEvent::Well) => Row::StorageWell {},
        Event::Storage(StorageEvent::Failed(fault)) => Row::StorageFailed {
            reason: match fault {
                StorageFault::Full => "full",
                StorageFault::ReadOnly => "read_only",
                StorageFault::Denied => "denied",
                StorageFault::Busy => "busy",
                StorageFault::Damaged => "damaged",
                StorageFault::Machine => "machine",
            },
        },
        Event::Address(event) => asking::address(event),
        Event::Request(id, event) => asking::request(id.to_string(), event),
        Event::Asked(id, event) => asking::asked(id.to_string(), *event),
        Event::Fatal(error) => error_row(error),
        Event::Ended => Row::Ended {},
    }
}

/// A failure as one line: the last word before an exit code other than 0.
#[must_use]
pub fn error_line(error: &UserError) -> String {
    write(None, error_row(error))
}

fn error_row(error: &UserError) -> Row<'_> {
    Row::Error {
        kind: error.kind.name(),
        exit_code: error.kind.exit_code(),
        message: &error.message,
        hint: &error.hint,
    }
}

/// The code that the host says to the partner, as one line.
#[must_use]
pub fn code_line(conversation: ConversationId, code: &str) -> Zeroizing<String> {
    Zeroizing::new(write(None, Row::Code { conversation: conversation.to_string(), code }))
}

/// What the interface waits for, as one line.
#[must_use]
pub fn prompt_line(prompt: Prompt) -> String {
    let what = match prompt {
        Prompt::Role => "role",
        Prompt::Nick => "nick",
        Prompt::Peer => "peer",
        Prompt::Code => "code",
        Prompt::CodeMeant => "code_meant",
        Prompt::Password => "password",
        Prompt::Greeting => "greeting",
        Prompt::Replace => "replace",
    };
    write(None, Row::Prompt { what })
}

/// That a profile is locked, and why, as one line.
#[must_use]
pub fn locked_line(name: &str, why: Locked) -> String {
    let why = match why {
        Locked::Start => "start",
        Locked::Asked => "asked",
        Locked::Idle => "idle",
    };
    write(None, Row::Locked { name, why })
}

/// That a profile is open, as one line. `password`: it has one.
#[must_use]
pub fn opened_line(name: &str, password: bool) -> String {
    write(None, Row::Opened { name, password })
}

/// That the profile has another password, and how hard that is to guess, as one line.
#[must_use]
pub fn password_line(bits: u32) -> String {
    write(None, Row::Password { bits })
}

/// To which conversation requests belong from now on, as one line.
#[must_use]
pub fn selected_line(conversation: ConversationId, name: &str) -> String {
    write(None, Row::Selected { conversation: conversation.to_string(), name })
}

/// One conversation of a list of all, as one line.
#[must_use]
pub fn overview_line(one: &Overview) -> String {
    write(
        None,
        Row::Listed {
            conversation: one.conversation.to_string(),
            name: one.name.as_str(),
            trust: trust(one.trust).0,
            ended: one.ended,
            blocked: one.blocked,
            unread: one.unread,
            waiting: one.waiting,
            draft: one.draft,
        },
    )
}

/// A message that a search found, as one line.
#[must_use]
pub fn found_line(conversation: ConversationId, name: &str, found: &Message) -> String {
    write(
        None,
        Row::Found {
            conversation: conversation.to_string(),
            name,
            message: found.message.0,
            own: found.own,
            text: &found.body,
            at: found.at,
        },
    )
}

/// The end of what a search found, as one line.
#[must_use]
pub fn search_done_line(found: usize) -> String {
    write(None, Row::SearchDone { found })
}

fn write(side: Option<&str>, row: Row<'_>) -> String {
    // Strings, numbers and booleans under string keys: nothing here that JSON cannot say.
    let line = serde_json::to_string(&Line { v: VERSION, side, row }).unwrap_or_default();
    if !line.contains(is_deceptive) {
        return line;
    }
    // JSON needs no escape for most of them, but a terminal that shows the line does. They can
    // only stand inside a string, where an escape means the same.
    let line = Zeroizing::new(line);
    let mut escaped = String::with_capacity(line.len());
    for c in line.chars() {
        if is_deceptive(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

fn network(state: &NetworkState) -> Row<'_> {
    let clock_off_by_seconds = state.clock_off_by_seconds;
    let (network, anonymous) = match state.kind {
        NetworkKind::Arti => ("tor", true),
        NetworkKind::Local => ("local", false),
    };
    match &state.step {
        NetworkStep::Finding { percent } => {
            Row::Finding { network, percent: *percent, clock_off_by_seconds }
        }
        NetworkStep::Ready => Row::Ready { network, anonymous, clock_off_by_seconds },
        NetworkStep::Blocked { reason } => Row::Blocked { network, reason, clock_off_by_seconds },
    }
}

fn meeting(conversation: Id, event: &MeetingEvent) -> Row<'static> {
    match event {
        MeetingEvent::Step(step) => {
            let (name, lives_seconds, attempt) = match step {
                MeetingStep::MakingPlace => ("making_place", None, None),
                MeetingStep::LookingWhetherTaken => ("looking_whether_taken", None, None),
                MeetingStep::Publishing => ("publishing", None, None),
                MeetingStep::Reachable { lives } => ("reachable", Some(lives.as_secs()), None),
                MeetingStep::Dialling { attempt } => ("dialling", None, Some(*attempt)),
                MeetingStep::Agreeing => ("agreeing", None, None),
            };
            Row::Step { conversation, step: name, lives_seconds, attempt }
        }
        MeetingEvent::GuessesLeft(left) => Row::GuessesLeft { conversation, left: *left },
        MeetingEvent::Paired => Row::Paired { conversation },
        MeetingEvent::Ended(end) => Row::MeetingEnded { conversation, reason: reason(end) },
    }
}

fn reason(end: &MeetingEnd) -> &'static str {
    match end {
        MeetingEnd::NobodyAnswers => "nobody_answers",
        MeetingEnd::CodeTaken => "code_taken",
        MeetingEnd::WrongPassword => "wrong_password",
        MeetingEnd::TooManyUnconfirmed => "too_many_unconfirmed",
        MeetingEnd::Expired => "expired",
        MeetingEnd::NeverReachable => "never_reachable",
        MeetingEnd::PartnerGone => "partner_gone",
        MeetingEnd::NoCommonVersion => "no_common_version",
        MeetingEnd::ProtocolViolation => "protocol_violation",
        MeetingEnd::NoNetwork => "no_network",
        MeetingEnd::NotStored => "not_stored",
        MeetingEnd::GivenUp => "given_up",
    }
}

fn trust(level: Trust) -> (&'static str, bool) {
    match level {
        Trust::Unverified => ("unverified", false),
        Trust::Verified { skipped } => ("verified", skipped),
        Trust::Authenticated => ("authenticated", false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MessageId;
    use crate::event::ConversationEvent;

    #[test]
    fn a_line_stays_one_line() {
        let event = Event::Conversation(
            ConversationId(1),
            ConversationEvent::Received {
                message: MessageId(1),
                body: "a\nb\u{1b}[31m\u{2028}\u{9b}\u{e0041}\"".into(),
                at: 0,
                reply: None,
                timer: None,
            },
        );
        let line = line(&event);
        assert!(!line.contains(is_deceptive), "{line}");
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["text"], "a\nb\u{1b}[31m\u{2028}\u{9b}\u{e0041}\"");
    }
}
