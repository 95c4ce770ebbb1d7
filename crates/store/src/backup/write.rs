//! Making a backup file.

use std::fmt;
use std::fs::File;
use std::io::{self, Write as _};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use rustix::fs::{CWD, RenameFlags};
use rustix::io::Errno;
use undertone_ratchet::secret::Secret;
use undertone_ratchet::stream::{CHUNK, SEALED_CHUNK, Sealer};
use zeroize::Zeroizing;

use super::{END, HEAD_LEN, MAGIC, MAX_RECORD, RECORD_HEAD};
use crate::fault::Fault;
use crate::files::{self, Locked};
use crate::key::{self, Cost, KeyError, Passphrase, SALT_LEN};

/// Why there is no backup. No file has the name that was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The name is taken.
    #[error("there is a file of this name already; a backup never takes the place of another file")]
    Exists,
    /// Another process is writing a backup of this name.
    #[error("another undertone is writing a backup of this name")]
    Busy,
    /// A record is longer than [`MAX_RECORD`]; the number is its length.
    #[error("a record of {0} bytes does not fit into a backup")]
    TooLong(usize),
    /// The stream would be longer than can be counted.
    #[error("the backup is too long")]
    Full,
    /// No memory or no randomness for the key.
    #[error(transparent)]
    Key(KeyError),
    /// No room.
    #[error("there is no room left where the backup goes; nothing was written")]
    NoRoom,
    /// No right to the folder, or no such folder, or a read-only one.
    #[error("the backup can't be written there: {}", place(*.0))]
    Place(Fault),
    /// Something else; the kind is the system's.
    #[error("the backup could not be written: {0}")]
    Io(io::ErrorKind),
}

fn place(fault: Fault) -> &'static str {
    match fault {
        Fault::ReadOnly => "the folder is read-only",
        Fault::Denied => "this user has no right to the folder",
        _ => "there is no such folder",
    }
}

impl WriteError {
    /// What to do about it.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::Exists | Self::Place(_) | Self::Io(_) => "Name another file.",
            Self::Busy => "Wait until it is done, or name another file.",
            Self::TooLong(_) | Self::Full => "Report it.",
            Self::Key(error) => error.hint(),
            Self::NoRoom => "Make room there, or name a file elsewhere.",
        }
    }
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        match (error.kind(), Fault::from(error)) {
            (_, Fault::Full) => Self::NoRoom,
            (_, fault @ (Fault::Denied | Fault::ReadOnly)) => Self::Place(fault),
            (kind @ (io::ErrorKind::NotFound | io::ErrorKind::NotADirectory), _) => {
                Self::Place(Fault::Io(kind))
            }
            (kind, _) => Self::Io(kind),
        }
    }
}

impl From<Errno> for WriteError {
    fn from(error: Errno) -> Self {
        io::Error::from(error).into()
    }
}

/// Writes a backup. Until [`Writer::finish`] it has another name, and is removed if it comes to
/// nothing; what a killed process left under that name is written over.
pub struct Writer {
    path: PathBuf,
    beside: Beside,
    /// Locked: nobody else writes a backup of this name meanwhile.
    file: File,
    sealer: Sealer,
    /// Less than a chunk that was not sealed yet.
    plain: Zeroizing<Vec<u8>>,
    sealed: Vec<u8>,
}

/// The file while it has no name: removed, unless it gets one.
struct Beside {
    path: PathBuf,
    named: bool,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer(…)")
    }
}

impl Writer {
    /// Begins a backup at `path`, under a passphrase of its own.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub fn create(path: &Path, passphrase: &Passphrase, cost: Cost) -> Result<Self, WriteError> {
        let mut salt = [0; SALT_LEN];
        key::fill(&mut salt).map_err(WriteError::Key)?;
        let mut seed = Zeroizing::new([0; 32]);
        key::fill(seed.as_mut_slice()).map_err(WriteError::Key)?;
        Self::create_with(path, passphrase, cost, &salt, &mut ChaCha20Rng::from_seed(*seed))
    }

    pub(super) fn create_with(
        path: &Path,
        passphrase: &Passphrase,
        cost: Cost,
        salt: &[u8; SALT_LEN],
        rng: &mut ChaCha20Rng,
    ) -> Result<Self, WriteError> {
        if path.try_exists()? {
            return Err(WriteError::Exists);
        }
        let beside = files::beside(path);
        let file = open(&beside)?;
        let begun = key::derive(passphrase, cost, salt).map(|derived| {
            let head = head(cost, salt);
            let (sealer, header) = Sealer::new(&Secret::from_bytes(&derived), &head, rng);
            (sealer, [head.as_slice(), &header].concat())
        });
        // From here on a failure takes the file away.
        let guard = Beside { path: beside, named: false };
        let (sealer, start) = begun.map_err(WriteError::Key)?;
        let mut writer = Self::behind(path, guard, file, sealer);
        writer.file.write_all(&start)?;
        Ok(writer)
    }

    fn behind(path: &Path, beside: Beside, file: File, sealer: Sealer) -> Self {
        Self {
            path: path.to_owned(),
            beside,
            file,
            sealer,
            // Nothing grows, so that nothing leaves a copy of itself behind.
            plain: Zeroizing::new(Vec::with_capacity(CHUNK)),
            sealed: Vec::with_capacity(SEALED_CHUNK),
        }
    }

    /// Adds a record.
    ///
    /// # Errors
    /// See [`WriteError`]; there will be no backup.
    pub fn put(&mut self, kind: NonZeroU16, bytes: &[u8]) -> Result<(), WriteError> {
        let too_long = WriteError::TooLong(bytes.len());
        let length = u32::try_from(bytes.len()).map_err(|_| too_long)?;
        if bytes.len() > MAX_RECORD {
            return Err(too_long);
        }
        self.push(&kind.get().to_be_bytes())?;
        self.push(&length.to_be_bytes())?;
        self.push(bytes)
    }

    /// Ends the backup and gives it its name. It is on the disk when this returns.
    ///
    /// # Errors
    /// See [`WriteError`]; there is no backup.
    pub fn finish(mut self) -> Result<(), WriteError> {
        let used = self.plain.len().saturating_add(RECORD_HEAD);
        let padding = used.next_multiple_of(CHUNK).saturating_sub(used);
        self.push(&END.to_be_bytes())?;
        self.push(&u32::try_from(padding).unwrap_or_default().to_be_bytes())?;
        self.push(&vec![0; padding])?;
        self.seal(true)?;
        self.file.sync_all()?;
        name(&self.beside.path, &self.path)?;
        self.beside.named = true;
        sync_folder(&self.path)?;
        Ok(())
    }

    fn push(&mut self, mut bytes: &[u8]) -> Result<(), WriteError> {
        while !bytes.is_empty() {
            // A full chunk is sealed only when more follows: the last one is sealed as the last.
            if self.plain.len() == CHUNK {
                self.seal(false)?;
            }
            let room = CHUNK.saturating_sub(self.plain.len()).min(bytes.len());
            let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            self.plain.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    fn seal(&mut self, last: bool) -> Result<(), WriteError> {
        self.sealed.clear();
        self.sealer
            .seal_chunk(&self.plain, last, &mut self.sealed)
            .map_err(|_| WriteError::Full)?;
        zeroize::Zeroize::zeroize(self.plain.as_mut_slice());
        self.plain.clear();
        Ok(self.file.write_all(&self.sealed)?)
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.named {
            // Half a backup serves nobody.
            drop(std::fs::remove_file(&self.path));
        }
    }
}

pub(super) fn head(cost: Cost, salt: &[u8; SALT_LEN]) -> Vec<u8> {
    let mut head = Vec::with_capacity(HEAD_LEN);
    head.extend_from_slice(MAGIC);
    head.extend_from_slice(&cost.memory_kib().to_be_bytes());
    head.extend_from_slice(&cost.passes().to_be_bytes());
    head.extend_from_slice(salt);
    head
}

/// The file that is written, empty and locked.
fn open(path: &Path) -> Result<File, WriteError> {
    let file = match files::lock(path) {
        Ok(Locked::Ours(file)) => file,
        Ok(Locked::Theirs(_)) => return Err(WriteError::Busy),
        Err(error) => return Err(error.into()),
    };
    file.set_len(0)?;
    files::close_to_others(path)?;
    Ok(file)
}

/// Gives the file its name, if nobody has it yet.
fn name(from: &Path, to: &Path) -> Result<(), WriteError> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(Errno::EXIST) => Err(WriteError::Exists),
        // File systems of sticks and networks may not know how to refuse by themselves.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            if to.try_exists()? {
                return Err(WriteError::Exists);
            }
            Ok(std::fs::rename(from, to)?)
        }
        other => Ok(other?),
    }
}

fn sync_folder(path: &Path) -> Result<(), WriteError> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    match File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all()) {
        // Some can't, and then there is nothing that could be synced.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        other => Ok(other?),
    }
}

/// A writer under a key that costs nothing, for many small files.
#[cfg(test)]
pub(super) fn under(path: &Path, sealer: Sealer, header: &[u8]) -> Writer {
    let beside = files::beside(path);
    let mut file = open(&beside).unwrap();
    file.write_all(header).unwrap();
    Writer::behind(path, Beside { path: beside, named: false }, file, sealer)
}
