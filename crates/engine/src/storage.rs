//! What is stored: rows, the look-ups on them ([`View`]) and the changes to them ([`Write`]).

use undertone_handle::command::{Name, Role};
use undertone_handle::event::{Delivery, Trust};
use undertone_handle::{ConversationId, MessageId};
use undertone_ratchet::secret::Secret;
use undertone_wire::card::{Card, KeptCard};
use zeroize::Zeroizing;

/// Look-ups on the open transaction; they see the writes of earlier steps of the same batch.
pub trait View {
    /// All contacts.
    fn contacts(&self) -> Vec<ConversationId>;
    /// One contact.
    fn contact(&self, id: ConversationId) -> Option<Contact>;
    /// The serialised ratchet session with a contact.
    fn session(&self, id: ConversationId) -> Option<Zeroizing<Vec<u8>>>;
    /// The counters of a conversation.
    fn counters(&self, id: ConversationId) -> Option<Counters>;
    /// What waits for a receipt, in the order of its sequence numbers, from `from` on, at most
    /// `limit` rows.
    fn outbox(&self, id: ConversationId, from: u64, limit: usize) -> Vec<OutboxRow>;
    /// How many texts of the user wait for a receipt.
    fn outbox_len(&self, id: ConversationId) -> usize;
    /// The stored messages of a conversation, oldest first.
    fn messages(&self, id: ConversationId) -> Vec<MessageRow>;
}

/// One change. A storage applies each in one `match`.
#[derive(Debug)]
pub enum Write {
    /// Add or replace a contact.
    PutContact(Box<Contact>),
    /// Replace a contact's ratchet session.
    PutSession(ConversationId, Zeroizing<Vec<u8>>),
    /// Replace a conversation's counters.
    PutCounters(ConversationId, Counters),
    /// Add to the outbox.
    AddOutbox(ConversationId, OutboxRow),
    /// Remove from the outbox what a receipt covers: up to and including `highest`, and those of the
    /// 64 numbers after it whose bit is set in `window`, lowest first.
    Acknowledge {
        /// Whose outbox.
        contact: ConversationId,
        /// The receiver has every number up to this one.
        highest: u64,
        /// And these of the next 64.
        window: u64,
    },
    /// Add a message.
    PutMessage(ConversationId, MessageRow),
    /// Change where a sent message is.
    SetDelivery(ConversationId, MessageId, Delivery),
    /// Remove a contact and everything that belongs to it.
    Forget(ConversationId),
}

/// A partner: what the pairing left behind.
#[derive(Clone)]
pub struct Contact {
    /// The local id.
    pub id: ConversationId,
    /// Which end this side was.
    pub role: Role,
    /// The name this side sent.
    pub nick: Name,
    /// The name this side shows.
    pub peer: Name,
    /// This side's card with the private halves that outlive the handshake.
    pub own: KeptCard,
    /// The partner's card.
    pub card: Card,
    /// The hash of the pairing's transcript.
    pub pairing: [u8; 32],
    /// For a repair of a broken or restored session.
    pub recovery_key: Secret<32>,
    /// How far the partner is known.
    pub trust: Trust,
    /// Whether texts flow: the check before the conversation is behind both.
    pub open: bool,
}

impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            id,
            role,
            nick: _,
            peer: _,
            own: _,
            card: _,
            pairing: _,
            recovery_key: _,
            trust,
            open,
        } = self;
        f.debug_struct("Contact")
            .field("id", id)
            .field("role", role)
            .field("trust", trust)
            .field("open", open)
            .finish_non_exhaustive()
    }
}

/// Sequence numbers of one conversation, both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    /// The number that the next sequenced payload gets; from 1.
    pub next: u64,
    /// The partner has every number of ours up to this one.
    pub acknowledged: u64,
    /// Every number of the partner's up to this one came.
    pub highest: u64,
    /// Which of the 64 numbers after `highest` came, lowest bit first.
    pub window: u64,
}

impl Default for Counters {
    fn default() -> Self {
        Self { next: 1, acknowledged: 0, highest: 0, window: 0 }
    }
}

/// A sequenced payload that has no receipt yet.
#[derive(Clone)]
pub struct OutboxRow {
    /// Its sequence number.
    pub sequence: u64,
    /// The message it carries, if it is a text.
    pub message: Option<MessageId>,
    /// The encoded body.
    pub body: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for OutboxRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OutboxRow").field("sequence", &self.sequence).finish_non_exhaustive()
    }
}

/// A message as the history keeps it.
#[derive(Clone)]
pub struct MessageRow {
    /// Its id.
    pub message: MessageId,
    /// Whether it is ours.
    pub own: bool,
    /// The text.
    pub body: Zeroizing<String>,
    /// Seconds since 1970 by this machine's clock.
    pub at: u64,
    /// Where it is; received ones are delivered.
    pub delivery: Delivery,
}

impl std::fmt::Debug for MessageRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MessageRow")
            .field("message", &self.message)
            .field("own", &self.own)
            .field("delivery", &self.delivery)
            .finish_non_exhaustive()
    }
}
