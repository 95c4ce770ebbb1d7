//! What goes wrong with files and databases, whoever uses them.

use std::io;

use rusqlite::ErrorCode;

/// Why the machine did not do what was asked. Nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// No right to the file or its folder.
    #[error("the database can't be opened: this user has no right to the file or its folder")]
    Denied,
    /// The file, its folder or the file system can't be written.
    #[error("the database can't be written: its file or its folder is read-only")]
    ReadOnly,
    /// No room.
    #[error("there is no room left where the database is; nothing was changed")]
    Full,
    /// Another process has held the database for longer than [`crate::sessions::PATIENCE`].
    #[error("another program has been busy with the database for too long")]
    Busy,
    /// The bytes are not what was written.
    #[error("the database is damaged: a part of it is not what was written")]
    Damaged,
    /// Something else; the kind is the system's.
    #[error("the database could not be read or written: {0}")]
    Io(io::ErrorKind),
}

impl Fault {
    /// What to do about it.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::Denied => {
                "Look at the owner and the permissions of the file and its folder, or name another \
                 database."
            }
            Self::ReadOnly => {
                "Make the folder and the files in it writable for yourself, or name another \
                 database."
            }
            Self::Full => "Make room there and run the command again.",
            Self::Busy => "Wait until the other program has ended, and run the command again.",
            Self::Damaged => {
                "Keep the files as they are and restore both, the database and its key file, from \
                 a copy; conversations in a copy have to be begun anew."
            }
            Self::Io(_) => "Look at the disk and at the system's log.",
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::PermissionDenied => Self::Denied,
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            kind => Self::Io(kind),
        }
    }
}

impl From<rustix::io::Errno> for Fault {
    fn from(error: rustix::io::Errno) -> Self {
        io::Error::from(error).into()
    }
}

/// `SQLITE_IOERR_SHMSIZE`: the file that processes share over a WAL could not grow.
const NO_ROOM_FOR_SHARED_MEMORY: i32 = 10 | (19 << 8);

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        let rusqlite::Error::SqliteFailure(code, _) = error else {
            // A column of another type, a missing row: nothing that was written here.
            return Self::Damaged;
        };
        match code.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy,
            ErrorCode::DiskFull => Self::Full,
            ErrorCode::ReadOnly => Self::ReadOnly,
            ErrorCode::PermissionDenied | ErrorCode::CannotOpen => Self::Denied,
            ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => Self::Damaged,
            // What SQLCipher makes of a page that fails its authentication. Where memory is really out,
            // this program has ended.
            ErrorCode::OutOfMemory => Self::Damaged,
            _ if code.extended_code == NO_ROOM_FOR_SHARED_MEMORY => Self::Full,
            ErrorCode::SystemIoFailure => Self::Io(io::ErrorKind::Other),
            _ => Self::Damaged,
        }
    }
}
