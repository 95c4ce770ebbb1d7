//! What comes out of the engine: writes first, then effects.

use undertone_handle::Event;
use undertone_ratchet::secret::Secret;
use undertone_wire::address::{OnionAddress, OnionSeed};
use undertone_wire::cell::FrameKind;
use undertone_wire::code::Locator;

use crate::input::{DialId, JobId, ServiceId, StreamId};
use crate::limits::Millis;
use crate::storage::Write;

/// What one input led to. The writes are committed in one transaction before the first effect.
#[derive(Debug, Default)]
#[must_use]
pub struct Step {
    /// What to store.
    pub writes: Vec<Write>,
    /// What to do afterwards, in this order.
    pub effects: Vec<Effect>,
}

/// One thing that the engine wants done in the world.
#[derive(Debug)]
pub enum Effect {
    /// Derive the seed of a meeting place; takes about a second and 256 MiB.
    Derive {
        /// Answered by [`crate::Input::Derived`].
        job: JobId,
        /// What the place derives from.
        locator: Locator,
        /// Days since 1970, UTC.
        day: u64,
    },
    /// Publish a service.
    Publish {
        /// Its streams come as [`crate::Input::Arrived`].
        service: ServiceId,
        /// The key behind its address.
        seed: OnionSeed,
        /// X25519 public keys of the clients that may come; empty: anyone who knows the address.
        clients: Vec<[u8; 32]>,
        /// How its streams are secured.
        tls: Tls,
    },
    /// End a service. Streams that came through it go on.
    Unpublish {
        /// Which.
        service: ServiceId,
    },
    /// Dial a service.
    Dial {
        /// Answered by [`crate::Input::Dialled`].
        dial: DialId,
        /// Where.
        address: OnionAddress,
        /// This client's X25519 secret key, where the service asks for one.
        client_auth: Option<Secret<32>>,
        /// Give up after so long.
        timeout: Millis,
        /// How the stream is secured; `None`: it is closed as soon as somebody answered.
        tls: Option<Tls>,
    },
    /// Give a dial up; nothing is answered any more.
    CancelDial {
        /// Which.
        dial: DialId,
    },
    /// Send a frame.
    Send {
        /// On which stream.
        stream: StreamId,
        /// Which kind of frame.
        kind: FrameKind,
        /// Its content.
        bytes: Vec<u8>,
    },
    /// Close a stream; nothing is answered any more.
    Close {
        /// Which.
        stream: StreamId,
        /// Before or after what still waits to be sent.
        when: CloseWhen,
    },
    /// Tell the user interfaces.
    Notify(Event),
    /// Everything has ended in order; the driver may go.
    Finish,
}

/// When a stream is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseWhen {
    /// At once; what waits is thrown away.
    Now,
    /// As soon as what waits is sent, or cannot be within a second.
    Flushed,
}

/// How a stream is secured.
#[derive(Clone, Debug)]
pub enum Tls {
    /// For pairing: a throwaway server certificate, no client certificate; who is there is settled
    /// above TLS.
    Pairing,
    /// For a contact: certificates on both ends, pinned by their Ed25519 public keys. A client must
    /// find the pinned one at the server. A server asks for one and lets any in: whether it was the
    /// pinned one is told with [`crate::Input::Secured`], and another opens the door of repairs alone.
    Link {
        /// The Ed25519 seed of this end's certificate.
        certificate_seed: Secret<32>,
        /// The public key that the other end's certificate must have.
        peer: [u8; 32],
    },
    /// For a client whose session is lost: as [`Tls::Link`], but the server may show any
    /// certificate. Who is there is settled above TLS, by the recovery key.
    Repair {
        /// The Ed25519 seed of this end's certificate.
        certificate_seed: Secret<32>,
        /// The public key that the other end's certificate is known to have.
        peer: [u8; 32],
    },
}
