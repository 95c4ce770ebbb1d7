//! Onion addresses and the seeds behind them.

use std::fmt;

use undertone_ratchet::secret::Secret;

/// A v3 onion service's address: its Ed25519 public key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OnionAddress(pub [u8; 32]);

impl fmt::Debug for OnionAddress {
    /// Addresses stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnionAddress(…)")
    }
}

/// The 32-byte Ed25519 seed (RFC 8032) behind an address.
#[derive(Clone, Debug)]
pub struct OnionSeed(pub Secret<32>);
