//! `undertone ratchet`: no network, no runtime, and signals end it as they end any program.

use undertone_handle::words::{Kind, UserError};
use undertone_node::environment::hardening::{self, LockLimit};
use undertone_tools::ratchet::{self, Ratchet};
use undertone_tools::{Failure, Streams};

use crate::Exit;

/// Hardens the process and does what the arguments say.
pub(crate) fn ratchet(arguments: Ratchet, json: bool, limit: LockLimit) -> Exit {
    // What could not be had is for the doctor to tell: words would come between those of a pipe.
    let _hardening = hardening::harden(limit);
    exit(ratchet::run(arguments, Streams::standard(), json))
}

/// How the program exits after a tool.
pub(crate) fn exit(done: Result<(), Failure>) -> Exit {
    match done {
        Ok(()) => Exit::Code(0),
        Err(Failure { kind, message, hint }) => {
            Exit::Failed(UserError::new(kind_of(kind), message, hint))
        }
    }
}

/// The exit code goes by it.
fn kind_of(kind: undertone_tools::Kind) -> Kind {
    match kind {
        undertone_tools::Kind::Internal => Kind::Internal,
        undertone_tools::Kind::Usage => Kind::Usage,
        undertone_tools::Kind::PartnerGone => Kind::PartnerGone,
        undertone_tools::Kind::CheckFailed => Kind::CheckFailed,
        undertone_tools::Kind::Environment => Kind::Environment,
        undertone_tools::Kind::NotDelivered => Kind::NotDelivered,
    }
}
