#![cfg_attr(not(test), no_std)]
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]
//! Handshake key derivation and a double ratchet with header encryption.
//!
//! Two ends that have exchanged keys over some channel derive one root from X25519, ML-KEM-768 and
//! whatever secrets they share besides, confirm it to each other, and start a [`session`]: each
//! packet has a key of its own, earlier keys are erased, and each turn of the conversation brings
//! fresh ones. A packet is random bytes to everybody else, its header included. Post-quantum epochs
//! bring fresh ML-KEM-768 keys into the session while it lasts; the caller carries their chunks in
//! whatever room its packets have.
//!
//! No IO, no clock and no randomness of its own: the caller hands in a `CryptoRng` and the time in
//! seconds, and stores the state *before* a packet leaves or a text is acknowledged. What the other
//! side sends is hostile until proved otherwise; a refused packet changes nothing.
//!
//! The bytes are specified in `docs/ratchet.md`. The construction follows Signal's Double Ratchet
//! specification, §4; neither it nor this crate has been audited.
//!
//! # Example
//!
//! ```
//! use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
//! use undertone_ratchet::handshake::{OwnKeys, Role, derive_root, encapsulate};
//! use undertone_ratchet::transcript::Transcript;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let rng = &mut ChaCha20Rng::from_seed([1; 32]); // a real program takes the system's
//!
//! // Each end makes keys, shows the public ones and encapsulates to the other's.
//! let (guest, host) = (OwnKeys::generate(rng), OwnKeys::generate(rng));
//! let (to_host, guest_secret) = encapsulate(&host.public(), rng);
//! let (to_guest, host_secret) = encapsulate(&guest.public(), rng);
//!
//! // Both put everything they saw into a transcript, in the same order.
//! let mut transcript = Transcript::new(b"example");
//! transcript.absorb(b"guest", &guest.public().encode());
//! transcript.absorb(b"host", &host.public().encode());
//! transcript.absorb(b"to host", to_host.as_slice());
//! transcript.absorb(b"to guest", to_guest.as_slice());
//!
//! let pake_key: &[u8] = &[7; 64]; // what a PAKE over a spoken code gave both
//! let guest_root = derive_root(
//!     Role::Initiator,
//!     &guest,
//!     &host.public(),
//!     &guest_secret,
//!     &guest.decapsulate(&to_guest),
//!     &[pake_key],
//!     &transcript,
//! )?;
//! let host_root = derive_root(
//!     Role::Responder,
//!     &host,
//!     &guest.public(),
//!     &host.decapsulate(&to_host),
//!     &host_secret,
//!     &[pake_key],
//!     &transcript,
//! )?;
//! assert!(host_root.confirms(Role::Initiator, &guest_root.confirmation(Role::Initiator)));
//! assert!(guest_root.confirms(Role::Responder, &host_root.confirmation(Role::Responder)));
//!
//! // From here on the two ends talk; either may be first.
//! let mut ana = guest_root.into_session(Role::Initiator, &guest, &host.public(), &transcript);
//! let mut ben = host_root.into_session(Role::Responder, &host, &guest.public(), &transcript);
//! let mut packet = Vec::new();
//! ana.encrypt(b"hello", &mut packet, rng)?;
//! let mut text = Vec::new();
//! ben.decrypt(&packet, 0, &mut text)?;
//! assert_eq!(text, b"hello");
//!
//! // A post-quantum epoch: what the texts leave room for is filled with chunks of it. Each end
//! // stores its session (`to_bytes`) before a packet leaves and after one was taken.
//! ana.begin_epoch(rng); // when `epoch_due` says so, or the user wants it
//! while ben.shared_epoch() == 0 || ana.shared_epoch() == 0 {
//!     let (mut chunk, mut packet, mut read) = (Vec::new(), Vec::new(), Vec::new());
//!     ana.next_chunk(400, &mut chunk);
//!     ana.encrypt(&chunk, &mut packet, rng)?;
//!     ben.decrypt(&packet, 0, &mut read)?;
//!     if !read.is_empty() {
//!         ben.take_chunk(&read, rng)?;
//!     }
//!     std::mem::swap(&mut ana, &mut ben); // now the other one's turn
//! }
//! assert!(ana.link_key(1).is_some() && ana.link_key(1) == ben.link_key(1));
//! # Ok(())
//! # }
//! ```

extern crate alloc;

mod chacha_hmac;
mod dh;
pub mod handshake;
mod kdf;
pub mod repair;
pub mod sealed;
pub mod secret;
pub mod session;
pub mod stream;
pub mod transcript;
#[cfg(test)]
mod wycheproof;

/// The examples of `README.md` run with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
