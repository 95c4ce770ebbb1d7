//! Undertone's libraries against programs of others, for tests alone: nothing here is a part of the
//! product, and nothing of it names this crate.
//!
//! [`Libotr`] is a process of our own small C program (`libotr/talk.c`) on Debian's libotr, which
//! obeys lines; [`Table`] seats it opposite a session of `undertone-otr` and carries lines between
//! them. [`Race`] is
//! two accounts of libotr in one process (`libotr/race.c`), for benches.

mod libotr;
mod race;
mod table;

pub use libotr::{Libotr, POLICY_V2, POLICY_V3, Said, folder};
pub use race::{PRIVATE_KEYS, Race};
pub use table::{Table, account};
