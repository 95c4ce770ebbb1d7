//! Encrypted databases, and the folders they are in: what is kept, and under which key.
//!
//! A database is two files in one folder. `NAME` is SQLite through SQLCipher under a random 256-bit
//! key; `NAME.key` holds that key, sealed under a passphrase by Argon2id. So the passphrase changes
//! without the database being written anew, and without the key file nothing can be read at all.
//! Both are for their owner alone (0600, folders made 0700), and whatever is deleted is overwritten.
//!
//! [`sessions`] keeps the conversations of the command-line tools. It knows their names and stages
//! and nothing of what their states mean: those are bytes of the crates that made them.
//!
//! [`profile`] keeps what the engine keeps: contacts, their sessions, messages and an index of their
//! words. It can also be in memory alone.
//!
//! [`profiles`] keeps the folders of lasting profiles: who may have one, under which password, and how
//! one goes. [`backup`] is the file that a profile is carried to another machine in.
//!
//! Everything here is crash-only. A database appears whole or not at all; a change is committed and
//! synced, or has not happened; what a killed process left is taken up or swept by the next one. Two
//! processes may use one database at once: they take turns.
//!
//! # Example
//!
//! ```
//! use undertone_store::key::{Cost, Passphrase, Protection};
//! use undertone_store::sessions::{Sessions, Stage};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("ratchet.db");
//! let passphrase = Passphrase::new("seven words that nobody else would ever choose")?;
//! let cost = Cost::FLOOR; // a real program calls Cost::calibrated()
//! let mut sessions = Sessions::create(&path, &Protection::Passphrase(passphrase), cost)?;
//! sessions.add("bob", 1_763_700_000, |_rng| Ok::<_, std::convert::Infallible>(b"state 0".to_vec().into()))?;
//!
//! // Reading a state, changing it and storing it is one step: durable when it returns.
//! let packet = sessions.change("bob", |turn| {
//!     assert_eq!(turn.record.state.as_slice(), b"state 0");
//!     turn.record.state = b"state 1".to_vec().into();
//!     turn.record.stage = Stage::Open;
//!     Ok::<_, std::convert::Infallible>(b"only now may this leave".to_vec())
//! })?;
//! assert_eq!(packet, b"only now may this leave");
//!
//! let wrong = Passphrase::new("seven words that somebody else would choose")?;
//! let refused = Sessions::open(&path, &Protection::Passphrase(wrong));
//! assert!(refused.is_err_and(|error| error.to_string().contains("passphrase is wrong")));
//! # Ok(())
//! # }
//! ```

pub mod backup;
mod database;
mod fault;
mod files;
pub mod key;
pub mod profile;
pub mod profiles;
pub mod sessions;

pub use database::OpenError;
pub use fault::Fault;
