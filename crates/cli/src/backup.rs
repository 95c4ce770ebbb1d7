//! `undertone backup`: no network, no runtime, and signals end it as they end any program.

use undertone_node::environment::hardening::{self, LockLimit};
use undertone_tools::Streams;
use undertone_tools::backup::{self, Backup};

use crate::Exit;
use crate::config::Settings;
use crate::tools::exit;

/// Hardens the process and does what the arguments say.
pub(crate) fn backup(arguments: Backup, settings: &Settings, limit: LockLimit) -> Exit {
    // What could not be had is for the doctor to tell.
    let _hardening = hardening::harden(limit);
    let chosen = settings.profile.value.as_deref();
    exit(backup::run(arguments, chosen, Streams::standard(), settings.json()))
}
