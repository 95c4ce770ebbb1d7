//! Many ratchet sessions in one database, for tools that run as short-lived processes.
//!
//! # What is durable when
//! [`Sessions::change`] reads a state, has it changed and stores it in one transaction that locks
//! out every other process, and returns when the new state is on the disk. So:
//!
//! - A packet that is made inside it leaves only after it: whatever dies when, no key of a chain
//!   ever serves for two packets. A packet may be lost with the process that made it, as if the
//!   carrier had lost it; its sender still has the text.
//! - A text that is read inside it would be lost with the process: the key that opens its packet is
//!   erased in the same transaction. So the text is *kept* there ([`Turn::keep`]) until whoever reads
//!   it has all of it ([`Sessions::forget`]). Reading the packet again until then gives the kept
//!   text; afterwards it is a replay. That is: exactly once, and after a crash between the last byte
//!   written and the note of it, at least once. Losing a message for good would be worse than
//!   showing it twice to the one who has it anyway.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

use crate::database::{self, OpenError, Schema};
use crate::fault::Fault;
use crate::key::{self, Cost, DatabaseKey, KeyError, Protection};

/// How long a process waits while another one has the database.
pub const PATIENCE: Duration = database::PATIENCE;

/// The longest name of a conversation in characters.
pub const MAX_NAME: usize = 64;

/// `UTRs`: Undertone's ratchet sessions.
const SCHEMA: Schema =
    Schema { application: 0x5554_5273, migrations: &[include_str!("sessions/v1.sql")] };

/// How far a conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Keys are being exchanged; the state is a handshake's.
    Offered,
    /// Both can write; the state is a session's.
    Open,
    /// It was taken to another database; the state is the session's as it was taken.
    Exported,
}

impl Stage {
    const ALL: [Self; 3] = [Self::Offered, Self::Open, Self::Exported];

    fn number(self) -> u8 {
        match self {
            Self::Offered => 0,
            Self::Open => 1,
            Self::Exported => 2,
        }
    }

    fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.number() == number)
    }
}

/// One conversation as it is stored.
#[derive(Clone)]
pub struct Record {
    /// What it is called here.
    pub name: String,
    /// How far it is.
    pub stage: Stage,
    /// The bytes of its handshake or session, erased on drop.
    pub state: Zeroizing<Vec<u8>>,
    /// The other end's identity, once it is known: no two conversations have the same.
    pub peer: Option<[u8; 32]>,
    /// What both ends compare, once both sets of keys are known.
    pub fingerprint: Option<[u8; 32]>,
    /// Whether the two were compared and are the same.
    pub verified: bool,
    /// When it was made, in seconds since 1970.
    pub created: u64,
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Record")
            .field("stage", &self.stage)
            .field("verified", &self.verified)
            .finish_non_exhaustive()
    }
}

/// Why a conversation was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError<E> {
    /// There is none of this name.
    #[error("there is no such conversation in the database")]
    NoSuch,
    /// There is one of this name already.
    #[error("there is a conversation of this name already")]
    NameTaken,
    /// Another conversation is with the same other end.
    #[error("another conversation has the same partner")]
    PeerTaken,
    /// Nothing, longer than [`MAX_NAME`], or with characters that can't be seen.
    #[error("a name has 1 to {MAX_NAME} characters, none of them invisible")]
    BadName,
    /// What was to be done with its state could not be done.
    #[error(transparent)]
    Step(E),
    /// The machine.
    #[error(transparent)]
    Fault(Fault),
}

impl<E> From<rusqlite::Error> for ChangeError<E> {
    fn from(error: rusqlite::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl<E> From<Fault> for ChangeError<E> {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// A database of conversations.
pub struct Sessions {
    path: PathBuf,
    connection: Connection,
    key: DatabaseKey,
    /// Mixed into all randomness, against a system's generator that fails or a machine that was
    /// cloned.
    hedge: Zeroizing<Vec<u8>>,
}

impl Sessions {
    /// Whether the database at `path` has a passphrase, told from its key file.
    ///
    /// # Errors
    /// See [`OpenError`]; [`OpenError::Missing`] where there is no database.
    pub fn needs_passphrase(path: &Path) -> Result<bool, OpenError> {
        if !path.try_exists().map_err(Fault::from)? {
            return Err(OpenError::Missing);
        }
        Ok(key::needs_passphrase(&database::key_file(path))?)
    }

    /// Makes a database at `path` and opens it, with the folder if it isn't there.
    ///
    /// # Errors
    /// See [`OpenError`]; [`OpenError::Exists`] where there is a database.
    pub fn create(path: &Path, protection: &Protection, cost: Cost) -> Result<Self, OpenError> {
        database::create(path, protection, cost, &SCHEMA, |connection| {
            let mut secret = Zeroizing::new([0; 32]);
            getrandom::fill(secret.as_mut_slice()).map_err(|_| KeyError::Entropy)?;
            connection
                .execute("INSERT INTO own (id, hedge) VALUES (1, ?1)", [secret.as_slice()])?;
            Ok(())
        })?;
        Self::open(path, protection)
    }

    /// Opens the database at `path`. With a passphrase it takes about half a second, by intent.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(path: &Path, protection: &Protection) -> Result<Self, OpenError> {
        let (connection, key) = database::open(path, protection, &SCHEMA)?;
        let hedge =
            connection.query_row("SELECT hedge FROM own WHERE id = 1", [], |row| secret(row, 0))?;
        Ok(Self { path: path.to_owned(), connection, key, hedge })
    }

    /// Puts another passphrase in place of the present one, or none.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn protect(&self, protection: &Protection, cost: Cost) -> Result<(), KeyError> {
        database::protect(&self.path, &self.key, protection, cost)
    }

    /// All conversations, by name.
    ///
    /// # Errors
    /// See [`Fault`].
    pub fn list(&self) -> Result<Vec<Record>, Fault> {
        let mut query = self.connection.prepare(&format!("{SELECT} ORDER BY name"))?;
        let rows = query.query_map([], record)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One conversation, to look at.
    ///
    /// # Errors
    /// [`ChangeError::NoSuch`] or the machine.
    pub fn get<E>(&self, name: &str) -> Result<Record, ChangeError<E>> {
        find(&self.connection, name)?.map(|(_, record)| record).ok_or(ChangeError::NoSuch)
    }

    /// Adds a conversation in [`Stage::Offered`], with the state that `make` gives. `now` is in
    /// seconds since 1970.
    ///
    /// # Errors
    /// See [`ChangeError`]; nothing was added then.
    pub fn add<E>(
        &mut self,
        name: &str,
        now: u64,
        make: impl FnOnce(&mut ChaCha20Rng) -> Result<Zeroizing<Vec<u8>>, E>,
    ) -> Result<(), ChangeError<E>> {
        check_name(name)?;
        let created = i64::try_from(now).unwrap_or(i64::MAX);
        let transaction = begin(&mut self.connection)?;
        if find(&transaction, name)?.is_some() {
            return Err(ChangeError::NameTaken);
        }
        let mut rng = randomness(&self.hedge, name.as_bytes())?;
        let state = make(&mut rng).map_err(ChangeError::Step)?;
        transaction.execute(
            "INSERT INTO conversation (name, stage, state, verified, created)
             VALUES (?1, ?2, ?3, 0, ?4)",
            params![name, Stage::Offered.number(), state.as_slice(), created],
        )?;
        transaction.commit()?;
        Ok(())
    }

    /// Changes a conversation: `step` sees it as it is, and what it leaves is stored if it returns
    /// `Ok`. Other processes wait meanwhile. When this returns `Ok`, the new state is on the disk.
    ///
    /// # Errors
    /// See [`ChangeError`]; nothing was changed then.
    pub fn change<T, E>(
        &mut self,
        name: &str,
        step: impl FnOnce(&mut Turn<'_>) -> Result<T, E>,
    ) -> Result<T, ChangeError<E>> {
        let transaction = begin(&mut self.connection)?;
        let (id, record) = find(&transaction, name)?.ok_or(ChangeError::NoSuch)?;
        let mut rng = randomness(&self.hedge, &record.state)?;
        let mut turn = Turn { record, id, transaction: &transaction, rng: &mut rng };
        let done = step(&mut turn).map_err(ChangeError::Step)?;
        let Record { name: new_name, stage, state, peer, fingerprint, verified, .. } = turn.record;
        if new_name != name {
            check_name(&new_name)?;
        }
        transaction
            .execute(
                "UPDATE conversation
                 SET name = ?1, stage = ?2, state = ?3, peer = ?4, fingerprint = ?5, verified = ?6
                 WHERE id = ?7",
                params![
                    new_name,
                    stage.number(),
                    state.as_slice(),
                    peer.as_ref().map(<[u8; 32]>::as_slice),
                    fingerprint.as_ref().map(<[u8; 32]>::as_slice),
                    verified,
                    id
                ],
            )
            .map_err(|error| taken(error, new_name != name))?;
        transaction.commit()?;
        Ok(done)
    }

    /// Erases a text that was kept, now that its reader has it.
    ///
    /// # Errors
    /// See [`Fault`]; the text is still kept then.
    pub fn forget(&mut self, name: &str, packet: &[u8]) -> Result<(), Fault> {
        let packet: [u8; 32] = Sha256::digest(packet).into();
        self.connection.execute(
            "DELETE FROM kept WHERE packet = ?1
             AND conversation = (SELECT id FROM conversation WHERE name = ?2)",
            params![packet.as_slice(), name],
        )?;
        self.sweep()
    }

    /// Erases a conversation with everything in it, from the database and from its log.
    ///
    /// # Errors
    /// [`ChangeError::NoSuch`] or the machine.
    pub fn delete<E>(&mut self, name: &str) -> Result<(), ChangeError<E>> {
        let gone = self.connection.execute("DELETE FROM conversation WHERE name = ?1", [name])?;
        if gone == 0 {
            return Err(ChangeError::NoSuch);
        }
        Ok(self.sweep()?)
    }

    /// Brings the log into the database and empties it, so that no earlier state stays in it. Where
    /// another process is in the way, that one does it when it ends.
    ///
    /// # Errors
    /// See [`Fault`].
    pub fn sweep(&self) -> Result<(), Fault> {
        database::empty_the_log(&self.connection)
    }
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sessions(…)")
    }
}

/// A conversation while it is being changed.
#[derive(Debug)]
pub struct Turn<'a> {
    /// The conversation; what it is at the end is stored.
    pub record: Record,
    id: i64,
    transaction: &'a Transaction<'a>,
    rng: &'a mut ChaCha20Rng,
}

impl Turn<'_> {
    /// Randomness for this step: the system's, mixed with a secret of the database and with the
    /// state, so that it doesn't repeat as long as one of the three doesn't.
    pub fn rng(&mut self) -> &mut ChaCha20Rng {
        self.rng
    }

    /// The text that is kept for this packet.
    ///
    /// # Errors
    /// See [`Fault`].
    pub fn kept(&self, packet: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, Fault> {
        let packet: [u8; 32] = Sha256::digest(packet).into();
        let found = self.transaction.query_row(
            "SELECT text FROM kept WHERE conversation = ?1 AND packet = ?2",
            params![self.id, packet.as_slice()],
            |row| secret(row, 0),
        );
        Ok(found.optional()?)
    }

    /// Keeps the text of a packet until it is forgotten.
    ///
    /// # Errors
    /// See [`Fault`].
    pub fn keep(&mut self, packet: &[u8], text: &[u8]) -> Result<(), Fault> {
        let packet: [u8; 32] = Sha256::digest(packet).into();
        self.transaction.execute(
            "INSERT OR REPLACE INTO kept (conversation, packet, text) VALUES (?1, ?2, ?3)",
            params![self.id, packet.as_slice(), text],
        )?;
        Ok(())
    }
}

const SELECT: &str =
    "SELECT id, name, stage, state, peer, fingerprint, verified, created FROM conversation";

fn begin(connection: &mut Connection) -> Result<Transaction<'_>, Fault> {
    Ok(connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
}

fn find(connection: &Connection, name: &str) -> Result<Option<(i64, Record)>, Fault> {
    let found = connection.query_row(&format!("{SELECT} WHERE name = ?1"), [name], |row| {
        Ok((row.get(0)?, record(row)?))
    });
    Ok(found.optional()?)
}

fn record(row: &rusqlite::Row<'_>) -> rusqlite::Result<Record> {
    let stage: u8 = row.get(2)?;
    let created: i64 = row.get(7)?;
    Ok(Record {
        name: row.get(1)?,
        stage: Stage::from_number(stage)
            .ok_or(rusqlite::Error::IntegralValueOutOfRange(2, i64::from(stage)))?,
        state: secret(row, 3)?,
        peer: row.get(4)?,
        fingerprint: row.get(5)?,
        verified: row.get(6)?,
        created: u64::try_from(created).unwrap_or(0),
    })
}

/// A secret column, straight into memory that is erased.
fn secret(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Zeroizing<Vec<u8>>> {
    Ok(Zeroizing::new(row.get_ref(column)?.as_blob()?.to_vec()))
}

/// Which of the two unique columns was not.
fn taken<E>(error: rusqlite::Error, renamed: bool) -> ChangeError<E> {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::ConstraintViolation) if renamed => ChangeError::NameTaken,
        Some(rusqlite::ErrorCode::ConstraintViolation) => ChangeError::PeerTaken,
        _ => error.into(),
    }
}

fn check_name<E>(name: &str) -> Result<(), ChangeError<E>> {
    let length = name.chars().count();
    let invisible = |c: char| c.is_control() || (c.is_whitespace() && c != ' ');
    let spaces = name.starts_with(' ') || name.ends_with(' ');
    let fits = (1..=MAX_NAME).contains(&length) && !name.contains(invisible) && !spaces;
    if fits { Ok(()) } else { Err(ChangeError::BadName) }
}

/// A generator for one step: seeded by SHA-256 over the database's secret, 32 bytes of the
/// system's, and what the step begins with.
fn randomness(hedge: &[u8], state: &[u8]) -> Result<ChaCha20Rng, Fault> {
    let mut system = Zeroizing::new([0; 32]);
    getrandom::fill(system.as_mut_slice()).map_err(|_| Fault::Io(std::io::ErrorKind::Other))?;
    Ok(seeded(hedge, &system, state))
}

fn seeded(hedge: &[u8], system: &[u8; 32], state: &[u8]) -> ChaCha20Rng {
    let mut hash = Sha256::new();
    hash.update(b"undertone/1 hedged step");
    for part in [hedge, system.as_slice(), state] {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    let mut seed: [u8; 32] = hash.finalize().into();
    let rng = ChaCha20Rng::from_seed(seed);
    seed.zeroize();
    rng
}

#[cfg(test)]
mod tests;
