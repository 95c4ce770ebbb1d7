//! Files for their owner alone, which appear whole or not at all.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags};
use zeroize::Zeroizing;

/// The mode of every file.
pub(crate) const FILE: u32 = 0o600;
/// The mode of every folder.
pub(crate) const FOLDER: u32 = 0o700;

/// A folder that no other process creates or replaces key files in while this lives. The lock is
/// the kernel's and goes with the process, however that ends.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    handle: File,
}

impl Folder {
    /// The folder of a file, made if it isn't there, and locked.
    pub(crate) fn of(file: &Path) -> io::Result<Self> {
        let path = parent(file);
        DirBuilder::new().recursive(true).mode(FOLDER).create(&path)?;
        let handle = File::open(&path)?;
        handle.lock()?;
        Ok(Self { path, handle })
    }

    /// Makes the names in it durable.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.handle.sync_all()
    }

    /// Puts a file with these bytes at `path`: written beside it, synced, renamed. What a killed
    /// process left beside it is written over.
    pub(crate) fn put(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        debug_assert_eq!(parent(path), self.path);
        let beside = beside(path);
        let mut file = create(&beside)?;
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        if let Err(error) = written {
            // Half a file serves nobody; that it is gone is not what failed.
            drop(std::fs::remove_file(&beside));
            return Err(error);
        }
        std::fs::rename(&beside, path)?;
        self.sync()
    }

    /// Gives the finished file `from` its name, if nobody has it yet.
    pub(crate) fn name(&self, from: &Path, to: &Path) -> io::Result<()> {
        File::open(from)?.sync_all()?;
        rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?;
        self.sync()
    }
}

/// Gives a finished file a name, in place of whatever has it. It has no need of the folder's lock: who
/// does the same at the same time does it with the same bytes.
pub(crate) fn replace(from: &Path, to: &Path) -> io::Result<()> {
    File::open(from)?.sync_all()?;
    std::fs::rename(from, to)?;
    File::open(parent(to))?.sync_all()
}

/// The folder that a file is in.
fn parent(file: &Path) -> PathBuf {
    match file.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Where a file is made before it gets its name.
pub(crate) fn beside(path: &Path) -> PathBuf {
    with_suffix(path, ".new")
}

/// The path with something after its last letter.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// An empty file, whatever was there before.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(FILE).open(path)
}

/// A file that is locked for whoever opened it.
#[derive(Debug)]
pub(crate) enum Locked {
    /// This process has it, as long as the file is open.
    Ours(File),
    /// Another one has it.
    Theirs(File),
}

/// Opens a file, made if need be, and locks it unless somebody else has. Never through a link. The
/// lock is the kernel's and goes with the process, however that ends.
///
/// An error of kind `NotFound`: the folder is gone, or whoever had the file before renamed or
/// removed it.
pub(crate) fn lock(path: &Path) -> io::Result<Locked> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(FILE)
        .custom_flags(no_link())
        .open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(Locked::Theirs(file)),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let (ours, there) = (file.metadata()?, std::fs::symlink_metadata(path)?);
    let same = (there.dev(), there.ino()) == (ours.dev(), ours.ino());
    if same { Ok(Locked::Ours(file)) } else { Err(io::ErrorKind::NotFound.into()) }
}

/// The flag with which a link is not followed.
pub(crate) fn no_link() -> i32 {
    i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default()
}

/// Takes the rights of all others to a file away, should they have any.
pub(crate) fn close_to_others(path: &Path) -> io::Result<()> {
    let mode = std::fs::metadata(path)?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    std::fs::set_permissions(path, Permissions::from_mode(mode & !0o077))
}

/// At most `most` bytes of a file, and one more if it is longer.
pub(crate) fn read(path: &Path, most: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    // One more than is wanted, so that nothing grows and leaves a copy behind.
    let mut bytes = Zeroizing::new(vec![0; most.saturating_add(1)]);
    let mut file = File::open(path)?;
    let mut length = 0;
    while let Some(rest) = bytes.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(count) => length = length.saturating_add(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn folders_and_files_are_for_their_owner_alone() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("a/b/file");
        Folder::of(&file).unwrap().put(&file, b"bytes").unwrap();
        assert_eq!(mode(&place.path().join("a")), FOLDER);
        assert_eq!(mode(&place.path().join("a/b")), FOLDER);
        assert_eq!(mode(&file), FILE);
        assert_eq!(read(&file, 5).unwrap().as_slice(), b"bytes");
        assert_eq!(read(&file, 3).unwrap().as_slice(), b"byte");
    }

    #[test]
    fn a_file_is_replaced_whole_and_left_overs_do_not_matter() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("file");
        std::fs::write(beside(&file), b"half of somethi").unwrap();
        let folder = Folder::of(&file).unwrap();
        folder.put(&file, b"one").unwrap();
        folder.put(&file, b"two").unwrap();
        assert_eq!(std::fs::read(&file).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_finished_file_takes_nobodys_name() {
        let place = tempfile::tempdir().unwrap();
        let (from, to) = (place.path().join("from"), place.path().join("to"));
        let folder = Folder::of(&to).unwrap();
        std::fs::write(&from, b"new").unwrap();
        std::fs::write(&to, b"old").unwrap();
        assert_eq!(folder.name(&from, &to).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&to).unwrap(), b"old");
    }

    #[test]
    fn a_lock_is_of_the_file_that_has_the_name() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("lock");
        let ours = lock(&path).unwrap();
        assert!(matches!(ours, Locked::Ours(_)));
        assert!(matches!(lock(&path).unwrap(), Locked::Theirs(_)));
        drop(ours);
        assert!(matches!(lock(&path).unwrap(), Locked::Ours(_)));
        assert_eq!(mode(&path), FILE);
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(place.path().join("elsewhere"), &path).unwrap();
        assert!(lock(&path).is_err(), "it went through a link");
    }

    #[test]
    fn rights_of_others_are_taken_away() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("file");
        std::fs::write(&file, b"").unwrap();
        std::fs::set_permissions(&file, Permissions::from_mode(0o664)).unwrap();
        close_to_others(&file).unwrap();
        assert_eq!(mode(&file), FILE);
    }
}
