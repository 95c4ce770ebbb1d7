//! The sentences that people read about outcomes and errors, once, for all interfaces.
//!
//! An error has a kind (which gives the exit code), a message (what happened and what it means)
//! and a hint (what to do next). The rules for all words here: plain, no blame, no exclamation
//! marks, and nothing is promised that was not seen.

mod check;
mod healing;
mod message;
mod profile;
mod repair;
mod request;
mod storage;

use std::time::Duration;

pub use self::check::{
    CHECK_QUESTION, STAY_QUESTION, WITHOUT_QUESTION, check, check_cancelled, check_failed,
};
pub use self::healing::{HealingColour, HealingWords, healing, healing_short};
pub use self::message::{
    blocked, deleted, delivery_mark, delivery_word, history, leave_how, not_done, not_sent, timer,
    timer_stands,
};
pub use self::profile::{
    Locked, NO_PASSWORD, NOT_LOCKED_BY_WORDS, PASSWORD_CHANGED, locked, password_differs,
    password_strength, profile_is_locked,
};
pub use self::repair::repair;
pub use self::request::{
    ADDRESS_COSTS, ADDRESS_STAYS, GREETING_QUESTION, NICK_QUESTION, NO_ADDRESS, NOT_ANSWERED,
    NOT_ASKED, PEER_QUESTION, REPLACE_QUESTION, address, address_line, ask_state, asked, begun,
    no_such_request, not_kept, request, request_state, requests_short, several_such_requests,
};
pub use self::storage::{STORAGE_WELL, storage};
use crate::command::Role;
use crate::event::{
    LinkState, MeetingEnd, MeetingStep, NetworkKind, NetworkState, NetworkStep, Trust,
};

/// What sort of failure it is. The number is the exit code of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A fault of the program itself.
    Internal = 1,
    /// The command line or an answer was wrong.
    Usage = 2,
    /// The network cannot be reached.
    Network = 3,
    /// Nobody answers.
    NobodyAnswers = 4,
    /// The code is wrong, burnt, taken or too old.
    Code = 5,
    /// The partner is gone, or the connection was lost for good.
    PartnerGone = 6,
    /// A check failed and the user left.
    CheckFailed = 7,
    /// This machine lacks what is needed: a terminal, memory, a memory file system.
    Environment = 8,
    /// Something was not delivered.
    NotDelivered = 9,
}

impl Kind {
    /// Every kind, in the order of the exit codes.
    pub const ALL: [Self; 9] = [
        Self::Internal,
        Self::Usage,
        Self::Network,
        Self::NobodyAnswers,
        Self::Code,
        Self::PartnerGone,
        Self::CheckFailed,
        Self::Environment,
        Self::NotDelivered,
    ];

    /// The exit code of a program that ends with this failure.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        self as u8
    }

    /// The kind's name in JSON lines and in the manual.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Usage => "usage",
            Self::Network => "network",
            Self::NobodyAnswers => "nobody_answers",
            Self::Code => "code",
            Self::PartnerGone => "partner_gone",
            Self::CheckFailed => "check_failed",
            Self::Environment => "environment",
            Self::NotDelivered => "not_delivered",
        }
    }
}

/// An error as a person reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserError {
    /// Which sort; its number is the exit code.
    pub kind: Kind,
    /// What happened and what it means. Ends with a full stop.
    pub message: String,
    /// What to do next. Ends with a full stop.
    pub hint: String,
}

impl UserError {
    /// An error from its three parts.
    #[must_use]
    pub fn new(kind: Kind, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: hint.into() }
    }
}

impl std::fmt::Display for UserError {
    /// Message and hint, one after the other.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.message, self.hint)
    }
}

impl std::error::Error for UserError {}

/// Said wherever the program introduces itself.
pub const NOT_AUDITED: &str = "Nobody outside the project has audited Undertone yet.";

/// Said on every screen while the loopback network is in use, in short.
pub const NO_ANONYMITY: &str = "no anonymity";

/// Said once, in full, when the loopback network is in use.
pub const NO_ANONYMITY_LONG: &str = "This uses the local network of this machine: no anonymity.";

/// Why a meeting ended without a conversation, as the end in `role` reads it.
#[must_use]
pub fn meeting_end(end: &MeetingEnd, role: Role) -> UserError {
    let host = role == Role::Host;
    match end {
        MeetingEnd::NobodyAnswers => UserError::new(
            Kind::NobodyAnswers,
            "Nobody answers under this code: mistyped, too old, or the other side isn't ready.",
            "Compare the code with your partner, wait until their side says that it is reachable, \
             and try again.",
        ),
        MeetingEnd::CodeTaken => UserError::new(
            Kind::Code,
            "This code is taken: somebody already answers under it.",
            "If that is your partner, join with the same code instead of saying it; if not, take \
             another code.",
        ),
        MeetingEnd::WrongPassword => UserError::new(
            Kind::Code,
            if host {
                "The codes differ: someone came with the first part of your code but not the \
                 rest. It was a slip of your partner, or someone guessed. The code is burnt and \
                 nobody got in."
            } else {
                "The codes differ: you reached someone under the first part of the code, but the \
                 rest doesn't match. It was a slip on one side, or someone stood in between. The \
                 code is burnt and nothing was said."
            },
            "Agree on a fresh code and begin again on both sides.",
        ),
        MeetingEnd::TooManyUnconfirmed => UserError::new(
            Kind::Code,
            "Somebody came several times and went away before proving that they know the code. \
             The code is burnt and nobody got in.",
            "Agree on a fresh code and begin again on both sides.",
        ),
        MeetingEnd::Expired => UserError::new(
            Kind::Code,
            "Ten minutes passed and nobody came. The code is too old now and answers no more.",
            "Begin again and say the fresh code to your partner.",
        ),
        MeetingEnd::NeverReachable => UserError::new(
            Kind::Network,
            "The meeting place did not become reachable in time, so nobody could have come.",
            "Begin again with a fresh code; if it happens twice, look at your connection and this \
             machine's clock.",
        ),
        MeetingEnd::PartnerGone => UserError::new(
            Kind::PartnerGone,
            "The other side went away before both sides had confirmed. No conversation began and \
             the code is spent.",
            "Agree on a fresh code and begin again on both sides.",
        ),
        MeetingEnd::NoCommonVersion => UserError::new(
            Kind::Code,
            "The two programs have no protocol version in common, so they cannot talk.",
            "Compare what `undertone --version` says on both sides and update the older one.",
        ),
        MeetingEnd::ProtocolViolation => UserError::new(
            Kind::Code,
            "The other side sent something that the protocol does not allow. Nothing of it was \
             used and no conversation began.",
            "Begin again with a fresh code; if it happens again, whoever answers may not be your \
             partner.",
        ),
        MeetingEnd::NoNetwork => UserError::new(
            Kind::Network,
            "The network could not be reached in time.",
            "Look at your connection and this machine's clock, wait a minute or two, and try \
             again.",
        ),
        MeetingEnd::NotStored => UserError::new(
            Kind::Environment,
            "This machine could not store what was agreed on, so no conversation began.",
            "Look at what is said about the storage, then begin again with a fresh code.",
        ),
        MeetingEnd::GivenUp => UserError::new(
            Kind::Code,
            if host {
                "You gave the meeting up. The code is burnt: nobody answers under it."
            } else {
                "You gave the meeting up before anyone was reached."
            },
            "Begin again whenever you like, with a fresh code.",
        ),
    }
}

/// The name of a network.
#[must_use]
pub fn network_name(kind: NetworkKind) -> &'static str {
    match kind {
        NetworkKind::Arti => "Tor",
        NetworkKind::Local => "local network",
    }
}

/// The state of the network in a few words, for a status line.
#[must_use]
pub fn network_short(state: &NetworkState) -> String {
    let name = network_name(state.kind);
    match &state.step {
        NetworkStep::Finding { percent } => format!("{name}: connecting, {percent} %"),
        NetworkStep::Ready => format!("{name}: reachable"),
        NetworkStep::Blocked { .. } => format!("{name}: not reachable"),
    }
}

/// The state of the network as a sentence.
#[must_use]
pub fn network(state: &NetworkState) -> String {
    match (&state.step, state.kind) {
        (NetworkStep::Finding { percent }, _) => format!("Finding the network, {percent} %."),
        (NetworkStep::Ready, NetworkKind::Arti) => "The Tor network is reachable.".to_owned(),
        (NetworkStep::Ready, NetworkKind::Local) => {
            format!("The local network is ready. {NO_ANONYMITY_LONG}")
        }
        (NetworkStep::Blocked { reason }, _) => {
            let reason = reason.trim_end_matches('.');
            format!("The network cannot be reached now: {reason}. It is tried again.")
        }
    }
}

/// What to think of after the network could not be found for twenty seconds.
pub const NETWORK_SLOW: &str = "This takes longer than usual. The first start needs up to a \
     minute or two; after that, the connection, a firewall that blocks Tor, or a wrong clock may \
     be the reason.";

/// The sentence about a clock that differs from the relays' by so many seconds; positive when this
/// machine is ahead.
#[must_use]
pub fn clock_off(seconds: i64) -> String {
    let by = duration(Duration::from_secs(seconds.unsigned_abs()));
    let direction = if seconds >= 0 { "ahead of" } else { "behind" };
    format!(
        "This machine's clock is {by} {direction} what the relays say. Set it right, or codes may \
         not be found."
    )
}

/// The words for a step of a meeting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepWords {
    /// While it goes on.
    pub doing: &'static str,
    /// Once it is done.
    pub done: &'static str,
    /// How long it takes, where that is known.
    pub usual: Option<&'static str>,
}

/// The words for finding the network, which comes before the steps of a meeting.
pub const FINDING_NETWORK: StepWords =
    StepWords { doing: "finding the network", done: "found the network", usual: None };

/// The words for a step of a meeting.
#[must_use]
pub fn step(step: &MeetingStep) -> StepWords {
    let (doing, done, usual) = match step {
        MeetingStep::MakingPlace => {
            ("making the meeting place", "made the meeting place", Some("about a second"))
        }
        MeetingStep::LookingWhetherTaken => {
            ("looking whether the code is free", "the code is free", Some("at most 20 s"))
        }
        MeetingStep::Publishing => {
            ("publishing it", "published it: reachable", Some("usually 10 to 40 s"))
        }
        MeetingStep::Reachable { .. } => ("waiting for your partner", "your partner came", None),
        MeetingStep::Dialling { .. } => {
            ("calling your partner", "reached the meeting place", Some("usually 5 to 30 s"))
        }
        MeetingStep::Agreeing => ("agreeing on keys", "agreed on keys", Some("a few seconds")),
    };
    StepWords { doing, done, usual }
}

/// A step of a meeting as a sentence, said when it begins.
#[must_use]
pub fn step_sentence(of: &MeetingStep) -> String {
    match of {
        MeetingStep::Reachable { lives } => format!(
            "Reachable: your partner can come now. The code lives for {}.",
            duration(*lives)
        ),
        MeetingStep::Dialling { attempt } if *attempt > 1 => {
            format!("Calling your partner, attempt {attempt}.")
        }
        _ => {
            let words = step(of);
            let mut sentence = capital(words.doing);
            if let Some(usual) = words.usual {
                sentence.push_str(", ");
                sentence.push_str(usual);
            }
            sentence.push('.');
            sentence
        }
    }
}

/// What the host reads when a guest came without the right password.
#[must_use]
pub fn guesses_left(left: u8) -> String {
    let times = if left == 1 { "once more".to_owned() } else { format!("{left} more times") };
    format!(
        "Somebody came under this code but did not prove that they know it. That can happen \
         {times} before the code is burnt."
    )
}

/// What both read when the keys are agreed on.
pub const PAIRED: &str = "Paired: both sides hold the same keys.";

/// The colour of a level of trust. Each also has its word and its shape, so colour alone never
/// carries the meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrustColour {
    /// Nothing vouches for the partner.
    Red,
    /// Paired by code.
    Green,
    /// A check succeeded.
    Cyan,
}

/// The mark, word and colour of a level of trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrustWords {
    /// `■`, `●` or `▲`.
    pub mark: char,
    /// One word.
    pub word: &'static str,
    /// Why, in a few words that fit in brackets.
    pub why: &'static str,
    /// The colour.
    pub colour: TrustColour,
}

/// The mark, word and colour of a level of trust.
#[must_use]
pub fn trust(level: Trust) -> TrustWords {
    match level {
        Trust::Unverified => TrustWords {
            mark: '■',
            word: "unverified",
            why: "nothing vouches for them",
            colour: TrustColour::Red,
        },
        Trust::Verified { skipped: false } => {
            TrustWords { mark: '●', word: "verified", why: "by code", colour: TrustColour::Green }
        }
        Trust::Verified { skipped: true } => TrustWords {
            mark: '●',
            word: "verified",
            why: "by code, check skipped",
            colour: TrustColour::Green,
        },
        Trust::Authenticated => TrustWords {
            mark: '▲',
            word: "authenticated",
            why: "the check succeeded",
            colour: TrustColour::Cyan,
        },
    }
}

/// A level of trust as a sentence about `peer`.
#[must_use]
pub fn trust_sentence(level: Trust, peer: &str) -> String {
    if level == Trust::Unverified {
        return format!(
            "{peer} is unverified: nothing vouches for who this is. /check compares a secret that only \
             you two know."
        );
    }
    let words = trust(level);
    format!("{peer} is {}: {}.", words.word, words.why)
}

/// The state of the connection in a few words, for a header.
#[must_use]
pub fn link_short(state: &LinkState) -> &'static str {
    match state {
        LinkState::Up => "online · you hear each other",
        LinkState::Lost { .. } => "connection lost · calling again",
        LinkState::Away => "not connected · calling",
        LinkState::GivenUp => "connection lost for good",
    }
}

/// The state of the connection as a sentence.
#[must_use]
pub fn link(state: &LinkState) -> String {
    match state {
        LinkState::Up => "Connected: you hear each other.".to_owned(),
        LinkState::Lost { redial_for } => format!(
            "The connection was lost. It is tried again for {}; what you write waits until then.",
            duration(*redial_for)
        ),
        LinkState::Away => {
            "Not connected. Your partner is called until they answer; what you write waits."
                .to_owned()
        }
        LinkState::GivenUp => {
            "The connection did not come back in time. The conversation has ended.".to_owned()
        }
    }
}

/// The error of a conversation whose connection did not come back.
#[must_use]
pub fn link_given_up() -> UserError {
    UserError::new(
        Kind::PartnerGone,
        "The connection to your partner was lost and did not come back in time.",
        "Agree on a fresh code and begin again on both sides.",
    )
}

/// The error of a conversation that ended while `count` messages were not confirmed.
#[must_use]
pub fn undelivered(count: usize) -> UserError {
    let message = if count == 1 {
        "One message was not confirmed: it may not have arrived.".to_owned()
    } else {
        format!("{count} messages were not confirmed: they may not have arrived.")
    };
    UserError::new(
        Kind::NotDelivered,
        message,
        "Begin again with a fresh code and ask your partner what arrived.",
    )
}

/// What is read when texts begin to flow.
pub const OPEN: &str = "The conversation is open.";

/// What is read when something was refused.
pub const REFUSED: &str = "Something arrived that was damaged, forged or a repetition, and was refused. The \
     conversation goes on.";

/// What is read when the partner said goodbye.
#[must_use]
pub fn peer_left(peer: &str) -> String {
    format!("{peer} ended the conversation.")
}

/// What is read when this side's goodbye is out.
#[must_use]
pub fn left(confirmed: bool) -> &'static str {
    if confirmed {
        "You ended the conversation on both sides."
    } else {
        "You ended the conversation. Your partner's side did not confirm the goodbye."
    }
}

/// What is read about the name that a partner calls themselves; `claim` already made harmless.
#[must_use]
pub fn peer_name(peer: &str, claim: &str) -> String {
    format!("{peer} goes by the name “{claim}” there.")
}

/// The error of an interface whose node ended without a word.
#[must_use]
pub fn node_gone() -> UserError {
    UserError::new(
        Kind::Internal,
        "The program's core ended unexpectedly. The conversation is over.",
        "Begin again with a fresh code; `undertone doctor` may say more.",
    )
}

/// A span of time in words, whole seconds below an hour: `9 min 58 s`, `2 h 5 min`.
#[must_use]
pub fn duration(span: Duration) -> String {
    let seconds = span.as_secs();
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes, rest) {
        (0, 0, s) => format!("{s} s"),
        (0, 1, 0) => "one minute".to_owned(),
        (0, 10, 0) => "ten minutes".to_owned(),
        (0, m, 0) => format!("{m} min"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, 0, _) => format!("{h} h"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

/// The words with their first letter as a capital.
fn capital(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
