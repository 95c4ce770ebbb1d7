//! Codes, pairing, cards, cells and messages of Undertone's own protocol.
//!
//! No IO, no clock, no randomness of its own: bytes and random numbers come in, bytes go out.

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
