//! What a face is given when it starts, and what it gives back when it ends.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use undertone_handle::command::{History, Name, Role};
use undertone_handle::event::{NetworkKind, Trust};
use undertone_handle::query::{AddressLine, AskLine, Line, RequestLine};
use undertone_handle::words::{Locked, UserError};
use undertone_handle::{ConversationId, SecretText};
use undertone_wire::code::Code;

use crate::keeper::Keeper;

/// What was said beforehand, on the command line or by the caller. A face asks for what is missing.
pub struct Plan {
    /// Whether to say a code or to join by one.
    pub role: Option<Role>,
    /// The name that this side sends to its partner.
    pub nick: Option<Name>,
    /// The name under which this side shows its partner.
    pub peer: Option<Name>,
    /// The code.
    pub code: Option<Code>,
    /// Whether this side wants the check.
    pub check: Option<bool>,
    /// The check's secret.
    pub secret: Option<SecretText>,
    /// Whether the conversation outlives the program's end, on this side.
    pub lasting: bool,
    /// The lasting profile that is open, if one is.
    pub profile: Option<Profile>,
    /// The conversation that is gone on with: nobody is met.
    pub resume: Option<ConversationId>,
    /// The settings that hold, one a line, for whoever asks.
    pub settings: Vec<String>,
    /// Which network the node uses. On the local one every screen says that there is no anonymity.
    pub network: NetworkKind,
    /// Whether the partner is played by this program; every screen says so then.
    pub demo: bool,
    /// Whether to use colours; off where `NO_COLOR` is set.
    pub colour: bool,
    /// How far local time is ahead of UTC.
    pub utc_offset_seconds: i32,
    /// Draws a code to propose: a face has no randomness of its own.
    pub propose: Box<dyn FnMut() -> Code + Send>,
    /// Draws the id of a conversation; asked once for each meeting that is tried.
    pub conversation: Box<dyn FnMut() -> ConversationId + Send>,
}

/// A lasting profile, as a face knows it.
pub struct Profile {
    /// What its owner calls it.
    pub name: String,
    /// Whether it has a password; without one it can't be locked.
    pub password: bool,
    /// It is locked after so long without a key; `None`: never.
    pub idle_lock: Option<Duration>,
    /// How long messages of new conversations are kept, if not for good.
    pub history: Option<History>,
    /// Its conversations, the one with the newest message first.
    pub conversations: Vec<Resume>,
    /// Its public address and requests.
    pub requests: Requests,
}

/// The public address of a profile and its requests, as they are kept.
#[derive(Clone, Default)]
pub struct Requests {
    /// The public address, if there is one.
    pub address: Option<AddressLine>,
    /// The requests that came, oldest first.
    pub came: Vec<RequestLine>,
    /// Our own, oldest first.
    pub own: Vec<AskLine>,
}

impl std::fmt::Debug for Requests {
    /// Says nothing of names and greetings.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Requests").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Profile {
    /// Says nothing of names and texts.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Profile").field("password", &self.password).finish_non_exhaustive()
    }
}

/// A lasting conversation, as it was when the face came to it.
pub struct Resume {
    /// Which.
    pub conversation: ConversationId,
    /// This side's name in it.
    pub nick: Option<Name>,
    /// The name under which this side shows the partner.
    pub peer: Name,
    /// How far the partner is known.
    pub trust: Trust,
    /// Whether the partner has said goodbye for good.
    pub ended: bool,
    /// Whether the user has blocked the partner.
    pub blocked: bool,
    /// Messages of the partner's that nobody has seen.
    pub unread: usize,
    /// The last messages, oldest first.
    pub lines: Vec<Line>,
    /// The timer on new messages, in seconds.
    pub timer: Option<u32>,
    /// How long this side keeps its messages.
    pub history: History,
    /// What the user had begun to write.
    pub draft: Option<SecretText>,
}

impl std::fmt::Debug for Resume {
    /// Says nothing of names and texts.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resume").field("conversation", &self.conversation).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Plan {
    /// Says nothing of names, code and secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plan")
            .field("role", &self.role)
            .field("network", &self.network)
            .field("demo", &self.demo)
            .finish_non_exhaustive()
    }
}

/// The two clocks of a machine: a face has none of its own.
pub trait Clock {
    /// Both, read now.
    fn now(&self) -> Now;
}

/// A moment on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Seconds since 1970, UTC, as the machine's clock says; it may jump.
    pub wall: u64,
    /// Time since some fixed moment; it never goes back.
    pub monotonic: Duration,
}

/// What a running face needs of the world besides its node.
pub struct World {
    /// The clocks.
    pub clock: Box<dyn Clock + Send>,
    /// One `()` for each wish from outside to end: SIGINT, SIGTERM, SIGHUP. The first ends in
    /// order, the second at once.
    pub interrupts: mpsc::Receiver<()>,
    /// Look-ups and the password of a lasting profile, where there is one.
    pub keeper: Option<Arc<dyn Keeper>>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("World")
    }
}

/// How a face ended. It has asked the node to shut down and, unless it was hurried, has waited
/// until the node had ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// Whether the user can still read the failure, so that the caller need not print it.
    pub told: bool,
}

/// How a face ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// As the user wished, or by the partner's goodbye.
    Done,
    /// The user chose the demo on the start screen; the caller runs it.
    Demo,
    /// The profile is to be locked, for this reason; this conversation was shown. The node has ended,
    /// and nothing of the profile may stay in memory.
    Locked(Locked, Option<ConversationId>),
    /// With a failure, whose kind is the exit code.
    Failed(UserError),
}
