//! A directory on a memory file system, for libraries that insist on files.
//!
//! It is the only place the program writes to without being told so by its user. It has mode
//! 0700, an unguessable name, and is gone when its [`RamDir`] is dropped or any way of [`ending`]
//! is taken. What a `kill -9` leaves is removed at the next start: each directory is locked with
//! `flock` by the process that made it, and the kernel gives up the lock with the process,
//! however that ended. So a directory whose lock can be had belongs to nobody.
//!
//! The lock is on the directory itself rather than on a file in it: there is no moment in which
//! a directory has lost its lock file or has none yet. Between making and locking it another
//! start may take it for a left-over; the maker then sees that it is gone and makes another.
//!
//! A memory file system can reach a disk through swap, whether memory is locked or not; see
//! [`swap`](super::swap).
//!
//! [`ending`]: super::ending

mod place;
mod tree;

use std::ffi::CString;
use std::fmt;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

pub use place::{MIN_FREE, MemoryKind, Place, Verdict, places};

/// What the directories' names begin with; 32 hex digits follow.
const PREFIX: &str = "undertone-";
/// Random bytes in a name.
const NAME_BYTES: usize = 16;
/// How often a directory that another start took for a left-over is made anew.
const ATTEMPTS: usize = 16;
/// How long the end of the program waits for a removal that is under way elsewhere.
const PATIENCE: Duration = Duration::from_secs(1);

/// Every directory of this process that isn't removed yet.
static LIVE: Mutex<Vec<Arc<Live>>> = Mutex::new(Vec::new());

/// Why there is no directory in memory.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RamError {
    /// No place is on a memory file system that can be used.
    #[error(
        "There is no memory file system to work in, and Undertone leaves no files on disks. Tried: {}.",
        Tried(tried)
    )]
    NoMemoryFileSystem {
        /// Each place with what is wrong with it.
        tried: Vec<(Place, Verdict)>,
    },
    /// The system's randomness failed.
    #[error("The system gives no random numbers.")]
    Randomness,
    /// A place looked usable, but nothing could be made there.
    #[error("No directory could be made in {place}: {source}.")]
    Create {
        /// The place's label.
        place: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
}

impl RamError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoMemoryFileSystem { .. } => {
                "Mount one (as root: mount -t tmpfs tmpfs /dev/shm), or set XDG_RUNTIME_DIR to a \
                 directory of yours on one."
            }
            Self::Randomness => "The system is too old or its sandbox too narrow: allow getrandom.",
            Self::Create { .. } => {
                "Look at its permissions and free space, or set XDG_RUNTIME_DIR to a directory of \
                 yours on a memory file system."
            }
        }
    }
}

/// Places and verdicts in one line.
struct Tried<'a>(&'a [(Place, Verdict)]);

impl fmt::Display for Tried<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (place, verdict)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "; " };
            write!(f, "{comma}{} ({verdict})", place.label)?;
        }
        if self.0.is_empty() { f.write_str("nothing") } else { Ok(()) }
    }
}

/// A directory of ours in memory, removed with everything in it when this is dropped.
pub struct RamDir {
    live: Arc<Live>,
    swept: usize,
}

impl fmt::Debug for RamDir {
    /// Where it is, not what it is called.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RamDir").field("place", &self.live.label).finish_non_exhaustive()
    }
}

impl RamDir {
    /// Removes what ended processes of this user left in memory, then makes a directory in the
    /// first of [`places`] that can be used.
    ///
    /// # Errors
    /// [`RamError`]: no place can be used, or none that looked usable could be.
    pub fn create() -> Result<Self, RamError> {
        Self::create_in(&places())
    }

    /// [`RamDir::create`] with the places given.
    ///
    /// # Errors
    /// As [`RamDir::create`].
    pub fn create_in(places: &[Place]) -> Result<Self, RamError> {
        let mut tried = Vec::new();
        let mut usable = Vec::new();
        let mut swept = 0;
        for place in places {
            let (verdict, base) = place.open();
            // Others may have been chosen by earlier starts, so all are swept.
            if let Some(base) = base {
                swept += sweep(&base);
                if matches!(verdict, Verdict::Usable { .. }) {
                    usable.push((place, base));
                }
            }
            tried.push((place.clone(), verdict));
        }
        let mut failure = None;
        for (place, base) in usable {
            match Live::create(place, base) {
                Ok(live) => {
                    let live = Arc::new(live);
                    lock(&LIVE).push(Arc::clone(&live));
                    return Ok(Self { live, swept });
                }
                // A place may be read-only or out of inodes: the next one will do. Of several
                // failures the best place's is told.
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        Err(failure.unwrap_or(RamError::NoMemoryFileSystem { tried }))
    }

    /// The directory's path. It holds no secret, but [`redact`](super::redact) takes it out of
    /// logs all the same.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.live.path
    }

    /// Where it is, as `doctor` calls it.
    #[must_use]
    pub fn place(&self) -> &'static str {
        self.live.label
    }

    /// How many directories of ended processes were removed while this one was made.
    #[must_use]
    pub fn swept(&self) -> usize {
        self.swept
    }

    /// Makes it the working directory of the process, so that a file that somebody names without a
    /// directory is in it too. Arti removes temporary files by their bare names before it makes
    /// them, and a file of the user's that happened to be called alike would go with them.
    ///
    /// Paths of the user's must have been opened by then.
    ///
    /// # Errors
    /// What the system said.
    pub fn enter(&self) -> std::io::Result<()> {
        Ok(rustix::process::fchdir(&self.live.directory)?)
    }

    /// Removes it now. Whatever still writes there by path fails from here on.
    ///
    /// # Errors
    /// What the system said; the next start tries again.
    pub fn remove(self) -> std::io::Result<()> {
        self.live.remove(&mut lock(&self.live.name))
    }
}

impl Drop for RamDir {
    fn drop(&mut self) {
        // A failure leaves the directory to the next start.
        drop(self.live.remove(&mut lock(&self.live.name)));
        lock(&LIVE).retain(|other| !Arc::ptr_eq(other, &self.live));
    }
}

/// Removes every directory of this process, whoever holds it. For ways out of the program that
/// drop nothing; it waits a second at most for a removal that is under way.
pub(super) fn remove_all() {
    let until = Instant::now() + PATIENCE;
    let Some(live) = lock_until(&LIVE, until).map(|mut live| std::mem::take(&mut *live)) else {
        return;
    };
    for directory in live {
        if let Some(mut name) = lock_until(&directory.name, until) {
            drop(directory.remove(&mut name));
        }
    }
}

/// A poisoned lock protects nothing that a panic could have broken: both hold plain values.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The lock, unless it isn't free until then: the thread that holds it may be the one that panics.
fn lock_until<T>(mutex: &Mutex<T>, until: Instant) -> Option<MutexGuard<'_, T>> {
    loop {
        match mutex.try_lock() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) if Instant::now() >= until => return None,
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}

/// An open, locked directory. Everything happens relative to descriptors: nobody who swaps a
/// path for a link leads us elsewhere.
struct Live {
    base: OwnedFd,
    directory: OwnedFd,
    /// `None` once it is removed.
    name: Mutex<Option<CString>>,
    path: PathBuf,
    label: &'static str,
}

impl Live {
    fn create(place: &Place, base: OwnedFd) -> Result<Self, RamError> {
        let failed = |errno: Errno| RamError::Create { place: place.label, source: errno.into() };
        for _ in 0..ATTEMPTS {
            let name = random_name()?;
            match rustix::fs::mkdirat(&base, &name, Mode::RWXU) {
                Ok(()) => {}
                Err(Errno::EXIST) => continue,
                Err(errno) => return Err(failed(errno)),
            }
            let Some(directory) = claim(&base, &name).map_err(failed)? else { continue };
            let path = place.path.join(name.to_string_lossy().as_ref());
            let name = Mutex::new(Some(name));
            return Ok(Self { base, directory, name, path, label: place.label });
        }
        Err(failed(Errno::BUSY))
    }

    fn remove(&self, name: &mut Option<CString>) -> std::io::Result<()> {
        let Some(known) = name.as_ref() else { return Ok(()) };
        // Under another name first: what still runs and opens files by path can't refill it.
        let renamed = random_name()
            .ok()
            .filter(|other| rustix::fs::renameat(&self.base, known, &self.base, other).is_ok());
        if let Some(renamed) = renamed {
            *name = Some(renamed);
        }
        let Some(known) = name.as_ref() else { return Ok(()) };
        tree::remove(&self.base, &self.directory, known)?;
        *name = None;
        Ok(())
    }
}

fn random_name() -> Result<CString, RamError> {
    let mut bytes = [0; NAME_BYTES];
    getrandom::fill(&mut bytes).map_err(|_| RamError::Randomness)?;
    let mut name = String::from(PREFIX);
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            name.extend(char::from_digit(digit.into(), 16));
        }
    }
    // Hex holds no zero byte.
    CString::new(name).map_err(|_| RamError::Randomness)
}

fn is_our_name(name: &[u8]) -> bool {
    name.strip_prefix(PREFIX.as_bytes()).is_some_and(|digits| {
        digits.len() == 2 * NAME_BYTES
            && digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// Opens a directory without following a link.
fn open_directory(base: &OwnedFd, name: &CString) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(base, name, flags, Mode::empty())
}

/// Opens and locks the directory just made; `None` if another start took it for a left-over.
fn claim(base: &OwnedFd, name: &CString) -> Result<Option<OwnedFd>, Errno> {
    let directory = match open_directory(base, name) {
        Ok(directory) => directory,
        Err(Errno::NOENT) => return Ok(None),
        Err(errno) => return Err(errno),
    };
    match rustix::fs::flock(&directory, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => return Ok(None),
        Err(errno) => return Err(errno),
    }
    let opened = rustix::fs::fstat(&directory)?;
    match rustix::fs::statat(base, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(named) if (named.st_dev, named.st_ino) == (opened.st_dev, opened.st_ino) => {}
        Ok(_) | Err(Errno::NOENT) => return Ok(None),
        Err(errno) => return Err(errno),
    }
    // Whatever mask or access list the place passes on.
    rustix::fs::fchmod(&directory, Mode::RWXU)?;
    if place::memory_kind(&directory).is_none() || !place::is_ours_alone(&directory) {
        return Err(Errno::PERM);
    }
    Ok(Some(directory))
}

/// Removes the directories of ended processes, and says how many there were.
fn sweep(base: &OwnedFd) -> usize {
    let Ok(names) = tree::names(base) else { return 0 };
    names.iter().filter(|name| is_our_name(name.to_bytes()) && sweep_one(base, name)).count()
}

fn sweep_one(base: &OwnedFd, name: &CString) -> bool {
    let Ok(directory) = open_directory(base, name) else { return false };
    // Ours by name, owner and mode; not a mount point; and no living process holds it.
    place::is_ours_alone(&directory)
        && place::device(&directory) == place::device(base)
        && rustix::fs::flock(&directory, FlockOperation::NonBlockingLockExclusive).is_ok()
        && tree::remove(base, &directory, name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_random_and_recognised() {
        let (one, other) = (random_name().unwrap(), random_name().unwrap());
        assert_ne!(one, other);
        assert!(is_our_name(one.to_bytes()));
        for name in ["undertone-", "undertone-0123", "other-0123456789abcdef0123456789abcdef"] {
            assert!(!is_our_name(name.as_bytes()), "{name}");
        }
        assert!(!is_our_name(b"undertone-0123456789ABCDEF0123456789ABCDEF"));
    }

    #[test]
    fn a_lock_that_this_thread_holds_is_not_waited_for_forever() {
        let mutex = Mutex::new(());
        let held = lock(&mutex);
        assert!(lock_until(&mutex, Instant::now() + Duration::from_millis(5)).is_none());
        drop(held);
        assert!(lock_until(&mutex, Instant::now()).is_some());
    }
}
