//! What a person can ask a node for.

use undertone_wire::code::Code;

use crate::{ConversationId, MessageId, SecretText};

/// A user's wish, as any interface sends it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Command {
    /// Meet someone by a spoken code and open a conversation with them.
    Meet {
        /// The id under which the conversation's events will come.
        conversation: ConversationId,
        /// Who, how and under which code.
        meet: Box<Meet>,
    },
    /// Give a meeting up before it led to a conversation. On the serving side this burns the code.
    GiveUp(ConversationId),
    /// Answer a step of the Socialist Millionaire check.
    Check(ConversationId, CheckCommand),
    /// Make new post-quantum keys at once, or with the next connection. Answered by
    /// [`crate::event::ConversationEvent::Healing`].
    Heal(ConversationId),
    /// Send a text. It is kept and shown as waiting while there is no connection.
    Send {
        /// In which conversation.
        conversation: ConversationId,
        /// The id of the message; see [`crate::Handle::send_text`].
        message: MessageId,
        /// The text, at most [`MAX_TEXT`] bytes of UTF-8.
        body: String,
    },
    /// Say goodbye and end the conversation on both sides.
    Leave(ConversationId),
    /// End the node in order: goodbye to all, services down, the RAM directory removed.
    Shutdown,
}

/// The longest text that one message carries, in bytes of UTF-8.
pub const MAX_TEXT: usize = 64 * 1024;

/// The word to type before another check, once several have failed in a conversation.
pub const CONFIRMATION: &str = "check";

/// The longest name, in characters; and in bytes, four times that.
pub const MAX_NAME: usize = 30;

/// Which end of a meeting this side is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Serves the meeting place and says the code.
    Host,
    /// Types the code and dials.
    Guest,
}

/// Everything that a meeting by code needs.
#[derive(Debug)]
pub struct Meet {
    /// Which end this side is.
    pub role: Role,
    /// The name that this side sends to its partner, for this conversation only.
    pub nick: Name,
    /// The name under which this side shows its partner; local, never sent.
    pub peer: Name,
    /// The code that both have.
    pub code: Code,
    /// Whether this side wants the Socialist Millionaire check: known beforehand, or to be asked.
    pub check: Option<bool>,
    /// The check's secret, if it was given beforehand.
    pub secret: Option<SecretText>,
}

/// An answer in the Socialist Millionaire check.
#[derive(Debug)]
pub enum CheckCommand {
    /// Whether this side wants the check. If either side does, both do it.
    Wish(bool),
    /// The secret that both sides should share.
    Secret(SecretText),
    /// What the user typed as the word that another check needs after several have failed:
    /// [`CONFIRMATION`], or the question comes again.
    Confirm(String),
    /// Break the running check off. As long as the partner cannot know its outcome it counts as no
    /// check; later it counts as failed.
    Cancel,
    /// After a failed check: go on all the same, in red. After one that the partner cancelled
    /// before the conversation: go on without it.
    Stay,
}

/// A name that passed the rules: 1 to [`MAX_NAME`] characters, no control or bidi characters.
#[derive(Clone, PartialEq, Eq)]
pub struct Name(String);

/// Why a name was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing is left after trimming.
    #[error("a name needs at least one character")]
    Empty,
    /// More than [`MAX_NAME`] characters.
    #[error("a name has at most {MAX_NAME} characters")]
    TooLong,
    /// A control, bidirectional or invisible character, which could disguise text around it.
    #[error("a name may not contain control, direction or invisible characters")]
    Forbidden,
}

impl Name {
    /// Checks and trims a name.
    ///
    /// # Errors
    /// See [`NameError`].
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.chars().count() > MAX_NAME {
            return Err(NameError::TooLong);
        }
        if text.chars().any(is_deceptive) {
            return Err(NameError::Forbidden);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Name {
    /// Says only how long the name is: names stay out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Name({} characters)", self.0.chars().count())
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

/// Characters that could move, hide or overwrite the text beside them.
#[must_use]
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_bounded() {
        assert_eq!(Name::parse("  ana ").unwrap().as_str(), "ana");
        assert_eq!(Name::parse(" "), Err(NameError::Empty));
        assert_eq!(Name::parse(&"é".repeat(30)).unwrap().as_str().len(), 60);
        assert_eq!(Name::parse(&"é".repeat(31)), Err(NameError::TooLong));
    }

    #[test]
    fn a_name_cannot_disguise_its_surroundings() {
        for bad in ["a\u{202e}b", "a\nb", "a\u{200b}b", "a\u{1b}[31m", "\u{feff}a"] {
            assert_eq!(Name::parse(bad), Err(NameError::Forbidden), "{bad:?}");
        }
        // A joiner inside an emoji or a Persian word is not a disguise.
        assert!(Name::parse("👩\u{200d}🔬").is_ok());
    }

    #[test]
    fn debug_hides_the_name() {
        assert_eq!(format!("{:?}", Name::parse("ana").unwrap()), "Name(3 characters)");
    }
}
