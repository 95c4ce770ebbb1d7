//! What is read when a storage does not do what it is asked to.

use super::{Kind, UserError};
use crate::event::StorageFault;

/// What is read when the storage does again what it is asked to.
pub const STORAGE_WELL: &str = "What you keep can be written again. Everything goes on.";

/// Why the storage did not do what was asked.
#[must_use]
pub fn storage(fault: StorageFault) -> UserError {
    let (what, then) = match fault {
        StorageFault::Full => (
            "There is no room left where your profile is kept.",
            "Make room there: it goes on by itself.",
        ),
        StorageFault::ReadOnly => (
            "Your profile can't be written: its files or their disk are read-only.",
            "Make them writable for yourself: it goes on by itself.",
        ),
        StorageFault::Denied => (
            "Your profile can't be written: this user has no right to its files.",
            "Look at the owner and the permissions of the files: it goes on by itself.",
        ),
        StorageFault::Busy => (
            "Another program has been busy with your profile's files for too long.",
            "End the other program: it goes on by itself.",
        ),
        StorageFault::Damaged => (
            "Your profile is damaged: a part of it is not what was written.",
            "End the program, keep the files as they are, and restore a backup.",
        ),
        StorageFault::Machine => (
            "Your profile can't be read or written.",
            "Look at the disk and at the system's log: it goes on by itself.",
        ),
    };
    let meaning = "Nothing that was kept is lost; until then nothing is sent and nothing taken in.";
    UserError::new(Kind::Environment, format!("{what} {meaning}"), then)
}
