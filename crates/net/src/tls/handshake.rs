//! The handshake: bounded in time and bytes, silent when it fails.

use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{
    CertificateError, CipherSuite, ClientConnection, Connection, Error, NamedGroup, PeerMisbehaved,
    ProtocolVersion, ServerConnection,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use super::cells::{Channel, HEADER_LEN};
use super::config;
use super::identity::{Identity, Pins, public_key_of};
use crate::Stream;

/// The most that is read before a handshake must be over, in bytes. An honest one takes under
/// 4,000; a stranger can make us hold no more than this.
pub const HANDSHAKE_BYTES: usize = 32 * 1024;

/// The longest record of TLS 1.3 after its header: 2¹⁴ bytes and 256 for its protection (RFC 8446
/// §5.2).
const MAX_RECORD: usize = (1 << 14) + 256;

const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;

/// Whom a client expects, and what it shows.
#[derive(Clone, Debug)]
pub enum Peer<'a> {
    /// Pairing: any key will do, and no certificate is shown.
    Anyone,
    /// A link: the server must hold a pinned key, and the client shows its own certificate.
    Pinned {
        /// What the client shows.
        own: &'a Identity,
        /// What the server must show.
        pins: Pins,
    },
    /// The door of a repair: the server may hold any key, and the client shows its own certificate.
    Any {
        /// What the client shows.
        own: &'a Identity,
    },
}

/// Whom a server lets in.
#[derive(Clone, Debug)]
pub enum ClientPolicy {
    /// Pairing: no certificate is asked for.
    Anyone,
    /// A link: the client must hold a pinned key.
    Pinned(Pins),
    /// A link or the door of a repair: the client must show a certificate, of any key. Which it was is
    /// [`Channel::peer_key`].
    Any,
}

/// Why there is no channel. The stream is gone, and nothing was said to the other side.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The deadline passed.
    #[error("the TLS handshake took too long")]
    Timeout,
    /// The other side ended the stream, perhaps because it refused this side.
    #[error("the other side left during the TLS handshake")]
    Closed,
    /// The stream failed.
    #[error("the stream failed during the TLS handshake: {0}")]
    Io(ErrorKind),
    /// What came is no TLS.
    #[error("the other side doesn't speak TLS")]
    NotTls,
    /// More than [`HANDSHAKE_BYTES`] came.
    #[error("the TLS handshake was too long")]
    TooLong,
    /// The other side refused with an alert, which Undertone never sends.
    #[error("the other side refused with a TLS alert")]
    Alert,
    /// No common version, group, suite or signature scheme.
    #[error("the other side offers none of our TLS parameters")]
    Incompatible,
    /// The other side has a key that isn't pinned.
    #[error("the other side's certificate isn't the pinned one")]
    WrongKey,
    /// The other side showed no certificate.
    #[error("the other side showed no certificate")]
    NoCertificate,
    /// TLS's rules were broken otherwise; rustls' words.
    #[error("the other side broke the rules of TLS: {0}")]
    Protocol(String),
    /// This side could not set TLS up; rustls' words.
    #[error("TLS could not be set up: {0}")]
    Setup(String),
}

/// Makes a channel as the client of a stream.
///
/// In the link use the server judges the client last: a client that is refused learns it from the
/// end of the stream at its first [`recv`](super::CellReceiver::recv).
///
/// # Errors
/// [`HandshakeError`]; the stream is dropped then.
pub async fn connect(
    stream: Stream,
    peer: Peer<'_>,
    deadline: Instant,
) -> Result<Channel, HandshakeError> {
    let config = config::client(&peer).map_err(setup)?;
    // Nobody sees this name: SNI is off, and the verifier doesn't look at it.
    let name = ServerName::from(std::net::IpAddr::from(Ipv4Addr::UNSPECIFIED));
    let tls = ClientConnection::new(Arc::new(config), name).map_err(setup)?;
    establish(stream, tls.into(), deadline).await
}

/// Makes a channel as the server of a stream.
///
/// # Errors
/// [`HandshakeError`]; the stream is dropped then.
pub async fn accept(
    stream: Stream,
    identity: &Identity,
    policy: ClientPolicy,
    deadline: Instant,
) -> Result<Channel, HandshakeError> {
    let config = config::server(identity, &policy).map_err(setup)?;
    let tls = ServerConnection::new(Arc::new(config)).map_err(setup)?;
    establish(stream, tls.into(), deadline).await
}

async fn establish(
    mut stream: Stream,
    tls: Connection,
    deadline: Instant,
) -> Result<Channel, HandshakeError> {
    let mut tls = Box::new(tls);
    let done = timeout_at(deadline, run(&mut stream, &mut tls)).await;
    match done.unwrap_or(Err(HandshakeError::Timeout)).and_then(|()| check(&tls)) {
        Ok(()) => {}
        Err(error) => {
            tracing::info!(reason = %error, "no channel");
            return Err(error);
        }
    }
    let peer = tls
        .peer_certificates()
        .and_then(<[_]>::first)
        .and_then(|certificate| public_key_of(certificate));
    Ok(Channel::new(stream, tls, peer))
}

/// Moves records one by one, so that no byte after the handshake's last is read here.
async fn run(stream: &mut Stream, tls: &mut Connection) -> Result<(), HandshakeError> {
    let mut budget = HANDSHAKE_BYTES;
    let mut record = Vec::new();
    loop {
        while tls.wants_write() {
            record.clear();
            tls.write_tls(&mut record).map_err(io)?;
            stream.write_all(&record).await.map_err(io)?;
        }
        stream.flush().await.map_err(io)?;
        if !tls.is_handshaking() {
            return Ok(());
        }
        read_record(stream, &mut record, &mut budget).await?;
        let mut rest = record.as_slice();
        while !rest.is_empty() {
            if tls.read_tls(&mut rest).map_err(|_| HandshakeError::TooLong)? == 0 {
                return Err(HandshakeError::Alert);
            }
            tls.process_new_packets().map_err(peer_error)?;
        }
    }
}

async fn read_record(
    stream: &mut Stream,
    record: &mut Vec<u8>,
    budget: &mut usize,
) -> Result<(), HandshakeError> {
    let mut header = [0; HEADER_LEN];
    stream.read_exact(&mut header).await.map_err(io)?;
    let [kind, major, _, high, low] = header;
    let length = usize::from(u16::from_be_bytes([high, low]));
    match kind {
        CHANGE_CIPHER_SPEC | ALERT | HANDSHAKE | APPLICATION_DATA
            if major == 3 && (1..=MAX_RECORD).contains(&length) => {}
        _ => return Err(HandshakeError::NotTls),
    }
    if kind == ALERT {
        return Err(HandshakeError::Alert);
    }
    *budget = budget.checked_sub(HEADER_LEN + length).ok_or(HandshakeError::TooLong)?;
    record.clear();
    record.extend_from_slice(&header);
    record.resize(HEADER_LEN + length, 0);
    let body = record.get_mut(HEADER_LEN..).unwrap_or_default();
    stream.read_exact(body).await.map_err(io)?;
    Ok(())
}

/// What the configurations promise, seen once more on the connection itself.
fn check(tls: &Connection) -> Result<(), HandshakeError> {
    let version = tls.protocol_version();
    let group = tls.negotiated_key_exchange_group().map(|group| group.name());
    let suite = tls.negotiated_cipher_suite().map(|suite| suite.suite());
    if version == Some(ProtocolVersion::TLSv1_3)
        && group == Some(NamedGroup::X25519MLKEM768)
        && suite == Some(CipherSuite::TLS13_CHACHA20_POLY1305_SHA256)
    {
        Ok(())
    } else {
        Err(HandshakeError::Incompatible)
    }
}

fn setup(error: Error) -> HandshakeError {
    HandshakeError::Setup(error.to_string())
}

fn io(error: std::io::Error) -> HandshakeError {
    match error.kind() {
        ErrorKind::UnexpectedEof
        | ErrorKind::BrokenPipe
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted => HandshakeError::Closed,
        kind => HandshakeError::Io(kind),
    }
}

fn peer_error(error: Error) -> HandshakeError {
    match error {
        Error::AlertReceived(_) => HandshakeError::Alert,
        Error::PeerIncompatible(_)
        | Error::PeerMisbehaved(
            PeerMisbehaved::SelectedUnofferedCipherSuite
            | PeerMisbehaved::SelectedUnofferedKxGroup
            | PeerMisbehaved::IllegalHelloRetryRequestWithUnofferedNamedGroup
            | PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme,
        ) => HandshakeError::Incompatible,
        Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure) => {
            HandshakeError::WrongKey
        }
        Error::NoCertificatesPresented => HandshakeError::NoCertificate,
        other => HandshakeError::Protocol(other.to_string()),
    }
}
