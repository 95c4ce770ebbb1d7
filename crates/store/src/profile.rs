//! A profile's database: the engine's storage, encrypted on a disk or in memory alone.
//!
//! One [`Profile`] writes: it is the engine's [`View`](undertone_engine::storage::View) and takes the
//! writes of its steps. Between [`Profile::begin`] and [`Profile::commit`] lies what happens together
//! or not at all; after a commit it is on the disk.
//!
//! A look-up of the engine has no way to fail. The first fault is kept instead ([`Profile::fault`]),
//! and from then on nothing is committed until [`Profile::roll_back`]: whoever drives the engine drops
//! it then, because it may have decided on an answer that was none, and loads it anew.
//!
//! `docs/store.md`, section "Profiles", has the reasons for the tables.

mod backup;
mod index;
mod read;
mod record;
mod requests;
mod rows;
mod storage;
mod sweep;
mod view;
mod write;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use undertone_engine::storage::Write;
use undertone_handle::ConversationId;

pub use self::backup::{BackUpError, Backup, Contents, RestoreError};
pub use self::read::{Reader, Terms};
pub use self::storage::AnyStorage;
use self::sweep::Sweep;
use self::write::Done;
use crate::database::{self, OpenError, Schema};
use crate::fault::Fault;
use crate::files::Folder;
use crate::key::{Cost, DatabaseKey, KeyError, Protection};
pub use undertone_engine::storage::Reader as Look;

/// `UTpr`: Undertone's profile.
const SCHEMA: Schema = Schema {
    application: 0x5554_7072,
    migrations: &[
        include_str!("profile/v1.sql"),
        include_str!("profile/v2.sql"),
        include_str!("profile/v3.sql"),
    ],
};

/// So long a profile waits for another program that has it, or for a reader that is long about it.
pub const PATIENCE: Duration = Duration::from_secs(4);

/// Of those that wait for the index, a commit takes at most so many along, and a quiet moment too.
const ALONG: i64 = 1_024;

/// A profile's database, open for its one writer.
pub struct Profile {
    connection: Connection,
    place: Place,
    /// The first thing that went wrong since the last [`Profile::roll_back`].
    fault: Cell<Option<Fault>>,
    /// Between [`Profile::begin`] and its end.
    within: bool,
    /// Something was erased in this transaction.
    erased: bool,
    /// Something was committed since the log was last emptied.
    to_settle: bool,
    /// Where copies of what was erased may still be.
    sweep: Sweep,
    /// Something was erased here since all pages were last looked at.
    owed: bool,
}

/// Where a profile is.
enum Place {
    /// In a file, under a key.
    File(PathBuf, DatabaseKey),
    /// Under this name in the memory of this process, for as long as a connection to it is open.
    Memory(String),
}

impl Profile {
    /// Makes a database at `path` and opens it, with the folder if it isn't there.
    ///
    /// # Errors
    /// See [`OpenError`]; [`OpenError::Exists`] where there is a database.
    pub fn create(path: &Path, protection: &Protection, cost: Cost) -> Result<Self, OpenError> {
        database::create(path, protection, cost, &SCHEMA, fill)?;
        Self::open(path, protection)
    }

    /// Opens the database at `path`. With a passphrase it takes about half a second, by intent.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(path: &Path, protection: &Protection) -> Result<Self, OpenError> {
        let (connection, key) = database::open(path, protection, &SCHEMA)?;
        Self::opened(connection, path, key)
    }

    /// Makes the database of a profile that is being made, under its key
    /// ([`Home::create`](crate::profiles::Home::create)).
    ///
    /// # Errors
    /// See [`OpenError`]; [`OpenError::Exists`] where there is a database.
    pub fn create_under(path: &Path, key: &DatabaseKey) -> Result<(), OpenError> {
        let folder = Folder::of(path).map_err(Fault::from)?;
        database::create_under(&folder, path, key, &SCHEMA, fill)
    }

    /// Opens the database of a profile that was unlocked
    /// ([`Held::unlock`](crate::profiles::Held::unlock)), without another try of its password.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open_under(path: &Path, key: DatabaseKey) -> Result<Self, OpenError> {
        let connection = database::open_under(path, &key, &SCHEMA)?;
        Self::opened(connection, path, key)
    }

    fn opened(connection: Connection, path: &Path, key: DatabaseKey) -> Result<Self, OpenError> {
        // The log is brought in when nobody waits for it, and here at the latest.
        connection.execute_batch("PRAGMA wal_autocheckpoint = 1000")?;
        Self::with(connection, Place::File(path.to_owned(), key))
    }

    /// An empty profile in memory: nothing of it is ever in a file.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn in_memory() -> Result<Self, OpenError> {
        let mut name = [0; 16];
        getrandom::fill(&mut name).map_err(|_| KeyError::Entropy)?;
        let name = format!("/undertone-{:032x}", u128::from_be_bytes(name));
        let mut connection = database::connect_in_memory(&name)?;
        database::prepare(&mut connection, &SCHEMA, fill)?;
        Self::with(connection, Place::Memory(name))
    }

    fn with(connection: Connection, place: Place) -> Result<Self, OpenError> {
        connection.set_prepared_statement_cache_capacity(64);
        connection.execute_batch("PRAGMA cache_size = -16384")?;
        // The engine stands still as long as this waits.
        connection.busy_timeout(PATIENCE)?;
        let this = Self {
            connection,
            place,
            fault: Cell::new(None),
            within: false,
            erased: false,
            to_settle: true,
            sweep: Sweep::all(),
            owed: false,
        };
        this.check_splitter()?;
        Ok(this)
    }

    /// An index that was made by other rules is made anew: by the present ones not everything in it
    /// could be taken out again.
    fn check_splitter(&self) -> Result<(), Fault> {
        let db = &self.connection;
        let known: String = db.query_row("SELECT splitter FROM own", [], |row| row.get(0))?;
        if known == index::rules() {
            return Ok(());
        }
        db.execute_batch("BEGIN IMMEDIATE")?;
        let done = index::clear(db).and_then(|()| {
            db.execute("UPDATE own SET splitter = ?1", [index::rules()])?;
            Ok(db.execute_batch("COMMIT")?)
        });
        if done.is_err() {
            drop(db.execute_batch("ROLLBACK"));
        }
        done
    }

    /// Begins a transaction; from now on nobody else writes. Within one this does nothing.
    ///
    /// # Errors
    /// See [`Fault`]; also if an earlier one was not rolled back.
    pub fn begin(&mut self) -> Result<(), Fault> {
        self.usable()?;
        if !self.within {
            self.try_to(|db| Ok(db.execute_batch("BEGIN IMMEDIATE")?))?;
            self.within = true;
        }
        Ok(())
    }

    /// Applies the writes of a step, in order, within the transaction; begins one if there is none.
    ///
    /// A contact is put before what belongs to it. Only the address and requests belong to none.
    ///
    /// # Errors
    /// See [`Fault`]; the transaction can only be rolled back then.
    pub fn apply(&mut self, writes: &[Write]) -> Result<(), Fault> {
        self.begin()?;
        for write in writes {
            let done = self.try_to(|db| write::apply(db, write))?;
            self.erased |= done == Done::Erased;
        }
        Ok(())
    }

    /// Ends the transaction. When this returns `Ok`, everything in it is on the disk.
    ///
    /// # Errors
    /// The first [`Fault`] since the transaction began, or what went wrong now. Nothing of it was
    /// kept then, and it is over.
    pub fn commit(&mut self) -> Result<(), Fault> {
        let done = self.usable().and_then(|()| {
            if !self.within {
                return Ok(());
            }
            self.try_to(|db| {
                index::catch_up(db, ALONG)?;
                Ok(db.execute_batch("COMMIT")?)
            })
        });
        match done {
            Ok(()) => {
                self.to_settle |= self.within;
                if self.erased {
                    self.sweep.again();
                    self.owed = true;
                }
                self.within = false;
                self.erased = false;
                Ok(())
            }
            Err(fault) => {
                self.roll_back();
                Err(fault)
            }
        }
    }

    /// Ends the transaction, if there is one, as if it had not been, and forgets the fault.
    pub fn roll_back(&mut self) {
        if !self.connection.is_autocommit() {
            // What fails here is mended when the file is next read.
            drop(self.connection.execute_batch("ROLLBACK"));
        }
        self.within = false;
        self.erased = false;
        self.fault.set(None);
    }

    /// The first thing that went wrong since the last roll-back, in a look-up or a write.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        self.fault.get()
    }

    /// Does a part of what can wait, so small that nobody notices: first it empties the log, so that nothing of
    /// earlier versions is in it, among them keys that were used; then it goes on with erasing the copies that SQLite
    /// leaves of rows that it moved. Gives whether there is more to do.
    ///
    /// # Errors
    /// See [`Fault`]; it is tried again the next time.
    pub fn settle_some(&mut self) -> Result<bool, Fault> {
        if self.within {
            return Ok(false);
        }
        if self.to_settle {
            // After much has gone the index may be far behind; it needn't catch up in one go.
            let behind = self.index_more()?;
            self.empty_the_log()?;
            self.to_settle = behind;
        } else if !self.sweep.is_done() {
            self.sweep.go_on(&self.connection)?;
            if self.sweep.is_done() {
                self.empty_the_log()?;
                self.owed = false;
            }
        }
        Ok(self.to_settle || !self.sweep.is_done())
    }

    /// Does all that can wait, which takes seconds in a large profile ([`Profile::size`]).
    ///
    /// # Errors
    /// See [`Fault`]; it is tried again the next time.
    pub fn settle(&mut self) -> Result<(), Fault> {
        while self.settle_some()? {}
        Ok(())
    }

    /// Whether copies of what was erased since the profile was opened may still be there, or earlier versions of
    /// what was changed in the log.
    #[must_use]
    pub const fn is_unsettled(&self) -> bool {
        self.to_settle || self.owed
    }

    /// Forgets a contact with all that was said, now and in the files: see [`Profile::settle`].
    ///
    /// # Errors
    /// See [`Fault`]. Either all of it is still there or none; what is left in the files then goes the
    /// next time.
    pub fn forget(&mut self, contact: ConversationId) -> Result<(), Fault> {
        self.apply(&[Write::Forget(contact)])?;
        self.commit()?;
        self.settle()
    }

    /// Reads all of it and checks that its parts agree, which takes seconds in a large profile.
    ///
    /// # Errors
    /// [`Fault::Damaged`] where they don't, or what went wrong.
    pub fn check(&self) -> Result<(), Fault> {
        let db = &self.connection;
        let said: String = db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        let strangers: bool = db.prepare("PRAGMA foreign_key_check")?.query([])?.next()?.is_some();
        if said != "ok" || strangers {
            return Err(Fault::Damaged);
        }
        // Each page of a file is authenticated as well, those that nothing uses too.
        if matches!(self.place, Place::File(..)) {
            let mut check = db.prepare("PRAGMA cipher_integrity_check")?;
            if check.query([])?.next()?.is_some() {
                return Err(Fault::Damaged);
            }
        }
        Ok(())
    }

    /// How large the database is, in bytes.
    ///
    /// # Errors
    /// See [`Fault`].
    pub fn size(&self) -> Result<u64, Fault> {
        let pages: u32 =
            self.connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
        Ok(u64::from(pages).saturating_mul(database::PAGE))
    }

    fn empty_the_log(&self) -> Result<(), Fault> {
        match self.place {
            Place::File(..) => {
                let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
                let held: bool = self.connection.query_row(sql, [], |row| row.get(0))?;
                // A reader that is long about it still needs what is in the log.
                if held { Err(Fault::Busy) } else { Ok(()) }
            }
            Place::Memory(_) => Ok(()),
        }
    }

    /// Takes more texts into the index, if many wait for it. Gives whether many still do.
    fn index_more(&mut self) -> Result<bool, Fault> {
        let db = &self.connection;
        db.execute_batch("BEGIN IMMEDIATE")?;
        let more = index::catch_up(db, ALONG).and_then(|more| {
            db.execute_batch("COMMIT")?;
            Ok(more)
        });
        if more.is_err() {
            drop(db.execute_batch("ROLLBACK"));
        }
        more
    }

    /// Another connection, for an interface to read on: as many as are wanted, on any thread.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn reader(&self) -> Result<Reader, OpenError> {
        let connection = match &self.place {
            Place::File(path, key) => database::connect(path, key)?,
            Place::Memory(name) => database::connect_in_memory(name)?,
        };
        Ok(Reader::new(connection)?)
    }

    /// Puts another passphrase in place of the present one, or none. A profile in memory has none.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn protect(&self, protection: &Protection, cost: Cost) -> Result<(), KeyError> {
        match &self.place {
            Place::File(path, key) => database::protect(path, key, protection, cost),
            Place::Memory(_) => Ok(()),
        }
    }

    fn usable(&self) -> Result<(), Fault> {
        self.fault.get().map_or(Ok(()), Err)
    }

    /// Notes a fault, unless there is an earlier one.
    fn note(&self, fault: Fault) {
        self.fault.set(self.fault.get().or(Some(fault)));
    }

    fn try_to<T>(&self, act: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        let done = self.usable().and_then(|()| act(&self.connection));
        if let Err(fault) = done {
            self.note(fault);
        }
        done
    }
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Profile(…)")
    }
}

/// What every profile begins with.
fn fill(connection: &Connection) -> Result<(), OpenError> {
    let sql = "INSERT INTO own (id, next_number, indexed, splitter) VALUES (1, 1, 0, ?1)";
    connection.execute(sql, [index::rules()])?;
    Ok(())
}

#[cfg(test)]
mod tests;
