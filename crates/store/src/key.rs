//! The key file: a random key, sealed under a passphrase.
//!
//! `docs/store.md`, section "Key file", has the bytes.

use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use chacha20poly1305::aead::AeadInOut as _;
use chacha20poly1305::{KeyInit as _, Tag, XChaCha20Poly1305, XNonce};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::{Zeroize as _, Zeroizing};

use crate::fault::Fault;
use crate::files::{self, Folder};

/// The first bytes of every key file; the number is the version.
const MAGIC: &[u8; 16] = b"undertone key 1\n";
/// How the magic of every version begins.
const FAMILY: &[u8] = b"undertone key ";
/// The byte after the magic of a key that is sealed under a passphrase.
const SEALED: u8 = 1;
/// The byte after the magic of a key that lies there in the clear.
const OPEN: u8 = 0;
/// Length of a database key in bytes.
const KEY_LEN: usize = 32;
pub(crate) const SALT_LEN: usize = 16;
const NONCE_LEN: usize = 24;
const TAG_LEN: usize = 16;
/// Magic ‖ kind ‖ memory u32 ‖ passes u32 ‖ salt ‖ nonce: what the seal is bound to.
const HEAD_LEN: usize = 16 + 1 + 4 + 4 + SALT_LEN + NONCE_LEN;
/// Length of a key file with a passphrase.
const SEALED_LEN: usize = HEAD_LEN + KEY_LEN + TAG_LEN;
/// Length of a key file without one: magic ‖ kind ‖ key.
const OPEN_LEN: usize = 16 + 1 + KEY_LEN;

/// The longest passphrase in bytes: more than anybody types, little enough to be bounded.
pub const MAX_PASSPHRASE: usize = 1024;

/// What a passphrase costs to try, in memory and time: the parameters of Argon2id (one lane).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
}

impl Cost {
    /// The least that any key file has: 64 MiB and three passes, the second recommended choice of
    /// RFC 9106, section 4, with one lane.
    pub const FLOOR: Self = Self { memory_kib: 64 * 1024, passes: 3 };
    /// The most memory that is taken: 256 MiB, so that a small machine can still open it.
    const MOST_MEMORY_KIB: u32 = 256 * 1024;
    /// The most passes that are taken.
    const MOST_PASSES: u32 = 24;
    /// What one try is to take on this machine.
    const AIM: Duration = Duration::from_millis(500);

    /// What takes about half a second on this machine, and never less than [`Cost::FLOOR`].
    ///
    /// # Errors
    /// [`KeyError::Memory`]: there is none for a try.
    pub fn calibrated() -> Result<Self, KeyError> {
        let begin = Instant::now();
        let probe = Passphrase(Zeroizing::new(b"probe".to_vec()));
        drop(derive(&probe, Self::FLOOR, &[0; SALT_LEN])?);
        Ok(Self::for_a_floor_of(begin.elapsed()))
    }

    /// Raises memory first, for memory is what a guesser's hardware lacks; then passes.
    fn for_a_floor_of(took: Duration) -> Self {
        let took = took.as_millis().max(1);
        let times = |value: u32, num: u128, den: u128, most: u32| -> u32 {
            let scaled = u128::from(value).saturating_mul(num) / den.max(1);
            u32::try_from(scaled).unwrap_or(most).clamp(value, most)
        };
        let aim = Self::AIM.as_millis();
        let memory_kib = times(Self::FLOOR.memory_kib, aim, took, Self::MOST_MEMORY_KIB);
        let grown = u128::from(memory_kib) * took / u128::from(Self::FLOOR.memory_kib);
        let passes = times(Self::FLOOR.passes, aim, grown, Self::MOST_PASSES);
        Self { memory_kib, passes }
    }

    /// Memory for one try in KiB.
    #[must_use]
    pub fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// Passes over that memory.
    #[must_use]
    pub fn passes(self) -> u32 {
        self.passes
    }

    /// Parameters out of a file, if this program may use them.
    pub(crate) fn from_parts(memory_kib: u32, passes: u32) -> Option<Self> {
        Some(Self { memory_kib, passes }).filter(|cost| cost.is_allowed())
    }

    /// What a key file is to have today, if that is clearly more: one try under these parameters
    /// took `took` on this machine. Never less memory, and never less work.
    pub(crate) fn raised(self, took: Duration) -> Option<Self> {
        let work = |cost: Self| u128::from(cost.memory_kib) * u128::from(cost.passes);
        let micros = took.as_micros() * work(Self::FLOOR) / work(self).max(1);
        let floor = Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX));
        let today = Self::for_a_floor_of(floor);
        // Measurements differ by a few percent each time; a key file is not written for that.
        let clearly_more = work(today) >= work(self).saturating_mul(3) / 2;
        (clearly_more && today.memory_kib >= self.memory_kib).then_some(today)
    }

    fn is_allowed(self) -> bool {
        (Self::FLOOR.memory_kib..=Self::MOST_MEMORY_KIB).contains(&self.memory_kib)
            && (Self::FLOOR.passes..=Self::MOST_PASSES).contains(&self.passes)
    }
}

/// A passphrase. Erased on drop, never shown.
pub struct Passphrase(Zeroizing<Vec<u8>>);

/// Why a text is no passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PassphraseError {
    /// Nothing was typed.
    #[error("the passphrase is empty")]
    Empty,
    /// More than [`MAX_PASSPHRASE`] bytes.
    #[error("the passphrase is longer than {MAX_PASSPHRASE} bytes")]
    TooLong,
}

impl Passphrase {
    /// Takes a passphrase as it was typed. Unicode's composed and decomposed forms are the same
    /// (NFC); everything else counts, spaces included.
    ///
    /// # Errors
    /// See [`PassphraseError`].
    pub fn new(text: &str) -> Result<Self, PassphraseError> {
        if text.is_empty() {
            return Err(PassphraseError::Empty);
        }
        if text.len() > MAX_PASSPHRASE {
            return Err(PassphraseError::TooLong);
        }
        // No composed form is longer than three times its text (UAX #15): this never grows.
        let mut bytes = Zeroizing::new(Vec::with_capacity(text.len().saturating_mul(3)));
        for c in text.nfc() {
            let mut encoded = [0; 4];
            bytes.extend_from_slice(c.encode_utf8(&mut encoded).as_bytes());
            encoded.zeroize();
        }
        Ok(Self(bytes))
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

/// What stands between the key file and whoever has it.
#[derive(Debug)]
pub enum Protection {
    /// A passphrase.
    Passphrase(Passphrase),
    /// Nothing: whoever can read the two files can read everything. Only for those who said so in
    /// words.
    Nothing,
}

/// Why there is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The key was not sealed under this passphrase.
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    /// A passphrase is needed and none was given.
    #[error("the database has a passphrase, and none was given")]
    PassphraseNeeded,
    /// A passphrase was given for a key that has none.
    #[error("the database has no passphrase, but one was given")]
    NoPassphrase,
    /// There is no key file.
    #[error("the key file of the database is missing; without it nothing in it can be read")]
    Missing,
    /// The key file has a version that this program doesn't know.
    #[error("the key file of the database was written by a newer version of this program")]
    Newer,
    /// The key file isn't one, or was changed.
    #[error("the key file of the database is damaged")]
    Damaged,
    /// No memory for Argon2id.
    #[error("there is not enough free memory to try a passphrase")]
    Memory,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Entropy,
    /// The machine.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl KeyError {
    /// What to do about it.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::WrongPassphrase => "Type it again; capitals and spaces count.",
            Self::PassphraseNeeded => "Give the passphrase that the database was made with.",
            Self::NoPassphrase => {
                "Say that it has none; if you remember one, it is another database."
            }
            Self::Missing | Self::Damaged => {
                "Restore the key file from a copy of it: its name is the database's with .key \
                 behind it."
            }
            Self::Newer => "Use the version that wrote it, or a later one.",
            Self::Memory => "End other programs, or raise the limit on memory.",
            Self::Entropy => "See `undertone doctor` for what this machine lacks.",
            Self::Fault(fault) => fault.hint(),
        }
    }
}

/// The 256-bit key of a database. Erased on drop, never shown. It stays in one place of the heap,
/// so that moving it leaves no copy behind and a drop leaves none at all.
pub struct DatabaseKey(Box<Zeroizing<[u8; KEY_LEN]>>);

impl DatabaseKey {
    /// The same key in another place, for what needs it longer than its owner.
    pub(crate) fn copied(&self) -> Self {
        Self::copy_of(&self.0)
    }

    fn generate() -> Result<Self, KeyError> {
        let mut key = Self(Box::default());
        fill(key.0.as_mut_slice())?;
        Ok(key)
    }

    fn copy_of(bytes: &[u8; KEY_LEN]) -> Self {
        let mut key = Self(Box::default());
        key.0.copy_from_slice(bytes);
        key
    }

    /// The statement that gives SQLCipher this key as it is, without deriving another from it.
    pub(crate) fn statement(&self) -> Zeroizing<String> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = Zeroizing::new(String::with_capacity(96));
        text.push_str("PRAGMA key = \"x'");
        for byte in self.0.iter() {
            for half in [byte >> 4, byte & 15] {
                text.extend(DIGITS.get(usize::from(half)).map(|digit| char::from(*digit)));
            }
        }
        text.push_str("'\"");
        text
    }
}

impl fmt::Debug for DatabaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseKey(…)")
    }
}

pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), KeyError> {
    getrandom::fill(bytes).map_err(|_| KeyError::Entropy)
}

/// Whether the key in this file needs a passphrase.
///
/// # Errors
/// As [`KeyError`], but for passphrases and memory.
pub(crate) fn needs_passphrase(path: &Path) -> Result<bool, KeyError> {
    match parse(&load(path)?)? {
        Parsed::Open(_) => Ok(false),
        Parsed::Sealed { .. } => Ok(true),
    }
}

/// Makes a key and puts it into its file.
pub(crate) fn make(
    folder: &Folder,
    path: &Path,
    protection: &Protection,
    cost: Cost,
) -> Result<DatabaseKey, KeyError> {
    let key = DatabaseKey::generate()?;
    put(folder, path, &key, protection, cost)?;
    Ok(key)
}

/// Writes a key's file, in place of one that may be there.
pub(crate) fn put(
    folder: &Folder,
    path: &Path,
    key: &DatabaseKey,
    protection: &Protection,
    cost: Cost,
) -> Result<(), KeyError> {
    let bytes = match protection {
        Protection::Nothing => {
            let mut bytes = Zeroizing::new(Vec::with_capacity(OPEN_LEN));
            bytes.extend_from_slice(MAGIC);
            bytes.push(OPEN);
            bytes.extend_from_slice(key.0.as_slice());
            bytes
        }
        Protection::Passphrase(passphrase) => seal(key, passphrase, cost)?,
    };
    folder.put(path, &bytes).map_err(|error| KeyError::Fault(error.into()))
}

/// Reads a key from its file.
pub(crate) fn take(path: &Path, protection: &Protection) -> Result<DatabaseKey, KeyError> {
    take_and_weigh(path, protection, |_, _| None).map(|(key, _)| key)
}

/// Reads a key from its file, and says what the file's parameters are to become: `weigh` is told
/// what they are and how long they took.
pub(crate) fn take_and_weigh(
    path: &Path,
    protection: &Protection,
    weigh: impl FnOnce(Cost, Duration) -> Option<Cost>,
) -> Result<(DatabaseKey, Option<Cost>), KeyError> {
    let bytes = load(path)?;
    match (parse(&bytes)?, protection) {
        (Parsed::Open(key), Protection::Nothing) => Ok((DatabaseKey::copy_of(key), None)),
        (Parsed::Open(_), Protection::Passphrase(_)) => Err(KeyError::NoPassphrase),
        (Parsed::Sealed { .. }, Protection::Nothing) => Err(KeyError::PassphraseNeeded),
        (Parsed::Sealed { head, cost, salt, nonce, key, tag }, Protection::Passphrase(own)) => {
            let begin = Instant::now();
            let wrapping = derive(own, cost, salt)?;
            let took = begin.elapsed();
            // Opened where it stays.
            let mut key = DatabaseKey::copy_of(key);
            XChaCha20Poly1305::new((&*wrapping).into())
                .decrypt_inout_detached(
                    &XNonce::from(*nonce),
                    head,
                    key.0.as_mut_slice().into(),
                    &Tag::from(*tag),
                )
                .map_err(|_| KeyError::WrongPassphrase)?;
            Ok((key, weigh(cost, took)))
        }
    }
}

fn load(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    files::read(path, SEALED_LEN).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => KeyError::Missing,
        _ => KeyError::Fault(error.into()),
    })
}

/// A key file, taken apart.
enum Parsed<'a> {
    Open(&'a [u8; KEY_LEN]),
    Sealed {
        head: &'a [u8],
        cost: Cost,
        salt: &'a [u8; SALT_LEN],
        nonce: &'a [u8; NONCE_LEN],
        key: &'a [u8; KEY_LEN],
        tag: &'a [u8; TAG_LEN],
    },
}

fn parse(bytes: &[u8]) -> Result<Parsed<'_>, KeyError> {
    if !bytes.starts_with(MAGIC) {
        // "undertone key 2\n" is a later program's; a torn number is not.
        let later = bytes.strip_prefix(FAMILY).is_some_and(|rest| {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            digits > 0 && rest.get(digits) == Some(&b'\n')
        });
        return Err(if later { KeyError::Newer } else { KeyError::Damaged });
    }
    let (head, _) = bytes.split_at_checked(HEAD_LEN).unwrap_or((&[], bytes));
    let rest = &mut bytes.get(MAGIC.len()..).unwrap_or_default();
    let parsed = take_apart(head, rest).ok_or(KeyError::Damaged)?;
    if rest.is_empty() { Ok(parsed) } else { Err(KeyError::Damaged) }
}

fn take_apart<'a>(head: &'a [u8], rest: &mut &'a [u8]) -> Option<Parsed<'a>> {
    match *cut(rest)? {
        [OPEN] => Some(Parsed::Open(cut(rest)?)),
        [SEALED] => {
            let memory_kib = u32::from_be_bytes(*cut(rest)?);
            let passes = u32::from_be_bytes(*cut(rest)?);
            // Checked before anything is allocated; nobody can lower what a try costs.
            let cost = Cost::from_parts(memory_kib, passes)?;
            let (salt, nonce) = (cut(rest)?, cut(rest)?);
            Some(Parsed::Sealed { head, cost, salt, nonce, key: cut(rest)?, tag: cut(rest)? })
        }
        [_] => None,
    }
}

pub(crate) fn cut<'a, const N: usize>(rest: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (first, others) = rest.split_first_chunk()?;
    *rest = others;
    Some(first)
}

fn seal(
    key: &DatabaseKey,
    passphrase: &Passphrase,
    cost: Cost,
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let (mut salt, mut nonce) = ([0; SALT_LEN], [0; NONCE_LEN]);
    fill(&mut salt)?;
    fill(&mut nonce)?;
    seal_with(key, passphrase, cost, &salt, &nonce)
}

fn seal_with(
    key: &DatabaseKey,
    passphrase: &Passphrase,
    cost: Cost,
    salt: &[u8; SALT_LEN],
    nonce: &[u8; NONCE_LEN],
) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(SEALED_LEN));
    bytes.extend_from_slice(MAGIC);
    bytes.push(SEALED);
    bytes.extend_from_slice(&cost.memory_kib.to_be_bytes());
    bytes.extend_from_slice(&cost.passes.to_be_bytes());
    bytes.extend_from_slice(salt);
    bytes.extend_from_slice(nonce);
    let wrapping = derive(passphrase, cost, salt)?;
    let mut sealed = key.0.clone();
    let tag = XChaCha20Poly1305::new((&*wrapping).into())
        .encrypt_inout_detached(&XNonce::from(*nonce), &bytes, sealed.as_mut_slice().into())
        .map_err(|_| KeyError::Damaged)?;
    bytes.extend_from_slice(sealed.as_slice());
    bytes.extend_from_slice(&tag);
    Ok(bytes)
}

/// Argon2id, version 0x13, one lane, 32 bytes. The memory is erased.
pub(crate) fn derive(
    passphrase: &Passphrase,
    cost: Cost,
    salt: &[u8; SALT_LEN],
) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    let params =
        Params::new(cost.memory_kib, cost.passes, 1, Some(32)).map_err(|_| KeyError::Damaged)?;
    let mut blocks = Vec::new();
    blocks.try_reserve_exact(params.block_count()).map_err(|_| KeyError::Memory)?;
    blocks.resize(params.block_count(), Block::default());
    let mut key = Zeroizing::new([0; 32]);
    let done = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(&passphrase.0, salt, key.as_mut_slice(), &mut blocks);
    blocks.iter_mut().for_each(|block| block.zeroize());
    done.map_err(|_| KeyError::Damaged)?;
    Ok(key)
}

#[cfg(test)]
mod tests;
