//! Peers of every kind, honest and hostile, for the tests of this module.

use std::io::Write as _;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Key, Nonce};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, Connection, ConnectionTrafficSecrets, DigitallySignedStruct,
    Error, ExtractedSecrets, ServerConfig, ServerConnection, SignatureScheme,
    SupportedProtocolVersion,
};
use tokio::io::{
    AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex,
};
use tokio::time::Instant;
use undertone_wire::cell::CELL_LEN;

use crate::tls::{
    CellReceiver, CellSender, Channel, ClientPolicy, HandshakeError, Identity, Peer, Pins, accept,
    config, connect,
};

pub(super) type Joined = (Result<Channel, HandshakeError>, Result<Channel, HandshakeError>);

pub(super) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

pub(super) fn identity(byte: u8) -> Identity {
    Identity::from_seed(&[byte; 32]).unwrap()
}

/// An honest client with identity 1 and an honest server with identity 2.
pub(super) async fn both(client_pins: Option<Pins>, policy: ClientPolicy) -> Joined {
    let (near, far) = duplex(1 << 16);
    let (own, server) = (identity(1), identity(2));
    let peer = client_pins.map_or(Peer::Anyone, |pins| Peer::Pinned { own: &own, pins });
    tokio::join!(
        connect(Box::new(near), peer, soon()),
        accept(Box::new(far), &server, policy, soon())
    )
}

pub(super) async fn pairing() -> (Channel, Channel) {
    let (client, server) = both(None, ClientPolicy::Anyone).await;
    (client.unwrap(), server.unwrap())
}

pub(super) async fn link() -> (Channel, Channel) {
    let pins = Pins::one(identity(2).public_key());
    let (client, server) =
        both(Some(pins), ClientPolicy::Pinned(Pins::one(identity(1).public_key()))).await;
    (client.unwrap(), server.unwrap())
}

/// A peer that speaks TLS by rustls but keeps none of our rules.
pub(super) struct Raw {
    pub(super) stream: DuplexStream,
    pub(super) tls: Connection,
}

impl Raw {
    pub(super) async fn handshake(&mut self) -> Result<(), Error> {
        loop {
            self.write_out().await;
            if !self.tls.is_handshaking() {
                return Ok(());
            }
            let mut bytes = [0; 4096];
            let count = self.stream.read(&mut bytes).await.unwrap();
            if count == 0 {
                return Err(Error::General("the other side left".into()));
            }
            let mut bytes = bytes.get(..count).unwrap();
            while !bytes.is_empty() {
                self.tls.read_tls(&mut bytes).unwrap();
                if let Err(error) = self.tls.process_new_packets() {
                    // Unlike ours, this end says why.
                    self.write_out().await;
                    return Err(error);
                }
            }
        }
    }

    pub(super) async fn write_out(&mut self) {
        let mut out = Vec::new();
        while self.tls.wants_write() {
            self.tls.write_tls(&mut out).unwrap();
        }
        // The other side may be gone already, which some tests want.
        let _gone = self.stream.write_all(&out).await;
    }

    pub(super) async fn send(&mut self, plaintext: &[u8]) {
        self.tls.writer().write_all(plaintext).unwrap();
        self.write_out().await;
    }
}

/// All that the other side still has to say.
pub(super) async fn rest_of(mut stream: DuplexStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    bytes
}

pub(super) fn raw_client_config() -> ClientConfig {
    let mut config = config::client(&Peer::Anyone).unwrap();
    config.enable_secret_extraction = true;
    config
}

pub(super) fn raw_server_config() -> ServerConfig {
    let mut config = config::server(&identity(2), &ClientPolicy::Anyone).unwrap();
    config.enable_secret_extraction = true;
    config
}

pub(super) fn name() -> ServerName<'static> {
    ServerName::try_from("example.com").unwrap()
}

/// A raw client on an established channel with us as the server.
pub(super) async fn raw_client() -> (Raw, CellSender, CellReceiver) {
    let (near, far) = duplex(1 << 16);
    let tls = ClientConnection::new(Arc::new(raw_client_config()), name()).unwrap();
    let mut raw = Raw { stream: near, tls: tls.into() };
    let own = identity(2);
    let (done, channel) =
        tokio::join!(raw.handshake(), accept(Box::new(far), &own, ClientPolicy::Anyone, soon()));
    done.unwrap();
    let (sender, receiver) = channel.unwrap().split();
    (raw, sender, receiver)
}

/// A raw server on an established channel with us as the client.
pub(super) async fn raw_server() -> (Raw, CellSender, CellReceiver) {
    let (near, far) = duplex(1 << 16);
    let tls = ServerConnection::new(Arc::new(raw_server_config())).unwrap();
    let mut raw = Raw { stream: near, tls: tls.into() };
    let (done, channel) =
        tokio::join!(raw.handshake(), connect(Box::new(far), Peer::Anyone, soon()));
    done.unwrap();
    let (sender, receiver) = channel.unwrap().split();
    (raw, sender, receiver)
}

/// What our client or server makes of a raw one with this configuration, and whether it wrote a
/// byte after its last honest one: the raw end must see the end of the stream, not an alert.
pub(super) async fn raw_client_refused(
    config: ClientConfig,
    policy: ClientPolicy,
) -> HandshakeError {
    let (near, far) = duplex(1 << 16);
    let tls = ClientConnection::new(Arc::new(config), name()).unwrap();
    let mut raw = Raw { stream: near, tls: tls.into() };
    let own = identity(2);
    let (done, channel) =
        tokio::join!(raw.handshake(), accept(Box::new(far), &own, policy, soon()));
    // A client of TLS 1.3 may be done before the server judges it.
    assert!(!matches!(done, Err(Error::AlertReceived(_))), "an alert was written");
    channel.unwrap_err()
}

pub(super) async fn raw_server_refused(config: ServerConfig, peer: Peer<'_>) -> HandshakeError {
    let (near, far) = duplex(1 << 16);
    let tls = ServerConnection::new(Arc::new(config)).unwrap();
    let mut raw = Raw { stream: near, tls: tls.into() };
    let (done, channel) = tokio::join!(raw.handshake(), connect(Box::new(far), peer, soon()));
    assert!(!matches!(done, Err(Error::AlertReceived(_))), "an alert was written");
    channel.unwrap_err()
}

pub(super) fn provider_with(change: impl FnOnce(&mut CryptoProvider)) -> Arc<CryptoProvider> {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    change(&mut provider);
    Arc::new(provider)
}

pub(super) fn client_with(
    provider: Arc<CryptoProvider>,
    versions: &[&'static SupportedProtocolVersion],
) -> ClientConfig {
    ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(TakesAll))
        .with_no_client_auth()
}

pub(super) fn server_with(
    provider: Arc<CryptoProvider>,
    versions: &[&'static SupportedProtocolVersion],
) -> ServerConfig {
    let own = identity(2);
    ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.certificate().clone()], own.private_key())
        .unwrap()
}

#[derive(Debug)]
pub(super) struct TakesAll;

impl ServerCertVerifier for TakesAll {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}

/// Seals records by hand, so that a record of a cell's length can hold what it should not.
pub(super) struct Forge {
    pub(super) stream: DuplexStream,
    cipher: ChaCha20Poly1305,
    iv: [u8; 12],
    sequence: u64,
}

impl Forge {
    pub(super) fn new(raw: Raw) -> Self {
        let ExtractedSecrets { tx, .. } = match raw.tls {
            Connection::Client(tls) => tls.dangerous_extract_secrets(),
            Connection::Server(tls) => tls.dangerous_extract_secrets(),
        }
        .unwrap();
        let (sequence, ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv }) = tx else {
            panic!("another suite");
        };
        let cipher = ChaCha20Poly1305::new(&Key::try_from(key.as_ref()).unwrap());
        let iv = iv.as_ref().try_into().unwrap();
        Self { stream: raw.stream, cipher, iv, sequence }
    }

    /// A record around `content` of an inner type, as long as it needs to be.
    pub(super) fn short(&mut self, content: &[u8], inner_type: u8) -> Vec<u8> {
        self.seal([content, &[inner_type]].concat())
    }

    /// A record around `content` of an inner type, padded to exactly a cell's outer length.
    pub(super) fn padded(&mut self, content: &[u8], inner_type: u8) -> Vec<u8> {
        let mut body = [content, &[inner_type]].concat();
        body.resize(CELL_LEN + 1, 0);
        self.seal(body)
    }

    fn seal(&mut self, mut body: Vec<u8>) -> Vec<u8> {
        let length = u16::try_from(body.len() + 16).unwrap().to_be_bytes();
        let header = [23, 3, 3, length[0], length[1]];
        let mut nonce = self.iv;
        for (byte, part) in nonce.iter_mut().skip(4).zip(self.sequence.to_be_bytes()) {
            *byte ^= part;
        }
        self.sequence += 1;
        let nonce = Nonce::try_from(nonce.as_slice()).unwrap();
        self.cipher.encrypt_in_place(&nonce, &header, &mut body).unwrap();
        [header.as_slice(), &body].concat()
    }
}

/// Counts what is written to the stream under a channel, and can break it.
pub(super) struct Tap {
    pub(super) stream: DuplexStream,
    pub(super) log: Arc<Mutex<Vec<Written>>>,
    /// Once set, writes fail, and reads wait for ever: nobody is woken, not by the drop either.
    pub(super) broken: Arc<AtomicBool>,
}

/// A channel of our client over a tap, with our server at the other end.
pub(super) async fn tapped() -> (Channel, Channel, Arc<Mutex<Vec<Written>>>, Arc<AtomicBool>) {
    let (near, far) = duplex(1 << 16);
    let (log, broken) = (Arc::default(), Arc::default());
    let tap = Tap { stream: near, log: Arc::clone(&log), broken: Arc::clone(&broken) };
    let own = identity(2);
    let (client, server) = tokio::join!(
        connect(Box::new(tap), Peer::Anyone, soon()),
        accept(Box::new(far), &own, ClientPolicy::Anyone, soon())
    );
    (client.unwrap(), server.unwrap(), log, broken)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    Bytes(usize),
    Flush,
}

impl AsyncRead for Tap {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        if self.broken.load(Ordering::SeqCst) {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Tap {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        if self.broken.load(Ordering::SeqCst) {
            return Poll::Ready(Err(std::io::ErrorKind::BrokenPipe.into()));
        }
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        if let Poll::Ready(Ok(count)) = written {
            self.log.lock().unwrap().push(Written::Bytes(count));
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        self.log.lock().unwrap().push(Written::Flush);
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The first record that our client writes.
pub(super) fn client_hello() -> Vec<u8> {
    let config = config::client(&Peer::Anyone).unwrap();
    let mut tls = ClientConnection::new(Arc::new(config), name()).unwrap();
    let mut hello = Vec::new();
    tls.write_tls(&mut hello).unwrap();
    hello
}

/// The types of the extensions in a record with a ClientHello (RFC 8446 §4.1.2).
pub(super) fn extensions_of(hello: &[u8]) -> Vec<u16> {
    let number = |at: usize| usize::from(u16::from_be_bytes([hello[at], hello[at + 1]]));
    // Record and message headers, version, random; then session id, suites, compression.
    let mut at = 5 + 4 + 2 + 32;
    at += 1 + usize::from(hello[at]);
    at += 2 + number(at);
    at += 1 + usize::from(hello[at]);
    let end = at + 2 + number(at);
    at += 2;
    let mut types = Vec::new();
    while at < end {
        types.push(u16::try_from(number(at)).unwrap());
        at += 4 + number(at + 2);
    }
    types
}
