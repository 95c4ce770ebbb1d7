//! Handshake key derivation and double ratchet with header encryption.

pub mod handshake;
pub mod secret;
pub mod session;
pub mod transcript;
