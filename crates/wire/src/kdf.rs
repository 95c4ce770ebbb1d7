//! The two keyed functions of the protocol, each under a label of its own.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use undertone_ratchet::secret::Secret;
use zeroize::Zeroizing;

/// HKDF-SHA-256 (RFC 5869): `label` is the info, the output has 32 bytes.
#[expect(clippy::expect_used, reason = "HKDF-SHA-256 gives up to 8,160 bytes; these are 32")]
pub(crate) fn derive(salt: &[u8], secret: &[u8], label: &[u8]) -> Secret<32> {
    let mut out = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(Some(salt), secret)
        .expand(label, out.as_mut_slice())
        .expect("32 bytes are within HKDF's bound");
    Secret::from_bytes(&out)
}

/// HMAC-SHA-256 over the label, one zero byte, and the parts in order. The parts of one label
/// have fixed lengths, so no two inputs run together.
#[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
pub(crate) fn mac(key: &Secret<32>, label: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes any key");
    mac.update(label);
    mac.update(&[0]);
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
