//! A private Tor network on loopback, for tests and for trying things.
//!
//! Debian's `tor` runs three directory authorities and six relays on `127.0.0.1`, and nothing of it can reach further:
//! the exits are bound to loopback too. A client on it (the embedded one by [`Network::arti_toml`], or C tor by
//! [`Options::clients`]) publishes and reaches onion services as on the public network, within milliseconds.
//!
//! Start it after compiling, not during: votes that come late by more than a few seconds are lost, and with them a
//! round of the directory. One network serves a whole run of tests: `cargo xtask test tor` starts it and names its
//! description in the environment variable [`ENVIRONMENT`], and each test calls [`Network::attach_from_env`].
//!
//! Nothing outlives its owner. Each `tor` polls the process that started it and ends with it, also after a kill that
//! runs no destructor, and the directory of a dead owner is removed by whoever starts the next network.
//! The program `undertone-testnet` of this crate adds promptness: it ends the network as soon as its standard input
//! does.
//!
//! ```no_run
//! use undertone_testnet::{Network, Options};
//!
//! let network = Network::start(Options::default())?;
//! println!("{}", network.arti_toml());
//! # Ok::<(), undertone_testnet::StartError>(())
//! ```

mod arti;
mod consensus;
mod control;
mod description;
mod directory;
mod home;
mod keys;
mod network;
mod options;
mod ports;
mod process;
mod torrc;

pub use control::{Control, ControlError, Reply};
pub use description::{AttachError, Authority, Client, Description, ENVIRONMENT, Relay};
pub use directory::Period;
pub use home::HomeError;
pub use keys::KeyError;
pub use network::{Network, StartError};
pub use options::{IntervalError, Options, VotingInterval};
