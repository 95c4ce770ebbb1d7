//! What is read about a lasting profile, its lock and its password.

use super::{Kind, UserError};

/// Why a profile is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locked {
    /// Nobody has logged in yet.
    Start,
    /// The user asked for it.
    Asked,
    /// No key was pressed for as long as the setting `idle_lock` says.
    Idle,
}

/// Said when a profile without a password is opened.
pub const NO_PASSWORD: &str = "This profile has no password: whoever can read its files can read \
                               everything. /setpassword gives it one.";

/// Said when a profile without a password is to be locked.
pub const NOT_LOCKED_BY_WORDS: &str =
    "A profile without a password can't be locked: /setpassword gives it one.";

/// Said when a profile has another password.
pub const PASSWORD_CHANGED: &str =
    "The password is changed. An older copy of the key file keeps the old one.";

/// That a profile is locked, and what that means.
#[must_use]
pub fn locked(name: &str, why: Locked) -> String {
    let after = match why {
        Locked::Start | Locked::Asked => "",
        Locked::Idle => " No key was pressed for as long as your settings say.",
    };
    format!(
        "The profile \u{201c}{name}\u{201d} is locked.{after} Nothing is sent, taken in or shown until you \
         log in."
    )
}

/// Why something was not done while the profile is locked.
#[must_use]
pub fn profile_is_locked() -> UserError {
    UserError::new(
        Kind::Usage,
        "The profile is locked, so that was not done.",
        "/login unlocks it, /quit leaves.",
    )
}

/// The new password was typed in two ways.
#[must_use]
pub fn password_differs() -> UserError {
    UserError::new(
        Kind::Usage,
        "The two passwords differ, so the old one stays.",
        "Begin again and type the same one twice.",
    )
}

/// How hard a password is to guess, as an estimate of its bits.
#[must_use]
pub fn password_strength(bits: u32) -> String {
    // Each try costs about half a second by intent: 2^40 of them are 17,000 years of one machine.
    let word = match bits {
        0..=27 => "easy to guess",
        28..=39 => "not hard to guess",
        40..=59 => "hard to guess",
        _ => "very hard to guess",
    };
    format!("about {bits} bits, {word}")
}
