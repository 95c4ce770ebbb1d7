//! Everything that can happen to an engine.

use undertone_handle::Command;
use undertone_handle::event::NetworkState;
use undertone_wire::address::OnionSeed;
use undertone_wire::cell::FrameKind;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A stream between two ends; the driver draws the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u64);

/// A dial; the engine draws the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DialId(pub u64);

/// A published service; the engine draws the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceId(pub u64);

/// A derivation; the engine draws the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// One thing that happened.
#[derive(Debug)]
pub enum Input {
    /// A user wishes something.
    Command(Command),
    /// The way to the network changed.
    Network(NetworkState),
    /// A derivation asked for by [`crate::Effect::Derive`] is done; `None` when there was not enough
    /// memory for it.
    Derived {
        /// Which.
        job: JobId,
        /// The seed of the meeting place.
        seed: Option<OnionSeed>,
    },
    /// A service of ours moved on.
    Service {
        /// Which.
        service: ServiceId,
        /// Where it is now.
        state: ServiceState,
    },
    /// A stream came to a service of ours; TLS has not begun.
    Arrived {
        /// Which service.
        service: ServiceId,
        /// The new stream.
        stream: StreamId,
    },
    /// A dial ended; when it succeeded, TLS has not begun.
    Dialled {
        /// Which.
        dial: DialId,
        /// The new stream, or why there is none.
        result: Result<StreamId, DialFailure>,
    },
    /// TLS is done on a stream.
    Secured {
        /// Which.
        stream: StreamId,
        /// What both ends, and nobody else, can derive from this TLS session.
        keys: ChannelKeys,
        /// The other end has shown the certificate that [`crate::Tls::Link`] or
        /// [`crate::Tls::Repair`] expects of it; false where nothing is expected.
        known: bool,
    },
    /// A whole frame came.
    Frame {
        /// On which stream.
        stream: StreamId,
        /// Which kind of frame.
        kind: FrameKind,
        /// Its content.
        bytes: Vec<u8>,
    },
    /// A stream ended; nothing comes from it any more.
    Closed {
        /// Which.
        stream: StreamId,
        /// Why.
        reason: CloseReason,
    },
    /// The time that [`crate::Engine::deadline`] named has come.
    Tick,
}

/// TLS exporter values of one stream (RFC 8446, section 7.5), each under its own label.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ChannelKeys {
    /// Under [`undertone_wire::pairing::EXPORTER_SID`].
    pub sid: [u8; 32],
    /// Under [`undertone_wire::pairing::EXPORTER_BINDING`].
    pub binding: [u8; 32],
    /// Under [`undertone_wire::link::EXPORTER_LINK`].
    pub link: [u8; 32],
    /// Under [`undertone_wire::repair::EXPORTER_REPAIR`].
    pub repair: [u8; 32],
}

impl std::fmt::Debug for ChannelKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChannelKeys(…)")
    }
}

/// How a dial failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialFailure {
    /// There is no service, or none that can be found.
    NotFound,
    /// There is a service, and it did not let us in.
    Refused,
    /// There is a service, and only who has a key is let in; we have none, or another.
    KeyWanted,
    /// It took too long.
    Timeout,
    /// Anything else.
    Other,
}

/// Why a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The other end closed it, or the way to it broke.
    Gone,
    /// Nothing came for longer than a live stream stays silent.
    Silent,
    /// The other end sent what a channel does not allow.
    Violation,
}

/// Where a service of ours is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceState {
    /// A client that looks for it finds it.
    Reachable,
    /// Not now; it may come back.
    Unreachable,
    /// Somebody else serves this address already.
    Taken,
    /// It will not come.
    Failed,
}
