//! What the tests over onion services share: clients on the private Tor network that the
//! environment names.

use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use undertone_net::{
    Dial, DialError, Network, NetworkStatus, NetworkStep, Service, ServiceSpec, ServiceStatus,
    Stream,
};
use undertone_net_arti::{ArtiNetwork, Options};
use undertone_wire::address::{OnionAddress, OnionSeed};

/// Every wait in these tests ends here. It covers a change of Tor's time period, during which a
/// service is not found until its next consensus, here up to a minute later.
pub(crate) const PATIENCE: Duration = Duration::from_secs(100);

/// One client with a directory of its own.
pub(crate) struct Node {
    pub(crate) network: ArtiNetwork,
    pub(crate) directory: TempDir,
}

/// A client that hasn't been started.
pub(crate) fn node(config_toml: &str) -> Node {
    let directory = tempfile::tempdir().expect("a directory");
    let options = Options {
        state_parent: directory.path().to_owned(),
        config_toml: Some(config_toml.to_owned()),
        trust_everyone: true,
    };
    Node { network: ArtiNetwork::new(options).expect("a client"), directory }
}

/// A client that is on the private network.
pub(crate) async fn ready() -> Node {
    let node = node(&configuration());
    node.network.start();
    see(node.network.status(), |status| status.step == NetworkStep::Ready).await;
    node
}

/// Waits for a status and returns it.
pub(crate) async fn see(
    mut status: watch::Receiver<NetworkStatus>,
    wanted: impl FnMut(&NetworkStatus) -> bool,
) -> NetworkStatus {
    let seen = timeout(PATIENCE, status.wait_for(wanted)).await.expect("seen in time");
    seen.expect("the network lives").clone()
}

/// A fresh seed from the system, so that no descriptor of an earlier run is around.
pub(crate) fn seed() -> OnionSeed {
    OnionSeed(undertone_ratchet::secret::Secret::from_bytes(&bytes()))
}

pub(crate) fn bytes() -> [u8; 32] {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("randomness");
    bytes
}

/// Publishes and waits until it is reachable.
pub(crate) async fn publish(node: &Node, seed: &OnionSeed, clients: Vec<[u8; 32]>) -> Service {
    let spec = ServiceSpec { seed: seed.clone(), clients };
    let mut service = node.network.publish(spec).await.expect("published");
    reachable(&mut service).await;
    service
}

pub(crate) async fn reachable(service: &mut Service) {
    let status = service.status.wait_for(|status| *status == ServiceStatus::Reachable);
    timeout(PATIENCE, status).await.expect("reachable in time").expect("the service lives");
}

/// Answers each stream with what it sends, until the service's handle is dropped.
pub(crate) fn echo(incoming: tokio::sync::mpsc::Receiver<Stream>) {
    let mut incoming = incoming;
    tokio::spawn(async move {
        while let Some(mut stream) = incoming.recv().await {
            tokio::spawn(async move {
                let mut cell = [0; CELL];
                while stream.read_exact(&mut cell).await.is_ok() {
                    stream.write_all(&cell).await.expect("written");
                    stream.flush().await.expect("flushed");
                }
            });
        }
    });
}

pub(crate) const CELL: usize = 488;

/// Sends a cell and sees it come back.
pub(crate) async fn exchange(stream: &mut Stream) {
    let cell: [u8; CELL] = std::array::from_fn(|i| i as u8);
    let mut back = [0; CELL];
    let round = async {
        stream.write_all(&cell).await.expect("written");
        stream.flush().await.expect("flushed");
        stream.read_exact(&mut back).await.expect("answered");
    };
    timeout(PATIENCE, round).await.expect("answered in time");
    assert_eq!(cell, back);
}

pub(crate) async fn dial(
    node: &Node,
    address: OnionAddress,
    key: Option<[u8; 32]>,
) -> Result<Stream, DialError> {
    let client_auth = key.map(zeroize::Zeroizing::new);
    node.network.dial(Dial { address, client_auth, timeout: Duration::from_secs(30) }).await
}

/// Dials as the layers above do: again after errors that are worth it.
pub(crate) async fn reach(node: &Node, address: OnionAddress, key: Option<[u8; 32]>) -> Stream {
    let end = Instant::now() + PATIENCE;
    loop {
        match dial(node, address, key).await {
            Ok(stream) => return stream,
            Err(DialError::MissingClientAuth) => panic!("the key was refused"),
            Err(error) => assert!(Instant::now() < end, "never reached: {error}"),
        }
    }
}

/// The files below `directory` that hold `needle`.
pub(crate) fn files_with(directory: &Path, needle: &[u8]) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").as_encoded_bytes().to_owned();
        if contains(&name, needle) {
            found.push(path.clone());
        }
        if path.is_dir() {
            found.extend(files_with(&path, needle));
        } else if contains(&std::fs::read(&path).expect("read"), needle) {
            found.push(path);
        }
    }
    found
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

/// Arti's configuration for the private network.
pub(crate) fn configuration() -> String {
    let network = undertone_testnet::Network::attach_from_env().expect("the private network runs");
    network.arti_toml().to_owned()
}
