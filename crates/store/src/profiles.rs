//! Lasting profiles: their folders, names, locks and passwords.
//!
//! ```text
//! HOME/profiles/            0700, like every folder; every file 0600
//!     last                  the id of the profile that was used last
//!     3f0c…/                a profile; the name of its folder is random
//!         name              what its owner calls it
//!         lock              locked by the one process that has the profile
//!         profile.db.key    its key under its password
//!         profile.db        its database
//! ```
//!
//! A profile appears whole: it is made in `ID.new` and gets its name at the end. It is destroyed as
//! `ID.gone`, its key first. What a killed process left of either is swept by [`Home::mend`].
//!
//! [`Held`] is a profile that this process alone has, locked or not: while one lives, no other
//! process can have the profile. [`Held::unlock`] gives the key. To lock a profile is to drop the
//! key and what was opened with it, and to keep the [`Held`].
//!
//! `docs/store.md`, section "Folders of profiles", has the reasons.
//!
//! ```
//! use undertone_store::key::{Cost, Passphrase, Protection};
//! use undertone_store::profiles::{Home, HomeError, ProfileName};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let home = Home::at(folder.path()); // a real program calls Home::find()
//! let password = || Passphrase::new("seven words that nobody else would choose");
//! let protection = Protection::Passphrase(password()?);
//! let name = ProfileName::parse("work")?;
//! // A real program calls Cost::calibrated(), and makes the database where nothing is made here.
//! let made = home.create(&name, &protection, Cost::FLOOR, |_path, _key| Ok::<_, HomeError>(()))?;
//! assert!(matches!(home.hold(&home.choose(Some("work"))?), Err(HomeError::Busy(_))));
//! drop(made);
//!
//! let held = home.hold(&home.choose(None)?)?; // the one that was used last
//! let key = held.unlock(&protection)?;
//! # drop(key);
//! home.destroy(held, "work")?;
//! assert!(home.list()?.is_empty());
//! # Ok(())
//! # }
//! ```

mod erase;
mod error;
mod held;
mod name;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fmt;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags};

pub use self::error::{HomeError, NoHome, PasswordError};
pub use self::held::Held;
pub use self::name::{MAX_NAME, NameError, ProfileName};
use crate::database::{key_file, others_may_write_beside};
use crate::files::{self, Folder};
use crate::key::{self, Cost, DatabaseKey, KeyError, Protection};

/// The folder of all profiles, beneath the home.
const PROFILES: &str = "profiles";
/// The file with the id of the profile that was used last.
const LAST: &str = "last";
/// The file with a profile's name.
const NAME: &str = "name";
/// The database of a profile.
const DATABASE: &str = "profile.db";
/// The first bytes of the file with a profile's name; the number is the version of its folder.
const MAGIC: &[u8] = b"undertone profile 1\n";
/// How the magic of every version begins.
const FAMILY: &[u8] = b"undertone profile ";
/// Behind the id of a profile that is being made.
const NEW: &str = ".new";
/// Behind the id of a profile that is being destroyed.
const GONE: &str = ".gone";
/// The longest file with a name: its first line, and four bytes for each character.
const LONGEST_NAME_FILE: usize = 64 + 4 * MAX_NAME;

/// What the environment says about where profiles are.
#[derive(Debug, Clone, Default)]
pub struct Variables {
    /// `UNDERTONE_HOME`: a folder for Undertone alone.
    pub undertone_home: Option<OsString>,
    /// `XDG_DATA_HOME`.
    pub xdg_data_home: Option<OsString>,
    /// `HOME`.
    pub home: Option<OsString>,
}

/// The folder of all that Undertone keeps for one user.
#[derive(Debug, Clone)]
pub struct Home {
    root: PathBuf,
}

/// The name of a profile's folder: 64 random bits in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileId(String);

impl ProfileId {
    const LEN: usize = 16;

    fn generate() -> Result<Self, KeyError> {
        let mut bytes = [0; Self::LEN / 2];
        key::fill(&mut bytes)?;
        Ok(Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    fn parse(text: &str) -> Option<Self> {
        let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let fits = text.len() == Self::LEN && text.bytes().all(digit);
        fits.then(|| Self(text.to_owned()))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProfileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What can be seen of a profile without its password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// It has a password.
    Password,
    /// It has none: whoever can read its files can read everything.
    NoPassword,
    /// A later program made it.
    Newer,
    /// Its name or its key file is missing or damaged.
    Damaged,
}

/// A profile as the list has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    id: ProfileId,
    name: Option<ProfileName>,
    state: State,
    last: bool,
}

impl Profile {
    /// The name of its folder.
    #[must_use]
    pub fn id(&self) -> &ProfileId {
        &self.id
    }

    /// Its name; or its id, if the name can't be read.
    #[must_use]
    pub fn label(&self) -> &str {
        self.name.as_ref().map_or(self.id.as_str(), ProfileName::as_str)
    }

    /// What can be seen of it.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// Whether it was used last.
    #[must_use]
    pub fn is_last(&self) -> bool {
        self.last
    }

    fn is_called(&self, wanted: &str) -> bool {
        self.id.as_str() == wanted || self.name.as_ref().is_some_and(|name| name.is_like(wanted))
    }
}

/// What was found half done and put in order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mended {
    /// Profiles whose making broke off; there was nothing in them.
    pub unfinished: usize,
    /// Profiles whose destruction broke off, and is done now.
    pub destroyed: usize,
}

impl Home {
    /// The home of a user: `UNDERTONE_HOME`, else `undertone` in `XDG_DATA_HOME`, else
    /// `.local/share/undertone` in `HOME`. An empty variable counts as none, and so does a relative
    /// `XDG_DATA_HOME`, as its specification wants it.
    ///
    /// # Errors
    /// See [`NoHome`].
    pub fn find(variables: Variables) -> Result<Self, NoHome> {
        let Variables { undertone_home, xdg_data_home, home } = variables;
        let set = |value: Option<OsString>| value.filter(|v| !v.is_empty()).map(PathBuf::from);
        if let Some(own) = set(undertone_home) {
            return if own.is_absolute() { Ok(Self::at(own)) } else { Err(NoHome::Relative) };
        }
        let whole = |value| set(value).filter(|path| path.is_absolute());
        let data = whole(xdg_data_home).or_else(|| Some(whole(home)?.join(".local/share")));
        data.map(|data| Self::at(data.join("undertone"))).ok_or(NoHome::Unknown)
    }

    /// The home in this folder, which is made when something is put into it.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Its folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of a profile.
    #[must_use]
    pub fn folder(&self, id: &ProfileId) -> PathBuf {
        self.profiles().join(id.as_str())
    }

    fn profiles(&self) -> PathBuf {
        self.root.join(PROFILES)
    }

    /// All profiles, by their names. Changes nothing.
    ///
    /// # Errors
    /// [`HomeError::Fault`]: the folders can't be read.
    pub fn list(&self) -> Result<Vec<Profile>, HomeError> {
        let last = self.last();
        let mut found = Vec::new();
        for name in entries(&self.profiles())? {
            let Some(id) = ProfileId::parse(&name) else { continue };
            let folder = self.folder(&id);
            let (name, mut state) = match read_name(&folder)? {
                Label::Name(name) => (Some(name), State::Password),
                Label::Newer => (None, State::Newer),
                Label::Damaged => (None, State::Damaged),
            };
            if state == State::Password {
                state = match key::needs_passphrase(&key_file(&folder.join(DATABASE))) {
                    Ok(true) => State::Password,
                    Ok(false) => State::NoPassword,
                    Err(KeyError::Newer) => State::Newer,
                    Err(KeyError::Fault(fault)) => return Err(fault.into()),
                    Err(_) => State::Damaged,
                };
            }
            let last = last.as_ref() == Some(&id);
            found.push(Profile { id, name, state, last });
        }
        found.sort_by_cached_key(|profile| {
            (profile.label().to_lowercase(), profile.id.as_str().to_owned())
        });
        Ok(found)
    }

    /// The profile of this name or id; without one that which was used last, or the only one.
    ///
    /// # Errors
    /// - [`HomeError::NoSuch`], [`HomeError::None`], [`HomeError::Several`].
    /// - [`HomeError::Fault`]: the folders can't be read.
    pub fn choose(&self, wanted: Option<&str>) -> Result<Profile, HomeError> {
        let all = self.list()?;
        if let Some(wanted) = wanted {
            let wanted = wanted.trim();
            return all.into_iter().find(|one| one.is_called(wanted)).ok_or(HomeError::NoSuch);
        }
        if let Some(last) = all.iter().find(|profile| profile.last) {
            return Ok(last.clone());
        }
        match <[Profile; 1]>::try_from(all) {
            Ok([only]) => Ok(only),
            Err(all) if all.is_empty() => Err(HomeError::None),
            Err(_) => Err(HomeError::Several),
        }
    }

    /// A name that no profile has: "profile 1", and so on. It tells nobody anything.
    ///
    /// # Errors
    /// [`HomeError::Fault`]: the folders can't be read.
    pub fn unused_name(&self) -> Result<ProfileName, HomeError> {
        let all = self.list()?;
        let names = (1_u32..).map(|number| format!("profile {number}"));
        let mut free = names.filter(|name| !all.iter().any(|one| one.is_called(name)));
        // There are more numbers than folders.
        Ok(ProfileName::parse(&free.next().unwrap_or_default())?)
    }

    /// Makes a profile. `fill` makes what belongs into it, its database above all, at the path and
    /// under the key that it is given, and has closed it when it returns; if it fails, nothing is
    /// left. The profile becomes the one that was used last.
    ///
    /// # Errors
    /// - [`HomeError::NameTaken`], [`HomeError::FolderOpen`], [`HomeError::Password`] (no memory or
    ///   no randomness for the key), [`HomeError::Fault`].
    /// - What `fill` says.
    pub fn create<E: From<HomeError>>(
        &self,
        name: &ProfileName,
        protection: &Protection,
        cost: Cost,
        fill: impl FnOnce(&Path, &DatabaseKey) -> Result<(), E>,
    ) -> Result<(Held, DatabaseKey), E> {
        let id = ProfileId::generate().map_err(|error| HomeError::from(PasswordError(error)))?;
        let new = self.profiles().join(format!("{id}{NEW}"));
        let lock = self.begin(name, &new)?;
        let made = furnish(&new, name, protection, cost)
            .map_err(E::from)
            .and_then(|key| fill(&new.join(DATABASE), &key).map(|()| key))
            .and_then(|key| Ok(self.finish(name, &new, &id).map(|()| key)?));
        match made {
            Ok(key) => {
                let held = Held::new(self.folder(&id), id, Some(name.clone()), lock);
                held.remember();
                Ok((held, key))
            }
            Err(error) => {
                // Nobody knows it yet; what can't be removed now is swept later.
                drop(erase::folder(&new));
                Err(error)
            }
        }
    }

    /// The folder of a profile to be, empty and locked.
    fn begin(&self, name: &ProfileName, new: &Path) -> Result<std::fs::File, HomeError> {
        let profiles = self.claim()?;
        self.sweep(&profiles)?;
        self.refuse_taken(name)?;
        DirBuilder::new().mode(files::FOLDER).create(new)?;
        held::lock(new)
    }

    /// Gives a finished profile its name.
    fn finish(&self, name: &ProfileName, new: &Path, id: &ProfileId) -> Result<(), HomeError> {
        let profiles = self.claim()?;
        self.refuse_taken(name)?;
        rename(new, &self.folder(id))?;
        Ok(profiles.sync()?)
    }

    fn refuse_taken(&self, name: &ProfileName) -> Result<(), HomeError> {
        let taken = self.list()?.iter().any(|profile| profile.is_called(name.as_str()));
        if taken { Err(HomeError::NameTaken) } else { Ok(()) }
    }

    /// The folder of the profiles, made if need be, in which nobody else makes or destroys one
    /// while this is held.
    fn claim(&self) -> Result<Folder, HomeError> {
        let folder = Folder::of(&self.profiles().join(LAST))?;
        self.refuse_open()?;
        files::close_to_others(&self.profiles())?;
        Ok(folder)
    }

    /// Refuses folders that others may write to.
    fn refuse_open(&self) -> Result<(), HomeError> {
        for path in [self.profiles(), self.profiles().join(LAST)] {
            if others_may_write_beside(&path)? {
                return Err(HomeError::FolderOpen);
            }
        }
        Ok(())
    }

    /// Takes a profile for this process alone, as long as what this gives lives. What a killed process
    /// left half written in it is removed.
    ///
    /// # Errors
    /// - [`HomeError::Busy`]: another process has it.
    /// - [`HomeError::NoSuch`]: it is gone.
    /// - [`HomeError::Newer`], [`HomeError::FolderOpen`], [`HomeError::Fault`].
    pub fn hold(&self, profile: &Profile) -> Result<Held, HomeError> {
        if profile.state == State::Newer {
            return Err(HomeError::Newer);
        }
        let folder = self.folder(&profile.id);
        if !folder.try_exists()? {
            return Err(HomeError::NoSuch);
        }
        self.refuse_open()?;
        if others_may_write_beside(&folder.join(DATABASE))? {
            return Err(HomeError::FolderOpen);
        }
        files::close_to_others(&folder)?;
        let lock = held::lock(&folder)?;
        for whole in [folder.join(NAME), key_file(&folder.join(DATABASE))] {
            erase::file(&files::beside(&whole))?;
        }
        Ok(Held::new(folder, profile.id.clone(), profile.name.clone(), lock))
    }

    /// Destroys a profile: its key first, which makes everything else in it unreadable, and then
    /// the rest. Once begun it is done to its end, by the next start if this one is killed.
    ///
    /// The key is overwritten before it is removed. On flash, and on file systems that write
    /// changes elsewhere, that is a wish: copies of the blocks may remain, sealed under the
    /// password.
    ///
    /// # Errors
    /// - [`HomeError::NotTyped`]: `typed` is not the profile's [label](Profile::label) in full.
    /// - [`HomeError::Fault`]: it could not be begun, and nothing was changed; or not ended, and
    ///   the next start ends it.
    pub fn destroy(&self, held: Held, typed: &str) -> Result<(), HomeError> {
        if !held.is_called_exactly(typed) {
            return Err(HomeError::NotTyped);
        }
        let profiles = self.claim()?;
        let gone = self.profiles().join(format!("{}{GONE}", held.id()));
        rename(held.folder(), &gone)?;
        // From here on it is to be destroyed, whatever happens.
        profiles.sync()?;
        erase::folder(&gone)?;
        if self.last().as_ref() == Some(held.id()) {
            erase::file(&self.profiles().join(LAST))?;
        }
        Ok(profiles.sync()?)
    }

    /// Puts in order what killed processes left: profiles that were never finished or not quite
    /// destroyed. What another process is at work on stays.
    ///
    /// # Errors
    /// See [`HomeError`]; what could not be removed is tried again the next time.
    pub fn mend(&self) -> Result<Mended, HomeError> {
        if !self.profiles().try_exists()? {
            return Ok(Mended::default());
        }
        let profiles = self.claim()?;
        self.sweep(&profiles)
    }

    fn sweep(&self, profiles: &Folder) -> Result<Mended, HomeError> {
        let mut mended = Mended::default();
        for name in entries(&self.profiles())? {
            let path = self.profiles().join(&name);
            let cut = |suffix| name.strip_suffix(suffix).and_then(ProfileId::parse).is_some();
            let count = if cut(NEW) {
                &mut mended.unfinished
            } else if cut(GONE) {
                &mut mended.destroyed
            } else {
                continue;
            };
            // Whoever makes one has its lock from the moment on at which it can be seen here.
            match held::lock(&path) {
                Ok(_lock) => erase::folder(&path)?,
                Err(HomeError::Busy(_)) => continue,
                Err(error) => return Err(error),
            }
            *count = count.saturating_add(1);
        }
        erase::file(&files::beside(&self.profiles().join(LAST)))?;
        if mended != Mended::default() {
            profiles.sync()?;
        }
        Ok(mended)
    }

    fn last(&self) -> Option<ProfileId> {
        read_last(&self.profiles().join(LAST))
    }
}

/// The profile that was used last, if that is known.
fn read_last(path: &Path) -> Option<ProfileId> {
    let bytes = files::read(path, ProfileId::LEN + 1).ok()?;
    ProfileId::parse(std::str::from_utf8(&bytes).ok()?.strip_suffix('\n')?)
}

/// Puts the key and the name into the folder of a profile to be.
fn furnish(
    new: &Path,
    name: &ProfileName,
    protection: &Protection,
    cost: Cost,
) -> Result<DatabaseKey, HomeError> {
    let folder = Folder::of(&new.join(NAME))?;
    let key =
        key::make(&folder, &key_file(&new.join(DATABASE)), protection, cost).map_err(|error| {
            match error {
                KeyError::Fault(fault) => HomeError::Fault(fault),
                other => PasswordError(other).into(),
            }
        })?;
    folder.put(&new.join(NAME), &[MAGIC, name.as_str().as_bytes(), b"\n"].concat())?;
    Ok(key)
}

/// What the file with a profile's name holds.
#[derive(Debug, PartialEq, Eq)]
enum Label {
    Name(ProfileName),
    Newer,
    Damaged,
}

fn read_name(folder: &Path) -> Result<Label, HomeError> {
    match files::read(&folder.join(NAME), LONGEST_NAME_FILE) {
        Ok(bytes) => Ok(parse_name(&bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Label::Damaged),
        Err(error) => Err(error.into()),
    }
}

fn parse_name(bytes: &[u8]) -> Label {
    if let Some(rest) = bytes.strip_prefix(MAGIC) {
        let line = rest.strip_suffix(b"\n").and_then(|line| std::str::from_utf8(line).ok());
        let name = line
            .and_then(|line| ProfileName::parse(line).ok().filter(|name| name.as_str() == line));
        return name.map_or(Label::Damaged, Label::Name);
    }
    let later = bytes.strip_prefix(FAMILY).is_some_and(|rest| {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        digits > 0 && rest.get(digits) == Some(&b'\n')
    });
    if later { Label::Newer } else { Label::Damaged }
}

/// The names in a folder that are text; none if there is no such folder.
fn entries(folder: &Path) -> io::Result<Vec<String>> {
    let found = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut names = Vec::new();
    for entry in found {
        names.extend(entry?.file_name().into_string().ok());
    }
    Ok(names)
}

/// Renames a folder to a name that nothing has.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    Ok(rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
}
