//! One service per contact: twenty of them on one client, each with its own clients.

use crate::support::{echo, exchange, reach, reachable, ready, seed};
use undertone_net::{Network, ServiceSpec};

#[tokio::test(flavor = "multi_thread")]
async fn tor_twenty_services_run_at_once() {
    let (host, guest) = tokio::join!(ready(), ready());
    let mut services = Vec::new();
    for _ in 0..20 {
        let seed = seed();
        let spec = ServiceSpec { seed: seed.clone(), clients: Vec::new() };
        services.push((seed, host.network.publish(spec).await.expect("published")));
    }
    let mut kept = Vec::new();
    for (seed, mut service) in services {
        reachable(&mut service).await;
        echo(service.incoming);
        kept.push((seed, service.keep));
    }
    // The first goes, its neighbours stay.
    drop(kept.remove(0));
    for (seed, _) in [&kept[0], &kept[18]] {
        let mut stream = reach(&guest, seed.address(), None).await;
        exchange(&mut stream).await;
    }
    tokio::join!(host.network.shutdown(), guest.network.shutdown());
}
