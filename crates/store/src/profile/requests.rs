//! The public address, the requests that come there and those of ours: columns, and back.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _, Params, Result, Row, params};
use undertone_engine::storage::{AskRow, PublicAddress, RequestRow, SentRequest};
use undertone_handle::ConversationId;
use undertone_handle::command::{Greeting, MAX_NAME, Name};
use undertone_handle::query::{AddressLine, AskLine, RequestLine, RequestState};
use undertone_ratchet::handshake::{PUBLIC_KEYS_LEN, PublicKeys};
use undertone_ratchet::secret::Secret;
use undertone_wire::address::{OnionAddress, OnionSeed};
use undertone_wire::request::{
    MAX_GREETING_LEN, MAX_NAME_LEN, OFFER_LEN, OWN_OFFER_LEN, OWN_REQUEST_LEN, Offer, OwnOffer,
    OwnRequest,
};

use super::rows::{bits, damaged, int, name, number, number_if_any, text};
use super::write::Done;
use crate::fault::Fault;

// What the tables take, so that nothing that the engine may write is refused as damage.
const _: () = assert!(
    MAX_NAME_LEN == 120
        && MAX_NAME * 4 <= MAX_NAME_LEN
        && MAX_GREETING_LEN == 6_000
        && PUBLIC_KEYS_LEN == 1_312
        && OFFER_LEN == 1_346
        && OWN_OFFER_LEN <= 4_096
        && OWN_REQUEST_LEN <= 4_096,
    "v3.sql has other lengths"
);

/// The address, as [`address`] reads it.
pub(super) const ADDRESS: &str = "SELECT seed, served FROM address";

/// All requests that came, oldest first, as [`request`] and [`request_line`] read them. Ids are in the
/// order of their bits: those with the highest one are negative here.
pub(super) const REQUESTS: &str =
    "SELECT id, at, state, name, greeting, place, tag, hash, keys, offer, nick, peer, accepted
     FROM request ORDER BY at, id < 0, id";

/// All requests of ours, oldest first, as [`ask`] and [`ask_line`] read them.
pub(super) const ASKS: &str =
    "SELECT id, at, arrived, tries, address, peer, nick, greeting, own, hash, offer
     FROM asked ORDER BY at, id < 0, id";

pub(super) fn address(row: &Row<'_>) -> Result<PublicAddress> {
    let seed = Secret::from_bytes(array(row, 0)?);
    Ok(PublicAddress { seed: OnionSeed(seed), on: row.get(1)? })
}

pub(super) fn address_line(row: &Row<'_>) -> Result<AddressLine> {
    let PublicAddress { seed, on } = address(row)?;
    Ok(AddressLine { address: seed.address(), on })
}

pub(super) fn request(row: &Row<'_>) -> Result<RequestRow> {
    let RequestLine { conversation, name: suggested, greeting, at, state } = request_line(row)?;
    Ok(RequestRow {
        id: conversation,
        at,
        name: suggested,
        greeting,
        place: onion(row, 5)?,
        tag: *array(row, 6)?,
        hash: *array(row, 7)?,
        keys: PublicKeys::decode(blob(row, 8)?).map_err(|_| damaged(8))?,
        offer: blob_if_any(row, 9)?
            .map(|bytes| OwnOffer::from_bytes(bytes).map_err(|_| damaged(9)))
            .transpose()?,
        state,
        names: match (name_if_any(row, 10)?, name_if_any(row, 11)?) {
            (None, None) => None,
            (Some(nick), Some(peer)) => Some((nick, peer)),
            _ => return Err(damaged(11)),
        },
        accepted: number_if_any(row, 12)?,
    })
}

/// What is shown of a request. Nothing else of it is read.
pub(super) fn request_line(row: &Row<'_>) -> Result<RequestLine> {
    Ok(RequestLine {
        conversation: id(row)?,
        at: number(row, 1)?,
        state: match row.get::<_, u8>(2)? {
            0 => RequestState::Pending,
            1 => RequestState::Accepted,
            2 => RequestState::Refused,
            3 => RequestState::Blocked,
            _ => return Err(damaged(2)),
        },
        name: name(row, 3)?,
        greeting: greeting(row, 4)?,
    })
}

fn state_number(state: RequestState) -> u8 {
    match state {
        RequestState::Pending => 0,
        RequestState::Accepted => 1,
        RequestState::Refused => 2,
        RequestState::Blocked => 3,
    }
}

pub(super) fn ask(row: &Row<'_>) -> Result<AskRow> {
    let AskLine { conversation, address, peer, at, arrived } = ask_line(row)?;
    Ok(AskRow {
        id: conversation,
        address,
        nick: name(row, 6)?,
        peer,
        greeting: greeting(row, 7)?,
        own: OwnRequest::from_bytes(blob(row, 8)?).map_err(|_| damaged(8))?,
        at,
        tries: row.get(3)?,
        sent: match (blob_if_any(row, 9)?, blob_if_any(row, 10)?) {
            (None, None) => None,
            (Some(_), Some(offer)) => Some(SentRequest {
                hash: *array(row, 9)?,
                offer: Offer::decode(offer).map_err(|_| damaged(10))?,
            }),
            _ => return Err(damaged(10)),
        },
        arrived,
    })
}

/// What is shown of a request of ours. Nothing else of it is read.
pub(super) fn ask_line(row: &Row<'_>) -> Result<AskLine> {
    Ok(AskLine {
        conversation: id(row)?,
        at: number(row, 1)?,
        arrived: row.get(2)?,
        address: onion(row, 4)?,
        peer: name(row, 5)?,
    })
}

fn id(row: &Row<'_>) -> Result<ConversationId> {
    Ok(ConversationId(row.get::<_, i64>(0)?.cast_unsigned()))
}

fn blob<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a [u8]> {
    blob_if_any(row, column)?.ok_or_else(|| damaged(column))
}

fn blob_if_any<'a>(row: &'a Row<'_>, column: usize) -> Result<Option<&'a [u8]>> {
    row.get_ref(column)?.as_blob_or_null().map_err(|_| damaged(column))
}

fn array<'a, const N: usize>(row: &'a Row<'_>, column: usize) -> Result<&'a [u8; N]> {
    blob(row, column)?.try_into().map_err(|_| damaged(column))
}

fn onion(row: &Row<'_>, column: usize) -> Result<OnionAddress> {
    OnionAddress::from_key(array(row, column)?).map_err(|_| damaged(column))
}

fn greeting(row: &Row<'_>, column: usize) -> Result<Greeting> {
    Greeting::parse(&text(row, column)?).map_err(|_| damaged(column))
}

fn name_if_any(row: &Row<'_>, column: usize) -> Result<Option<Name>> {
    if row.get_ref(column)? == ValueRef::Null {
        return Ok(None);
    }
    name(row, column).map(Some)
}

/// The seed of an address that is replaced is erased.
pub(super) fn put_address(
    db: &Connection,
    own: &PublicAddress,
) -> std::result::Result<Done, Fault> {
    let PublicAddress { seed, on } = own;
    let seed = seed.0.as_bytes().as_slice();
    let known = look(db, "SELECT seed IS NOT ?1 FROM address", [seed])?;
    let sql = "INSERT INTO address (id, seed, served) VALUES (1, ?1, ?2)
               ON CONFLICT (id) DO UPDATE SET seed = excluded.seed, served = excluded.served";
    db.prepare_cached(sql)?.execute(params![seed, on])?;
    Ok(done(known))
}

/// What a row had before, a greeting or the private halves of an offer, is erased.
pub(super) fn put_request(db: &Connection, row: &RequestRow) -> std::result::Result<Done, Fault> {
    let known = look(db, "SELECT 1 FROM request WHERE id = ?1", [bits(row.id)])?;
    let sql = "INSERT INTO request
                   (id, at, state, name, greeting, place, tag, hash, keys, offer, nick, peer,
                    accepted)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
               ON CONFLICT (id) DO UPDATE SET
                   at = excluded.at, state = excluded.state, name = excluded.name,
                   greeting = excluded.greeting, place = excluded.place, tag = excluded.tag,
                   hash = excluded.hash, keys = excluded.keys, offer = excluded.offer,
                   nick = excluded.nick, peer = excluded.peer, accepted = excluded.accepted";
    let RequestRow { id, at, name, greeting, place, keys, tag, .. } = row;
    let RequestRow { offer, hash, state, names, accepted, .. } = row;
    let (keys, offer) = (keys.encode(), offer.as_ref().map(OwnOffer::to_bytes));
    let (nick, peer) = names.as_ref().map(|(nick, peer)| (nick.as_str(), peer.as_str())).unzip();
    let values = params![
        bits(*id),
        int(*at),
        state_number(*state),
        name.as_str(),
        greeting.as_str(),
        place.0.as_slice(),
        tag.as_slice(),
        hash.as_slice(),
        keys.as_slice(),
        offer.as_ref().map(|offer| offer.as_bytes().as_slice()),
        nick,
        peer,
        accepted.map(int),
    ];
    db.prepare_cached(sql)?.execute(values)?;
    Ok(done(known))
}

pub(super) fn drop_request(
    db: &Connection,
    id: ConversationId,
) -> std::result::Result<Done, Fault> {
    let gone = db.prepare_cached("DELETE FROM request WHERE id = ?1")?.execute([bits(id)])?;
    Ok(done(Some(gone > 0)))
}

/// What a row had before is erased. That it was tried once more erases nothing.
pub(super) fn put_ask(db: &Connection, row: &AskRow) -> std::result::Result<Done, Fault> {
    let AskRow { id, address, nick, peer, greeting, .. } = row;
    let AskRow { own, at, tries, sent, arrived, .. } = row;
    let own = own.to_bytes();
    let own = own.as_bytes().as_slice();
    let hash = sent.as_ref().map(|sent| sent.hash.as_slice());
    let offer = sent.as_ref().map(|sent| sent.offer.encode());
    let sql = "SELECT NOT (address = ?2 AND peer = ?3 AND nick = ?4 AND greeting = ?5 AND own = ?6
                           AND (hash IS NULL OR hash IS ?7) AND (offer IS NULL OR offer IS ?8))
               FROM asked WHERE id = ?1";
    let values = params![
        bits(*id),
        address.0.as_slice(),
        peer.as_str(),
        nick.as_str(),
        greeting.as_str(),
        own,
        hash,
        offer,
    ];
    let known = look(db, sql, values)?;
    let sql = "INSERT INTO asked
                   (id, at, arrived, tries, address, peer, nick, greeting, own, hash, offer)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
               ON CONFLICT (id) DO UPDATE SET
                   at = excluded.at, arrived = excluded.arrived, tries = excluded.tries,
                   address = excluded.address, peer = excluded.peer, nick = excluded.nick,
                   greeting = excluded.greeting, own = excluded.own, hash = excluded.hash,
                   offer = excluded.offer";
    let values = params![
        bits(*id),
        int(*at),
        arrived,
        tries,
        address.0.as_slice(),
        peer.as_str(),
        nick.as_str(),
        greeting.as_str(),
        own,
        hash,
        offer,
    ];
    db.prepare_cached(sql)?.execute(values)?;
    Ok(done(known))
}

pub(super) fn drop_ask(db: &Connection, id: ConversationId) -> std::result::Result<Done, Fault> {
    let gone = db.prepare_cached("DELETE FROM asked WHERE id = ?1")?.execute([bits(id)])?;
    Ok(done(Some(gone > 0)))
}

/// Whether a row, if it is there, holds something that a change erases.
fn look(
    db: &Connection,
    sql: &str,
    values: impl Params,
) -> std::result::Result<Option<bool>, Fault> {
    Ok(db.prepare_cached(sql)?.query_row(values, |row| row.get(0)).optional()?)
}

fn done(erased: Option<bool>) -> Done {
    if erased == Some(true) { Done::Erased } else { Done::Written }
}
