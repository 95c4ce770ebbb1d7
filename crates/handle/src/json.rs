//! The events as JSON lines, versioned, and the lines that a script may send.
//!
//! Each line is one object with `"v":1` and `"event"`. Within version 1 fields and events may be
//! added, never renamed, removed or given another meaning; a reader skips what it doesn't know.
//! `docs/json/` documents every event and its fields. Only the row structs here are serializable;
//! the types of the program are not.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::command::{History, is_deceptive};
use crate::event::{
    CheckEvent, ConversationEvent, Deletion, Delivery, Event, LinkState, MeetingEnd, MeetingEvent,
    MeetingStep, NetworkKind, NetworkState, NetworkStep, NotDone, NotSent, StorageEvent,
    StorageFault, Trust,
};
use crate::words::UserError;
use crate::{ConversationId, MessageId, SecretText, Ticket};

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
    #[serde(rename = "error")]
    Error { kind: &'static str, exit_code: u8, message: &'a str, hint: &'a str },
    #[serde(rename = "ended")]
    Ended {},
}

/// The names of all events of this version, in the order of the documentation.
pub const EVENTS: [&str; 34] = [
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
    "peer.name",
    "link",
    "healing",
    "repair",
    "conversation.refused",
    "conversation.peer_left",
    "conversation.left",
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
        Event::Conversation(id, event) => conversation(id.to_string(), event),
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
    };
    write(None, Row::Prompt { what })
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

fn conversation(conversation: Id, event: &ConversationEvent) -> Row<'_> {
    match event {
        ConversationEvent::Check(event) => {
            let state = match event {
                CheckEvent::WishWanted => "wish_wanted",
                CheckEvent::PeerAsked => "peer_asked",
                CheckEvent::SecretWanted => "secret_wanted",
                CheckEvent::WaitingForPeer => "waiting_for_peer",
                CheckEvent::Match => "match",
                CheckEvent::Mismatch => "mismatch",
                CheckEvent::Skipped => "skipped",
                CheckEvent::Aborted => "aborted",
                CheckEvent::ConfirmationWanted => "confirmation_wanted",
                CheckEvent::BegunAnew => "begun_anew",
                CheckEvent::Cancelled => "cancelled",
                CheckEvent::PeerCancelled => "peer_cancelled",
            };
            Row::Check { conversation, state }
        }
        ConversationEvent::Trust(level) => {
            let (level, skipped) = match level {
                Trust::Unverified => ("unverified", false),
                Trust::Verified { skipped } => ("verified", *skipped),
                Trust::Authenticated => ("authenticated", false),
            };
            Row::Trust { conversation, level, skipped }
        }
        ConversationEvent::Open => Row::Open { conversation },
        ConversationEvent::Queued { ticket: Ticket(ticket), message, body, at, reply, timer } => {
            Row::Queued {
                conversation,
                ticket: *ticket,
                message: message.0,
                text: body,
                at: *at,
                reply: reply.map(|message| message.0),
                timer_seconds: *timer,
            }
        }
        ConversationEvent::Received { message, body, at, reply, timer } => Row::Received {
            conversation,
            message: message.0,
            text: body,
            at: *at,
            reply: reply.map(|message| message.0),
            timer_seconds: *timer,
        },
        ConversationEvent::Delivery(MessageId(message), delivery) => {
            let state = match delivery {
                Delivery::Waiting => "waiting",
                Delivery::Sent => "sent",
                Delivery::Delivered => "delivered",
            };
            Row::Delivery { conversation, message: *message, state }
        }
        ConversationEvent::NotSent(Ticket(ticket), reason) => {
            let reason = match reason {
                NotSent::TooLong => "too_long",
                NotSent::OutboxFull => "outbox_full",
                NotSent::NotStored => "not_stored",
                NotSent::NotOpen => "not_open",
            };
            Row::NotSent { conversation, ticket: *ticket, reason }
        }
        ConversationEvent::Edited { message: MessageId(message), body, at } => {
            Row::Edited { conversation, message: *message, text: body, at: *at }
        }
        ConversationEvent::Deleted(MessageId(message), by) => {
            let by = match by {
                Deletion::Cancelled => "cancelled",
                Deletion::Own => "own",
                Deletion::Peer => "peer",
                Deletion::Timer => "timer",
            };
            Row::Deleted { conversation, message: *message, by }
        }
        ConversationEvent::NotDone(MessageId(message), reason) => {
            let reason = match reason {
                NotDone::Gone => "gone",
                NotDone::NotOurs => "not_ours",
                NotDone::TooLong => "too_long",
                NotDone::OutboxFull => "outbox_full",
                NotDone::NotOpen => "not_open",
            };
            Row::NotDone { conversation, message: *message, reason }
        }
        ConversationEvent::Reacted { message: MessageId(message), own, reaction } => {
            let reaction = reaction.as_ref().map(crate::command::Reaction::as_str);
            Row::Reacted { conversation, message: *message, own: *own, reaction }
        }
        ConversationEvent::Timer { seconds, own } => {
            Row::Timer { conversation, seconds: *seconds, own: *own }
        }
        ConversationEvent::History(history) => {
            let (keeps, seconds) = match history {
                History::Kept => ("kept", None),
                History::For(seconds) => ("for", Some(*seconds)),
                History::NotKept => ("not_kept", None),
            };
            Row::History { conversation, keeps, seconds }
        }
        ConversationEvent::Renamed(name) => Row::Renamed { conversation, name },
        ConversationEvent::PeerName(claims) => Row::PeerName { conversation, claims },
        ConversationEvent::Link(state) => {
            let (state, redial_seconds) = match state {
                LinkState::Up => ("up", None),
                LinkState::Lost { redial_for } => ("lost", Some(redial_for.as_secs())),
                LinkState::Away => ("away", None),
                LinkState::GivenUp => ("given_up", None),
            };
            Row::Link { conversation, state, redial_seconds }
        }
        ConversationEvent::Healing(event) => Row::Healing { conversation, state: event.name() },
        ConversationEvent::Repair(event) => Row::Repair { conversation, state: event.name() },
        ConversationEvent::Refused => Row::Refused { conversation },
        ConversationEvent::PeerLeft => Row::PeerLeft { conversation },
        ConversationEvent::Left { confirmed } => Row::Left { conversation, confirmed: *confirmed },
    }
}

/// What a script asks for in one line.
#[derive(Debug, PartialEq, Eq)]
pub enum Request {
    /// `{"send":"text"}`: send this text, whatever it looks like.
    Send(String),
    /// `{"check":true}`: whether this side wants the check.
    Check(bool),
    /// `{"secret":"text"}`: the check's secret.
    Secret(SecretText),
    /// `{"confirm":"check"}`: the word that another check needs after several have failed.
    Confirm(String),
    /// `{"cancel":true}`: break the running check off.
    Cancel,
    /// `{"heal":true}`: make new keys.
    Heal,
    /// `{"stay":true}`: after a failed or cancelled check, stay; `false` leaves.
    Stay(bool),
    /// `{"quit":true}`: say goodbye and end.
    Quit,
    /// A change to a message, or to those that follow.
    Message(MessageRequest),
    /// A line that does not begin with a brace: what a person could have typed at this point.
    Typed(String),
}

/// What a script asks for about a message, which it names by the number that events give it.
#[derive(Debug, PartialEq, Eq)]
pub enum MessageRequest {
    /// `{"reply":{"message":3,"text":"…"}}`: send a text that answers a message.
    Reply {
        /// Which.
        message: u64,
        /// The text.
        text: String,
    },
    /// `{"edit":{"message":3,"text":"…"}}`: give a text of ours other words, on both sides.
    Edit {
        /// Which.
        message: u64,
        /// The new text.
        text: String,
    },
    /// `{"take_back":3}`: take a text of ours back that has not left; else delete it.
    TakeBack(u64),
    /// `{"delete":3}`: delete a message, one of ours on both sides.
    Delete(u64),
    /// `{"react":{"message":3,"sign":"…"}}`: answer a message with a sign; `null`: none any more.
    React {
        /// Which.
        message: u64,
        /// The sign.
        sign: Option<String>,
    },
    /// `{"timer":3600}`: new messages of both sides go so many seconds after they were seen; 0: they
    /// stay.
    Timer(u32),
}

/// Why a line was not understood. The line goes on being nobody's: nothing of it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this line begins with a brace but is none of {{\"send\":\"…\"}}, {{\"check\":true}}, \
     {{\"secret\":\"…\"}}, {{\"confirm\":\"check\"}}, {{\"cancel\":true}}, {{\"heal\":true}}, \
     {{\"stay\":false}}, {{\"quit\":true}}, {{\"reply\":{{\"message\":1,\"text\":\"…\"}}}}, \
     {{\"edit\":{{\"message\":1,\"text\":\"…\"}}}}, {{\"take_back\":1}}, {{\"delete\":1}}, \
     {{\"react\":{{\"message\":1,\"sign\":\"…\"}}}}, {{\"timer\":3600}}"
)]
pub struct NotUnderstood;

/// A request as it is read: exactly one key.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum RequestRow {
    Send(String),
    Check(bool),
    Secret(String),
    Confirm(String),
    Cancel(bool),
    Heal(bool),
    Stay(bool),
    Quit(bool),
    Reply(TextRow),
    Edit(TextRow),
    TakeBack(u64),
    Delete(u64),
    React(SignRow),
    Timer(u32),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TextRow {
    message: u64,
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignRow {
    message: u64,
    // Not to be left out by mistake: taking a sign away is said.
    #[serde(deserialize_with = "Option::deserialize")]
    sign: Option<String>,
}

/// Reads one line of input, without its end.
///
/// # Errors
/// [`NotUnderstood`] when the line begins with a brace and is not one of the requests.
pub fn request(line: &str) -> Result<Request, NotUnderstood> {
    if !line.trim_start().starts_with('{') {
        return Ok(Request::Typed(line.to_owned()));
    }
    let message = |request| Ok(Request::Message(request));
    match serde_json::from_str(line).map_err(|_| NotUnderstood)? {
        RequestRow::Send(text) => Ok(Request::Send(text)),
        RequestRow::Check(wish) => Ok(Request::Check(wish)),
        RequestRow::Secret(text) => Ok(Request::Secret(SecretText::new(text))),
        RequestRow::Confirm(word) => Ok(Request::Confirm(word)),
        RequestRow::Cancel(true) => Ok(Request::Cancel),
        RequestRow::Heal(true) => Ok(Request::Heal),
        RequestRow::Stay(stay) => Ok(Request::Stay(stay)),
        RequestRow::Quit(true) => Ok(Request::Quit),
        RequestRow::Reply(TextRow { message: number, text }) => {
            message(MessageRequest::Reply { message: number, text })
        }
        RequestRow::Edit(TextRow { message: number, text }) => {
            message(MessageRequest::Edit { message: number, text })
        }
        RequestRow::TakeBack(number) => message(MessageRequest::TakeBack(number)),
        RequestRow::Delete(number) => message(MessageRequest::Delete(number)),
        RequestRow::React(SignRow { message: number, sign }) => {
            message(MessageRequest::React { message: number, sign })
        }
        RequestRow::Timer(seconds) => message(MessageRequest::Timer(seconds)),
        RequestRow::Cancel(false) | RequestRow::Heal(false) | RequestRow::Quit(false) => {
            Err(NotUnderstood)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read() {
        assert_eq!(request(r#"{"send":"a\nb"}"#), Ok(Request::Send("a\nb".into())));
        assert_eq!(request(r#" {"check":false}"#), Ok(Request::Check(false)));
        assert_eq!(
            request(r#"{"secret":"blue bench"}"#),
            Ok(Request::Secret(SecretText::new("blue bench".into())))
        );
        assert_eq!(request(r#"{"stay":true}"#), Ok(Request::Stay(true)));
        assert_eq!(request(r#"{"confirm":"check"}"#), Ok(Request::Confirm("check".into())));
        assert_eq!(request(r#"{"cancel":true}"#), Ok(Request::Cancel));
        assert_eq!(request(r#"{"heal":true}"#), Ok(Request::Heal));
        assert_eq!(request(r#"{"quit":true}"#), Ok(Request::Quit));
        let cases = [
            (
                r#"{"reply":{"message":3,"text":"yes"}}"#,
                MessageRequest::Reply { message: 3, text: "yes".into() },
            ),
            (
                r#"{"edit":{"message":3,"text":"no"}}"#,
                MessageRequest::Edit { message: 3, text: "no".into() },
            ),
            (r#"{"take_back":3}"#, MessageRequest::TakeBack(3)),
            (r#"{"delete":3}"#, MessageRequest::Delete(3)),
            (
                r#"{"react":{"message":3,"sign":"+"}}"#,
                MessageRequest::React { message: 3, sign: Some("+".into()) },
            ),
            (
                r#"{"react":{"message":3,"sign":null}}"#,
                MessageRequest::React { message: 3, sign: None },
            ),
            (r#"{"timer":60}"#, MessageRequest::Timer(60)),
        ];
        for (line, expected) in cases {
            assert_eq!(request(line), Ok(Request::Message(expected)), "{line}");
        }
        assert_eq!(request("/quit"), Ok(Request::Typed("/quit".into())));
        assert_eq!(request(""), Ok(Request::Typed(String::new())));
    }

    #[test]
    fn a_broken_request_is_not_sent_as_a_text() {
        for bad in [
            "{",
            "{}",
            r#"{"send":1}"#,
            r#"{"sned":"x"}"#,
            r#"{"send":"x","quit":true}"#,
            r#"{"quit":false}"#,
            r#"{"cancel":false}"#,
            r#"{"heal":false}"#,
            r#"{"delete":"3"}"#,
            r#"{"delete":-3}"#,
            r#"{"timer":-1}"#,
            r#"{"edit":{"message":3}}"#,
            r#"{"edit":{"message":3,"text":"x","of":4}}"#,
            r#"{"react":{"message":3}}"#,
            r#"{"send":"x"} trailing"#,
        ] {
            assert_eq!(request(bad), Err(NotUnderstood), "{bad}");
        }
    }

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
