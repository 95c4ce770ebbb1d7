//! An address that nobody ever published is told as such, and soon.

use crate::support::{dial, ready, seed};
use undertone_net::{DialError, Network};

#[tokio::test(flavor = "multi_thread")]
async fn tor_an_address_never_published_is_not_found() {
    let guest = ready().await;
    // `dial` gives up after 30 seconds with another error.
    let nobody = dial(&guest, seed().address(), None).await;
    assert_eq!(nobody.err(), Some(DialError::NotFound));
    guest.network.shutdown().await;
}
