//! The records of a backup, as bytes: what `docs/store.md`, section "Backup", says.

use std::num::NonZeroU16;

use undertone_engine::storage::{
    Contact, Counters, EarlyRow, MessageRow, OutboxRow, Policy, Profile as Own, PublicAddress,
};
use undertone_handle::command::{History, Name, Reaction, Role};
use undertone_handle::event::{Delivery, Trust};
use undertone_handle::{ConversationId, MessageId};
use undertone_ratchet::secret::Secret;
use undertone_wire::address::OnionSeed;
use zeroize::Zeroizing;

use super::rows;

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Profile,
    Contact,
    Policy,
    Draft,
    Outbox,
    Early,
    Message,
    Address,
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::Profile,
        Self::Contact,
        Self::Policy,
        Self::Draft,
        Self::Outbox,
        Self::Early,
        Self::Message,
        Self::Address,
    ];

    pub(super) const fn number(self) -> NonZeroU16 {
        let number = match self {
            Self::Profile => 1,
            Self::Contact => 2,
            Self::Policy => 3,
            Self::Draft => 4,
            Self::Outbox => 5,
            Self::Early => 6,
            Self::Message => 7,
            Self::Address => 8,
        };
        // None of them is 0.
        match NonZeroU16::new(number) {
            Some(number) => number,
            None => NonZeroU16::MAX,
        }
    }

    pub(super) fn of(number: NonZeroU16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// A record that was read.
pub(super) enum Kept {
    Profile(Own, String),
    Contact(Box<Contact>, Counters),
    Policy(ConversationId, Policy),
    Draft(ConversationId, Zeroizing<String>),
    Outbox(ConversationId, OutboxRow),
    Early(ConversationId, EarlyRow),
    Message(Box<MessageRow>),
    Address(PublicAddress),
}

/// Bytes that are put together.
struct Put(Zeroizing<Vec<u8>>);

impl Put {
    /// Room for all of a record, so that no copy of it stays behind.
    fn with(varying: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(varying.saturating_add(8_192))))
    }

    fn u8(mut self, number: u8) -> Self {
        self.0.push(number);
        self
    }

    fn u32(mut self, number: u32) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    fn u64(mut self, number: u64) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    /// Bytes of a length that everybody knows.
    fn array<const N: usize>(mut self, bytes: &[u8; N]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// A number that may be missing: 0 or 1, and the number or 0.
    fn maybe(self, number: Option<u64>) -> Self {
        self.u8(u8::from(number.is_some())).u64(number.unwrap_or(0))
    }

    /// Bytes with their length before them.
    fn bytes(mut self, bytes: &[u8]) -> Self {
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        self.0.extend_from_slice(&length.to_be_bytes());
        self.0.extend_from_slice(bytes);
        self
    }
}

pub(super) fn profile(own: Own, name: &str) -> Zeroizing<Vec<u8>> {
    Put::with(name.len()).u32(own.next_number).bytes(name.as_bytes()).0
}

pub(super) fn contact(contact: &Contact, counters: Counters) -> Zeroizing<Vec<u8>> {
    let Contact {
        id, number, lasting: _, made, ended, open, since, role, trust, nick, peer, ..
    } = contact;
    let Counters { next, sent, acknowledged, highest, window, place } = counters;
    Put::with(0)
        .u64(id.0)
        .u32(*number)
        .u8(u8::from(*made))
        .u8(u8::from(*ended))
        .u8(u8::from(*open))
        .u64(*since)
        .u8(rows::role_number(*role))
        .u8(rows::trust_number(*trust))
        .bytes(nick.as_str().as_bytes())
        .bytes(peer.as_str().as_bytes())
        .bytes(&rows::keys(contact))
        .u64(next)
        .u64(sent)
        .u64(acknowledged)
        .u64(highest)
        .u64(window)
        .u32(place)
        .0
}

pub(super) fn policy(id: ConversationId, policy: Policy) -> Zeroizing<Vec<u8>> {
    let (history, seconds) = rows::history_numbers(policy.history);
    let Policy { history: _, timer, timer_changes, to_date, blocked } = policy;
    Put::with(0)
        .u64(id.0)
        .u8(history)
        .u32(seconds)
        .u32(timer.unwrap_or(0))
        .u32(timer_changes)
        .u32(to_date)
        .u8(u8::from(blocked))
        .0
}

pub(super) fn draft(id: ConversationId, text: &str) -> Zeroizing<Vec<u8>> {
    Put::with(text.len()).u64(id.0).bytes(text.as_bytes()).0
}

pub(super) fn outbox(id: ConversationId, row: &OutboxRow) -> Zeroizing<Vec<u8>> {
    let message = row.message.map(|message| message.0);
    Put::with(row.body.len()).u64(id.0).u64(row.sequence).maybe(message).bytes(&row.body).0
}

pub(super) fn early(id: ConversationId, row: &EarlyRow) -> Zeroizing<Vec<u8>> {
    Put::with(row.body.len()).u64(id.0).u64(row.sequence).bytes(&row.body).0
}

/// A message without a timer: no other is in a backup.
pub(super) fn message(row: &MessageRow) -> Zeroizing<Vec<u8>> {
    let reaction = |one: &Option<Reaction>| {
        one.as_ref().map_or(Vec::new(), |reaction| reaction.as_str().as_bytes().to_vec())
    };
    Put::with(row.body.len())
        .u64(row.message.0)
        .u8(u8::from(row.own))
        .u8(u8::from(row.seen))
        .u8(rows::delivery_number(row.delivery))
        .u64(row.sequence)
        .u64(row.at)
        .maybe(row.edited)
        .maybe(row.reply.map(|reply| reply.0))
        .bytes(&reaction(&row.own_reaction))
        .bytes(&reaction(&row.peer_reaction))
        .maybe(row.expires)
        .bytes(row.body.as_bytes())
        .0
}

pub(super) fn address(own: &PublicAddress) -> Zeroizing<Vec<u8>> {
    Put::with(0).array(own.seed.0.as_bytes()).u8(u8::from(own.on)).0
}

/// Bytes that are taken apart.
struct Take<'a>(&'a [u8]);

impl<'a> Take<'a> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (array, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*array)
    }

    fn u8(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn flag(&mut self) -> Option<bool> {
        match self.u8()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    fn maybe(&mut self) -> Option<Option<u64>> {
        match (self.flag()?, self.u64()?) {
            (true, number) => Some(Some(number)),
            (false, 0) => Some(None),
            (false, _) => None,
        }
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.u32()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    fn id(&mut self) -> Option<ConversationId> {
        self.u64().map(ConversationId)
    }

    fn secret(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        self.bytes().map(|bytes| Zeroizing::new(bytes.to_vec()))
    }

    fn end<T>(&self, value: T) -> Option<T> {
        self.0.is_empty().then_some(value)
    }
}

/// Reads a record, all of it.
pub(super) fn read(kind: Kind, bytes: &[u8]) -> Option<Kept> {
    let mut take = Take(bytes);
    let take = &mut take;
    let kept = match kind {
        Kind::Profile => {
            let next_number = take.u32().filter(|number| *number > 0)?;
            Kept::Profile(Own { next_number }, take.text()?.to_owned())
        }
        Kind::Contact => {
            let (contact, counters) = read_contact(take)?;
            Kept::Contact(Box::new(contact), counters)
        }
        Kind::Policy => Kept::Policy(take.id()?, read_policy(take)?),
        Kind::Draft => Kept::Draft(take.id()?, Zeroizing::new(take.text()?.to_owned())),
        Kind::Outbox => {
            let id = take.id()?;
            let (sequence, message) = (take.u64()?, take.maybe()?.map(MessageId));
            Kept::Outbox(id, OutboxRow { sequence, message, body: take.secret()? })
        }
        Kind::Early => {
            let id = take.id()?;
            Kept::Early(id, EarlyRow { sequence: take.u64()?, body: take.secret()? })
        }
        Kind::Message => Kept::Message(Box::new(read_message(take)?)),
        Kind::Address => {
            let seed = Zeroizing::new(take.array()?);
            let seed = OnionSeed(Secret::from_bytes(&seed));
            Kept::Address(PublicAddress { seed, on: take.flag()? })
        }
    };
    take.end(kept)
}

fn read_contact(take: &mut Take<'_>) -> Option<(Contact, Counters)> {
    let (id, number) = (take.id()?, take.u32()?);
    let (made, ended, open) = (take.flag()?, take.flag()?, take.flag()?);
    let since = take.u64()?;
    let role = match take.u8()? {
        0 => Role::Host,
        1 => Role::Guest,
        _ => return None,
    };
    let trust = match take.u8()? {
        0 => Trust::Unverified,
        1 => Trust::Verified { skipped: false },
        2 => Trust::Verified { skipped: true },
        3 => Trust::Authenticated,
        _ => return None,
    };
    let (nick, peer) = (Name::parse(take.text()?).ok()?, Name::parse(take.text()?).ok()?);
    let keys = rows::take_apart(take.bytes()?)?;
    let counters = Counters {
        next: take.u64()?,
        sent: take.u64()?,
        acknowledged: take.u64()?,
        highest: take.u64()?,
        window: take.u64()?,
        place: take.u32()?,
    };
    let rows::Keys { own, card, pairing, recovery } = keys;
    let contact = Contact {
        id,
        number,
        lasting: true,
        made,
        ended,
        open,
        since,
        role,
        trust,
        nick,
        peer,
        own,
        card,
        pairing,
        recovery,
    };
    Some((contact, counters))
}

fn read_policy(take: &mut Take<'_>) -> Option<Policy> {
    let history = match (take.u8()?, take.u32()?) {
        (0, 0) => History::Kept,
        (1, seconds) => History::For(seconds),
        (2, 0) => History::NotKept,
        _ => return None,
    };
    let timer = take.u32()?;
    Some(Policy {
        history,
        timer: (timer > 0).then_some(timer),
        timer_changes: take.u32()?,
        to_date: take.u32()?,
        blocked: take.flag()?,
    })
}

fn read_message(take: &mut Take<'_>) -> Option<MessageRow> {
    let reaction = |text: &str| match text {
        "" => Some(None),
        text => Reaction::parse(text).map(Some),
    };
    Some(MessageRow {
        message: MessageId(take.u64()?),
        own: take.flag()?,
        seen: take.flag()?,
        delivery: match take.u8()? {
            0 => Delivery::Waiting,
            1 => Delivery::Sent,
            2 => Delivery::Delivered,
            _ => return None,
        },
        sequence: take.u64()?,
        at: take.u64()?,
        edited: take.maybe()?,
        reply: take.maybe()?.map(MessageId),
        own_reaction: reaction(take.text()?)?,
        peer_reaction: reaction(take.text()?)?,
        timer: None,
        expires: take.maybe()?,
        body: Zeroizing::new(take.text()?.to_owned()),
    })
}
