//! The connection to a partner: lost, dialled again, proved.
//!
//! Today one stream carries both directions. What is above asks [`Connection::stream`] where to send
//! and calls nothing else, so that a pair of one-way links can take its place.

use rand_core::Rng as _;
use undertone_handle::command::Role;
use undertone_handle::event::{ConversationEvent, LinkState};
use undertone_wire::cell::FrameKind;
use undertone_wire::link;
use undertone_wire::pacer::Mode;

use super::repair::{Stage, dials};
use super::{Conversation, Phase, ratchet_role};
use crate::limits::{
    AWAY_PAUSE_MAX, DIAL_PAUSE, LINK_PROOF_PATIENCE, Millis, REDIAL_FOR, REDIAL_PAUSE_MAX,
    REDIAL_TIMEOUT, UNPROVEN_LINKS,
};
use crate::storage::{Policy, RepairState};
use crate::{
    ChannelKeys, CloseReason, CloseWhen, Cx, DialFailure, DialId, Effect, Owner, StreamId,
};

/// The connection and the streams that may become one.
pub(super) struct Connection {
    state: State,
    proving: Vec<Proving>,
}

enum State {
    Up(StreamId),
    Down(Down),
    Ended,
}

struct Down {
    /// There was no network yet since the conversation was loaded.
    fresh: bool,
    /// When the conversation is given up; a lasting one never is.
    until: Option<Millis>,
    /// Since when it is down.
    since: Millis,
    /// When to dial next, if this side dials and no dial is under way.
    next: Option<Millis>,
    pause: Millis,
    dial: Option<DialId>,
}

/// A stream whose other end has not proved itself yet.
struct Proving {
    stream: StreamId,
    deadline: Millis,
    keys: Option<ChannelKeys>,
    /// The other end has shown the pinned certificate.
    known: bool,
    /// How far a repair is on it.
    repair: Option<Stage>,
}

impl Connection {
    pub(super) fn up(stream: StreamId) -> Self {
        Self { state: State::Up(stream), proving: Vec::new() }
    }

    /// Right after loading: down, and dialled as soon as there is a network.
    pub(super) fn loaded() -> Self {
        let down =
            Down { fresh: true, until: None, since: 0, next: None, pause: DIAL_PAUSE, dial: None };
        Self { state: State::Down(down), proving: Vec::new() }
    }

    pub(super) fn stream(&self) -> Option<StreamId> {
        match self.state {
            State::Up(stream) => Some(stream),
            State::Down(_) | State::Ended => None,
        }
    }

    pub(super) fn deadline(&self) -> Option<Millis> {
        let down = match &self.state {
            State::Down(down) => [down.until, down.next],
            State::Up(_) | State::Ended => [None, None],
        };
        down.into_iter().flatten().chain(self.proving.iter().map(|p| p.deadline)).min()
    }
}

impl Conversation {
    /// The connection broke.
    pub(super) fn lost(&mut self, cx: &mut Cx<'_, '_>) {
        if matches!(self.phase, Phase::Over | Phase::Ended) {
            return;
        }
        if matches!(self.phase, Phase::Leaving(_)) {
            cx.tell(self.id, ConversationEvent::Left { confirmed: false });
            self.finish(cx);
            return;
        }
        self.epochs_down(cx);
        let dials = self.contact.role == Role::Guest;
        self.connection.state = State::Down(Down {
            fresh: false,
            until: self.gives_up_at(cx.now),
            since: cx.now,
            next: dials.then(|| cx.now.saturating_add(DIAL_PAUSE)),
            pause: DIAL_PAUSE,
            dial: None,
        });
        self.tell_lost(cx);
        self.fall_to_verified(cx);
        self.wait_again(cx);
    }

    /// The user wants other circuits: the connection is closed, and made anew by the side that dials. A dial that is
    /// under way is on new ones already; one that was to wait is made now.
    pub(crate) fn reconnect(&mut self, cx: &mut Cx<'_, '_>) {
        let dials = dials(self.contact.role) && self.connection.proving.is_empty();
        match &mut self.connection.state {
            State::Up(stream) => {
                cx.close(*stream, CloseWhen::Now);
                self.lost(cx);
            }
            State::Down(down) if dials && down.dial.is_none() && !self.contact.ended => {
                down.pause = DIAL_PAUSE;
                down.next = down.next.map(|_| cx.now);
            }
            State::Down(_) | State::Ended => {}
        }
        self.save(cx);
    }

    /// Shuts the door to the partner, or opens it again.
    pub(crate) fn block(&mut self, blocked: bool, cx: &mut Cx<'_, '_>) {
        let may = self.contact.lasting && matches!(self.phase, Phase::Checking | Phase::Open);
        if may && blocked != self.policy.blocked {
            self.put_policy(Policy { blocked, ..self.policy }, cx);
            cx.tell(self.id, ConversationEvent::Blocked(blocked));
            if blocked {
                if !cfg!(planted = "blocked") {
                    self.shut(cx);
                }
            } else if cx.network_ready {
                self.network_ready(cx);
            }
        } else {
            cx.tell(self.id, ConversationEvent::Blocked(self.policy.blocked));
        }
        self.save(cx);
    }

    /// As it is before there is a network: whoever dials finds nobody, and nobody is dialled.
    fn shut(&mut self, cx: &mut Cx<'_, '_>) {
        if self.connection.stream().is_some() {
            self.epochs_down(cx);
            self.wait_again(cx);
            self.tell_lost(cx);
        }
        self.fall_to_verified(cx);
        self.close_down(cx);
        self.connection = Connection::loaded();
    }

    /// When a conversation that is down now is given up; a lasting one never is.
    fn gives_up_at(&self, now: Millis) -> Option<Millis> {
        (!self.contact.lasting).then(|| now.saturating_add(REDIAL_FOR))
    }

    fn tell_lost(&self, cx: &mut Cx<'_, '_>) {
        let redial_for = std::time::Duration::from_millis(REDIAL_FOR);
        let state = match self.contact.lasting {
            true => LinkState::Away,
            false => LinkState::Lost { redial_for },
        };
        cx.tell(self.id, ConversationEvent::Link(state));
    }

    pub(super) fn tick_link(&mut self, cx: &mut Cx<'_, '_>) {
        let late: Vec<StreamId> = self
            .connection
            .proving
            .iter()
            .filter(|p| cx.now >= p.deadline)
            .map(|p| p.stream)
            .collect();
        for stream in late {
            self.not_proved(stream, cx);
        }
        let State::Down(down) = &mut self.connection.state else { return };
        if down.until.is_some_and(|until| cx.now >= until) {
            cx.tell(self.id, ConversationEvent::Link(LinkState::GivenUp));
            self.finish(cx);
        } else if down.next.is_some_and(|next| cx.now >= next) {
            self.redial(cx);
        }
    }

    fn redial(&mut self, cx: &mut Cx<'_, '_>) {
        let tls = self.dial_tls();
        let State::Down(down) = &mut self.connection.state else { return };
        let again = cfg!(planted = "rest");
        if again && down.dial.is_some() {
            return;
        }
        down.next = down.next.filter(|_| again);
        let dial = cx.ids.dial(Owner::Conversation(self.id));
        down.dial = Some(dial);
        cx.effect(Effect::Dial {
            dial,
            address: *self.contact.card.address(),
            client_auth: Some(self.contact.own.client_auth_secret().clone()),
            timeout: REDIAL_TIMEOUT,
            tls: Some(tls),
        });
    }

    /// Plans the next dial, if this side dials and the connection is down.
    fn redial_later(&mut self, cx: &mut Cx<'_, '_>) {
        let dials = self.contact.role == Role::Guest && self.connection.proving.is_empty();
        if let State::Down(down) = &mut self.connection.state
            && dials
            && down.dial.is_none()
        {
            // Whoever stays away for long is dialled less often.
            let long = cx.now.saturating_sub(down.since) > REDIAL_FOR;
            let most = if long { AWAY_PAUSE_MAX } else { REDIAL_PAUSE_MAX };
            // Not all contacts at once after a loss of the network: up to a quarter earlier.
            let earlier = u64::from(cx.rng.next_u32()) % (down.pause / 4).max(1);
            down.next = Some(cx.now.saturating_add(down.pause.saturating_sub(earlier)));
            down.pause = down.pause.saturating_mul(2).min(most);
        }
    }

    /// The network is there, or came back: no reason to wait out a pause.
    pub(crate) fn network_ready(&mut self, cx: &mut Cx<'_, '_>) {
        if self.policy.blocked {
            return;
        }
        if let State::Down(down) = &mut self.connection.state
            && down.fresh
            && !self.contact.ended
        {
            // The first network since the conversation was loaded.
            down.fresh = false;
            down.since = cx.now;
            let until = self.gives_up_at(cx.now);
            if let State::Down(down) = &mut self.connection.state {
                down.until = until;
            }
            self.fall_to_verified(cx);
            self.tell_lost(cx);
            self.publish(cx);
            self.begin_repair(cx);
            self.resume_check(cx);
            self.save(cx);
        }
        let dials = self.contact.role == Role::Guest
            && !self.contact.ended
            && self.connection.proving.is_empty();
        if let State::Down(down) = &mut self.connection.state
            && dials
            && down.dial.is_none()
        {
            down.next = Some(cx.now);
        }
    }

    pub(crate) fn dialled(
        &mut self,
        dial: DialId,
        result: Result<StreamId, DialFailure>,
        cx: &mut Cx<'_, '_>,
    ) {
        if let State::Down(down) = &mut self.connection.state
            && down.dial == Some(dial)
        {
            down.dial = None;
            match result {
                Ok(stream) => self.prove(stream, cx),
                Err(_) if cfg!(planted = "delivered") => {}
                Err(_) => self.redial_later(cx),
            }
        } else if let Ok(stream) = result {
            cx.close(stream, CloseWhen::Now);
        }
        self.save(cx);
    }

    /// A stream came to the contact's service.
    pub(crate) fn arrived(&mut self, stream: StreamId, cx: &mut Cx<'_, '_>) {
        if self.policy.blocked {
            return cx.close(stream, CloseWhen::Now);
        }
        self.prove(stream, cx);
    }

    fn prove(&mut self, stream: StreamId, cx: &mut Cx<'_, '_>) {
        if self.connection.proving.len() >= UNPROVEN_LINKS
            && let Some(oldest) = self.connection.proving.first().map(|p| p.stream)
        {
            self.drop_proving(oldest, cx);
        }
        let deadline = cx.now.saturating_add(LINK_PROOF_PATIENCE);
        let proving = Proving { stream, deadline, keys: None, known: false, repair: None };
        self.connection.proving.push(proving);
    }

    fn drop_proving(&mut self, stream: StreamId, cx: &mut Cx<'_, '_>) {
        self.connection.proving.retain(|p| p.stream != stream);
        cx.close(stream, CloseWhen::Now);
    }

    /// A stream has not become the connection.
    fn not_proved(&mut self, stream: StreamId, cx: &mut Cx<'_, '_>) {
        let mut proving = self.connection.proving.iter();
        let asked =
            proving.any(|p| p.stream == stream && matches!(p.repair, Some(Stage::Asked(_))));
        self.drop_proving(stream, cx);
        if asked {
            self.not_answered(cx);
        }
        self.redial_later(cx);
    }

    /// A repair is done: an older one that is still under way, whose end may come late, must not put its session in
    /// the place of this one.
    pub(super) fn drop_repairs(&mut self, cx: &mut Cx<'_, '_>) {
        let under_way = self.connection.proving.iter().filter(|p| p.repair.is_some());
        for stream in under_way.map(|p| p.stream).collect::<Vec<_>>() {
            self.drop_proving(stream, cx);
        }
    }

    /// After a repair: the connection is to be made anew, once the other end has heard that it is.
    pub(super) fn redial_soon(&mut self, now: Millis) {
        let dials = dials(self.contact.role);
        if let State::Down(down) = &mut self.connection.state
            && dials
            && down.dial.is_none()
        {
            down.pause = DIAL_PAUSE;
            down.next = Some(now.saturating_add(DIAL_PAUSE));
        }
    }

    /// TLS is done on a stream that wants to become the connection: each end shows the link key. Who
    /// has lost it asks for a repair, and who has shown another certificate may do nothing else.
    pub(crate) fn secured(
        &mut self,
        stream: StreamId,
        keys: &ChannelKeys,
        known: bool,
        cx: &mut Cx<'_, '_>,
    ) {
        let dials = dials(self.contact.role);
        let needed = self.repair_state() == RepairState::Needed;
        let Some(proving) = self.connection.proving.iter_mut().find(|p| p.stream == stream) else {
            return;
        };
        proving.keys = Some(keys.clone());
        proving.known = known;
        let shut = !known && !dials && !self.repairing.opens_door(cx.now);
        if shut || (!known && dials && !needed) {
            self.drop_proving(stream, cx);
            return self.redial_later(cx);
        }
        if needed && (known || dials) {
            let stage = self.ask_repair(stream, keys, cx);
            let mut all = self.connection.proving.iter_mut();
            if let Some(proving) = all.find(|p| p.stream == stream) {
                proving.repair = Some(stage);
            }
            return;
        }
        if !known {
            return;
        }
        // The newest epoch that the other end has for certain.
        let epoch = self.session.shared_epoch();
        let Some(key) = self.session.link_key(epoch) else { return };
        let opening = link::Opening { epoch, mode: Mode::Off };
        let sender = ratchet_role(self.contact.role);
        let bytes = self.proof(keys).make(key, sender, opening).to_vec();
        cx.effect(Effect::Send { stream, kind: FrameKind::Link, bytes });
    }

    fn proof<'a>(&'a self, keys: &'a ChannelKeys) -> link::Proof<'a> {
        let own = self.contact.own.public().certificate();
        let peer = self.contact.card.certificate();
        let (initiator_certificate, responder_certificate) = match self.contact.role {
            Role::Guest => (own, peer),
            Role::Host => (peer, own),
        };
        link::Proof { exporter: &keys.link, initiator_certificate, responder_certificate }
    }

    /// Whether a frame is the other end's proof on the stream with these keys.
    fn proves(&self, keys: &ChannelKeys, frame: &[u8]) -> bool {
        let other = ratchet_role(self.contact.role).other();
        let key = |epoch| self.session.link_key(epoch);
        self.proof(keys).verify(other, frame, key).is_ok()
    }

    pub(crate) fn frame(
        &mut self,
        stream: StreamId,
        kind: FrameKind,
        bytes: &[u8],
        cx: &mut Cx<'_, '_>,
    ) {
        if self.connection.stream() == Some(stream) {
            match kind {
                FrameKind::Packet => self.packet(bytes, cx),
                FrameKind::KeepAlive => {}
                FrameKind::Pairing | FrameKind::Link | FrameKind::Repair | FrameKind::Request => {
                    self.violation(cx);
                }
            }
        } else {
            self.unproven(stream, kind, bytes, cx);
        }
        self.save(cx);
    }

    /// A frame came on a stream whose other end has not proved itself.
    fn unproven(&mut self, stream: StreamId, kind: FrameKind, bytes: &[u8], cx: &mut Cx<'_, '_>) {
        let needed = self.repair_state() == RepairState::Needed;
        let mut all = self.connection.proving.iter_mut();
        let Some(proving) = all.find(|p| p.stream == stream) else { return };
        let known = proving.known;
        match (kind, proving.keys.clone()) {
            (FrameKind::Repair, Some(keys)) => {
                let stage = proving.repair.take();
                let asked = matches!(stage, Some(Stage::Asked(_)));
                let stage = self.repair_frame(stream, stage, &keys, bytes, cx);
                let over = stage.is_none();
                let mut all = self.connection.proving.iter_mut();
                if let Some(proving) = all.find(|p| p.stream == stream) {
                    proving.repair = stage;
                }
                if over {
                    self.connection.proving.retain(|p| p.stream != stream);
                    if asked {
                        self.not_answered(cx);
                    }
                    self.redial_later(cx);
                }
            }
            // The other end has not heard yet that the session is lost.
            (FrameKind::Link, _) if needed || proving.repair.is_some() => {}
            (FrameKind::Link, Some(keys)) if known && self.proves(&keys, bytes) => {
                self.up(stream, cx);
            }
            _ => {
                self.not_proved(stream, cx);
                if kind == FrameKind::Link && known {
                    self.strange_link(cx);
                }
            }
        }
    }

    /// A stream proved itself: it is the connection from now on.
    pub(super) fn up(&mut self, stream: StreamId, cx: &mut Cx<'_, '_>) {
        // The other end noticed the loss before this one did: the old stream is of no use.
        if let Some(old) = self.connection.stream() {
            cx.close(old, CloseWhen::Now);
            self.lost(cx);
        }
        if matches!(self.phase, Phase::Over | Phase::Ended) {
            // It was leaving: the loss was the end of it, of the new stream too.
            return;
        }
        self.connection.proving.retain(|p| p.stream != stream);
        if let State::Down(down) = &mut self.connection.state
            && let Some(dial) = down.dial.take()
        {
            cx.cancel_dial(dial);
        }
        self.connection.state = State::Up(stream);
        self.repairing.link_up();
        cx.tell(self.id, ConversationEvent::Link(LinkState::Up));
        self.sent = self.counters.acknowledged;
        self.heard = false;
        self.epochs_up(cx);
        self.greet(cx);
    }

    pub(crate) fn closed(&mut self, stream: StreamId, _reason: CloseReason, cx: &mut Cx<'_, '_>) {
        if self.connection.stream() == Some(stream) {
            self.lost(cx);
        } else if self.connection.proving.iter().any(|p| p.stream == stream) {
            self.not_proved(stream, cx);
        }
        self.save(cx);
    }

    /// Closes every stream and forgets every dial of this conversation.
    pub(super) fn close_all(&mut self, when: CloseWhen, cx: &mut Cx<'_, '_>) {
        for proving in std::mem::take(&mut self.connection.proving) {
            cx.close(proving.stream, CloseWhen::Now);
        }
        match std::mem::replace(&mut self.connection.state, State::Ended) {
            State::Up(stream) => cx.close(stream, when),
            State::Down(Down { dial: Some(dial), .. }) => cx.cancel_dial(dial),
            State::Down(_) | State::Ended => {}
        }
    }
}
