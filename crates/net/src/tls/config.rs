//! What rustls may do, and how it judges a certificate.

use std::sync::{Arc, OnceLock};

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::NoServerSessionStorage;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::version::TLS13;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error,
    PeerIncompatible, ServerConfig, SignatureScheme,
};

use super::handshake::{ClientPolicy, Peer};
use super::identity::{Identity, Pins, public_key_of};

/// The one provider: one group, one suite, one signature scheme.
pub(super) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| {
        let full = aws_lc_rs::default_provider();
        Arc::new(CryptoProvider {
            cipher_suites: vec![aws_lc_rs::cipher_suite::TLS13_CHACHA20_POLY1305_SHA256],
            kx_groups: vec![aws_lc_rs::kx_group::X25519MLKEM768],
            signature_verification_algorithms: ed25519_only(full.signature_verification_algorithms),
            ..full
        })
    }))
}

fn ed25519_only(all: WebPkiSupportedAlgorithms) -> WebPkiSupportedAlgorithms {
    let mut mapping = all.mapping;
    // The mapping is a slice of statics, so it is narrowed from both ends.
    while let Some(((scheme, _), rest)) = mapping.split_first()
        && *scheme != SignatureScheme::ED25519
    {
        mapping = rest;
    }
    let mapping = mapping.split_at_checked(1).map_or(mapping, |(one, _)| one);
    WebPkiSupportedAlgorithms { all: mapping.first().map_or(&[], |(_, all)| all), mapping }
}

/// Fills an array from the generator that TLS itself uses.
///
/// # Errors
/// The system gave no randomness.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], std::io::Error> {
    let mut bytes = [0; N];
    provider()
        .secure_random
        .fill(&mut bytes)
        .map_err(|_| std::io::Error::other("the system gave no randomness"))?;
    Ok(bytes)
}

pub(super) fn client(peer: &Peer<'_>) -> Result<ClientConfig, Error> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier::new(match peer {
            Peer::Anyone | Peer::Any { .. } => None,
            Peer::Pinned { pins, .. } => Some(pins.clone()),
        })));
    let mut config = match peer {
        Peer::Anyone => builder.with_no_client_auth(),
        Peer::Pinned { own, .. } | Peer::Any { own } => {
            builder.with_client_auth_cert(vec![own.certificate().clone()], own.private_key())?
        }
    };
    config.resumption = Resumption::disabled();
    config.enable_sni = false;
    config.enable_early_data = false;
    Ok(config)
}

pub(super) fn server(identity: &Identity, policy: &ClientPolicy) -> Result<ServerConfig, Error> {
    let builder =
        ServerConfig::builder_with_provider(provider()).with_protocol_versions(&[&TLS13])?;
    let mut config = match policy {
        ClientPolicy::Anyone => builder.with_no_client_auth(),
        ClientPolicy::Pinned(pins) => {
            builder.with_client_cert_verifier(Arc::new(Verifier::new(Some(pins.clone()))))
        }
        ClientPolicy::Any => builder.with_client_cert_verifier(Arc::new(Verifier::new(None))),
    }
    .with_single_cert(vec![identity.certificate().clone()], identity.private_key())?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_tls13_tickets = 0;
    config.max_early_data_size = 0;
    Ok(config)
}

/// Judges a certificate by its Ed25519 key alone: no dates, no names, no issuers.
#[derive(Debug)]
struct Verifier {
    /// `None` accepts every key; the handshake's signature is checked all the same.
    pins: Option<Pins>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    fn new(pins: Option<Pins>) -> Self {
        Self { pins, algorithms: provider().signature_verification_algorithms }
    }

    fn judge(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
    ) -> Result<(), Error> {
        if !intermediates.is_empty() {
            return Err(CertificateError::BadEncoding.into());
        }
        let key = public_key_of(certificate).ok_or(CertificateError::BadEncoding)?;
        match &self.pins {
            Some(pins) if !pins.contains(&key) => {
                Err(CertificateError::ApplicationVerificationFailure.into())
            }
            Some(_) | None => Ok(()),
        }
    }

    fn signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.judge(end_entity, intermediates).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::Tls12NotOffered.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl ClientCertVerifier for Verifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.judge(end_entity, intermediates).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::Tls12NotOffered.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_group_one_suite_one_scheme() {
        let provider = provider();
        let groups: Vec<_> = provider.kx_groups.iter().map(|group| group.name()).collect();
        assert_eq!(groups, [rustls::NamedGroup::X25519MLKEM768]);
        let suites: Vec<_> = provider.cipher_suites.iter().map(|suite| suite.suite()).collect();
        assert_eq!(suites, [rustls::CipherSuite::TLS13_CHACHA20_POLY1305_SHA256]);
        let algorithms = provider.signature_verification_algorithms;
        assert_eq!(algorithms.supported_schemes(), [SignatureScheme::ED25519]);
        assert_eq!(algorithms.all.len(), 1);
    }

    #[test]
    fn nothing_is_left_on_by_default() {
        let identity = Identity::from_seed(&[1; 32]).unwrap();
        let server = server(&identity, &ClientPolicy::Anyone).unwrap();
        assert_eq!((server.send_tls13_tickets, server.max_tls13_tickets), (0, 0));
        assert_eq!(server.max_early_data_size, 0);
        assert!(!server.session_storage.can_cache());
        assert!(!server.ticketer.enabled());
        assert!(server.alpn_protocols.is_empty());
        let client = client(&Peer::Anyone).unwrap();
        assert!(!client.enable_sni);
        assert!(!client.enable_early_data);
        assert!(client.alpn_protocols.is_empty());
        assert!(client.send_ticket_request.is_none());
    }
}
