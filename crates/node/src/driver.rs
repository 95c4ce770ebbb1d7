//! The thread on which the engine and its storage live.
//!
//! It takes what waits (at most [`BATCH`] inputs), lets the engine answer each, applies the writes,
//! and performs the effects only after that, in order. It has an event loop of its own, so neither a
//! slow disk nor a long derivation there ever stops the streams, and no lock is held anywhere.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use undertone_engine::{Context, Effect, Engine, Input, Memory};
use undertone_handle::event::{NetworkKind, NetworkState, NetworkStep};
use undertone_handle::{Command, Event, NodeSide};
use undertone_net::{Network, NetworkStatus};

use crate::entropy::Hedged;
use crate::world::World;

/// Inputs that are handled before their effects are performed.
const BATCH: usize = 64;

/// Inputs that may wait for the engine; streams wait when there are more.
const INPUTS: usize = 256;

/// How soon a node looks again whether an interface that was behind has caught up.
const BEHIND: Duration = Duration::from_millis(20);

/// Everything that the thread owns.
pub(crate) struct Driver {
    side: NodeSide,
    network: Arc<dyn Network>,
    kind: NetworkKind,
    runtime: tokio::runtime::Handle,
    rng: Hedged,
    start: Instant,
}

impl Driver {
    pub(crate) fn new(
        side: NodeSide,
        network: Arc<dyn Network>,
        kind: NetworkKind,
        runtime: tokio::runtime::Handle,
        rng: Hedged,
    ) -> Self {
        Self { side, network, kind, runtime, rng, start: Instant::now() }
    }

    /// Runs until the engine has finished. Returns after the network is down.
    pub(crate) async fn run(mut self) {
        let (inputs, mut waiting) = mpsc::channel(INPUTS);
        let mut world = World::new(Arc::clone(&self.network), self.runtime.clone(), inputs.clone());
        let mut memory = Memory::default();
        let mut engine = Engine::load(self.network.id(), &memory);
        let follower = self.runtime.spawn(follow(Arc::clone(&self.network), self.kind, inputs));
        self.network.start();
        let mut batch = Vec::with_capacity(BATCH);
        let mut open = true;
        loop {
            self.next(&engine, &mut waiting, &mut batch, &mut open).await;
            let mut effects = Vec::new();
            for input in batch.drain(..) {
                if let Input::Closed { stream, .. } = &input {
                    world.forget(*stream);
                }
                let mut context = Context { now: self.now(), wall: wall(), rng: &mut self.rng };
                let step = engine.handle(input, &mut context, &memory);
                memory.apply(step.writes);
                effects.extend(step.effects);
            }
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
            if finished {
                break;
            }
        }
        follower.abort();
        // What still arrives has nobody to go to: drop it, so that no task waits for us.
        drop(waiting);
        world.end().await;
        let _gone = self.side.tell(Event::Ended);
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
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
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
