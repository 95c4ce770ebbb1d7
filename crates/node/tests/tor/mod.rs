//! Clients of the private Tor network that several nodes use one after the other, and ends of
//! pairings that a scenario plays itself.

#![allow(dead_code, reason = "each scenario uses its part")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of tests fails like a test"
)]

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use tokio::sync::watch;
use tokio::time::{Instant, interval, timeout};
use undertone_handle::event::{Event, MeetingEnd, MeetingEvent, MeetingStep};
use undertone_net::tls::{self, CellReceiver, CellSender, Channel, ClientPolicy, Identity, Peer};
use undertone_net::{
    Dial, DialError, Network, NetworkStatus, NetworkStep, PublishError, Service, ServiceSpec,
    ServiceStatus, Stream,
};
use undertone_node::network::{self, AnyNetwork};
use undertone_testnet::Network as PrivateNetwork;
use undertone_wire::address::{OnionAddress, OnionSeed};
use undertone_wire::cell::{self, Assembler, FrameKind};
use undertone_wire::code::Locator;
use undertone_wire::locator;
use undertone_wire::pairing::{
    EXPORTER_BINDING, EXPORTER_SID, Exporters, Guest, GuestStage, Host, HostStage,
    MAX_PAIRING_FRAME,
};

use crate::common::End;

/// How long anything may take that needs circuits. It covers a change of Tor's time period, during
/// which a service is not found until the next consensus, here up to a minute later.
pub(crate) const TOR: Duration = Duration::from_secs(100);

/// One dial of a player.
const DIAL: Duration = Duration::from_secs(30);

/// The private network of this run.
pub(crate) fn private() -> PrivateNetwork {
    PrivateNetwork::attach_from_env().unwrap_or_else(|error| panic!("{error}"))
}

/// Seconds since 1970.
pub(crate) fn wall() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Today's meeting place, derived as the product does.
pub(crate) async fn place(locator: Locator) -> OnionSeed {
    let day = locator::days(wall()).today;
    let derived = tokio::task::spawn_blocking(move || locator::derive(&locator, "tor", day));
    derived.await.unwrap().expect("a place")
}

/// Random numbers of the players.
pub(crate) fn rng() -> ChaCha20Rng {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).expect("randomness");
    ChaCha20Rng::from_seed(seed)
}

/// A client on the private network, with its files in memory.
pub(crate) struct Client {
    own: AnyNetwork,
    _directory: tempfile::TempDir,
}

impl Client {
    /// A client that has found the network.
    pub(crate) async fn ready(private: &PrivateNetwork) -> Self {
        let directory = tempfile::tempdir_in("/dev/shm").expect("a directory in memory");
        let toml = private.arti_toml().to_owned();
        let own = network::arti(directory.path(), Some(toml)).expect("a client");
        own.network.start();
        let mut status = own.network.status();
        let ready = status.wait_for(|status| status.step == NetworkStep::Ready);
        timeout(TOR, ready).await.expect("ready in time").expect("it lives");
        Self { own, _directory: directory }
    }

    /// The client as one node's network.
    pub(crate) fn lend(&self) -> AnyNetwork {
        self.lend_with(None, None)
    }

    /// The client as one node's network, with a meeting place moved and what is dialled led
    /// through `wire`.
    pub(crate) fn lend_with(&self, moved: Option<Moved>, wire: Option<Wire>) -> AnyNetwork {
        let inner = Arc::clone(&self.own.network);
        AnyNetwork { network: Arc::new(Lent { inner, moved, wire }), kind: self.own.kind }
    }

    /// Publishes a service for everybody and waits until it can be reached.
    pub(crate) async fn publish(&self, seed: &OnionSeed) -> Service {
        let spec = ServiceSpec { seed: seed.clone(), clients: Vec::new() };
        let mut service = self.own.network.publish(spec).await.expect("published");
        let reachable = service.status.wait_for(|status| *status == ServiceStatus::Reachable);
        drop(timeout(TOR, reachable).await.expect("reachable in time").expect("it lives"));
        service
    }

    /// Publishes over another's service, so that clients find this one. Of two descriptors of one
    /// second directories keep the one that came first.
    pub(crate) async fn publish_over(&self, seed: &OnionSeed) -> Service {
        let (now, mut look) = (wall(), interval(Duration::from_millis(50)));
        while wall() < now + 2 {
            look.tick().await;
        }
        self.publish(seed).await
    }

    /// Dials until somebody answers.
    pub(crate) async fn reach(&self, address: OnionAddress) -> Stream {
        let end = Instant::now() + TOR;
        loop {
            let dial = Dial { address, client_auth: None, timeout: DIAL };
            match self.own.network.dial(dial).await {
                Ok(stream) => return stream,
                Err(error) => assert!(Instant::now() < end, "never reached: {error}"),
            }
        }
    }
}

/// A meeting place that is found under another key than the program derived.
#[derive(Clone)]
pub(crate) struct Moved {
    /// What the program says.
    pub(crate) from: OnionAddress,
    /// What Tor is told.
    pub(crate) to: OnionSeed,
}

/// Leads a stream on.
pub(crate) type Wire = Box<dyn Fn(Stream) -> Stream + Send + Sync>;

/// A client lent to one node: the node's end leaves it running.
struct Lent {
    inner: Arc<dyn Network>,
    moved: Option<Moved>,
    wire: Option<Wire>,
}

#[async_trait]
impl Network for Lent {
    fn id(&self) -> &'static str {
        self.inner.id()
    }

    fn status(&self) -> watch::Receiver<NetworkStatus> {
        self.inner.status()
    }

    fn start(&self) {}

    async fn publish(&self, mut service: ServiceSpec) -> Result<Service, PublishError> {
        if let Some(moved) = self.moved.as_ref().filter(|m| m.from == service.seed.address()) {
            service.seed = moved.to.clone();
        }
        self.inner.publish(service).await
    }

    async fn dial(&self, mut dial: Dial) -> Result<Stream, DialError> {
        if let Some(moved) = self.moved.as_ref().filter(|m| m.from == dial.address) {
            dial.address = moved.to.address();
        }
        let stream = self.inner.dial(dial).await?;
        Ok(match &self.wire {
            Some(wire) => wire(stream),
            None => stream,
        })
    }

    async fn shutdown(&self) {}
}

/// What a meeting came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// A contact.
    Paired,
    /// No contact, and why, as the user is told.
    Ended(MeetingEnd),
}

/// Waits until a meeting has come to something.
pub(crate) async fn fate(end: &mut End) -> Fate {
    let found = async {
        loop {
            match end.handle.event().await.expect("the node ended") {
                Event::Meeting(_, MeetingEvent::Paired) => return Fate::Paired,
                Event::Meeting(_, MeetingEvent::Ended(why)) => return Fate::Ended(why),
                _ => {}
            }
        }
    };
    timeout(TOR, found).await.expect("nobody was told in time")
}

/// Waits until a host can be reached.
pub(crate) async fn reachable(host: &mut End) {
    let step = |event: &Event| match event {
        Event::Meeting(_, MeetingEvent::Step(MeetingStep::Reachable { .. })) => Some(()),
        _ => None,
    };
    host.event(step).await;
}

/// A secured stream to a program whose other end is played.
pub(crate) struct Leg {
    sender: CellSender,
    receiver: CellReceiver,
    frames: Assembler,
    pub(crate) exporters: Exporters,
}

impl Leg {
    /// The end of whoever dialled; `None` if the other side left at once.
    pub(crate) async fn dialled(stream: Stream) -> Option<Self> {
        let channel = tls::connect(stream, Peer::Anyone, Instant::now() + DIAL).await;
        channel.ok().map(Self::new)
    }

    /// The end of whoever was dialled; `None` if the other side left at once, as a host that only
    /// looks does.
    pub(crate) async fn answered(stream: Stream) -> Option<Self> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).expect("randomness");
        let identity = Identity::from_seed(&seed).expect("a certificate");
        let end = Instant::now() + DIAL;
        let channel = tls::accept(stream, &identity, ClientPolicy::Anyone, end).await;
        channel.ok().map(Self::new)
    }

    fn new(channel: Channel) -> Self {
        let value = |label| *channel.export(label, None).expect("an exporter value");
        let exporters = Exporters { sid: value(EXPORTER_SID), binding: value(EXPORTER_BINDING) };
        let (sender, receiver) = channel.split();
        let frames = Assembler::with_limit(MAX_PAIRING_FRAME);
        Self { sender, receiver, frames, exporters }
    }

    /// Sends a frame of a pairing, if the other end is still there.
    pub(crate) async fn say(&mut self, frame: &[u8]) {
        for cell in cell::cut(FrameKind::Pairing, frame).expect("a frame") {
            if self.sender.send(&cell).await.is_err() {
                return;
            }
        }
    }

    /// Waits for the next frame of a pairing; `None` when there will be none.
    pub(crate) async fn hear(&mut self) -> Option<Vec<u8>> {
        loop {
            let cell = self.receiver.recv().await.ok().flatten()?;
            let frame = self.frames.push(&cell).expect("a cell");
            match frame {
                Some(frame) if frame.kind == FrameKind::Pairing => return Some(frame.bytes),
                Some(frame) if frame.kind != FrameKind::KeepAlive => return None,
                _ => {}
            }
        }
    }

    /// Goes on as a guest from a host's frame; says whether that made a contact, or `None` if the
    /// stream broke before the host said anything to it.
    pub(crate) async fn play_guest(&mut self, mut guest: Guest, first: Vec<u8>) -> Option<bool> {
        let mut frame = first;
        loop {
            // Where its machine fails the player says as little as it can: nothing.
            let Ok(progress) = guest.handle(&frame, &mut rng()) else { return Some(false) };
            if let Some(bytes) = progress.send {
                self.say(&bytes).await;
            }
            if matches!(progress.stage, GuestStage::Paired(_)) {
                return Some(true);
            }
            frame = self.hear().await?;
        }
    }

    /// Plays a host; says whether that made a contact.
    pub(crate) async fn play_host(&mut self, mut host: Host) -> bool {
        while let Some(frame) = self.hear().await {
            let Ok(progress) = host.handle(&frame, &mut rng()) else { return false };
            if let Some(bytes) = progress.send {
                self.say(&bytes).await;
            }
            if matches!(progress.stage, HostStage::Paired(_)) {
                return true;
            }
        }
        false
    }
}
