//! What the engine's steps change.

use rusqlite::{Connection, OptionalExtension as _, Params, params};
use undertone_engine::storage::{Contact, Counters, Expiry, MessageRow, OutboxRow, Policy, Write};
use undertone_handle::{ConversationId, MessageId};

use super::{index, requests, rows};
use crate::fault::Fault;

/// What a change leaves to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    /// Nothing.
    Written,
    /// Something was erased, and earlier versions of its pages may be in the log.
    Erased,
}

/// Applies one change.
pub(super) fn apply(db: &Connection, write: &Write) -> Result<Done, Fault> {
    match write {
        Write::PutContact(contact) => put_contact(db, contact),
        Write::PutSession(id, bytes) => {
            let sql = "INSERT INTO session (contact, bytes) VALUES (?1, ?2)
                       ON CONFLICT (contact) DO UPDATE SET bytes = excluded.bytes";
            let row = rows::session(bytes).ok_or(Fault::Damaged)?;
            run(db, sql, params![rows::bits(*id), row.as_slice()])
        }
        Write::PutCounters(id, counters) => put_counters(db, *id, counters),
        Write::AddOutbox(id, OutboxRow { sequence, message, body }) => {
            let sql = "INSERT INTO outbox (contact, sequence, message, body)
                       VALUES (?1, ?2, ?3, ?4)
                       ON CONFLICT DO UPDATE SET message = excluded.message, body = excluded.body";
            let message = message.map(|message| rows::int(message.0));
            run(db, sql, params![rows::bits(*id), rows::int(*sequence), message, body.as_slice()])
        }
        Write::Acknowledge { contact, highest, window } => {
            let sql = "DELETE FROM outbox WHERE contact = ?1
                       AND (sequence <= ?2 OR (sequence - ?2 BETWEEN 1 AND 64
                                               AND (?3 >> (sequence - ?2 - 1)) & 1))";
            let (highest, window) = (rows::int(*highest), window.cast_signed());
            run(db, sql, params![rows::bits(*contact), highest, window])
        }
        Write::ReplaceOutbox(id, OutboxRow { sequence, message, body }) => {
            let sql = "UPDATE outbox SET message = ?3, body = ?4
                       WHERE contact = ?1 AND sequence = ?2";
            let message = message.map(|message| rows::int(message.0));
            let (id, sequence) = (rows::bits(*id), rows::int(*sequence));
            run(db, sql, params![id, sequence, message, body.as_slice()])?;
            Ok(Done::Erased)
        }
        Write::PutMessage(_, row) => put_message(db, row),
        Write::SetDelivery(message, delivery) => {
            let sql = "UPDATE message SET delivery = ?2 WHERE id = ?1";
            run(db, sql, params![rows::int(message.0), rows::delivery_number(*delivery)])
        }
        Write::SetExpiry(expiries) => {
            let sql = "UPDATE message SET expires = ?2 WHERE id = ?1";
            for Expiry { message, at, lasts: _ } in expiries {
                run(db, sql, params![rows::int(message.0), rows::int(*at)])?;
            }
            Ok(Done::Written)
        }
        Write::SetSeen(id, last) => {
            let Some((first, end)) = range(db, *id)? else { return Ok(Done::Written) };
            let sql = "UPDATE message SET seen = 1
                       WHERE seen = 0 AND own = 0 AND id BETWEEN ?1 AND ?2";
            run(db, sql, params![first, end.min(rows::int(last.0))])
        }
        Write::Purge(messages) => {
            // Mostly the oldest are first; the index takes them out the other way round.
            for message in messages.iter().rev() {
                purge(db, *message)?;
            }
            Ok(Done::Erased)
        }
        Write::PutEarly(id, row) => {
            let sql = "INSERT INTO early (contact, sequence, body) VALUES (?1, ?2, ?3)
                       ON CONFLICT DO UPDATE SET body = excluded.body";
            run(db, sql, params![rows::bits(*id), rows::int(row.sequence), row.body.as_slice()])
        }
        Write::TakeEarly(id, sequence) => {
            let sql = "DELETE FROM early WHERE contact = ?1 AND sequence = ?2";
            run(db, sql, params![rows::bits(*id), rows::int(*sequence)])
        }
        Write::PutPolicy(id, policy) => put_policy(db, *id, *policy),
        Write::PutDraft(id, text) if text.is_empty() => {
            run(db, "DELETE FROM draft WHERE contact = ?1", [rows::bits(*id)])?;
            Ok(Done::Erased)
        }
        Write::PutDraft(id, text) => {
            let sql = "INSERT INTO draft (contact, text) VALUES (?1, ?2)
                       ON CONFLICT (contact) DO UPDATE SET text = excluded.text";
            run(db, sql, params![rows::bits(*id), text.as_str()])
        }
        Write::PutProfile(own) => {
            run(db, "UPDATE own SET next_number = ?1", params![own.next_number])
        }
        Write::Forget(id) => forget(db, *id),
        Write::PutAddress(own) => requests::put_address(db, own),
        Write::PutRequest(row) => requests::put_request(db, row),
        Write::DropRequest(id) => requests::drop_request(db, *id),
        Write::PutAsk(row) => requests::put_ask(db, row),
        Write::DropAsk(id) => requests::drop_ask(db, *id),
    }
}

fn run(db: &Connection, sql: &str, params: impl Params) -> Result<Done, Fault> {
    db.prepare_cached(sql)?.execute(params)?;
    Ok(Done::Written)
}

/// The ids that messages of a contact can have.
fn range(db: &Connection, id: ConversationId) -> Result<Option<(i64, i64)>, Fault> {
    let mut query = db.prepare_cached("SELECT number FROM contact WHERE id = ?1")?;
    let number: Option<u32> = query.query_row([rows::bits(id)], |row| row.get(0)).optional()?;
    Ok(number.map(rows::range))
}

fn put_contact(db: &Connection, contact: &Contact) -> Result<Done, Fault> {
    let sql = "INSERT INTO contact
                   (id, number, lasting, made, ended, open, since, role, trust, nick, peer)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
               ON CONFLICT (id) DO UPDATE SET
                   number = excluded.number, lasting = excluded.lasting, made = excluded.made,
                   ended = excluded.ended, open = excluded.open, since = excluded.since,
                   role = excluded.role, trust = excluded.trust, nick = excluded.nick,
                   peer = excluded.peer";
    let values = params![
        rows::bits(contact.id),
        contact.number,
        contact.lasting,
        contact.made,
        contact.ended,
        contact.open,
        rows::int(contact.since),
        rows::role_number(contact.role),
        rows::trust_number(contact.trust),
        contact.nick.as_str(),
        contact.peer.as_str(),
    ];
    run(db, sql, values)?;
    // They hardly ever change, and their page is one more.
    let sql = "INSERT INTO keys (contact, bytes) VALUES (?1, ?2)
               ON CONFLICT (contact) DO UPDATE SET bytes = excluded.bytes
               WHERE bytes IS NOT excluded.bytes";
    run(db, sql, params![rows::bits(contact.id), rows::keys(contact).as_slice()])
}

fn put_counters(db: &Connection, id: ConversationId, counters: &Counters) -> Result<Done, Fault> {
    let Counters { next, sent, acknowledged, highest, window, place } = *counters;
    let sql = "INSERT INTO counters (contact, next, acknowledged, highest, window, place, sent)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
               ON CONFLICT (contact) DO UPDATE SET
                   next = excluded.next, acknowledged = excluded.acknowledged,
                   highest = excluded.highest, window = excluded.window, place = excluded.place,
                   sent = excluded.sent";
    let values = params![
        rows::bits(id),
        rows::int(next),
        rows::int(acknowledged),
        rows::int(highest),
        window.cast_signed(),
        place,
        rows::int(sent),
    ];
    run(db, sql, values)
}

fn put_policy(db: &Connection, id: ConversationId, policy: Policy) -> Result<Done, Fault> {
    let sql =
        "INSERT INTO policy (contact, history, seconds, timer, timer_changes, to_date, blocked)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
               ON CONFLICT (contact) DO UPDATE SET
                   history = excluded.history, seconds = excluded.seconds,
                   timer = excluded.timer, timer_changes = excluded.timer_changes,
                   to_date = excluded.to_date, blocked = excluded.blocked";
    let (history, seconds) = rows::history_numbers(policy.history);
    let Policy { history: _, timer, timer_changes, to_date, blocked } = policy;
    run(db, sql, params![rows::bits(id), history, seconds, timer, timer_changes, to_date, blocked])
}

/// Adds a message, or changes the one that is there: then what is other in it alone, so that a mark
/// or a reaction touches no index.
fn put_message(db: &Connection, row: &MessageRow) -> Result<Done, Fault> {
    let id = rows::int(row.message.0);
    let known = index::entry(db, id)?;
    let edited = known.as_ref().is_some_and(|(_, body)| body.as_str() != row.body.as_str());
    let serial = match &known {
        None => index::add(db, id)?,
        Some((serial, body)) => {
            if edited {
                index::replace(db, *serial, body, &row.body)?;
            }
            *serial
        }
    };
    let sql = "INSERT INTO message
                   (id, own, seen, delivery, sequence, at, serial, edited, reply, own_reaction,
                    peer_reaction, timer, expires, body)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
               ON CONFLICT (id) DO UPDATE SET
                   own = excluded.own, seen = excluded.seen, delivery = excluded.delivery,
                   sequence = excluded.sequence, at = excluded.at, edited = excluded.edited,
                   reply = excluded.reply, own_reaction = excluded.own_reaction,
                   peer_reaction = excluded.peer_reaction, timer = excluded.timer,
                   expires = excluded.expires, body = excluded.body";
    let values = params![
        id,
        row.own,
        row.seen,
        rows::delivery_number(row.delivery),
        rows::int(row.sequence),
        rows::int(row.at),
        serial,
        row.edited.map(rows::int),
        row.reply.map(|reply| rows::int(reply.0)),
        row.own_reaction.as_ref().map(|reaction| reaction.as_str()),
        row.peer_reaction.as_ref().map(|reaction| reaction.as_str()),
        row.timer,
        row.expires.map(rows::int),
        row.body.as_str(),
    ];
    run(db, sql, values)?;
    Ok(if edited { Done::Erased } else { Done::Written })
}

fn purge(db: &Connection, message: MessageId) -> Result<(), Fault> {
    let id = rows::int(message.0);
    if let Some((serial, body)) = index::entry(db, id)? {
        index::remove(db, serial, &body)?;
        run(db, "DELETE FROM message WHERE id = ?1", [id])?;
    }
    Ok(())
}

fn forget(db: &Connection, id: ConversationId) -> Result<Done, Fault> {
    if let Some((first, last)) = range(db, id)? {
        index::remove_all(db, first, last)?;
        run(db, "DELETE FROM message WHERE id BETWEEN ?1 AND ?2", [first, last])?;
        run(db, "DELETE FROM contact WHERE id = ?1", [rows::bits(id)])?;
    }
    Ok(Done::Erased)
}
