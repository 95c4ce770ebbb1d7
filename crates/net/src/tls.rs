//! TLS channels.
