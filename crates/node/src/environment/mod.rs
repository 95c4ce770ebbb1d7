//! scratch
pub mod clock;
pub mod redact;
