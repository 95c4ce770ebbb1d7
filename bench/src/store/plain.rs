//! The peer: SQLite without a key, which is the same library, with the same schema and the same messages.

use std::fs;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use rusqlite::{Connection, params};
use undertone_engine::storage::{MessageRow, OutboxRow};
use undertone_handle::event::Delivery;
use undertone_handle::{ConversationId, query};

use super::sends::Batch;
use crate::run::Failure;

/// Bytes of a key file before the key, where there is no passphrase.
const KEY_AT: usize = 17;

/// Texts that wait for the index before it takes them, as ours do.
const WAITING: i64 = 256;

/// The plain copy of a profile, made if it isn't there.
pub(super) fn copy_of(database: &Path, folder: &Path) -> Result<PathBuf, Failure> {
    let plain = folder.join("plain.db");
    if plain.is_file() {
        return Ok(plain);
    }
    let new = folder.join("plain.new");
    if new.is_file() {
        fs::remove_file(&new)?;
    }
    let mut key_file = database.as_os_str().to_owned();
    key_file.push(".key");
    let key_file = fs::read(key_file)?;
    let key = HEXLOWER.encode(key_file.get(KEY_AT..).ok_or("no key in the key file")?);
    let connection = Connection::open(database)?;
    connection.execute_batch(&format!("PRAGMA key = \"x'{key}'\""))?;
    let path = new.to_str().ok_or("a folder whose name is no text")?;
    connection.execute("ATTACH DATABASE ?1 AS plain KEY ''", [path])?;
    connection.query_row("SELECT sqlcipher_export('plain')", [], |_| Ok(()))?;
    connection.execute_batch("PRAGMA plain.journal_mode = wal; DETACH plain")?;
    connection.close().map_err(|(_, error)| error)?;
    fs::rename(&new, &plain)?;
    Ok(plain)
}

/// A plain database that is written to as a program without secrets would.
pub(super) struct Plain(Connection);

impl Plain {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let connection = Connection::open(path)?;
        connection.set_prepared_statement_cache_capacity(64);
        let mode: String =
            connection.query_row("PRAGMA journal_mode = wal", [], |row| row.get(0))?;
        if mode != "wal" {
            return Err("the plain database keeps no log".into());
        }
        connection.execute_batch(
            "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -16384",
        )?;
        Ok(Self(connection))
    }

    /// Messages of a page.
    pub(super) fn page(&self, first: i64, before: i64, limit: usize) -> Result<usize, Failure> {
        let sql = "SELECT id, own, seen, delivery, sequence, at, edited, reply, own_reaction,
                       peer_reaction, timer, expires, body FROM message
                   WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT ?3";
        let mut query = self.0.prepare_cached(sql)?;
        let mut rows = query.query(params![first, before - 1, i64::try_from(limit)?])?;
        let mut read = 0;
        while let Some(row) = rows.next()? {
            let _text: String = row.get(12)?;
            read += 1;
        }
        Ok(read)
    }

    /// Messages that an expression of FTS5's finds.
    pub(super) fn search(&self, asked: &str, limit: usize) -> Result<usize, Failure> {
        let sql = "SELECT m.body FROM words w JOIN found f ON f.serial = -w.rowid
                       JOIN message m ON m.id = f.message
                   WHERE words MATCH ?1 ORDER BY w.rowid LIMIT ?2";
        let mut query = self.0.prepare_cached(sql)?;
        let mut rows = query.query(params![asked, i64::try_from(limit)?])?;
        let mut read = 0;
        while let Some(row) = rows.next()? {
            let _text: String = row.get(0)?;
            read += 1;
        }
        Ok(read)
    }

    /// Sends so many texts in one transaction.
    pub(super) fn send(&self, batch: &Batch) -> Result<(), Failure> {
        self.0.execute_batch("BEGIN IMMEDIATE")?;
        for send in &batch.sends {
            self.put_message(&send.row)?;
            self.put_outbox(batch.id, &send.outbox)?;
            self.set_delivery(&send.row, Delivery::Sent)?;
            self.put_session(batch.id, &batch.session)?;
            self.put_counters(batch.id, &send.counters)?;
        }
        self.catch_up()?;
        Ok(self.0.execute_batch("COMMIT")?)
    }

    /// Notes in one transaction that all of them have arrived.
    pub(super) fn arrived(&self, batch: &Batch) -> Result<(), Failure> {
        self.0.execute_batch("BEGIN IMMEDIATE")?;
        for send in &batch.sends {
            self.set_delivery(&send.row, Delivery::Delivered)?;
        }
        let sql = "DELETE FROM outbox WHERE contact = ?1 AND sequence <= ?2";
        let last = i64::try_from(batch.last())?;
        self.0.prepare_cached(sql)?.execute(params![batch.id.0.cast_signed(), last])?;
        self.put_session(batch.id, &batch.session)?;
        self.put_counters(batch.id, &batch.after)?;
        Ok(self.0.execute_batch("COMMIT")?)
    }

    fn put_message(&self, row: &MessageRow) -> Result<(), Failure> {
        let id = i64::try_from(row.message.0)?;
        let sql = "INSERT INTO found (message) VALUES (?1) RETURNING serial";
        let serial: i64 = self.0.prepare_cached(sql)?.query_row([id], |row| row.get(0))?;
        let sql = "INSERT INTO message (id, own, seen, delivery, sequence, at, serial, body)
                   VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7)";
        let (sequence, at) = (i64::try_from(row.sequence)?, i64::try_from(row.at)?);
        let values = params![id, row.own, row.seen, sequence, at, serial, row.body.as_str()];
        self.0.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    fn put_outbox(&self, id: ConversationId, row: &OutboxRow) -> Result<(), Failure> {
        let sql = "INSERT INTO outbox (contact, sequence, message, body) VALUES (?1, ?2, ?3, ?4)";
        let message = row.message.map(|message| message.0.cast_signed());
        let sequence = i64::try_from(row.sequence)?;
        let values = params![id.0.cast_signed(), sequence, message, row.body.as_slice()];
        self.0.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    fn set_delivery(&self, row: &MessageRow, delivery: Delivery) -> Result<(), Failure> {
        let sql = "UPDATE message SET delivery = ?2 WHERE id = ?1";
        let values = params![row.message.0.cast_signed(), delivery as u8];
        self.0.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    fn put_session(&self, id: ConversationId, session: &[u8]) -> Result<(), Failure> {
        let sql = "UPDATE session SET bytes = ?2 WHERE contact = ?1";
        self.0.prepare_cached(sql)?.execute(params![id.0.cast_signed(), session])?;
        Ok(())
    }

    fn put_counters(
        &self,
        id: ConversationId,
        counters: &undertone_engine::storage::Counters,
    ) -> Result<(), Failure> {
        let sql = "UPDATE counters SET next = ?2, sent = ?3, acknowledged = ?4, place = ?5
                   WHERE contact = ?1";
        let values = params![
            id.0.cast_signed(),
            i64::try_from(counters.next)?,
            i64::try_from(counters.sent)?,
            i64::try_from(counters.acknowledged)?,
            counters.place,
        ];
        self.0.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    fn catch_up(&self) -> Result<(), Failure> {
        let db = &self.0;
        let through: i64 =
            db.prepare_cached("SELECT indexed FROM own")?.query_row([], |row| row.get(0))?;
        let sql = "SELECT max(serial) FROM found";
        let last: i64 = db.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        if last - through < WAITING {
            return Ok(());
        }
        let sql = "SELECT f.serial, m.body FROM found f JOIN message m ON m.id = f.message
                   WHERE f.serial > ?1 ORDER BY f.serial DESC";
        let mut query = db.prepare_cached(sql)?;
        let mut rows = query.query([through])?;
        while let Some(row) = rows.next()? {
            let text: String = row.get(1)?;
            let tokens = query::tokens(&text);
            let words: Vec<&str> = tokens.iter().map(|token| token.as_str()).collect();
            let sql = "INSERT INTO words (rowid, text) VALUES (-?1, ?2)";
            let serial: i64 = row.get(0)?;
            db.prepare_cached(sql)?.execute(params![serial, words.join(" ")])?;
        }
        db.prepare_cached("UPDATE own SET indexed = ?1")?.execute([last])?;
        Ok(())
    }
}
