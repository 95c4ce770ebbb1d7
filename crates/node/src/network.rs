//! The networks that a node can run on.

use std::sync::Arc;

use undertone_handle::event::NetworkKind;
use undertone_net::Network;
use undertone_net::local::LocalNetwork;

/// A network and what it is.
#[derive(Clone)]
pub struct AnyNetwork {
    /// The network itself.
    pub network: Arc<dyn Network>,
    /// Which one it is.
    pub kind: NetworkKind,
}

impl std::fmt::Debug for AnyNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("AnyNetwork").field(&self.kind).finish()
    }
}

/// Loopback sockets of this machine. Ends with different names don't see each other.
#[must_use]
pub fn local(name: &str) -> AnyNetwork {
    AnyNetwork { network: Arc::new(LocalNetwork::new(name)), kind: NetworkKind::Local }
}

/// Tor, through the embedded client, with its files in `directory`: a 0700 directory on a memory file
/// system. A configuration of the caller's relaxes the client's permission checks.
///
/// Must be called within a Tokio runtime.
///
/// # Errors
/// [`NoTor`], in the client's words.
#[cfg(feature = "arti")]
pub fn arti(directory: &std::path::Path, config: Option<String>) -> Result<AnyNetwork, NoTor> {
    let trust_everyone = config.is_some();
    let options = undertone_net_arti::Options {
        state_parent: directory.to_owned(),
        config_toml: config,
        trust_everyone,
    };
    let network =
        undertone_net_arti::ArtiNetwork::new(options).map_err(|error| NoTor(error.to_string()))?;
    Ok(AnyNetwork { network: Arc::new(network), kind: NetworkKind::Arti })
}

/// The Tor client could not be made.
#[cfg(feature = "arti")]
#[derive(Debug, thiserror::Error)]
#[error("the Tor client could not start: {0}")]
pub struct NoTor(String);
