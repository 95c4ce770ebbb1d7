//! What a backup of a profile holds, and the profile that is made of it.
//!
//! No session is in it: no chain, no header key, no skipped key. Nothing is in it that disappears, nor a
//! contact that ends with the program, nor a request, whose keys serve once. `docs/store.md`, section "Backup", has the records.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use undertone_engine::restore;
use undertone_engine::storage::{Contact, Counters, Profile as Own, View as _, Write, number_of};
use undertone_handle::ConversationId;
use zeroize::Zeroizing;

use super::record::{self, Kept, Kind};
use super::{Profile, rows};
use crate::OpenError;
use crate::backup::{ReadError, Reader, WriteError, Writer};
use crate::fault::Fault;
use crate::key::{DatabaseKey, KeyError};

/// Writes that go into one transaction of a restore.
const BATCH: usize = 512;

/// What is in a backup, or was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// How many contacts.
    pub contacts: u64,
    /// How many messages.
    pub messages: u64,
}

/// Why there is no backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BackUpError {
    /// The file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The profile could not be read.
    #[error(transparent)]
    Profile(#[from] Fault),
}

/// Why nothing was restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// The file could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The new profile could not be written.
    #[error(transparent)]
    Profile(#[from] Fault),
    /// The new profile's database could not be made.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl From<rusqlite::Error> for BackUpError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Profile(error.into())
    }
}

impl Profile {
    /// Writes everything that a backup keeps, under the profile's name, and ends the file. Without
    /// `history` no message is in it, nor what of the user's waits to be sent.
    ///
    /// # Errors
    /// See [`BackUpError`]; there is no file then.
    pub fn back_up(
        &self,
        mut writer: Writer,
        name: &str,
        history: bool,
    ) -> Result<Contents, BackUpError> {
        let mut contents = Contents::default();
        let own = self.profile();
        put(&mut writer, Kind::Profile, &record::profile(own, name))?;
        if let Some(address) = self.address() {
            put(&mut writer, Kind::Address, &record::address(&address))?;
        }
        for id in self.contacts() {
            let (Some(contact), Some(counters)) = (self.contact(id), self.counters(id)) else {
                continue;
            };
            if contact.lasting {
                self.put_contact(&mut writer, &contact, counters, history)?;
                contents.contacts += 1;
            }
        }
        if history {
            contents.messages = self.put_messages(&mut writer)?;
        }
        // A look-up that failed gave nothing, and that would not be all.
        if let Some(fault) = self.fault() {
            return Err(fault.into());
        }
        writer.finish()?;
        Ok(contents)
    }

    fn put_contact(
        &self,
        writer: &mut Writer,
        contact: &Contact,
        counters: Counters,
        history: bool,
    ) -> Result<(), BackUpError> {
        let id = contact.id;
        put(writer, Kind::Contact, &record::contact(contact, counters))?;
        if let Some(policy) = self.policy(id) {
            put(writer, Kind::Policy, &record::policy(id, policy))?;
        }
        let draft: Option<Zeroizing<String>> = self
            .connection
            .prepare_cached("SELECT text FROM draft WHERE contact = ?1")?
            .query_row([rows::bits(id)], |row| rows::text(row, 0))
            .map(Some)
            .or_else(|error| match error {
                rusqlite::Error::QueryReturnedNoRows => Ok(None),
                error => Err(error),
            })?;
        if let Some(draft) = draft.filter(|_| history) {
            put(writer, Kind::Draft, &record::draft(id, &draft))?;
        }
        let has_timer = |own: bool| {
            move |sequence: u64| {
                let message = self.numbered(id, own, sequence)?;
                self.message(message).map(|row| row.timer.is_some())
            }
        };
        for mut row in self.outbox(id, 0, usize::MAX) {
            let body = restore::waiting(&row.body, history, has_timer(true));
            row.message = row.message.filter(|_| body == row.body);
            row.body = body;
            put(writer, Kind::Outbox, &record::outbox(id, &row))?;
        }
        for mut row in self.early(id) {
            row.body = restore::waiting(&row.body, history, has_timer(false));
            put(writer, Kind::Early, &record::early(id, &row))?;
        }
        Ok(())
    }

    /// Puts the messages in the order in which they came, whosever they are.
    fn put_messages(&self, writer: &mut Writer) -> Result<u64, BackUpError> {
        let sql =
            "SELECT message.id, own, seen, delivery, sequence, at, edited, reply, own_reaction,
                          peer_reaction, timer, expires, body
                   FROM message JOIN contact ON contact.number = message.id >> 32
                   WHERE timer IS NULL AND lasting = 1 ORDER BY serial";
        let mut query = self.connection.prepare(sql)?;
        let mut all = query.query([])?;
        let mut count = 0;
        while let Some(row) = all.next()? {
            put(writer, Kind::Message, &record::message(&rows::message(row)?))?;
            count += 1;
        }
        Ok(count)
    }

    /// Makes the database of a profile that is being made
    /// ([`Home::create`](crate::profiles::Home::create)) from a backup: each contact as a newer
    /// incarnation of itself, with which nothing is sent before a repair.
    ///
    /// # Errors
    /// See [`RestoreError`]; what is at `path` is to be removed then.
    pub fn restore_under<R: Read>(
        path: &Path,
        key: &DatabaseKey,
        backup: Backup<R>,
    ) -> Result<Contents, RestoreError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut_slice()).map_err(|_| OpenError::Key(KeyError::Entropy))?;
        let mut rng = ChaCha20Rng::from_seed(*seed);
        Self::create_under(path, key)?;
        let mut profile = Self::open_under(path, key.copied())?;
        let mut taken = Taken::default();
        let mut writes = Vec::with_capacity(BATCH);
        writes.push(Write::PutProfile(backup.own));
        for one in backup.records {
            let one = one?;
            let kept = Kind::of(one.kind).and_then(|kind| record::read(kind, &one.bytes));
            taken.take(kept.ok_or(ReadError::Damaged)?, &mut rng, &mut writes)?;
            if writes.len() >= BATCH {
                profile.keep(&mut writes)?;
            }
        }
        profile.keep(&mut writes)?;
        profile.settle()?;
        Ok(taken.contents)
    }

    fn keep(&mut self, writes: &mut Vec<Write>) -> Result<(), Fault> {
        Self::apply(self, writes)?;
        writes.clear();
        self.commit()
    }
}

/// A backup that was begun to be read: what it says of the profile as a whole.
pub struct Backup<R> {
    own: Own,
    name: String,
    records: Reader<R>,
}

impl<R> std::fmt::Debug for Backup<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Backup(…)")
    }
}

impl<R: Read> Backup<R> {
    /// Reads the first record.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn begin(mut records: Reader<R>) -> Result<Self, ReadError> {
        let first = records.next().ok_or(ReadError::Damaged)??;
        match Kind::of(first.kind).and_then(|kind| record::read(kind, &first.bytes)) {
            Some(Kept::Profile(own, name)) => Ok(Self { own, name, records }),
            _ => Err(ReadError::Damaged),
        }
    }

    /// What the profile was called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

fn put(writer: &mut Writer, kind: Kind, bytes: &[u8]) -> Result<(), WriteError> {
    writer.put(kind.number(), bytes)
}

/// What was taken of a backup so far.
#[derive(Default)]
struct Taken {
    ids: BTreeSet<ConversationId>,
    numbers: BTreeSet<u32>,
    address: bool,
    contents: Contents,
}

impl Taken {
    /// Makes writes of a record. What belongs to a contact comes after it.
    fn take(
        &mut self,
        kept: Kept,
        rng: &mut ChaCha20Rng,
        writes: &mut Vec<Write>,
    ) -> Result<(), ReadError> {
        let known = |id| if self.ids.contains(&id) { Ok(id) } else { Err(ReadError::Damaged) };
        writes.push(match kept {
            // There is one, and it is the first.
            Kept::Profile(..) => return Err(ReadError::Damaged),
            Kept::Contact(contact, counters) => {
                return self.take_contact(*contact, counters, rng, writes);
            }
            Kept::Policy(id, policy) => Write::PutPolicy(known(id)?, policy),
            Kept::Draft(id, text) => Write::PutDraft(known(id)?, text),
            Kept::Outbox(id, row) => Write::AddOutbox(known(id)?, row),
            Kept::Early(id, row) => Write::PutEarly(known(id)?, row),
            Kept::Message(row) => {
                let number = number_of(row.message);
                if !self.numbers.contains(&number) {
                    return Err(ReadError::Damaged);
                }
                self.contents.messages += 1;
                // The id says whose it is.
                Write::PutMessage(ConversationId(0), row)
            }
            Kept::Address(own) => {
                if std::mem::replace(&mut self.address, true) {
                    return Err(ReadError::Damaged);
                }
                Write::PutAddress(own)
            }
        });
        Ok(())
    }

    fn take_contact(
        &mut self,
        mut contact: Contact,
        mut counters: Counters,
        rng: &mut ChaCha20Rng,
        writes: &mut Vec<Write>,
    ) -> Result<(), ReadError> {
        let new = self.ids.insert(contact.id) && self.numbers.insert(contact.number);
        let session = restore::restore(&mut contact, &mut counters, rng);
        let session = session.ok().filter(|_| new).ok_or(ReadError::Damaged)?;
        self.contents.contacts += 1;
        let id = contact.id;
        writes.push(Write::PutContact(Box::new(contact)));
        writes.push(Write::PutSession(id, session));
        writes.push(Write::PutCounters(id, counters));
        Ok(())
    }
}

// A text makes no record too long.
const _: () = assert!(undertone_handle::command::MAX_TEXT + 256 < crate::backup::MAX_RECORD);
