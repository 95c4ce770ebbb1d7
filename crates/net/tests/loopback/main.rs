//! What every loopback network promises, over each kind of sockets: one scenario per file.
#![expect(clippy::unwrap_used, reason = "what fails in a helper fails its test")]

mod a_dropped_service_is_gone;
mod a_restricted_service_wants_a_key;
mod a_service_is_dialled;
mod an_address_is_served_once;
mod namespaces_don_t_meet;
mod the_network_starts_and_ends;

use std::time::Duration;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use undertone_net::local::LocalNetwork;
use undertone_net::{Dial, Network, ServiceSpec, Stream};
use undertone_wire::address::OnionSeed;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// Runs a scenario over each kind of sockets. It gets a way to join a namespace of its own.
macro_rules! over_both {
    ($scenario:path) => {
        #[cfg(target_os = "linux")]
        #[tokio::test]
        async fn over_unix_sockets() {
            $scenario(|name| {
                undertone_net::local::LocalNetwork::new(&crate::namespace(module_path!(), name))
            })
            .await;
        }

        #[tokio::test]
        async fn over_tcp() {
            $scenario(|name| {
                undertone_net::local::LocalNetwork::tcp(&crate::namespace(module_path!(), name))
            })
            .await;
        }
    };
}
use over_both;

/// Tests run at the same time, on one machine.
fn namespace(module: &str, name: &str) -> String {
    format!("{module} {name} {}", std::process::id())
}

/// A started network.
fn started(network: LocalNetwork) -> LocalNetwork {
    network.start();
    network
}

fn seed(byte: u8) -> OnionSeed {
    OnionSeed::random(&mut ChaCha20Rng::from_seed([byte; 32]))
}

/// A service for everybody.
fn open(byte: u8) -> ServiceSpec {
    ServiceSpec { seed: seed(byte), clients: vec![] }
}

/// A service for clients with these keys.
fn restricted(byte: u8, clients: &[u8]) -> ServiceSpec {
    let public = |key: &u8| PublicKey::from(&StaticSecret::from([*key; 32])).to_bytes();
    ServiceSpec { seed: seed(byte), clients: clients.iter().map(public).collect() }
}

fn dial(byte: u8) -> Dial {
    Dial { address: seed(byte).address(), client_auth: None, timeout: Duration::from_secs(20) }
}

fn dial_with(byte: u8, key: u8) -> Dial {
    Dial { client_auth: Some(Zeroizing::new([key; 32])), ..dial(byte) }
}

/// Bytes go both ways, and the end is seen.
async fn assert_talk(mut client: Stream, mut server: Stream) {
    let long: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let mut echoed = vec![0; long.len()];
    let there = async {
        client.write_all(&long).await.unwrap();
        client.read_exact(&mut echoed).await.unwrap();
        drop(client);
    };
    let back = async {
        let mut bytes = vec![0; long.len()];
        server.read_exact(&mut bytes).await.unwrap();
        server.write_all(&bytes).await.unwrap();
        assert_eq!(server.read(&mut [0; 1]).await.unwrap(), 0);
    };
    tokio::join!(there, back);
    assert_eq!(echoed, long);
}
