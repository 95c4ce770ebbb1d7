//! What a node tells its interfaces. Every step here was *seen*, never assumed after a time.

use std::time::Duration;

use undertone_wire::address::OnionAddress;

use crate::command::{Greeting, History, Name, Reaction};
use crate::words::UserError;
use crate::{ConversationId, MessageId, Ticket};

/// Something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The way to the network changed.
    Network(NetworkState),
    /// A meeting moved on.
    Meeting(ConversationId, MeetingEvent),
    /// A conversation moved on.
    Conversation(ConversationId, ConversationEvent),
    /// The public address moved on.
    Address(AddressEvent),
    /// A request that came moved on; accepted, its conversation will have this id.
    Request(ConversationId, RequestEvent),
    /// A request of ours moved on; accepted, its conversation will have this id.
    Asked(ConversationId, AskedEvent),
    /// What is stored cannot be written or read, or can again.
    Storage(StorageEvent),
    /// The node cannot go on and will end.
    Fatal(UserError),
    /// The node has ended in order; no event follows.
    Ended,
}

/// Whether the storage does what it is asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageEvent {
    /// It does not. Nothing stored is lost; what was being done is not done, and nothing is sent or
    /// taken in until it does again.
    Failed(StorageFault),
    /// It does again.
    Well,
}

/// Why the storage did not do what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageFault {
    /// There is no room left.
    Full,
    /// The files or the file system can't be written.
    ReadOnly,
    /// This user has no right to the files.
    Denied,
    /// Another program holds the files.
    Busy,
    /// The bytes are not what was written.
    Damaged,
    /// Anything else of the machine's.
    Machine,
}

/// Which network a node uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkKind {
    /// Tor, through the embedded client.
    Arti,
    /// Loopback sockets on this machine: no anonymity.
    Local,
}

/// How far the way to the network is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkState {
    /// Which network.
    pub kind: NetworkKind,
    /// What has been seen of it.
    pub step: NetworkStep,
    /// How far this machine's clock differs from what relays say, if by a quarter of an hour or
    /// more; positive when this machine is ahead.
    pub clock_off_by_seconds: Option<i64>,
}

/// A step on the way to the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkStep {
    /// Looking for the network; `percent` as the client counts.
    Finding {
        /// 0 to 99.
        percent: u8,
    },
    /// The network is usable.
    Ready,
    /// The network cannot be reached now; the reason in the client's words, without addresses.
    Blocked {
        /// What blocks, for the details view.
        reason: String,
    },
}

/// A step of a meeting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MeetingEvent {
    /// A step began or was completed.
    Step(MeetingStep),
    /// A guest gave a wrong password or none; so many guesses are left before the code is burnt.
    GuessesLeft(u8),
    /// Both ends hold the same keys: the conversation exists from now on.
    Paired,
    /// The meeting ended without a conversation.
    Ended(MeetingEnd),
}

/// What a meeting is doing, in the order in which the steps are seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeetingStep {
    /// Host and guest: deriving the meeting place from the code.
    MakingPlace,
    /// Host: looking whether somebody already answers under this code.
    LookingWhetherTaken,
    /// Host: the descriptor is on its way to where a guest looks for it.
    Publishing,
    /// Host: a guest can come; the code lives so long from now.
    Reachable {
        /// Ten minutes when it is first said.
        lives: Duration,
    },
    /// Guest: dialling the meeting place.
    Dialling {
        /// From 1.
        attempt: u32,
    },
    /// A stream to the other end is open and encrypted; the keys are being agreed on.
    Agreeing,
}

/// Why a meeting ended without a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MeetingEnd {
    /// Guest: nobody answers under this code.
    NobodyAnswers,
    /// Host: somebody already answers under this code.
    CodeTaken,
    /// The two passwords differ, or someone in the middle guessed. The code is burnt.
    WrongPassword,
    /// Host: too many guests went away before they confirmed. The code is burnt.
    TooManyUnconfirmed,
    /// Host: ten minutes passed and nobody came.
    Expired,
    /// Host: the service did not become reachable in time.
    NeverReachable,
    /// The other end went away in the middle of the pairing.
    PartnerGone,
    /// The other end speaks no version that this one speaks.
    NoCommonVersion,
    /// The other end sent something that the protocol does not allow.
    ProtocolViolation,
    /// The network could not be reached in time.
    NoNetwork,
    /// What was agreed on could not be stored.
    NotStored,
    /// The user gave it up.
    GivenUp,
}

/// Where the public address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressEvent {
    /// It is on its way to where others look for it.
    Publishing(OnionAddress),
    /// Whoever looks for it finds it.
    Reachable(OnionAddress),
    /// Not now; it may come back.
    Unreachable(OnionAddress),
    /// Somebody else serves it, another copy of this profile for one; this side stops.
    Elsewhere(OnionAddress),
    /// It is not served.
    Off,
}

/// A step of a request that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestEvent {
    /// It came.
    Came {
        /// The name that whoever asks suggests. A claim, shown as one.
        name: Name,
        /// What was said with it.
        greeting: Greeting,
        /// When, in seconds since 1970 by this machine's clock.
        at: u64,
    },
    /// The user has accepted it; whoever asked is being reached. The conversation begins with
    /// [`MeetingEvent::Paired`].
    Accepted,
    /// Whoever asked was not reached this time; it is tried again.
    NotReached,
    /// What answers where whoever asked should be is somebody else; it is not tried again.
    Stranger,
    /// The user has refused it.
    Refused,
    /// The user has blocked it.
    Blocked,
    /// The user blocks it no longer.
    Unblocked,
    /// It has become too old.
    Expired,
}

/// A step of a request of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskedEvent {
    /// It is kept, and goes out as soon as it can.
    Kept,
    /// Its address is being dialled.
    Dialling {
        /// From 1.
        attempt: u32,
    },
    /// Nobody answered; it is tried again.
    NotReached,
    /// It has arrived. What becomes of it only an acceptance tells, which begins the conversation with
    /// [`MeetingEvent::Paired`].
    Arrived,
    /// What answers at the address speaks another version or no request protocol; it is not tried again.
    NotUnderstood,
    /// The user has taken it back.
    Withdrawn,
    /// It has become too old.
    Expired,
    /// It was not taken.
    NotKept(NotKept),
}

/// Why a request of ours was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotKept {
    /// Too many are under way.
    TooMany,
    /// The address is our own.
    OwnAddress,
    /// The same address is asked already.
    Already,
    /// It could not be stored, and what is not stored is not sent.
    NotStored,
}

/// How far a partner is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Red: a check failed and the user stayed, or nothing vouches for the partner.
    Unverified,
    /// Green: paired by code; `skipped` when both chose to skip the check.
    Verified {
        /// Both sides chose not to run the check.
        skipped: bool,
    },
    /// Cyan: the Socialist Millionaire check succeeded.
    Authenticated,
}

/// The state of the connection to a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// Both sides hear each other.
    Up,
    /// The connection was lost; the same conversation is being dialled again for so long.
    Lost {
        /// Ten minutes when it is first said.
        redial_for: Duration,
    },
    /// A lasting contact is not connected; it is dialled again until it is.
    Away,
    /// The connection did not come back in time; the conversation has ended.
    GivenUp,
}

/// A step of the Socialist Millionaire check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckEvent {
    /// The user is asked whether to run the check.
    WishWanted,
    /// The partner asked for the check, so it will run.
    PeerAsked,
    /// The user is asked for the secret.
    SecretWanted,
    /// Waiting for the partner's secret.
    WaitingForPeer,
    /// The secrets match.
    Match,
    /// The secrets do not match; the user is asked whether to leave (the default) or to stay.
    Mismatch,
    /// Neither side wanted the check.
    Skipped,
    /// The check broke off when the partner may have known its outcome already, or because it sent
    /// something that is not a proof. It counts as failed.
    Aborted,
    /// Several checks have failed in this conversation: the user is asked for the word without
    /// which no other one runs.
    ConfirmationWanted,
    /// This side's user cancelled the check before it could say anything: it counts as none.
    Cancelled,
    /// The check was bound to keys that one side no longer has, so it begins anew, with the secrets
    /// that were typed. Nothing was compared.
    BegunAnew,
    /// The partner's side cancelled the check before it could say anything: it counts as none.
    /// Before the conversation the user is asked whether to leave (the default) or to go on.
    PeerCancelled,
}

/// What becomes of a conversation's keys: the ratchet mixes in new post-quantum ones all the time,
/// against somebody who once copied earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealingEvent {
    /// The user asked for new keys, and they are being made.
    Begun,
    /// The user asked for new keys; they will be made with the next connection.
    Waiting,
    /// Both sides have new keys: what was asked for, late or stopped is well again.
    Renewed,
    /// None came for 200 messages or seven days of connection: shown in amber.
    Late,
    /// None came for 1,000 messages: nothing is sent, and what is written waits.
    Stopped,
}

impl HealingEvent {
    /// Its name in lines for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Waiting => "waiting",
            Self::Renewed => "renewed",
            Self::Late => "late",
            Self::Stopped => "stopped",
        }
    }
}

/// What becomes of a session that is lost or broken: `docs/repair.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepairEvent {
    /// This side comes from a backup: nothing is sent before both sides have new keys.
    Needed,
    /// The keys of both sides fit no more; nothing is sent before both have new ones.
    Broken,
    /// This side comes from a backup, and both have new keys now.
    Restored,
    /// The partner's side comes from a backup, and both have new keys now.
    PeerRestored,
    /// Both sides have new keys now, in place of ones that fit no more.
    Repaired,
    /// Something that was said is not on this side, and does not come again.
    Missing,
    /// The partner's side was called by an older copy of itself, which was refused.
    OlderCopy,
    /// The partner's side does not take what this one has: a newer copy has been there, or the backup
    /// is older than the last repair.
    Refused,
    /// This side comes from a backup, and the partner was not reached for a day since.
    Unreached,
    /// Somebody else serves this side's address: the machine from which the backup came still runs.
    Elsewhere,
}

impl RepairEvent {
    /// Its name in lines for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Needed => "needed",
            Self::Broken => "broken",
            Self::Restored => "restored",
            Self::PeerRestored => "peer_restored",
            Self::Repaired => "repaired",
            Self::Missing => "missing",
            Self::OlderCopy => "older_copy",
            Self::Refused => "refused",
            Self::Unreached => "unreached",
            Self::Elsewhere => "elsewhere",
        }
    }
}

/// Where a sent message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Delivery {
    /// Kept; there is no connection to the partner now.
    Waiting,
    /// On its way.
    Sent,
    /// The partner's program has it.
    Delivered,
}

/// A step of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConversationEvent {
    /// The check moved on.
    Check(CheckEvent),
    /// How far the partner is known changed.
    Trust(Trust),
    /// The conversation begins: from now on texts flow.
    Open,
    /// A text of ours was taken into the outbox.
    Queued {
        /// What the interface called it.
        ticket: Ticket,
        /// The message.
        message: MessageId,
        /// Its text.
        body: String,
        /// When, in seconds since 1970.
        at: u64,
        /// The message that it answers.
        reply: Option<MessageId>,
        /// The timer that it leaves with, in seconds.
        timer: Option<u32>,
    },
    /// A text came from the partner.
    Received {
        /// The message.
        message: MessageId,
        /// Its text.
        body: String,
        /// When it came, in seconds since 1970 by this machine's clock.
        at: u64,
        /// The message that it answers, if that is still here.
        reply: Option<MessageId>,
        /// The timer that it came with, in seconds: it goes so long after it was seen.
        timer: Option<u32>,
    },
    /// A sent message moved on.
    Delivery(MessageId, Delivery),
    /// A text could not be taken: it is too long, the outbox is full, or the conversation has ended.
    NotSent(Ticket, NotSent),
    /// A message has another text now.
    Edited {
        /// Which.
        message: MessageId,
        /// Its text.
        body: String,
        /// When, in seconds since 1970 by this machine's clock.
        at: u64,
    },
    /// A message is gone.
    Deleted(MessageId, Deletion),
    /// What could not be done to a message.
    NotDone(MessageId, NotDone),
    /// A message was answered with a sign, or with none any more.
    Reacted {
        /// Which.
        message: MessageId,
        /// Whether by our user.
        own: bool,
        /// The sign.
        reaction: Option<Reaction>,
    },
    /// The timer on new messages changed, on both sides.
    Timer {
        /// In seconds; `None`: messages stay.
        seconds: Option<u32>,
        /// Whether our user changed it.
        own: bool,
    },
    /// How long messages are kept on this side changed.
    History(History),
    /// The partner is shown under another name.
    Renamed(String),
    /// Whether the user has blocked the partner.
    Blocked(bool),
    /// The name that the partner calls themselves. A claim, shown as one.
    PeerName(String),
    /// The connection changed.
    Link(LinkState),
    /// The renewal of the keys moved on, or is late.
    Healing(HealingEvent),
    /// The repair of a session that is lost or broken moved on.
    Repair(RepairEvent),
    /// Something arrived that was refused: damaged, forged, replayed. The conversation goes on.
    Refused,
    /// The partner said goodbye; the conversation has ended.
    PeerLeft,
    /// This side's goodbye is out; the conversation has ended.
    Left {
        /// Whether the partner confirmed it before the time was up.
        confirmed: bool,
    },
}

/// How a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// Our user took it back before it had left.
    Cancelled,
    /// Our user deleted it.
    Own,
    /// The partner deleted it.
    Peer,
    /// Its time was over.
    Timer,
}

/// Why something was not done to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotDone {
    /// It is not here, or not any more.
    Gone,
    /// It is the partner's, and only its author may change it.
    NotOurs,
    /// The new text is empty or too long.
    TooLong,
    /// Too much is waiting for this partner already.
    OutboxFull,
    /// The conversation is not open, or not any more.
    NotOpen,
}

/// Why a text was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSent {
    /// More than [`crate::command::MAX_TEXT`] bytes.
    TooLong,
    /// Too many texts are waiting already.
    OutboxFull,
    /// It could not be stored, and what is not stored is not sent.
    NotStored,
    /// The user has blocked the partner.
    Blocked,
    /// The conversation is not open, or not any more.
    NotOpen,
}
