//! What interfaces look up, on a connection of their own.

use rusqlite::{Connection, OptionalExtension as _, Params, params};
use undertone_engine::storage::{Policy, Reader as Look, number_of};
use undertone_handle::command::{History, Name};
use undertone_handle::query::{
    AddressLine, AskLine, Before, Hit, Key, Line, Overview, RequestLine, Search,
};
use undertone_handle::{ConversationId, MessageId, SecretText};
use zeroize::Zeroizing;

use super::{requests, rows};
use crate::fault::Fault;

/// So many texts are compared at once.
const BATCH: usize = 64;

/// Reads a profile beside its writer. It sees what is committed, each look-up as of one moment.
pub struct Reader {
    connection: Connection,
}

impl Reader {
    pub(super) fn new(connection: Connection) -> Result<Self, Fault> {
        connection.set_prepared_statement_cache_capacity(32);
        connection.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -8192")?;
        Ok(Self { connection })
    }

    /// What holds in a conversation besides its messages; `None`: there is none of this id.
    ///
    /// # Errors
    /// See [`Fault`].
    pub fn terms(&self, conversation: ConversationId) -> Result<Option<Terms>, Fault> {
        let sql = "SELECT history, seconds, timer, timer_changes, to_date, blocked, nick
                   FROM contact LEFT JOIN policy ON policy.contact = contact.id WHERE contact.id = ?1";
        let mut query = self.connection.prepare_cached(sql)?;
        let terms = query.query_row([rows::bits(conversation)], |row| {
            let chosen = row.get::<_, Option<u8>>(0)?.is_some();
            let policy = if chosen { rows::policy(row)? } else { Policy::default() };
            Ok(Terms { nick: rows::name(row, 6)?, history: policy.history, timer: policy.timer })
        });
        Ok(terms.optional()?)
    }

    /// Runs look-ups that belong together as of one moment.
    fn at_once<T>(&self, look: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        let transaction = self.connection.unchecked_transaction()?;
        let found = look(&transaction)?;
        // Nothing was changed: the one end is as good as the other.
        transaction.commit()?;
        Ok(found)
    }
}

/// What holds in a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// This side's name in it.
    pub nick: Name,
    /// How long this side keeps its messages.
    pub history: History,
    /// The timer on new messages, in seconds.
    pub timer: Option<u32>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reader(…)")
    }
}

/// The columns of a message, as [`rows::message`] reads them.
const LINES: &str = "SELECT id, own, seen, delivery, sequence, at, edited, reply, own_reaction,
                            peer_reaction, timer, expires, body
                     FROM message";

fn lines(db: &Connection, rest: &str, params: impl Params) -> Result<Vec<Line>, Fault> {
    let mut query = db.prepare_cached(&format!("{LINES} {rest}"))?;
    let rows = query.query_map(params, |row| Ok(rows::message(row)?.line()))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The number of a contact.
fn number(db: &Connection, id: ConversationId) -> Result<Option<u32>, Fault> {
    let mut query = db.prepare_cached("SELECT number FROM contact WHERE id = ?1")?;
    Ok(query.query_row([rows::bits(id)], |row| row.get(0)).optional()?)
}

fn limited(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

impl Look for Reader {
    type Fault = Fault;

    fn overviews(&self) -> Result<Vec<Overview>, Fault> {
        self.at_once(|db| {
            let sql = "SELECT id, peer, trust, ended, since, number,
                           (SELECT count(*) FROM outbox
                            WHERE outbox.contact = contact.id AND message IS NOT NULL),
                           EXISTS (SELECT 1 FROM draft WHERE draft.contact = contact.id),
                           (SELECT count(*) FROM message
                            WHERE seen = 0 AND own = 0
                            AND id BETWEEN contact.number << 32 AND (contact.number << 32) + 4294967295),
                           EXISTS (SELECT 1 FROM policy WHERE policy.contact = contact.id AND blocked = 1)
                       FROM contact";
            let mut query = db.prepare_cached(sql)?;
            let mut rows = query.query([])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                let (first, last) = rows::range(row.get(5)?);
                let overview = Overview {
                    conversation: ConversationId(row.get::<_, i64>(0)?.cast_unsigned()),
                    name: rows::name(row, 1)?,
                    trust: rows::trust(row, 2)?,
                    ended: row.get(3)?,
                    blocked: row.get(9)?,
                    since: rows::number(row, 4)?,
                    last: lines(
                        db,
                        "WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1",
                        [first, last],
                    )?
                    .pop(),
                    unread: rows::count(row, 8)?,
                    waiting: rows::count(row, 6)?,
                    draft: row.get(7)?,
                };
                all.push((arrived(db, &overview)?, overview));
            }
            all.sort_by_key(|(arrived, one)| {
                std::cmp::Reverse((*arrived, one.since, one.conversation))
            });
            Ok(all.into_iter().map(|(_, overview)| overview).collect())
        })
    }

    fn page(
        &self,
        conversation: ConversationId,
        before: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<Line>, Fault> {
        self.at_once(|db| {
            let Some(number) = number(db, conversation)? else { return Ok(Vec::new()) };
            let (first, last) = rows::range(number);
            let last =
                before.map_or(last, |before| last.min(rows::int(before.0).saturating_sub(1)));
            let rest = "WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT ?3";
            let mut page = lines(db, rest, params![first, last, limited(limit)])?;
            page.reverse();
            Ok(page)
        })
    }

    fn around(&self, message: MessageId, each: usize) -> Result<Vec<Line>, Fault> {
        self.at_once(|db| {
            let (first, last) = rows::range(number_of(message));
            let (id, each) = (rows::int(message.0), limited(each));
            let rest = "WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3";
            let from = lines(db, rest, params![id, last, each.saturating_add(1)])?;
            if from.first().is_none_or(|line| line.message != message) {
                return Ok(Vec::new());
            }
            let rest = "WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT ?3";
            let mut all = lines(db, rest, params![first, id.saturating_sub(1), each])?;
            all.reverse();
            all.extend(from);
            Ok(all)
        })
    }

    fn draft(&self, conversation: ConversationId) -> Result<Option<SecretText>, Fault> {
        let mut query =
            self.connection.prepare_cached("SELECT text FROM draft WHERE contact = ?1")?;
        let text =
            query.query_row([rows::bits(conversation)], |row| rows::text(row, 0)).optional()?;
        Ok(text.map(|text| SecretText::new(text.as_str().to_owned())))
    }

    fn search(
        &self,
        search: &Search,
        before: Option<Before>,
        limit: usize,
    ) -> Result<Vec<Hit>, Fault> {
        self.at_once(|db| {
            let mut hits = Vec::new();
            let mut end = before.map_or(i64::MAX, |Before(serial)| rows::int(serial));
            let indexed: i64 =
                db.prepare_cached("SELECT indexed FROM own")?.query_row([], |row| row.get(0))?;
            // What the index has not taken in yet is newer than all that it has.
            if end > indexed {
                let sql = "SELECT serial, message FROM found WHERE serial > ?1 AND serial < ?2
                           ORDER BY serial DESC";
                let mut query = db.prepare_cached(sql)?;
                let mut rows = query.query([indexed, end])?;
                while let Some(row) = rows.next()?
                    && hits.len() < limit
                {
                    hits.extend(hit(db, search, row.get(0)?, row.get(1)?)?);
                }
                end = indexed.saturating_add(1);
            }
            let asked = asked(search);
            // The index is asked by and by: it may find what the search doesn't mean.
            while hits.len() < limit {
                let sql = "SELECT -rowid FROM words WHERE words MATCH ?1 AND rowid > -?2
                           ORDER BY rowid LIMIT ?3";
                let mut query = db.prepare_cached(sql)?;
                let most = limit.saturating_sub(hits.len()).max(BATCH);
                let serials: Vec<i64> = query
                    .query_map(params![asked.as_str(), end, limited(most)], |row| row.get(0))?
                    .collect::<Result<_, _>>()?;
                for serial in &serials {
                    if hits.len() == limit {
                        break;
                    }
                    let sql = "SELECT message FROM found WHERE serial = ?1";
                    let mut query = db.prepare_cached(sql)?;
                    let message = query.query_row([serial], |row| row.get(0))?;
                    hits.extend(hit(db, search, *serial, message)?);
                }
                match serials.last() {
                    Some(last) if serials.len() == most => end = *last,
                    _ => break,
                }
            }
            Ok(hits)
        })
    }

    fn address_line(&self) -> Result<Option<AddressLine>, Fault> {
        let mut query = self.connection.prepare_cached(requests::ADDRESS)?;
        Ok(query.query_row([], requests::address_line).optional()?)
    }

    fn request_lines(&self) -> Result<Vec<RequestLine>, Fault> {
        let mut query = self.connection.prepare_cached(requests::REQUESTS)?;
        let lines = query.query_map([], requests::request_line)?;
        Ok(lines.collect::<Result<_, _>>()?)
    }

    fn ask_lines(&self) -> Result<Vec<AskLine>, Fault> {
        let mut query = self.connection.prepare_cached(requests::ASKS)?;
        let lines = query.query_map([], requests::ask_line)?;
        Ok(lines.collect::<Result<_, _>>()?)
    }
}

/// When the newest message of a conversation came, among those of all.
fn arrived(db: &Connection, overview: &Overview) -> Result<Option<i64>, Fault> {
    let Some(last) = &overview.last else { return Ok(None) };
    let mut query = db.prepare_cached("SELECT serial FROM message WHERE id = ?1")?;
    Ok(Some(query.query_row([rows::int(last.message.0)], |row| row.get(0))?))
}

/// What the index is asked for. Its tokens have no character that means anything to it.
fn asked(search: &Search) -> Zeroizing<String> {
    let mut asked = Zeroizing::new(String::new());
    for key in search.keys() {
        if !asked.is_empty() {
            asked.push_str(" AND ");
        }
        let (token, end) = match &key {
            Key::Beginning(token) => (token, "\"*"),
            Key::Token(token) => (token, "\""),
        };
        asked.push('"');
        asked.push_str(token);
        asked.push_str(end);
    }
    asked
}

/// A message as a hit, if the search means it.
fn hit(db: &Connection, search: &Search, serial: i64, message: i64) -> Result<Option<Hit>, Fault> {
    let Some(line) = lines(db, "WHERE id = ?1", [message])?.pop() else {
        return Err(Fault::Damaged);
    };
    let Some(spans) = search.spans(&line.body) else { return Ok(None) };
    let number = number_of(line.message);
    let mut query = db.prepare_cached("SELECT id FROM contact WHERE number = ?1")?;
    let owner: Option<i64> = query.query_row([number], |row| row.get(0)).optional()?;
    Ok(owner.map(|owner| Hit {
        conversation: ConversationId(owner.cast_unsigned()),
        line,
        spans,
        before: Before(serial.cast_unsigned()),
    }))
}
