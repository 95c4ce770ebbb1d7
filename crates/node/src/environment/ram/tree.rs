//! Removes a tree without ever following a link or leaving its file system.

use std::ffi::CString;
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, Dir};
use rustix::io::Errno;

use super::{open_directory, place};

/// The deepest tree that is removed; each level holds a descriptor. Arti's has a handful.
const MAX_DEPTH: usize = 64;
/// How often a directory is emptied that others still fill.
const PASSES: usize = 8;

/// The entries of an open directory, without `.` and `..`.
pub(super) fn names(directory: &OwnedFd) -> Result<Vec<CString>, Errno> {
    let mut names = Vec::new();
    for entry in Dir::read_from(directory)? {
        let name = entry?.file_name().to_owned();
        if !matches!(name.to_bytes(), b"." | b"..") {
            names.push(name);
        }
    }
    Ok(names)
}

/// Removes `directory`, which `base` calls `name`, with everything in it.
pub(super) fn remove(base: &OwnedFd, directory: &OwnedFd, name: &CString) -> Result<(), Errno> {
    remove_level(base, directory, name, 0)
}

fn remove_level(
    base: &OwnedFd,
    directory: &OwnedFd,
    name: &CString,
    depth: usize,
) -> Result<(), Errno> {
    if depth > MAX_DEPTH {
        return Err(Errno::LOOP);
    }
    let mut last = Errno::NOTEMPTY;
    for _ in 0..PASSES {
        for entry in names(directory)? {
            if let Err(errno) = remove_entry(directory, &entry, depth) {
                last = errno;
            }
        }
        match rustix::fs::unlinkat(base, name, AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT) => return Ok(()),
            Err(Errno::NOTEMPTY | Errno::EXIST) => {}
            Err(errno) => return Err(errno),
        }
    }
    Err(last)
}

fn remove_entry(directory: &OwnedFd, name: &CString, depth: usize) -> Result<(), Errno> {
    // Links are removed, not followed; a directory says that it is one.
    match rustix::fs::unlinkat(directory, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(errno) => return Err(errno),
    }
    let inner = open_directory(directory, name)?;
    if place::device(&inner) != place::device(directory) {
        return Err(Errno::XDEV);
    }
    remove_level(directory, &inner, name, depth + 1)
}
