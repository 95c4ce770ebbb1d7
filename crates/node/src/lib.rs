//! The driver: runs the engine and the networks behind a handle
