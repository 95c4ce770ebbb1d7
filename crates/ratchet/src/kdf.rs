//! HKDF and HMAC over SHA-256, and every label that goes into them.

use hkdf::{Hkdf, HkdfExtract};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroize as _;

use crate::secret::Secret;

/// What a derived key is for. One label per purpose; a change of meaning gets a new label.
pub(crate) mod label {
    pub(crate) const ROOT: &[u8] = b"undertone/1 root";
    pub(crate) const KEM: &[u8] = b"undertone/1 kem secret";
    pub(crate) const ASSOCIATED_DATA: &[u8] = b"undertone/1 associated data";
    pub(crate) const CONFIRM_INITIATOR: &[u8] = b"undertone/1 confirm initiator";
    pub(crate) const CONFIRM_RESPONDER: &[u8] = b"undertone/1 confirm responder";
    pub(crate) const LINK: &[u8] = b"undertone/1 link key";
    pub(crate) const AUTHENTICATOR: &[u8] = b"undertone/1 authenticator";
    pub(crate) const RECOVERY: &[u8] = b"undertone/1 recovery key";
    pub(crate) const SESSION_ROOT: &[u8] = b"undertone/1 session root";
    pub(crate) const HEADER_INITIATOR: &[u8] = b"undertone/1 header key initiator";
    pub(crate) const HEADER_RESPONDER: &[u8] = b"undertone/1 header key responder";
    pub(crate) const STEP_ROOT: &[u8] = b"undertone/1 ratchet root key";
    pub(crate) const STEP_CHAIN: &[u8] = b"undertone/1 ratchet chain key";
    pub(crate) const STEP_HEADER: &[u8] = b"undertone/1 ratchet next header key";
    pub(crate) const CHAIN: &[u8] = b"undertone/1 ratchet next chain key";
    pub(crate) const MESSAGE: &[u8] = b"undertone/1 ratchet message key";
    pub(crate) const PAYLOAD: &[u8] = b"undertone/1 ratchet payload key";
    pub(crate) const HASH_ROOT: &[u8] = b"undertone/1 shown root key";
    pub(crate) const HASH_CHAIN: &[u8] = b"undertone/1 shown chain keys";
    pub(crate) const HASH_HEADER: &[u8] = b"undertone/1 shown header keys";
}

/// HKDF-Extract over the concatenation of `parts`.
pub(crate) fn extract<'a>(
    salt: &[u8; 32],
    parts: impl IntoIterator<Item = &'a [u8]>,
) -> Secret<32> {
    let mut extract = HkdfExtract::<Sha256>::new(Some(salt));
    for part in parts {
        extract.input_ikm(part);
    }
    let (mut prk, _) = extract.finalize();
    let secret = Secret::from_bytes(prk.as_ref());
    prk.as_mut_slice().zeroize();
    secret
}

/// HKDF-Expand of `prk` to `N` bytes, with `label ‖ context` as info. Labels are no prefixes of
/// each other where a context follows.
pub(crate) fn expand<const N: usize>(prk: &Secret<32>, label: &[u8], context: &[u8]) -> Secret<N> {
    const { assert!(N <= 255 * 32) }
    let mut out = [0; N];
    #[expect(clippy::expect_used, reason = "both lengths are checked when compiling")]
    Hkdf::<Sha256>::from_prk(prk.as_bytes())
        .ok()
        .and_then(|hkdf| hkdf.expand_multi_info(&[label, context], &mut out).ok())
        .expect("a 32-byte key and at most 255 blocks");
    let secret = Secret::from_bytes(&out);
    out.zeroize();
    secret
}

/// HMAC over the concatenation of `parts`.
pub(crate) fn hmac(key: &Secret<32>, parts: &[&[u8]]) -> Secret<32> {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("any length will do");
    for part in parts {
        mac.update(part);
    }
    let mut tag = mac.finalize().into_bytes();
    let secret = Secret::from_bytes(tag.as_ref());
    tag.as_mut_slice().zeroize();
    secret
}
