//! Reading a backup file.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::num::NonZeroU16;
use std::path::Path;

use undertone_ratchet::secret::Secret;
use undertone_ratchet::stream::{CHUNK, HEADER_LEN, HeaderError, Opener, Place, SEALED_CHUNK};
use zeroize::{Zeroize as _, Zeroizing};

use super::{FAMILY, HEAD_LEN, MAGIC, MAX_RECORD, RECORD_HEAD};
use crate::fault::Fault;
use crate::key::{self, Cost, KeyError, Passphrase, SALT_LEN};

/// Why a backup can't be read. Nothing that was read of it may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Another file.
    #[error("the file is not a backup of Undertone")]
    Foreign,
    /// A later program wrote it.
    #[error("the backup was written by a newer version of this program")]
    Newer,
    /// Another passphrase; or the first bytes are damaged, which can't be told apart.
    #[error("the passphrase is wrong, or the first bytes of the backup are damaged")]
    WrongPassphrase,
    /// Something in it is not what was written.
    #[error("the backup is damaged: a part of it is not what was written")]
    Damaged,
    /// It has no end.
    #[error("the backup is cut off: its end is missing")]
    CutOff,
    /// No memory for Argon2id.
    #[error("there is not enough free memory to try a passphrase")]
    Memory,
    /// There is no such file.
    #[error("there is no such file")]
    Missing,
    /// No right to it.
    #[error("the backup can't be read: this user has no right to the file or its folder")]
    Denied,
    /// Something else; the kind is the system's.
    #[error("the backup could not be read: {0}")]
    Io(io::ErrorKind),
}

impl ReadError {
    /// What to do about it.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::Foreign | Self::Missing => "Look at the name of the file.",
            Self::Newer => "Use the version that wrote it, or a later one.",
            Self::WrongPassphrase => "Type it again; capitals and spaces count.",
            Self::Damaged | Self::CutOff => {
                "Get it once more from where it was kept, or take an earlier backup."
            }
            Self::Memory => KeyError::Memory.hint(),
            Self::Denied => "Look at the owner and the permissions of the file.",
            Self::Io(_) => "Look at the disk and at the system's log.",
        }
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        match (error.kind(), Fault::from(error)) {
            (io::ErrorKind::NotFound, _) => Self::Missing,
            (_, Fault::Denied) => Self::Denied,
            (kind, _) => Self::Io(kind),
        }
    }
}

/// A record out of a backup.
pub struct Record {
    /// What sort of record.
    pub kind: NonZeroU16,
    /// At most [`MAX_RECORD`] bytes.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Record(kind {}, {} bytes)", self.kind, self.bytes.len())
    }
}

/// Reads the records of a backup, in their order.
///
/// It ends without an error only when the whole backup was read and found to be what was written.
/// Until then what was read is only a beginning: restore it into something that gets its name at
/// the end.
pub struct Reader<R> {
    input: R,
    opener: Opener,
    sealed: Vec<u8>,
    /// Opened and not taken yet, from `at` on.
    plain: Zeroizing<Vec<u8>>,
    at: usize,
    /// The last chunk was opened.
    ended: bool,
    /// The end or an error was given.
    done: bool,
}

impl<R> fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reader(…)")
    }
}

impl Reader<File> {
    /// Opens the backup at `path`.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn open(path: &Path, passphrase: &Passphrase) -> Result<Self, ReadError> {
        Self::new(File::open(path)?, passphrase)
    }
}

impl<R: Read> Reader<R> {
    /// Begins to read a backup. Takes bytes in pieces of 64 KiB, so that a buffer gains nothing.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn new(mut input: R, passphrase: &Passphrase) -> Result<Self, ReadError> {
        let mut head = Vec::with_capacity(HEAD_LEN);
        fill(&mut input, &mut head, HEAD_LEN)?;
        let (cost, salt) = parse_head(&head)?;
        let derived = key::derive(passphrase, cost, salt).map_err(|error| match error {
            KeyError::Memory => ReadError::Memory,
            _ => ReadError::Damaged,
        })?;
        Self::keyed(input, &head, &Secret::from_bytes(&derived))
    }

    /// Goes on behind the head, under the key that its parameters give.
    pub(super) fn keyed(mut input: R, head: &[u8], key: &Secret<32>) -> Result<Self, ReadError> {
        let mut header = Vec::with_capacity(HEADER_LEN);
        fill(&mut input, &mut header, HEADER_LEN)?;
        let header = header.first_chunk::<HEADER_LEN>().ok_or(ReadError::CutOff)?;
        let opener = Opener::new(key, head, header, 0).map_err(|error| match error {
            HeaderError::Key => ReadError::WrongPassphrase,
            _ => ReadError::Damaged,
        })?;
        Ok(Self {
            input,
            opener,
            sealed: Vec::with_capacity(SEALED_CHUNK),
            // A record and the two chunks that its ends are in: it never grows.
            plain: Zeroizing::new(Vec::with_capacity(MAX_RECORD + 2 * CHUNK)),
            at: 0,
            ended: false,
            done: false,
        })
    }

    /// The next record; none at the end of a whole backup.
    fn take(&mut self) -> Result<Option<Record>, ReadError> {
        self.have(RECORD_HEAD)?;
        let (kind, length) = self.record_head().ok_or(ReadError::Damaged)?;
        if length > MAX_RECORD {
            return Err(ReadError::Damaged);
        }
        let Some(kind) = NonZeroU16::new(kind) else { return self.end(length) };
        self.have(length)?;
        let to = self.at.saturating_add(length);
        let bytes = self.plain.get(self.at..to).ok_or(ReadError::Damaged)?;
        let record = Record { kind, bytes: Zeroizing::new(bytes.to_vec()) };
        self.at = to;
        Ok(Some(record))
    }

    fn record_head(&mut self) -> Option<(u16, usize)> {
        let mut rest = self.plain.get(self.at..)?;
        let kind = u16::from_be_bytes(*key::cut(&mut rest)?);
        let length = u32::from_be_bytes(*key::cut(&mut rest)?);
        self.at = self.at.saturating_add(RECORD_HEAD);
        Some((kind, usize::try_from(length).ok()?))
    }

    /// The last record: zeros to the end of the last chunk, and then nothing.
    fn end(&mut self, length: usize) -> Result<Option<Record>, ReadError> {
        // There is one way to end, so that nothing can be hidden there.
        if length >= CHUNK {
            return Err(ReadError::Damaged);
        }
        self.have(length)?;
        let rest = self.plain.get(self.at..).unwrap_or_default();
        if rest.len() != length || rest.iter().any(|byte| *byte != 0) {
            return Err(ReadError::Damaged);
        }
        if !self.ended {
            // A last chunk of nothing but what ended before it, or no last chunk at all.
            self.more()?;
            return Err(ReadError::Damaged);
        }
        match self.input.read(&mut [0])? {
            0 => Ok(None),
            _ => Err(ReadError::Damaged),
        }
    }

    /// Opens chunks until so many bytes can be taken.
    fn have(&mut self, wanted: usize) -> Result<(), ReadError> {
        while self.plain.len().saturating_sub(self.at) < wanted {
            if self.ended {
                return Err(ReadError::Damaged);
            }
            self.more()?;
        }
        Ok(())
    }

    /// Opens the next chunk.
    fn more(&mut self) -> Result<(), ReadError> {
        // What was taken makes room.
        let left = self.plain.len().saturating_sub(self.at);
        self.plain.copy_within(self.at.., 0);
        if let Some(taken) = self.plain.get_mut(left..) {
            taken.zeroize();
        }
        self.plain.truncate(left);
        self.at = 0;
        self.sealed.clear();
        fill(&mut self.input, &mut self.sealed, SEALED_CHUNK)?;
        // Every chunk is full, the last one too.
        if self.sealed.len() < SEALED_CHUNK {
            return Err(ReadError::CutOff);
        }
        let place = self.opener.open_chunk(&self.sealed, &mut self.plain);
        self.ended = place.map_err(|_| ReadError::Damaged)? == Place::Last;
        Ok(())
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let taken = self.take().transpose();
        self.done = !matches!(taken, Some(Ok(_)));
        taken
    }
}

/// Takes the head apart; nothing is allocated for parameters that are not allowed.
pub(super) fn parse_head(head: &[u8]) -> Result<(Cost, &[u8; SALT_LEN]), ReadError> {
    let Some(mut rest) = head.strip_prefix(MAGIC) else {
        let later = head.strip_prefix(FAMILY).is_some_and(|rest| {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            digits > 0 && rest.get(digits) == Some(&b'\n')
        });
        return Err(if later { ReadError::Newer } else { ReadError::Foreign });
    };
    let rest = &mut rest;
    let mut number = || key::cut(rest).copied().map(u32::from_be_bytes).ok_or(ReadError::CutOff);
    let (memory, passes) = (number()?, number()?);
    let salt = key::cut(rest).ok_or(ReadError::CutOff)?;
    Ok((Cost::from_parts(memory, passes).ok_or(ReadError::Damaged)?, salt))
}

/// Appends the next bytes to `to`, up to so many as there are.
fn fill(input: &mut impl Read, to: &mut Vec<u8>, most: usize) -> Result<(), ReadError> {
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    input.take(most).read_to_end(to)?;
    Ok(())
}
