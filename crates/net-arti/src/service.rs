//! Services: each with a keystore and a state directory of its own.
//!
//! Arti's client has one keystore for all services and keeps the keys of stopped ones until it ends;
//! and it finds a service's state by a nickname, so that a name used twice would bring one service up
//! on the introduction points of another. Here both belong to the service and go with it.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use arti_client::config::CfgPathResolver;
use arti_client::{ErrorKind, HasKind};
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;
use tor_cell::relaycell::msg::{Connected, End, EndReason};
use tor_hscrypto::pk::{HsClientDescEncKey, HsIdKeypair};
use tor_hsservice::config::OnionServiceConfigBuilder;
use tor_hsservice::status::{OnionServiceStatus, State};
use tor_hsservice::{
    HsIdKeypairSpecifier, HsNickname, OnionService, OnionServiceConfig, RendRequest,
    RunningOnionService,
};
use tor_keymgr::{ArtiEphemeralKeystore, KeyMgr, KeyMgrBuilder, KeystoreSelector};
use tor_llcrypto::pk::{curve25519, ed25519};
use tor_netdir::NetDirProvider;
use tor_persist::state_dir::StateDirectory;
use tor_proto::stream::IncomingStreamRequest;
use undertone_net::{INCOMING, PublishError, Service, ServiceSpec, ServiceStatus, Stream};

use crate::stream::Carried;
use crate::{PORT, Shared, words};

/// Introduction points; the fewest that Arti allows, as everybody has them.
const INTRODUCTIONS: u8 = 3;

/// Clients of one service; beyond it the descriptor outgrows what directories take.
const CLIENTS_MAX: usize = 160;

/// Clients that are between their introduction and their stream. Beyond it the oldest is dropped:
/// an honest one needs a second or two, and only who stays idle gets old.
const MEETING: usize = 64;

/// How long a client may take from its introduction to its stream.
const MEET_TIMEOUT: Duration = Duration::from_secs(30);

/// How often is looked whether Arti's tasks have let go of a service that has ended.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

pub(crate) fn publish(shared: &Shared, spec: &ServiceSpec) -> Result<Service, PublishError> {
    let _context = shared.handle.enter();
    let refused = |kind: ErrorKind| PublishError::Refused(words::of(kind));
    let client = shared.client().ok_or_else(|| refused(ErrorKind::ArtiShuttingDown))?;
    let number = shared.next_service.fetch_add(1, Ordering::Relaxed);
    let config = configure(spec, number)?;
    let nickname = config.nickname().clone();
    let keys = keystore(spec, &nickname)?;
    let path = shared.services.join(number.to_string());
    let directory =
        StateDirectory::new(&path, shared.config.fs_mistrust()).map_err(|e| refused(e.kind()))?;

    let provider: Arc<dyn NetDirProvider> = client.dirmgr().map_err(|e| refused(e.kind()))?;
    let circuits = client.hs_circ_pool().map_err(|e| refused(e.kind()))?;
    let unlaunched = OnionService::builder()
        .config(config)
        .keymgr(keys)
        .state_dir(directory.clone())
        .build()
        .map_err(|e| refused(e.kind()))?;
    // Arti resolves variables in paths of client keys with it; ours come without paths.
    let paths = Arc::new(CfgPathResolver::default());
    let launched = unlaunched
        .launch(shared.runtime.clone(), provider, circuits, paths)
        .map_err(|e| refused(e.kind()))?;
    let Some((running, requests)) = launched else {
        return Err(refused(ErrorKind::Internal));
    };

    let (status, seen) = watch::channel(ServiceStatus::Publishing);
    let (deliver, incoming) = mpsc::channel(INCOMING);
    let (keep, dropped) = oneshot::channel();
    let task = Task {
        running,
        requests: requests.boxed(),
        status,
        deliver,
        dropped,
        closing: shared.closing.subscribe(),
        handle: shared.handle.clone(),
        rest: Rest { directory, nickname, path },
    };
    shared.handle.spawn(task.run());
    Ok(Service { status: seen, incoming, keep: Box::new(Keep(keep)) })
}

/// Its drop ends the service.
struct Keep(#[expect(dead_code, reason = "only its drop matters")] oneshot::Sender<()>);

fn configure(spec: &ServiceSpec, number: u64) -> Result<OnionServiceConfig, PublishError> {
    let unfit = || PublishError::Refused(words::of(ErrorKind::InvalidConfig));
    if spec.clients.len() > CLIENTS_MAX {
        return Err(PublishError::Refused(format!("at most {CLIENTS_MAX} clients")));
    }
    let mut config = OnionServiceConfigBuilder::default();
    config
        .nickname(format!("s{number}").parse().map_err(|_| unfit())?)
        .num_intro_points(INTRODUCTIONS)
        // A dial has its circuit for itself; whoever wants a second stream on it isn't one of us.
        .max_concurrent_streams_per_circuit(1);
    if !spec.clients.is_empty() {
        let restricted = config.restricted_discovery();
        restricted.enabled(true);
        for (index, client) in spec.clients.iter().enumerate() {
            let name = format!("c{index}").parse().map_err(|_| unfit())?;
            let key = HsClientDescEncKey::from(curve25519::PublicKey::from(*client));
            restricted.static_keys().access().push((name, key));
        }
    }
    config.build().map_err(|_| unfit())
}

/// A keystore with the service's identity in it, in memory.
fn keystore(spec: &ServiceSpec, nickname: &HsNickname) -> Result<Arc<KeyMgr>, PublishError> {
    let refused = || PublishError::Refused(words::of(ErrorKind::KeystoreAccessFailed));
    let store = ArtiEphemeralKeystore::new("service".to_owned());
    let keys =
        KeyMgrBuilder::default().primary_store(Box::new(store)).build().map_err(|_| refused())?;
    let seed = ed25519::Keypair::from_bytes(spec.seed.0.as_bytes());
    let identity = HsIdKeypair::from(ed25519::ExpandedKeypair::from(&seed));
    let name = HsIdKeypairSpecifier::new(nickname.clone());
    keys.insert(identity, &name, KeystoreSelector::Primary, false).map_err(|_| refused())?;
    Ok(Arc::new(keys))
}

/// What is left of a service on disk.
struct Rest {
    directory: StateDirectory,
    nickname: HsNickname,
    path: PathBuf,
}

impl Rest {
    /// Removes it as soon as Arti's tasks have let go of it: in a moment if the network is there,
    /// otherwise when it is there again.
    async fn remove(self) {
        let instance = loop {
            match self.directory.acquire_instance(&self.nickname) {
                Ok(instance) => break instance,
                Err(_) => tokio::time::sleep(LOOK_AGAIN).await,
            }
        };
        let purged = instance.purge().is_ok();
        if !purged || std::fs::remove_dir_all(&self.path).is_err() {
            tracing::warn!("the directory of a service that has ended couldn't be removed");
        }
    }
}

/// A service from its launch to its end.
struct Task {
    running: Arc<RunningOnionService>,
    requests: BoxStream<'static, RendRequest>,
    status: watch::Sender<ServiceStatus>,
    deliver: mpsc::Sender<Stream>,
    dropped: oneshot::Receiver<()>,
    closing: watch::Receiver<bool>,
    handle: Handle,
    rest: Rest,
}

impl Task {
    async fn run(mut self) {
        let events = self.running.status_events();
        tokio::select! {
            _ = self.closing.wait_for(|closing| *closing) => {}
            _ = &mut self.dropped => {}
            () = follow(events, &self.status) => {}
            () = meet(self.requests, &self.deliver, &self.handle) => {}
        }
        // Arti ends the service when the last handle is gone.
        drop(self.running);
        let over = ServiceStatus::Broken("the service has ended".to_owned());
        self.status.send_if_modified(|status| match status {
            ServiceStatus::Broken(_) => false,
            other => {
                *other = over;
                true
            }
        });
        tokio::select! {
            // The shutdown removes what is left, after the threads have ended.
            _ = self.closing.wait_for(|closing| *closing) => {}
            () = self.rest.remove() => {}
        }
    }
}

/// Says what is seen of the service until it is over.
async fn follow(
    mut events: impl futures::Stream<Item = OnionServiceStatus> + Unpin,
    status: &watch::Sender<ServiceStatus>,
) {
    let mut launched = false;
    while let Some(event) = events.next().await {
        let state = event.state();
        launched |= state != State::Shutdown;
        let problem = || words::problem(event.current_problem());
        status.send_if_modified(|status| match next(status, state, launched, problem) {
            Some(new) if new != *status => {
                *status = new;
                true
            }
            _ => false,
        });
        if matches!(*status.borrow(), ServiceStatus::Broken(_)) {
            return;
        }
    }
}

/// What a state of Arti's means after what was said before; `None` where it means nothing new.
///
/// A service is reachable when a descriptor is on directories of both rings that clients may look
/// at: Arti's `Running`, and its `DegradedReachable` where a few of the many uploads failed.
fn next(
    before: &ServiceStatus,
    state: State,
    launched: bool,
    problem: impl Fn() -> String,
) -> Option<ServiceStatus> {
    let new = match (state, before) {
        (State::Shutdown, _) if launched => {
            ServiceStatus::Broken("the service has ended".to_owned())
        }
        (State::Shutdown, _) => return None,
        (State::Running | State::DegradedReachable, _) => ServiceStatus::Reachable,
        // It publishes again, as it does every hour or two; the last descriptor is still up.
        (State::Bootstrapping, ServiceStatus::Reachable) => return None,
        (State::Bootstrapping, _) => ServiceStatus::Publishing,
        (State::Broken, _) => ServiceStatus::Broken(problem()),
        // Recovering and DegradedUnreachable are also what a start looks like for a moment.
        (_, ServiceStatus::Publishing) => return None,
        (_, _) => ServiceStatus::Unreachable(problem()),
    };
    Some(new)
}

/// Meets each client that was introduced, until the service ends.
async fn meet(
    mut requests: BoxStream<'static, RendRequest>,
    deliver: &mpsc::Sender<Stream>,
    handle: &Handle,
) {
    // Dropped with this function, and all meetings with it.
    let mut meetings = JoinSet::new();
    let mut oldest: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        tokio::select! {
            request = requests.next() => {
                let Some(request) = request else { return };
                if oldest.len() >= MEETING && let Some(meeting) = oldest.pop_front() {
                    meeting.abort();
                }
                let meeting = timeout(MEET_TIMEOUT, rendezvous(request, deliver.clone(), handle.clone()));
                oldest.push_back(meetings.spawn(meeting));
            }
            Some(_) = meetings.join_next() => oldest.retain(|meeting| !meeting.is_finished()),
        }
    }
}

/// Goes to where the client waits and takes the one stream that it opens.
///
/// Errors end here in silence: strangers cause them at will.
async fn rendezvous(request: RendRequest, deliver: mpsc::Sender<Stream>, handle: Handle) {
    let Ok(mut streams) = request.accept().await else { return };
    let Some(wish) = streams.next().await else { return };
    match wish.request() {
        IncomingStreamRequest::Begin(begin) if begin.port() == PORT => {}
        _ => {
            // What every onion service answers.
            drop(wish.reject(End::new_with_reason(EndReason::DONE)).await);
            return;
        }
    }
    let Ok(stream) = wish.accept(Connected::new_empty()).await else { return };
    let stream = Carried::new(stream, Box::new(streams), handle);
    if deliver.try_send(Box::new(stream)).is_err() {
        tracing::debug!("a stream was dropped, because too many wait");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(before: &ServiceStatus, state: State) -> Option<ServiceStatus> {
        next(before, state, true, || "why".to_owned())
    }

    #[test]
    fn the_state_before_the_launch_is_not_an_end() {
        let unlaunched = next(&ServiceStatus::Publishing, State::Shutdown, false, String::new);
        assert_eq!(unlaunched, None);
        assert!(matches!(
            after(&ServiceStatus::Publishing, State::Shutdown),
            Some(ServiceStatus::Broken(_))
        ));
    }

    #[test]
    fn publishing_again_does_not_take_a_reachable_service_back() {
        assert_eq!(after(&ServiceStatus::Reachable, State::Bootstrapping), None);
        let lost = ServiceStatus::Unreachable("why".to_owned());
        assert_eq!(after(&lost, State::Bootstrapping), Some(ServiceStatus::Publishing));
    }

    #[test]
    fn a_service_without_introduction_points_is_unreachable_only_after_it_was_there() {
        assert_eq!(after(&ServiceStatus::Publishing, State::Recovering), None);
        assert_eq!(
            after(&ServiceStatus::Reachable, State::Recovering),
            Some(ServiceStatus::Unreachable("why".to_owned()))
        );
    }

    #[test]
    fn descriptors_on_both_rings_make_it_reachable() {
        for state in [State::Running, State::DegradedReachable] {
            assert_eq!(after(&ServiceStatus::Publishing, state), Some(ServiceStatus::Reachable));
        }
        assert_eq!(after(&ServiceStatus::Publishing, State::DegradedUnreachable), None);
    }
}
