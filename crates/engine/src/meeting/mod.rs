//! Meeting someone by a spoken code: from the code to the keys that make a conversation.
//!
//! The messages of a pairing are `wire`'s; here stands the policy around them: when to publish, whom
//! to answer, how many guesses, when the code is burnt, how long anything may take.

mod guest;
mod host;

use undertone_handle::command::{Meet, Role};
use undertone_handle::event::{MeetingEnd, MeetingEvent, Trust};
use undertone_handle::{ConversationId, SecretText};
use undertone_ratchet::session::Session;
use undertone_wire::address::OnionSeed;
use undertone_wire::cell::FrameKind;
use undertone_wire::pairing::{Exporters, Paired};

use self::guest::Guest;
use self::host::Host;
use crate::conversation::ratchet_role;
use crate::input::ServiceState;
use crate::limits::Millis;
use crate::storage::{Contact, Recovery};
use crate::{ChannelKeys, Cx, DialFailure, DialId, StreamId};

/// What a successful meeting leaves: a contact, a ratchet session, and the stream they began on.
pub(crate) struct Made {
    pub(crate) contact: Contact,
    pub(crate) session: Session,
    pub(crate) stream: StreamId,
    pub(crate) check: Option<bool>,
    pub(crate) secret: Option<SecretText>,
}

/// A meeting under way.
pub(crate) enum Meeting {
    Host(Box<Host>),
    Guest(Box<Guest>),
    /// It has ended; with what it made, if it made something.
    Over(Option<Box<Made>>),
}

/// What a meeting's end asks of [`Meeting`].
enum Outcome {
    Going,
    Ended,
    Made(Box<Made>),
}

impl Meeting {
    pub(crate) fn begin(id: ConversationId, meet: Meet, cx: &mut Cx<'_, '_>) -> Self {
        match meet.role {
            Role::Host => Self::Host(Box::new(Host::begin(id, meet, cx))),
            Role::Guest => Self::Guest(Box::new(Guest::begin(id, meet, cx))),
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self, Self::Over(_))
    }

    pub(crate) fn into_made(self) -> Option<Made> {
        match self {
            Self::Over(made) => made.map(|made| *made),
            Self::Host(_) | Self::Guest(_) => None,
        }
    }

    pub(crate) fn deadline(&self) -> Option<Millis> {
        match self {
            Self::Host(host) => host.deadline(),
            Self::Guest(guest) => guest.deadline(),
            Self::Over(_) => None,
        }
    }

    fn settle(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Going => {}
            Outcome::Ended => *self = Self::Over(None),
            Outcome::Made(made) => *self = Self::Over(Some(made)),
        }
    }

    /// Ends the meeting without a conversation and says why.
    pub(crate) fn end(&mut self, why: MeetingEnd, cx: &mut Cx<'_, '_>) {
        let outcome = match self {
            Self::Host(host) => host.end(why, cx),
            Self::Guest(guest) => guest.end(why, cx),
            Self::Over(_) => Outcome::Going,
        };
        self.settle(outcome);
    }

    pub(crate) fn network_ready(&mut self, cx: &mut Cx<'_, '_>) {
        match self {
            Self::Host(host) => host.network_ready(cx),
            Self::Guest(guest) => guest.network_ready(cx),
            Self::Over(_) => {}
        }
    }

    pub(crate) fn derived(&mut self, seed: Option<OnionSeed>, cx: &mut Cx<'_, '_>) {
        let outcome = match self {
            Self::Host(host) => host.derived(seed, cx),
            Self::Guest(guest) => guest.derived(seed, cx),
            Self::Over(_) => Outcome::Going,
        };
        self.settle(outcome);
    }

    pub(crate) fn service(&mut self, state: &ServiceState, cx: &mut Cx<'_, '_>) {
        let outcome = match self {
            Self::Host(host) => host.service(state, cx),
            Self::Guest(_) | Self::Over(_) => Outcome::Going,
        };
        self.settle(outcome);
    }

    pub(crate) fn arrived(&mut self, stream: StreamId, cx: &mut Cx<'_, '_>) {
        if let Self::Host(host) = self {
            host.arrived(stream, cx);
        }
    }

    pub(crate) fn dialled(
        &mut self,
        dial: DialId,
        result: Result<StreamId, DialFailure>,
        cx: &mut Cx<'_, '_>,
    ) {
        let outcome = match self {
            Self::Host(host) => host.looked(result, cx),
            Self::Guest(guest) => guest.dialled(dial, result, cx),
            Self::Over(_) => Outcome::Going,
        };
        self.settle(outcome);
    }

    pub(crate) fn secured(&mut self, stream: StreamId, keys: ChannelKeys, cx: &mut Cx<'_, '_>) {
        match self {
            Self::Host(host) => host.secured(stream, keys),
            Self::Guest(guest) => guest.secured(stream, &keys, cx),
            Self::Over(_) => {}
        }
    }

    pub(crate) fn frame(
        &mut self,
        stream: StreamId,
        kind: FrameKind,
        bytes: &[u8],
        cx: &mut Cx<'_, '_>,
    ) {
        let outcome = match self {
            Self::Host(host) => host.frame(stream, kind, bytes, cx),
            Self::Guest(guest) => guest.frame(stream, kind, bytes, cx),
            Self::Over(_) => Outcome::Going,
        };
        self.settle(outcome);
    }

    pub(crate) fn closed(&mut self, stream: StreamId, cx: &mut Cx<'_, '_>) {
        let outcome = match self {
            Self::Host(host) => host.closed(stream, cx),
            Self::Guest(guest) => guest.closed(stream, cx),
            Self::Over(_) => Outcome::Going,
        };
        self.settle(outcome);
    }

    pub(crate) fn tick(&mut self, cx: &mut Cx<'_, '_>) {
        let outcome = match self {
            Self::Host(host) => host.tick(cx),
            Self::Guest(guest) => guest.tick(cx),
            Self::Over(_) => Outcome::Going,
        };
        self.settle(outcome);
    }
}

/// Says why a meeting ended; the last event of it.
fn tell_end(id: ConversationId, why: MeetingEnd, cx: &mut Cx<'_, '_>) -> Outcome {
    cx.meeting(id, MeetingEvent::Ended(why));
    Outcome::Ended
}

fn exporters(keys: &ChannelKeys) -> Exporters {
    Exporters { sid: keys.sid, binding: keys.binding }
}

/// Makes the contact out of a pairing that both ends confirmed.
fn made(id: ConversationId, meet: &mut Meet, stream: StreamId, paired: Paired) -> Box<Made> {
    let Paired { root, transcript, own, peer, .. } = paired;
    let pairing = transcript.hash();
    let recovery_key = root.recovery_key();
    let session = root.into_session(ratchet_role(meet.role), own.keys(), peer.keys(), &transcript);
    let contact = Contact {
        // Given when the conversation begins.
        number: 0,
        lasting: meet.lasting,
        made: false,
        ended: false,
        since: 0,
        id,
        role: meet.role,
        nick: meet.nick.clone(),
        peer: meet.peer.clone(),
        own: own.into_kept(),
        card: peer,
        pairing,
        recovery: Recovery::new(recovery_key),
        trust: Trust::Verified { skipped: false },
        open: false,
    };
    let (check, secret) = (meet.check, meet.secret.take());
    Box::new(Made { contact, session, stream, check, secret })
}
