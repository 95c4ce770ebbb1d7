//! Certificates that say nothing but their key, and the keys that are expected of the other side.

use std::fmt;

use ed25519_dalek::{Signer, SigningKey};
use rcgen::{
    CertificateParams, DistinguishedName, PKCS_ED25519, PublicKeyData, SignatureAlgorithm,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::ParsedCertificate;
use zeroize::Zeroizing;

/// The DER of an Ed25519 private key in PKCS#8, version 1, up to its seed (RFC 8410 §7).
const PKCS8_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// The DER of an Ed25519 public key in a certificate, up to the key itself (RFC 8410 §4).
const SPKI_PREFIX: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Why a certificate could not be made from a seed.
#[derive(Debug, thiserror::Error)]
#[error("no certificate could be made: {0}")]
pub struct IdentityError(#[from] rcgen::Error);

/// An Ed25519 key and the certificate around it: empty subject and issuer, serial number 1, valid
/// from 1975 to 4096, no extensions. Its size never varies.
///
/// The key is wiped on drop.
#[derive(Clone)]
pub struct Identity {
    key: SigningKey,
    certificate: CertificateDer<'static>,
}

impl Identity {
    /// Makes the certificate of a 32-byte Ed25519 seed (RFC 8032). Pairing gives a fresh random
    /// seed for each stream, a link the contact's own.
    ///
    /// # Errors
    /// [`IdentityError`], which no seed is known to cause.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, IdentityError> {
        let key = SigningKey::from_bytes(seed);
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        // A serial number from the key's hash would sometimes be a byte shorter.
        params.serial_number = Some(1_u64.into());
        let public = key.verifying_key().to_bytes();
        let certificate = params.self_signed(&Issuer { key: &key, public })?.der().clone();
        Ok(Self { key, certificate })
    }

    /// The Ed25519 public key, which the other side pins.
    #[must_use]
    pub fn public_key(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    pub(super) fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The key as rustls wants it. rustls wipes it when it has been read.
    pub(super) fn private_key(&self) -> PrivateKeyDer<'static> {
        let mut der = Vec::with_capacity(PKCS8_PREFIX.len() + 32);
        der.extend_from_slice(&PKCS8_PREFIX);
        der.extend_from_slice(Zeroizing::new(self.key.to_bytes()).as_slice());
        PrivatePkcs8KeyDer::from(der).into()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(…)")
    }
}

/// Signs a certificate with a key that is wiped, which rcgen's own key pair is not.
struct Issuer<'a> {
    key: &'a SigningKey,
    public: [u8; 32],
}

impl PublicKeyData for Issuer<'_> {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ED25519
    }
}

impl rcgen::SigningKey for Issuer<'_> {
    fn sign(&self, msg: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(self.key.sign(msg).to_bytes().to_vec())
    }
}

/// The Ed25519 public keys that the other side may show: one, or two while it changes its key.
#[derive(Clone, PartialEq, Eq)]
pub struct Pins {
    newest: [u8; 32],
    other: Option<[u8; 32]>,
}

impl Pins {
    /// Pins one key.
    #[must_use]
    pub fn one(key: [u8; 32]) -> Self {
        Self { newest: key, other: None }
    }

    /// Pins an old key and its successor.
    #[must_use]
    pub fn two(old: [u8; 32], new: [u8; 32]) -> Self {
        Self { newest: new, other: Some(old) }
    }

    /// Whether a key is pinned. Public keys are no secret: the time this takes may vary.
    #[must_use]
    pub fn contains(&self, key: &[u8; 32]) -> bool {
        self.newest == *key || self.other.as_ref() == Some(key)
    }
}

impl fmt::Debug for Pins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pins({})", 1 + usize::from(self.other.is_some()))
    }
}

/// The Ed25519 key in a certificate; `None` for every other kind of key and for what is no
/// certificate.
pub(super) fn public_key_of(certificate: &CertificateDer<'_>) -> Option<[u8; 32]> {
    let parsed = ParsedCertificate::try_from(certificate).ok()?;
    parsed.subject_public_key_info().strip_prefix(&SPKI_PREFIX)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_certificates_have_one_size_and_no_names() {
        let first = Identity::from_seed(&[0; 32]).unwrap();
        for byte in 0..=255 {
            let identity = Identity::from_seed(&[byte; 32]).unwrap();
            let der = identity.certificate();
            assert_eq!(der.len(), first.certificate().len());
            assert_eq!(public_key_of(der), Some(identity.public_key()));
            // Only the key and the signature differ.
            let same = der.iter().zip(first.certificate().iter()).filter(|(a, b)| a == b).count();
            assert!(same >= der.len() - 96, "{same} of {}", der.len());
        }
        let text = String::from_utf8_lossy(first.certificate()).into_owned();
        assert!(!text.contains("rcgen"));
        assert!(text.contains("750101000000Z") && text.contains("40960101000000Z"), "{text}");
    }

    #[test]
    fn a_seed_gives_the_same_certificate_again() {
        let one = Identity::from_seed(&[7; 32]).unwrap();
        let two = Identity::from_seed(&[7; 32]).unwrap();
        assert_eq!(one.certificate(), two.certificate());
        assert_eq!(one.public_key(), SigningKey::from_bytes(&[7; 32]).verifying_key().to_bytes());
    }

    #[test]
    fn nothing_shows_a_key() {
        let identity = Identity::from_seed(&[7; 32]).unwrap();
        assert_eq!(format!("{identity:?}"), "Identity(…)");
        assert_eq!(format!("{:?}", Pins::two([1; 32], [2; 32])), "Pins(2)");
    }

    #[test]
    fn what_is_no_ed25519_certificate_has_no_key() {
        assert_eq!(public_key_of(&CertificateDer::from(vec![])), None);
        assert_eq!(public_key_of(&CertificateDer::from(vec![0x30; 300])), None);
        let other = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let certificate = CertificateParams::default().self_signed(&other).unwrap();
        assert_eq!(public_key_of(certificate.der()), None);
    }
}
