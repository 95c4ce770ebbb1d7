//! The driver: runs the engine and a network behind a handle.
//!
//! [`start`] gives an interface its [`Handle`]. The engine and its storage live on a thread of their
//! own; streams, dials and services are tasks on the caller's runtime.

pub mod environment;
pub mod network;

mod driver;
mod entropy;
mod stream;
mod world;

use rand_core::Rng as _;
use tokio::sync::oneshot;
use undertone_engine::Memory;
use undertone_engine::storage::Storage;
use undertone_handle::{ConversationId, Handle};
use undertone_wire::code::Code;

use crate::driver::Driver;
use crate::entropy::Hedged;
pub use crate::entropy::NoEntropy;
use crate::network::AnyNetwork;

/// Why a node could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The system gives no random numbers.
    #[error(transparent)]
    Entropy(#[from] NoEntropy),
    /// The engine's thread could not be started.
    #[error("the engine's thread could not be started: {0}")]
    Thread(std::io::ErrorKind),
}

/// A node that runs.
#[derive(Debug)]
pub struct Node {
    ended: oneshot::Receiver<()>,
}

impl Node {
    /// Waits until the node has ended: last words sent, services and network down.
    pub async fn ended(self) {
        // An error means that the thread is gone, which is an end as well.
        let _gone = self.ended.await;
    }
}

/// Starts a node on a network and a storage of its own. Must be called within a Tokio runtime.
///
/// # Errors
/// See [`StartError`].
pub fn start(network: AnyNetwork, storage: AnyStorage) -> Result<(Handle, Node), StartError> {
    let AnyNetwork { network, kind } = network;
    let (handle, side) = undertone_handle::channel();
    let runtime = tokio::runtime::Handle::current();
    let rng = Hedged::new()?;
    let (tell_end, ended) = oneshot::channel();
    let own = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|error| StartError::Thread(error.kind()))?;
    std::thread::Builder::new()
        .name("engine".to_owned())
        .spawn(move || {
            own.block_on(Driver::new(side, storage, network, kind, runtime, rng).run());
            // Nobody may be waiting for the end.
            let _nobody = tell_end.send(());
        })
        .map_err(|error| StartError::Thread(error.kind()))?;
    Ok((handle, Node { ended }))
}

/// What a node writes to.
pub type AnyStorage = Box<dyn Storage + Send>;

/// A storage that lives and dies with the process: nothing of it is ever written anywhere.
#[must_use]
pub fn in_memory() -> AnyStorage {
    Box::new(Memory::default())
}

/// Proposes a code.
///
/// # Errors
/// [`NoEntropy`] when the system gives no random numbers.
pub fn propose_code() -> Result<Code, NoEntropy> {
    Ok(Code::propose(&mut Hedged::new()?))
}

/// Draws the local id of a conversation.
///
/// # Errors
/// [`NoEntropy`] when the system gives no random numbers.
pub fn draw_conversation() -> Result<ConversationId, NoEntropy> {
    Ok(ConversationId(Hedged::new()?.next_u64()))
}
