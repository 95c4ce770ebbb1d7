//! A profile that this process has.

use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use unicode_normalization::UnicodeNormalization as _;

use super::{DATABASE, HomeError, LAST, PasswordError, ProfileId, ProfileName, read_last};
use crate::database::{self, key_file};
use crate::files::{self, Folder, Locked};
use crate::key::{self, Cost, DatabaseKey, KeyError, Protection};

/// The file whose lock says that a process has the profile.
const LOCK: &str = "lock";

/// A profile that this process alone has. The lock is the kernel's and goes with the process,
/// however that ends.
pub struct Held {
    folder: PathBuf,
    id: ProfileId,
    name: Option<ProfileName>,
    _lock: File,
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Held({})", self.id)
    }
}

impl Held {
    pub(super) fn new(
        folder: PathBuf,
        id: ProfileId,
        name: Option<ProfileName>,
        lock: File,
    ) -> Self {
        Self { folder, id, name, _lock: lock }
    }

    /// The profile's folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The profile's database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.folder.join(DATABASE)
    }

    /// The name of the profile's folder.
    #[must_use]
    pub fn id(&self) -> &ProfileId {
        &self.id
    }

    /// Its name; or its id, if the name can't be read.
    #[must_use]
    pub fn label(&self) -> &str {
        self.name.as_ref().map_or(self.id.as_str(), ProfileName::as_str)
    }

    pub(super) fn is_called_exactly(&self, typed: &str) -> bool {
        typed.trim().nfc().eq(self.label().chars())
    }

    /// Whether it has a password.
    ///
    /// # Errors
    /// See [`PasswordError`]; never for a wrong password.
    pub fn needs_password(&self) -> Result<bool, PasswordError> {
        Ok(key::needs_passphrase(&key_file(&self.database()))?)
    }

    /// Takes the profile's key out of its file. Lasts about half a second with a password, whether
    /// it is right or wrong. The profile becomes the one that was used last.
    ///
    /// If this machine does a try much faster than that, the key file is written anew under
    /// parameters of today; a disk that is full or read-only leaves it as it is.
    ///
    /// # Errors
    /// See [`PasswordError`].
    pub fn unlock(&self, protection: &Protection) -> Result<DatabaseKey, PasswordError> {
        self.unlock_and_weigh(protection, Cost::raised)
    }

    pub(super) fn unlock_and_weigh(
        &self,
        protection: &Protection,
        weigh: impl FnOnce(Cost, Duration) -> Option<Cost>,
    ) -> Result<DatabaseKey, PasswordError> {
        let file = key_file(&self.database());
        let (key, raised) = key::take_and_weigh(&file, protection, weigh)?;
        // Those of another user stay what they are.
        drop(files::close_to_others(&file));
        if let Some(cost) = raised {
            let _: Result<(), KeyError> =
                database::protect(&self.database(), &key, protection, cost);
        }
        self.remember();
        Ok(key)
    }

    /// Remembers that this profile was used last. On a full disk the one before stays remembered,
    /// and that keeps nobody from using this one.
    pub(super) fn remember(&self) {
        let last = self.folder.with_file_name(LAST);
        if read_last(&last).as_ref() != Some(&self.id) {
            let line = format!("{}\n", self.id);
            drop(Folder::of(&last).and_then(|folder| folder.put(&last, line.as_bytes())));
        }
    }

    /// Puts another password, or none, in place of the present one. The key stays what it is, and
    /// so does the database. Whoever kept the old key file still gets in with the old password.
    ///
    /// # Errors
    /// See [`PasswordError`]; the old password stays.
    pub fn protect(
        &self,
        key: &DatabaseKey,
        protection: &Protection,
        cost: Cost,
    ) -> Result<(), PasswordError> {
        Ok(database::protect(&self.database(), key, protection, cost)?)
    }
}

/// Locks the folder of a profile, or says who has it.
pub(super) fn lock(folder: &Path) -> Result<File, HomeError> {
    let path = folder.join(LOCK);
    let mut file = match files::lock(&path) {
        Ok(Locked::Ours(file)) => file,
        Ok(Locked::Theirs(mut file)) => return Err(HomeError::Busy(process(&mut file))),
        // Whoever had it destroyed the profile before letting go.
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(HomeError::NoSuch),
        Err(error) => return Err(error.into()),
    };
    // For the words to whoever comes second; nobody decides by it.
    drop(file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())));
    Ok(file)
}

/// The number of the process that has the lock, if it could write it down.
fn process(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}
