//! Onion services by embedded Arti; the only crate that names it.
//!
//! [`ArtiNetwork`] serves [`undertone_net::Network`]: services with keys that the caller owns, and
//! dials of which no two share a circuit. What Arti insists on writing goes below one directory
//! that the caller puts on a memory file system; no key is among it.
//!
//! # Threads
//! Arti runs on threads of its own. Its tasks hold each other: dropping its client leaves some of
//! them at work, circuits included, until the relays' directory is renewed, an hour or two later.
//! [`Network::shutdown`] ends the threads, and with them everything.
//!
//! # What Arti keeps
//! - *On disk*, below [`Options::state_parent`]: the relays' directory (`cache/`); chosen guards,
//!   vanguards and circuit timing (`state/`); for each running service its introduction points and
//!   what guards against replays (`services/`), removed when the service ends. No identity, no
//!   address, no key, no name but a running number.
//! - *In memory, of a service*: its keys, in a keystore of its own that goes with the service. Arti
//!   encodes keys on their way in and out of a keystore and doesn't erase all of these copies: freed
//!   memory may hold the expanded identity key until it is used again.
//! - *In memory, of a dial*: its client key and descriptor, in a connector of its own. The connector
//!   ends with the attempt if that fails, at most ten minutes after it if it succeeded.
//!
//! # Relay cells
//! Arti 0.47 speaks the first relay cell format with onion services, which carries 498 bytes of
//! stream data; the newer one carries 488. [`RELAY_DATA`] bytes written and flushed at once are one
//! relay cell in both. Nothing leaves before a flush or a full cell.

mod dial;
mod follow;
mod service;
mod stream;
mod words;

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arti_client::config::{CfgPath, TorClientConfigBuilder};
use arti_client::{HasKind, TorClient, TorClientConfig};
use async_trait::async_trait;
use futures::FutureExt;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::watch;
use tor_rtcompat::PreferredRuntime;
use undertone_net::{
    Dial, DialError, Network, NetworkStatus, NetworkStep, PublishError, Service, ServiceSpec,
    Stream,
};

/// Bytes that fit into one relay cell of any format, if flushed together.
pub const RELAY_DATA: usize = 488;

/// The port of every service; there is nothing else to be found at an address.
const PORT: u16 = 80;

/// Threads for Arti's tasks.
const THREADS: usize = 2;

/// How long [`Network::shutdown`] waits for our own tasks, and then for the threads.
const SHUTDOWN: Duration = Duration::from_secs(5);

/// What Arti's client is called here.
type Client = Arc<TorClient<PreferredRuntime>>;

/// What an [`ArtiNetwork`] is made of.
#[derive(Clone, Debug)]
pub struct Options {
    /// An existing directory that nobody else uses or may enter (mode 0700), on a memory file
    /// system. Its owner removes it after [`Network::shutdown`].
    pub state_parent: PathBuf,
    /// Arti's client configuration, for test networks, bridges and the like. It may say nothing
    /// about `storage`.
    pub config_toml: Option<String>,
    /// Skip Arti's check that nobody else may write into `state_parent` or above. For tests; whoever
    /// sets it says so to the user.
    pub trust_everyone: bool,
}

/// Why there is no [`ArtiNetwork`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NewError {
    /// The system gives no threads.
    #[error("no threads for the Tor client")]
    Threads(#[source] std::io::Error),
    /// The configuration is no TOML, or not one of Arti's.
    #[error("the Tor configuration can't be used: {0}")]
    Config(String),
    /// The configuration has a section that isn't its to decide.
    #[error(
        "the Tor configuration has a [storage] section; remove it, Undertone keeps Tor's files in memory"
    )]
    Storage,
    /// A directory couldn't be made or emptied.
    #[error("no directory for Tor's state")]
    Directory(#[source] std::io::Error),
    /// Arti refused; its words, without paths or addresses.
    #[error("the Tor client didn't start: {0}")]
    Client(String),
}

/// Tor's onion services by a client inside this process.
pub struct ArtiNetwork {
    shared: Arc<Shared>,
    /// `None` after the shutdown.
    threads: Mutex<Option<Runtime>>,
}

/// What all tasks of one network have in common.
struct Shared {
    /// `None` after the shutdown.
    client: Mutex<Option<Client>>,
    config: TorClientConfig,
    runtime: PreferredRuntime,
    handle: Handle,
    started: AtomicBool,
    status: watch::Sender<NetworkStatus>,
    /// Becomes true once. Each task holds a receiver as long as it runs, so that the shutdown
    /// knows when the last one has ended.
    closing: watch::Sender<bool>,
    services: PathBuf,
    next_service: AtomicU64,
}

impl std::fmt::Debug for ArtiNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ArtiNetwork")
            .field("status", &*self.shared.status.borrow())
            .finish_non_exhaustive()
    }
}

impl ArtiNetwork {
    /// Makes a client that touches no network before [`Network::start`].
    ///
    /// # Errors
    /// See [`NewError`].
    pub fn new(options: Options) -> Result<Self, NewError> {
        // Arti leaves the choice of the provider to the program and panics without one. An error
        // means that the program has chosen already.
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());

        let config = configure(&options)?;
        let services = options.state_parent.join("services");
        // Introduction points of an earlier process belong to services that this one doesn't know;
        // a new service must never come up on those of an old one.
        match std::fs::remove_dir_all(&services) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                return Err(NewError::Directory(e));
            }
            _ => {}
        }
        let threads = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("tor")
            .enable_all()
            .build()
            .map_err(NewError::Threads)?;
        let handle = threads.handle().clone();
        let _context = handle.enter();
        let runtime = PreferredRuntime::current().map_err(NewError::Threads)?;
        let client = TorClient::with_runtime(runtime.clone())
            .config(config.clone())
            .create_unbootstrapped()
            .map_err(|e| NewError::Client(words::of(e.kind())))?;
        let (status, _) =
            watch::channel(NetworkStatus { step: NetworkStep::Idle, clock_skew: None });
        let shared = Shared {
            client: Mutex::new(Some(client)),
            config,
            runtime,
            handle: handle.clone(),
            started: AtomicBool::new(false),
            status,
            closing: watch::channel(false).0,
            services,
            next_service: AtomicU64::new(0),
        };
        Ok(Self { shared: Arc::new(shared), threads: Mutex::new(Some(threads)) })
    }
}

impl Drop for ArtiNetwork {
    fn drop(&mut self) {
        // A runtime that is merely dropped would wait, which a task must not.
        if let Some(threads) = self.threads.get_mut().unwrap_or_else(PoisonError::into_inner).take()
        {
            threads.shutdown_background();
        }
    }
}

impl Shared {
    fn client(&self) -> Option<Client> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Arti's configuration with everything in it that isn't the caller's to decide.
fn configure(options: &Options) -> Result<TorClientConfig, NewError> {
    let table: toml::Table = match &options.config_toml {
        Some(text) => toml::from_str(text).map_err(|e| NewError::Config(e.message().to_owned()))?,
        None => toml::Table::new(),
    };
    if table.contains_key("storage") {
        return Err(NewError::Storage);
    }
    let mut table = table;
    // Arti's default is a keystore on disk.
    let kind = toml::Table::from_iter([("kind".to_owned(), toml::Value::from("ephemeral"))]);
    let keystore = toml::Table::from_iter([("primary".to_owned(), toml::Value::Table(kind))]);
    let storage = toml::Table::from_iter([("keystore".to_owned(), toml::Value::Table(keystore))]);
    table.insert("storage".to_owned(), toml::Value::Table(storage));

    let mut builder: TorClientConfigBuilder =
        table.try_into().map_err(|e: toml::de::Error| NewError::Config(e.message().to_owned()))?;
    let literal = |name: &str| CfgPath::new_literal(options.state_parent.join(name));
    builder.storage().state_dir(literal("state")).cache_dir(literal("cache"));
    // By default a group with the user's own name is trusted too.
    builder.storage().permissions().trust_no_group_id();
    if options.trust_everyone {
        builder.storage().permissions().dangerously_trust_everyone();
    }
    builder.address_filter().allow_onion_addrs(true);
    builder.build().map_err(|e| NewError::Config(e.to_string()))
}

#[async_trait]
impl Network for ArtiNetwork {
    fn id(&self) -> &'static str {
        "tor"
    }

    fn status(&self) -> watch::Receiver<NetworkStatus> {
        self.shared.status.subscribe()
    }

    fn start(&self) {
        let Some(client) = self.shared.client() else { return };
        if self.shared.started.swap(true, Ordering::SeqCst) {
            return;
        }
        let _context = self.shared.handle.enter();
        let mut attempt = bootstrap(&client);
        // The first poll makes the parts of Arti that services and dials ask for, so that both
        // work from now on: they wait for the network by themselves.
        let attempt = match attempt.as_mut().now_or_never() {
            Some(outcome) => Box::pin(std::future::ready(outcome)),
            None => attempt,
        };
        let closing = self.shared.closing.subscribe();
        self.shared
            .status
            .send_replace(NetworkStatus { step: NetworkStep::Finding(0), clock_skew: None });
        let task = follow::run(client, attempt, self.shared.status.clone(), closing);
        self.shared.handle.spawn(task);
    }

    async fn publish(&self, service: ServiceSpec) -> Result<Service, PublishError> {
        service::publish(&self.shared, &service)
    }

    async fn dial(&self, dial: Dial) -> Result<Stream, DialError> {
        dial::dial(Arc::clone(&self.shared), dial).await
    }

    async fn shutdown(&self) {
        self.shared.closing.send_replace(true);
        drop(self.shared.client.lock().unwrap_or_else(PoisonError::into_inner).take());
        if tokio::time::timeout(SHUTDOWN, self.shared.closing.closed()).await.is_err() {
            tracing::warn!("a task around the Tor client didn't end by itself");
        }
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(threads) = threads {
            let end = move || threads.shutdown_timeout(SHUTDOWN);
            if tokio::task::spawn_blocking(end).await.is_err() {
                tracing::warn!("the Tor client's threads ended badly");
            }
        }
        // Whatever a service has left because Arti was still at it.
        drop(std::fs::remove_dir_all(&self.shared.services));
        self.shared
            .status
            .send_replace(NetworkStatus { step: NetworkStep::Idle, clock_skew: None });
    }
}

/// One attempt to reach the network, which ends with the kind of the error at most.
fn bootstrap(client: &Client) -> Attempt {
    let client = Arc::clone(client);
    Box::pin(async move { client.bootstrap().await.map_err(|e| e.kind()) })
}

/// See [`bootstrap`].
type Attempt = Pin<Box<dyn Future<Output = Result<(), arti_client::ErrorKind>> + Send>>;

#[cfg(test)]
mod tests {
    use super::*;

    fn options(directory: &tempfile::TempDir, toml: &str) -> Options {
        Options {
            state_parent: directory.path().to_owned(),
            config_toml: Some(toml.to_owned()),
            trust_everyone: true,
        }
    }

    #[test]
    fn a_storage_section_is_refused_with_a_sentence() {
        let directory = tempfile::tempdir().expect("directory");
        let refused = configure(&options(&directory, "[storage]\ncache_dir = \"/var/lib/x\"\n"));
        let error = refused.expect_err("refused");
        assert!(matches!(error, NewError::Storage));
        assert!(error.to_string().contains("[storage]"));
    }

    #[test]
    fn a_configuration_that_is_no_toml_is_refused() {
        let directory = tempfile::tempdir().expect("directory");
        let refused = configure(&options(&directory, "[tor_network\n"));
        assert!(matches!(refused, Err(NewError::Config(_))));
    }

    #[test]
    fn a_wrong_value_is_refused() {
        let directory = tempfile::tempdir().expect("directory");
        let refused =
            configure(&options(&directory, "[path_rules]\nipv4_subnet_family_prefix = \"x\"\n"));
        assert!(matches!(refused, Err(NewError::Config(_))));
    }

    #[test]
    fn keys_stay_out_of_the_native_keystore() {
        let directory = tempfile::tempdir().expect("directory");
        let config = configure(&options(&directory, "")).expect("configuration");
        let kind = config.keystore().primary_kind().map(|kind| format!("{kind:?}"));
        assert_eq!(kind.as_deref(), Some("Ephemeral"));
    }
}
