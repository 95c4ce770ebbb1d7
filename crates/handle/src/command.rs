//! What a person can ask a node for.

use undertone_wire::address::OnionAddress;
use undertone_wire::code::Code;
use undertone_wire::request::{MAX_GREETING, MAX_GREETING_LEN};
use zeroize::Zeroizing;

use crate::{ConversationId, MessageId, SecretText, Ticket};

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
    /// Make the connection anew, on other circuits of the network.
    Reconnect(ConversationId),
    /// Send a text. It is kept and shown as waiting while there is no connection.
    Send {
        /// In which conversation.
        conversation: ConversationId,
        /// Under which its fate is told; see [`crate::Handle::send_text`].
        ticket: Ticket,
        /// The text, at most [`MAX_TEXT`] bytes of UTF-8.
        body: String,
        /// The message that it answers, if any.
        reply: Option<MessageId>,
    },
    /// Change a text of ours, on both sides.
    Edit {
        /// Which.
        message: MessageId,
        /// The new text, at most [`MAX_TEXT`] bytes of UTF-8.
        body: String,
    },
    /// Take a text of ours back that has not left yet. What may have arrived is deleted instead.
    Cancel(MessageId),
    /// Delete a message. One of ours is deleted on both sides; one of the partner's here alone.
    Delete(MessageId),
    /// Answer a message with a sign, or with none any more.
    React(MessageId, Option<Reaction>),
    /// The user has seen the conversation up to and including this message.
    Seen(ConversationId, MessageId),
    /// Put another timer on messages from now on, on both sides: seconds, at most [`MAX_TIMER`].
    SetTimer(ConversationId, Option<u32>),
    /// Keep the conversation's messages for so long, on this side.
    SetHistory(ConversationId, History),
    /// Keep what the user has begun to write; empty: nothing.
    Draft(ConversationId, SecretText),
    /// Show the partner under another name, on this side.
    Rename(ConversationId, Name),
    /// Block a lasting contact, or no longer: whoever is blocked is neither dialled nor served, and finds this side
    /// away. Nothing is sent to them meanwhile.
    Block(ConversationId, bool),
    /// Say goodbye and end the conversation on both sides. A lasting contact is deleted with all
    /// that belongs to it.
    Leave(ConversationId),
    /// Have a public address, at which strangers can ask, or have none.
    Address(AddressCommand),
    /// Ask the owner of a public address for a conversation.
    Ask(Box<Ask>),
    /// Take a request of ours back: nobody is asked any more, and an answer finds nobody.
    Withdraw(ConversationId),
    /// Answer a request that came. Whoever asked learns of nothing but an acceptance.
    Answer(ConversationId, Answer),
    /// End the node in order: goodbye in conversations that don't last, services down, the RAM
    /// directory removed.
    Shutdown,
}

/// How long messages are kept on this side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum History {
    /// Until they are deleted.
    Kept,
    /// For so many seconds after they were written or came.
    For(u32),
    /// Until they were seen here, or have arrived there.
    NotKept,
}

/// The longest timer in seconds: a year.
pub const MAX_TIMER: u32 = 366 * 86_400;

/// The longest reaction in bytes: one picture sign with all its modifiers.
pub const MAX_REACTION: usize = 64;

/// A sign that answers a message: 1 to [`MAX_REACTION`] bytes that no terminal takes for a command.
#[derive(Clone, PartialEq, Eq)]
pub struct Reaction(Zeroizing<String>);

impl Reaction {
    /// Checks a sign. `None`: empty, too long, or with characters that could disguise text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = !text.is_empty() && text.len() <= MAX_REACTION;
        let plain = !text.chars().any(|c| is_deceptive(c) || c.is_whitespace());
        (fits && plain).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The sign.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Reaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reaction(…)")
    }
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
    /// Whether the contact outlives the program's end, on this side.
    pub lasting: bool,
}

/// What becomes of the public address. Whoever knows it can see when its owner is online.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressCommand {
    /// Serve it; the first time it is made.
    On,
    /// Serve it no longer. It stays the same for when it is served again.
    Off,
    /// Make another one. Nobody finds this side at the old one any more.
    Replace,
}

/// A request of ours to the owner of a public address.
#[derive(Debug)]
pub struct Ask {
    /// The id under which its events will come, and later those of the conversation.
    pub conversation: ConversationId,
    /// Whom to ask.
    pub address: OnionAddress,
    /// The name that this side sends, for this request and its conversation only.
    pub nick: Name,
    /// The name under which this side shows the partner; local, never sent.
    pub peer: Name,
    /// What is said with the request.
    pub greeting: Greeting,
}

/// What the user decides about a request that came.
#[derive(Debug)]
pub enum Answer {
    /// Reach whoever asked, and begin a conversation.
    Accept {
        /// The name that this side sends, for this conversation only.
        nick: Name,
        /// The name under which this side shows the partner; local, never sent.
        peer: Name,
    },
    /// Let it go, an acceptance that has reached nobody yet as well. The same request does not come again.
    Refuse,
    /// Let it go, and all that come from the same public address, until [`Answer::Unblock`].
    Block,
    /// Let requests of a blocked one come again.
    Unblock,
}

/// What is said with a request: at most [`MAX_GREETING`] UTF-16 units, lines and no other control, bidi or
/// invisible characters; may be empty.
#[derive(Clone, PartialEq, Eq)]
pub struct Greeting(Zeroizing<String>);

/// Why a greeting was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GreetingError {
    /// More than [`MAX_GREETING`] UTF-16 units.
    #[error("a greeting has at most {MAX_GREETING} characters")]
    TooLong,
    /// A control, bidirectional or invisible character, which could disguise text around it.
    #[error("a greeting may not contain control, direction or invisible characters")]
    Forbidden,
}

impl Greeting {
    /// Checks and trims a greeting.
    ///
    /// # Errors
    /// See [`GreetingError`].
    pub fn parse(text: &str) -> Result<Self, GreetingError> {
        let text = text.trim();
        if text.len() > MAX_GREETING_LEN || text.encode_utf16().count() > MAX_GREETING {
            return Err(GreetingError::TooLong);
        }
        if text.chars().any(|c| c != '\n' && is_deceptive(c)) {
            return Err(GreetingError::Forbidden);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Greeting {
    /// What people write stays out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Greeting(…)")
    }
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
    fn a_greeting_is_bounded_and_cannot_disguise_its_surroundings() {
        assert_eq!(
            Greeting::parse(" it's me\nfrom the pond ").unwrap().as_str(),
            "it's me\nfrom the pond"
        );
        assert!(Greeting::parse("").is_ok());
        // A sign beyond the first plane has two units.
        assert!(Greeting::parse(&"🦊".repeat(MAX_GREETING / 2)).is_ok());
        assert_eq!(
            Greeting::parse(&"🦊".repeat(MAX_GREETING / 2 + 1)),
            Err(GreetingError::TooLong)
        );
        for bad in ["a\u{202e}b", "a\u{1b}[31m", "a\rb"] {
            assert_eq!(Greeting::parse(bad), Err(GreetingError::Forbidden), "{bad:?}");
        }
        assert_eq!(format!("{:?}", Greeting::parse("ana").unwrap()), "Greeting(…)");
    }

    #[test]
    fn debug_hides_the_name() {
        assert_eq!(format!("{:?}", Name::parse("ana").unwrap()), "Name(3 characters)");
    }
}
