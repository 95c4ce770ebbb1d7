//! Requests: strangers ask at a public address, and we ask others. (`docs/protocol.md`, "Pairing by
//! request".)
//!
//! - [`address`]: the public address, and who comes to it.
//! - [`answer`]: what the user decides about a request, and reaching who was accepted.
//! - [`ask`]: requests of ours.
//!
//! All of a request is stored before anything of it leaves, so it outlives the program's end; what is in
//! memory alone are streams, dials and the times of the next.

mod address;
mod answer;
mod ask;

use std::collections::BTreeMap;

use rand_core::Rng as _;
use undertone_handle::command::{Ask, Name, Role};
use undertone_handle::event::{AskedEvent, Event, RequestEvent, Trust};
use undertone_handle::{Command, ConversationId};
use undertone_wire::cell::FrameKind;
use undertone_wire::pairing::{Exporters, Paired};

use self::address::Address;
use self::answer::Answering;
use self::ask::Asking;
use crate::conversation::ratchet_role;
use crate::input::ServiceState;
use crate::limits::{Millis, REQUEST_LOOK};
use crate::meeting::Made;
use crate::storage::{Contact, Recovery, RequestRow, View, Write};
use crate::{ChannelKeys, CloseWhen, Cx, DialFailure, DialId, Effect, Owner, ServiceId, StreamId};

/// Everything about requests of both directions.
pub(crate) struct Requests {
    address: Address,
    /// The requests that came, as they are stored.
    rows: BTreeMap<ConversationId, RequestRow>,
    /// Those of them that were accepted.
    answering: BTreeMap<ConversationId, Answering>,
    asking: BTreeMap<ConversationId, Asking>,
    /// When is looked which have become too old.
    look: Option<Millis>,
    /// What an acceptance has just made.
    made: Vec<Made>,
}

impl Requests {
    pub(crate) fn load(view: &dyn View) -> Self {
        let rows: BTreeMap<ConversationId, RequestRow> =
            view.requests().into_iter().map(|row| (row.id, row)).collect();
        let accepted = rows.values().filter(|row| Answering::is_for(row));
        let answering = accepted.map(|row| (row.id, Answering::loaded())).collect();
        let asking: BTreeMap<ConversationId, Asking> =
            view.asks().into_iter().map(|row| (row.id, Asking::loaded(row))).collect();
        let look = (!rows.is_empty() || !asking.is_empty()).then_some(0);
        let address = Address::load(view);
        Self { address, rows, answering, asking, look, made: Vec::new() }
    }

    pub(crate) fn deadline(&self) -> Option<Millis> {
        let answering = self.answering.values().filter_map(Answering::deadline);
        let asking = self.asking.values().filter_map(Asking::deadline);
        let own = self.address.deadline().into_iter().chain(self.look);
        own.chain(answering).chain(asking).min()
    }

    /// Takes a command about requests; gives back any other.
    pub(crate) fn command(&mut self, command: Command, cx: &mut Cx<'_, '_>) -> Option<Command> {
        match command {
            Command::Address(wish) => self.address.command(wish, cx),
            Command::Ask(ask) => self.ask(*ask, cx),
            Command::Withdraw(id) => self.withdraw(id, cx),
            Command::Answer(id, answer) => self.answer(id, answer, cx),
            other => return Some(other),
        }
        None
    }

    fn ask(&mut self, ask: Ask, cx: &mut Cx<'_, '_>) {
        let id = ask.conversation;
        let own = self.address.is_at(&ask.address);
        match Asking::begin(ask, own, &self.asking, cx) {
            Ok(asking) => {
                self.asking.insert(id, asking);
                self.look_soon(cx.now);
                tell_asked(id, AskedEvent::Kept, cx);
                self.tick_asking(id, cx);
            }
            Err(why) => tell_asked(id, AskedEvent::NotKept(why), cx),
        }
    }

    fn withdraw(&mut self, id: ConversationId, cx: &mut Cx<'_, '_>) {
        if self.asking.contains_key(&id) {
            self.drop_ask(id, cx);
            tell_asked(id, AskedEvent::Withdrawn, cx);
        }
    }

    /// Forgets a request of ours and takes its place down.
    fn drop_ask(&mut self, id: ConversationId, cx: &mut Cx<'_, '_>) {
        if let Some(mut asking) = self.asking.remove(&id) {
            asking.shut(cx);
            cx.step.writes.push(Write::DropAsk(id));
        }
    }

    /// A conversation that came of a request of ours is certain, or over: the request has served its
    /// purpose. Until then whoever accepted may not know that it was made, and come again.
    pub(crate) fn is_settled(&mut self, id: ConversationId, cx: &mut Cx<'_, '_>) {
        self.drop_ask(id, cx);
    }

    /// The requests of ours.
    pub(crate) fn asked(&self) -> Vec<ConversationId> {
        self.asking.keys().copied().collect()
    }

    /// Whether a request of ours has this id.
    fn has_asked(&self, id: ConversationId) -> bool {
        self.asking.contains_key(&id)
    }

    /// What acceptances have made since the last call.
    pub(crate) fn take_made(&mut self) -> Vec<Made> {
        std::mem::take(&mut self.made)
    }

    pub(crate) fn network_ready(&mut self, cx: &mut Cx<'_, '_>) {
        self.address.network_ready(cx);
        for answering in self.answering.values_mut() {
            answering.network_ready(cx);
        }
        for asking in self.asking.values_mut() {
            asking.network_ready(cx);
        }
        self.tick(cx);
    }

    pub(crate) fn tick(&mut self, cx: &mut Cx<'_, '_>) {
        self.address.tick(cx);
        let ids: Vec<ConversationId> = self.answering.keys().copied().collect();
        for id in ids {
            self.tick_answering(id, cx);
        }
        let ids: Vec<ConversationId> = self.asking.keys().copied().collect();
        for id in ids {
            self.tick_asking(id, cx);
        }
        if self.look.is_some_and(|look| cx.now >= look) {
            self.let_go_of_the_old(cx);
        }
    }

    /// Something is there that becomes too old.
    fn look_soon(&mut self, now: Millis) {
        self.look.get_or_insert(now.saturating_add(REQUEST_LOOK));
    }

    fn let_go_of_the_old(&mut self, cx: &mut Cx<'_, '_>) {
        let wall = cx.wall;
        let old: Vec<ConversationId> =
            self.rows.values().filter(|row| answer::is_old(row, wall)).map(|row| row.id).collect();
        for id in old {
            self.expire(id, cx);
        }
        let old: Vec<ConversationId> =
            self.asking.iter().filter(|(_, ask)| ask.is_old(wall)).map(|(id, _)| *id).collect();
        for id in old {
            self.drop_ask(id, cx);
            tell_asked(id, AskedEvent::Expired, cx);
        }
        self.look = None;
        if !self.rows.is_empty() || !self.asking.is_empty() {
            self.look_soon(cx.now);
        }
    }

    /// The program ends: what is stored goes on the next time.
    pub(crate) fn part(&mut self, cx: &mut Cx<'_, '_>) {
        self.address.shut(cx);
        for answering in self.answering.values_mut() {
            answering.shut(cx);
        }
        for asking in self.asking.values_mut() {
            asking.shut(cx);
        }
        self.answering.clear();
        self.asking.clear();
        self.look = None;
    }

    pub(crate) fn service_state(
        &mut self,
        owner: Owner,
        service: ServiceId,
        state: &ServiceState,
        cx: &mut Cx<'_, '_>,
    ) {
        match owner {
            Owner::Address => self.address.service_state(state, cx),
            Owner::Asking(id) => {
                if let Some(asking) = self.asking.get_mut(&id) {
                    asking.service_state(service, state, cx);
                }
            }
            Owner::Answering(_) | Owner::Meeting(_) | Owner::Conversation(_) => {}
        }
    }

    pub(crate) fn arrived(&mut self, owner: Owner, stream: StreamId, cx: &mut Cx<'_, '_>) {
        match owner {
            Owner::Address => self.address.arrived(stream, cx),
            Owner::Asking(id) if self.asking.contains_key(&id) => {
                if let Some(asking) = self.asking.get_mut(&id) {
                    asking.arrived(stream, cx);
                }
            }
            _ => cx.close(stream, CloseWhen::Now),
        }
    }

    pub(crate) fn dialled(
        &mut self,
        owner: Owner,
        dial: DialId,
        result: Result<StreamId, DialFailure>,
        cx: &mut Cx<'_, '_>,
    ) {
        match owner {
            Owner::Answering(id) if self.answering.contains_key(&id) => {
                self.answer_dialled(id, dial, result, cx);
            }
            Owner::Asking(id) if self.asking.contains_key(&id) => {
                if let Some(asking) = self.asking.get_mut(&id) {
                    asking.dialled(dial, result, cx);
                }
            }
            _ => {
                if let Ok(stream) = result {
                    cx.close(stream, CloseWhen::Now);
                }
            }
        }
    }

    pub(crate) fn secured(
        &mut self,
        owner: Owner,
        stream: StreamId,
        keys: &ChannelKeys,
        cx: &mut Cx<'_, '_>,
    ) {
        match owner {
            Owner::Address => self.address.secured(stream, keys, cx),
            Owner::Answering(id) => self.answer_secured(id, stream, keys, cx),
            Owner::Asking(id) => {
                if let Some(asking) = self.asking.get_mut(&id) {
                    asking.secured(stream, keys, cx);
                }
            }
            Owner::Meeting(_) | Owner::Conversation(_) => {}
        }
    }

    pub(crate) fn frame(
        &mut self,
        owner: Owner,
        stream: StreamId,
        kind: FrameKind,
        bytes: &[u8],
        cx: &mut Cx<'_, '_>,
    ) {
        if kind == FrameKind::KeepAlive {
            return;
        }
        match owner {
            Owner::Address => {
                if let Some((offer, binding)) = self.address.brought(stream, kind, cx) {
                    self.came(*offer, &binding, bytes, cx);
                }
            }
            Owner::Answering(id) => self.answer_frame(id, stream, kind, bytes, cx),
            Owner::Asking(id) => self.asking_frame(id, stream, kind, bytes, cx),
            Owner::Meeting(_) | Owner::Conversation(_) => {}
        }
    }

    pub(crate) fn closed(&mut self, owner: Owner, stream: StreamId, cx: &mut Cx<'_, '_>) {
        match owner {
            Owner::Address => self.address.closed(stream),
            Owner::Answering(id) => self.answer_closed(id, stream, cx),
            Owner::Asking(id) => {
                if let Some(asking) = self.asking.get_mut(&id) {
                    asking.closed(stream, cx);
                }
            }
            Owner::Meeting(_) | Owner::Conversation(_) => {}
        }
    }
}

fn tell(id: ConversationId, event: RequestEvent, cx: &mut Cx<'_, '_>) {
    cx.effect(Effect::Notify(Event::Request(id, event)));
}

fn tell_asked(id: ConversationId, event: AskedEvent, cx: &mut Cx<'_, '_>) {
    cx.effect(Effect::Notify(Event::Asked(id, event)));
}

fn exporters(keys: &ChannelKeys) -> Exporters {
    Exporters { sid: keys.sid, binding: keys.binding }
}

/// A pause, and up to a quarter of it: not all at once, and nobody's habit.
fn jittered(pause: Millis, cx: &mut Cx<'_, '_>) -> Millis {
    let longer = u64::from(cx.rng.next_u32()).checked_rem(pause / 4).unwrap_or(0);
    cx.now.saturating_add(pause).saturating_add(longer)
}

/// Makes the contact out of an acceptance that both ends confirmed. Nothing vouches for who it is.
fn made(
    id: ConversationId,
    role: Role,
    names: (Name, Name),
    stream: StreamId,
    paired: Paired,
) -> Made {
    let Paired { root, transcript, own, peer, .. } = paired;
    let (nick, shown) = names;
    let pairing = transcript.hash();
    let recovery_key = root.recovery_key();
    let session = root.into_session(ratchet_role(role), own.keys(), peer.keys(), &transcript);
    let contact = Contact {
        // Given when the conversation begins.
        number: 0,
        lasting: true,
        made: false,
        ended: false,
        since: 0,
        id,
        role,
        nick,
        peer: shown,
        own: own.into_kept(),
        card: peer,
        pairing,
        recovery: Recovery::new(recovery_key),
        trust: Trust::Unverified,
        open: true,
    };
    Made { contact, session, stream, check: None, secret: None }
}
