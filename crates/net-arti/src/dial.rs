//! Dials: each with a connector of its own.
//!
//! A connector is Arti's memory of services: descriptors, keys, circuits. With one for all dials a
//! stale descriptor of a service that is gone would hang for minutes, circuits would be shared, and
//! each attempt in isolation would leave a record behind for days. One for each dial costs nothing
//! and takes everything along.

use std::sync::Arc;
use std::time::Duration;

use arti_client::isolation::StreamIsolation;
use arti_client::{ErrorKind, HasKind};
use futures::StreamExt;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tor_circmgr::ClientOnionServiceDataTunnel;
use tor_hsclient::{ConnError, HsClientConnector, HsClientSecretKeys, HsClientSecretKeysBuilder};
use tor_hscrypto::pk::{
    HsClientDescEncKey, HsClientDescEncKeypair, HsClientDescEncSecretKey, HsId,
};
use tor_llcrypto::pk::curve25519;
use tor_netdir::Timeliness;
use tor_proto::client::stream::StreamParameters;
use undertone_net::{Dial, DialError, Stream};

use crate::stream::Carried;
use crate::{Client, PORT, Shared, words};

/// The pause while parts of Arti haven't seen the directory yet that others have. It takes a blink.
const BLINK: Duration = Duration::from_millis(100);

/// Why one try gave no stream.
enum Failure {
    /// A part of Arti isn't there yet.
    NotYet,
    /// It won't work, for the moment.
    For(DialError),
}

impl From<ErrorKind> for Failure {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::BootstrapRequired => Self::NotYet,
            kind => Self::For(words::dial(kind)),
        }
    }
}

/// Dials on Arti's threads; gives up when the future is dropped.
pub(crate) async fn dial(shared: Arc<Shared>, dial: Dial) -> Result<Stream, DialError> {
    let handle = shared.handle.clone();
    let patience = dial.timeout;
    let mut attempts = JoinSet::new();
    attempts.spawn_on(
        async move {
            // Arti tries for minutes; whoever dials wants to know.
            timeout(patience, attempt(&shared, &dial)).await.unwrap_or(Err(DialError::Timeout))
        },
        &handle,
    );
    match attempts.join_next().await {
        Some(Ok(outcome)) => outcome,
        // Cancelled: the threads have ended.
        _ => Err(DialError::NoNetwork),
    }
}

async fn attempt(shared: &Shared, dial: &Dial) -> Result<Stream, DialError> {
    let client = shared.client().ok_or(DialError::NoNetwork)?;
    let keys = keys(dial)?;
    loop {
        match once(shared, &client, dial, keys.clone()).await {
            Ok(stream) => return Ok(stream),
            Err(Failure::For(error)) => return Err(error),
            Err(Failure::NotYet) => tokio::time::sleep(BLINK).await,
        }
    }
}

async fn once(
    shared: &Shared,
    client: &Client,
    dial: &Dial,
    keys: HsClientSecretKeys,
) -> Result<Stream, Failure> {
    let no_network = |_| Failure::For(DialError::NoNetwork);
    let provider = client.dirmgr().map_err(|_| Failure::For(DialError::NoNetwork))?;
    let directory = provider.netdir(Timeliness::Timely).map_err(no_network)?;
    let circuits = client.hs_circ_pool().map_err(|e| Failure::from(e.kind()))?;
    let runtime = shared.runtime.clone();
    // The connector doesn't live long enough to need housekeeping.
    let housekeeping = futures::stream::empty().boxed();
    let connector = HsClientConnector::new(runtime, circuits, &shared.config, housekeeping)
        .map_err(|e| Failure::from(e.kind()))?;
    let service = HsId::from(dial.address.0);
    let tunnel = connector
        .get_or_launch_tunnel(&directory, service, keys, StreamIsolation::no_isolation())
        .await
        .map_err(|e| met(&e))?;
    let circuit = Circuit(tunnel);
    // A service sees the port only, from everybody the same.
    let mut plain = StreamParameters::new();
    plain.suppress_hostname().suppress_begin_flags().optimistic(false);
    let stream = circuit
        .0
        .begin_stream("", PORT, Some(plain))
        .await
        .map_err(|_| Failure::For(DialError::Refused))?;
    Ok(Box::new(Carried::new(stream, Box::new(circuit), shared.handle.clone())))
}

/// What an attempt of Arti's came to.
fn met(error: &ConnError) -> Failure {
    let failure = Failure::from(error.kind());
    match (error, failure) {
        // There was a descriptor. Whether an introduction point has forgotten the service or the
        // service never came to the rendezvous makes no difference to whoever dials.
        (
            ConnError::Failed(_) | ConnError::NoUsableIntroPoints,
            Failure::For(DialError::Timeout | DialError::Other(_)),
        ) => Failure::For(DialError::Refused),
        (_, failure) => failure,
    }
}

/// The keys that decrypt the service's descriptor.
fn keys(dial: &Dial) -> Result<HsClientSecretKeys, DialError> {
    let Some(secret) = &dial.client_auth else { return Ok(HsClientSecretKeys::none()) };
    let secret = HsClientDescEncSecretKey::from(curve25519::StaticSecret::from(**secret));
    let pair = HsClientDescEncKeypair::new(HsClientDescEncKey::from(&secret), secret);
    let mut keys = HsClientSecretKeysBuilder::default();
    keys.ks_hsc_desc_enc(pair);
    keys.build().map_err(|_| DialError::Other("the client key can't be used".to_owned()))
}

/// A circuit for one stream. Arti's connector would keep it for ten minutes.
struct Circuit(Arc<ClientOnionServiceDataTunnel>);

impl Drop for Circuit {
    fn drop(&mut self) {
        self.0.terminate();
    }
}
