//! The lines about conversations and messages.

use super::{Id, Row, trust};
use crate::command::{History, Reaction};
use crate::event::{
    CheckEvent, ConversationEvent, Deletion, Delivery, LinkState, NotDone, NotSent,
};
use crate::{MessageId, Ticket};

pub(super) fn row(conversation: Id, event: &ConversationEvent) -> Row<'_> {
    match event {
        ConversationEvent::Check(event) => {
            let state = match event {
                CheckEvent::WishWanted => "wish_wanted",
                CheckEvent::PeerAsked => "peer_asked",
                CheckEvent::SecretWanted => "secret_wanted",
                CheckEvent::WaitingForPeer => "waiting_for_peer",
                CheckEvent::Match => "match",
                CheckEvent::Mismatch => "mismatch",
                CheckEvent::Skipped => "skipped",
                CheckEvent::Aborted => "aborted",
                CheckEvent::ConfirmationWanted => "confirmation_wanted",
                CheckEvent::BegunAnew => "begun_anew",
                CheckEvent::Cancelled => "cancelled",
                CheckEvent::PeerCancelled => "peer_cancelled",
            };
            Row::Check { conversation, state }
        }
        ConversationEvent::Trust(level) => {
            let (level, skipped) = trust(*level);
            Row::Trust { conversation, level, skipped }
        }
        ConversationEvent::Open => Row::Open { conversation },
        ConversationEvent::Queued { ticket: Ticket(ticket), message, body, at, reply, timer } => {
            Row::Queued {
                conversation,
                ticket: *ticket,
                message: message.0,
                text: body,
                at: *at,
                reply: reply.map(|message| message.0),
                timer_seconds: *timer,
            }
        }
        ConversationEvent::Received { message, body, at, reply, timer } => Row::Received {
            conversation,
            message: message.0,
            text: body,
            at: *at,
            reply: reply.map(|message| message.0),
            timer_seconds: *timer,
        },
        ConversationEvent::Delivery(MessageId(message), delivery) => {
            let state = match delivery {
                Delivery::Waiting => "waiting",
                Delivery::Sent => "sent",
                Delivery::Delivered => "delivered",
            };
            Row::Delivery { conversation, message: *message, state }
        }
        ConversationEvent::NotSent(Ticket(ticket), reason) => {
            let reason = match reason {
                NotSent::TooLong => "too_long",
                NotSent::OutboxFull => "outbox_full",
                NotSent::NotStored => "not_stored",
                NotSent::Blocked => "blocked",
                NotSent::NotOpen => "not_open",
            };
            Row::NotSent { conversation, ticket: *ticket, reason }
        }
        ConversationEvent::Edited { message: MessageId(message), body, at } => {
            Row::Edited { conversation, message: *message, text: body, at: *at }
        }
        ConversationEvent::Deleted(MessageId(message), by) => {
            let by = match by {
                Deletion::Cancelled => "cancelled",
                Deletion::Own => "own",
                Deletion::Peer => "peer",
                Deletion::Timer => "timer",
            };
            Row::Deleted { conversation, message: *message, by }
        }
        ConversationEvent::NotDone(MessageId(message), reason) => {
            let reason = match reason {
                NotDone::Gone => "gone",
                NotDone::NotOurs => "not_ours",
                NotDone::TooLong => "too_long",
                NotDone::OutboxFull => "outbox_full",
                NotDone::NotOpen => "not_open",
            };
            Row::NotDone { conversation, message: *message, reason }
        }
        ConversationEvent::Reacted { message: MessageId(message), own, reaction } => {
            let reaction = reaction.as_ref().map(Reaction::as_str);
            Row::Reacted { conversation, message: *message, own: *own, reaction }
        }
        ConversationEvent::Timer { seconds, own } => {
            Row::Timer { conversation, seconds: *seconds, own: *own }
        }
        ConversationEvent::History(history) => {
            let (keeps, seconds) = match history {
                History::Kept => ("kept", None),
                History::For(seconds) => ("for", Some(*seconds)),
                History::NotKept => ("not_kept", None),
            };
            Row::History { conversation, keeps, seconds }
        }
        ConversationEvent::Renamed(name) => Row::Renamed { conversation, name },
        ConversationEvent::Blocked(blocked) => Row::PeerBlocked { conversation, blocked: *blocked },
        ConversationEvent::PeerName(claims) => Row::PeerName { conversation, claims },
        ConversationEvent::Link(state) => {
            let (state, redial_seconds) = match state {
                LinkState::Up => ("up", None),
                LinkState::Lost { redial_for } => ("lost", Some(redial_for.as_secs())),
                LinkState::Away => ("away", None),
                LinkState::GivenUp => ("given_up", None),
            };
            Row::Link { conversation, state, redial_seconds }
        }
        ConversationEvent::Healing(event) => Row::Healing { conversation, state: event.name() },
        ConversationEvent::Repair(event) => Row::Repair { conversation, state: event.name() },
        ConversationEvent::Refused => Row::Refused { conversation },
        ConversationEvent::PeerLeft => Row::PeerLeft { conversation },
        ConversationEvent::Left { confirmed } => Row::Left { conversation, confirmed: *confirmed },
    }
}
