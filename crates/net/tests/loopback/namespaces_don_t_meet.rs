use undertone_net::local::LocalNetwork;
use undertone_net::{DialError, Network};

use crate::{assert_talk, dial, open, over_both, started};

over_both!(scenario);

async fn scenario(join: impl Fn(&str) -> LocalNetwork) {
    let (here, there) = (started(join("here")), started(join("there")));
    let mut service = here.publish(open(1)).await.unwrap();
    assert_eq!(there.dial(dial(1)).await.err(), Some(DialError::NotFound));

    // Each may serve the same address.
    let mut same = there.publish(open(1)).await.unwrap();
    let client = there.dial(dial(1)).await.unwrap();
    assert_talk(client, same.incoming.recv().await.unwrap()).await;
    let client = here.dial(dial(1)).await.unwrap();
    assert_talk(client, service.incoming.recv().await.unwrap()).await;
}
