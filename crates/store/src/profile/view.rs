//! What the engine looks up.

use rusqlite::{OptionalExtension as _, Params, Row, params};
use undertone_engine::storage::{
    AskRow, Contact, Counters, EarlyRow, Expiry, MessageRow, OutboxRow, Policy, Profile as Own,
    PublicAddress, RequestRow, View,
};
use undertone_handle::{ConversationId, MessageId};
use zeroize::Zeroizing;

use super::{Profile, requests, rows};
use crate::fault::Fault;

impl Profile {
    /// One row, if there is one and nothing is wrong.
    fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Option<T> {
        let found = self
            .connection
            .prepare_cached(sql)
            .and_then(|mut query| query.query_row(params, read).optional());
        found.unwrap_or_else(|error| {
            self.note(error.into());
            None
        })
    }

    fn all<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Vec<T> {
        let found = self
            .connection
            .prepare_cached(sql)
            .and_then(|mut query| query.query_map(params, read)?.collect());
        found.unwrap_or_else(|error| {
            self.note(error.into());
            Vec::new()
        })
    }

    /// The ids that messages of a contact can have; of nobody none.
    fn range(&self, id: ConversationId) -> (i64, i64) {
        let number =
            self.one("SELECT number FROM contact WHERE id = ?1", [rows::bits(id)], |row| {
                row.get(0)
            });
        number.map_or((1, 0), rows::range)
    }
}

impl View for Profile {
    fn profile(&self) -> Own {
        let next_number = self.one("SELECT next_number FROM own", [], |row| row.get(0));
        if next_number.is_none() {
            // There always is one.
            self.note(Fault::Damaged);
        }
        Own { next_number: next_number.unwrap_or(1) }
    }

    fn contacts(&self) -> Vec<ConversationId> {
        let mut all = self.all("SELECT id FROM contact", [], |row| {
            Ok(ConversationId(row.get::<_, i64>(0)?.cast_unsigned()))
        });
        all.sort_unstable();
        all
    }

    fn contact(&self, id: ConversationId) -> Option<Contact> {
        self.one(rows::CONTACT, [rows::bits(id)], rows::contact)
    }

    fn session(&self, id: ConversationId) -> Option<Zeroizing<Vec<u8>>> {
        let sql = "SELECT bytes FROM session WHERE contact = ?1";
        self.one(sql, [rows::bits(id)], |row| rows::stored_session(row, 0))
    }

    fn counters(&self, id: ConversationId) -> Option<Counters> {
        let sql = "SELECT next, acknowledged, highest, window, place, sent FROM counters
                   WHERE contact = ?1";
        self.one(sql, [rows::bits(id)], rows::counters)
    }

    fn outbox(&self, id: ConversationId, from: u64, limit: usize) -> Vec<OutboxRow> {
        let sql = "SELECT sequence, message, body FROM outbox
                   WHERE contact = ?1 AND sequence >= ?2 ORDER BY sequence LIMIT ?3";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.all(sql, params![rows::bits(id), rows::int(from), limit], rows::outbox)
    }

    fn outbox_len(&self, id: ConversationId) -> usize {
        let sql = "SELECT count(*) FROM outbox WHERE contact = ?1 AND message IS NOT NULL";
        self.one(sql, [rows::bits(id)], |row| rows::count(row, 0)).unwrap_or(0)
    }

    fn message(&self, message: MessageId) -> Option<MessageRow> {
        self.one(rows::MESSAGE, [rows::int(message.0)], rows::message)
    }

    fn numbered(&self, id: ConversationId, own: bool, sequence: u64) -> Option<MessageId> {
        let number: u32 =
            self.one("SELECT number FROM contact WHERE id = ?1", [rows::bits(id)], |row| {
                row.get(0)
            })?;
        let sql = "SELECT id FROM message WHERE id >> 32 = ?1 AND own = ?2 AND sequence = ?3
                   ORDER BY id DESC LIMIT 1";
        self.one(sql, params![number, own, rows::int(sequence)], |row| rows::message_id(row, 0))
    }

    fn early(&self, id: ConversationId) -> Vec<EarlyRow> {
        let sql = "SELECT sequence, body FROM early WHERE contact = ?1 ORDER BY sequence";
        self.all(sql, [rows::bits(id)], |row| {
            Ok(EarlyRow { sequence: rows::number(row, 0)?, body: rows::bytes(row, 1)? })
        })
    }

    fn policy(&self, id: ConversationId) -> Option<Policy> {
        let sql = "SELECT history, seconds, timer, timer_changes, to_date, blocked FROM policy
                   WHERE contact = ?1";
        self.one(sql, [rows::bits(id)], rows::policy)
    }

    fn expiring(&self, until: u64, limit: usize) -> Vec<Expiry> {
        // A timer runs for one of the partner's that was seen, and for one of ours that has arrived.
        let sql = "SELECT id, expires, CASE WHEN own = 1 AND delivery = 2 OR own = 0 AND seen = 1
                       THEN timer END FROM message
                   WHERE expires IS NOT NULL AND expires <= ?1 ORDER BY expires, id LIMIT ?2";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.all(sql, params![rows::int(until), limit], rows::expiry)
    }

    fn next_expiry(&self) -> Option<u64> {
        let sql = "SELECT expires FROM message WHERE expires IS NOT NULL ORDER BY expires LIMIT 1";
        self.one(sql, [], |row| rows::number(row, 0))
    }

    fn unseen(&self, id: ConversationId, last: MessageId, limit: usize) -> Vec<MessageId> {
        let (first, end) = self.range(id);
        let sql = "SELECT id FROM message WHERE seen = 0 AND own = 0 AND id BETWEEN ?1 AND ?2
                   ORDER BY id LIMIT ?3";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let values = params![first, end.min(rows::int(last.0)), limit];
        self.all(sql, values, |row| rows::message_id(row, 0))
    }

    fn address(&self) -> Option<PublicAddress> {
        self.one(requests::ADDRESS, [], requests::address)
    }

    fn requests(&self) -> Vec<RequestRow> {
        self.all(requests::REQUESTS, [], requests::request)
    }

    fn asks(&self) -> Vec<AskRow> {
        self.all(requests::ASKS, [], requests::ask)
    }
}
