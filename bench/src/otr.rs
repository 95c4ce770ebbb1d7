//! Version 3 of OTR beside libotr: sessions begun, texts in one direction and in turns, checks of a
//! secret. Both ends are in one process, ours in this one and libotr's in its own; each has its own
//! clock, so that no pipe is measured.

mod ends;

use std::path::PathBuf;
use std::time::Duration;

use undertone_interop::Race;
use undertone_otr::Version;

use self::ends::{Ends, What, beside};
use crate::goals::Wanted;
use crate::measure::Goal;
use crate::run::Failure;

/// A text of 32 bytes, sent and read.
pub(crate) fn message(wanted: Wanted) -> Result<Goal, Failure> {
    beside_libotr((200, 100), wanted, What::Messages(32))
}

/// A text of 1 KiB, sent and read.
pub(crate) fn kib(wanted: Wanted) -> Result<Goal, Failure> {
    beside_libotr((200, 100), wanted, What::Messages(1 << 10))
}

/// A text of 32 bytes that answers one, sent and read: keys change with each.
pub(crate) fn turn(wanted: Wanted) -> Result<Goal, Failure> {
    beside_libotr((60, 4), wanted, What::Turns(32))
}

/// A session, from the query to where both may talk.
pub(crate) fn session(wanted: Wanted) -> Result<Goal, Failure> {
    beside_libotr((60, 2), wanted, What::Sessions)
}

/// A check of a secret that both know.
pub(crate) fn check(wanted: Wanted) -> Result<Goal, Failure> {
    beside_libotr((20, 1), wanted, What::Checks)
}

fn beside_libotr(rounds: (usize, u32), wanted: Wanted, what: What) -> Result<Goal, Failure> {
    beside(Version::V3, &mut Race::start(&target())?, rounds, wanted, what)
}

impl Ends for Race {
    fn time(&mut self, what: What, count: u32) -> Result<Duration, Failure> {
        let command = match what {
            What::Sessions => format!("sessions {count}"),
            What::Messages(len) => format!("messages {count} {len}"),
            What::Turns(len) => format!("turns {count} {len}"),
            What::Checks => format!("checks {count}"),
        };
        Ok(Self::time(self, &command)?)
    }
}

/// Where libotr's program is compiled to: beside this one.
fn target() -> PathBuf {
    let own = std::env::current_exe().ok();
    own.and_then(|own| Some(own.parent()?.to_owned())).unwrap_or_else(std::env::temp_dir)
}
