//! Version 4, of 2018 to 2022: Ed448, 3,072-bit Diffie-Hellman, SHAKE-256 and ChaCha20; deniable
//! key exchanges online and offline, and a double ratchet. "OTRv4" in these modules is its
//! specification; where it and the programs that speak it differ, `docs/otr.md` says what we do.

pub(crate) mod curve;
pub(crate) mod dake;
pub(crate) mod dh;
pub(crate) mod identity;
pub(crate) mod kdf;
pub(crate) mod message;
pub(crate) mod offline;
pub(crate) mod prekey;
pub(crate) mod profile;
pub(crate) mod ratchet;
pub(crate) mod ring;
pub mod server;

#[cfg(test)]
mod vectors;
