//! Failures of the binary itself, as people read them.

use undertone_handle::words::{Kind, UserError};

/// A failure in three parts: kind, what happened, what to do.
pub(crate) fn failure(kind: Kind, message: &str, hint: &str) -> UserError {
    UserError { kind, message: message.to_owned(), hint: hint.to_owned() }
}

/// A fault of the program.
pub(crate) fn internal(error: &dyn std::fmt::Display) -> UserError {
    failure(
        Kind::Internal,
        &format!("The program met a fault of its own: {error}."),
        "Run it again; if it stays, report it with the output of `undertone doctor`.",
    )
}
