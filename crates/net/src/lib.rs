//! Onion services behind one trait, the loopback network, and the TLS channel
