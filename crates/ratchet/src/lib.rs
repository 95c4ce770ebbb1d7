//! Handshake key derivation and double ratchet with header encryption
