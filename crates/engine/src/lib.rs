//! What everything means: meetings, contacts, conversations, outbox, trust.
//!
//! The engine has no socket, no clock, no randomness, no database. Everything that happens comes in
//! as an [`Input`]; everything it wants comes out of [`Engine::handle`] as a [`Step`]: *writes* for
//! the storage and *effects* for the world. The driver commits the writes first and performs the
//! effects only then. Whatever fails before the commit, the engine is dropped and loaded anew.
//!
//! ```
//! use undertone_engine::storage::Storage as _;
//! use undertone_engine::{Context, Engine, Input, Memory};
//! # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
//! # let mut rng = ChaCha20Rng::from_seed([7; 32]);
//! let mut memory = Memory::default();
//! let mut engine = Engine::load("local", &memory);
//! let step = engine.handle(
//!     Input::Tick,
//!     &mut Context { now: 0, wall: 1_700_000_000, rng: &mut rng },
//!     &memory,
//! );
//! memory.apply(step.writes);
//! assert_eq!(memory.commit(), Ok(()));
//! assert!(step.effects.is_empty()); // only now would they be performed
//! ```

#![cfg_attr(not(test), deny(clippy::indexing_slicing))]

pub mod limits;
pub mod storage;

mod commands;
mod conversation;
mod going;
mod input;
mod meeting;
mod memory;
mod requests;
pub mod restore;
mod step;

use std::collections::BTreeMap;

use rand_core::CryptoRng;
use undertone_handle::event::{
    ConversationEvent, Event, MeetingEnd, MeetingEvent, NetworkState, NetworkStep, NotSent,
};
use undertone_handle::{Command, ConversationId};

use crate::conversation::Conversation;
use crate::going::Going;
pub use crate::input::{
    ChannelKeys, CloseReason, DialFailure, DialId, Input, JobId, ServiceId, ServiceState, StreamId,
};
use crate::limits::Millis;
use crate::meeting::Meeting;
pub use crate::memory::Memory;
use crate::requests::Requests;
pub use crate::step::{CloseWhen, Effect, Step, Tls};
use crate::storage::View;

/// What a call may use beside its input: the time and random numbers.
pub struct Context<'a> {
    /// Monotonic time.
    pub now: Millis,
    /// Seconds since 1970 by this machine's clock: shown, and when messages go by themselves the
    /// earlier of this and [`Context::now`] decides.
    pub wall: u64,
    /// Random numbers, hedged by whoever passes them in.
    pub rng: &'a mut dyn CryptoRng,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("now", &self.now).finish_non_exhaustive()
    }
}

/// Who a stream, a dial, a service or a derivation belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Meeting(ConversationId),
    Conversation(ConversationId),
    /// The public address.
    Address,
    /// A request that came and was accepted.
    Answering(ConversationId),
    /// A request of ours.
    Asking(ConversationId),
}

/// The ids that the engine hands out and whom they belong to.
#[derive(Debug, Default)]
struct Registry {
    next: u64,
    streams: BTreeMap<StreamId, Owner>,
    dials: BTreeMap<DialId, Owner>,
    services: BTreeMap<ServiceId, Owner>,
    jobs: BTreeMap<JobId, Owner>,
}

impl Registry {
    fn fresh(&mut self) -> u64 {
        self.next = self.next.wrapping_add(1);
        self.next
    }

    fn dial(&mut self, owner: Owner) -> DialId {
        let id = DialId(self.fresh());
        self.dials.insert(id, owner);
        id
    }

    fn service(&mut self, owner: Owner) -> ServiceId {
        let id = ServiceId(self.fresh());
        self.services.insert(id, owner);
        id
    }

    fn job(&mut self, owner: Owner) -> JobId {
        let id = JobId(self.fresh());
        self.jobs.insert(id, owner);
        id
    }
}

/// What an engine has to do with just now; for whoever wants to see that it lets things go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Streams that are open.
    pub streams: usize,
    /// Dials under way.
    pub dials: usize,
    /// Services that are published.
    pub services: usize,
    /// Derivations under way.
    pub jobs: usize,
}

/// What the parts of the engine share during one call.
struct Cx<'a, 'r> {
    now: Millis,
    wall: u64,
    rng: &'a mut &'r mut dyn CryptoRng,
    network_id: &'static str,
    network_ready: bool,
    view: &'a dyn View,
    ids: &'a mut Registry,
    going: &'a mut Going,
    step: &'a mut Step,
}

impl Cx<'_, '_> {
    fn effect(&mut self, effect: Effect) {
        self.step.effects.push(effect);
    }

    fn meeting(&mut self, id: ConversationId, event: MeetingEvent) {
        self.effect(Effect::Notify(Event::Meeting(id, event)));
    }

    fn tell(&mut self, id: ConversationId, event: ConversationEvent) {
        self.effect(Effect::Notify(Event::Conversation(id, event)));
    }

    /// Closes a stream and forgets whose it was.
    fn close(&mut self, stream: StreamId, when: CloseWhen) {
        self.ids.streams.remove(&stream);
        self.effect(Effect::Close { stream, when });
    }

    fn unpublish(&mut self, service: ServiceId) {
        self.ids.services.remove(&service);
        self.effect(Effect::Unpublish { service });
    }

    fn cancel_dial(&mut self, dial: DialId) {
        if self.ids.dials.remove(&dial).is_some() {
            self.effect(Effect::CancelDial { dial });
        }
    }
}

/// The engine. One instance per profile, on one thread.
pub struct Engine {
    network_id: &'static str,
    network_ready: bool,
    meetings: BTreeMap<ConversationId, Meeting>,
    conversations: BTreeMap<ConversationId, Conversation>,
    requests: Requests,
    ids: Registry,
    going: Going,
    /// The orderly end was asked for; nothing new begins.
    finishing: bool,
    finished: bool,
}

impl std::fmt::Debug for Engine {
    /// Counts only: what is inside is secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("network_id", &self.network_id)
            .field("network_ready", &self.network_ready)
            .field("meetings", &self.meetings.len())
            .field("conversations", &self.conversations.len())
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// Builds the engine from what is stored. `network_id` is what pairing binds: `tor` or `local`.
    #[must_use]
    pub fn load(network_id: &'static str, view: &dyn View) -> Self {
        let conversations = view
            .contacts()
            .into_iter()
            .filter_map(|id| Some((id, Conversation::load(id, view)?)))
            .collect();
        Self {
            network_id,
            network_ready: false,
            meetings: BTreeMap::new(),
            conversations,
            requests: Requests::load(view),
            ids: Registry::default(),
            going: Going::load(view),
            finishing: false,
            finished: false,
        }
    }

    /// When [`Input::Tick`] is due next, if ever.
    #[must_use]
    pub fn deadline(&self) -> Option<Millis> {
        let meetings = self.meetings.values().filter_map(Meeting::deadline);
        let conversations = self.conversations.values().filter_map(Conversation::deadline);
        let own = self.going.deadline().into_iter().chain(self.requests.deadline());
        meetings.chain(conversations).chain(own).min()
    }

    /// How many of the world's things the engine has to do with.
    #[must_use]
    pub fn held(&self) -> Held {
        let Registry { next: _, streams, dials, services, jobs } = &self.ids;
        Held {
            streams: streams.len(),
            dials: dials.len(),
            services: services.len(),
            jobs: jobs.len(),
        }
    }

    /// The meetings under way: they live in memory alone, and are over when the engine is dropped.
    pub fn meetings(&self) -> impl Iterator<Item = ConversationId> {
        self.meetings.keys().copied()
    }

    /// Takes one input and says what to write and what to do.
    pub fn handle(&mut self, input: Input, context: &mut Context<'_>, view: &dyn View) -> Step {
        let mut step = Step::default();
        let mut cx = Cx {
            now: context.now,
            wall: context.wall,
            rng: &mut context.rng,
            network_id: self.network_id,
            network_ready: self.network_ready,
            view,
            ids: &mut self.ids,
            going: &mut self.going,
            step: &mut step,
        };
        match input {
            Input::Command(command) => {
                command_in(
                    command,
                    &mut self.meetings,
                    &mut self.conversations,
                    &mut self.requests,
                    &mut cx,
                    &mut self.finishing,
                );
            }
            Input::Network(state) => {
                self.network_ready = state.step == NetworkStep::Ready;
                cx.network_ready = self.network_ready;
                network_in(state, &mut self.meetings, &mut self.conversations, &mut cx);
                if self.network_ready {
                    self.requests.network_ready(&mut cx);
                }
            }
            Input::Derived { job, seed } => {
                if let Some(Owner::Meeting(id)) = cx.ids.jobs.remove(&job)
                    && let Some(meeting) = self.meetings.get_mut(&id)
                {
                    meeting.derived(seed, &mut cx);
                }
            }
            Input::Service { service, state } => match cx.ids.services.get(&service).copied() {
                Some(Owner::Meeting(id)) => {
                    if let Some(meeting) = self.meetings.get_mut(&id) {
                        meeting.service(&state, &mut cx);
                    }
                }
                Some(Owner::Conversation(id)) => {
                    if let Some(conversation) = self.conversations.get_mut(&id) {
                        conversation.service_state(&state, &mut cx);
                    }
                }
                Some(owner) => self.requests.service_state(owner, service, &state, &mut cx),
                None => {}
            },
            Input::Arrived { service, stream } => match cx.ids.services.get(&service).copied() {
                Some(owner @ Owner::Meeting(id)) if self.meetings.contains_key(&id) => {
                    cx.ids.streams.insert(stream, owner);
                    if let Some(meeting) = self.meetings.get_mut(&id) {
                        meeting.arrived(stream, &mut cx);
                    }
                }
                Some(owner @ Owner::Conversation(id)) if self.conversations.contains_key(&id) => {
                    cx.ids.streams.insert(stream, owner);
                    if let Some(conversation) = self.conversations.get_mut(&id) {
                        conversation.arrived(stream, &mut cx);
                    }
                }
                Some(owner @ (Owner::Address | Owner::Asking(_))) => {
                    cx.ids.streams.insert(stream, owner);
                    self.requests.arrived(owner, stream, &mut cx);
                }
                _ => cx.effect(Effect::Close { stream, when: CloseWhen::Now }),
            },
            Input::Dialled { dial, result } => {
                let held = (&mut self.meetings, &mut self.conversations, &mut self.requests);
                dialled_in(dial, result, held, &mut cx);
            }
            Input::Secured { stream, keys, known } => match cx.ids.streams.get(&stream).copied() {
                Some(Owner::Meeting(id)) => {
                    if let Some(meeting) = self.meetings.get_mut(&id) {
                        meeting.secured(stream, keys, &mut cx);
                    }
                }
                Some(Owner::Conversation(id)) => {
                    if let Some(conversation) = self.conversations.get_mut(&id) {
                        conversation.secured(stream, &keys, known, &mut cx);
                    }
                }
                Some(owner) => self.requests.secured(owner, stream, &keys, &mut cx),
                None => cx.effect(Effect::Close { stream, when: CloseWhen::Now }),
            },
            Input::Frame { stream, kind, bytes } => match cx.ids.streams.get(&stream).copied() {
                Some(Owner::Meeting(id)) => {
                    if let Some(meeting) = self.meetings.get_mut(&id) {
                        meeting.frame(stream, kind, &bytes, &mut cx);
                    }
                }
                Some(Owner::Conversation(id)) => {
                    if let Some(conversation) = self.conversations.get_mut(&id) {
                        conversation.frame(stream, kind, &bytes, &mut cx);
                    }
                }
                Some(owner) => self.requests.frame(owner, stream, kind, &bytes, &mut cx),
                None => {}
            },
            Input::Closed { stream, reason } => match cx.ids.streams.remove(&stream) {
                Some(Owner::Meeting(id)) => {
                    if let Some(meeting) = self.meetings.get_mut(&id) {
                        meeting.closed(stream, &mut cx);
                    }
                }
                Some(Owner::Conversation(id)) => {
                    if let Some(conversation) = self.conversations.get_mut(&id) {
                        conversation.closed(stream, reason, &mut cx);
                    }
                }
                Some(owner) => self.requests.closed(owner, stream, &mut cx),
                None => {}
            },
            Input::Tick => {
                for meeting in self.meetings.values_mut() {
                    meeting.tick(&mut cx);
                }
                for conversation in self.conversations.values_mut() {
                    conversation.tick(&mut cx);
                }
                self.requests.tick(&mut cx);
                going::tick(&mut self.conversations, &mut cx);
            }
        }
        self.settle(&mut step, context, view);
        step
    }

    /// Moves what a meeting made into the conversations, and drops what has ended.
    fn settle(&mut self, step: &mut Step, context: &mut Context<'_>, view: &dyn View) {
        let mut cx = Cx {
            now: context.now,
            wall: context.wall,
            rng: &mut context.rng,
            network_id: self.network_id,
            network_ready: self.network_ready,
            view,
            ids: &mut self.ids,
            going: &mut self.going,
            step,
        };
        let over: Vec<ConversationId> =
            self.meetings.iter().filter(|(_, m)| m.is_over()).map(|(id, _)| *id).collect();
        for id in over {
            if let Some(made) = self.meetings.remove(&id).and_then(Meeting::into_made) {
                cx.ids.streams.insert(made.stream, Owner::Conversation(id));
                let conversation = Conversation::begin(id, made, &mut cx);
                self.conversations.insert(id, conversation);
            }
        }
        for made in self.requests.take_made() {
            let id = made.contact.id;
            cx.ids.streams.insert(made.stream, Owner::Conversation(id));
            if let Some(before) = self.conversations.get_mut(&id) {
                before.begin_again(made, &mut cx);
                continue;
            }
            let conversation = Conversation::begin(id, made, &mut cx);
            self.conversations.insert(id, conversation);
        }
        for id in self.requests.asked() {
            let made = self.conversations.get(&id);
            if made.is_some_and(|conversation| conversation.is_made() || conversation.is_over()) {
                self.requests.is_settled(id, &mut cx);
            }
        }
        self.conversations.retain(|_, conversation| !conversation.is_over());
        let empty = self.meetings.is_empty() && self.conversations.is_empty();
        if self.finishing && empty && !self.finished {
            self.finished = true;
            cx.effect(Effect::Finish);
        }
    }
}

fn command_in(
    command: Command,
    meetings: &mut BTreeMap<ConversationId, Meeting>,
    conversations: &mut BTreeMap<ConversationId, Conversation>,
    requests: &mut Requests,
    cx: &mut Cx<'_, '_>,
    finishing: &mut bool,
) {
    match command {
        Command::Meet { conversation, meet } => {
            if *finishing {
                cx.meeting(conversation, MeetingEvent::Ended(MeetingEnd::GivenUp));
            } else if !meetings.contains_key(&conversation)
                && !conversations.contains_key(&conversation)
            {
                meetings.insert(conversation, Meeting::begin(conversation, *meet, cx));
            }
        }
        Command::GiveUp(id) => {
            if let Some(meeting) = meetings.get_mut(&id) {
                meeting.end(MeetingEnd::GivenUp, cx);
            }
        }
        Command::Check(id, answer) => {
            if let Some(conversation) = conversations.get_mut(&id) {
                conversation.check_command(answer, cx);
            }
        }
        Command::Send { conversation: id, ticket, body, reply } => {
            match conversations.get_mut(&id) {
                Some(conversation) => conversation.send_text(ticket, body, reply, cx),
                None => cx.tell(id, ConversationEvent::NotSent(ticket, NotSent::NotOpen)),
            }
        }
        Command::Heal(id) => {
            if let Some(conversation) = conversations.get_mut(&id) {
                conversation.heal(cx);
            }
        }
        Command::Reconnect(id) => {
            if let Some(conversation) = conversations.get_mut(&id) {
                conversation.reconnect(cx);
            }
        }
        Command::Leave(id) => {
            if let Some(conversation) = conversations.get_mut(&id) {
                conversation.leave(cx);
            }
        }
        Command::Shutdown => {
            for meeting in meetings.values_mut() {
                meeting.end(MeetingEnd::GivenUp, cx);
            }
            for conversation in conversations.values_mut() {
                conversation.part(cx);
            }
            requests.part(cx);
            *finishing = true;
        }
        command => {
            // Nothing new begins at the end.
            let other = if *finishing { Some(command) } else { requests.command(command, cx) };
            if let Some(command) = other {
                commands::message_in(command, conversations, cx);
            }
        }
    }
}

fn network_in(
    state: NetworkState,
    meetings: &mut BTreeMap<ConversationId, Meeting>,
    conversations: &mut BTreeMap<ConversationId, Conversation>,
    cx: &mut Cx<'_, '_>,
) {
    let ready = state.step == NetworkStep::Ready;
    cx.effect(Effect::Notify(Event::Network(state)));
    if ready {
        for meeting in meetings.values_mut() {
            meeting.network_ready(cx);
        }
        for conversation in conversations.values_mut() {
            conversation.network_ready(cx);
        }
    }
}

/// Everything that dials.
type Dialling<'a> = (
    &'a mut BTreeMap<ConversationId, Meeting>,
    &'a mut BTreeMap<ConversationId, Conversation>,
    &'a mut Requests,
);

fn dialled_in(
    dial: DialId,
    result: Result<StreamId, DialFailure>,
    (meetings, conversations, requests): Dialling<'_>,
    cx: &mut Cx<'_, '_>,
) {
    let owner = if cfg!(planted = "bounded") {
        cx.ids.dials.get(&dial).copied()
    } else {
        cx.ids.dials.remove(&dial)
    };
    match owner {
        Some(owner @ Owner::Meeting(id)) if meetings.contains_key(&id) => {
            if let Ok(stream) = result {
                cx.ids.streams.insert(stream, owner);
            }
            if let Some(meeting) = meetings.get_mut(&id) {
                meeting.dialled(dial, result, cx);
            }
        }
        Some(owner @ Owner::Conversation(id)) if conversations.contains_key(&id) => {
            if let Ok(stream) = result {
                cx.ids.streams.insert(stream, owner);
            }
            if let Some(conversation) = conversations.get_mut(&id) {
                conversation.dialled(dial, result, cx);
            }
        }
        Some(owner @ (Owner::Answering(_) | Owner::Asking(_))) => {
            if let Ok(stream) = result {
                cx.ids.streams.insert(stream, owner);
            }
            requests.dialled(owner, dial, result, cx);
        }
        _ => {
            if let Ok(stream) = result {
                cx.effect(Effect::Close { stream, when: CloseWhen::Now });
            }
        }
    }
}
