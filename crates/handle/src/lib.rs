//! The commands, the events and the typed handle that every user interface holds.
//!
//! A user interface is a client of one [`Handle`]: it sends [`Command`]s and receives
//! [`Event`]s, over channels and nothing else. What one interface can do, all can. No socket, no
//! clock, no C library is beneath this crate, so an interface builds and tests in seconds.
//!
//! - [`address`]: public addresses as people write them.
//! - [`command`]: what a person can ask for.
//! - [`event`]: what the node tells.
//! - [`words`]: the sentences for outcomes and errors, once, for all interfaces.
//! - [`json`]: the events as JSON lines, versioned.
//! - [`query`]: what an interface looks up in the history, and what a search is.

pub mod address;
pub mod command;
pub mod event;
pub mod json;
pub mod query;
pub mod words;

mod channel;
mod secret;

pub use channel::{Closed, Commander, EVENTS, Events, Handle, NodeSide, channel};
pub use command::Command;
pub use event::Event;
pub use secret::SecretText;

/// One conversation; on a contact it is the contact's local id: 64 random bits, shown in hex.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConversationId(pub u64);

/// One message as this side counts it: never given twice in a profile, meaningless elsewhere. Within
/// a conversation a later message has a greater id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(pub u64);

/// What an interface calls a text until the node has given it its [`MessageId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub u64);

impl std::fmt::Display for ConversationId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
