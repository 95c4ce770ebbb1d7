//! Requests of ours: dialling a public address until the request has arrived, and waiting at its one-time
//! place for who accepts.

use std::collections::BTreeMap;

use undertone_handle::ConversationId;
use undertone_handle::command::{Ask, Role};
use undertone_handle::event::{AskedEvent, NotKept};
use undertone_wire::cell::FrameKind;
use undertone_wire::request::{AcceptanceStage, Asker, Offer, OwnRequest, RECEIVED, request_hash};

use super::{Requests, exporters, jittered, made, tell_asked};
use crate::input::ServiceState;
use crate::limits::{
    ASK_FOR, ASK_PAUSE, ASK_PAUSE_LONG, ASK_SOON, ASKS, Millis, PUBLISH_AGAIN,
    REQUEST_DIAL_TIMEOUT, REQUEST_LIFE, REQUEST_PATIENCE, UNPROVEN_LINKS,
};
use crate::storage::{AskRow, SentRequest, Write};
use crate::{
    ChannelKeys, CloseWhen, Cx, DialFailure, DialId, Effect, Owner, ServiceId, StreamId, Tls,
};

/// One request of ours.
pub(super) struct Asking {
    row: AskRow,
    /// When its address is dialled next.
    next: Option<Millis>,
    stage: Stage,
    service: Option<ServiceId>,
    publish: Option<Millis>,
    /// Streams at its place, oldest first.
    guests: Vec<Guest>,
}

/// How far it is on its way to the public address.
enum Stage {
    Idle,
    Dialling(DialId),
    Securing(StreamId),
    /// The offer is awaited.
    Waiting {
        stream: StreamId,
        binding: [u8; 32],
        deadline: Millis,
    },
    /// The request is out; that it arrived is awaited.
    Sent {
        stream: StreamId,
        deadline: Millis,
    },
}

/// Somebody at the place, who has the key to it.
struct Guest {
    stream: StreamId,
    deadline: Millis,
    asker: Option<Box<Asker>>,
}

impl Asking {
    /// # Errors
    /// Why it is not taken.
    pub(super) fn begin(
        ask: Ask,
        own_address: bool,
        others: &BTreeMap<ConversationId, Self>,
        cx: &mut Cx<'_, '_>,
    ) -> Result<Self, NotKept> {
        let Ask { conversation: id, address, nick, peer, greeting } = ask;
        if own_address {
            return Err(NotKept::OwnAddress);
        }
        if others.values().any(|other| other.row.address == address || other.row.id == id) {
            return Err(NotKept::Already);
        }
        if others.len() >= ASKS || cx.view.contact(id).is_some() {
            return Err(NotKept::TooMany);
        }
        let own = OwnRequest::generate(cx.rng);
        let at = cx.wall;
        let row = AskRow {
            id,
            address,
            nick,
            peer,
            greeting,
            own,
            at,
            tries: 0,
            sent: None,
            arrived: false,
        };
        cx.step.writes.push(Write::PutAsk(Box::new(row.clone())));
        let next = cx.network_ready.then_some(cx.now);
        Ok(Self { next, ..Self::loaded(row) })
    }

    /// Right after loading: it goes on as soon as there is a network.
    pub(super) fn loaded(row: AskRow) -> Self {
        Self {
            row,
            next: None,
            stage: Stage::Idle,
            service: None,
            publish: None,
            guests: Vec::new(),
        }
    }

    pub(super) fn deadline(&self) -> Option<Millis> {
        let stage = match &self.stage {
            Stage::Idle => self.next,
            Stage::Waiting { deadline, .. } | Stage::Sent { deadline, .. } => Some(*deadline),
            Stage::Dialling(_) | Stage::Securing(_) => None,
        };
        let guests = self.guests.iter().map(|guest| guest.deadline);
        stage.into_iter().chain(guests).chain(self.publish).min()
    }

    pub(super) fn is_old(&self, wall: u64) -> bool {
        wall.saturating_sub(self.row.at) >= REQUEST_LIFE
    }

    fn put(&self, cx: &mut Cx<'_, '_>) {
        cx.step.writes.push(Write::PutAsk(Box::new(self.row.clone())));
    }

    pub(super) fn network_ready(&mut self, cx: &mut Cx<'_, '_>) {
        if matches!(self.stage, Stage::Idle) && !self.row.arrived {
            self.next = Some(cx.now);
        }
        self.publish(cx);
    }

    /// Waits at the place, once there is somebody who may come.
    fn publish(&mut self, cx: &mut Cx<'_, '_>) {
        let Some(sent) = &self.row.sent else { return };
        if self.service.is_some() || !cx.network_ready {
            return;
        }
        self.publish = None;
        let service = cx.ids.service(Owner::Asking(self.row.id));
        self.service = Some(service);
        cx.effect(Effect::Publish {
            service,
            seed: self.row.own.place().clone(),
            clients: vec![*sent.offer.client_auth()],
            tls: Tls::Pairing,
        });
    }

    fn unpublish(&mut self, cx: &mut Cx<'_, '_>) {
        self.publish = None;
        if let Some(service) = self.service.take() {
            cx.unpublish(service);
        }
    }

    pub(super) fn service_state(
        &mut self,
        service: ServiceId,
        state: &ServiceState,
        cx: &mut Cx<'_, '_>,
    ) {
        let gone = matches!(state, ServiceState::Taken | ServiceState::Failed);
        if gone && self.service == Some(service) {
            self.unpublish(cx);
            self.publish = Some(cx.now.saturating_add(PUBLISH_AGAIN));
        }
    }

    /// Lets go of the way to the public address.
    fn let_go(&mut self, cx: &mut Cx<'_, '_>) {
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Idle => {}
            Stage::Dialling(dial) => cx.cancel_dial(dial),
            Stage::Securing(stream)
            | Stage::Waiting { stream, .. }
            | Stage::Sent { stream, .. } => cx.close(stream, CloseWhen::Now),
        }
    }

    /// Lets go of everything but what is stored.
    pub(super) fn shut(&mut self, cx: &mut Cx<'_, '_>) {
        self.let_go(cx);
        self.next = None;
        self.unpublish(cx);
        for guest in std::mem::take(&mut self.guests) {
            cx.close(guest.stream, CloseWhen::Now);
        }
    }

    /// Nobody answered, or too late: it is tried again, for [`ASK_FOR`].
    fn not_reached(&mut self, cx: &mut Cx<'_, '_>) {
        self.let_go(cx);
        let pause = if self.row.tries < ASK_SOON { ASK_PAUSE } else { ASK_PAUSE_LONG };
        let then = cx.wall.saturating_add(pause / 1000);
        let goes_on = then.saturating_sub(self.row.at) < ASK_FOR;
        self.next = goes_on.then(|| jittered(pause, cx));
        tell_asked(self.row.id, AskedEvent::NotReached, cx);
    }

    fn tick(&mut self, cx: &mut Cx<'_, '_>) {
        match &self.stage {
            Stage::Idle if self.next.is_some_and(|next| cx.now >= next) => {
                self.next = None;
                // Without a network it is dialled when there is one.
                if cx.network_ready && !self.row.arrived {
                    self.dial(cx);
                }
            }
            Stage::Waiting { deadline, .. } | Stage::Sent { deadline, .. }
                if cx.now >= *deadline =>
            {
                self.not_reached(cx);
            }
            _ => {}
        }
        let (late, stay): (Vec<Guest>, Vec<Guest>) =
            std::mem::take(&mut self.guests).into_iter().partition(|g| cx.now >= g.deadline);
        self.guests = stay;
        for guest in late {
            cx.close(guest.stream, CloseWhen::Now);
        }
        if self.publish.is_some_and(|publish| cx.now >= publish) {
            self.publish = None;
            self.publish(cx);
        }
    }

    fn dial(&mut self, cx: &mut Cx<'_, '_>) {
        self.row.tries = self.row.tries.saturating_add(1);
        self.put(cx);
        let dial = cx.ids.dial(Owner::Asking(self.row.id));
        self.stage = Stage::Dialling(dial);
        tell_asked(self.row.id, AskedEvent::Dialling { attempt: self.row.tries }, cx);
        cx.effect(Effect::Dial {
            dial,
            address: self.row.address,
            client_auth: None,
            timeout: REQUEST_DIAL_TIMEOUT,
            tls: Some(Tls::Pairing),
        });
    }

    pub(super) fn dialled(
        &mut self,
        dial: DialId,
        result: Result<StreamId, DialFailure>,
        cx: &mut Cx<'_, '_>,
    ) {
        match (&self.stage, result) {
            (Stage::Dialling(own), Ok(stream)) if *own == dial => {
                self.stage = Stage::Securing(stream);
            }
            (Stage::Dialling(own), Err(_)) if *own == dial => {
                self.stage = Stage::Idle;
                self.not_reached(cx);
            }
            (_, Ok(stream)) => cx.close(stream, CloseWhen::Now),
            (_, Err(_)) => {}
        }
    }

    /// Somebody came to the place. Only who was offered the key can; at most [`UNPROVEN_LINKS`] at once.
    pub(super) fn arrived(&mut self, stream: StreamId, cx: &mut Cx<'_, '_>) {
        if self.guests.len() >= UNPROVEN_LINKS {
            let oldest = self.guests.remove(0);
            cx.close(oldest.stream, CloseWhen::Now);
        }
        let deadline = cx.now.saturating_add(REQUEST_PATIENCE);
        self.guests.push(Guest { stream, deadline, asker: None });
    }

    pub(super) fn secured(&mut self, stream: StreamId, keys: &ChannelKeys, cx: &mut Cx<'_, '_>) {
        let deadline = cx.now.saturating_add(REQUEST_PATIENCE);
        if matches!(&self.stage, Stage::Securing(own) if *own == stream) {
            self.stage = Stage::Waiting { stream, binding: keys.binding, deadline };
        } else if let Some(guest) = self.guests.iter_mut().find(|guest| guest.stream == stream)
            && let Some(SentRequest { hash, offer }) = &self.row.sent
        {
            let (own, keys) = (&self.row.own, exporters(keys));
            let asker = Asker::new(own, offer.keys(), hash, cx.network_id, &keys);
            guest.asker = Some(Box::new(asker));
        }
    }

    pub(super) fn closed(&mut self, gone: StreamId, cx: &mut Cx<'_, '_>) {
        match &self.stage {
            Stage::Securing(stream)
            | Stage::Waiting { stream, .. }
            | Stage::Sent { stream, .. }
                if *stream == gone =>
            {
                self.stage = Stage::Idle;
                self.not_reached(cx);
            }
            _ => self.guests.retain(|guest| guest.stream != gone),
        }
    }

    /// The offer came: the request is bound to it, kept, and sent. `false`: this is no offer of a version
    /// that we speak.
    fn offered(
        &mut self,
        stream: StreamId,
        binding: &[u8; 32],
        bytes: &[u8],
        cx: &mut Cx<'_, '_>,
    ) -> bool {
        let Ok(offer) = Offer::decode(bytes) else { return false };
        let AskRow { own, nick, greeting, address, .. } = &self.row;
        let Ok(request) = own.encode(nick.as_str(), greeting.as_str()) else { return false };
        let hash = request_hash(cx.network_id, address, binding, bytes, &request);
        let other = self.row.sent.as_ref().is_some_and(|sent| sent.offer != offer);
        self.row.sent = Some(SentRequest { hash, offer });
        self.put(cx);
        // The place is for who has the key of this offer, no longer for that of one before.
        if other {
            self.unpublish(cx);
        }
        self.publish(cx);
        let deadline = cx.now.saturating_add(REQUEST_PATIENCE);
        self.stage = Stage::Sent { stream, deadline };
        cx.effect(Effect::Send { stream, kind: FrameKind::Request, bytes: request });
        true
    }
}

impl Requests {
    pub(super) fn tick_asking(&mut self, id: ConversationId, cx: &mut Cx<'_, '_>) {
        if let Some(asking) = self.asking.get_mut(&id) {
            asking.tick(cx);
        }
    }

    pub(super) fn asking_frame(
        &mut self,
        id: ConversationId,
        from: StreamId,
        kind: FrameKind,
        bytes: &[u8],
        cx: &mut Cx<'_, '_>,
    ) {
        let Some(asking) = self.asking.get_mut(&id) else { return };
        let understood = match &asking.stage {
            Stage::Waiting { stream, binding, .. } if *stream == from => {
                let (stream, binding) = (*stream, *binding);
                kind == FrameKind::Request && asking.offered(stream, &binding, bytes, cx)
            }
            Stage::Sent { stream, .. } if *stream == from => {
                let arrived = kind == FrameKind::Request && bytes == RECEIVED;
                if arrived {
                    asking.let_go(cx);
                    asking.row.arrived = true;
                    asking.put(cx);
                    tell_asked(id, AskedEvent::Arrived, cx);
                }
                arrived
            }
            _ => return self.guest_frame(id, from, kind, bytes, cx),
        };
        if !understood {
            self.drop_ask(id, cx);
            tell_asked(id, AskedEvent::NotUnderstood, cx);
        }
    }

    /// A step of an acceptance.
    fn guest_frame(
        &mut self,
        id: ConversationId,
        stream: StreamId,
        kind: FrameKind,
        bytes: &[u8],
        cx: &mut Cx<'_, '_>,
    ) {
        let Some(asking) = self.asking.get_mut(&id) else { return };
        let Some(guest) = asking.guests.iter_mut().find(|guest| guest.stream == stream) else {
            return;
        };
        let progress = match (&mut guest.asker, kind) {
            (Some(asker), FrameKind::Pairing) => asker.handle(bytes, cx.rng).ok(),
            _ => None,
        };
        let Some(progress) = progress else {
            asking.guests.retain(|guest| guest.stream != stream);
            return cx.close(stream, CloseWhen::Now);
        };
        if let Some(bytes) = progress.send {
            cx.effect(Effect::Send { stream, kind: FrameKind::Pairing, bytes });
        }
        if let AcceptanceStage::Paired(paired) = progress.stage {
            asking.guests.retain(|guest| guest.stream != stream);
            let names = (asking.row.nick.clone(), asking.row.peer.clone());
            self.made.push(made(id, Role::Host, names, stream, *paired));
        }
    }
}
