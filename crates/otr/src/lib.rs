#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]
//! Off-the-Record messaging, versions 2 and 3, for any chat client: private conversations over a
//! carrier of text lines, with people who use Pidgin, irssi, WeeChat and whatever else has libotr.
//!
//! A [`Session`] is a conversation with one peer. Lines from the peer go to [`Session::receive`], what
//! the user types to [`Session::send`]; each call gives an [`Output`]: lines for the carrier, and
//! events for the user. It finds a version and exchanges keys, keeps several programs of the peer
//! apart, cuts messages into pieces that the carrier takes, and lets nothing slip out in the clear
//! that was meant to be private. Randomness and time are arguments; there is no IO and no C.
//!
//! Who the peer is, only the fingerprint tells: people compare it, or ask each other a question.
//! Version 3's primitives are of 2012: 1,536-bit Diffie-Hellman, DSA of 1,024 bits, SHA-1. They
//! hold against most; for new things use something newer. What this library does and doesn't do stands
//! in `docs/otr.md`. It has not been audited. Version 4 is not there.
//!
//! ```
//! use std::time::Duration;
//!
//! use rand_core::SeedableRng;
//! use undertone_otr::{Account, Event, InstanceTag, Output, PrivateKey, Session, Settings};
//!
//! let mut rng = rand_chacha::ChaCha20Rng::from_seed([1; 32]); // the system's source, really
//! let mut session = || {
//!     let account = Account::new(PrivateKey::generate(&mut rng), InstanceTag::random(&mut rng));
//!     Session::new(account, Settings { longest_line: Some(400), ..Settings::default() })
//! };
//! let (mut ana, mut ben) = (session()?, session()?);
//!
//! // Carries lines to and fro until nobody has any, and gives what happened to Ben.
//! let now = Duration::ZERO;
//! let mut carry = |ana: &mut Session, ben: &mut Session, Output { lines, .. }: Output| {
//!     let (mut to_ben, mut events) = (lines, Vec::new());
//!     while !to_ben.is_empty() {
//!         let answers: Vec<Output> =
//!             to_ben.iter().map(|line| ben.receive(line, now, &mut rng)).collect();
//!         to_ben.clear();
//!         for Output { lines, events: more } in answers {
//!             events.extend(more);
//!             for line in lines {
//!                 to_ben.extend(ana.receive(&line, now, &mut rng).lines);
//!             }
//!         }
//!     }
//!     events
//! };
//!
//! let asked = ana.start(now)?;
//! assert!(asked.lines[0].starts_with("?OTRv3?"));
//! let events = carry(&mut ana, &mut ben, asked);
//! let Some(Event::Secure { fingerprint, session, .. }) = events.last() else { panic!() };
//! println!("{fingerprint} {session}"); // compare both aloud
//!
//! let said = ana.send("The bench by the river, at noon.", now)?;
//! assert!(said.lines.iter().all(|line| line.len() <= 400));
//! let events = carry(&mut ana, &mut ben, said);
//! let Some(Event::Private { text, .. }) = events.last() else { panic!() };
//! assert_eq!(text, "The bench by the river, at noon.");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod codec;
pub mod files;
mod fingerprint;
mod fragment;
mod fragment4;
mod group;
mod key;
mod line;
mod policy;
mod session;
mod tag;
mod tlv;
mod v3;
mod v4;
#[cfg(test)]
mod vectors;
mod version;

pub use codec::DecodeError;
pub use fingerprint::Fingerprint;
pub use fragment::{ASSEMBLIES_MAX, FRAGMENT_WAIT, LINE_MIN};
pub use key::{KeyError, PrivateKey, PublicKey, RandomnessError};
pub use line::{ArmorError, ERROR_PREFIX, MESSAGE_MAX};
pub use policy::Policy;
pub use session::*;
pub use tag::InstanceTag;
pub use v3::ake::AkeError;
pub use v3::keys::{DataError, ExtraKey};
pub use v4::identity::{Identity, StoredError};
pub use v4::offline::{PREKEY_LIFETIME, PREKEYS_MAX, Prekeys, Publication};
pub use v4::prekey::{Ensemble, PrekeyMessage, PrekeyProfile};
pub use v4::profile::{ClientProfile, PROFILE_LIFETIME, ProfileError};
pub use v4::server as prekey_server;
pub use version::{Version, Versions};
