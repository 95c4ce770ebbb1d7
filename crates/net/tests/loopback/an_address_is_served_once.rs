use undertone_net::local::LocalNetwork;
use undertone_net::{Network, PublishError};

use crate::{assert_talk, dial, open, over_both, restricted, started};

over_both!(scenario);

async fn scenario(join: impl Fn(&str) -> LocalNetwork) {
    let (here, there) = (started(join("")), started(join("")));
    let mut service = here.publish(restricted(1, &[])).await.unwrap();
    for network in [&here, &there] {
        assert!(matches!(network.publish(open(1)).await, Err(PublishError::Taken)));
    }
    // The looks may have left streams; the service goes on.
    while service.incoming.try_recv().is_ok() {}
    let client = there.dial(dial(1)).await.unwrap();
    assert_talk(client, service.incoming.recv().await.unwrap()).await;
    drop(service);

    let service = there.publish(restricted(1, &[5])).await.unwrap();
    assert!(matches!(here.publish(open(1)).await, Err(PublishError::Taken)));
    drop(service);

    // Two at the same time: one of them.
    let (one, two) = tokio::join!(here.publish(open(3)), here.publish(open(3)));
    assert!(matches!(
        (one, two),
        (Ok(_), Err(PublishError::Taken)) | (Err(PublishError::Taken), Ok(_))
    ));
}
