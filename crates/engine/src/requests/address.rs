//! The public address, and who comes to it.
//!
//! Whoever comes is shown an offer made for this stream alone and has a short time to bring a request.
//! Every request is answered with the same byte after the same time, whatever becomes of it.

use undertone_handle::command::AddressCommand;
use undertone_handle::event::{AddressEvent, Event};
use undertone_wire::address::{OnionAddress, OnionSeed};
use undertone_wire::cell::FrameKind;
use undertone_wire::request::{OwnOffer, RECEIVED};

use crate::input::ServiceState;
use crate::limits::{
    Millis, PUBLISH_AGAIN, PUBLISH_TRIES, REQUEST_ANSWER_AFTER, REQUEST_PATIENCE, STRANGERS,
};
use crate::storage::{PublicAddress, View, Write};
use crate::{ChannelKeys, CloseWhen, Cx, Effect, Owner, ServiceId, StreamId, Tls};

/// The public address and its visitors.
pub(super) struct Address {
    stored: Option<PublicAddress>,
    service: Option<ServiceId>,
    /// Whoever looks for it finds it.
    reachable: bool,
    /// How often in a row it was found taken.
    taken: u32,
    publish: Option<Millis>,
    /// Oldest first.
    visitors: Vec<Visitor>,
}

struct Visitor {
    stream: StreamId,
    deadline: Millis,
    stage: Stage,
}

enum Stage {
    /// TLS is not done.
    Coming,
    /// Our offer is out.
    Offered(Box<OwnOffer>, [u8; 32]),
    /// The request is in; at the deadline it is answered.
    Brought,
}

impl Address {
    pub(super) fn load(view: &dyn View) -> Self {
        let stored = view.address();
        Self {
            stored,
            service: None,
            reachable: false,
            taken: 0,
            publish: None,
            visitors: Vec::new(),
        }
    }

    pub(super) fn deadline(&self) -> Option<Millis> {
        self.visitors.iter().map(|visitor| visitor.deadline).chain(self.publish).min()
    }

    /// The address, if there is one.
    pub(super) fn own(&self) -> Option<OnionAddress> {
        self.stored.as_ref().map(|stored| stored.seed.address())
    }

    pub(super) fn is_at(&self, address: &OnionAddress) -> bool {
        self.own().as_ref() == Some(address)
    }

    pub(super) fn command(&mut self, wish: AddressCommand, cx: &mut Cx<'_, '_>) {
        let before = self.stored.take();
        let stored = match (wish, before) {
            (AddressCommand::Off, None) => return Self::tell(AddressEvent::Off, cx),
            (AddressCommand::Off, Some(before)) => PublicAddress { on: false, ..before },
            (AddressCommand::On, Some(before)) => PublicAddress { on: true, ..before },
            (AddressCommand::On, None) => {
                PublicAddress { seed: OnionSeed::random(cx.rng), on: true }
            }
            (AddressCommand::Replace, before) => {
                let on = before.is_none_or(|before| before.on);
                self.shut(cx);
                PublicAddress { seed: OnionSeed::random(cx.rng), on }
            }
        };
        cx.step.writes.push(Write::PutAddress(stored.clone()));
        let (on, address) = (stored.on, stored.seed.address());
        self.stored = Some(stored);
        if !on {
            self.shut(cx);
            return Self::tell(AddressEvent::Off, cx);
        }
        self.taken = 0;
        let event = match self.reachable {
            true => AddressEvent::Reachable(address),
            false => AddressEvent::Publishing(address),
        };
        Self::tell(event, cx);
        self.publish_if_wished(cx);
    }

    fn tell(event: AddressEvent, cx: &mut Cx<'_, '_>) {
        cx.effect(Effect::Notify(Event::Address(event)));
    }

    pub(super) fn network_ready(&mut self, cx: &mut Cx<'_, '_>) {
        self.publish_if_wished(cx);
    }

    fn publish_if_wished(&mut self, cx: &mut Cx<'_, '_>) {
        let Some(PublicAddress { seed, on: true }) = &self.stored else { return };
        if self.service.is_some() || !cx.network_ready || self.taken >= PUBLISH_TRIES {
            return;
        }
        self.publish = None;
        let service = cx.ids.service(Owner::Address);
        self.service = Some(service);
        let (seed, clients) = (seed.clone(), Vec::new());
        cx.effect(Effect::Publish { service, seed, clients, tls: Tls::Pairing });
    }

    pub(super) fn service_state(&mut self, state: &ServiceState, cx: &mut Cx<'_, '_>) {
        let Some(address) = self.own() else { return };
        self.reachable = *state == ServiceState::Reachable;
        match state {
            ServiceState::Reachable => {
                self.taken = 0;
                Self::tell(AddressEvent::Reachable(address), cx);
            }
            ServiceState::Unreachable => Self::tell(AddressEvent::Unreachable(address), cx),
            ServiceState::Taken | ServiceState::Failed => {
                if let Some(service) = self.service.take() {
                    cx.unpublish(service);
                }
                if *state == ServiceState::Taken {
                    self.taken = self.taken.saturating_add(1);
                }
                if self.taken >= PUBLISH_TRIES {
                    Self::tell(AddressEvent::Elsewhere(address), cx);
                } else {
                    Self::tell(AddressEvent::Unreachable(address), cx);
                    self.publish = Some(cx.now.saturating_add(PUBLISH_AGAIN));
                }
            }
        }
    }

    /// Takes the address down; who is on the way to it is sent away.
    pub(super) fn shut(&mut self, cx: &mut Cx<'_, '_>) {
        self.publish = None;
        self.reachable = false;
        if let Some(service) = self.service.take() {
            cx.unpublish(service);
        }
        for visitor in std::mem::take(&mut self.visitors) {
            cx.close(visitor.stream, CloseWhen::Now);
        }
    }

    /// Somebody came. At most [`STRANGERS`] are here at once; the oldest makes room.
    pub(super) fn arrived(&mut self, stream: StreamId, cx: &mut Cx<'_, '_>) {
        if self.visitors.len() >= STRANGERS {
            let oldest = self.visitors.remove(0);
            cx.close(oldest.stream, CloseWhen::Now);
        }
        let deadline = cx.now.saturating_add(REQUEST_PATIENCE);
        self.visitors.push(Visitor { stream, deadline, stage: Stage::Coming });
    }

    pub(super) fn secured(&mut self, stream: StreamId, keys: &ChannelKeys, cx: &mut Cx<'_, '_>) {
        let Some(visitor) = self.visitors.iter_mut().find(|v| v.stream == stream) else { return };
        let offer = Box::new(OwnOffer::generate(cx.rng));
        let bytes = offer.public().encode();
        visitor.stage = Stage::Offered(offer, keys.binding);
        cx.effect(Effect::Send { stream, kind: FrameKind::Request, bytes });
    }

    /// A frame came: what was offered to whom it is of, if it is a request's turn. Whoever sends
    /// anything else is sent away.
    pub(super) fn brought(
        &mut self,
        stream: StreamId,
        kind: FrameKind,
        cx: &mut Cx<'_, '_>,
    ) -> Option<(Box<OwnOffer>, [u8; 32])> {
        let visitor = self.visitors.iter_mut().find(|v| v.stream == stream)?;
        match std::mem::replace(&mut visitor.stage, Stage::Brought) {
            Stage::Offered(offer, binding) if kind == FrameKind::Request => {
                visitor.deadline = cx.now.saturating_add(REQUEST_ANSWER_AFTER);
                Some((offer, binding))
            }
            _ => {
                self.visitors.retain(|v| v.stream != stream);
                cx.close(stream, CloseWhen::Now);
                None
            }
        }
    }

    pub(super) fn closed(&mut self, stream: StreamId) {
        self.visitors.retain(|visitor| visitor.stream != stream);
    }

    pub(super) fn tick(&mut self, cx: &mut Cx<'_, '_>) {
        let (due, stay): (Vec<Visitor>, Vec<Visitor>) =
            std::mem::take(&mut self.visitors).into_iter().partition(|v| cx.now >= v.deadline);
        self.visitors = stay;
        for Visitor { stream, stage, .. } in due {
            if matches!(stage, Stage::Brought) {
                let bytes = RECEIVED.to_vec();
                cx.effect(Effect::Send { stream, kind: FrameKind::Request, bytes });
                cx.close(stream, CloseWhen::Flushed);
            } else {
                cx.close(stream, CloseWhen::Now);
            }
        }
        if self.publish.is_some_and(|publish| cx.now >= publish) {
            self.publish = None;
            self.publish_if_wished(cx);
        }
    }
}
