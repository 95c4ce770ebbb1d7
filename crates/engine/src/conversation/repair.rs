//! A session that is lost or broken: how the two agree on a new one, and what is said of it.
//!
//! The handshake is the ratchet's ([`undertone_ratchet::repair`], `docs/repair.md`); here is its
//! carrier. A side whose session is lost sends nothing but a request on each stream to the partner.
//! The service of a contact lets in any certificate for it, but of unknown ones at most
//! [`REPAIRS_AN_HOUR`]. After a repair nothing that has a number is sent or taken before the partner
//! has said what it has: [`Conversation::resume`].

use std::collections::{BTreeSet, VecDeque};

use undertone_handle::command::Role;
use undertone_handle::event::{ConversationEvent, HealingEvent, RepairEvent};
use undertone_ratchet::repair::{
    Contact, Crossed, Incarnations, Initiator, REQUEST_LEN, RepairError, Repaired, Responder,
    Waiting,
};
use undertone_ratchet::session::{DecryptError, Healing};
use undertone_wire::cell::FrameKind;
use undertone_wire::message::Body;

use super::{Conversation, Phase};
use crate::limits::{
    BROKEN_PACKETS, Millis, PUBLISH_AGAIN, PUBLISH_TRIES, REFUSALS, REPAIR_HOUR, REPAIRS_AN_HOUR,
    STRANGE_LINKS, UNREACHED_AFTER, WAITING,
};
use crate::memory::covers;
use crate::restore::JUMP;
use crate::storage::{OutboxRow, Policy, RepairState, Write};
use crate::{ChannelKeys, CloseWhen, Cx, Effect, ServiceState, StreamId};

/// How far a repair is on a stream.
pub(super) enum Stage {
    /// Our request is out.
    Asked(Box<Initiator>),
    /// Our proof is out.
    Proved(Box<Waiting>),
    /// Our answer is out.
    Answered(Box<Responder>),
}

/// What is known of repairs in memory.
#[derive(Default)]
pub(super) struct Repairing {
    /// Streams with an unknown certificate that were let in.
    door: Hour,
    /// Sessions that this side has found broken.
    breaks: Hour,
    /// Requests of ours in a row that were not answered.
    refused: u32,
    /// Proofs of a link in a row that were none, from who has the partner's certificate.
    strange: u32,
    /// Packets in a row that could not be read on the present connection.
    unread: u32,
    /// A packet was read on the present connection.
    opened: bool,
    /// When the user is told that the partner was not reached.
    unreached: Option<Millis>,
    /// When the service is published again that somebody else has, and how often it was.
    publish: Option<Millis>,
    published: u32,
}

/// At most [`REPAIRS_AN_HOUR`].
#[derive(Default)]
struct Hour(VecDeque<Millis>);

impl Hour {
    /// Counts one more, if it is not too many.
    fn admit(&mut self, now: Millis) -> bool {
        while self.0.front().is_some_and(|at| now.saturating_sub(*at) >= REPAIR_HOUR) {
            self.0.pop_front();
        }
        let room = self.0.len() < REPAIRS_AN_HOUR;
        if room {
            self.0.push_back(now);
        }
        room
    }
}

/// What a frame of a repair leads to.
enum Next {
    /// The stage from now on, and what is sent.
    Going(Stage, Option<Vec<u8>>),
    /// It is done; a responder sends its consent, once all is stored.
    Done(Box<Repaired>, Option<Vec<u8>>),
}

impl Repairing {
    pub(super) fn deadline(&self) -> Option<Millis> {
        self.unreached.into_iter().chain(self.publish).min()
    }

    /// Whether a stream with an unknown certificate is let in.
    pub(super) fn opens_door(&mut self, now: Millis) -> bool {
        self.door.admit(now)
    }

    /// A connection is up, and its session is not in doubt.
    pub(super) fn link_up(&mut self) {
        self.strange = 0;
        self.unread = 0;
        self.opened = false;
    }

    pub(super) fn packet_read(&mut self) {
        self.unread = 0;
        self.opened = true;
    }
}

impl Conversation {
    pub(super) fn repair_state(&self) -> RepairState {
        self.contact.recovery.state
    }

    fn tell_repair(&self, event: RepairEvent, cx: &mut Cx<'_, '_>) {
        cx.tell(self.id, ConversationEvent::Repair(event));
    }

    fn put_contact(&self, cx: &mut Cx<'_, '_>) {
        cx.step.writes.push(Write::PutContact(Box::new(self.contact.clone())));
    }

    /// The first network since the conversation was loaded.
    pub(super) fn begin_repair(&mut self, cx: &mut Cx<'_, '_>) {
        if self.repair_state() == RepairState::Needed {
            if self.contact.recovery.restored_from.is_none() {
                return self.tell_repair(RepairEvent::Broken, cx);
            }
            self.tell_repair(RepairEvent::Needed, cx);
            self.repairing.unreached = Some(cx.now.saturating_add(UNREACHED_AFTER));
        }
    }

    pub(super) fn tick_repair(&mut self, cx: &mut Cx<'_, '_>) {
        if self.repairing.unreached.is_some_and(|at| cx.now >= at) {
            self.repairing.unreached = None;
            self.tell_repair(RepairEvent::Unreached, cx);
        }
        if self.repairing.publish.is_some_and(|at| cx.now >= at) {
            self.repairing.publish = None;
            self.publish(cx);
        }
    }

    /// The contact's service is somewhere. Where somebody else has it, an old process may not be gone
    /// yet; or the machine still runs from which a backup came.
    pub(crate) fn service_state(&mut self, state: &ServiceState, cx: &mut Cx<'_, '_>) {
        match state {
            ServiceState::Taken => {
                if let Some(service) = self.service.take() {
                    cx.unpublish(service);
                }
                self.repairing.published = self.repairing.published.saturating_add(1);
                if self.repairing.published < PUBLISH_TRIES {
                    self.repairing.publish = Some(cx.now.saturating_add(PUBLISH_AGAIN));
                } else {
                    self.tell_repair(RepairEvent::Elsewhere, cx);
                    self.close_all(CloseWhen::Now, cx);
                }
            }
            ServiceState::Reachable => self.repairing.published = 0,
            ServiceState::Unreachable | ServiceState::Failed => {}
        }
        self.save(cx);
    }

    /// A packet on a proven connection can't be read. `true`: the session is broken, and the connection
    /// was closed for a repair.
    ///
    /// TLS has carried it from who has the link key, so either side has lost a state, or the partner
    /// is at fault. What was read before is a sign only where nothing else came.
    pub(super) fn unreadable(&mut self, error: DecryptError, cx: &mut Cx<'_, '_>) -> bool {
        let is_sign = match error {
            DecryptError::Replayed => !self.repairing.opened,
            DecryptError::Header | DecryptError::TooFarAhead | DecryptError::Epoch(_) => true,
            _ => false,
        };
        if !is_sign {
            return false;
        }
        self.repairing.unread = self.repairing.unread.saturating_add(1);
        let most = match (self.repairing.opened, error) {
            (true, _) => BROKEN_PACKETS,
            (false, DecryptError::Replayed) => 2,
            (false, _) => 1,
        };
        self.repairing.unread >= most && self.break_session(cx)
    }

    /// Who has the partner's certificate does not have the link key.
    pub(super) fn strange_link(&mut self, cx: &mut Cx<'_, '_>) {
        self.repairing.strange = self.repairing.strange.saturating_add(1);
        let down = self.connection.stream().is_none();
        if down && self.repairing.strange >= STRANGE_LINKS {
            self.repairing.strange = 0;
            self.break_session(cx);
        }
    }

    /// The session is of no use any more, unless that was found too often of late.
    fn break_session(&mut self, cx: &mut Cx<'_, '_>) -> bool {
        let usable = matches!(self.phase, Phase::Checking | Phase::Open)
            && self.repair_state() != RepairState::Needed;
        if !usable || !self.repairing.breaks.admit(cx.now) {
            return false;
        }
        self.contact.recovery.state = RepairState::Needed;
        self.put_contact(cx);
        self.tell_repair(RepairEvent::Broken, cx);
        self.violation(cx);
        true
    }

    fn repair_contact(&self) -> Contact {
        let recovery = &self.contact.recovery;
        Contact::new(
            self.contact.own.identity_secret(),
            *self.contact.card.identity(),
            recovery.incarnations,
            recovery.keys.clone(),
        )
    }

    /// Asks for a repair on a stream.
    pub(super) fn ask_repair(
        &self,
        stream: StreamId,
        keys: &ChannelKeys,
        cx: &mut Cx<'_, '_>,
    ) -> Stage {
        let contact = self.repair_contact();
        let recovery = contact.recovery();
        // The partner's end of the last repair may be missing: it has the former key then.
        let turn = self.repairing.refused % 2 == 1;
        let key = recovery.former().filter(|_| turn).unwrap_or(recovery.current());
        let (initiator, request) = Initiator::start(&contact, key, &keys.repair, cx.rng);
        send(stream, request.as_slice().to_vec(), cx);
        Stage::Asked(Box::new(initiator))
    }

    /// A frame of a repair came on a stream that has not proved itself. `None`: the stream is over.
    pub(super) fn repair_frame(
        &mut self,
        stream: StreamId,
        stage: Option<Stage>,
        keys: &ChannelKeys,
        bytes: &[u8],
        cx: &mut Cx<'_, '_>,
    ) -> Option<Stage> {
        match self.repair_step(stage, keys, bytes, cx) {
            Ok(Next::Going(stage, reply)) => {
                if let Some(reply) = reply {
                    send(stream, reply, cx);
                }
                Some(stage)
            }
            Ok(Next::Done(repaired, consent)) => {
                self.repaired(*repaired, cx);
                if let Some(consent) = consent {
                    send(stream, consent, cx);
                }
                cx.close(stream, CloseWhen::Flushed);
                None
            }
            Err(error) => {
                if matches!(error, RepairError::Incarnation { .. }) {
                    self.tell_repair(RepairEvent::OlderCopy, cx);
                }
                cx.close(stream, CloseWhen::Now);
                None
            }
        }
    }

    fn repair_step(
        &self,
        stage: Option<Stage>,
        keys: &ChannelKeys,
        bytes: &[u8],
        cx: &mut Cx<'_, '_>,
    ) -> Result<Next, RepairError> {
        let contact = self.repair_contact();
        let binding = &keys.repair;
        Ok(match stage {
            None => {
                let (responder, answer) = Responder::answer(&contact, binding, bytes, cx.rng)?;
                answered(responder, answer.as_slice())
            }
            // Both have asked on this stream.
            Some(Stage::Asked(initiator)) if bytes.len() == REQUEST_LEN => {
                match initiator.cross(&contact, binding, bytes, cx.rng)? {
                    Crossed::Keep => Next::Going(Stage::Asked(initiator), None),
                    Crossed::Yield(responder, answer) => answered(*responder, answer.as_slice()),
                }
            }
            Some(Stage::Asked(initiator)) => {
                let (waiting, proof) = initiator.prove(&contact, bytes, cx.rng)?;
                Next::Going(Stage::Proved(Box::new(waiting)), Some(proof.as_slice().to_vec()))
            }
            Some(Stage::Proved(waiting)) => Next::Done(Box::new(waiting.finish(bytes)?), None),
            Some(Stage::Answered(responder)) => {
                let (repaired, consent) = responder.consent(bytes, cx.rng)?;
                Next::Done(Box::new(repaired), Some(consent.as_slice().to_vec()))
            }
        })
    }

    /// A request of ours got no answer.
    pub(super) fn not_answered(&mut self, cx: &mut Cx<'_, '_>) {
        self.repairing.refused = self.repairing.refused.saturating_add(1);
        if self.repairing.refused == REFUSALS {
            self.tell_repair(RepairEvent::Refused, cx);
        }
    }

    /// Both ends have a new session.
    fn repaired(&mut self, repaired: Repaired, cx: &mut Cx<'_, '_>) {
        if let Some(old) = self.connection.stream() {
            cx.close(old, CloseWhen::Now);
            self.lost(cx);
        }
        if matches!(self.phase, Phase::Over | Phase::Ended) {
            return;
        }
        self.drop_repairs(cx);
        let Repaired { session, peer_incarnation, recovery: keys, .. } = repaired;
        let recovery = &mut self.contact.recovery;
        let own = recovery.state == RepairState::Needed && recovery.restored_from.is_some();
        let peer = peer_incarnation > recovery.incarnations.peer;
        let what = [
            (own, RepairEvent::Restored),
            (peer, RepairEvent::PeerRestored),
            (!own && !peer, RepairEvent::Repaired),
        ];
        recovery.incarnations.peer = peer_incarnation;
        recovery.keys = keys;
        recovery.state = RepairState::Resuming;
        self.session = session;
        self.session_changed = true;
        self.last_word = None;
        self.owes_receipt = false;
        self.sent = self.counters.acknowledged;
        self.repairing.refused = 0;
        self.repairing.strange = 0;
        self.repairing.unreached = None;
        if self.epochs.repaired() {
            cx.tell(self.id, ConversationEvent::Healing(HealingEvent::Renewed));
        }
        self.put_contact(cx);
        for (_, event) in what.into_iter().filter(|(so, _)| *so) {
            self.tell_repair(event, cx);
        }
        self.fall_to_verified(cx);
        // Its secret was bound to an epoch of the session before.
        self.resume_check(cx);
        self.redial_soon(cx.now);
    }

    /// The partner has the new session: nobody needs the recovery key before.
    pub(super) fn settle_recovery(&mut self, cx: &mut Cx<'_, '_>) {
        if self.contact.recovery.keys.former().is_some() {
            self.contact.recovery.keys.settle();
            self.put_contact(cx);
        }
    }

    /// The partner opens the connection: what it has of ours, and what it keeps no more of its own.
    ///
    /// After a repair either side may be an older copy of itself. What the partner has is right for
    /// our numbers: what it has beyond ours our lost self sent, and where it misses one that this copy
    /// has nothing for, that is said. What it keeps no more had come to our lost self, and is missing
    /// here.
    pub(super) fn resume(&mut self, highest: u64, window: u64, gone: u64, cx: &mut Cx<'_, '_>) {
        if self.repair_state() != RepairState::Resuming {
            return self.receipt(highest, window, cx);
        }
        let top = highest.saturating_add(64u64.saturating_sub(window.leading_zeros().into()));
        let restored = self.contact.recovery.restored_from;
        // More than any copy of either can have sent.
        let most = restored.map_or(self.counters.next, |from| from).saturating_add(JUMP);
        if top >= most || gone > self.counters.highest.saturating_add(JUMP.saturating_mul(2)) {
            cx.tell(self.id, ConversationEvent::Refused);
            return self.violation(cx);
        }
        self.contact.recovery.state = RepairState::Well;
        let missing = self.make_up_for_ours(highest, window, top, cx);
        let missing = self.do_without(gone, cx) || missing;
        if missing {
            self.tell_repair(RepairEvent::Missing, cx);
        }
        self.put_contact(cx);
        let Policy { timer, timer_changes: changes, .. } = self.policy;
        if self.was_restored() && changes > 0 {
            // Changes of it may be among what is missing.
            self.queue(&Body::Timer { changes, seconds: timer.unwrap_or(0) }, None, cx);
        }
    }

    /// Whether either side was restored since the pairing.
    pub(super) fn was_restored(&self) -> bool {
        let Incarnations { own, peer } = self.contact.recovery.incarnations;
        own > 1 || peer > 1
    }

    /// Gives every number that the partner misses and that this copy has nothing for to nothing.
    /// `true`: the partner has something that is not here.
    fn make_up_for_ours(
        &mut self,
        highest: u64,
        window: u64,
        top: u64,
        cx: &mut Cx<'_, '_>,
    ) -> bool {
        let all = usize::try_from(WAITING).unwrap_or(usize::MAX);
        let first = self.counters.acknowledged.max(highest).saturating_add(1);
        self.covered(highest, window, all, cx);
        let after_top = top.saturating_add(1);
        let known = self.contact.recovery.restored_from.unwrap_or(self.counters.next);
        let mut end = known.max(after_top);
        let mut rows = cx.outbox(self.id, first, all);
        rows.retain(|row| !covers(highest, window, row.sequence));
        let from = self.contact.recovery.restored_from;
        let jumped = from.map(|from| from.saturating_add(JUMP));
        let low = |row: &&OutboxRow| jumped.is_none_or(|jumped| row.sequence < jumped);
        let skip = rows.iter().filter(low).find(|row| is_skip(row)).map(|row| row.sequence);
        end = skip.unwrap_or(end);
        let there: BTreeSet<u64> = rows.iter().map(|row| row.sequence).collect();
        let mut add = |sequence: u64, body: &Body| {
            if let Ok(body) = body.encode() {
                let row = OutboxRow { sequence, message: None, body };
                cx.step.writes.push(Write::AddOutbox(self.id, row.clone()));
                rows.push(row);
            }
        };
        for sequence in first..end {
            if !there.contains(&sequence) && !covers(highest, window, sequence) {
                add(sequence, &Body::Withdrawn);
            }
        }
        match jumped {
            Some(to) if skip.is_none() => add(end, &Body::Skip { to }),
            Some(_) => {}
            None => self.counters.next = self.counters.next.max(end),
        }
        self.counters.sent = self.counters.sent.max(top);
        self.counters_changed = true;
        rows.sort_by_key(|row| row.sequence);
        for row in &rows {
            if !self.transmit(row, cx) {
                break;
            }
        }
        top >= known
    }

    /// What the partner keeps no more of its own does not come any more. `true`: it is not here.
    fn do_without(&mut self, gone: u64, cx: &mut Cx<'_, '_>) -> bool {
        let before = self.counters.highest;
        if gone <= before {
            return false;
        }
        let by = gone.saturating_sub(before);
        let window = u32::try_from(by).ok().and_then(|by| self.counters.window.checked_shr(by));
        let window = window.unwrap_or(0);
        let contiguous = window.trailing_ones();
        let here = self.counters.window.count_ones().saturating_sub(window.count_ones());
        self.counters.highest = gone.saturating_add(contiguous.into());
        self.counters.window = window.checked_shr(contiguous).unwrap_or(0);
        self.counters_changed = true;
        let early = cx.view.early(self.id);
        let highest = self.counters.highest;
        for row in early.into_iter().filter(|row| row.sequence <= highest) {
            if matches!(self.phase, Phase::Over | Phase::Ended) {
                break;
            }
            cx.step.writes.push(Write::TakeEarly(self.id, row.sequence));
            if let Ok(body) = Body::decode(&row.body) {
                self.take(row.sequence, body, cx);
            }
        }
        u64::from(here) < by
    }

    /// The partner was restored, and its next number is this one.
    pub(super) fn peer_skips(&mut self, sequence: u64, to: u64, cx: &mut Cx<'_, '_>) {
        let counters = &mut self.counters;
        let farthest = counters.highest.saturating_add(JUMP.saturating_mul(2));
        let fits = counters.highest == sequence && counters.window == 0;
        if fits && (sequence..farthest).contains(&to) {
            counters.highest = to.saturating_sub(1).max(sequence);
            self.counters_changed = true;
        } else {
            cx.tell(self.id, ConversationEvent::Refused);
        }
    }

    /// The partner has skipped what our lost self may have used.
    pub(super) fn settle_restored(&mut self, cx: &mut Cx<'_, '_>) {
        let recovery = &mut self.contact.recovery;
        let base = recovery.restored_from.map(|from| from.saturating_add(JUMP));
        if base.is_some_and(|base| self.counters.acknowledged >= base.saturating_sub(1)) {
            recovery.restored_from = None;
            self.put_contact(cx);
        }
    }

    /// Whether the keys are so old that only what has no number is sent.
    pub(super) fn is_stopped(&self) -> bool {
        self.session.healing() == Healing::Stopped
    }
}

fn is_skip(row: &OutboxRow) -> bool {
    matches!(Body::decode(&row.body), Ok(Body::Skip { .. }))
}

fn answered(responder: Responder, answer: &[u8]) -> Next {
    Next::Going(Stage::Answered(Box::new(responder)), Some(answer.to_vec()))
}

fn send(stream: StreamId, bytes: Vec<u8>, cx: &mut Cx<'_, '_>) {
    cx.effect(Effect::Send { stream, kind: FrameKind::Repair, bytes });
}

/// Whether this side dials.
pub(super) fn dials(role: Role) -> bool {
    role == Role::Guest
}
