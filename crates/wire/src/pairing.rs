//! Pairing by a spoken code: from one stream and a password to cards and a root.
//!
//! Two machines without IO, [`Guest`] and [`Host`], one per stream. Each takes the other side's
//! frames and gives the frame to send and where it stands. The order is fixed (`docs/protocol.md`,
//! "Pairing by code"):
//!
//! | | from | frame | says |
//! |---|---|---|---|
//! | 1 | guest | share | versions, CPace share |
//! | 2 | host | share | versions, CPace share |
//! | 3 | guest | confirmation | that it knows the password |
//! | 4 | host | confirmation | that it knows the password |
//! | 5 | guest | card, sealed | its card |
//! | 6 | host | card, sealed | its card, an ML-KEM ciphertext |
//! | 7 | guest | proof, sealed | an ML-KEM ciphertext, the root's confirmation |
//! | 8 | host | proof, sealed | the root's confirmation |
//!
//! A card is not even made before the other side's confirmation was checked. An error ends a
//! machine: [`PairingError::refusal`] says what to tell the other side, and every later frame is
//! [`PairingError::Over`].
//!
//! ```
//! use rand_chacha::ChaCha20Rng;
//! use rand_core::SeedableRng;
//! use undertone_wire::address::OnionSeed;
//! use undertone_wire::code::Code;
//! use undertone_wire::pairing::{Exporters, Guest, GuestStage, Host, HostStage};
//!
//! let rng = &mut ChaCha20Rng::from_seed([7; 32]);
//! let code = Code::propose(rng);
//! let address = OnionSeed::random(rng).address(); // in truth derived from the code's locator
//! let exporters = Exporters { sid: [1; 32], binding: [2; 32] }; // from the TLS session
//!
//! let mut host = Host::new(&code.password(), "local", &address, &exporters);
//! let (mut guest, mut frame) = Guest::new(&code.password(), "local", &address, &exporters, rng);
//! let (guest, host) = loop {
//!     let host_said = host.handle(&frame, rng)?;
//!     let guest_said = guest.handle(&host_said.send.unwrap(), rng)?;
//!     if let (GuestStage::Paired(guest), HostStage::Paired(host)) =
//!         (guest_said.stage, host_said.stage)
//!     {
//!         break (guest, host);
//!     }
//!     frame = guest_said.send.unwrap();
//! };
//! assert_eq!(guest.transcript.hash(), host.transcript.hash());
//! assert_eq!(guest.peer, *host.own.public());
//! # Ok::<(), undertone_wire::pairing::PairingError>(())
//! ```

mod frame;
mod guest;
mod host;
mod keys;

use std::fmt;

use undertone_ratchet::handshake::{Role, Root};
use undertone_ratchet::transcript::Transcript;
use zeroize::{Zeroize, ZeroizeOnDrop};

pub use self::frame::MAX_PAIRING_FRAME;
pub(crate) use self::frame::{MAC_LEN, Share, Step};
pub use self::guest::{Guest, GuestStage};
pub use self::host::{Host, HostStage};
pub(crate) use self::keys::Confirmed;
use crate::card::{Card, CardError, OwnCard};

/// The label of the TLS exporter value (RFC 8446, 7.5; no context, 32 bytes) that is CPace's `sid`.
pub const EXPORTER_SID: &[u8] = b"EXPORTER-undertone/1 pairing sid";

/// The label of the TLS exporter value (RFC 8446, 7.5; no context, 32 bytes) that the transcript
/// and thereby the root are bound to.
pub const EXPORTER_BINDING: &[u8] = b"EXPORTER-undertone/1 pairing binding";

/// The versions of everything after the pairing that this code speaks, lowest first. Each side
/// shows its list in its share, and both take the highest that is on both.
pub const VERSIONS: &[u16] = &[1];

/// What only the two ends of a TLS session can compute: whoever relays between two sessions has
/// two different ones.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Exporters {
    /// Under [`EXPORTER_SID`].
    pub sid: [u8; 32],
    /// Under [`EXPORTER_BINDING`].
    pub binding: [u8; 32],
}

impl fmt::Debug for Exporters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Exporters(…)")
    }
}

/// What a frame led to.
#[derive(Debug)]
#[must_use]
pub struct Progress<Stage> {
    /// The frame to send now, if there is one.
    pub send: Option<Vec<u8>>,
    /// Where the pairing stands once it is sent.
    pub stage: Stage,
}

/// What a pairing leaves behind. Both ends have confirmed the root, or, at the host, will have when
/// its last frame arrives.
pub struct Paired {
    /// The root of everything between the two.
    pub root: Root,
    /// Every byte of the pairing, both exporter values, address, network and versions.
    pub transcript: Transcript,
    /// What we made for this contact.
    pub own: OwnCard,
    /// What the contact made for us.
    pub peer: Card,
    /// The guest is the initiator.
    pub role: Role,
    /// The highest version that both speak.
    pub version: u16,
}

impl fmt::Debug for Paired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Paired").field("role", &self.role).finish_non_exhaustive()
    }
}

/// What one side tells the other when it ends a pairing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Somebody else is at their guess; try again soon.
    Busy,
    /// The code is burnt: nobody can pair under it any more.
    Burnt,
    /// The passwords differ; this guess is spent on both sides.
    WrongPassword,
    /// No version that both speak.
    NoCommonVersion,
}

impl Refusal {
    /// The frame that says it.
    #[must_use]
    pub fn encode(self) -> Vec<u8> {
        frame::encode_refusal(self)
    }
}

/// Why a pairing ended without a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PairingError {
    /// The other side's confirmation is wrong: another password, or someone in the middle.
    #[error("the other side doesn't know the password, or someone is in between; use a new code")]
    WrongPassword,
    /// A frame that can't be read, or a share that is no group element.
    #[error("the other side sent something that can't be read; use a new code")]
    Malformed,
    /// A frame that isn't the one to come now.
    #[error("the other side doesn't keep to the order; use a new code")]
    OutOfTurn,
    /// The two version lists have nothing in common.
    #[error("the two programs have no version in common; update the older one")]
    NoCommonVersion,
    /// A sealed frame that wasn't sealed by the other side, or not now, or was changed.
    #[error("a sealed part doesn't open; use a new code")]
    BadCiphertext,
    /// The other side's card can't be used.
    #[error("the other side's card can't be used: {0}")]
    BadCard(#[from] CardError),
    /// The other side came to another root.
    #[error("the two sides came to different keys; use a new code")]
    RootMismatch,
    /// The other side ended the pairing and said why.
    #[error("the other side ended the pairing: {0:?}")]
    Refused(Refusal),
    /// The pairing has ended before.
    #[error("this pairing is over; begin a new one")]
    Over,
}

impl PairingError {
    /// What to tell the other side before the stream is closed, if it is to know more than that.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::WrongPassword => Some(Refusal::WrongPassword),
            Self::NoCommonVersion => Some(Refusal::NoCommonVersion),
            Self::Malformed
            | Self::OutOfTurn
            | Self::BadCiphertext
            | Self::BadCard(_)
            | Self::RootMismatch
            | Self::Refused(_)
            | Self::Over => None,
        }
    }
}
