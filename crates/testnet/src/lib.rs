//! A private Tor network on loopback, for tests and for trying things
