//! The words about the Socialist Millionaire check.

use super::{Kind, UserError};
use crate::event::CheckEvent;

/// A step of the check as a sentence.
#[must_use]
pub fn check(event: CheckEvent) -> &'static str {
    match event {
        CheckEvent::WishWanted => {
            "You can check that nobody stands in between, by a secret that only you two know."
        }
        CheckEvent::PeerAsked => "Your partner asked for the check, so both do it.",
        CheckEvent::SecretWanted => "Type the secret that you share. It is not sent to anyone.",
        CheckEvent::WaitingForPeer => "Waiting for your partner's secret.",
        CheckEvent::Match => "The check succeeded: you share the same secret.",
        CheckEvent::Mismatch => {
            "The check failed: the secrets differ. One of you mistyped it, or this is not your \
             partner, or someone stands in between."
        }
        CheckEvent::Skipped => "Neither side wanted the check, so it was skipped.",
        CheckEvent::Aborted => {
            "The check broke off before it could say anything. It counts as failed."
        }
        CheckEvent::ConfirmationWanted => {
            "Several checks have failed in this conversation, and each further one gives whoever \
             is there another guess. To run one all the same, type the word check."
        }
        CheckEvent::BegunAnew => {
            "The keys were renewed before the check had begun, so it begins anew under the new ones."
        }
        CheckEvent::Cancelled => {
            "You cancelled the check. Nothing was compared: it counts as no check."
        }
        CheckEvent::PeerCancelled => {
            "Your partner's side cancelled the check. Nothing was compared: it counts as no check."
        }
    }
}

/// The question about the wish for a check; the default is no.
pub const CHECK_QUESTION: &str = "Check by a shared secret? (y/N)";

/// The question after a failed check; the default is to leave.
pub const STAY_QUESTION: &str = "Stay all the same, unverified? (y/N)";

/// The question after the partner cancelled the check before the conversation; the default is to
/// leave.
pub const WITHOUT_QUESTION: &str = "Go on without the check? (y/N)";

/// The error of a conversation that its user left because the partner cancelled the check.
#[must_use]
pub fn check_cancelled() -> UserError {
    UserError::new(
        Kind::CheckFailed,
        "Your partner's side cancelled the check and you left. The conversation has ended.",
        "Ask your partner in another way why, and begin again with a fresh code.",
    )
}

/// The error of a conversation that its user left because the check failed.
#[must_use]
pub fn check_failed() -> UserError {
    UserError::new(
        Kind::CheckFailed,
        "The check failed and you left. The conversation has ended.",
        "Ask your partner in another way what happened, agree on the secret word for word, and \
         begin again with a fresh code.",
    )
}
