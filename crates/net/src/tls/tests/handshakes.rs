//! Who gets a channel, and who gets nothing.

use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs::{cipher_suite, kx_group};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{CipherSuite, HandshakeKind, NamedGroup, ProtocolVersion, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::time::Instant;

use super::peers::*;
use crate::tls::{
    Channel, ClientPolicy, HANDSHAKE_BYTES, HandshakeError, Peer, Pins, accept, config, connect,
};

fn assert_negotiated(channel: &Channel) {
    let tls = channel.tls();
    assert_eq!(tls.protocol_version(), Some(ProtocolVersion::TLSv1_3));
    assert_eq!(tls.negotiated_key_exchange_group().unwrap().name(), NamedGroup::X25519MLKEM768);
    assert_eq!(
        tls.negotiated_cipher_suite().unwrap().suite(),
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256
    );
    assert_eq!(tls.alpn_protocol(), None);
    assert_eq!(tls.handshake_kind(), Some(HandshakeKind::Full));
}

#[tokio::test]
async fn both_uses_negotiate_the_hybrid_group_and_the_one_suite() {
    let (client, server) = pairing().await;
    assert_negotiated(&client);
    assert_negotiated(&server);
    assert_eq!(client.peer_key(), Some(&identity(2).public_key()));
    assert_eq!(server.peer_key(), None);
    let (client, server) = link().await;
    assert_negotiated(&client);
    assert_negotiated(&server);
    assert_eq!(client.peer_key(), Some(&identity(2).public_key()));
    assert_eq!(server.peer_key(), Some(&identity(1).public_key()));
}

#[tokio::test]
async fn either_of_two_pins_will_do() {
    let old_and_new = Pins::two([9; 32], identity(2).public_key());
    let new_and_old = Pins::two(identity(2).public_key(), [9; 32]);
    for pins in [old_and_new, new_and_old] {
        let policy = ClientPolicy::Pinned(Pins::one(identity(1).public_key()));
        let (client, server) = both(Some(pins), policy).await;
        assert!(client.is_ok() && server.is_ok());
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused_both_ways() {
    let right = Pins::one(identity(2).public_key());
    let policy = ClientPolicy::Pinned(Pins::one(identity(1).public_key()));
    let (client, server) = both(Some(Pins::one([9; 32])), policy).await;
    assert!(matches!(client, Err(HandshakeError::WrongKey)), "{client:?}");
    assert!(matches!(server, Err(HandshakeError::Closed)), "{server:?}");

    let (client, server) =
        both(Some(right), ClientPolicy::Pinned(Pins::two([8; 32], [9; 32]))).await;
    assert!(matches!(server, Err(HandshakeError::WrongKey)), "{server:?}");
    // The client was done first, and sees the end of the stream and no alert.
    let (_sender, mut receiver) = client.unwrap().split();
    assert_eq!(receiver.recv().await, Ok(None));
}

/// The door of a repair: any key, which is told, but a key.
#[tokio::test]
async fn a_server_that_lets_anybody_in_still_wants_a_certificate_and_says_which() {
    let right = Pins::one(identity(2).public_key());
    let (client, server) = both(Some(right), ClientPolicy::Any).await;
    assert!(client.is_ok());
    assert_eq!(server.unwrap().peer_key(), Some(&identity(1).public_key()));
    let (_client, server) = both(None, ClientPolicy::Any).await;
    assert!(matches!(server, Err(HandshakeError::NoCertificate)), "{server:?}");
}

#[tokio::test]
async fn a_client_that_is_repaired_takes_any_certificate_and_shows_its_own() {
    let (near, far) = duplex(1 << 16);
    let (own, other) = (identity(1), identity(7));
    let policy = ClientPolicy::Any;
    let (client, server) = tokio::join!(
        connect(Box::new(near), Peer::Any { own: &own }, soon()),
        accept(Box::new(far), &other, policy, soon())
    );
    let (client, server) = (client.unwrap(), server.unwrap());
    assert_negotiated(&client);
    assert_eq!(client.peer_key(), Some(&other.public_key()));
    assert_eq!(server.peer_key(), Some(&own.public_key()));
}

#[tokio::test]
async fn a_client_without_a_certificate_is_refused_on_a_link() {
    let policy = ClientPolicy::Pinned(Pins::one(identity(1).public_key()));
    let (_client, server) = both(None, policy).await;
    assert!(matches!(server, Err(HandshakeError::NoCertificate)), "{server:?}");
}

#[tokio::test]
async fn a_chain_is_refused_even_under_a_pinned_key() {
    let own = identity(2);
    let chain = vec![own.certificate().clone(), identity(3).certificate().clone()];
    let config = ServerConfig::builder_with_provider(config::provider())
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, own.private_key())
        .unwrap();
    let client = identity(1);
    let peer = Peer::Pinned { own: &client, pins: Pins::one(own.public_key()) };
    let error = raw_server_refused(config, peer).await;
    assert!(matches!(error, HandshakeError::Protocol(_)), "{error:?}");
}

#[tokio::test]
async fn a_certificate_without_its_key_is_refused() {
    // The certificate of 2, the key of 3.
    #[derive(Debug)]
    struct Stolen(Arc<CertifiedKey>);
    impl ResolvesServerCert for Stolen {
        fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
            Some(Arc::clone(&self.0))
        }
    }
    let key = config::provider().key_provider.load_private_key(identity(3).private_key()).unwrap();
    let stolen = CertifiedKey::new(vec![identity(2).certificate().clone()], key);
    let config = ServerConfig::builder_with_provider(config::provider())
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Stolen(Arc::new(stolen))));
    let client = identity(1);
    let peer = Peer::Pinned { own: &client, pins: Pins::one(identity(2).public_key()) };
    let error = raw_server_refused(config, peer).await;
    assert!(matches!(error, HandshakeError::Protocol(_)), "{error:?}");
}

#[tokio::test]
async fn tls_1_2_is_refused_both_ways() {
    let client = client_with(provider_with(|_| {}), &[&TLS12]);
    let error = raw_client_refused(client, ClientPolicy::Anyone).await;
    assert!(matches!(error, HandshakeError::Incompatible), "{error:?}");
    let server = server_with(provider_with(|_| {}), &[&TLS12]);
    let error = raw_server_refused(server, Peer::Anyone).await;
    // Such a server finds no version in common and says so before we can.
    assert!(matches!(error, HandshakeError::Alert), "{error:?}");
}

#[tokio::test]
async fn x25519_alone_is_refused_both_ways() {
    let classical = || {
        provider_with(|provider| {
            provider.kx_groups = vec![kx_group::X25519];
        })
    };
    let error = raw_client_refused(client_with(classical(), &[&TLS13]), ClientPolicy::Anyone).await;
    assert!(matches!(error, HandshakeError::Incompatible), "{error:?}");
    let error = raw_server_refused(server_with(classical(), &[&TLS13]), Peer::Anyone).await;
    assert!(matches!(error, HandshakeError::Alert), "{error:?}");
}

#[tokio::test]
async fn aes_alone_is_refused() {
    let aes = provider_with(|provider| {
        provider.cipher_suites = vec![cipher_suite::TLS13_AES_128_GCM_SHA256];
    });
    let error = raw_client_refused(client_with(aes, &[&TLS13]), ClientPolicy::Anyone).await;
    assert!(matches!(error, HandshakeError::Incompatible), "{error:?}");
}

#[tokio::test]
async fn exporters_agree_within_a_channel_and_differ_between_two() {
    let (client, server) = pairing().await;
    let here = client.export(b"a label", Some(b"context")).unwrap();
    assert_eq!(here, server.export(b"a label", Some(b"context")).unwrap());
    assert_ne!(here, client.export(b"b label", Some(b"context")).unwrap());
    assert_ne!(here, client.export(b"a label", None).unwrap());
    let (other, _server) = pairing().await;
    assert_ne!(here, other.export(b"a label", Some(b"context")).unwrap());
}

/// What a stranger's bytes lead to, and what we answered.
async fn stranger(bytes: &[u8], then_leave: bool) -> (HandshakeError, Vec<u8>) {
    let (mut near, far) = duplex(1 << 16);
    let own = identity(2);
    near.write_all(bytes).await.unwrap();
    if then_leave {
        near.shutdown().await.unwrap();
    }
    let error = accept(Box::new(far), &own, ClientPolicy::Anyone, soon()).await.unwrap_err();
    let mut answer = Vec::new();
    near.read_to_end(&mut answer).await.unwrap();
    (error, answer)
}

#[tokio::test]
async fn garbage_is_refused_at_its_first_header() {
    for garbage in
        [b"GET / HTTP/1.1\r\n".as_slice(), &[0; 5], &[22, 3, 1, 0xff, 0xff], &[22, 3, 1, 0, 0]]
    {
        let (error, answer) = stranger(garbage, false).await;
        assert!(matches!(error, HandshakeError::NotTls), "{error:?}");
        assert_eq!(answer, b"");
    }
}

#[tokio::test]
async fn garbage_in_a_handshake_record_is_refused_without_an_alert() {
    let (error, answer) = stranger(&[22, 3, 1, 0, 8, 1, 0, 0, 4, 9, 9, 9, 9], false).await;
    assert!(matches!(error, HandshakeError::Protocol(_)), "{error:?}");
    assert_eq!(answer, b"");
}

#[tokio::test]
async fn a_stranger_who_leaves_is_no_timeout() {
    for cut in [0, 3, 5, 8] {
        let (error, answer) = stranger(&[22, 3, 1, 0, 8, 1, 0, 0][..cut], true).await;
        assert!(matches!(error, HandshakeError::Closed), "{error:?}");
        assert_eq!(answer, b"");
    }
}

/// The start of a ClientHello of nearly 64 KiB, which rustls would wait for.
const ENDLESS: [u8; 4] = [1, 0, 0xff, 0xf0];

#[tokio::test]
async fn an_endless_client_hello_is_cut_off() {
    let mut record = vec![22, 3, 1, 0x40, 0];
    record.extend_from_slice(&ENDLESS);
    record.resize(5 + 0x4000, 0);
    let bytes = record.repeat(3);
    assert!(bytes.len() > HANDSHAKE_BYTES);
    let (error, answer) = stranger(&bytes, false).await;
    assert!(matches!(error, HandshakeError::TooLong), "{error:?}");
    assert_eq!(answer, b"");
}

#[tokio::test]
async fn headers_count_towards_the_limit() {
    // One byte of a handshake message in each record.
    let mut bytes = Vec::new();
    for part in ENDLESS.into_iter().chain(std::iter::repeat(0)).take(HANDSHAKE_BYTES / 6 + 1) {
        bytes.extend_from_slice(&[22, 3, 1, 0, 1, part]);
    }
    let (error, answer) = stranger(&bytes, false).await;
    assert!(matches!(error, HandshakeError::TooLong), "{error:?}");
    assert_eq!(answer, b"");
}

#[tokio::test(start_paused = true)]
async fn a_silent_stranger_is_dropped_at_the_deadline() {
    let (mut near, far) = duplex(1 << 16);
    let own = identity(2);
    let begun = Instant::now();
    let error = accept(Box::new(far), &own, ClientPolicy::Anyone, soon()).await.unwrap_err();
    assert!(matches!(error, HandshakeError::Timeout), "{error:?}");
    assert_eq!(begun.elapsed(), Duration::from_secs(10));
    let mut answer = Vec::new();
    near.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, b"");
}

#[tokio::test(start_paused = true)]
async fn a_byte_a_second_doesn_t_move_the_deadline() {
    let (mut near, far) = duplex(1 << 16);
    let own = identity(2);
    let begun = Instant::now();
    let drip = async {
        for byte in client_hello() {
            if near.write_all(&[byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let (channel, ()) =
        tokio::join!(accept(Box::new(far), &own, ClientPolicy::Anyone, soon()), drip);
    assert!(matches!(channel, Err(HandshakeError::Timeout)), "{channel:?}");
    assert!(begun.elapsed() <= Duration::from_secs(11));
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_dropped_at_the_deadline() {
    let (near, _far) = duplex(1 << 16);
    let error = connect(Box::new(near), Peer::Anyone, soon()).await.unwrap_err();
    assert!(matches!(error, HandshakeError::Timeout), "{error:?}");
}

#[tokio::test]
async fn the_client_hello_names_nobody() {
    let hello = client_hello();
    // SNI (0) and ALPN (16) are absent among the extensions; so are tickets (35, 58), early data
    // (42) and a pre-shared key (41).
    let extensions = extensions_of(&hello);
    for absent in [0, 16, 35, 41, 42, 58] {
        assert!(!extensions.contains(&absent), "{extensions:?}");
    }
}
