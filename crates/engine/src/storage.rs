//! What is stored: rows, the look-ups on them ([`View`]) and the changes to them ([`Write`]).
//!
//! A look-up has no way to fail here. A storage whose medium fails notes that, answers as if nothing
//! were there, and refuses to commit the transaction; whoever drives the engine then drops it and
//! loads it anew, so nothing that was decided on such an answer is ever done.

mod requests;

use undertone_handle::command::{History, Name, Reaction, Role};
use undertone_handle::event::{Delivery, StorageFault, Trust};
use undertone_handle::query::{
    AddressLine, AskLine, Before, Hit, Line, Overview, RequestLine, Search,
};
use undertone_handle::{ConversationId, MessageId, SecretText};
use undertone_ratchet::repair::{Incarnations, RecoveryKeys};
use undertone_ratchet::secret::Secret;
use undertone_wire::card::{Card, KeptCard};
use zeroize::Zeroizing;

pub use self::requests::{AskRow, PublicAddress, RequestRow, SentRequest};

/// Look-ups on the open transaction; they see the writes of earlier steps of the same batch.
pub trait View {
    /// What the profile as a whole keeps.
    fn profile(&self) -> Profile;
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
    /// One message.
    fn message(&self, message: MessageId) -> Option<MessageRow>;
    /// The message that was sent in this direction under this sequence number, if it is still here.
    fn numbered(&self, id: ConversationId, own: bool, sequence: u64) -> Option<MessageId>;
    /// What came before something that is missing, in the order of its sequence numbers; at most as
    /// many rows as a receipt's window has bits.
    fn early(&self, id: ConversationId) -> Vec<EarlyRow>;
    /// What the user chose for a conversation.
    fn policy(&self, id: ConversationId) -> Option<Policy>;
    /// Messages of all conversations that have a time at which they go, soonest first: those due by
    /// `until` (seconds since 1970), at most `limit`.
    fn expiring(&self, until: u64, limit: usize) -> Vec<Expiry>;
    /// When the next message goes, if one does (seconds since 1970).
    fn next_expiry(&self) -> Option<u64>;
    /// Messages of the partner's that nobody has seen, up to and including `last`, oldest first, at
    /// most `limit`; only those with a timer or in a conversation that keeps nothing need be among
    /// them.
    fn unseen(&self, id: ConversationId, last: MessageId, limit: usize) -> Vec<MessageId>;
    /// The public address, if there is one.
    fn address(&self) -> Option<PublicAddress>;
    /// The requests that came, oldest first.
    fn requests(&self) -> Vec<RequestRow>;
    /// The requests of ours, oldest first.
    fn asks(&self) -> Vec<AskRow>;
}

/// What holds the rows, one transaction after the other. What was applied since the last commit is
/// seen by the look-ups, and by nobody else.
pub trait Storage: View {
    /// Applies writes, in order, to the transaction. What fails is told by [`Storage::commit`].
    fn apply(&mut self, writes: Vec<Write>);

    /// Makes durable what was applied: when this returns, no crash undoes it.
    ///
    /// # Errors
    /// Why nothing of the transaction was kept; or, for the medium's sake, why a look-up in it was
    /// not answered. The storage is as it was after the commit before, and takes another
    /// transaction.
    fn commit(&mut self) -> Result<(), StorageFault>;

    /// Does a part of what can wait, between two transactions when nobody waits: erases earlier versions of
    /// what was changed and copies of what was erased. Gives whether there is more to do; it is so short
    /// that nobody notices if something comes meanwhile. What fails is tried again the next time.
    fn settle(&mut self) -> bool {
        false
    }

    /// Whether something is left of what was changed or erased since the storage was opened, which
    /// [`Storage::settle`] would erase.
    fn is_unsettled(&self) -> bool {
        false
    }
}

/// Look-ups of interfaces: what is committed, read past the engine, so that no screen waits for it.
pub trait Reader {
    /// What can go wrong.
    type Fault;
    /// All conversations, the one with the newest message first; those without one by when they were
    /// paired.
    ///
    /// # Errors
    /// What the storage's medium does.
    fn overviews(&self) -> Result<Vec<Overview>, Self::Fault>;
    /// The last `limit` messages of a conversation, or the last before one of them; oldest first.
    ///
    /// # Errors
    /// What the storage's medium does.
    fn page(
        &self,
        conversation: ConversationId,
        before: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<Line>, Self::Fault>;
    /// A message, if it is still here, with at most `each` before and `each` after it in its
    /// conversation; oldest first.
    ///
    /// # Errors
    /// What the storage's medium does.
    fn around(&self, message: MessageId, each: usize) -> Result<Vec<Line>, Self::Fault>;
    /// What the user began to write in a conversation.
    ///
    /// # Errors
    /// What the storage's medium does.
    fn draft(&self, conversation: ConversationId) -> Result<Option<SecretText>, Self::Fault>;
    /// At most `limit` messages that a search finds, the newest of all conversations first, or those
    /// before a hit.
    ///
    /// # Errors
    /// What the storage's medium does.
    fn search(
        &self,
        search: &Search,
        before: Option<Before>,
        limit: usize,
    ) -> Result<Vec<Hit>, Self::Fault>;
    /// The public address, if there is one.
    ///
    /// # Errors
    /// What the storage's medium does.
    fn address_line(&self) -> Result<Option<AddressLine>, Self::Fault>;
    /// The requests that came, oldest first.
    ///
    /// # Errors
    /// What the storage's medium does.
    fn request_lines(&self) -> Result<Vec<RequestLine>, Self::Fault>;
    /// The requests of ours, oldest first.
    ///
    /// # Errors
    /// What the storage's medium does.
    fn ask_lines(&self) -> Result<Vec<AskLine>, Self::Fault>;
}

/// One change. A storage applies each in one `match`. What belongs to a contact comes after the contact
/// itself, and not after [`Write::Forget`]; a storage may refuse it otherwise.
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
    /// Replace the body of an outbox row that is there: the message in it was cancelled or deleted.
    ReplaceOutbox(ConversationId, OutboxRow),
    /// Add a message, or replace the one with its id.
    PutMessage(ConversationId, Box<MessageRow>),
    /// Change where a sent message is.
    SetDelivery(MessageId, Delivery),
    /// Say when messages go, in seconds since 1970.
    SetExpiry(Vec<Expiry>),
    /// The user has seen the partner's messages up to and including this one.
    SetSeen(ConversationId, MessageId),
    /// Erase messages: text, index and all. Their sequence numbers stay counted.
    Purge(Vec<MessageId>),
    /// Keep what came before something that is missing.
    PutEarly(ConversationId, EarlyRow),
    /// Remove what came early and is taken now.
    TakeEarly(ConversationId, u64),
    /// Replace what the user chose for a conversation.
    PutPolicy(ConversationId, Policy),
    /// Replace what the user began to write; empty: nothing.
    PutDraft(ConversationId, Zeroizing<String>),
    /// Replace what the profile as a whole keeps.
    PutProfile(Profile),
    /// Remove a contact and everything that belongs to it.
    Forget(ConversationId),
    /// Replace the public address.
    PutAddress(PublicAddress),
    /// Add a request that came, or replace it. Its key is its id, and it belongs to no contact.
    PutRequest(Box<RequestRow>),
    /// Remove a request that came.
    DropRequest(ConversationId),
    /// Add a request of ours, or replace it. Its key is its id, and it belongs to no contact.
    PutAsk(Box<AskRow>),
    /// Remove a request of ours.
    DropAsk(ConversationId),
}

/// What the profile as a whole keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The number of the next contact; see [`Contact::number`].
    pub next_number: u32,
}

impl Default for Profile {
    fn default() -> Self {
        Self { next_number: 1 }
    }
}

/// What the user chose for a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long its messages are kept here.
    pub history: History,
    /// The timer that both sides put on new messages, in seconds; `None`: they stay.
    pub timer: Option<u32>,
    /// How often the timer was changed by either side: of two changes at once the higher one stands,
    /// and of two equal ones the guest's.
    pub timer_changes: u32,
    /// Messages before this place in the conversation still have the times of an earlier choice of
    /// the history; 0: none has. A long history is gone through in several steps.
    pub to_date: u32,
    /// The partner is neither dialled nor served.
    pub blocked: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self { history: History::Kept, timer: None, timer_changes: 0, to_date: 0, blocked: false }
    }
}

/// When a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// Which.
    pub message: MessageId,
    /// When, in seconds since 1970 by this machine's clock.
    pub at: u64,
    /// Its timer in seconds, if that runs ([`MessageRow::timer_runs`]): it never lasts longer than
    /// that from when it was seen or acknowledged, whatever the clock says. `None`: it goes by the
    /// history's age alone.
    pub lasts: Option<u32>,
}

/// Something that came before what is missing: taken in when its turn has come.
#[derive(Clone)]
pub struct EarlyRow {
    /// Its sequence number.
    pub sequence: u64,
    /// The encoded body.
    pub body: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for EarlyRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EarlyRow").field("sequence", &self.sequence).finish_non_exhaustive()
    }
}

/// A partner: what the pairing left behind.
#[derive(Clone)]
pub struct Contact {
    /// The local id.
    pub id: ConversationId,
    /// From 1, in the order of pairing, never given twice in a profile; the upper half of the ids of
    /// its messages. At most 2²⁰.
    pub number: u32,
    /// Whether it outlives the program's end; else the conversation ends with a goodbye.
    pub lasting: bool,
    /// Something came from the partner under the session: it is certain that they kept us.
    pub made: bool,
    /// The partner said goodbye: nothing is sent or dialled any more, what was said stays.
    pub ended: bool,
    /// When it was paired, in seconds since 1970 by this machine's clock.
    pub since: u64,
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
    pub recovery: Recovery,
    /// How far the partner is known.
    pub trust: Trust,
    /// Whether texts flow: the check before the conversation is behind both.
    pub open: bool,
}

impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            id,
            number,
            lasting,
            made,
            ended,
            since: _,
            role,
            nick: _,
            peer: _,
            own: _,
            card: _,
            pairing: _,
            recovery,
            trust,
            open,
        } = self;
        f.debug_struct("Contact")
            .field("id", id)
            .field("number", number)
            .field("lasting", lasting)
            .field("made", made)
            .field("ended", ended)
            .field("role", role)
            .field("trust", trust)
            .field("open", open)
            .field("recovery", recovery)
            .finish_non_exhaustive()
    }
}

/// What it takes to agree on a new session with a contact, and how far that is: `docs/repair.md`.
#[derive(Clone, Debug)]
pub struct Recovery {
    /// The recovery keys of the last pairing or repair.
    pub keys: RecoveryKeys,
    /// Which copy of itself each end is.
    pub incarnations: Incarnations,
    /// Whether the session can be used.
    pub state: RepairState,
    /// What this side sends had numbers below this one when its backup was made; those of what is
    /// written since begin [`crate::restore::JUMP`] beyond. `None` when the partner knows of that.
    pub restored_from: Option<u64>,
}

impl Recovery {
    /// What a pairing leaves.
    #[must_use]
    pub fn new(key: Secret<32>) -> Self {
        Self {
            keys: RecoveryKeys::new(key),
            incarnations: Incarnations { own: 1, peer: 1 },
            state: RepairState::Well,
            restored_from: None,
        }
    }
}

/// Whether the session with a contact can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepairState {
    /// It can.
    Well,
    /// It is lost or broken: nothing is sent or taken before a repair.
    Needed,
    /// It is new: what has a number waits until the partner has said what it has.
    Resuming,
}

/// Sequence numbers of one conversation, both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    /// The number that the next sequenced payload gets; from 1.
    pub next: u64,
    /// The highest number that may ever have left, on any connection. What is beyond it certainly
    /// never did, so it can be taken back.
    pub sent: u64,
    /// The partner has every number of ours up to this one.
    pub acknowledged: u64,
    /// Every number of the partner's up to this one came.
    pub highest: u64,
    /// Which of the 64 numbers after `highest` came, lowest bit first.
    pub window: u64,
    /// The place of the next message in the conversation, both directions together; from 1.
    pub place: u32,
}

impl Default for Counters {
    fn default() -> Self {
        Self { next: 1, sent: 0, acknowledged: 0, highest: 0, window: 0, place: 1 }
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
    /// Its id: the contact's number and the place in the conversation, so that the messages of a
    /// conversation lie side by side and in order. See [`message_id`].
    pub message: MessageId,
    /// Whether it is ours.
    pub own: bool,
    /// Its sequence number in its direction.
    pub sequence: u64,
    /// The text.
    pub body: Zeroizing<String>,
    /// When it was written or came, in seconds since 1970 by this machine's clock.
    pub at: u64,
    /// Where it is; received ones are delivered.
    pub delivery: Delivery,
    /// The user has seen it; always true of our own.
    pub seen: bool,
    /// When it was last edited, by this machine's clock.
    pub edited: Option<u64>,
    /// The message that it answers, if that was here when it came.
    pub reply: Option<MessageId>,
    /// What this side answered it with.
    pub own_reaction: Option<Reaction>,
    /// What the partner answered it with.
    pub peer_reaction: Option<Reaction>,
    /// The timer that it came or left with, in seconds.
    pub timer: Option<u32>,
    /// When it goes, in seconds since 1970 by this machine's clock, once that is known.
    pub expires: Option<u64>,
}

impl MessageRow {
    /// Whether its timer, if it has one, has begun: one of the partner's was seen, one of ours has
    /// arrived.
    #[must_use]
    pub fn timer_runs(&self) -> bool {
        if self.own { self.delivery == Delivery::Delivered } else { self.seen }
    }

    /// What an interface shows of it.
    #[must_use]
    pub fn line(&self) -> Line {
        let Self { message, own, sequence: _, body, at, delivery, seen, .. } = self;
        let Self { edited, reply, own_reaction, peer_reaction, timer, expires, .. } = self;
        Line {
            message: *message,
            own: *own,
            body: body.clone(),
            at: *at,
            delivery: *delivery,
            seen: *seen,
            edited: *edited,
            reply: *reply,
            own_reaction: own_reaction.clone(),
            peer_reaction: peer_reaction.clone(),
            timer: *timer,
            expires: *expires,
        }
    }
}

impl std::fmt::Debug for MessageRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MessageRow")
            .field("message", &self.message)
            .field("own", &self.own)
            .field("sequence", &self.sequence)
            .field("delivery", &self.delivery)
            .finish_non_exhaustive()
    }
}

/// The id of the message at a place in the conversation with the contact of this number. Below 2⁵³,
/// so that every reader of JSON can tell one from another.
#[must_use]
pub fn message_id(number: u32, place: u32) -> MessageId {
    MessageId((u64::from(number) << 32) | u64::from(place))
}

/// The number of the contact in whose conversation a message is.
#[must_use]
pub fn number_of(message: MessageId) -> u32 {
    u32::try_from(message.0 >> 32).unwrap_or(u32::MAX)
}
