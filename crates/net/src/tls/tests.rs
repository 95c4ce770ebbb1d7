//! Honest and hostile peers against channels.

mod handshakes;
mod peers;
mod records;
