//! Opening and making an encrypted database.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::fault::Fault;
use crate::files::{self, Folder};
use crate::key::{self, Cost, DatabaseKey, KeyError, Protection};

/// How SQLite has to be built; `.cargo/config.toml` says so to whatever is built in this repository.
const _: () = assert!(
    has_flag(b"SQLITE_ENABLE_DBPAGE_VTAB") && has_flag(b"OMIT_MEMLOCK"),
    "SQLite is built otherwise than this program needs it: build in the folder of the repository, or set \
     LIBSQLITE3_FLAGS as its .cargo/config.toml does"
);

const fn has_flag(flag: &[u8]) -> bool {
    let Some(flags) = option_env!("LIBSQLITE3_FLAGS") else { return false };
    let mut rest = flags.as_bytes();
    while !rest.is_empty() {
        let (mut after, mut same) = (rest, flag);
        while let ([one, tail @ ..], [other, others @ ..]) = (after, same)
            && *one == *other
        {
            (after, same) = (tail, others);
        }
        if same.is_empty() {
            return true;
        }
        rest = match rest {
            [_, tail @ ..] => tail,
            [] => rest,
        };
    }
    false
}

/// How long a process waits while another one has the database.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Length of SQLCipher's pages in bytes. A database has at least one from the moment it has a name.
pub(crate) const PAGE: u64 = 4096;

/// Behind the name of a database: as it was before it was last brought up to date. The next start that
/// goes well removes it.
const COPY: &str = ".old";

/// What a database of one kind holds.
#[derive(Debug)]
pub(crate) struct Schema {
    /// Tells this kind from others: SQLite's `application_id`.
    pub(crate) application: i32,
    /// Each brings a database from the version of its index to the next. Never changed, only added.
    pub(crate) migrations: &'static [&'static str],
}

impl Schema {
    fn version(&self) -> i64 {
        i64::try_from(self.migrations.len()).unwrap_or(i64::MAX)
    }
}

/// Why a database was not opened or made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no such file.
    #[error("there is no database here")]
    Missing,
    /// The file is there already.
    #[error("there is a database here already")]
    Exists,
    /// Its key could not be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A database of another program, or of another part of this one.
    #[error("the file is a database of another kind")]
    Foreign,
    /// Written by a later version; the numbers are its schema's and ours.
    #[error("the database was written by a newer version of this program (format {0}, known {1})")]
    Newer(i64, i64),
    /// Others may write to the folder, and so put other files in place of these.
    #[error("other users may write to the folder of the database")]
    FolderOpen,
    /// The machine.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The program was built with an SQLite that encrypts nothing.
    #[error("this program was built without encryption for databases")]
    NoCipher,
}

impl OpenError {
    /// What to do about it.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::Missing => "Look at the name, or begin a conversation: that makes a database.",
            Self::Exists => "Open it, or take another name.",
            Self::Key(error) => error.hint(),
            Self::Foreign => "Look at the name of the file.",
            Self::Newer(..) => "Use the version that wrote it, or a later one.",
            Self::FolderOpen => "Take that right away with chmod go-w, or name another folder.",
            Self::Fault(fault) => fault.hint(),
            Self::NoCipher => "Build it with its own SQLite: see CONTRIBUTING.md.",
        }
    }
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Fault(error.into())
    }
}

/// The key file of a database.
pub(crate) fn key_file(path: &Path) -> PathBuf {
    files::with_suffix(path, ".key")
}

/// Opens a database that is there.
pub(crate) fn open(
    path: &Path,
    protection: &Protection,
    schema: &Schema,
) -> Result<(Connection, DatabaseKey), OpenError> {
    // What is wrong with the file is said before a passphrase is tried.
    look_at(path)?;
    let key = key::take(&key_file(path), protection)?;
    // That of another user, or on a read-only disk, stays what it is.
    drop(files::close_to_others(&key_file(path)));
    Ok((open_under(path, &key, schema)?, key))
}

/// Opens a database that is there, under its key.
pub(crate) fn open_under(
    path: &Path,
    key: &DatabaseKey,
    schema: &Schema,
) -> Result<Connection, OpenError> {
    // SQLite would take a file without a whole page for a new database.
    if look_at(path)? < PAGE {
        return Err(OpenError::Fault(Fault::Damaged));
    }
    drop(files::close_to_others(path));
    let mut connection = connect(path, key)?;
    // The first page that is read shows whether the key is the right one.
    let application: i32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application != schema.application {
        return Err(OpenError::Foreign);
    }
    let copy = files::with_suffix(path, COPY);
    if !(1..schema.version()).contains(&version(&connection)?) {
        migrate(&mut connection, schema)?;
        // It was brought up to date by an earlier start, and has opened now as well.
        drop(std::fs::remove_file(&copy));
        return Ok(connection);
    }
    // SQLite's locks on a file go with any other handle of the process on it: so none is open.
    connection.close().map_err(|(_, error)| error)?;
    keep_copy(path, &copy)?;
    let mut connection = connect(path, key)?;
    migrate(&mut connection, schema)?;
    Ok(connection)
}

/// Copies a database as it is before it is brought up to date, whole or not at all.
fn keep_copy(path: &Path, copy: &Path) -> Result<(), OpenError> {
    // What is in the log is not in the file; the last process to close it leaves none.
    let log = std::fs::metadata(files::with_suffix(path, "-wal"));
    if log.is_ok_and(|log| log.len() > 0) {
        return Err(OpenError::Fault(Fault::Busy));
    }
    let new = files::beside(copy);
    let made = files::create(&new)
        .and_then(|mut to| io::copy(&mut std::fs::File::open(path)?, &mut to))
        .and_then(|_| files::replace(&new, copy));
    if let Err(error) = made {
        drop(std::fs::remove_file(&new));
        return Err(OpenError::Fault(error.into()));
    }
    Ok(())
}

/// The length of a database that may be opened where it is.
fn look_at(path: &Path) -> Result<u64, OpenError> {
    let length = match std::fs::metadata(path) {
        Ok(file) => file.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(OpenError::Missing),
        Err(error) => return Err(OpenError::Fault(error.into())),
    };
    if others_may_write_beside(path).map_err(Fault::from)? {
        return Err(OpenError::FolderOpen);
    }
    // Without its log it can't even be read, and SQLite's words for that are others.
    if is_read_only(path) {
        return Err(OpenError::Fault(Fault::ReadOnly));
    }
    Ok(length)
}

/// Whether the file system of a file can't be written by anybody.
fn is_read_only(path: &Path) -> bool {
    let found = rustix::fs::statvfs(path);
    found.is_ok_and(|found| found.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY))
}

/// Makes a database, with its key file if there is none yet.
pub(crate) fn create(
    path: &Path,
    protection: &Protection,
    cost: Cost,
    schema: &Schema,
    fill: impl FnOnce(&Connection) -> Result<(), OpenError>,
) -> Result<(), OpenError> {
    let folder = Folder::of(path).map_err(Fault::from)?;
    if others_may_write_beside(path).map_err(Fault::from)? {
        return Err(OpenError::FolderOpen);
    }
    if path.try_exists().map_err(Fault::from)? {
        return Err(OpenError::Exists);
    }
    // A key without a database is what a process leaves that was killed between the two: it is
    // taken up, for it may also be all that is left of a database that somebody will restore.
    let key = match key::take(&key_file(path), protection) {
        Err(KeyError::Missing) => key::make(&folder, &key_file(path), protection, cost)?,
        other => other?,
    };
    create_under(&folder, path, &key, schema, fill)
}

/// Makes a database under a key that has its file already. It appears whole.
pub(crate) fn create_under(
    folder: &Folder,
    path: &Path,
    key: &DatabaseKey,
    schema: &Schema,
    fill: impl FnOnce(&Connection) -> Result<(), OpenError>,
) -> Result<(), OpenError> {
    let new = files::beside(path);
    let made = build(&new, key, schema, fill)
        .and_then(|()| folder.name(&new, path).map_err(|error| OpenError::Fault(error.into())));
    if made.is_err() {
        // Nobody knows it yet.
        drop(std::fs::remove_file(&new));
    }
    made
}

fn build(
    path: &Path,
    key: &DatabaseKey,
    schema: &Schema,
    fill: impl FnOnce(&Connection) -> Result<(), OpenError>,
) -> Result<(), OpenError> {
    drop(files::create(path).map_err(Fault::from)?);
    let mut connection = connect(path, key)?;
    prepare(&mut connection, schema, fill)?;
    // Once, while nobody else has it: the change needs the database for itself.
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.close().map_err(|(_, error)| error.into())
}

/// Writes the key file anew under another passphrase. The database stays as it is.
pub(crate) fn protect(
    path: &Path,
    key: &DatabaseKey,
    protection: &Protection,
    cost: Cost,
) -> Result<(), KeyError> {
    let folder = Folder::of(path).map_err(Fault::from)?;
    key::put(&folder, &key_file(path), key, protection, cost)
}

/// Opens another connection to a database that is open in this process.
pub(crate) fn connect(path: &Path, key: &DatabaseKey) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    // Without the cipher the key would be ignored and everything written in the clear.
    let cipher: Option<String> =
        connection.query_row("PRAGMA cipher_version", [], |row| row.get(0)).ok();
    if cipher.is_none_or(|version| version.is_empty()) {
        return Err(OpenError::NoCipher);
    }
    // What is wrong is told by faults; the library would write it to the terminal as well.
    connection.execute_batch("PRAGMA cipher_log_level = NONE")?;
    // Before the key is there, so that it is erased from SQLite's memory when it is done with.
    connection.execute_batch("PRAGMA cipher_memory_security = ON")?;
    connection.execute_batch(&key.statement())?;
    connection.execute_batch(SETTINGS)?;
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 64")?;
    Ok(connection)
}

/// What every connection is told.
const SETTINGS: &str = "PRAGMA foreign_keys = ON;
                        PRAGMA secure_delete = ON;
                        PRAGMA temp_store = MEMORY;
                        PRAGMA trusted_schema = OFF;
                        PRAGMA cell_size_check = ON;";

/// Opens a database in memory under this name: a new one, or another connection to one that is open.
/// It goes with the last connection to it, and nothing of it is ever in a file.
pub(crate) fn connect_in_memory(name: &str) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(format!("file:{name}?vfs=memdb"), flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.execute_batch("PRAGMA cipher_memory_security = ON")?;
    connection.execute_batch(SETTINGS)?;
    // What is changed and not committed stays with its writer.
    connection.execute_batch("PRAGMA journal_mode = MEMORY; PRAGMA cache_spill = OFF")?;
    Ok(connection)
}

/// Makes the tables of a database that has none yet.
pub(crate) fn prepare(
    connection: &mut Connection,
    schema: &Schema,
    fill: impl FnOnce(&Connection) -> Result<(), OpenError>,
) -> Result<(), OpenError> {
    connection.pragma_update(None, "application_id", schema.application)?;
    migrate(connection, schema)?;
    fill(connection)
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Brings a database up to date, in one transaction.
fn migrate(connection: &mut Connection, schema: &Schema) -> Result<(), OpenError> {
    let check = |found: i64| match usize::try_from(found) {
        Ok(known) if known <= schema.migrations.len() => Ok(known),
        Ok(_) => Err(OpenError::Newer(found, schema.version())),
        Err(_) => Err(OpenError::Fault(Fault::Damaged)),
    };
    if check(version(connection)?)? == schema.migrations.len() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have done it meanwhile.
    let known = check(version(&transaction)?)?;
    for migration in schema.migrations.iter().skip(known) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "user_version", schema.version())?;
    transaction.commit()?;
    Ok(())
}

/// Whether others may put files of theirs in place of the database's. A sticky folder, such as
/// `/tmp`, lets them add files but not replace ours.
pub(crate) fn others_may_write_beside(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mode = std::fs::metadata(folder)?.permissions().mode();
    Ok(mode & 0o022 != 0 && mode & 0o1000 == 0)
}

/// Brings what was written behind the database into it, and leaves nothing there.
pub(crate) fn empty_the_log(connection: &Connection) -> Result<(), Fault> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

#[cfg(test)]
mod tests;
