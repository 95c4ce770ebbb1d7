//! The words about the public address, requests that come there, and requests of ours.

use super::{Kind, UserError};
use crate::address::public;
use crate::event::{AddressEvent, AskedEvent, NotKept, RequestEvent};
use crate::query::{AddressLine, RequestState};

/// What a public address costs, said whenever one is shown or switched on.
pub const ADDRESS_COSTS: &str = "Whoever knows this address can see when you are online.";

/// That there is no public address.
pub const NO_ADDRESS: &str = "You have no public address. /address on makes one, at which people whom you have \
                              not met can ask you for a conversation.";

/// What another address means, and the word that makes it.
pub const REPLACE_QUESTION: &str = "Another address takes the place of this one for good: nobody finds you at the old \
                                    one any more, and whoever has it sees nothing of the new one. To do that, type \
                                    the word replace.";

/// What is read when an address stays as it was.
pub const ADDRESS_STAYS: &str = "The address stays as it is.";

/// What is read when a request is given up before it was made.
pub const NOT_ASKED: &str = "Nobody was asked.";

/// What is read when a request is neither accepted nor refused after all.
pub const NOT_ANSWERED: &str = "The request stays as it is.";

/// Asked of whoever asks and whoever accepts: the name that goes to the other side.
pub const NICK_QUESTION: &str = "Your name, as they will see it:";

/// Asked of whoever asks and whoever accepts: the name that stays here.
pub const PEER_QUESTION: &str = "Their name, as you want to see it:";

/// Asked of whoever asks.
pub const GREETING_QUESTION: &str = "What to say with it, at most 2,000 characters; they read it before they decide. \
                                     An empty line says nothing:";

/// Where the public address is, as a sentence or several.
#[must_use]
pub fn address(event: &AddressEvent) -> String {
    match event {
        AddressEvent::Publishing(_) => {
            "Your address is being published, which usually takes 10 to 40 s.".to_owned()
        }
        AddressEvent::Reachable(address) => format!(
            "Your address is reachable: {} is where people can ask you for a conversation. \
             {ADDRESS_COSTS}",
            public(address)
        ),
        AddressEvent::Unreachable(_) => {
            "Your address is not reachable now, so nobody can ask you. It is tried again."
                .to_owned()
        }
        AddressEvent::Elsewhere(_) => {
            "Somebody else serves your address, most likely another copy of this profile, so this \
             side has stopped serving it. End the other one and say /address on."
                .to_owned()
        }
        AddressEvent::Off => {
            "Your address is off: nobody can ask you, and nobody sees there when you are online."
                .to_owned()
        }
    }
}

/// The public address, and whether it is on.
#[must_use]
pub fn address_line(line: Option<&AddressLine>) -> String {
    match line {
        None => NO_ADDRESS.to_owned(),
        Some(AddressLine { address, on: true }) => format!(
            "Your address is on: {} is where people can ask you for a conversation. {ADDRESS_COSTS}",
            public(address)
        ),
        Some(AddressLine { address, on: false }) => format!(
            "Your address is off, so nobody can ask you: {} stays yours for when you say /address on.",
            public(address)
        ),
    }
}

/// A step of a request that came, from somebody who calls themselves `name`; what they said with it
/// stands elsewhere.
#[must_use]
pub fn request(event: &RequestEvent, name: &str) -> String {
    match event {
        RequestEvent::Came { .. } => format!(
            "Somebody who calls themselves “{name}” asks you for a conversation; nothing vouches for \
             the name. /accept, /refuse or /block-request answers; they learn nothing of a refusal."
        ),
        RequestEvent::Accepted => format!(
            "You have accepted “{name}”. They are called until they answer; then the conversation \
             begins."
        ),
        RequestEvent::NotReached => {
            format!(
                "“{name}” was not reached, most likely because they are away. It is tried again."
            )
        }
        RequestEvent::Stranger => format!(
            "Somebody else answers where “{name}” should be, so no conversation began, and it is not \
             tried again. They can ask you anew."
        ),
        RequestEvent::Refused => {
            format!("You have refused “{name}”. They learn nothing of a refusal.")
        }
        RequestEvent::Blocked => format!(
            "You have blocked “{name}”: this request does not come again, nor any that shows it is \
             from the same sender. They learn nothing of it, and can ask as somebody else."
        ),
        RequestEvent::Unblocked => {
            format!("“{name}” is not blocked any more: their requests can come again.")
        }
        RequestEvent::Expired => {
            format!(
                "The request of “{name}” has become too old and is gone. They can ask you anew."
            )
        }
    }
}

/// A step of a request of ours to whom this side calls `peer`.
#[must_use]
pub fn asked(event: AskedEvent, peer: &str) -> String {
    match event {
        AskedEvent::Kept => format!(
            "Your request to {peer} is kept, and goes out as soon as their address is reached."
        ),
        AskedEvent::Dialling { attempt } if attempt > 1 => {
            format!("Calling the address of {peer}, attempt {attempt}.")
        }
        AskedEvent::Dialling { .. } => format!("Calling the address of {peer}."),
        AskedEvent::NotReached => {
            format!("Nobody answers at the address of {peer} now. It is tried again.")
        }
        AskedEvent::Arrived => format!(
            "Your request has arrived at the address of {peer}. The conversation begins if they \
             accept; of a refusal you learn nothing."
        ),
        AskedEvent::NotUnderstood => format!(
            "What answers at the address of {peer} does not take requests of this version, so it is \
             not tried again. Compare the address, and what `undertone --version` says on both \
             sides, then ask again."
        ),
        AskedEvent::Withdrawn => {
            format!("You have taken your request to {peer} back. An answer to it finds nobody.")
        }
        AskedEvent::Expired => format!(
            "Your request to {peer} has become too old: an answer to it finds nobody. /ask asks anew."
        ),
        AskedEvent::NotKept(reason) => not_kept(reason).to_string(),
    }
}

/// Why a request of ours was not taken.
#[must_use]
pub fn not_kept(reason: NotKept) -> UserError {
    match reason {
        NotKept::TooMany => UserError::new(
            Kind::Usage,
            "Too many requests of yours are under way already, so nobody was asked.",
            "/requests shows them, /withdraw takes one back.",
        ),
        NotKept::OwnAddress => UserError::new(
            Kind::Usage,
            "This is your own address, so nobody was asked.",
            "Give the address of somebody else.",
        ),
        NotKept::Already => UserError::new(
            Kind::Usage,
            "You have asked at this address already, so nobody was asked again.",
            "Wait for an answer, or take that request back with /withdraw and ask anew.",
        ),
        NotKept::NotStored => UserError::new(
            Kind::Environment,
            "Your request could not be stored, and what is not stored is not sent: nobody was asked.",
            "Ask again when it is said that the storage is well.",
        ),
    }
}

/// What the user has decided about a request, in a few words.
#[must_use]
pub fn request_state(state: RequestState) -> &'static str {
    match state {
        RequestState::Pending => "waits for your answer",
        RequestState::Accepted => "accepted, being called",
        RequestState::Refused => "refused",
        RequestState::Blocked => "blocked",
    }
}

/// Where a request of ours is, in a few words.
#[must_use]
pub fn ask_state(arrived: bool) -> &'static str {
    if arrived { "arrived, no answer yet" } else { "on its way" }
}

/// How many requests wait for an answer, beside other counts.
#[must_use]
pub fn requests_short(count: usize) -> String {
    if count == 1 { "+ 1 request".to_owned() } else { format!("+ {count} requests") }
}

/// That a conversation with whom this side calls `peer` has begun with an accepted request.
#[must_use]
pub fn begun(peer: &str) -> String {
    format!("A conversation with {peer} has begun. /open {peer} goes there.")
}

/// That there is no such request.
#[must_use]
pub fn no_such_request() -> UserError {
    UserError::new(
        Kind::Usage,
        "There is no request of this name or number, so nothing was done.",
        "/requests shows them all.",
    )
}

/// That several requests have this name.
#[must_use]
pub fn several_such_requests() -> UserError {
    UserError::new(
        Kind::Usage,
        "Several requests have this name, so nothing was done.",
        "Say which by the sixteen characters beside it in /requests.",
    )
}
