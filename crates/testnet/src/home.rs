//! The directory of a network: on a memory file system, for its owner's eyes only, and gone with its owner.
//!
//! All networks of a user lie in one folder `undertone-testnet-<uid>`. The owner holds a lock on its network's
//! directory, which the kernel releases however the owner ends. Whoever starts a network first removes the directories
//! that nobody holds; the lock on the folder keeps two starters, or a starter and a leaver, apart.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::process;

/// A network of ten processes writes about a tenth of this.
const SPACE_WANTED: u64 = 256 * 1024 * 1024;

/// The directory of a network could not be made.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// A file operation failed.
    #[error("can't prepare {path}: {source}", path = path.display())]
    Io {
        /// What was to be made or locked.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Somebody else made the folder that ours would be in.
    #[error(
        "{path} belongs to somebody else or is open to others: remove it, or make it yours with mode 0700",
        path = path.display()
    )]
    Foreign {
        /// The folder.
        path: PathBuf,
    },
}

/// The directory of one network, removed when dropped.
#[derive(Debug)]
pub(crate) struct Home {
    path: PathBuf,
    folder: PathBuf,
    /// Held for as long as the owner lives; the only sign of life that a sweeper trusts.
    _lock: File,
}

impl Home {
    /// Makes a directory on the best file system there is, after sweeping those of dead owners.
    pub(crate) fn create() -> Result<Self, HomeError> {
        Self::create_in(&best_place())
    }

    fn create_in(place: &Path) -> Result<Self, HomeError> {
        let uid = rustix::process::geteuid().as_raw();
        let folder = place.join(format!("undertone-testnet-{uid}"));
        let _folder_lock = lock_folder(&folder)?;
        sweep(&folder);
        let mut random = [0; 6];
        getrandom::fill(&mut random).map_err(|error| failed(&folder)(io::Error::other(error)))?;
        let path = folder.join(data_encoding::HEXLOWER.encode(&random));
        DirBuilder::new().mode(0o700).create(&path).map_err(failed(&path))?;
        let lock = File::open(&path).map_err(failed(&path))?;
        lock.lock().map_err(failed(&path))?;
        Ok(Self { path, folder, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // A directory that can't be removed now is swept by the next start.
        if let Ok(_folder_lock) = lock_folder(&self.folder) {
            drop(fs::remove_dir_all(&self.path));
            // Refused while other networks are in it, which is meant.
            drop(fs::remove_dir(&self.folder));
        }
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> HomeError {
    let path = path.to_owned();
    move |source| HomeError::Io { path, source }
}

/// Opens and locks the user's folder, making it if need be. The last network to leave removes it, so what was locked
/// may be gone by then: then it is made again.
fn lock_folder(folder: &Path) -> Result<File, HomeError> {
    loop {
        match DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failed(folder)(error));
            }
            Ok(()) | Err(_) => {}
        }
        let file = match File::open(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            other => other.map_err(failed(folder))?,
        };
        file.lock().map_err(failed(folder))?;
        let held = file.metadata().map_err(failed(folder))?;
        match fs::symlink_metadata(folder) {
            Ok(there) if there.ino() == held.ino() && there.dev() == held.dev() => {
                let ours = held.uid() == rustix::process::geteuid().as_raw();
                let closed = held.permissions().mode() & 0o077 == 0;
                return if ours && closed && held.is_dir() {
                    Ok(file)
                } else {
                    Err(HomeError::Foreign { path: folder.to_owned() })
                };
            }
            Ok(there) if there.is_symlink() => {
                return Err(HomeError::Foreign { path: folder.to_owned() });
            }
            Ok(_) | Err(_) => {}
        }
    }
}

/// Removes every network in `folder` whose owner is dead, and ends what is left of its processes: a `tor` looks after
/// its owner only four times a minute.
fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let Ok(directory) = File::open(&path) else { continue };
        if directory.try_lock().is_err() {
            continue;
        }
        for pid in pids(&path) {
            process::kill_if_at(pid, &path);
        }
        drop(fs::remove_dir_all(&path));
    }
}

/// The numbers that the processes of a network left in their pid files.
fn pids(network: &Path) -> Vec<u32> {
    let Ok(entries) = fs::read_dir(network) else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| fs::read_to_string(entry.path().join("pid")).ok())
        .filter_map(|text| text.trim().parse().ok())
        .collect()
}

/// The first memory file system with room, or else the temporary directory.
fn best_place() -> PathBuf {
    let shared = OsString::from("/dev/shm");
    [Some(shared), std::env::var_os("XDG_RUNTIME_DIR")]
        .into_iter()
        .flatten()
        .map(PathBuf::from)
        .find(|place| in_memory_with_room(place))
        .unwrap_or_else(std::env::temp_dir)
}

#[cfg(target_os = "linux")]
fn in_memory_with_room(place: &Path) -> bool {
    /// `statfs(2)`: tmpfs and ramfs.
    const IN_MEMORY: [u64; 2] = [0x0102_1994, 0x8584_58f6];
    let Ok(found) = rustix::fs::statfs(place) else { return false };
    let kind = u64::try_from(found.f_type).unwrap_or_default();
    let block = u64::try_from(found.f_bsize).unwrap_or_default();
    IN_MEMORY.contains(&kind) && found.f_bavail.saturating_mul(block) >= SPACE_WANTED
}

#[cfg(not(target_os = "linux"))]
fn in_memory_with_room(_place: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_is_for_its_owner_only_and_goes_with_it() {
        let place = tempfile::tempdir().unwrap();
        let home = Home::create_in(place.path()).unwrap();
        let path = home.path().to_owned();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        fs::write(path.join("something"), "x").unwrap();
        drop(home);
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0, "the user's folder goes too");
    }

    #[test]
    fn a_start_sweeps_the_dead_and_spares_the_living() {
        let place = tempfile::tempdir().unwrap();
        let living = Home::create_in(place.path()).unwrap();
        let dead = living.path().parent().unwrap().join("dead");
        fs::create_dir(&dead).unwrap();
        fs::create_dir(dead.join("relay0")).unwrap();
        let mut left = process::tests::stand_in(dead.to_str().unwrap());
        fs::write(dead.join("relay0/pid"), format!("{}\n", left.id())).unwrap();
        let next = Home::create_in(place.path()).unwrap();
        assert!(!dead.exists());
        assert!(!left.wait().unwrap().success(), "what a dead owner left running is killed");
        assert!(living.path().exists() && next.path().exists());
    }

    #[test]
    fn a_folder_open_to_others_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let uid = rustix::process::geteuid().as_raw();
        let folder = place.path().join(format!("undertone-testnet-{uid}"));
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(Home::create_in(place.path()), Err(HomeError::Foreign { .. })));
    }

    #[test]
    fn a_link_in_place_of_the_folder_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let uid = rustix::process::geteuid().as_raw();
        let elsewhere = place.path().join("elsewhere");
        DirBuilder::new().mode(0o700).create(&elsewhere).unwrap();
        let folder = place.path().join(format!("undertone-testnet-{uid}"));
        std::os::unix::fs::symlink(&elsewhere, &folder).unwrap();
        assert!(matches!(Home::create_in(place.path()), Err(HomeError::Foreign { .. })));
    }
}
