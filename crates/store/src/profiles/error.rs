//! What goes wrong with profiles, in words.

use std::io;

use super::name::NameError;
use crate::fault::Fault;
use crate::key::KeyError;

/// There is no place for profiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoHome {
    /// Neither a variable nor a home folder says where.
    #[error("there is no home folder to keep profiles in")]
    Unknown,
    /// `UNDERTONE_HOME` is no whole path: it would mean another folder in each directory.
    #[error("UNDERTONE_HOME is not a whole path, which begins with a slash")]
    Relative,
}

impl NoHome {
    /// What to do about it.
    #[must_use]
    pub fn hint(self) -> &'static str {
        "Set UNDERTONE_HOME to a folder for Undertone alone, or set HOME."
    }
}

/// Why something was not done with the folders of profiles. Nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HomeError {
    /// There are none.
    #[error("there is no profile yet")]
    None,
    /// None has this name.
    #[error("there is no profile of this name")]
    NoSuch,
    /// It can't be told which one is meant.
    #[error("there are several profiles, and it was not said which one")]
    Several,
    /// Another has this name, or one that differs in capitals alone.
    #[error("there is a profile of this name already")]
    NameTaken,
    /// The text is no name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Another process has it; its number, if it could be read.
    #[error("the profile is open in another undertone{}", process(*.0))]
    Busy(Option<u32>),
    /// A later program made it.
    #[error("the profile was made by a newer version of this program")]
    Newer,
    /// Others may write to the folder, and so put other files in place of these.
    #[error("other users may write to the folder of the profiles")]
    FolderOpen,
    /// What was typed is not its name.
    #[error("what was typed is not the name of the profile; nothing was destroyed")]
    NotTyped,
    /// The key could not be made.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The machine.
    #[error("{}", of_profiles(*.0))]
    Fault(#[from] Fault),
}

impl HomeError {
    /// What to do about it.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::None => "`undertone profile new` makes one.",
            Self::NoSuch => "`undertone profile list` shows all.",
            Self::Several => "Name it; `undertone profile list` shows all.",
            Self::NameTaken => "Take another name.",
            Self::Name(_) => "Choose another name.",
            Self::Busy(_) => "Use it there, or end that program first.",
            Self::Newer => "Use the version that made it, or a later one.",
            Self::FolderOpen => "Take that right away with chmod go-w, or set UNDERTONE_HOME.",
            Self::NotTyped => "Type it in full, as `undertone profile list` shows it.",
            Self::Password(error) => error.hint(),
            Self::Fault(fault) => hint(fault),
        }
    }
}

impl From<io::Error> for HomeError {
    fn from(error: io::Error) -> Self {
        Self::Fault(error.into())
    }
}

/// Why a profile was not unlocked, or its password not changed. Nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", of_passwords(*.0))]
pub struct PasswordError(#[from] pub KeyError);

impl PasswordError {
    /// What to do about it.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self.0 {
            KeyError::WrongPassphrase => "Type it again; capitals and spaces count.",
            KeyError::PassphraseNeeded => "Give the password of the profile.",
            KeyError::NoPassphrase => "Open it without one.",
            KeyError::Missing | KeyError::Damaged => {
                "Put a copy of the file profile.db.key back into the folder of the profile, or \
                 restore a backup."
            }
            KeyError::Fault(fault) => hint(fault),
            other => other.hint(),
        }
    }
}

fn process(number: Option<u32>) -> String {
    number.map(|number| format!(", process {number}")).unwrap_or_default()
}

fn of_passwords(error: KeyError) -> String {
    let words = match error {
        KeyError::WrongPassphrase => "the password is wrong",
        KeyError::PassphraseNeeded => "the profile has a password, and none was given",
        KeyError::NoPassphrase => "the profile has no password, but one was given",
        KeyError::Missing => {
            "the key file of the profile is missing; without it nothing in it can be read"
        }
        KeyError::Newer => {
            "the key file of the profile was written by a newer version of this program"
        }
        KeyError::Damaged => "the key file of the profile is damaged",
        KeyError::Memory => "there is not enough free memory to try a password",
        KeyError::Fault(fault) => return of_profiles(fault),
        KeyError::Entropy => return error.to_string(),
    };
    words.to_owned()
}

fn of_profiles(fault: Fault) -> String {
    let words = match fault {
        Fault::Denied => {
            "the profiles can't be opened: this user has no right to their folder or the files in it"
        }
        Fault::ReadOnly => "the profiles can't be written: their folder is read-only",
        Fault::Full => "there is no room left where the profiles are; nothing was changed",
        Fault::Busy => "another undertone has been busy with the profiles for too long",
        Fault::Damaged => "the profile is damaged: a part of it is not what was written",
        Fault::Io(kind) => return format!("the profiles could not be read or written: {kind}"),
    };
    words.to_owned()
}

fn hint(fault: Fault) -> &'static str {
    match fault {
        Fault::Denied => {
            "Look at the owner and the permissions of the folder, or set UNDERTONE_HOME to another."
        }
        Fault::ReadOnly => {
            "Make the folder writable for yourself, or set UNDERTONE_HOME to another."
        }
        Fault::Full => "Make room there and try again.",
        Fault::Damaged => "Keep its folder as it is, and restore a backup.",
        Fault::Busy => "Wait until the other program has ended, and try again.",
        Fault::Io(_) => fault.hint(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All sentences in one file to read, each with what to do.
    #[test]
    fn each_failure_has_its_sentences() {
        let faults = [
            Fault::Denied,
            Fault::ReadOnly,
            Fault::Full,
            Fault::Busy,
            Fault::Damaged,
            Fault::Io(io::ErrorKind::Other),
        ];
        let keys = [
            KeyError::WrongPassphrase,
            KeyError::PassphraseNeeded,
            KeyError::NoPassphrase,
            KeyError::Missing,
            KeyError::Newer,
            KeyError::Damaged,
            KeyError::Memory,
            KeyError::Entropy,
        ];
        let homes = [
            HomeError::None,
            HomeError::NoSuch,
            HomeError::Several,
            HomeError::NameTaken,
            HomeError::Name(NameError::Empty),
            HomeError::Name(NameError::TooLong),
            HomeError::Name(NameError::Forbidden),
            HomeError::Busy(None),
            HomeError::Busy(Some(4711)),
            HomeError::Newer,
            HomeError::FolderOpen,
            HomeError::NotTyped,
        ];
        let mut told = String::new();
        let mut tell = |words: String, hint: &str| told.push_str(&format!("{words}\n    {hint}\n"));
        for error in [NoHome::Unknown, NoHome::Relative] {
            tell(error.to_string(), error.hint());
        }
        for error in homes.into_iter().chain(faults.map(HomeError::Fault)) {
            tell(error.to_string(), error.hint());
        }
        for error in keys.into_iter().chain(faults.map(KeyError::Fault)).map(PasswordError) {
            tell(error.to_string(), error.hint());
        }
        insta::assert_snapshot!(told);
    }
}
