//! What the user decides about a request, and reaching who was accepted.
//!
//! Whoever is accepted is first dialled without a key: a place that lets anyone in is not one that was made
//! for this answer, and is never dialled again.

use rand_core::Rng as _;
use undertone_handle::ConversationId;
use undertone_handle::command::{Answer, Greeting, Name, Role};
use undertone_handle::event::RequestEvent;
use undertone_handle::query::RequestState;
use undertone_wire::cell::FrameKind;
use undertone_wire::request::{AcceptanceStage, Accepter, OwnOffer, Request, request_hash};

use super::{Requests, exporters, jittered, made, tell};
use crate::limits::{
    ACCEPT_PAUSE, ACCEPT_PAUSE_LONG, ACCEPT_SOON, Millis, PENDING_REQUESTS, REQUEST_DIAL_TIMEOUT,
    REQUEST_LIFE, REQUEST_PATIENCE, REQUESTS_KEPT,
};
use crate::storage::{RequestRow, Write};
use crate::{ChannelKeys, CloseWhen, Cx, DialFailure, DialId, Effect, Owner, StreamId, Tls};

/// Reaching one whose request was accepted.
pub(super) struct Answering {
    next: Option<Millis>,
    stage: Stage,
}

enum Stage {
    Idle,
    /// Looking whether the place lets in who has no key.
    Looking(DialId),
    Dialling(DialId),
    Securing(StreamId),
    Agreeing {
        stream: StreamId,
        accepter: Box<Accepter>,
        deadline: Millis,
    },
}

/// Whether a request is of no use any more. A blocked one stays until it is blocked no longer.
pub(super) fn is_old(row: &RequestRow, wall: u64) -> bool {
    row.state != RequestState::Blocked && wall.saturating_sub(row.at) >= REQUEST_LIFE
}

impl Answering {
    pub(super) fn is_for(row: &RequestRow) -> bool {
        row.state == RequestState::Accepted
    }

    /// Right after loading: dialled as soon as there is a network.
    pub(super) fn loaded() -> Self {
        Self { next: None, stage: Stage::Idle }
    }

    pub(super) fn deadline(&self) -> Option<Millis> {
        match &self.stage {
            Stage::Agreeing { deadline, .. } => Some(*deadline),
            Stage::Idle => self.next,
            Stage::Looking(_) | Stage::Dialling(_) | Stage::Securing(_) => None,
        }
    }

    pub(super) fn network_ready(&mut self, cx: &mut Cx<'_, '_>) {
        if matches!(self.stage, Stage::Idle) {
            self.next = Some(cx.now);
        }
    }

    /// Lets go of dial and stream.
    pub(super) fn shut(&mut self, cx: &mut Cx<'_, '_>) {
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Idle => {}
            Stage::Looking(dial) | Stage::Dialling(dial) => cx.cancel_dial(dial),
            Stage::Securing(stream) | Stage::Agreeing { stream, .. } => {
                cx.close(stream, CloseWhen::Now);
            }
        }
        self.next = None;
    }
}

/// A greeting of which nothing is kept.
#[expect(clippy::expect_used, reason = "a greeting may be empty")]
fn nothing_said() -> Greeting {
    Greeting::parse("").expect("empty is a greeting")
}

impl Requests {
    /// A request came to the public address.
    pub(super) fn came(
        &mut self,
        offer: OwnOffer,
        binding: &[u8; 32],
        bytes: &[u8],
        cx: &mut Cx<'_, '_>,
    ) {
        let Some(address) = self.address.own() else { return };
        let Ok(request) = Request::decode(bytes) else { return };
        // No program of ours sends others.
        let (Ok(name), Ok(greeting)) =
            (Name::parse(&request.name), Greeting::parse(&request.greeting))
        else {
            return;
        };
        let shown = offer.public().encode();
        let hash = request_hash(cx.network_id, &address, binding, &shown, bytes);
        if let Some(row) = self.rows.values_mut().find(|row| row.place == request.place) {
            // It comes again because whoever asks did not hear that it had arrived: what they have is
            // what was offered now.
            let open = matches!(row.state, RequestState::Pending | RequestState::Accepted);
            if open && row.keys == request.keys {
                row.offer = Some(offer);
                row.hash = hash;
                cx.step.writes.push(Write::PutRequest(Box::new(row.clone())));
            }
            return;
        }
        let blocked = |row: &RequestRow| row.state == RequestState::Blocked;
        if self.rows.values().any(|row| blocked(row) && row.tag == request.tag) {
            return;
        }
        let pending = self.rows.values().filter(|row| row.state == RequestState::Pending).count();
        if pending >= PENDING_REQUESTS || !self.has_room(cx) {
            return;
        }
        let id = ConversationId(cx.rng.next_u64());
        if self.rows.contains_key(&id) || cx.view.contact(id).is_some() || self.has_asked(id) {
            return;
        }
        let row = RequestRow {
            id,
            at: cx.wall,
            name: name.clone(),
            greeting: greeting.clone(),
            place: request.place,
            keys: request.keys,
            tag: request.tag,
            offer: Some(offer),
            hash,
            state: RequestState::Pending,
            names: None,
            accepted: None,
        };
        cx.step.writes.push(Write::PutRequest(Box::new(row.clone())));
        self.rows.insert(id, row);
        self.look_soon(cx.now);
        tell(id, RequestEvent::Came { name, greeting, at: cx.wall }, cx);
    }

    /// Whether another request can be kept: the oldest refused one makes room.
    fn has_room(&mut self, cx: &mut Cx<'_, '_>) -> bool {
        if self.rows.len() < REQUESTS_KEPT {
            return true;
        }
        let refused = self.rows.values().filter(|row| row.state == RequestState::Refused);
        let Some(oldest) = refused.min_by_key(|row| (row.at, row.id)).map(|row| row.id) else {
            return false;
        };
        self.rows.remove(&oldest);
        cx.step.writes.push(Write::DropRequest(oldest));
        true
    }

    pub(super) fn answer(&mut self, id: ConversationId, answer: Answer, cx: &mut Cx<'_, '_>) {
        let Some(row) = self.rows.get_mut(&id) else { return };
        let event = match (answer, row.state) {
            (Answer::Accept { nick, peer }, RequestState::Pending) => {
                row.state = RequestState::Accepted;
                row.names = Some((nick, peer));
                row.accepted = Some(cx.wall);
                RequestEvent::Accepted
            }
            (Answer::Refuse, RequestState::Pending | RequestState::Accepted) => {
                let_go(row, RequestState::Refused);
                RequestEvent::Refused
            }
            (Answer::Block, state) if state != RequestState::Blocked => {
                let_go(row, RequestState::Blocked);
                RequestEvent::Blocked
            }
            (Answer::Unblock, RequestState::Blocked) => {
                row.state = RequestState::Refused;
                RequestEvent::Unblocked
            }
            // It is so already, or can't be any more.
            (_, RequestState::Pending) => return,
            (_, RequestState::Accepted) => return tell(id, RequestEvent::Accepted, cx),
            (_, RequestState::Refused) => return tell(id, RequestEvent::Refused, cx),
            (_, RequestState::Blocked) => return tell(id, RequestEvent::Blocked, cx),
        };
        let accepted = row.state == RequestState::Accepted;
        cx.step.writes.push(Write::PutRequest(Box::new(row.clone())));
        tell(id, event, cx);
        if accepted {
            let mut answering = Answering::loaded();
            if cx.network_ready {
                answering.network_ready(cx);
            }
            self.answering.insert(id, answering);
            self.tick_answering(id, cx);
        } else {
            self.answer_over(id, cx);
        }
    }

    /// Whoever asked is not reached any more.
    fn answer_over(&mut self, id: ConversationId, cx: &mut Cx<'_, '_>) {
        if let Some(mut answering) = self.answering.remove(&id) {
            answering.shut(cx);
        }
    }

    /// A request has become too old.
    pub(super) fn expire(&mut self, id: ConversationId, cx: &mut Cx<'_, '_>) {
        let Some(row) = self.rows.remove(&id) else { return };
        cx.step.writes.push(Write::DropRequest(id));
        self.answer_over(id, cx);
        if row.state != RequestState::Refused {
            tell(id, RequestEvent::Expired, cx);
        }
    }

    pub(super) fn tick_answering(&mut self, id: ConversationId, cx: &mut Cx<'_, '_>) {
        let (Some(answering), Some(row)) = (self.answering.get_mut(&id), self.rows.get(&id)) else {
            return;
        };
        match &answering.stage {
            Stage::Agreeing { deadline, .. } if cx.now >= *deadline => self.not_reached(id, cx),
            Stage::Idle if answering.next.is_some_and(|next| cx.now >= next) => {
                if !cx.network_ready {
                    // Dialled when it is.
                    answering.next = None;
                    return;
                }
                let dial = cx.ids.dial(Owner::Answering(id));
                answering.stage = Stage::Looking(dial);
                cx.effect(Effect::Dial {
                    dial,
                    address: row.place,
                    client_auth: None,
                    timeout: REQUEST_DIAL_TIMEOUT,
                    tls: None,
                });
            }
            _ => {}
        }
    }

    pub(super) fn answer_dialled(
        &mut self,
        id: ConversationId,
        dial: DialId,
        result: Result<StreamId, DialFailure>,
        cx: &mut Cx<'_, '_>,
    ) {
        let (Some(answering), Some(row)) = (self.answering.get_mut(&id), self.rows.get_mut(&id))
        else {
            return;
        };
        match (&answering.stage, result) {
            (Stage::Looking(own), Err(DialFailure::KeyWanted)) if *own == dial => {
                let Some(offer) = &row.offer else { return };
                let dial = cx.ids.dial(Owner::Answering(id));
                answering.stage = Stage::Dialling(dial);
                cx.effect(Effect::Dial {
                    dial,
                    address: row.place,
                    client_auth: Some(offer.client_auth_secret().clone()),
                    timeout: REQUEST_DIAL_TIMEOUT,
                    tls: Some(Tls::Pairing),
                });
            }
            (Stage::Looking(own), Ok(stream)) if *own == dial => {
                cx.close(stream, CloseWhen::Now);
                answering.stage = Stage::Idle;
                let_go(row, RequestState::Refused);
                cx.step.writes.push(Write::PutRequest(Box::new(row.clone())));
                self.answer_over(id, cx);
                tell(id, RequestEvent::Stranger, cx);
            }
            (Stage::Dialling(own), Ok(stream)) if *own == dial => {
                answering.stage = Stage::Securing(stream);
            }
            (Stage::Looking(own) | Stage::Dialling(own), Err(_)) if *own == dial => {
                answering.stage = Stage::Idle;
                self.not_reached(id, cx);
            }
            (_, Ok(stream)) => cx.close(stream, CloseWhen::Now),
            (_, Err(_)) => {}
        }
    }

    /// It is tried again later.
    fn not_reached(&mut self, id: ConversationId, cx: &mut Cx<'_, '_>) {
        let (Some(answering), Some(row)) = (self.answering.get_mut(&id), self.rows.get(&id)) else {
            return;
        };
        answering.shut(cx);
        let soon = cx.wall.saturating_sub(row.accepted.unwrap_or(0)) < ACCEPT_SOON;
        answering.next = Some(jittered(if soon { ACCEPT_PAUSE } else { ACCEPT_PAUSE_LONG }, cx));
        tell(id, RequestEvent::NotReached, cx);
    }

    pub(super) fn answer_secured(
        &mut self,
        id: ConversationId,
        stream: StreamId,
        keys: &ChannelKeys,
        cx: &mut Cx<'_, '_>,
    ) {
        let (Some(answering), Some(row)) = (self.answering.get_mut(&id), self.rows.get(&id)) else {
            return;
        };
        let (Stage::Securing(own), Some(offer)) = (&answering.stage, &row.offer) else { return };
        if *own != stream {
            return;
        }
        let (accepter, bytes) = Accepter::new(
            offer,
            &row.keys,
            &row.hash,
            cx.network_id,
            &row.place,
            &exporters(keys),
            cx.rng,
        );
        let deadline = cx.now.saturating_add(REQUEST_PATIENCE);
        answering.stage = Stage::Agreeing { stream, accepter: Box::new(accepter), deadline };
        cx.effect(Effect::Send { stream, kind: FrameKind::Pairing, bytes });
    }

    pub(super) fn answer_frame(
        &mut self,
        id: ConversationId,
        from: StreamId,
        kind: FrameKind,
        bytes: &[u8],
        cx: &mut Cx<'_, '_>,
    ) {
        let Some(answering) = self.answering.get_mut(&id) else { return };
        let Stage::Agreeing { stream, accepter, deadline } = &mut answering.stage else { return };
        let stream = *stream;
        if stream != from {
            return;
        }
        let progress = match accepter.handle(bytes, cx.rng) {
            Ok(progress) if kind == FrameKind::Pairing => progress,
            _ => return self.not_reached(id, cx),
        };
        if let Some(bytes) = progress.send {
            cx.effect(Effect::Send { stream, kind: FrameKind::Pairing, bytes });
        }
        *deadline = cx.now.saturating_add(REQUEST_PATIENCE);
        if let AcceptanceStage::Paired(paired) = progress.stage {
            self.answering.remove(&id);
            let names = self.rows.remove(&id).and_then(|row| row.names);
            cx.step.writes.push(Write::DropRequest(id));
            if let Some(names) = names {
                self.made.push(made(id, Role::Guest, names, stream, *paired));
            }
        }
    }

    pub(super) fn answer_closed(
        &mut self,
        id: ConversationId,
        gone: StreamId,
        cx: &mut Cx<'_, '_>,
    ) {
        let Some(answering) = self.answering.get_mut(&id) else { return };
        match &answering.stage {
            Stage::Securing(stream) | Stage::Agreeing { stream, .. } if *stream == gone => {
                answering.stage = Stage::Idle;
                self.not_reached(id, cx);
            }
            _ => {}
        }
    }
}

/// Nothing stays of what was said, nor of the keys.
fn let_go(row: &mut RequestRow, state: RequestState) {
    row.state = state;
    row.greeting = nothing_said();
    row.offer = None;
    row.names = None;
    row.accepted = None;
}
