//! What a session tells its caller.

use std::fmt;

use crate::codec::DecodeError;
use crate::fingerprint::Fingerprint;
use crate::line::ArmorError;
use crate::tag::InstanceTag;
use crate::v3::ake::AkeError;
use crate::v3::keys::{DataError, ExtraKey};
use crate::version::{Version, Versions};

/// What follows from a call: lines for the carrier, in their order, and events for the caller.
#[derive(Debug, Default)]
#[must_use = "the lines are to be sent, and the events to be heeded"]
pub struct Output {
    /// Each is one line, of at most the carrier's length if that was given, but for text in the
    /// clear, whose length is the caller's.
    pub lines: Vec<String>,
    /// What happened.
    pub events: Vec<Event>,
}

/// Which client of the peer: its instance tag, or none for one that speaks version 2.
pub type Instance = Option<InstanceTag>;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The peer said this, in private.
    Private {
        /// The client that said it.
        instance: Instance,
        /// The text. Many clients send HTML.
        text: String,
    },
    /// This came in the clear; anybody may have written it.
    Plain {
        /// The text, without whitespace tag.
        text: String,
        /// Whether it should have been private: a session is on or just ended, or the policy
        /// requires it. To be shown with a warning.
        unexpected: bool,
    },
    /// The peer offers these versions.
    Offered(Versions),
    /// The peer offers nothing that the policy allows. A sentence is in the `Display` of
    /// [`Refusal::NoCommonVersion`].
    NothingInCommon(Versions),
    /// What is said from here on is private. Who the peer is, only its fingerprint tells.
    Secure {
        /// The client that the session is with.
        instance: Instance,
        /// The version spoken.
        version: Version,
        /// The fingerprint of the peer's key. To be compared with the one that is trusted.
        fingerprint: Fingerprint,
        /// For both people to compare aloud.
        session: SessionId,
        /// Whether a session with the same key was on already, and goes on under fresh keys.
        refreshed: bool,
    },
    /// The peer has ended the session. Nothing is sent until the user ends it too, or starts anew.
    Finished {
        /// The client that ended it.
        instance: Instance,
    },
    /// The session went on for too long without new keys, and was ended. Version 4 alone.
    Expired {
        /// The client that it was with.
        instance: Instance,
        /// How long that was.
        after: std::time::Duration,
    },
    /// The key of version 3 that the peer's account has vouches for its identity of version 4. If
    /// the older fingerprint is trusted, the new one may be. Comes before [`Event::Secure`].
    Vouched {
        /// The client that the session is with.
        instance: Instance,
        /// The fingerprint of the key of version 3.
        older: Fingerprint,
        /// The fingerprint of the identity of version 4.
        fingerprint: Fingerprint,
    },
    /// An empty message, sent so that keys change.
    Heartbeat {
        /// The client that sent it.
        instance: Instance,
    },
    /// Text waits for a session, which a query asks for.
    Waiting,
    /// Text that waited, or that the peer couldn't read, went out in private.
    Sent {
        /// The text as it was typed.
        text: String,
    },
    /// Text that waited didn't go out.
    NotSent {
        /// The text as it was typed.
        text: String,
    },
    /// The peer's program complains.
    PeerError {
        /// Its sentence, in the clear: anybody may have written it.
        sentence: String,
    },
    /// The peer wants to use the extra symmetric key.
    ExtraKey {
        /// The client that wants it.
        instance: Instance,
        /// What for, as the two programs have agreed.
        usage: u32,
        /// What else belongs to this use.
        data: Vec<u8>,
        /// The key.
        key: ExtraKey,
    },
    /// The peer asks whether we know the same secret: ask the user, then call
    /// [`Session::answer`](crate::Session::answer) or [`Session::cancel`](crate::Session::cancel).
    Asked {
        /// The client that asks.
        instance: Instance,
        /// The question, if there is one.
        question: Option<String>,
    },
    /// A check has ended. For who asked, a match shows whose key it is; for who answered, only if
    /// the question was their own to choose.
    Checked {
        /// The client that it was with.
        instance: Instance,
        /// Whether both know the same secret.
        matched: bool,
    },
    /// The peer has cancelled the check, or a key exchange has ended it.
    CheckCancelled {
        /// The client that did.
        instance: Instance,
    },
    /// A message of a check was wrong or came out of turn; the check is over, and the peer is told.
    CheckFailed {
        /// The client that sent it.
        instance: Instance,
        /// What was wrong.
        why: undertone_smp::ReceiveError,
    },
    /// A message was refused; nothing changed.
    Refused(Refusal),
}

/// Why a message was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It is of version 1, or offers nothing else.
    #[error(
        "the other side's program speaks only version 1 of OTR, which is broken and which nobody \
         should use; it needs to be updated"
    )]
    VersionOne,
    /// No version is in common.
    #[error("the other side's program and this one have no version of OTR in common")]
    NoCommonVersion,
    /// It is of a version that this library doesn't speak or the policy doesn't allow.
    #[error("a message of version {0} of OTR came, which is not allowed here")]
    Version(u16),
    /// It is in no form of OTR.
    #[error("a message of OTR is damaged: {0}")]
    Armor(#[from] ArmorError),
    /// Its fields can't be read.
    #[error("a message of OTR is damaged: {0}")]
    Malformed(#[from] DecodeError),
    /// A fragment can't be read.
    #[error("a piece of a message is damaged; the carrier may have changed it")]
    Fragment,
    /// It names an instance tag that nobody can have.
    #[error("a message of OTR names a client that can't exist")]
    Tag,
    /// It is for another client of ours.
    #[error("an encrypted message came for another program that uses your account")]
    OtherInstance,
    /// It is our own.
    #[error("a message of our own came back; somebody may be replaying what you send")]
    Reflected,
    /// More clients of the peer have sessions than are kept.
    #[error("the other side has more programs running than can be talked to at once")]
    TooManyInstances,
    /// A message of a key exchange is wrong.
    #[error("a message that should begin a private conversation was refused: {0}")]
    Exchange(AkeError),
    /// It is encrypted, and no session is on.
    #[error("an encrypted message came that can't be read: no private conversation is on")]
    NotPrivate,
    /// It came before the key exchange that it belongs to has ended. It is read when that ends.
    #[error("an encrypted message came early; it is read when the private conversation begins")]
    Early,
    /// It is of an older version than the peer is known to speak, and the policy doesn't allow
    /// that.
    #[error(
        "an older version of OTR is offered than the other side is known to speak; somebody may be \
         changing what it sends"
    )]
    RollBack,
    /// What follows a text can't be read. The text itself was taken.
    #[error("what the other side's program attached to a message can't be read")]
    Records,
    /// It is encrypted, and wrong.
    #[error("an encrypted message came that can't be read: {0}")]
    Unreadable(DataError),
}

/// Numbers that both ends of a session share, for both people to compare aloud ("secure session
/// id").
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SessionId {
    pub(crate) bytes: [u8; 8],
    pub(crate) first: bool,
}

impl SessionId {
    /// All bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8; 8] {
        &self.bytes
    }

    /// Both halves, each of eight digits. One side reads the first aloud, the other the second.
    #[must_use]
    pub fn halves(&self) -> [String; 2] {
        let (one, two) = self.bytes.split_at(4);
        [one, two].map(|half| data_encoding::HEXLOWER.encode(half))
    }

    /// Whether we read the first half aloud; it is to be shown in bold type, or else the second.
    #[must_use]
    pub fn is_ours_first(&self) -> bool {
        self.first
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.halves().join(" "))
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({self})")
    }
}

/// Why a session can't be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// Lines are shorter than a piece of a message.
    #[error("lines of the carrier must have {min} bytes at least, or no piece of a message fits", min = crate::fragment::LINE_MIN)]
    LineTooShort,
}

/// Why no session is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// OTR is between two.
    #[error("private conversations are between two people; in a room there can be none")]
    Room,
    /// The policy allows no version.
    #[error("private conversations are turned off for this contact")]
    Off,
}

/// Why a text wasn't sent. Nothing left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The peer has ended the session.
    #[error(
        "nothing was sent: the other side has ended the private conversation; end it here too, or \
         start it anew"
    )]
    Finished,
    /// The chosen client has no session, and another one has.
    #[error(
        "nothing was sent: the private conversation is with another program of the other side than \
         the one that you chose"
    )]
    OtherInstance,
    /// The text has more than [`TEXT_MAX`](crate::TEXT_MAX) bytes.
    #[error("nothing was sent: the text is longer than {max} bytes", max = crate::TEXT_MAX)]
    TooLong,
    /// As many texts as may wait do so.
    #[error("nothing was sent: too much is waiting for the private conversation to begin")]
    TooManyWaiting,
}

/// Why nothing was written to a client that is offline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OfflineError {
    /// OTR is between two.
    #[error("nothing was sent: private conversations are between two people, not in a room")]
    Room,
    /// The policy doesn't allow version 4, or the account has no identity for it.
    #[error("nothing was sent: messages to somebody offline need version 4, which is turned off")]
    Off,
    /// What was published for the peer can't be used.
    #[error("nothing was sent: what was published for the other side can't be used: {0}")]
    Ensemble(AkeError),
    /// It was published for ourselves.
    #[error("nothing was sent: this was published for this program itself")]
    Ourselves,
    /// The text has more than [`TEXT_MAX`](crate::TEXT_MAX) bytes.
    #[error("nothing was sent: the text is longer than {max} bytes", max = crate::TEXT_MAX)]
    TooLong,
    /// As many clients of the peer as may have sessions do.
    #[error("nothing was sent: the other side has more programs than can be talked to at once")]
    TooManyInstances,
}

/// Why something that needs a session wasn't done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrivateError {
    /// None is on.
    #[error("this needs a private conversation, and none is on")]
    NotPrivate,
    /// What belongs to the use of a key is too long.
    #[error("this is longer than a record can be")]
    TooLong,
}
