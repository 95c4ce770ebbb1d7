//! From the first step to the last: bootstrap, publish, dial, talk, drop, publish again, shut down.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::support::{
    PATIENCE, configuration, dial, echo, exchange, files_with, node, publish, reach, ready, seed,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use undertone_net::{DialError, Network, NetworkStep};

#[tokio::test(flavor = "multi_thread")]
async fn tor_a_service_answers_until_it_is_dropped() {
    // The steps of the way to the network come in their order.
    let host = node(&configuration());
    let mut status = host.network.status();
    assert_eq!(status.borrow().step, NetworkStep::Idle);
    let early = dial(&host, seed().address(), None).await;
    assert_eq!(early.err(), Some(DialError::NoNetwork));
    host.network.start();
    let mut steps = vec![status.borrow_and_update().step.clone()];
    while steps.last() != Some(&NetworkStep::Ready) {
        timeout(PATIENCE, status.changed()).await.expect("in time").expect("alive");
        steps.push(status.borrow_and_update().step.clone());
    }
    let percents = steps.iter().map(|step| match step {
        NetworkStep::Finding(percent) => *percent,
        NetworkStep::Ready => 100,
        other => panic!("an odd step: {other:?}"),
    });
    assert!(percents.is_sorted(), "{steps:?}");
    assert_eq!(status.borrow().clock_skew, None);

    // A service is found by another client, which can have several streams at once.
    let guest = ready().await;
    let seed = seed();
    let service = publish(&host, &seed, Vec::new()).await;
    let mut incoming = service.incoming;
    let mut ours = reach(&guest, seed.address(), None).await;
    let mut theirs = timeout(PATIENCE, incoming.recv()).await.expect("in time").expect("one");
    echo(incoming);
    let mut second = reach(&guest, seed.address(), None).await;
    exchange(&mut second).await;

    // While it runs, what is on disk names neither the address nor the key.
    for directory in [host.directory.path(), guest.directory.path()] {
        for secret in [seed.address().label().as_bytes(), seed.0.as_bytes(), &seed.address().0] {
            assert_eq!(files_with(directory, secret), Vec::<PathBuf>::new());
        }
    }

    // Nor may anybody else on this machine look into it.
    assert_eq!(open_directories(host.directory.path()), Vec::<PathBuf>::new());

    // Its end takes nothing from a stream that is there, but nobody comes in any more.
    drop(service.keep);
    let services = host.directory.path().join("services");
    timeout(PATIENCE, empties(&services)).await.expect("removed in time");
    ours.write_all(b"still here").await.expect("written");
    ours.flush().await.expect("flushed");
    let mut heard = [0; 10];
    let read = timeout(PATIENCE, theirs.read_exact(&mut heard)).await;
    read.expect("in time").expect("heard");
    assert_eq!(&heard, b"still here");
    let late = dial(&guest, seed.address(), None).await.err();
    assert!(
        matches!(late, Some(DialError::NotFound | DialError::Refused | DialError::Timeout)),
        "{late:?}"
    );

    // The end of a stream is seen on the other side.
    drop(theirs);
    let end = timeout(PATIENCE, ours.read(&mut heard)).await.expect("in time");
    assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");

    // The same key serves again in the same process.
    let service = publish(&host, &seed, Vec::new()).await;
    echo(service.incoming);
    let mut again = reach(&guest, seed.address(), None).await;
    exchange(&mut again).await;

    // A shutdown ends everything and leaves no service behind.
    let mut last = service.status;
    timeout(Duration::from_secs(20), host.network.shutdown()).await.expect("in time");
    let over = |status: &undertone_net::ServiceStatus| {
        matches!(status, undertone_net::ServiceStatus::Broken(_))
    };
    assert!(last.wait_for(over).await.is_ok());
    assert!(!services.exists());
    let closed = dial(&host, seed.address(), None).await;
    assert_eq!(closed.err(), Some(DialError::NoNetwork));
    guest.network.shutdown().await;
}

/// Waits until nothing is left of any service.
async fn empties(services: &Path) {
    let mut look = tokio::time::interval(Duration::from_millis(50));
    while std::fs::read_dir(services).expect("listed").next().is_some() {
        look.tick().await;
    }
}

/// The directories below `parent` that others than their owner may enter.
fn open_directories(parent: &Path) -> Vec<PathBuf> {
    let mut open = Vec::new();
    for entry in std::fs::read_dir(parent).expect("listed") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            let mode = path.metadata().expect("metadata").permissions().mode();
            if mode & 0o077 != 0 {
                open.push(path.clone());
            }
            open.extend(open_directories(&path));
        }
    }
    open
}
