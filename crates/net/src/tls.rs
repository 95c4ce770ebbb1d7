//! Channels of fixed-size cells over TLS 1.3; the only code that names rustls.
//!
//! A [`Channel`] comes from [`connect`] or [`accept`] over any [`Stream`](crate::Stream), in one of
//! two uses:
//!
//! - *pairing*: the server shows a throwaway certificate, the client takes whatever it is shown and
//!   shows nothing. All authentication is above, bound to [`Channel::export`].
//! - *link*: both sides show a certificate, and both pin the other's by its Ed25519 key ([`Pins`]).
//!
//! One group (X25519MLKEM768), one suite (TLS13_CHACHA20_POLY1305_SHA256), one signature scheme
//! (Ed25519); no tickets, no resumption, no early data, no SNI, no ALPN. After the handshake each
//! record is one cell: its five header bytes are compared with the only header that a cell can have
//! before rustls sees it, and what rustls makes of it must be one whole cell. Alerts, tickets,
//! KeyUpdates, padded or odd records end the channel. After an error or at the end the stream is
//! dropped and nothing more is written, no alert either: that is why rustls is driven here, on
//! buffers, and not by an adapter.

mod cells;
mod config;
mod handshake;
mod identity;
#[cfg(test)]
mod tests;

pub use cells::{CellReceiver, CellSender, Channel, ChannelError, RECORD_LEN};
pub(crate) use config::random;
pub use handshake::{ClientPolicy, HANDSHAKE_BYTES, HandshakeError, Peer, accept, connect};
pub use identity::{Identity, IdentityError, Pins};
