//! Rows as columns, and back. What doesn't fit is damage: only this program writes here.

use rusqlite::{Error, Result, Row};
use undertone_engine::storage::{
    Contact, Counters, Expiry, MessageRow, OutboxRow, Policy, Recovery, RepairState,
};
use undertone_handle::command::{History, Name, Reaction, Role};
use undertone_handle::event::{Delivery, Trust};
use undertone_handle::{ConversationId, MessageId};
use undertone_ratchet::repair::{Incarnations, RecoveryKeys};
use undertone_ratchet::secret::Secret;
use undertone_wire::card::{CARD_LEN, Card, KEPT_CARD_LEN, KeptCard};
use zeroize::Zeroizing;

/// The version of a contact's keys that this code writes. It also reads version 1, which ends before
/// [`REPAIR_LEN`]: nothing was ever repaired then.
const KEYS_VERSION: u8 = 2;
/// Version ‖ own card with its private halves ‖ the partner's card ‖ hash of the pairing ‖ recovery
/// key ‖ what a repair needs besides.
const KEYS_LEN: usize = 1 + KEPT_CARD_LEN + CARD_LEN + 2 * 32 + REPAIR_LEN;
/// Own incarnation u64 ‖ the partner's u64 ‖ state u8 ‖ restored from u64, 0: it is not ‖ whether there
/// is a former recovery key u8 ‖ that key, or zeros.
const REPAIR_LEN: usize = 8 + 8 + 1 + 8 + 1 + 32;

/// A number as SQLite has it. Numbers beyond 2⁶³ are none that ever happen; they stay the greatest.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// An id of which every bit counts, in no order.
pub(super) fn bits(id: ConversationId) -> i64 {
    id.0.cast_signed()
}

/// The first and the last id that messages of the contact with this number can have.
pub(super) fn range(number: u32) -> (i64, i64) {
    let first = i64::from(number) << 32;
    (first, first | i64::from(u32::MAX))
}

/// A column that holds something else than what was written there.
pub(super) fn damaged(column: usize) -> Error {
    Error::IntegralValueOutOfRange(column, 0)
}

pub(super) fn number(row: &Row<'_>, column: usize) -> Result<u64> {
    u64::try_from(row.get::<_, i64>(column)?).map_err(|_| damaged(column))
}

pub(super) fn count(row: &Row<'_>, column: usize) -> Result<usize> {
    usize::try_from(row.get::<_, i64>(column)?).map_err(|_| damaged(column))
}

pub(super) fn number_if_any(row: &Row<'_>, column: usize) -> Result<Option<u64>> {
    row.get::<_, Option<i64>>(column)?
        .map(|number| u64::try_from(number).map_err(|_| damaged(column)))
        .transpose()
}

/// A secret column, straight into memory that is erased.
pub(super) fn bytes(row: &Row<'_>, column: usize) -> Result<Zeroizing<Vec<u8>>> {
    Ok(Zeroizing::new(row.get_ref(column)?.as_blob()?.to_vec()))
}

pub(super) fn text(row: &Row<'_>, column: usize) -> Result<Zeroizing<String>> {
    let text = row.get_ref(column)?.as_str().map_err(|_| damaged(column))?;
    Ok(Zeroizing::new(text.to_owned()))
}

pub(super) fn name(row: &Row<'_>, column: usize) -> Result<Name> {
    let text = row.get_ref(column)?.as_str().map_err(|_| damaged(column))?;
    Name::parse(text).map_err(|_| damaged(column))
}

fn reaction(row: &Row<'_>, column: usize) -> Result<Option<Reaction>> {
    let text = row.get_ref(column)?.as_str_or_null().map_err(|_| damaged(column))?;
    text.map(|text| Reaction::parse(text).ok_or_else(|| damaged(column))).transpose()
}

pub(super) fn message_id(row: &Row<'_>, column: usize) -> Result<MessageId> {
    Ok(MessageId(number(row, column)?))
}

pub(super) fn role_number(role: Role) -> u8 {
    match role {
        Role::Host => 0,
        Role::Guest => 1,
    }
}

pub(super) fn trust_number(trust: Trust) -> u8 {
    match trust {
        Trust::Unverified => 0,
        Trust::Verified { skipped: false } => 1,
        Trust::Verified { skipped: true } => 2,
        Trust::Authenticated => 3,
    }
}

pub(super) fn trust(row: &Row<'_>, column: usize) -> Result<Trust> {
    Ok(match row.get::<_, u8>(column)? {
        0 => Trust::Unverified,
        1 => Trust::Verified { skipped: false },
        2 => Trust::Verified { skipped: true },
        3 => Trust::Authenticated,
        _ => return Err(damaged(column)),
    })
}

pub(super) fn delivery_number(delivery: Delivery) -> u8 {
    match delivery {
        Delivery::Waiting => 0,
        Delivery::Sent => 1,
        Delivery::Delivered => 2,
    }
}

fn delivery(row: &Row<'_>, column: usize) -> Result<Delivery> {
    Ok(match row.get::<_, u8>(column)? {
        0 => Delivery::Waiting,
        1 => Delivery::Sent,
        2 => Delivery::Delivered,
        _ => return Err(damaged(column)),
    })
}

/// What `history` and `seconds` are for a choice.
pub(super) fn history_numbers(history: History) -> (u8, u32) {
    match history {
        History::Kept => (0, 0),
        History::For(seconds) => (1, seconds),
        History::NotKept => (2, 0),
    }
}

/// One contact, as [`contact`] reads it.
pub(super) const CONTACT: &str =
    "SELECT id, number, lasting, made, ended, open, since, role, trust, nick, peer, bytes
     FROM contact LEFT JOIN keys ON keys.contact = contact.id WHERE id = ?1";

pub(super) fn contact(row: &Row<'_>) -> Result<Contact> {
    let keys = row.get_ref(11)?.as_blob().map_err(|_| damaged(11))?;
    let Keys { own, card, pairing, recovery } = take_apart(keys).ok_or_else(|| damaged(11))?;
    Ok(Contact {
        id: ConversationId(row.get::<_, i64>(0)?.cast_unsigned()),
        number: row.get(1)?,
        lasting: row.get(2)?,
        made: row.get(3)?,
        ended: row.get(4)?,
        open: row.get(5)?,
        since: number(row, 6)?,
        role: if row.get::<_, u8>(7)? == 0 { Role::Host } else { Role::Guest },
        trust: trust(row, 8)?,
        nick: name(row, 9)?,
        peer: name(row, 10)?,
        own,
        card,
        pairing,
        recovery,
    })
}

pub(super) struct Keys {
    pub(super) own: KeptCard,
    pub(super) card: Card,
    pub(super) pairing: [u8; 32],
    pub(super) recovery: Recovery,
}

/// A contact's keys as they are stored.
pub(super) fn keys(contact: &Contact) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(KEYS_LEN));
    bytes.push(KEYS_VERSION);
    bytes.extend_from_slice(contact.own.to_bytes().as_bytes());
    bytes.extend_from_slice(&contact.card.encode());
    bytes.extend_from_slice(&contact.pairing);
    let Recovery { keys, incarnations, state, restored_from } = &contact.recovery;
    bytes.extend_from_slice(keys.current().as_bytes());
    bytes.extend_from_slice(&incarnations.own.to_be_bytes());
    bytes.extend_from_slice(&incarnations.peer.to_be_bytes());
    bytes.push(match state {
        RepairState::Well => 0,
        RepairState::Needed => 1,
        RepairState::Resuming => 2,
    });
    bytes.extend_from_slice(&restored_from.unwrap_or(0).to_be_bytes());
    bytes.push(u8::from(keys.former().is_some()));
    bytes.extend_from_slice(keys.former().map_or(&[0; 32], Secret::as_bytes).as_slice());
    bytes
}

pub(super) fn take_apart(bytes: &[u8]) -> Option<Keys> {
    let (version, rest) = bytes.split_first()?;
    let (own, rest) = rest.split_at_checked(KEPT_CARD_LEN)?;
    let (card, rest) = rest.split_at_checked(CARD_LEN)?;
    let (pairing, rest) = rest.split_first_chunk()?;
    let (key, rest) = rest.split_first_chunk()?;
    let key = Secret::from_bytes(key);
    let recovery = match (*version, rest) {
        (1, []) => Recovery::new(key),
        (KEYS_VERSION, rest) => recovery(key, rest)?,
        _ => return None,
    };
    Some(Keys {
        own: KeptCard::from_bytes(own).ok()?,
        card: Card::decode(card).ok()?,
        pairing: *pairing,
        recovery,
    })
}

fn recovery(key: Secret<32>, rest: &[u8]) -> Option<Recovery> {
    let (own, rest) = rest.split_first_chunk()?;
    let (peer, rest) = rest.split_first_chunk()?;
    let (state, rest) = rest.split_first()?;
    let (restored, rest) = rest.split_first_chunk()?;
    let (has_former, former) = rest.split_first()?;
    let former: &[u8; 32] = former.try_into().ok()?;
    let former = match has_former {
        0 if *former == [0; 32] => None,
        1 => Some(Secret::from_bytes(former)),
        _ => return None,
    };
    let restored = u64::from_be_bytes(*restored);
    Some(Recovery {
        keys: RecoveryKeys::from_parts(key, former),
        incarnations: Incarnations {
            own: u64::from_be_bytes(*own),
            peer: u64::from_be_bytes(*peer),
        },
        state: match state {
            0 => RepairState::Well,
            1 => RepairState::Needed,
            2 => RepairState::Resuming,
            _ => return None,
        },
        restored_from: (restored > 0).then_some(restored),
    })
}

/// So many zeros are before a session in its row. SQLite keeps what fits of a row in a page together
/// with other rows, which it moves about, and leaves copies behind when it does; what doesn't fit is in
/// pages of the row's own, which never move. The zeros are what fits.
const LEAD: usize = 3_970;
/// Room in one such page of an encrypted database.
const OWN_PAGE: usize = 4_012;

/// A session as it is stored: always whole pages, so that the next one is written right over it.
pub(super) fn session(bytes: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let length = u32::try_from(bytes.len()).ok()?.to_be_bytes();
    let pages = bytes.len().checked_add(length.len())?.div_ceil(OWN_PAGE);
    let whole = pages.checked_mul(OWN_PAGE)?.checked_add(LEAD)?;
    let mut row = Zeroizing::new(Vec::with_capacity(whole));
    row.resize(LEAD, 0);
    row.extend_from_slice(&length);
    row.extend_from_slice(bytes);
    row.resize(whole, 0);
    Some(row)
}

pub(super) fn stored_session(row: &Row<'_>, column: usize) -> Result<Zeroizing<Vec<u8>>> {
    let bytes = row.get_ref(column)?.as_blob().map_err(|_| damaged(column))?;
    let own = bytes.get(LEAD..).and_then(|rest| {
        let (length, rest) = rest.split_first_chunk()?;
        rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)
    });
    own.map(|own| Zeroizing::new(own.to_vec())).ok_or_else(|| damaged(column))
}

pub(super) fn counters(row: &Row<'_>) -> Result<Counters> {
    Ok(Counters {
        next: number(row, 0)?,
        acknowledged: number(row, 1)?,
        highest: number(row, 2)?,
        window: row.get::<_, i64>(3)?.cast_unsigned(),
        place: row.get(4)?,
        sent: number(row, 5)?,
    })
}

pub(super) fn outbox(row: &Row<'_>) -> Result<OutboxRow> {
    Ok(OutboxRow {
        sequence: number(row, 0)?,
        message: number_if_any(row, 1)?.map(MessageId),
        body: bytes(row, 2)?,
    })
}

pub(super) fn policy(row: &Row<'_>) -> Result<Policy> {
    let history = match row.get::<_, u8>(0)? {
        0 => History::Kept,
        1 => History::For(row.get(1)?),
        2 => History::NotKept,
        _ => return Err(damaged(0)),
    };
    Ok(Policy {
        history,
        timer: row.get(2)?,
        timer_changes: row.get(3)?,
        to_date: row.get(4)?,
        blocked: row.get(5)?,
    })
}

pub(super) fn expiry(row: &Row<'_>) -> Result<Expiry> {
    Ok(Expiry { message: message_id(row, 0)?, at: number(row, 1)?, lasts: row.get(2)? })
}

/// One message, as [`message`] reads it.
pub(super) const MESSAGE: &str =
    "SELECT id, own, seen, delivery, sequence, at, edited, reply, own_reaction, peer_reaction,
            timer, expires, body
     FROM message WHERE id = ?1";

pub(super) fn message(row: &Row<'_>) -> Result<MessageRow> {
    Ok(MessageRow {
        message: message_id(row, 0)?,
        own: row.get(1)?,
        seen: row.get(2)?,
        delivery: delivery(row, 3)?,
        sequence: number(row, 4)?,
        at: number(row, 5)?,
        edited: number_if_any(row, 6)?,
        reply: number_if_any(row, 7)?.map(MessageId),
        own_reaction: reaction(row, 8)?,
        peer_reaction: reaction(row, 9)?,
        timer: row.get(10)?,
        expires: number_if_any(row, 11)?,
        body: text(row, 12)?,
    })
}
