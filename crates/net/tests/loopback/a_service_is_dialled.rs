use futures::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use undertone_net::local::LocalNetwork;
use undertone_net::{Network, ServiceStatus};

use crate::{assert_talk, dial, open, over_both, started};

over_both!(scenario);

async fn scenario(join: impl Fn(&str) -> LocalNetwork) {
    let (here, there) = (started(join("")), started(join("")));
    let mut service = here.publish(open(1)).await.unwrap();
    assert_eq!(*service.status.borrow(), ServiceStatus::Reachable);
    let mut other = here.publish(open(2)).await.unwrap();

    let client = there.dial(dial(1)).await.unwrap();
    assert_talk(client, service.incoming.recv().await.unwrap()).await;
    // From the same process's network as well, and to the other service.
    let client = here.dial(dial(2)).await.unwrap();
    assert_talk(client, other.incoming.recv().await.unwrap()).await;
    assert!(service.incoming.try_recv().is_err());

    // Many at once, each on a stream of its own.
    let echo = async {
        let mut open = Vec::new();
        for _ in 0..32 {
            let mut stream = service.incoming.recv().await.unwrap();
            let byte = stream.read_u8().await.unwrap();
            stream.write_u8(byte).await.unwrap();
            open.push(stream);
        }
    };
    let dials = join_all((0..32).map(|byte| {
        let there = &there;
        async move {
            let mut stream = there.dial(dial(1)).await.unwrap();
            stream.write_u8(byte).await.unwrap();
            assert_eq!(stream.read_u8().await.unwrap(), byte);
        }
    }));
    tokio::join!(echo, dials);
}
