//! Without a way to the network the client says so, dials end at once and the shutdown works.

use std::time::Duration;

use tokio::time::timeout;
use undertone_net::{Dial, DialError, Network, NetworkStep, ServiceSpec, ServiceStatus};
use undertone_net_arti::{ArtiNetwork, Options};
use undertone_ratchet::secret::Secret;
use undertone_wire::address::OnionSeed;

/// One authority, at a port where nobody listens.
const NOWHERE: &str = r#"
[tor_network]
fallback_caches = [
  { rsa_identity = "5515FEF91DFC83950548DF872034C46429D4153A", ed_identity = "UnYGZFJSvoJ6HUhoHpIba3l91qM5vTIBwQDRcj9EoGw", orports = ["127.0.0.1:1"] },
]
[tor_network.authorities]
v3idents = ["89DAD492510CBC5DA244496D15AE4A6BE6A66D0F"]
uploads = [["127.0.0.1:1"]]
downloads = [["127.0.0.1:1"]]
votes = [["127.0.0.1:1"]]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_network_out_of_reach_is_told() {
    let directory = tempfile::tempdir().expect("a directory");
    let options = Options {
        state_parent: directory.path().to_owned(),
        config_toml: Some(NOWHERE.to_owned()),
        trust_everyone: true,
    };
    let network = ArtiNetwork::new(options).expect("a client");
    let seed = || OnionSeed(Secret::from_bytes(&[7; 32]));
    assert_eq!(network.id(), "tor");
    network.start();
    network.start();
    let way =
        |step: &NetworkStep| matches!(step, NetworkStep::Finding(_) | NetworkStep::Blocked(_));
    let status = network.status().borrow().clone();
    assert!(way(&status.step), "{status:?}");
    assert_eq!(status.clock_skew, None);

    // A service waits for the network; a dial doesn't.
    let spec = ServiceSpec { seed: seed(), clients: Vec::new() };
    let service = network.publish(spec).await.expect("taken on");
    let dial =
        Dial { address: seed().address(), client_auth: None, timeout: Duration::from_secs(30) };
    let nowhere = timeout(Duration::from_secs(5), network.dial(dial)).await;
    assert_eq!(nowhere.expect("at once").err(), Some(DialError::NoNetwork));
    assert_eq!(*service.status.borrow(), ServiceStatus::Publishing);

    let mut status = service.status;
    timeout(Duration::from_secs(20), network.shutdown()).await.expect("in time");
    let broken = |status: &ServiceStatus| matches!(status, ServiceStatus::Broken(_));
    assert!(status.wait_for(broken).await.is_ok());
    assert_eq!(network.status().borrow().step, NetworkStep::Idle);
}
