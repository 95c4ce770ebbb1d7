//! `undertone ratchet` and `undertone otr`: no network, no runtime, and signals end them as they end
//! any program.

use undertone_handle::words::{Kind, UserError};
use undertone_node::environment::hardening::{self, LockLimit};
use undertone_tools::otr::{self, Otr};
use undertone_tools::ratchet::{self, Ratchet};
use undertone_tools::{Failure, Streams};

use crate::Exit;

/// Hardens the process and does what the arguments say.
pub(crate) fn ratchet(arguments: Ratchet, json: bool, limit: LockLimit) -> Exit {
    harden(limit);
    exit(ratchet::run(arguments, Streams::standard(), json))
}

/// Hardens the process and does what the arguments say.
pub(crate) fn otr(arguments: Otr, json: bool, limit: LockLimit) -> Exit {
    if json {
        let hint = "Leave out --json: what the other side says is on standard output, the rest on \
                    standard error.";
        return Exit::Failed(UserError::new(Kind::Usage, "There are no JSON lines of it.", hint));
    }
    harden(limit);
    exit(otr::run(arguments, Streams::standard()))
}

fn harden(limit: LockLimit) {
    // What could not be had is for the doctor to tell: words would come between those of a pipe.
    let _hardening = hardening::harden(limit);
}

/// How the program exits after a tool.
pub(crate) fn exit(done: Result<(), Failure>) -> Exit {
    match done {
        Ok(()) => Exit::Code(0),
        Err(failure) => Exit::Failed(said(failure)),
    }
}

/// A tool's failure in the words of all interfaces.
pub(crate) fn said(failure: Failure) -> UserError {
    let Failure { kind, message, hint } = failure;
    UserError::new(kind_of(kind), message, hint)
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
