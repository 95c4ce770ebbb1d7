//! Removing what nobody is to read again.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::DATABASE;
use crate::database::key_file;
use crate::files;

/// Erases the keys in a profile's folder, then everything in it, then the folder. What is gone
/// already is no failure.
pub(super) fn folder(path: &Path) -> io::Result<()> {
    let key = key_file(&path.join(DATABASE));
    for secret in [files::beside(&key), key] {
        file(&secret)?;
    }
    // Before anything else goes, so that no moment leaves a key without the rest.
    match File::open(path) {
        Ok(folder) => folder.sync_all()?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Overwrites a small file with zeros and removes it, if it is there.
pub(super) fn file(path: &Path) -> io::Result<()> {
    // What can't be overwritten, on a full disk that writes changes elsewhere, is removed all the
    // same: removing it matters more.
    drop(overwrite(path));
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn overwrite(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).custom_flags(files::no_link()).open(path)?;
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    file.write_all(&vec![0; length.min(1 << 16)])?;
    file.sync_all()
}
