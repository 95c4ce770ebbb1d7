use tokio::io::AsyncReadExt;
use undertone_net::local::LocalNetwork;
use undertone_net::{DialError, Network};

use crate::{assert_talk, dial, open, over_both, started};

over_both!(scenario);

async fn scenario(join: impl Fn(&str) -> LocalNetwork) {
    let network = started(join(""));
    assert_eq!(network.dial(dial(1)).await.err(), Some(DialError::NotFound));

    let mut service = network.publish(open(1)).await.unwrap();
    let client = network.dial(dial(1)).await.unwrap();
    let taken = service.incoming.recv().await.unwrap();
    let mut waiting = network.dial(dial(1)).await.unwrap();
    drop(service);

    // At once: no await lies between.
    assert_eq!(network.dial(dial(1)).await.err(), Some(DialError::NotFound));
    // A stream that nobody had taken ends; one that was taken lives on.
    assert_eq!(waiting.read(&mut [0; 1]).await.unwrap_or(0), 0);
    assert_talk(client, taken).await;

    // The address is free again.
    let mut service = network.publish(open(1)).await.unwrap();
    let client = network.dial(dial(1)).await.unwrap();
    assert_talk(client, service.incoming.recv().await.unwrap()).await;
}
