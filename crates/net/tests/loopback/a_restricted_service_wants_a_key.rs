use undertone_net::local::{LocalNetwork, MAX_CLIENTS};
use undertone_net::{DialError, Network, PublishError, ServiceSpec};

use crate::{assert_talk, dial, dial_with, open, over_both, restricted, seed, started};

over_both!(scenario);

async fn scenario(join: impl Fn(&str) -> LocalNetwork) {
    let network = started(join(""));
    let mut service = network.publish(restricted(1, &[7, 8])).await.unwrap();

    let without = network.dial(dial(1)).await.err();
    assert_eq!(without, Some(DialError::MissingClientAuth));
    let wrong = network.dial(dial_with(1, 9)).await.err();
    assert_eq!(wrong, Some(DialError::MissingClientAuth));
    assert!(service.incoming.try_recv().is_err());

    for key in [7, 8] {
        let client = network.dial(dial_with(1, key)).await.unwrap();
        assert_talk(client, service.incoming.recv().await.unwrap()).await;
    }

    // A key that nobody asks for does no harm.
    let mut everybody = network.publish(open(2)).await.unwrap();
    let client = network.dial(dial_with(2, 9)).await.unwrap();
    assert_talk(client, everybody.incoming.recv().await.unwrap()).await;

    // A public key without a Diffie-Hellman lets nobody in, and a list has an end.
    let weak = ServiceSpec { seed: seed(3), clients: vec![[0; 32]] };
    let _weak = network.publish(weak).await.unwrap();
    let dialled = network.dial(dial_with(3, 0)).await.err();
    assert_eq!(dialled, Some(DialError::MissingClientAuth));
    let long = ServiceSpec { seed: seed(4), clients: vec![[9; 32]; MAX_CLIENTS + 1] };
    assert!(matches!(network.publish(long).await, Err(PublishError::Refused(_))));
}
