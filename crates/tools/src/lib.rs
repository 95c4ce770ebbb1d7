//! The libraries as command-line tools: `undertone ratchet …` and `undertone otr …`; and `undertone
//! profile …`.
//!
//! The first is for mail by hand, shell pipelines, scripts and plug-ins of other programs:
//! end-to-end encryption with forward secrecy over whatever carries bytes, without the messenger,
//! without Tor, without a process that stays. Conversations live in one encrypted database
//! ([`undertone_store::sessions`]); each command is one short process, and any number of them may
//! run at once.
//!
//! [`ratchet::Ratchet`] is the command line, and [`ratchet::run`] does what it says on a set of
//! [`Streams`]. What goes wrong is a [`Failure`]: a kind, which gives the exit code, what happened,
//! and what to do. The manual (`docs/manual.md`, "The ratchet as a tool") shows each command;
//! `docs/tools.md` has the formats.
//!
//! [`otr::Otr`] and [`otr::run`] are the same for Off-the-Record messaging by hand: one conversation
//! over lines of text, nothing of which is stored (manual, "Off-the-Record messaging by hand").
//!
//! [`profile`] makes, lists and destroys the lasting profiles of the messenger
//! ([`undertone_store::profiles`]), and changes their passwords.
//!
//! # Example
//!
//! ```
//! use clap::Parser;
//! use undertone_tools::Streams;
//! use undertone_tools::ratchet::{self, Ratchet};
//!
//! #[derive(Parser)]
//! struct Cli {
//!     #[command(flatten)]
//!     ratchet: Ratchet,
//! }
//!
//! # let folder = tempfile::tempdir().unwrap();
//! # let database = folder.path().join("ratchet.db");
//! # let database = database.to_str().unwrap();
//! let arguments = ["undertone", "--db", database, "--no-passphrase", "init", "bob"];
//! let (streams, output) = Streams::in_memory(b"");
//! ratchet::run(Cli::parse_from(arguments).ratchet, streams, false).unwrap();
//! assert!(output.text().starts_with("-----BEGIN UNDERTONE RATCHET CARD-----"));
//! ```

pub mod armor;
pub mod backup;
mod failure;
pub mod kept;
pub mod otr;
mod passphrase;
pub mod profile;
pub mod ratchet;
pub mod requests;
mod shown;
mod silence;
mod streams;

pub use failure::{Failure, Kind};
pub use streams::{Streams, Written};
