#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]
//! Off-the-Record messaging, versions 2, 3 and 4, for any chat client: private conversations over a
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
//! in `docs/otr.md`. It has not been audited.
//!
//! # Versions 2 and 3
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
//!
//! # Version 4
//! An account with an [`Identity`] speaks it where the policy allows it. Nobody can prove afterwards
//! that two talked, messages come in any order, and somebody who is offline can be written to
//! ([`Session::write_offline`]; [`prekey_server`] keeps what that needs).
//! ```
//! use std::time::Duration;
//!
//! use rand_core::SeedableRng;
//! use undertone_otr::{
//!     Account, Event, Identity, InstanceTag, Policy, PrivateKey, Session, Settings, Version,
//! };
//!
//! let mut rng = rand_chacha::ChaCha20Rng::from_seed([1; 32]); // the system's source, really
//! let mut session = |ours: &str, peer: &str| {
//!     let account = Account::new(PrivateKey::generate(&mut rng), InstanceTag::random(&mut rng));
//!     let began = 1_700_000_000; // Unix time at the moment from which `now` counts
//!     let settings = Settings {
//!         policy: Policy::MANUAL.allow(Version::V4),
//!         our_name: ours.to_owned(),
//!         peer_name: peer.to_owned(),
//!         ..Settings::default()
//!     };
//!     Session::new(account.with_version_4(Identity::generate(&mut rng), began), settings)
//! };
//! let mut ana = session("ana@example.org", "ben@example.org")?;
//! let mut ben = session("ben@example.org", "ana@example.org")?;
//!
//! let now = Duration::ZERO;
//! let query = ana.start(now)?.lines.remove(0);
//! assert!(query.starts_with("?OTRv34?"));
//! let identity = ben.receive(&query, now, &mut rng).lines.remove(0);
//! let auth_r = ana.receive(&identity, now, &mut rng).lines.remove(0);
//! let secure = ben.receive(&auth_r, now, &mut rng);
//! let secure_too = ana.receive(&secure.lines[0], now, &mut rng);
//! let Some(Event::Secure { version: Version::V4, fingerprint, .. }) = secure_too.events.last()
//! else {
//!     panic!()
//! };
//! println!("{fingerprint}"); // of Ben's identity: 56 bytes
//!
//! // The second comes first; the carrier may also lose one.
//! let one = ana.send("The bench by the river.", now)?.lines.remove(0);
//! let two = ana.send("At noon.", now)?.lines.remove(0);
//! for (line, said) in [(two, "At noon."), (one, "The bench by the river.")] {
//!     let heard = ben.receive(&line, now, &mut rng).events;
//!     assert!(matches!(&heard[..], [Event::Private { text, .. }] if text == said));
//! }
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
