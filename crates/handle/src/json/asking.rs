//! The lines about the public address and requests.

use serde::Serialize;

use super::{Id, Row, write};
use crate::ConversationId;
use crate::address::public;
use crate::event::{AddressEvent, AskedEvent, NotKept, RequestEvent};
use crate::query::{AddressLine, AskLine, RequestLine, RequestState};

/// What each of these events carries. The name of the event is the renamed variant.
#[derive(Serialize)]
#[serde(tag = "event")]
pub(super) enum AskingRow<'a> {
    #[serde(rename = "address.publishing")]
    Publishing { address: String },
    #[serde(rename = "address.reachable")]
    Reachable { address: String },
    #[serde(rename = "address.unreachable")]
    Unreachable { address: String },
    #[serde(rename = "address.elsewhere")]
    Elsewhere { address: String },
    #[serde(rename = "address.off")]
    Off {},
    #[serde(rename = "address.state")]
    Address { address: Option<String>, on: bool },
    #[serde(rename = "request.came")]
    Came { request: Id, name: &'a str, greeting: &'a str, at: u64 },
    #[serde(rename = "request.accepted")]
    Accepted { request: Id },
    #[serde(rename = "request.not_reached")]
    NotReached { request: Id },
    #[serde(rename = "request.stranger")]
    Stranger { request: Id },
    #[serde(rename = "request.refused")]
    Refused { request: Id },
    #[serde(rename = "request.blocked")]
    Blocked { request: Id },
    #[serde(rename = "request.unblocked")]
    Unblocked { request: Id },
    #[serde(rename = "request.expired")]
    Expired { request: Id },
    #[serde(rename = "asked.kept")]
    Kept { request: Id },
    #[serde(rename = "asked.dialling")]
    Dialling { request: Id, attempt: u32 },
    #[serde(rename = "asked.not_reached")]
    AskedNotReached { request: Id },
    #[serde(rename = "asked.arrived")]
    Arrived { request: Id },
    #[serde(rename = "asked.not_understood")]
    NotUnderstood { request: Id },
    #[serde(rename = "asked.withdrawn")]
    Withdrawn { request: Id },
    #[serde(rename = "asked.expired")]
    AskedExpired { request: Id },
    #[serde(rename = "asked.not_kept")]
    NotKept { request: Id, reason: &'static str },
    #[serde(rename = "requests.row")]
    Request { request: Id, name: &'a str, greeting: &'a str, at: u64, state: &'static str },
    #[serde(rename = "asks.row")]
    Ask { request: Id, address: String, peer: &'a str, at: u64, arrived: bool },
    #[serde(rename = "requests.done")]
    Done { came: usize, asked: usize },
}

pub(super) fn address(event: &AddressEvent) -> Row<'static> {
    Row::Asking(match event {
        AddressEvent::Publishing(address) => AskingRow::Publishing { address: public(address) },
        AddressEvent::Reachable(address) => AskingRow::Reachable { address: public(address) },
        AddressEvent::Unreachable(address) => AskingRow::Unreachable { address: public(address) },
        AddressEvent::Elsewhere(address) => AskingRow::Elsewhere { address: public(address) },
        AddressEvent::Off => AskingRow::Off {},
    })
}

pub(super) fn request(request: Id, event: &RequestEvent) -> Row<'_> {
    Row::Asking(match event {
        RequestEvent::Came { name, greeting, at } => {
            AskingRow::Came { request, name: name.as_str(), greeting: greeting.as_str(), at: *at }
        }
        RequestEvent::Accepted => AskingRow::Accepted { request },
        RequestEvent::NotReached => AskingRow::NotReached { request },
        RequestEvent::Stranger => AskingRow::Stranger { request },
        RequestEvent::Refused => AskingRow::Refused { request },
        RequestEvent::Blocked => AskingRow::Blocked { request },
        RequestEvent::Unblocked => AskingRow::Unblocked { request },
        RequestEvent::Expired => AskingRow::Expired { request },
    })
}

pub(super) fn asked(request: Id, event: AskedEvent) -> Row<'static> {
    Row::Asking(match event {
        AskedEvent::Kept => AskingRow::Kept { request },
        AskedEvent::Dialling { attempt } => AskingRow::Dialling { request, attempt },
        AskedEvent::NotReached => AskingRow::AskedNotReached { request },
        AskedEvent::Arrived => AskingRow::Arrived { request },
        AskedEvent::NotUnderstood => AskingRow::NotUnderstood { request },
        AskedEvent::Withdrawn => AskingRow::Withdrawn { request },
        AskedEvent::Expired => AskingRow::AskedExpired { request },
        AskedEvent::NotKept(reason) => {
            let reason = match reason {
                NotKept::TooMany => "too_many",
                NotKept::OwnAddress => "own_address",
                NotKept::Already => "already",
                NotKept::NotStored => "not_stored",
            };
            AskingRow::NotKept { request, reason }
        }
    })
}

fn line(row: AskingRow<'_>) -> String {
    write(None, Row::Asking(row))
}

/// The public address and whether it is on, as one line. Off and without an address: there is none.
#[must_use]
pub fn address_line(address: Option<&AddressLine>) -> String {
    let on = address.is_some_and(|line| line.on);
    line(AskingRow::Address { address: address.map(|line| public(&line.address)), on })
}

/// A request that came, of a list of all, as one line.
#[must_use]
pub fn request_line(one: &RequestLine) -> String {
    let RequestLine { conversation, name, greeting, at, state } = one;
    line(AskingRow::Request {
        request: conversation.to_string(),
        name: name.as_str(),
        greeting: greeting.as_str(),
        at: *at,
        state: match state {
            RequestState::Pending => "pending",
            RequestState::Accepted => "accepted",
            RequestState::Refused => "refused",
            RequestState::Blocked => "blocked",
        },
    })
}

/// A request of ours, of a list of all, as one line.
#[must_use]
pub fn ask_line(one: &AskLine) -> String {
    let AskLine { conversation, address, peer, at, arrived } = one;
    let (request, address) = (conversation.to_string(), public(address));
    line(AskingRow::Ask { request, address, peer: peer.as_str(), at: *at, arrived: *arrived })
}

/// The end of a list of requests, as one line: how many came and how many are ours.
#[must_use]
pub fn requests_done_line(came: usize, asked: usize) -> String {
    line(AskingRow::Done { came, asked })
}

/// The number of a request as a script says it: sixteen hex digits.
#[must_use]
pub fn request_id(text: &str) -> Option<ConversationId> {
    let plain = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain.then(|| u64::from_str_radix(text, 16).ok().map(ConversationId)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_request_is_read_as_it_is_written() {
        let id = ConversationId(0xa7);
        assert_eq!(request_id(&id.to_string()), Some(id));
        for bad in ["", "a7", "+0000000000000a7", "00000000000000a7 ", "00000000000000ag"] {
            assert_eq!(request_id(bad), None, "{bad}");
        }
    }
}
