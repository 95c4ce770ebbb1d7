//! The thread on which the engine and its storage live.
//!
//! It takes what waits (at most [`BATCH`] inputs), lets the engine answer each, commits what they led
//! to in one transaction, and performs the effects only after that, in order. It has an event loop of
//! its own, so neither a slow disk nor a long derivation there ever stops the streams, and no lock is
//! held anywhere.
//!
//! When the storage does not commit, everything that hangs on it is dropped as if the program had
//! ended there: the engine, its streams, services and dials. The engine is loaded anew from what is
//! stored, and stays without a network until the storage commits again ([`Driver::try_storage`]).

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use undertone_engine::storage::{Storage, Write};
use undertone_engine::{Context, Effect, Engine, Input};
use undertone_handle::event::{
    AskedEvent, ConversationEvent, MeetingEnd, MeetingEvent, NetworkKind, NetworkState,
    NetworkStep, NotKept, NotSent, StorageEvent, StorageFault,
};
use undertone_handle::{Command, ConversationId, Event, NodeSide, Ticket};
use undertone_net::{Network, NetworkStatus};

use crate::entropy::Hedged;
use crate::world::World;

/// Inputs that are handled before their effects are performed.
const BATCH: usize = 64;

/// Inputs that may wait for the engine; streams wait when there are more.
const INPUTS: usize = 256;

/// How soon a node looks again whether an interface that was behind has caught up.
const BEHIND: Duration = Duration::from_millis(20);

/// How often it is tried whether a storage that failed does again what it is asked to.
const TRY_STORAGE: Duration = Duration::from_secs(2);

/// How long after something was stored the storage may do what can wait: soon, for what was erased is
/// in its log until then, and not at once, for more may come.
const SETTLE: Duration = Duration::from_millis(500);

/// How long after a part of that the next one is done: others come in between.
const SETTLE_ON: Duration = Duration::from_millis(15);

/// For so long at most a storage that was written to is let do all of that at the end.
const SETTLE_AT_END: Duration = Duration::from_secs(2);

/// Everything that the thread owns.
pub(crate) struct Driver {
    side: NodeSide,
    storage: Box<dyn Storage + Send>,
    /// When to let the storage do what can wait.
    settle: Option<Instant>,
    /// When to try the storage again, while it fails.
    failing: Option<Instant>,
    /// The engine was loaded while look-ups failed, so it may lack what is stored.
    partial: bool,
    /// The last word about the network, for an engine that is loaded anew.
    found: Option<NetworkState>,
    network: Arc<dyn Network>,
    kind: NetworkKind,
    runtime: tokio::runtime::Handle,
    rng: Hedged,
    start: Instant,
}

impl Driver {
    pub(crate) fn new(
        side: NodeSide,
        storage: Box<dyn Storage + Send>,
        network: Arc<dyn Network>,
        kind: NetworkKind,
        runtime: tokio::runtime::Handle,
        rng: Hedged,
    ) -> Self {
        let start = Instant::now();
        Self {
            side,
            storage,
            settle: None,
            failing: None,
            partial: false,
            found: None,
            network,
            kind,
            runtime,
            rng,
            start,
        }
    }

    /// Runs until the engine has finished. Returns after the network is down.
    pub(crate) async fn run(mut self) {
        let (inputs, mut waiting) = mpsc::channel(INPUTS);
        let mut world = World::new(Arc::clone(&self.network), self.runtime.clone(), inputs.clone());
        let mut engine = self.load();
        let mut follower = self.follow(inputs);
        self.network.start();
        let mut batch = Vec::with_capacity(BATCH);
        let mut open = true;
        loop {
            self.next(&engine, &mut waiting, &mut batch, &mut open).await;
            self.try_storage(&mut batch, &mut engine);
            self.let_settle(batch.is_empty());
            let told = Told::of(&batch, &engine);
            let mut effects = Vec::new();
            for input in batch.drain(..) {
                match &input {
                    Input::Closed { stream, .. } => world.forget(*stream),
                    Input::Network(state) => self.found = Some(state.clone()),
                    _ => {}
                }
                effects.extend(self.handle(input, &mut engine));
            }
            if let Err(fault) = self.storage.commit() {
                // A channel of its own, so that nothing said to the old engine reaches the new one,
                // which counts its dials and services from the beginning again.
                let (inputs, fresh) = mpsc::channel(INPUTS);
                waiting = fresh;
                world.reset(inputs.clone());
                follower.abort();
                follower = self.follow(inputs);
                engine = self.load();
                if self.failed(fault, &told) {
                    break;
                }
                continue;
            }
            if self.perform(effects, &mut world) {
                break;
            }
        }
        follower.abort();
        let end = Instant::now() + SETTLE_AT_END;
        while self.storage.is_unsettled() && Instant::now() < end && self.storage.settle() {}
        // What still arrives has nobody to go to: drop it, so that no task waits for us.
        drop(waiting);
        world.end().await;
        let _gone = self.side.tell(Event::Ended);
    }

    /// Loads the engine from what is stored. With nothing in the transaction, a commit says whether
    /// all look-ups were answered.
    fn load(&mut self) -> Engine {
        let engine = Engine::load(self.network.id(), self.storage.as_ref());
        let answered = self.storage.commit();
        self.partial = answered.is_err();
        if let Err(fault) = answered {
            self.fail(fault);
        }
        engine
    }

    /// Begins to tell the engine each change of the way to the network.
    fn follow(&self, inputs: mpsc::Sender<Input>) -> tokio::task::JoinHandle<()> {
        self.runtime.spawn(follow(Arc::clone(&self.network), self.kind, inputs))
    }

    /// Lets the engine answer one input. The writes are in the open transaction then.
    fn handle(&mut self, input: Input, engine: &mut Engine) -> Vec<Effect> {
        // Without a storage nothing is begun: the engine hears of the network when it is well.
        if self.failing.is_some() && matches!(input, Input::Network(_)) {
            if let Some(state) = &self.found {
                let _gone = self.side.tell(Event::Network(state.clone()));
            }
            return Vec::new();
        }
        let mut context = Context { now: self.now(), wall: wall(), rng: &mut self.rng };
        let step = engine.handle(input, &mut context, self.storage.as_ref());
        self.storage.apply(step.writes);
        step.effects
    }

    /// Performs what is stored. `true`: everything has ended.
    fn perform(&mut self, effects: Vec<Effect>, world: &mut World) -> bool {
        let mut finished = false;
        for effect in effects {
            match effect {
                // An interface that is gone is noticed by its commands' end.
                Effect::Notify(event) => {
                    let _gone = self.side.tell(event);
                }
                Effect::Finish => finished = true,
                effect => world.perform(effect),
            }
        }
        finished
    }

    /// Tells what a failed transaction means for whoever asked for something in it. `true`: the end
    /// was asked for, and there is nothing to wait for.
    fn failed(&mut self, fault: StorageFault, told: &Told) -> bool {
        self.fail(fault);
        for (conversation, ticket) in &told.texts {
            let event = ConversationEvent::NotSent(*ticket, NotSent::NotStored);
            let _gone = self.side.tell(Event::Conversation(*conversation, event));
        }
        for conversation in &told.meetings {
            self.not_met(*conversation);
        }
        for conversation in &told.asks {
            let event = AskedEvent::NotKept(NotKept::NotStored);
            let _gone = self.side.tell(Event::Asked(*conversation, event));
        }
        told.shutdown
    }

    /// From now on the storage is tried again and again; it is told once.
    fn fail(&mut self, fault: StorageFault) {
        tracing::warn!(?fault, "the storage does not do what it is asked to");
        if self.failing.replace(Instant::now() + TRY_STORAGE).is_none() {
            let _gone = self.side.tell(Event::Storage(StorageEvent::Failed(fault)));
        }
    }

    fn not_met(&self, conversation: ConversationId) {
        let event = MeetingEvent::Ended(MeetingEnd::NotStored);
        let _gone = self.side.tell(Event::Meeting(conversation, event));
    }

    /// Lets the storage do what can wait, a moment after something was stored.
    fn let_settle(&mut self, idle: bool) {
        match self.settle {
            Some(at) if idle && Instant::now() >= at => {
                let more = self.storage.settle();
                self.settle = more.then(|| Instant::now() + SETTLE_ON);
            }
            None if !idle => self.settle = Some(Instant::now() + SETTLE),
            Some(_) | None => {}
        }
    }

    /// Tries a storage that failed, when it is time: with a write that changes nothing.
    fn try_storage(&mut self, batch: &mut Vec<Input>, engine: &mut Engine) {
        if self.failing.is_none_or(|at| Instant::now() < at) {
            return;
        }
        let profile = self.storage.profile();
        self.storage.apply(vec![Write::PutProfile(profile)]);
        if self.storage.commit().is_err() {
            self.failing = Some(Instant::now() + TRY_STORAGE);
            return;
        }
        if self.partial {
            for conversation in engine.meetings() {
                self.not_met(conversation);
            }
            *engine = self.load();
            if self.partial {
                return;
            }
        }
        self.failing = None;
        let _gone = self.side.tell(Event::Storage(StorageEvent::Well));
        batch.extend(self.found.clone().map(Input::Network));
    }

    /// Waits for something to do and puts it into `batch`.
    async fn next(
        &mut self,
        engine: &Engine,
        waiting: &mut mpsc::Receiver<Input>,
        batch: &mut Vec<Input>,
        open: &mut bool,
    ) {
        let deadline = engine.deadline().map(|at| self.start + Duration::from_millis(at));
        let behind = self.side.is_behind();
        let (retry, settle) = (self.failing, self.settle);
        tokio::select! {
            command = self.side.commands.recv(), if *open => match command {
                Some(command) => batch.push(Input::Command(command)),
                None => {
                    // The last interface is gone: end in order.
                    *open = false;
                    batch.push(Input::Command(Command::Shutdown));
                }
            },
            _count = waiting.recv_many(batch, BATCH), if !behind => {}
            () = tokio::time::sleep(BEHIND), if behind => {}
            () = sleep_until(deadline.unwrap_or(self.start)), if deadline.is_some() => {
                batch.push(Input::Tick);
            }
            () = sleep_until(retry.unwrap_or(self.start)), if retry.is_some() => {}
            () = sleep_until(settle.unwrap_or(self.start)), if settle.is_some() => {}
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Who is to be told when a batch comes to nothing.
struct Told {
    texts: Vec<(ConversationId, Ticket)>,
    meetings: Vec<ConversationId>,
    asks: Vec<ConversationId>,
    shutdown: bool,
}

impl Told {
    fn of(batch: &[Input], engine: &Engine) -> Self {
        let mut told = Self {
            texts: Vec::new(),
            meetings: engine.meetings().collect(),
            asks: Vec::new(),
            shutdown: false,
        };
        for input in batch {
            match input {
                Input::Command(Command::Send { conversation, ticket, .. }) => {
                    told.texts.push((*conversation, *ticket));
                }
                Input::Command(Command::Meet { conversation, .. }) => {
                    told.meetings.push(*conversation);
                }
                Input::Command(Command::Ask(ask)) => told.asks.push(ask.conversation),
                Input::Command(Command::Shutdown) => told.shutdown = true,
                _ => {}
            }
        }
        told
    }
}

fn wall() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Tells the engine each change of the way to the network.
async fn follow(network: Arc<dyn Network>, kind: NetworkKind, inputs: mpsc::Sender<Input>) {
    let mut status = network.status();
    status.mark_changed();
    while status.changed().await.is_ok() {
        let NetworkStatus { step, clock_skew } = status.borrow_and_update().clone();
        let step = match step {
            undertone_net::NetworkStep::Idle => NetworkStep::Finding { percent: 0 },
            undertone_net::NetworkStep::Finding(percent) => NetworkStep::Finding { percent },
            undertone_net::NetworkStep::Ready => NetworkStep::Ready,
            undertone_net::NetworkStep::Blocked(reason) => NetworkStep::Blocked { reason },
        };
        let state = NetworkState { kind, step, clock_off_by_seconds: clock_skew };
        if inputs.send(Input::Network(state)).await.is_err() {
            return;
        }
    }
}
