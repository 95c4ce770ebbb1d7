//! Onion services behind one trait, the loopback network, and the TLS channel on top.
//!
//! - [`Network`]: publish a service, dial one, follow the state of both in steps that were *seen*.
//! - [`local`]: the same guarantees over loopback sockets, without anonymity.
//! - [`tls`]: a [`tls::Channel`] of fixed-size cells over any [`Stream`]; the only code that names rustls.

pub mod local;
pub mod tls;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, watch};
use undertone_wire::address::{OnionAddress, OnionSeed};
use zeroize::Zeroizing;

/// A stream to a service or from one of its clients. Both ends know which service, nothing else.
pub type Stream = Box<dyn Duplex>;

/// Reads and writes bytes; what a [`Stream`] is made of.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Duplex for T {}

/// Streams that may wait for their service's owner; a stream beyond that is dropped by the network.
pub const INCOMING: usize = 64;

/// How long one dial may take before it is given up and tried again by whoever asked for it.
pub const DIAL_TIMEOUT: Duration = Duration::from_secs(45);

/// A way to publish onion services and to dial them.
#[async_trait]
pub trait Network: Send + Sync + 'static {
    /// The name that pairing binds: `tor` for every network that reaches Tor's onion services,
    /// `local` on loopback.
    fn id(&self) -> &'static str;

    /// What has been seen of the network so far, and each change from now on.
    fn status(&self) -> watch::Receiver<NetworkStatus>;

    /// Begins to find the network, and goes on trying until [`Network::shutdown`]. Returns at once;
    /// [`Network::status`] says how far it is. Calling it again does nothing.
    fn start(&self);

    /// Publishes a service. The service lives until the returned handle is dropped.
    ///
    /// # Errors
    /// See [`PublishError`]; that a service is not *yet* reachable is no error but a [`ServiceStatus`].
    async fn publish(&self, service: ServiceSpec) -> Result<Service, PublishError>;

    /// Dials a service once, on circuits of its own where the network has circuits.
    ///
    /// # Errors
    /// See [`DialError`]. All but [`DialError::MissingClientAuth`] are worth another try.
    async fn dial(&self, dial: Dial) -> Result<Stream, DialError>;

    /// Ends all services and the network's own tasks, and returns when they have ended.
    async fn shutdown(&self);
}

/// What a service is made of.
#[derive(Debug)]
pub struct ServiceSpec {
    /// The Ed25519 seed behind the address.
    pub seed: OnionSeed,
    /// The X25519 public keys of the clients that may connect. Empty: anyone who knows the address.
    pub clients: Vec<[u8; 32]>,
}

/// What a dial is made of.
pub struct Dial {
    /// The service.
    pub address: OnionAddress,
    /// The X25519 secret key of this client, for a service that asks for one.
    pub client_auth: Option<Zeroizing<[u8; 32]>>,
    /// Give up after so long; at most [`DIAL_TIMEOUT`] is sensible.
    pub timeout: Duration,
}

impl fmt::Debug for Dial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dial")
            .field("address", &self.address)
            .field("client_auth", &self.client_auth.is_some())
            .field("timeout", &self.timeout)
            .finish()
    }
}

/// A published service. Dropping it ends the service.
pub struct Service {
    /// What has been seen of it so far, and each change.
    pub status: watch::Receiver<ServiceStatus>,
    /// Streams from clients, at most [`INCOMING`] waiting.
    pub incoming: mpsc::Receiver<Stream>,
    /// What keeps the service alive; its drop ends it.
    pub keep: Box<dyn Send + Sync>,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("status", &*self.status.borrow()).finish_non_exhaustive()
    }
}

/// How far the way to the network is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkStatus {
    /// The step.
    pub step: NetworkStep,
    /// How far this machine's clock is from what relays said in their handshakes, in seconds;
    /// positive when this machine is ahead. `None` while nobody said or nothing is odd.
    pub clock_skew: Option<i64>,
}

/// A step on the way to the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkStep {
    /// Not started.
    Idle,
    /// On the way; 0 to 99 percent as the client counts.
    Finding(u8),
    /// Usable.
    Ready,
    /// Not usable now; why, without addresses. It may become usable again.
    Blocked(String),
}

/// How far a service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceStatus {
    /// Introduction points or descriptors are still on their way.
    Publishing,
    /// A descriptor is up where a client looks for it.
    Reachable,
    /// It was reachable or on its way, and now is not; it may come back by itself.
    Unreachable(String),
    /// It will not come back.
    Broken(String),
}

/// Why a service could not be published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// Someone else on this machine already serves this address (loopback network only).
    #[error("this address is already served")]
    Taken,
    /// The network client refused; its words, without addresses.
    #[error("the network client refused: {0}")]
    Refused(String),
}

/// Why a dial failed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DialError {
    /// No descriptor, or nobody listens.
    #[error("nobody answers there")]
    NotFound,
    /// There is a descriptor, but the service did not let us in.
    #[error("the service did not let us in")]
    Refused,
    /// The service wants a client key and got none, or the wrong one.
    #[error("the service wants a client key")]
    MissingClientAuth,
    /// It took too long.
    #[error("no answer in time")]
    Timeout,
    /// There is no way to the network now.
    #[error("no way to the network")]
    NoNetwork,
    /// Anything else; the client's words, without addresses.
    #[error("dialling failed: {0}")]
    Other(String),
}
