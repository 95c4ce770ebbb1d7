//! Onion services without onions: the loopback network.
//!
//! An address leads to a socket on this machine, derived from namespace and address: an abstract
//! Unix socket on Linux, one of a few ports on 127.0.0.1 elsewhere. Before any byte of the layer
//! above, the listener proves that it holds the address's key, and a restricted service has the
//! client prove that it is one of those let in (`greeting.rs`). So what Tor guarantees about *who*
//! answers holds here too; anonymity, and secrecy from others on this machine, do not: the first
//! isn't there, the second is TLS's task above.

mod endpoint;
mod greeting;
mod listener;
#[cfg(test)]
mod tests;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use undertone_wire::address::OnionAddress;

use self::endpoint::{BindError, ConnectError, Endpoint, Listener};
use self::greeting::{Doorkeeper, GREETING_TIMEOUT, Knock, KnockError};
use self::listener::Running;
use crate::{
    Dial, DialError, Network, NetworkStatus, NetworkStep, PublishError, Service, ServiceSpec,
    Stream,
};

/// The most clients that one restricted service lets in: an honest one has one, or two while keys
/// change, and each costs the listener one multiplication per stranger.
pub const MAX_CLIENTS: usize = 16;

/// How often a dial knocks again when the listener was too busy to greet it.
const KNOCKS: u32 = 6;

/// The wait before the second knock; each later one is twice as long. All six take a second.
const FIRST_PAUSE: Duration = Duration::from_millis(30);

/// What lies under the namespace's services.
#[derive(Clone, Copy, Debug)]
enum Sockets {
    #[cfg(target_os = "linux")]
    Unix,
    Tcp,
}

/// The loopback network of one namespace.
///
/// Publish and dial within a tokio runtime with its IO and time drivers on.
#[derive(Debug)]
pub struct LocalNetwork {
    namespace: String,
    sockets: Sockets,
    status: watch::Sender<NetworkStatus>,
    inner: Mutex<Inner>,
    /// One publication at a time, so that two of the same address can't both look first.
    publishing: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Inner {
    down: bool,
    services: Vec<Running>,
}

impl LocalNetwork {
    /// The network of a namespace: only those who use the same one meet. On Linux over abstract
    /// Unix sockets, elsewhere like [`LocalNetwork::tcp`].
    #[must_use]
    pub fn new(namespace: &str) -> Self {
        #[cfg(target_os = "linux")]
        let sockets = Sockets::Unix;
        #[cfg(not(target_os = "linux"))]
        let sockets = Sockets::Tcp;
        Self::over(sockets, namespace)
    }

    /// The network of a namespace over ports of 127.0.0.1. Another program on one of an address's
    /// ports is in nobody's way; two processes that publish one address within the same moment may
    /// both succeed.
    #[must_use]
    pub fn tcp(namespace: &str) -> Self {
        Self::over(Sockets::Tcp, namespace)
    }

    fn over(sockets: Sockets, namespace: &str) -> Self {
        let status = NetworkStatus { step: NetworkStep::Idle, clock_skew: None };
        Self {
            namespace: namespace.to_owned(),
            sockets,
            status: watch::Sender::new(status),
            inner: Mutex::default(),
            publishing: tokio::sync::Mutex::default(),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn endpoint(&self, address: &OnionAddress) -> Endpoint {
        Endpoint::derive(&self.namespace, address)
    }

    fn set_step(&self, step: NetworkStep) {
        self.status.send_replace(NetworkStatus { step, clock_skew: None });
    }

    /// Knocks until somebody who holds the address's key has answered.
    async fn reach(&self, knock: &Knock) -> Result<Stream, DialError> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..KNOCKS {
            match self.knock_everywhere(knock).await {
                Err(KnockError::Dropped) => sleep(pause).await,
                other => return other.map_err(DialError::from),
            }
            pause *= 2;
        }
        self.knock_everywhere(knock).await.map_err(DialError::from)
    }

    /// Knocks once on each door that the address may have, at the same time; the first that is
    /// proven counts, whatever others pretend.
    async fn knock_everywhere(&self, knock: &Knock) -> Result<Stream, KnockError> {
        let mut knocks: FuturesUnordered<_> = knock
            .endpoint()
            .doors(self.sockets)
            .into_iter()
            .map(|door| async move {
                let stream = door.connect().await.map_err(|error| match error {
                    ConnectError::Nobody => KnockError::Nobody,
                    ConnectError::Busy => KnockError::Dropped,
                    ConnectError::Failed(kind) => KnockError::Failed(kind.to_string()),
                })?;
                timeout(GREETING_TIMEOUT, knock.greet(stream))
                    .await
                    .unwrap_or(Err(KnockError::Silent))
            })
            .collect();
        let mut worst = KnockError::Nobody;
        while let Some(answer) = knocks.next().await {
            match answer {
                Ok(stream) => return Ok(stream),
                Err(KnockError::KeyWanted) => return Err(KnockError::KeyWanted),
                Err(error) => worst = worst.max(error),
            }
        }
        Err(worst)
    }

    /// Binds the first free door of an address that nobody serves.
    async fn bind(&self, doorkeeper: &Doorkeeper) -> Result<Listener, PublishError> {
        let doors = doorkeeper.endpoint().doors(self.sockets);
        if doors.len() > 1 {
            // With several doors a free one says nothing about the others.
            let knock = Knock::new(doorkeeper.endpoint().clone(), doorkeeper.address(), None);
            match self.reach(&knock).await {
                Ok(_) | Err(DialError::MissingClientAuth) => return Err(PublishError::Taken),
                Err(_) => {}
            }
        }
        let only = doors.len() == 1;
        for door in doors {
            match door.bind() {
                Ok(listener) => return Ok(listener),
                Err(BindError::InUse) if only => return Err(PublishError::Taken),
                Err(BindError::InUse) => {}
                Err(BindError::Failed(kind)) => {
                    return Err(PublishError::Refused(kind.to_string()));
                }
            }
        }
        Err(PublishError::Refused("other programs use all ports of this address".to_owned()))
    }
}

#[async_trait]
impl Network for LocalNetwork {
    fn id(&self) -> &'static str {
        "local"
    }

    fn status(&self) -> watch::Receiver<NetworkStatus> {
        self.status.subscribe()
    }

    fn start(&self) {
        if !self.inner().down {
            self.set_step(NetworkStep::Ready);
        }
    }

    async fn publish(&self, service: ServiceSpec) -> Result<Service, PublishError> {
        if service.clients.len() > MAX_CLIENTS {
            return Err(PublishError::Refused(format!("more than {MAX_CLIENTS} clients")));
        }
        let address = service.seed.address();
        let doorkeeper = Doorkeeper::new(&service, self.endpoint(&address));
        drop(service);
        let _one_at_a_time = self.publishing.lock().await;
        let listener = self.bind(&doorkeeper).await?;
        let mut inner = self.inner();
        if inner.down {
            return Err(PublishError::Refused("the network was shut down".to_owned()));
        }
        inner.services.retain(|service| !service.is_over());
        let (running, service) = listener::run(listener, doorkeeper);
        inner.services.push(running);
        Ok(service)
    }

    async fn dial(&self, dial: Dial) -> Result<Stream, DialError> {
        let mut status = self.status.subscribe();
        if status.borrow_and_update().step != NetworkStep::Ready {
            return Err(DialError::NoNetwork);
        }
        let knock = Knock::new(self.endpoint(&dial.address), dial.address, dial.client_auth);
        tokio::select! {
            reached = timeout(dial.timeout, self.reach(&knock)) => {
                reached.unwrap_or(Err(DialError::Timeout))
            }
            _gone = status.wait_for(|status| status.step != NetworkStep::Ready) => {
                Err(DialError::NoNetwork)
            }
        }
    }

    async fn shutdown(&self) {
        let services = {
            let mut inner = self.inner();
            inner.down = true;
            std::mem::take(&mut inner.services)
        };
        self.set_step(NetworkStep::Idle);
        for service in &services {
            service.stop();
        }
        for service in services {
            service.stopped().await;
        }
    }
}

impl From<KnockError> for DialError {
    fn from(error: KnockError) -> Self {
        match error {
            KnockError::Nobody => Self::NotFound,
            KnockError::Dropped => Self::Refused,
            KnockError::Silent => Self::Timeout,
            KnockError::KeyWanted => Self::MissingClientAuth,
            KnockError::Failed(why) => Self::Other(why),
            KnockError::Impostor => {
                Self::Other("who answers there can't prove the address".to_owned())
            }
        }
    }
}
