//! Restricted discovery: without the key nobody gets beyond the descriptor.

use crate::support::{bytes, dial, echo, exchange, files_with, publish, reach, ready, seed};
use tor_llcrypto::pk::curve25519::{PublicKey, StaticSecret};
use undertone_net::{DialError, Network};

#[tokio::test(flavor = "multi_thread")]
async fn tor_a_restricted_service_wants_the_right_key() {
    let (host, guest) = tokio::join!(ready(), ready());
    let (key, wrong) = (bytes(), bytes());
    let public = PublicKey::from(&StaticSecret::from(key)).to_bytes();
    let seed = seed();
    let service = publish(&host, &seed, vec![public]).await;
    echo(service.incoming);

    let mut stream = reach(&guest, seed.address(), Some(key)).await;
    exchange(&mut stream).await;
    let without = dial(&guest, seed.address(), None).await;
    assert_eq!(without.err(), Some(DialError::MissingClientAuth));
    let with_another = dial(&guest, seed.address(), Some(wrong)).await;
    assert_eq!(with_another.err(), Some(DialError::MissingClientAuth));
    // None of it disturbs who has the key.
    let mut second = reach(&guest, seed.address(), Some(key)).await;
    exchange(&mut second).await;

    for directory in [host.directory.path(), guest.directory.path()] {
        for secret in [&key, &public, &wrong] {
            let found = files_with(directory, secret);
            assert_eq!(found, Vec::<std::path::PathBuf>::new());
        }
    }
    tokio::join!(host.network.shutdown(), guest.network.shutdown());
}
