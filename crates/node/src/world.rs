//! Performs what the engine wants done: services, dials, streams, derivations.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio::task::{AbortHandle, JoinSet};
use undertone_engine::{
    CloseWhen, DialFailure, DialId, Effect, Input, JobId, ServiceId, ServiceState, StreamId, Tls,
};
use undertone_net::{
    Dial, DialError, Network, PublishError, Service, ServiceSpec, ServiceStatus, Stream,
};
use undertone_wire::code::Locator;
use undertone_wire::locator;
use zeroize::Zeroizing;

use crate::stream::{self, Inbox, Outgoing, Side, StreamEnd};

/// How long the end of a node waits for streams to send what waits in them.
const LAST_WORDS: Duration = Duration::from_millis(1_100);

/// What all tasks of a node share.
#[derive(Clone)]
struct Shared {
    network: Arc<dyn Network>,
    runtime: tokio::runtime::Handle,
    inputs: mpsc::Sender<Input>,
    streams: Arc<Mutex<HashMap<StreamId, StreamEnd>>>,
    numbers: Arc<AtomicU64>,
    /// A derivation takes 256 MiB: one at a time.
    deriving: Arc<Semaphore>,
}

/// The world as the engine's thread sees it.
pub(crate) struct World {
    shared: Shared,
    services: HashMap<ServiceId, AbortHandle>,
    dials: HashMap<DialId, AbortHandle>,
    finishing: JoinSet<()>,
}

impl Shared {
    /// Takes a stream in, after the engine has heard of it.
    fn adopt(&self, stream: StreamId, raw: Stream, side: Side, tls: Tls) {
        let inbox = Inbox { stream, inputs: self.inputs.clone() };
        // The lock is held while the task starts, so that the engine's answer to the task's first
        // input finds the stream in the table.
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        streams.insert(stream, stream::spawn(&self.runtime, raw, side, tls, inbox));
    }

    fn number(&self) -> StreamId {
        StreamId(self.numbers.fetch_add(1, Ordering::Relaxed))
    }

    fn take(&self, stream: StreamId) -> Option<StreamEnd> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner).remove(&stream)
    }

    /// Hands an input to the engine; when the engine has gone, so will this task.
    async fn tell(&self, input: Input) {
        let _ended = self.inputs.send(input).await;
    }
}

impl World {
    pub(crate) fn new(
        network: Arc<dyn Network>,
        runtime: tokio::runtime::Handle,
        inputs: mpsc::Sender<Input>,
    ) -> Self {
        Self {
            shared: Shared {
                network,
                runtime,
                inputs,
                streams: Arc::default(),
                numbers: Arc::new(AtomicU64::new(1)),
                deriving: Arc::new(Semaphore::new(1)),
            },
            services: HashMap::new(),
            dials: HashMap::new(),
            finishing: JoinSet::new(),
        }
    }

    /// Performs one effect. Nothing here waits.
    pub(crate) fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Derive { job, locator, day } => self.derive(job, locator, day),
            Effect::Publish { service, seed, clients, tls } => {
                let spec = ServiceSpec { seed, clients };
                let task = serve(self.shared.clone(), service, spec, tls);
                let task = self.shared.runtime.spawn(task).abort_handle();
                self.services.insert(service, task);
            }
            Effect::Unpublish { service } => {
                if let Some(task) = self.services.remove(&service) {
                    task.abort();
                }
            }
            Effect::Dial { dial, address, client_auth, timeout, tls } => {
                self.dials.retain(|_, task| !task.is_finished());
                let client_auth = client_auth.map(|key| Zeroizing::new(*key.as_bytes()));
                let timeout = Duration::from_millis(timeout);
                let task = dial_out(
                    self.shared.clone(),
                    dial,
                    Dial { address, client_auth, timeout },
                    tls,
                );
                self.dials.insert(dial, self.shared.runtime.spawn(task).abort_handle());
            }
            Effect::CancelDial { dial } => {
                if let Some(task) = self.dials.remove(&dial) {
                    task.abort();
                }
            }
            Effect::Send { stream, kind, bytes } => self.send(stream, kind, bytes),
            Effect::Close { stream, when } => self.close(stream, when),
            // The driver's own.
            Effect::Notify(_) | Effect::Finish => {}
        }
    }

    /// A stream has ended by itself: what is left of it goes.
    pub(crate) fn forget(&mut self, stream: StreamId) {
        drop(self.shared.take(stream));
    }

    fn derive(&self, job: JobId, locator: Locator, day: u64) {
        let shared = self.shared.clone();
        self.shared.runtime.spawn(async move {
            let Ok(_turn) = shared.deriving.acquire().await else { return };
            let id = shared.network.id();
            let derived = tokio::task::spawn_blocking(move || locator::derive(&locator, id, day));
            let seed = match derived.await {
                Ok(Ok(seed)) => Some(seed),
                Ok(Err(error)) => {
                    tracing::warn!(%error, "no meeting place");
                    None
                }
                Err(_) => None,
            };
            shared.tell(Input::Derived { job, seed }).await;
        });
    }

    fn send(&mut self, stream: StreamId, kind: undertone_wire::cell::FrameKind, bytes: Vec<u8>) {
        let mut streams = self.shared.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(end) = streams.get(&stream) else { return };
        if kind == undertone_wire::cell::FrameKind::Packet {
            end.known.store(true, Ordering::Relaxed);
        }
        if end.outgoing.try_send(Outgoing::Frame(kind, bytes)).is_err() {
            // The peer does not read, or is gone: its end comes as an input like any other.
            if let Some(end) = streams.remove(&stream) {
                end.task.abort();
                let shared = self.shared.clone();
                let reason = undertone_engine::CloseReason::Silent;
                self.shared
                    .runtime
                    .spawn(async move { shared.tell(Input::Closed { stream, reason }).await });
            }
        }
    }

    fn close(&mut self, stream: StreamId, when: CloseWhen) {
        let Some(end) = self.shared.take(stream) else { return };
        match when {
            CloseWhen::Now => end.task.abort(),
            CloseWhen::Flushed => {
                while self.finishing.try_join_next().is_some() {}
                self.finishing.spawn_on(stream::finish(end), &self.shared.runtime);
            }
        }
    }

    /// Drops everything that hangs on an engine which is dropped: streams, services, dials. What
    /// begins from now on is told to `inputs`.
    pub(crate) fn reset(&mut self, inputs: mpsc::Sender<Input>) {
        self.shared.inputs = inputs;
        for (_, task) in self.dials.drain() {
            task.abort();
        }
        for (_, task) in self.services.drain() {
            task.abort();
        }
        for (_, end) in self.shared.streams.lock().unwrap_or_else(PoisonError::into_inner).drain() {
            end.task.abort();
        }
    }

    /// The orderly end: last words are sent, services and the network go.
    pub(crate) async fn end(mut self) {
        for task in self.dials.values() {
            task.abort();
        }
        let last_words = async { while self.finishing.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_WORDS, last_words).await.is_err() {
            tracing::debug!("not all streams took their last words");
        }
        for task in self.services.values() {
            task.abort();
        }
        for (_, end) in self.shared.streams.lock().unwrap_or_else(PoisonError::into_inner).drain() {
            end.task.abort();
        }
        self.shared.network.shutdown().await;
    }
}

/// Publishes a service, follows its state, and takes its streams in, until it is aborted.
async fn serve(shared: Shared, service: ServiceId, spec: ServiceSpec, tls: Tls) {
    let published = shared.network.publish(spec).await;
    let Service { mut status, mut incoming, keep: _keep } = match published {
        Ok(service) => service,
        Err(error) => {
            tracing::warn!(%error, "a service could not be published");
            let state = match error {
                PublishError::Taken => ServiceState::Taken,
                _ => ServiceState::Failed,
            };
            shared.tell(Input::Service { service, state }).await;
            return;
        }
    };
    let mut first = true;
    loop {
        if std::mem::take(&mut first) {
            status.mark_changed();
        }
        tokio::select! {
            changed = status.changed() => {
                if changed.is_err() {
                    shared.tell(Input::Service { service, state: ServiceState::Failed }).await;
                    return;
                }
                let state = match &*status.borrow_and_update() {
                    ServiceStatus::Publishing => None,
                    ServiceStatus::Reachable => Some(ServiceState::Reachable),
                    ServiceStatus::Unreachable(_) => Some(ServiceState::Unreachable),
                    ServiceStatus::Broken(_) => Some(ServiceState::Failed),
                };
                if let Some(state) = state {
                    shared.tell(Input::Service { service, state }).await;
                }
            }
            raw = incoming.recv() => {
                let Some(raw) = raw else {
                    shared.tell(Input::Service { service, state: ServiceState::Failed }).await;
                    return;
                };
                // The engine hears of the stream before anything else of it can come.
                let stream = shared.number();
                shared.tell(Input::Arrived { service, stream }).await;
                shared.adopt(stream, raw, Side::Server, tls.clone());
            }
        }
    }
}

async fn dial_out(shared: Shared, dial: DialId, to: Dial, tls: Option<Tls>) {
    let limit = to.timeout;
    // The network keeps its own timeout; this one is for a network that doesn't.
    let dialled = tokio::time::timeout(limit + Duration::from_secs(1), shared.network.dial(to));
    let result = match dialled.await.unwrap_or(Err(DialError::Timeout)) {
        Ok(raw) => match tls {
            Some(tls) => {
                let stream = shared.number();
                shared.tell(Input::Dialled { dial, result: Ok(stream) }).await;
                shared.adopt(stream, raw, Side::Client, tls);
                return;
            }
            None => Ok(shared.number()),
        },
        Err(error) => {
            tracing::debug!(%error, "a dial failed");
            Err(match error {
                DialError::NotFound => DialFailure::NotFound,
                DialError::Refused => DialFailure::Refused,
                DialError::MissingClientAuth => DialFailure::KeyWanted,
                DialError::Timeout => DialFailure::Timeout,
                _ => DialFailure::Other,
            })
        }
    };
    shared.tell(Input::Dialled { dial, result }).await;
}
