//! Where a directory in memory could be, and what speaks against each place.

use std::fmt;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

/// `TMPFS_MAGIC` of `linux/magic.h`.
const TMPFS: u32 = 0x0102_1994;
/// `RAMFS_MAGIC` of `linux/magic.h`.
const RAMFS: u32 = 0x8584_58f6;
/// Bytes that a place must have free: Arti's directory cache with room for its successor.
pub const MIN_FREE: u64 = 48 << 20;

/// A memory file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MemoryKind {
    /// Can reach swap.
    Tmpfs,
    /// Stays in memory.
    Ramfs,
}

impl MemoryKind {
    /// Its name as `mount` shows it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tmpfs => "tmpfs",
            Self::Ramfs => "ramfs",
        }
    }
}

/// A directory in which ours could be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What people read: without user names or ids.
    pub label: &'static str,
    /// Where it is.
    pub path: PathBuf,
}

/// What a look at a [`Place`] showed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// A directory in memory can be made here.
    Usable {
        /// Which file system it is.
        kind: MemoryKind,
        /// Free bytes, `None` where there is no limit but memory itself.
        free: Option<u64>,
    },
    /// It isn't there, or isn't a directory.
    Missing,
    /// It can't be opened.
    Closed,
    /// Its file system keeps files on a disk, or it is unknown whether it does.
    Disk,
    /// Somebody else could rename or replace what is made here.
    Open,
    /// Less than [`MIN_FREE`] is free.
    Full {
        /// Free bytes.
        free: u64,
    },
}

impl Verdict {
    /// The verdict on a safe place on a memory file system.
    fn of_room(kind: MemoryKind, free: Option<u64>) -> Self {
        match free {
            Some(free) if free < MIN_FREE => Self::Full { free },
            free => Self::Usable { kind, free },
        }
    }
}

impl fmt::Display for Verdict {
    /// A phrase without a full stop.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mebibytes = |bytes: u64| bytes >> 20;
        match self {
            Self::Usable { kind, free: Some(free) } => {
                write!(f, "{}, {} MiB free", kind.name(), mebibytes(*free))
            }
            Self::Usable { kind, free: None } => write!(f, "{}", kind.name()),
            Self::Missing => f.write_str("not there"),
            Self::Closed => f.write_str("may not be opened"),
            Self::Disk => f.write_str("not in memory"),
            Self::Open => f.write_str("others may change what is in it"),
            Self::Full { free } => write!(
                f,
                "only {} MiB free, {} MiB are needed",
                mebibytes(*free),
                mebibytes(MIN_FREE)
            ),
        }
    }
}

/// The places that are looked at, in this order: `$XDG_RUNTIME_DIR`, `/dev/shm`,
/// `/run/user/<id>`, `/tmp`.
#[must_use]
pub fn places() -> Vec<Place> {
    let user = rustix::process::geteuid().as_raw();
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let runtime = runtime.filter(|path| path.is_absolute());
    let fixed = [
        ("/dev/shm", PathBuf::from("/dev/shm")),
        ("/run/user/<your id>", PathBuf::from(format!("/run/user/{user}"))),
        ("/tmp", PathBuf::from("/tmp")),
    ];
    let runtime = runtime.map(|path| ("$XDG_RUNTIME_DIR", path));
    let mut places = Vec::<Place>::new();
    for (label, path) in runtime.into_iter().chain(fixed) {
        if places.iter().all(|place| place.path != path) {
            places.push(Place { label, path });
        }
    }
    places
}

impl Place {
    /// Looks at it without changing anything.
    #[must_use]
    pub fn examine(&self) -> Verdict {
        self.open().0
    }

    /// The verdict, and the open directory wherever directories of ours can have been made.
    pub(super) fn open(&self) -> (Verdict, Option<OwnedFd>) {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let base = match rustix::fs::open(&self.path, flags, Mode::empty()) {
            Ok(base) => base,
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return (Verdict::Missing, None),
            Err(_) => return (Verdict::Closed, None),
        };
        let Some(kind) = memory_kind(&base) else { return (Verdict::Disk, None) };
        if !is_safe_parent(&base) {
            return (Verdict::Open, None);
        }
        (Verdict::of_room(kind, free_bytes(&base)), Some(base))
    }
}

/// Which memory file system an open file is on; `None` for any other.
pub(super) fn memory_kind(file: impl AsFd) -> Option<MemoryKind> {
    let found = rustix::fs::fstatfs(file).ok()?;
    // The field's width and sign differ between machines; the numbers have 32 bits on all.
    match found.f_type as u32 {
        TMPFS => Some(MemoryKind::Tmpfs),
        RAMFS => Some(MemoryKind::Ramfs),
        _ => None,
    }
}

/// Free bytes; `None` where the file system has no size of its own.
fn free_bytes(file: impl AsFd) -> Option<u64> {
    let found = rustix::fs::fstatvfs(file).ok()?;
    (found.f_blocks > 0).then(|| found.f_bavail.saturating_mul(found.f_frsize))
}

/// Whether nobody but us and root can rename or remove what we make in a directory.
fn is_safe_parent(base: &OwnedFd) -> bool {
    let Ok(found) = rustix::fs::fstat(base) else { return false };
    let mode = Mode::from_raw_mode(found.st_mode);
    let owner = found.st_uid == 0 || found.st_uid == rustix::process::geteuid().as_raw();
    owner && (!mode.intersects(Mode::WGRP | Mode::WOTH) || mode.contains(Mode::SVTX))
}

/// Whether a directory belongs to us and is closed to everybody else.
pub(super) fn is_ours_alone(directory: &OwnedFd) -> bool {
    let Ok(found) = rustix::fs::fstat(directory) else { return false };
    let mode = Mode::from_raw_mode(found.st_mode);
    let permissions = Mode::RWXU | Mode::RWXG | Mode::RWXO;
    found.st_uid == rustix::process::geteuid().as_raw() && mode & permissions == Mode::RWXU
}

/// The file system's device number.
pub(super) fn device(file: impl AsFd) -> Option<u64> {
    Some(rustix::fs::fstat(file).ok()?.st_dev)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_little_room_is_said_with_what_is_needed() {
        let words = |free| Verdict::of_room(MemoryKind::Tmpfs, free).to_string();
        assert_eq!(words(Some(MIN_FREE - 1)), "only 47 MiB free, 48 MiB are needed");
        assert_eq!(words(Some(MIN_FREE)), "tmpfs, 48 MiB free");
        assert_eq!(words(None), "tmpfs");
    }

    #[test]
    fn places_are_absolute_and_named_without_the_user() {
        let places = places();
        assert!(places.iter().any(|place| place.label == "/dev/shm"));
        assert!(places.iter().all(|place| place.path.is_absolute()));
    }
}
