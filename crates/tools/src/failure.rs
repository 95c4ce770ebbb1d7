//! Failures as people read them.

use std::io;

use undertone_ratchet::session::{ChunkError, DecryptError, EncryptError, StateError};
use undertone_ratchet::stream;
use undertone_store::key::KeyError;
use undertone_store::profiles::{HomeError, NoHome, PasswordError};
use undertone_store::sessions::ChangeError;
use undertone_store::{Fault, OpenError};

/// What sort of failure it is; the program's exit codes go by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A fault of the program itself.
    Internal,
    /// The command line, a passphrase or another answer was wrong.
    Usage,
    /// The other end of a pipe is gone.
    PartnerGone,
    /// What came is not what the partner made for us: forged, damaged, cut off, or read before; or
    /// two numbers that were compared differ.
    CheckFailed,
    /// The machine lacks something: a terminal, room, a right.
    Environment,
    /// Something could not be sent.
    NotDelivered,
}

/// A failure in three parts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} {hint}")]
pub struct Failure {
    /// Which sort.
    pub kind: Kind,
    /// What happened and what it means. Ends with a full stop.
    pub message: String,
    /// What to do next. Ends with a full stop.
    pub hint: String,
}

impl Failure {
    /// A failure from its three parts.
    #[must_use]
    pub fn new(kind: Kind, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: hint.into() }
    }

    /// From an error of a library, whose text begins small and has no full stop.
    pub(crate) fn said(
        kind: Kind,
        error: &impl std::fmt::Display,
        hint: impl Into<String>,
    ) -> Self {
        let text = error.to_string();
        let mut chars = text.chars();
        let capital: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
        Self::new(kind, format!("{capital}{}.", chars.as_str()), hint)
    }

    /// Reading or writing a stream failed.
    pub(crate) fn stream(which: &str, error: &io::Error) -> Self {
        let hint = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "Make room where it goes and run the command again: nothing is lost."
            }
            io::ErrorKind::BrokenPipe => {
                "Look at the program that reads it, and run the command again: nothing is lost."
            }
            _ => "Look at where it comes from or goes to, and run the command again.",
        };
        let message = format!("{which} failed: {}.", error.kind());
        Self::new(Kind::Environment, message, hint)
    }
}

/// Said when a conversation can't go on.
pub(crate) const BEGIN_ANEW: &str =
    "If it happens with every message, delete the conversation on both sides and begin it anew.";

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::said(Kind::Environment, &fault, fault.hint())
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        let kind = match error {
            KeyError::WrongPassphrase | KeyError::PassphraseNeeded | KeyError::NoPassphrase => {
                Kind::Usage
            }
            _ => Kind::Environment,
        };
        Self::said(kind, &error, error.hint())
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let kind = match error {
            OpenError::Key(error) => return error.into(),
            OpenError::Missing | OpenError::Exists => Kind::Usage,
            _ => Kind::Environment,
        };
        Self::said(kind, &error, error.hint())
    }
}

impl From<HomeError> for Failure {
    fn from(error: HomeError) -> Self {
        let kind = match error {
            HomeError::Password(error) => return error.into(),
            HomeError::None
            | HomeError::NoSuch
            | HomeError::Several
            | HomeError::NameTaken
            | HomeError::Name(_)
            | HomeError::NotTyped => Kind::Usage,
            _ => Kind::Environment,
        };
        Self::said(kind, &error, error.hint())
    }
}

impl From<PasswordError> for Failure {
    fn from(error: PasswordError) -> Self {
        let kind = match error.0 {
            KeyError::WrongPassphrase | KeyError::PassphraseNeeded | KeyError::NoPassphrase => {
                Kind::Usage
            }
            _ => Kind::Environment,
        };
        Self::said(kind, &error, error.hint())
    }
}

impl From<NoHome> for Failure {
    fn from(error: NoHome) -> Self {
        Self::said(Kind::Environment, &error, error.hint())
    }
}

impl From<ChangeError<Self>> for Failure {
    fn from(error: ChangeError<Self>) -> Self {
        let hint = match &error {
            ChangeError::Step(_) | ChangeError::Fault(_) => "",
            ChangeError::NoSuch => "`undertone ratchet list` shows all; `init` begins one.",
            ChangeError::NameTaken => "Take another name, or delete that conversation first.",
            ChangeError::PeerTaken => {
                "Each conversation needs a card made for it: ask your partner for another one."
            }
            _ => "Take another name.",
        };
        match error {
            ChangeError::Step(failure) => failure,
            ChangeError::Fault(fault) => fault.into(),
            error => Self::said(Kind::Usage, &error, hint),
        }
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        let hint = match error {
            StateError::Version(_) => "Use the version that wrote it, or a later one.",
            _ => "Delete the conversation on both sides and begin it anew.",
        };
        Self::said(Kind::Environment, &error, hint)
    }
}

impl From<EncryptError> for Failure {
    fn from(error: EncryptError) -> Self {
        match error {
            EncryptError::ChainFull => Self::new(
                Kind::NotDelivered,
                "256 messages wait for an answer; no more can be sent before one was read.",
                "Ask your partner to send something, read that, and run the command again.",
            ),
            EncryptError::Unhealed => Self::new(
                Kind::NotDelivered,
                "1,000 messages went by without fresh keys from both sides; no more are sent, for \
                 somebody may be keeping them from arriving.",
                BEGIN_ANEW,
            ),
            error => Self::said(Kind::Internal, &error, "Report it."),
        }
    }
}

impl From<ChunkError> for Failure {
    fn from(error: ChunkError) -> Self {
        Self::said(Kind::CheckFailed, &error, BEGIN_ANEW)
    }
}

impl From<DecryptError> for Failure {
    fn from(error: DecryptError) -> Self {
        let hint = match error {
            DecryptError::Replayed => "Nothing is lost: what was in it was shown then.",
            DecryptError::Payload | DecryptError::Length(_) => {
                "Get it once more from where it came; the conversation is as it was."
            }
            _ => BEGIN_ANEW,
        };
        Self::said(Kind::CheckFailed, &error, hint)
    }
}

impl From<stream::HeaderError> for Failure {
    fn from(error: stream::HeaderError) -> Self {
        Self::said(Kind::CheckFailed, &error, "Get it once more from where it came.")
    }
}

impl From<stream::OpenError> for Failure {
    fn from(error: stream::OpenError) -> Self {
        let hint = "Get it once more from where it came, and run the command on the whole again.";
        Self::said(Kind::CheckFailed, &error, hint)
    }
}

impl From<stream::SealError> for Failure {
    fn from(error: stream::SealError) -> Self {
        Self::said(Kind::Internal, &error, "Report it.")
    }
}
