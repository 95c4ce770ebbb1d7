//! What is read about a message: where it is, what was done to it, and why something was not.

use std::time::Duration;

use super::{Kind, UserError, duration};
use crate::command::{History, MAX_TEXT};
use crate::event::{Deletion, Delivery, NotDone, NotSent};

/// The mark of a message's delivery.
#[must_use]
pub fn delivery_mark(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::Waiting => "… waiting",
        Delivery::Sent => "✓",
        Delivery::Delivered => "✓✓",
    }
}

/// The word for a message's delivery.
#[must_use]
pub fn delivery_word(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::Waiting => "waiting",
        Delivery::Sent => "sent",
        Delivery::Delivered => "delivered",
    }
}

/// Why a text was not taken.
#[must_use]
pub fn not_sent(reason: NotSent) -> UserError {
    match reason {
        NotSent::TooLong => UserError::new(
            Kind::NotDelivered,
            format!("Not sent: the text is longer than {} KiB.", MAX_TEXT / 1024),
            "Send it in parts.",
        ),
        NotSent::OutboxFull => UserError::new(
            Kind::NotDelivered,
            "Not sent: too many messages are waiting already.",
            "Wait until the connection is back and some have been delivered.",
        ),
        NotSent::NotStored => UserError::new(
            Kind::NotDelivered,
            "Not sent: it could not be stored, and what is not stored is not sent.",
            "Keep the text; send it again when it is said that the storage is well.",
        ),
        NotSent::Blocked => UserError::new(
            Kind::NotDelivered,
            "Not sent: you have blocked them.",
            "/unblock opens the door to them again.",
        ),
        NotSent::NotOpen => UserError::new(
            Kind::NotDelivered,
            "Not sent: the conversation is not open.",
            "Wait until it opens; if it has ended, begin again with a fresh code.",
        ),
    }
}

/// Why something was not done to a message.
#[must_use]
pub fn not_done(reason: NotDone) -> UserError {
    let (what, then) = match reason {
        NotDone::Gone => ("the message is not here any more", "There is nothing left to do."),
        NotDone::NotOurs => {
            ("only its author can change it", "Delete it on your side, or ask your partner to.")
        }
        NotDone::TooLong => ("the new text is empty or too long", "Shorten it."),
        NotDone::OutboxFull => (
            "too many messages are waiting already",
            "Wait until the connection is back and some have been delivered.",
        ),
        NotDone::NotOpen => (
            "the conversation is not open",
            "Wait until it opens; if it has ended, what was said can only be deleted here.",
        ),
    };
    UserError::new(Kind::NotDelivered, format!("Not done: {what}."), then)
}

/// How a message went.
#[must_use]
pub fn deleted(how: Deletion) -> &'static str {
    match how {
        Deletion::Cancelled => "taken back before it had left",
        Deletion::Own => "deleted by you",
        Deletion::Peer => "deleted by your partner",
        Deletion::Timer => "its time is over",
    }
}

/// What is read when the timer on new messages changed.
#[must_use]
pub fn timer(seconds: Option<u32>, own: bool, peer: &str) -> String {
    let who = if own { "You" } else { peer };
    match seconds {
        Some(seconds) => {
            let span = duration(Duration::from_secs(seconds.into()));
            format!("{who} set a timer: from now on messages go {span} after they were seen.")
        }
        None => format!("{who} took the timer off: from now on messages stay."),
    }
}

/// That a timer stands on new messages.
#[must_use]
pub fn timer_stands(seconds: u32) -> String {
    let span = duration(Duration::from_secs(seconds.into()));
    format!("New messages go {span} after they were seen.")
}

/// The user has blocked the partner, or does no longer.
#[must_use]
pub fn blocked(peer: &str, blocked: bool) -> String {
    if blocked {
        format!(
            "You have blocked {peer}: nothing comes from them and nothing goes to them until you say /unblock. \
             To them you are away; nobody tells them why."
        )
    } else {
        format!("{peer} is not blocked.")
    }
}

/// What it takes to leave for good.
#[must_use]
pub fn leave_how(peer: &str) -> String {
    format!(
        "/leave {peer} says goodbye to {peer} and deletes the contact with all that was said, here for good: the \
         name in full, so that it doesn't happen by accident. /quit only closes the program."
    )
}

/// How long messages are kept here.
#[must_use]
pub fn history(history: History) -> String {
    match history {
        History::Kept => "Messages are kept here until they are deleted.".to_owned(),
        History::For(seconds) => {
            let span = duration(Duration::from_secs(seconds.into()));
            format!("Messages are kept here for {span}.")
        }
        History::NotKept => "Messages are not kept here once they were seen.".to_owned(),
    }
}
