//! The loopback network.
