//! Engines on one simulated clock and network, for scenarios.
//!
//! The engines are the product's own. The network between them is the simplest one that keeps the
//! guarantees of `net`: an address is served by whoever has its seed, a restricted service lets in
//! only its clients, TLS gives both ends the same fresh exporter values.

#![expect(dead_code, reason = "each scenario uses its own part of the harness")]
#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

pub(crate) mod outside;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use sha2::{Digest as _, Sha256};
use undertone_engine::storage::Write;
use undertone_engine::{
    ChannelKeys, CloseReason, Context, DialFailure, DialId, Effect, Engine, Input, Memory,
    ServiceId, ServiceState, StreamId, Tls,
};
use undertone_handle::command::{Meet, Name, Role};
use undertone_handle::event::{
    ConversationEvent, Event, MeetingEnd, MeetingEvent, NetworkKind, NetworkState, NetworkStep,
};
use undertone_handle::{Command, ConversationId, MessageId, SecretText, Ticket};
use undertone_ratchet::secret::Secret;
use undertone_wire::address::{OnionAddress, OnionSeed};
use undertone_wire::cell::FrameKind;
use undertone_wire::code::{Code, Locator};

/// The conversation of every end: each engine counts for itself.
pub(crate) const TALK: ConversationId = ConversationId(0xa11ce);

/// A wall clock's noon, far from midnight.
pub(crate) const NOON: u64 = 1_700_000_000 / 86_400 * 86_400 + 43_200;

/// One program: an engine, its storage, what it told, what it published.
pub(crate) struct Node {
    engine: Engine,
    memory: Memory,
    /// Is told of every write, before it is applied.
    pub(crate) mirror: Option<Mirror>,
    rng: ChaCha20Rng,
    inbox: VecDeque<Input>,
    /// Everything it told its interfaces.
    pub(crate) events: Vec<Event>,
    services: BTreeMap<ServiceId, Published>,
    next_ticket: u64,
    /// Seconds by which its clock of the day is ahead of the simulation's.
    pub(crate) clock: i64,
    /// Streams that came to it and that neither end has closed, and the most there ever were.
    waiting: BTreeSet<StreamId>,
    pub(crate) most_waiting: usize,
    /// It has said that all is over.
    pub(crate) finished: bool,
}

/// Where a node falls down.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Crash {
    /// The input is handled, and nothing of that is stored or done.
    BeforeCommit,
    /// What the input led to is stored, and nothing of it is done.
    AfterCommit,
    /// Everything that the input led to is stored and done.
    AfterEffects,
}

struct Published {
    address: OnionAddress,
    clients: Vec<[u8; 32]>,
    tls: Tls,
}

/// One end of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct End {
    pub(crate) node: usize,
    pub(crate) stream: StreamId,
}

/// A frame on its way, for a wiretap.
pub(crate) struct Passing {
    pub(crate) from: End,
    pub(crate) to: End,
    pub(crate) kind: FrameKind,
    pub(crate) bytes: Vec<u8>,
}

/// What a wiretap makes of a frame.
pub(crate) enum Tap {
    Pass,
    Drop,
    Replace(Vec<u8>),
    /// Break the stream instead.
    Cut,
}

type Mirror = Box<dyn FnMut(&[Write])>;
type Wiretap = Box<dyn FnMut(&Passing) -> Tap>;

/// All nodes and what is between them.
pub(crate) struct Net {
    pub(crate) now: u64,
    pub(crate) nodes: Vec<Node>,
    peers: BTreeMap<End, End>,
    next_stream: u64,
    rng: ChaCha20Rng,
    pub(crate) tap: Option<Wiretap>,
    /// Nobody can be dialled.
    pub(crate) down: bool,
    /// Dials end by their timeout.
    pub(crate) mute: bool,
    /// What a new service's state is; `None`: nothing is heard of it.
    pub(crate) publishing: Option<ServiceState>,
    /// The one-way function of the places gives nothing.
    pub(crate) no_memory: bool,
    /// A node's step at which it crashes, counted over its steps from now on.
    pub(crate) crash: Option<(usize, usize, Crash)>,
    /// The exporter values of the next streams, where a scenario needs two equal ones.
    pub(crate) same_keys: Option<ChannelKeys>,
    /// Whether the ends of the next streams show the certificates that the others expect.
    pub(crate) known: bool,
    /// Whether the meetings of a scenario make lasting contacts.
    pub(crate) lasting: bool,
    later: BTreeMap<(u64, DialId), usize>,
    outside: outside::Outside,
}

impl Net {
    pub(crate) fn new(seed: u8, nodes: usize) -> Self {
        let mut net = Self::offline(seed, nodes);
        for node in 0..nodes {
            net.network(node, NetworkStep::Ready);
        }
        net
    }

    /// As [`Net::new`], but no node has found its network.
    pub(crate) fn offline(seed: u8, nodes: usize) -> Self {
        let mut rng = ChaCha20Rng::from_seed([seed; 32]);
        let nodes = (0..nodes).map(|_| Node::new(&mut rng)).collect();
        Self {
            now: 1_000,
            nodes,
            peers: BTreeMap::new(),
            next_stream: 1,
            rng,
            tap: None,
            down: false,
            mute: false,
            publishing: Some(ServiceState::Reachable),
            no_memory: false,
            crash: None,
            same_keys: None,
            known: true,
            lasting: false,
            later: BTreeMap::new(),
            outside: outside::Outside::default(),
        }
    }

    pub(crate) fn network(&mut self, node: usize, step: NetworkStep) {
        let state = NetworkState { kind: NetworkKind::Local, step, clock_off_by_seconds: None };
        self.input(node, Input::Network(state));
    }

    pub(crate) fn input(&mut self, node: usize, input: Input) {
        self.nodes[node].inbox.push_back(input);
        self.settle();
    }

    pub(crate) fn command(&mut self, node: usize, command: Command) {
        self.input(node, Input::Command(command));
    }

    /// Begins a meeting under a code.
    pub(crate) fn meet(&mut self, node: usize, role: Role, code: &str, check: Option<bool>) {
        self.meet_with(node, role, code, check, None);
    }

    pub(crate) fn meet_with(
        &mut self,
        node: usize,
        role: Role,
        code: &str,
        check: Option<bool>,
        secret: Option<&str>,
    ) {
        let meet = Meet {
            role,
            nick: Name::parse(&format!("node{node}")).unwrap(),
            peer: Name::parse("partner").unwrap(),
            code: Code::parse(code).unwrap(),
            check,
            secret: secret.map(|s| SecretText::new(s.to_owned())),
            lasting: self.lasting,
        };
        self.command(node, Command::Meet { conversation: TALK, meet: Box::new(meet) });
    }

    pub(crate) fn say(&mut self, node: usize, body: &str) -> Ticket {
        self.nodes[node].next_ticket += 1;
        let ticket = Ticket(self.nodes[node].next_ticket);
        let body = body.to_owned();
        self.command(node, Command::Send { conversation: TALK, ticket, body, reply: None });
        ticket
    }

    /// Says something and gives the message that it became.
    pub(crate) fn write(&mut self, node: usize, body: &str) -> MessageId {
        let ticket = self.say(node, body);
        self.message(node, ticket).unwrap()
    }

    /// The message that a node has received last.
    pub(crate) fn last_received(&self, node: usize) -> MessageId {
        let told = self.told(node).into_iter().rev();
        let mut received = told.filter_map(|event| match event {
            ConversationEvent::Received { message, .. } => Some(*message),
            _ => None,
        });
        received.next().unwrap()
    }

    /// The texts that a node has stored, in order.
    pub(crate) fn kept(&self, node: usize) -> Vec<String> {
        self.nodes[node].memory.rows(TALK).map(|row| row.body.as_str().to_owned()).collect()
    }

    /// Two nodes in an open conversation of lasting contacts: node 0 is the host.
    pub(crate) fn lasting(seed: u8) -> Self {
        let mut net = Self::new(seed, 2);
        net.lasting = true;
        net.meet(0, Role::Host, CODE, Some(false));
        net.meet(1, Role::Guest, CODE, Some(false));
        net.pass(2_000);
        for node in 0..2 {
            assert!(net.says(node, &ConversationEvent::Open), "seed {seed}");
        }
        net
    }

    /// Cuts the line; nobody can dial.
    pub(crate) fn go_dark(&mut self) {
        self.down = true;
        self.cut_all();
    }

    /// The line can be dialled again, and is.
    pub(crate) fn light(&mut self) {
        self.down = false;
        self.pass(400_000);
    }

    /// The message that a text became, once it was taken in.
    pub(crate) fn message(&self, node: usize, ticket: Ticket) -> Option<MessageId> {
        self.told(node).into_iter().find_map(|event| match event {
            ConversationEvent::Queued { ticket: own, message, .. } if *own == ticket => {
                Some(*message)
            }
            _ => None,
        })
    }

    /// Lets the clock go on, every deadline on the way included.
    pub(crate) fn pass(&mut self, millis: u64) {
        let end = self.now + millis;
        loop {
            let due = self.nodes.iter().filter_map(|n| n.engine.deadline());
            let due = due.chain(self.later.keys().map(|(at, _)| *at)).min();
            let Some(at) = due.filter(|at| *at <= end) else { break };
            self.now = self.now.max(at);
            while let Some(entry) = self.later.first_entry().filter(|e| e.key().0 <= self.now) {
                let ((_, dial), node) = entry.remove_entry();
                let result = Err(DialFailure::Timeout);
                self.nodes[node].inbox.push_back(Input::Dialled { dial, result });
            }
            for node in 0..self.nodes.len() {
                if self.nodes[node].engine.deadline().is_some_and(|d| d <= self.now) {
                    self.nodes[node].inbox.push_back(Input::Tick);
                }
            }
            let fated = self.crash.is_some();
            self.settle();
            // What was loaded anew in the meantime has its first deadlines before it.
            let loaded = fated && self.crash.is_none();
            for (node, n) in self.nodes.iter().enumerate().filter(|_| !loaded) {
                // A driver that is told to come back at once, again and again, never rests.
                let deadline = n.engine.deadline();
                assert!(
                    deadline.is_none_or(|d| d > self.now),
                    "node {node} wants a tick at {deadline:?} after it had one at {}",
                    self.now,
                );
            }
        }
        self.now = end;
    }

    /// Runs until nobody has anything to do.
    pub(crate) fn settle(&mut self) {
        let mut steps = 0;
        while let Some(node) = self.nodes.iter().position(|n| !n.inbox.is_empty()) {
            let crash = match &mut self.crash {
                Some((fated, left, _)) if *fated == node && *left > 0 => {
                    *left -= 1;
                    None
                }
                Some((fated, _, how)) if *fated == node => Some(*how),
                _ => None,
            };
            let input = self.nodes[node].inbox.pop_front().unwrap();
            let commit = !matches!(crash, Some(Crash::BeforeCommit));
            let effects = self.nodes[node].handle(input, self.now, commit);
            if matches!(crash, None | Some(Crash::AfterEffects)) {
                for effect in effects {
                    self.perform(node, effect);
                }
            }
            if crash.is_some() {
                self.crash = None;
                self.reload(node);
            }
            let handled = &mut self.nodes[node];
            handled.most_waiting = handled.most_waiting.max(handled.waiting.len());
            steps += 1;
            assert!(steps < 200_000, "the engines talk for ever");
        }
    }

    fn perform(&mut self, node: usize, effect: Effect) {
        match effect {
            Effect::Derive { job, locator, day } => {
                let seed = (!self.no_memory).then(|| place_seed(&locator, day));
                self.nodes[node].inbox.push_back(Input::Derived { job, seed });
            }
            Effect::Publish { service, seed, clients, tls } => {
                let address = seed.address();
                let published = Published { address, clients, tls };
                self.nodes[node].services.insert(service, published);
                if let Some(state) = self.publishing.clone() {
                    self.nodes[node].inbox.push_back(Input::Service { service, state });
                }
            }
            Effect::Unpublish { service } => {
                self.nodes[node].services.remove(&service);
            }
            Effect::Dial { dial, timeout, .. } if self.mute => {
                self.later.insert((self.now + timeout, dial), node);
            }
            Effect::Dial { dial, address, client_auth, timeout: _, tls } => {
                let client = client_auth.map(|key| client_key(&key));
                self.dial(node, dial, address, client, tls);
            }
            Effect::CancelDial { dial } => {
                self.later.retain(|(_, other), owner| *other != dial || *owner != node);
            }
            Effect::Send { stream, kind, bytes } => self.carry(End { node, stream }, kind, bytes),
            Effect::Close { stream, when: _ } => {
                self.hang_up(End { node, stream }, CloseReason::Gone);
            }
            Effect::Notify(event) => self.nodes[node].events.push(event),
            Effect::Finish => self.nodes[node].finished = true,
        }
    }

    /// Says where a node's newest service is.
    pub(crate) fn service_state(&mut self, node: usize, state: ServiceState) {
        let service = *self.nodes[node].services.keys().last().unwrap();
        self.input(node, Input::Service { service, state });
    }

    fn dial(
        &mut self,
        node: usize,
        dial: DialId,
        address: OnionAddress,
        client: Option<[u8; 32]>,
        tls: Option<Tls>,
    ) {
        if self.outside.answers(&address) {
            self.visit_outside(node, dial, tls.is_some());
            return;
        }
        let found = self.nodes.iter().enumerate().find_map(|(to, n)| {
            let (service, published) = n.services.iter().find(|(_, p)| p.address == address)?;
            let allowed = published.clients.is_empty()
                || client.is_some_and(|key| published.clients.contains(&key));
            Some((to, *service, allowed))
        });
        let failure = match found.filter(|_| !self.down) {
            Some((_, _, true)) => None,
            Some((_, _, false)) => Some(DialFailure::KeyWanted),
            None => Some(DialFailure::NotFound),
        };
        let (Some((to, service, _)), None) = (found, failure) else {
            let result = Err(failure.unwrap_or(DialFailure::NotFound));
            self.nodes[node].inbox.push_back(Input::Dialled { dial, result });
            return;
        };
        let own = End { node, stream: self.stream() };
        let other = End { node: to, stream: self.stream() };
        self.arrive(to, service, other.stream);
        self.nodes[node].inbox.push_back(Input::Dialled { dial, result: Ok(own.stream) });
        if tls.is_none() {
            self.nodes[to].waiting.remove(&other.stream);
            let closed = Input::Closed { stream: other.stream, reason: CloseReason::Gone };
            self.nodes[to].inbox.push_back(closed);
            return;
        }
        self.join(own, other);
    }

    /// Tells a node of a stream to one of its services, and counts it.
    fn arrive(&mut self, to: usize, service: ServiceId, stream: StreamId) {
        let node = &mut self.nodes[to];
        node.inbox.push_back(Input::Arrived { service, stream });
        node.waiting.insert(stream);
    }

    /// Joins two ends and gives both the same fresh exporter values.
    fn join(&mut self, own: End, other: End) -> ChannelKeys {
        self.peers.insert(own, other);
        self.peers.insert(other, own);
        let keys = self.same_keys.clone().unwrap_or_else(|| self.channel_keys());
        for end in [own, other] {
            self.post(
                end,
                Input::Secured { stream: end.stream, keys: keys.clone(), known: self.known },
            );
        }
        keys
    }

    fn post(&mut self, end: End, input: Input) {
        match self.nodes.get_mut(end.node) {
            Some(node) => node.inbox.push_back(input),
            None => self.outside.note(input),
        }
    }

    pub(crate) fn channel_keys(&mut self) -> ChannelKeys {
        let mut keys =
            ChannelKeys { sid: [0; 32], binding: [0; 32], link: [0; 32], repair: [0; 32] };
        self.rng.fill_bytes(&mut keys.sid);
        self.rng.fill_bytes(&mut keys.binding);
        self.rng.fill_bytes(&mut keys.link);
        self.rng.fill_bytes(&mut keys.repair);
        keys
    }

    pub(crate) fn stream(&mut self) -> StreamId {
        self.next_stream += 1;
        StreamId(self.next_stream)
    }

    fn carry(&mut self, from: End, kind: FrameKind, bytes: Vec<u8>) {
        let Some(to) = self.peers.get(&from).copied() else { return };
        let passing = Passing { from, to, kind, bytes };
        let verdict = match &mut self.tap {
            Some(tap) => tap(&passing),
            None => Tap::Pass,
        };
        let bytes = match verdict {
            Tap::Pass => passing.bytes,
            Tap::Replace(bytes) => bytes,
            Tap::Drop => return,
            Tap::Cut => {
                self.cut(from);
                return;
            }
        };
        self.post(to, Input::Frame { stream: to.stream, kind, bytes });
    }

    /// Lets in whoever comes to a node's newest service, with a key or without.
    pub(crate) fn open_door(&mut self, node: usize) {
        self.nodes[node].services.values_mut().last().unwrap().clients.clear();
    }

    /// Breaks a stream for both ends.
    pub(crate) fn cut(&mut self, end: End) {
        if let Some(other) = self.part(end) {
            for gone in [end, other] {
                let input = Input::Closed { stream: gone.stream, reason: CloseReason::Gone };
                self.post(gone, input);
            }
        }
    }

    /// Breaks every stream.
    pub(crate) fn cut_all(&mut self) {
        while let Some(end) = self.peers.keys().next().copied() {
            self.cut(end);
        }
        self.settle();
    }

    fn hang_up(&mut self, end: End, reason: CloseReason) {
        if let Some(other) = self.part(end) {
            self.post(other, Input::Closed { stream: other.stream, reason });
        }
    }

    fn part(&mut self, end: End) -> Option<End> {
        let other = self.peers.remove(&end)?;
        self.peers.remove(&other);
        for gone in [end, other] {
            if let Some(node) = self.nodes.get_mut(gone.node) {
                node.waiting.remove(&gone.stream);
            }
        }
        Some(other)
    }

    /// How many streams there are.
    pub(crate) fn streams(&self) -> usize {
        self.peers.len() / 2
    }

    /// What a conversation told, in order.
    pub(crate) fn told(&self, node: usize) -> Vec<&ConversationEvent> {
        let events = self.nodes[node].events.iter();
        events
            .filter_map(|e| match e {
                Event::Conversation(_, event) => Some(event),
                _ => None,
            })
            .collect()
    }

    /// The texts that a node received, in order.
    pub(crate) fn received(&self, node: usize) -> Vec<String> {
        let told = self.told(node).into_iter();
        told.filter_map(|e| match e {
            ConversationEvent::Received { body, .. } => Some(body.clone()),
            _ => None,
        })
        .collect()
    }

    /// Why a node's meeting ended, if it did.
    pub(crate) fn ended(&self, node: usize) -> Option<MeetingEnd> {
        self.nodes[node].events.iter().find_map(|e| match e {
            Event::Meeting(_, MeetingEvent::Ended(why)) => Some(*why),
            _ => None,
        })
    }

    pub(crate) fn paired(&self, node: usize) -> bool {
        let event = Event::Meeting(TALK, MeetingEvent::Paired);
        self.nodes[node].events.contains(&event)
    }

    pub(crate) fn says(&self, node: usize, event: &ConversationEvent) -> bool {
        self.told(node).contains(&event)
    }

    /// How many services a node has published now.
    pub(crate) fn services(&self, node: usize) -> usize {
        self.nodes[node].services.len()
    }

    /// Two nodes in an open conversation without a check: node 0 is the host.
    pub(crate) fn open(seed: u8) -> Self {
        let mut net = Self::new(seed, 2);
        net.meet(0, Role::Host, CODE, Some(false));
        net.meet(1, Role::Guest, CODE, Some(false));
        net.pass(2_000);
        for node in 0..2 {
            assert!(
                net.says(node, &ConversationEvent::Open),
                "seed {seed}: {:?}",
                net.nodes[node].events
            );
        }
        net
    }

    /// The program of a node is ended without a word, and a backup restored: what its memory was then.
    pub(crate) fn restore(&mut self, node: usize, copy: Memory) {
        let restored = &mut self.nodes[node];
        restored.memory = copy.into_restored(&mut restored.rng).unwrap();
        self.reload(node);
    }

    /// The program of a node is ended without a word, and goes on from an old disk without knowing.
    pub(crate) fn put_back(&mut self, node: usize, copy: Memory) {
        self.nodes[node].memory = copy;
        self.reload(node);
    }

    /// Loads a node's engine anew from what is stored, as after a crash between two steps.
    pub(crate) fn reload(&mut self, node: usize) {
        let ends: Vec<End> = self.peers.keys().filter(|e| e.node == node).copied().collect();
        for end in ends {
            self.hang_up(end, CloseReason::Gone);
        }
        self.later.retain(|_, owner| *owner != node);
        let crashed = &mut self.nodes[node];
        crashed.inbox.clear();
        crashed.services.clear();
        crashed.engine = Engine::load("local", &crashed.memory);
        self.network(node, NetworkStep::Ready);
    }
}

/// The place of a code's locator on a day, and the seed behind it. The product's Argon2id takes a
/// second; here any one-way function will do.
fn place_seed(locator: &Locator, day: u64) -> OnionSeed {
    let mut hash = Sha256::new();
    hash.update(locator.as_bytes());
    hash.update(day.to_be_bytes());
    OnionSeed(Secret::from_bytes(&hash.finalize().into()))
}

/// Where the host of a code waits.
pub(crate) fn place(code: &str) -> OnionAddress {
    place_seed(&Code::parse(code).unwrap().locator(), NOON / 86_400).address()
}

/// A code that both ends of most scenarios share.
pub(crate) const CODE: &str = "93-anchor-basket-cabin";

fn client_key(secret: &Secret<32>) -> [u8; 32] {
    x25519_dalek::PublicKey::from(&x25519_dalek::StaticSecret::from(*secret.as_bytes())).to_bytes()
}

impl Node {
    fn new(rng: &mut ChaCha20Rng) -> Self {
        let memory = Memory::default();
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        Self {
            engine: Engine::load("local", &memory),
            memory,
            mirror: None,
            rng: ChaCha20Rng::from_seed(seed),
            inbox: VecDeque::new(),
            events: Vec::new(),
            services: BTreeMap::new(),
            next_ticket: 0,
            clock: 0,
            waiting: BTreeSet::new(),
            most_waiting: 0,
            finished: false,
        }
    }

    fn handle(&mut self, input: Input, now: u64, commit: bool) -> Vec<Effect> {
        let wall = self.wall(now);
        let mut context = Context { now, wall, rng: &mut self.rng };
        let step = self.engine.handle(input, &mut context, &self.memory);
        if commit {
            if let Some(mirror) = &mut self.mirror {
                mirror(&step.writes);
            }
            self.memory.apply(step.writes);
        }
        step.effects
    }

    /// The time of day on its clock.
    pub(crate) fn wall(&self, now: u64) -> u64 {
        (NOON + now / 1_000).saturating_add_signed(self.clock)
    }

    /// What it has stored.
    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }
}
