//! Names of profiles.

use std::fmt;

use unicode_normalization::UnicodeNormalization as _;

/// The longest name in characters.
pub const MAX_NAME: usize = 30;

/// What the owner calls a profile; never sent to anybody. It lies readable beside the database,
/// because it is shown before the password is asked for.
#[derive(Clone, PartialEq, Eq)]
pub struct ProfileName(String);

/// Why a text is no name of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing but spaces.
    #[error("a name needs at least one character")]
    Empty,
    /// More than [`MAX_NAME`] characters.
    #[error("a name has at most {MAX_NAME} characters")]
    TooLong,
    /// A control, direction or invisible character, which could disguise what stands around it.
    #[error("a name may not contain control, direction or invisible characters")]
    Forbidden,
}

impl ProfileName {
    /// Takes a name as it was typed: without spaces at its ends, in NFC.
    ///
    /// # Errors
    /// See [`NameError`].
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        // Composing never makes it longer than three times its text: bounded before anything else.
        if text.chars().nth(3 * MAX_NAME).is_some() {
            return Err(NameError::TooLong);
        }
        let name: String = text.nfc().collect();
        if name.chars().count() > MAX_NAME {
            return Err(NameError::TooLong);
        }
        if name.chars().any(disguises) {
            return Err(NameError::Forbidden);
        }
        Ok(Self(name))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether two names would be taken for one: capitals don't tell them apart.
    pub(super) fn is_like(&self, other: &str) -> bool {
        self.0.to_lowercase() == other.nfc().collect::<String>().to_lowercase()
    }
}

impl fmt::Debug for ProfileName {
    /// Says only how long the name is: names stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProfileName({} characters)", self.0.chars().count())
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Characters that could move, hide or overwrite the text beside them. The same as those of names
/// in conversations (`undertone_handle::command::is_deceptive`, which this crate may not name).
fn disguises(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<String, NameError> {
        ProfileName::parse(text).map(|name| name.0)
    }

    #[test]
    fn names_are_what_can_be_read() {
        assert_eq!(parsed("  work  "), Ok("work".to_owned()));
        assert_eq!(parsed("profile 1"), Ok("profile 1".to_owned()));
        assert_eq!(parsed("Ren\u{65}\u{301}"), Ok("Ren\u{e9}".to_owned()));
        assert_eq!(parsed("../etc/passwd"), Ok("../etc/passwd".to_owned()), "never a path");
        assert_eq!(parsed(" \t"), Err(NameError::Empty));
        assert_eq!(parsed(&"x".repeat(31)), Err(NameError::TooLong));
        assert_eq!(parsed(&"e\u{301}".repeat(30)), Ok("\u{e9}".repeat(30)));
        assert_eq!(parsed(&"e\u{301}".repeat(31)), Err(NameError::TooLong));
        assert_eq!(parsed(&"x".repeat(1 << 20)), Err(NameError::TooLong));
        for hidden in ["a\nb", "a\u{202e}b", "a\u{200b}", "\u{1b}[2J", "\u{e0041}", "\u{feff}a"] {
            assert_eq!(parsed(hidden), Err(NameError::Forbidden), "{hidden:?}");
        }
    }

    #[test]
    fn capitals_and_composition_tell_nothing_apart() {
        let name = ProfileName::parse("Ren\u{e9}").unwrap();
        assert!(name.is_like("ren\u{e9}") && name.is_like("REN\u{45}\u{301}"));
        assert!(!name.is_like("rene"));
    }
}
