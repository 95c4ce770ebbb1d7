use undertone_net::local::LocalNetwork;
use undertone_net::{DialError, Network, NetworkStep, PublishError, ServiceStatus};

use crate::{dial, open, over_both, started};

over_both!(scenario);

async fn scenario(join: impl Fn(&str) -> LocalNetwork) {
    let network = join("");
    assert_eq!(network.id(), "local");
    let mut status = network.status();
    assert_eq!(status.borrow_and_update().step, NetworkStep::Idle);
    assert_eq!(network.dial(dial(1)).await.err(), Some(DialError::NoNetwork));

    network.start();
    network.start();
    assert!(status.has_changed().unwrap());
    assert_eq!(status.borrow_and_update().step, NetworkStep::Ready);
    assert_eq!(status.borrow().clock_skew, None);

    let mut service = network.publish(open(1)).await.unwrap();
    let witness = started(join(""));
    let _client = witness.dial(dial(1)).await.unwrap();
    network.shutdown().await;
    assert!(matches!(*service.status.borrow(), ServiceStatus::Broken(_)));
    assert!(service.incoming.recv().await.is_some());
    assert!(service.incoming.recv().await.is_none());
    assert_eq!(witness.dial(dial(1)).await.err(), Some(DialError::NotFound));
    assert_eq!(network.dial(dial(1)).await.err(), Some(DialError::NoNetwork));
    assert!(matches!(network.publish(open(1)).await, Err(PublishError::Refused(_))));

    // Down is down.
    network.start();
    network.shutdown().await;
    assert_eq!(status.borrow_and_update().step, NetworkStep::Idle);
}
