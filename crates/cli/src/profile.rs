//! `undertone profile`: no network, no runtime, and signals end it as they end any program.

use undertone_node::environment::hardening::{self, LockLimit};
use undertone_tools::Streams;
use undertone_tools::profile::{self, Profile};

use crate::Exit;
use crate::config::Settings;
use crate::ratchet::exit;

/// Hardens the process and does what the arguments say.
pub(crate) fn profile(arguments: Profile, settings: &Settings, limit: LockLimit) -> Exit {
    // What could not be had is for the doctor to tell.
    let _hardening = hardening::harden(limit);
    let chosen = settings.profile.value.as_deref();
    exit(profile::run(arguments, chosen, Streams::standard(), settings.json()))
}
