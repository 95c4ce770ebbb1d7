//! One conversation from the pairing to the goodbye.
//!
//! - [`delivery`]: the outbox, receipts, what arrives.
//! - [`link`]: the connection, its loss and its return.
//! - [`epochs`]: the ratchet's post-quantum epochs.
//! - [`check`]: the Socialist Millionaire check.
//! - [`change`]: what becomes of a message after it was written.
//! - [`timer`]: disappearing messages, and how long the history is kept.
//! - [`pending`]: what is stored, with the writes of the running step.
//! - [`repair`]: a session that is lost or broken.

mod change;
mod check;
mod delivery;
mod epochs;
mod link;
mod pending;
mod repair;
mod timer;

use undertone_handle::command::{CheckCommand, Role};
use undertone_handle::event::{ConversationEvent, MeetingEvent, Trust};
use undertone_handle::{ConversationId, MessageId, Ticket};
use undertone_ratchet::handshake::Role as RatchetRole;
use undertone_ratchet::session::Session;
use undertone_wire::message::Body;

use self::check::Check;
use self::epochs::Epochs;
use self::link::Connection;
use self::repair::Repairing;
use crate::limits::{GOODBYE_PATIENCE, Millis};
use crate::meeting::Made;
use crate::storage::{Contact, Counters, Policy, Profile, RepairState, View, Write};
use crate::{CloseWhen, Cx, Effect, ServiceId, Tls};

/// Where a conversation is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The check before the conversation, or the decision that there is none.
    Checking,
    /// Texts flow.
    Open,
    /// Our goodbye is out; this is when we stop waiting for its confirmation.
    Leaving(Millis),
    /// The partner of a lasting contact said goodbye: what was said stays, and nothing more is.
    Ended,
    /// Nothing happens any more.
    Over,
}

pub(crate) struct Conversation {
    id: ConversationId,
    contact: Contact,
    session: Session,
    /// The session changed since it was last written.
    session_changed: bool,
    counters: Counters,
    counters_changed: bool,
    policy: Policy,
    /// When to go on dating the history anew.
    date_later: Option<Millis>,
    /// When to go on with what the user has seen, and up to where.
    see_later: Option<(Millis, MessageId)>,
    /// The highest sequence number that was sent on the present connection.
    sent: u64,
    /// Something of the partner's came on the present connection.
    heard: bool,
    /// The partner has not been told of everything that came: the chain was full.
    owes_receipt: bool,
    /// The packet that opens each connection while the sending chain is full; see
    /// [`Conversation::greet`].
    last_word: Option<Vec<u8>>,
    epochs: Epochs,
    repairing: Repairing,
    connection: Connection,
    service: Option<ServiceId>,
    check: Check,
    phase: Phase,
}

/// The ratchet's name for a meeting's role.
pub(crate) fn ratchet_role(role: Role) -> RatchetRole {
    match role {
        Role::Guest => RatchetRole::Initiator,
        Role::Host => RatchetRole::Responder,
    }
}

/// Whether the last thing that waits for a receipt is our goodbye: nothing is said after it.
fn said_goodbye(id: ConversationId, counters: &Counters, view: &dyn View) -> bool {
    let last = view.outbox(id, counters.next.saturating_sub(1), 1).pop();
    last.is_some_and(|row| Body::decode(&row.body).is_ok_and(|body| body == Body::Goodbye))
}

impl Conversation {
    /// Begins the conversation that a meeting made, on the stream that is there.
    pub(crate) fn begin(id: ConversationId, made: Made, cx: &mut Cx<'_, '_>) -> Self {
        let Made { mut contact, session, stream, check, secret } = made;
        let number = cx.view.profile().next_number;
        cx.step.writes.push(Write::PutProfile(Profile { next_number: number.saturating_add(1) }));
        contact.number = number;
        contact.since = cx.wall;
        // After a request there is nothing to decide before the conversation: it is unverified.
        let open = contact.open;
        let mut this = Self {
            id,
            contact,
            session,
            session_changed: true,
            counters: Counters::default(),
            counters_changed: true,
            policy: Policy::default(),
            date_later: None,
            see_later: None,
            sent: 0,
            heard: false,
            owes_receipt: false,
            last_word: None,
            epochs: Epochs::new(),
            repairing: Repairing::default(),
            connection: Connection::up(stream),
            service: None,
            check: if open { Check::loaded() } else { Check::new(check, secret) },
            phase: if open { Phase::Open } else { Phase::Checking },
        };
        cx.step.writes.push(Write::PutContact(Box::new(this.contact.clone())));
        cx.step.writes.push(Write::PutPolicy(id, this.policy));
        cx.meeting(id, MeetingEvent::Paired);
        cx.tell(id, ConversationEvent::Trust(this.contact.trust));
        this.publish(cx);
        this.queue(&Body::Name(this.contact.nick.as_str().to_owned()), None, cx);
        if open {
            cx.tell(id, ConversationEvent::Open);
        } else {
            this.begin_check(cx);
        }
        this.save(cx);
        this
    }

    /// Loads a conversation from what is stored; its connection is down.
    pub(crate) fn load(id: ConversationId, view: &dyn View) -> Option<Self> {
        let contact = view.contact(id)?;
        let session = Session::from_bytes(&view.session(id)?).ok()?;
        let counters = view.counters(id)?;
        let policy = view.policy(id).unwrap_or_default();
        let phase = match (contact.ended, contact.open) {
            (true, _) => Phase::Ended,
            // The program fell down while it was leaving, and whoever has heard the goodbye is gone.
            _ if said_goodbye(id, &counters, view) => Phase::Leaving(0),
            (false, true) => Phase::Open,
            (false, false) => Phase::Checking,
        };
        Some(Self {
            id,
            contact,
            session,
            session_changed: false,
            counters,
            counters_changed: false,
            policy,
            date_later: (policy.to_date > 0).then_some(0),
            see_later: None,
            sent: counters.acknowledged,
            heard: false,
            owes_receipt: false,
            last_word: None,
            epochs: Epochs::new(),
            repairing: Repairing::default(),
            connection: Connection::loaded(),
            service: None,
            check: Check::loaded(),
            phase,
        })
    }

    /// The host's end publishes the contact's own service, at which the guest dials again after a
    /// loss. Only the guest's key opens its descriptor.
    fn publish(&mut self, cx: &mut Cx<'_, '_>) {
        let serves = self.contact.role == Role::Host && !self.contact.ended && !self.policy.blocked;
        if serves && self.service.is_none() {
            let service = cx.ids.service(crate::Owner::Conversation(self.id));
            self.service = Some(service);
            cx.effect(Effect::Publish {
                service,
                seed: self.contact.own.onion_seed().clone(),
                clients: vec![*self.contact.card.client_auth()],
                tls: self.link_tls(),
            });
        }
    }

    fn link_tls(&self) -> Tls {
        Tls::Link {
            certificate_seed: self.contact.own.certificate_seed().clone(),
            peer: *self.contact.card.certificate(),
        }
    }

    /// How a dial of ours is secured.
    fn dial_tls(&self) -> Tls {
        if self.repair_state() != RepairState::Needed {
            return self.link_tls();
        }
        Tls::Repair {
            certificate_seed: self.contact.own.certificate_seed().clone(),
            peer: *self.contact.card.certificate(),
        }
    }

    /// Something came from the partner under the session: it is certain that they kept us.
    pub(crate) fn is_made(&self) -> bool {
        self.contact.made
    }

    /// Whoever accepted our request comes again, because the last word of the first time was lost: they never had
    /// the session. What was said since waits still, and goes under the new one.
    pub(crate) fn begin_again(&mut self, made: Made, cx: &mut Cx<'_, '_>) {
        let Made { contact, session, stream, .. } = made;
        if self.phase != Phase::Open || self.policy.blocked {
            return cx.close(stream, CloseWhen::Now);
        }
        self.close_down(cx);
        let Contact { number, since, peer, .. } = self.contact.clone();
        self.contact = Contact { number, since, peer, ..contact };
        cx.step.writes.push(Write::PutContact(Box::new(self.contact.clone())));
        self.session = session;
        self.session_changed = true;
        self.owes_receipt = false;
        self.last_word = None;
        self.epochs = Epochs::new();
        self.check = Check::loaded();
        self.connection = Connection::loaded();
        self.publish(cx);
        self.up(stream, cx);
        self.save(cx);
    }

    pub(crate) fn is_over(&self) -> bool {
        self.phase == Phase::Over
    }

    pub(crate) fn deadline(&self) -> Option<Millis> {
        let leaving = match self.phase {
            Phase::Leaving(until) => Some(until),
            Phase::Checking | Phase::Open | Phase::Ended | Phase::Over => None,
        };
        let later = self.date_later.into_iter().chain(self.see_later.map(|(at, _)| at));
        let own = leaving.into_iter().chain(later);
        let own = own.chain(self.repairing.deadline());
        own.chain(self.connection.deadline()).chain(self.epochs.deadline()).min()
    }

    pub(crate) fn tick(&mut self, cx: &mut Cx<'_, '_>) {
        if let Phase::Leaving(until) = self.phase
            && cx.now >= until
        {
            cx.tell(self.id, ConversationEvent::Left { confirmed: false });
            self.finish(cx);
        }
        self.tick_timer(cx);
        self.tick_link(cx);
        self.tick_epochs(cx);
        self.tick_repair(cx);
        self.save(cx);
    }

    pub(crate) fn check_command(&mut self, answer: CheckCommand, cx: &mut Cx<'_, '_>) {
        if matches!(self.phase, Phase::Checking | Phase::Open) {
            self.answer_check(answer, cx);
        }
        self.save(cx);
    }

    pub(crate) fn send_text(
        &mut self,
        ticket: Ticket,
        body: String,
        reply: Option<MessageId>,
        cx: &mut Cx<'_, '_>,
    ) {
        self.text(ticket, body, reply, cx);
        self.save(cx);
    }

    /// Says goodbye. Without a connection there is nobody to say it to.
    pub(crate) fn leave(&mut self, cx: &mut Cx<'_, '_>) {
        match self.phase {
            Phase::Checking | Phase::Open if self.connection.stream().is_some() => {
                self.phase = Phase::Leaving(cx.now.saturating_add(GOODBYE_PATIENCE));
                self.queue(&Body::Goodbye, None, cx);
            }
            Phase::Checking | Phase::Open | Phase::Ended => {
                cx.tell(self.id, ConversationEvent::Left { confirmed: false });
                self.finish(cx);
            }
            Phase::Leaving(_) | Phase::Over => {}
        }
        self.save(cx);
    }

    /// The program ends. What lasts is left as it is; all else ends with a goodbye.
    pub(crate) fn part(&mut self, cx: &mut Cx<'_, '_>) {
        if !self.contact.lasting || matches!(self.phase, Phase::Leaving(_)) {
            return self.leave(cx);
        }
        self.fall_to_verified(cx);
        self.close_down(cx);
        self.phase = Phase::Over;
        self.save(cx);
    }

    /// A check vouches for who was at the other end of a connection, not of the next one.
    fn fall_to_verified(&mut self, cx: &mut Cx<'_, '_>) {
        if self.contact.trust == Trust::Authenticated {
            self.set_trust(Trust::Verified { skipped: false }, cx);
        }
    }

    /// Opens the conversation for texts.
    fn open(&mut self, trust: Trust, cx: &mut Cx<'_, '_>) {
        self.set_trust(trust, cx);
        if self.phase == Phase::Checking {
            self.phase = Phase::Open;
            self.contact.open = true;
            cx.step.writes.push(Write::PutContact(Box::new(self.contact.clone())));
            cx.tell(self.id, ConversationEvent::Open);
        }
    }

    /// The one place where a contact's trust changes.
    fn set_trust(&mut self, trust: Trust, cx: &mut Cx<'_, '_>) {
        if self.contact.trust != trust {
            self.contact.trust = trust;
            cx.step.writes.push(Write::PutContact(Box::new(self.contact.clone())));
            cx.tell(self.id, ConversationEvent::Trust(trust));
        }
    }

    /// The partner said goodbye. What lasts keeps what was said.
    fn peer_left(&mut self, cx: &mut Cx<'_, '_>) {
        cx.tell(self.id, ConversationEvent::PeerLeft);
        if !self.contact.lasting {
            return self.finish(cx);
        }
        self.fall_to_verified(cx);
        self.contact.ended = true;
        cx.step.writes.push(Write::PutContact(Box::new(self.contact.clone())));
        self.phase = Phase::Ended;
        self.close_down(cx);
    }

    /// Closes streams and takes the service down.
    fn close_down(&mut self, cx: &mut Cx<'_, '_>) {
        self.repairing = Repairing::default();
        self.close_all(CloseWhen::Flushed, cx);
        if let Some(service) = self.service.take() {
            cx.unpublish(service);
        }
    }

    /// Ends the conversation on this side: nothing of it is kept.
    fn finish(&mut self, cx: &mut Cx<'_, '_>) {
        self.phase = Phase::Over;
        self.date_later = None;
        self.see_later = None;
        self.close_down(cx);
        cx.step.writes.push(Write::Forget(self.id));
        self.session_changed = false;
        self.counters_changed = false;
    }

    /// Writes what changed, once per step: all writes come before the first effect anyway.
    fn save(&mut self, cx: &mut Cx<'_, '_>) {
        self.tell_healing(cx);
        if std::mem::take(&mut self.session_changed) {
            cx.step.writes.push(Write::PutSession(self.id, self.session.to_bytes()));
        }
        if std::mem::take(&mut self.counters_changed) {
            cx.step.writes.push(Write::PutCounters(self.id, self.counters));
        }
    }
}
