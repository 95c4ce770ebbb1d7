//! Codes, pairing, cards, cells and messages of Undertone's own protocol.
//!
//! No IO, no clock, no randomness of its own: bytes, times and random numbers come in, bytes go
//! out. The specification, byte by byte, is `docs/protocol.md`.
//!
//! - [`code`], [`locator`], [`address`]: from the words people say to an onion address.
//! - [`pairing`] with [`cpace`] and [`card`]: from one stream and a password to a shared root.
//! - [`request`]: pairing with somebody who asked at a public address.
//! - [`link`]: what a later stream between the two begins with; [`repair`]: what it carries instead
//!   when the session of one end is lost.
//! - [`cell`]: every frame cut into cells of one size; [`message`]: what is inside packets.
//! - [`pacer`]: when a cell leaves, and when a silent stream is dead.
//!
//! Whatever a decoder takes came from a stranger: lengths are checked before anything is
//! allocated, every byte is accounted for, and nothing panics.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

pub mod address;
pub mod card;
pub mod cell;
pub mod code;
pub mod cpace;
pub mod link;
pub mod locator;
pub mod message;
pub mod pacer;
pub mod pairing;
pub mod repair;
pub mod request;

mod kdf;
