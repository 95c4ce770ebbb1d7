#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]
//! Handshake key derivation and double ratchet with header encryption.

mod dh;
pub mod handshake;
mod kdf;
pub mod secret;
pub mod session;
pub mod transcript;
