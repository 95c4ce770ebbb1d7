//! The index of words.
//!
//! Texts have serial numbers in the order in which they came. Most are in FTS5's index; the last few
//! are not yet, because an index takes many at once far more cheaply than each for itself, and a
//! commit should touch few pages. A search looks through those one by one.
//!
//! In the index a text is under its serial number with a minus before it, so that the newest come first in its own
//! order. Against that order FTS5 notes where each entry of a list is, eight by eight in a piece of memory that
//! grows; with memory that is erased when it is given back that is a copy each time, and a frequent word takes
//! seconds. It takes texts in by that order as well, so of many at once the newest goes first.
//!
//! The index holds no text. To take a text out of it, what it was is told again, so whoever erases a
//! text calls here first.

use rusqlite::{Connection, OptionalExtension as _, params};
use undertone_handle::query;
use zeroize::Zeroizing;

use super::rows;
use crate::fault::Fault;

/// So many texts are looked through one by one before the index takes them.
pub(super) const WAITING: i64 = 256;

/// So many texts are taken out of the index one by one, whatever else is in it; of more than these,
/// this part of all.
const FEW: i64 = 1_000;
const PART: i64 = 8;

/// By which rules texts are in the index. With others it is made anew.
pub(super) fn rules() -> String {
    format!("newest first; {}", query::splitter())
}

/// A message's serial number and text, if it is there.
pub(super) fn entry(
    db: &Connection,
    message: i64,
) -> Result<Option<(i64, Zeroizing<String>)>, Fault> {
    let mut query = db.prepare_cached("SELECT serial, body FROM message WHERE id = ?1")?;
    Ok(query.query_row([message], |row| Ok((row.get(0)?, rows::text(row, 1)?))).optional()?)
}

/// Counts a new message; gives its serial number.
pub(super) fn add(db: &Connection, message: i64) -> Result<i64, Fault> {
    // The greatest and one, but never one that the index may know: see `indexed`.
    let sql = "INSERT INTO found (serial, message)
               VALUES (1 + max((SELECT ifnull(max(serial), 0) FROM found),
                               (SELECT indexed FROM own)), ?1)
               RETURNING serial";
    Ok(db.prepare_cached(sql)?.query_row([message], |row| row.get(0))?)
}

/// Through which serial number texts are in the index.
fn indexed(db: &Connection) -> Result<i64, Fault> {
    Ok(db.prepare_cached("SELECT indexed FROM own")?.query_row([], |row| row.get(0))?)
}

/// What the index is told of a text: its tokens, between spaces.
fn words(text: &str) -> Zeroizing<String> {
    let tokens = query::tokens(text);
    let length = tokens.iter().map(|token| token.len().saturating_add(1)).sum();
    let mut words = Zeroizing::new(String::with_capacity(length));
    for token in &tokens {
        words.push_str(token);
        words.push(' ');
    }
    words
}

fn insert(db: &Connection, serial: i64, text: &str) -> Result<(), Fault> {
    let words = words(text);
    if !words.is_empty() {
        let sql = "INSERT INTO words (rowid, text) VALUES (-?1, ?2)";
        db.prepare_cached(sql)?.execute(params![serial, words.as_str()])?;
    }
    Ok(())
}

fn delete(db: &Connection, serial: i64, text: &str) -> Result<(), Fault> {
    let words = words(text);
    if !words.is_empty() {
        let sql = "INSERT INTO words (words, rowid, text) VALUES ('delete', -?1, ?2)";
        db.prepare_cached(sql)?.execute(params![serial, words.as_str()])?;
    }
    Ok(())
}

/// A text has become another.
pub(super) fn replace(db: &Connection, serial: i64, old: &str, new: &str) -> Result<(), Fault> {
    if serial <= indexed(db)? {
        delete(db, serial, old)?;
        insert(db, serial, new)?;
    }
    Ok(())
}

/// A text goes.
pub(super) fn remove(db: &Connection, serial: i64, text: &str) -> Result<(), Fault> {
    if serial <= indexed(db)? {
        delete(db, serial, text)?;
    }
    db.prepare_cached("DELETE FROM found WHERE serial = ?1")?.execute([serial])?;
    Ok(())
}

/// All texts of messages with these ids go.
pub(super) fn remove_all(db: &Connection, first: i64, last: i64) -> Result<(), Fault> {
    let through = indexed(db)?;
    let few = FEW.max(through / PART);
    let sql = "SELECT count(*) FROM (SELECT 1 FROM message
               WHERE id BETWEEN ?1 AND ?2 AND serial <= ?3 LIMIT ?4 + 1)";
    let many: i64 =
        db.prepare_cached(sql)?.query_row(params![first, last, through, few], |row| row.get(0))?;
    if many > few {
        // Taking a text out costs several times what taking it in does.
        clear(db)?;
    } else {
        // Within a conversation the order of the ids is that of the serial numbers.
        let sql = "SELECT serial, body FROM message WHERE id BETWEEN ?1 AND ?2 AND serial <= ?3
                   ORDER BY id DESC";
        let mut query = db.prepare_cached(sql)?;
        let mut rows = query.query(params![first, last, through])?;
        while let Some(row) = rows.next()? {
            delete(db, row.get(0)?, &rows::text(row, 1)?)?;
        }
    }
    let sql = "DELETE FROM found WHERE serial IN
               (SELECT serial FROM message WHERE id BETWEEN ?1 AND ?2)";
    db.prepare_cached(sql)?.execute([first, last])?;
    Ok(())
}

/// Empties the index; texts come back into it as if they were new.
pub(super) fn clear(db: &Connection) -> Result<(), Fault> {
    db.execute_batch(
        "INSERT INTO words (words) VALUES ('delete-all'); UPDATE own SET indexed = 0",
    )?;
    Ok(())
}

/// Takes those into the index that wait for it, if they are many; at most so many.
/// Gives whether there are still many.
pub(super) fn catch_up(db: &Connection, most: i64) -> Result<bool, Fault> {
    let through = indexed(db)?;
    let sql = "SELECT ifnull(max(serial), 0) FROM found";
    let last: i64 = db.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    if last - through < WAITING {
        return Ok(false);
    }
    // Numbers of texts that are gone are missing among them.
    let sql = "SELECT max(serial) FROM
               (SELECT serial FROM found WHERE serial > ?1 ORDER BY serial LIMIT ?2)";
    let reached: Option<i64> =
        db.prepare_cached(sql)?.query_row([through, most], |row| row.get(0))?;
    let reached = reached.unwrap_or(last);
    let sql = "SELECT f.serial, m.body FROM found f JOIN message m ON m.id = f.message
               WHERE f.serial > ?1 AND f.serial <= ?2 ORDER BY f.serial DESC";
    let mut query = db.prepare_cached(sql)?;
    let mut rows = query.query([through, reached])?;
    while let Some(row) = rows.next()? {
        insert(db, row.get(0)?, &rows::text(row, 1)?)?;
    }
    db.prepare_cached("UPDATE own SET indexed = ?1")?.execute([reached])?;
    Ok(last - reached >= WAITING)
}
