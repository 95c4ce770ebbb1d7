//! Over onion services: a connection that is cut comes back by the contact's own service, which
//! nobody else can even look up, and what waited arrives once.

#![cfg(feature = "arti")]
#![expect(clippy::expect_used, reason = "what fails in a helper fails the test")]

mod common;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use common::End;
use tokio::io::{copy_bidirectional, duplex};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use undertone_handle::Command;
use undertone_handle::command::Role;
use undertone_handle::event::{ConversationEvent, Delivery, LinkState};
use undertone_net::{
    Dial, DialError, Network, NetworkStatus, PublishError, Service, ServiceSpec, Stream,
};
use undertone_node::network::{self, AnyNetwork};
use undertone_node::propose_code;
use undertone_testnet::Network as PrivateNetwork;
use undertone_wire::address::OnionAddress;

/// A network whose streams can be cut from outside, with a record of what was asked of it.
struct Cuttable {
    inner: Arc<dyn Network>,
    /// No dial succeeds.
    blocked: AtomicBool,
    carriers: Mutex<Vec<AbortHandle>>,
    /// Which, and for how many clients; 0 is for everybody.
    published: Mutex<Vec<(OnionAddress, usize)>>,
    /// Where to, and whether with a client key.
    dialled: Mutex<Vec<(OnionAddress, bool)>>,
}

impl Cuttable {
    fn new(inner: Arc<dyn Network>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            blocked: AtomicBool::new(false),
            carriers: Mutex::default(),
            published: Mutex::default(),
            dialled: Mutex::default(),
        })
    }

    /// Drops all streams that were dialled, and lets no dial through.
    fn cut(&self) {
        self.blocked.store(true, Ordering::SeqCst);
        for carrier in self.carriers.lock().expect("a list").drain(..) {
            carrier.abort();
        }
    }

    fn mend(&self) {
        self.blocked.store(false, Ordering::SeqCst);
    }
}

#[async_trait]
impl Network for Cuttable {
    fn id(&self) -> &'static str {
        self.inner.id()
    }

    fn status(&self) -> watch::Receiver<NetworkStatus> {
        self.inner.status()
    }

    fn start(&self) {
        self.inner.start();
    }

    async fn publish(&self, service: ServiceSpec) -> Result<Service, PublishError> {
        let record = (service.seed.address(), service.clients.len());
        self.published.lock().expect("a list").push(record);
        self.inner.publish(service).await
    }

    async fn dial(&self, dial: Dial) -> Result<Stream, DialError> {
        if self.blocked.load(Ordering::SeqCst) {
            return Err(DialError::NoNetwork);
        }
        let record = (dial.address, dial.client_auth.is_some());
        let mut far = self.inner.dial(dial).await?;
        self.dialled.lock().expect("a list").push(record);
        let (near, mut carried) = duplex(4096);
        let carrier = tokio::spawn(async move {
            // Either end may go first; then the other goes too.
            let _ended = copy_bidirectional(&mut carried, &mut far).await;
        });
        self.carriers.lock().expect("a list").push(carrier.abort_handle());
        Ok(Box::new(near))
    }

    async fn shutdown(&self) {
        self.inner.shutdown().await;
    }
}

/// A client of the private network with a directory in memory.
fn client(config: &str) -> (AnyNetwork, tempfile::TempDir) {
    let directory = tempfile::tempdir_in("/dev/shm").expect("a directory in memory");
    let network = network::arti(directory.path(), Some(config.to_owned())).expect("a client");
    (network, directory)
}

fn cuttable(network: &AnyNetwork) -> (Arc<Cuttable>, AnyNetwork) {
    let cuttable = Cuttable::new(Arc::clone(&network.network));
    let kind = network.kind;
    (Arc::clone(&cuttable), AnyNetwork { network: cuttable, kind })
}

async fn lost(end: &mut End) {
    end.wait(|event| {
        matches!(event, ConversationEvent::Link(LinkState::Lost { .. })).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_arrives_once_by_a_service_that_only_the_contact_can_find() {
    let private = PrivateNetwork::attach_from_env().unwrap_or_else(|error| panic!("{error}"));
    let (hosts, _directory) = client(private.arti_toml());
    let (guests, _other_directory) = client(private.arti_toml());
    let ((host_side, hosts), (guest_side, guests)) = (cuttable(&hosts), cuttable(&guests));
    let code = propose_code().unwrap();
    let mut host = End::begin(hosts, Role::Host, &code).await;
    let reachable =
        |event: &undertone_handle::Event| format!("{event:?}").contains("Reachable").then_some(());
    host.event(reachable).await;
    let mut guest = End::begin(guests, Role::Guest, &code).await;
    host.open().await;
    guest.open().await;
    guest.say("before").await;
    assert_eq!(host.text().await, "before");

    guest_side.cut();
    lost(&mut guest).await;
    lost(&mut host).await;
    for i in 0..3 {
        guest.say(&format!("guest {i}")).await;
        host.say(&format!("host {i}")).await;
    }
    for end in [&mut guest, &mut host] {
        for _ in 0..3 {
            end.wait(|event| {
                matches!(event, ConversationEvent::Delivery(_, Delivery::Waiting)).then_some(())
            })
            .await;
        }
    }

    guest_side.mend();
    let begin = Instant::now();
    guest.told(ConversationEvent::Link(LinkState::Up)).await;
    println!("mended to connected again: {:.1?}", begin.elapsed());
    for i in 0..3 {
        assert_eq!(host.text().await, format!("guest {i}"));
        assert_eq!(guest.text().await, format!("host {i}"));
    }
    // The next text of each is the next one that is read: none came twice.
    guest.say("after").await;
    host.say("after too").await;
    assert_eq!(host.text().await, "after");
    assert_eq!(guest.text().await, "after too");

    let published = host_side.published.lock().unwrap().clone();
    let [(meeting, everybody), (own, clients)] = published[..] else {
        panic!("{} services", published.len())
    };
    assert_eq!((everybody, clients), (0, 1));
    let dialled = guest_side.dialled.lock().unwrap().clone();
    assert_eq!(dialled.first(), Some(&(meeting, false)));
    assert_eq!(dialled.last(), Some(&(own, true)));

    // Whoever has no key learns nothing of the service, even who knows its address.
    let (stranger, _third_directory) = client(private.arti_toml());
    stranger.network.start();
    let begin = Instant::now();
    let refused = loop {
        let timeout = Duration::from_secs(30);
        let dial = Dial { address: own, client_auth: None, timeout };
        match stranger.network.dial(dial).await.err() {
            Some(DialError::NoNetwork) if begin.elapsed() < common::PATIENCE => {
                tokio::task::yield_now().await;
            }
            outcome => break outcome,
        }
    };
    assert_eq!(refused, Some(DialError::MissingClientAuth));
    stranger.network.shutdown().await;

    guest.handle.send(Command::Shutdown).await.unwrap();
    host.told(ConversationEvent::PeerLeft).await;
    guest.told(ConversationEvent::Left { confirmed: true }).await;
}
