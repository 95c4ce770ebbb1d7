//! `undertone profile`, `contact` and `message`: no network, no runtime, and signals end them as they
//! end any program. And the profile that a chat is kept in.

use undertone_handle::words::UserError;
use undertone_node::environment::hardening::{self, LockLimit};
use undertone_tools::kept::{self, Contacts, Messages};
use undertone_tools::profile::{self, Opened, Profile};
use undertone_tools::{Failure, Streams};
use undertone_tui::{Plan, Resume};

use crate::Exit;
use crate::args::Chat;
use crate::config::Settings;
use crate::tools::{exit, said};

/// Messages that are there when a conversation is gone on with.
const SHOWN: usize = 200;

/// Hardens the process and does what the arguments say.
pub(crate) fn profile(arguments: Profile, settings: &Settings, limit: LockLimit) -> Exit {
    // What could not be had is for the doctor to tell.
    let _hardening = hardening::harden(limit);
    exit(profile::run(arguments, chosen(settings), Streams::standard(), settings.json()))
}

/// Hardens the process and does what the arguments say.
pub(crate) fn contact(arguments: Contacts, settings: &Settings, limit: LockLimit) -> Exit {
    let _hardening = hardening::harden(limit);
    exit(kept::contacts(arguments, chosen(settings), Streams::standard(), settings.json()))
}

/// Hardens the process and does what the arguments say.
pub(crate) fn message(arguments: Messages, settings: &Settings, limit: LockLimit) -> Exit {
    let _hardening = hardening::harden(limit);
    exit(kept::messages(arguments, chosen(settings), Streams::standard(), settings.json()))
}

fn chosen(settings: &Settings) -> Option<&str> {
    settings.profile.value.as_deref()
}

/// Opens the profile that a chat is kept in, if it is to be kept, and notes in the plan what is there.
pub(crate) fn keep(
    chat: Chat,
    settings: &Settings,
    plan: &mut Plan,
) -> Result<Option<Opened>, UserError> {
    if !chat.keep && chat.with.is_none() {
        return Ok(None);
    }
    let opened = profile::open(chat.whose, chosen(settings), &mut Streams::standard());
    let opened = opened.map_err(said)?;
    plan.lasting = true;
    if let Some(with) = &chat.with {
        plan.resume = Some(resume(&opened, with).map_err(said)?);
    }
    Ok(Some(opened))
}

fn resume(opened: &Opened, with: &str) -> Result<Resume, Failure> {
    let contact = kept::find(&opened.reader, with)?;
    Ok(Resume {
        lines: kept::last(&opened.reader, contact.conversation, SHOWN)?,
        conversation: contact.conversation,
        peer: contact.name,
        trust: contact.trust,
        ended: contact.ended,
    })
}
