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
    pub(crate) const HEADER_NONCE: &[u8] = b"undertone/1 ratchet header nonce";
    pub(crate) const PAYLOAD: &[u8] = b"undertone/1 ratchet payload key";
    pub(crate) const LONG_HASH: &[u8] = b"undertone/1 ratchet long text hash";
    pub(crate) const LONG_HEADER_NONCE: &[u8] = b"undertone/1 ratchet long header nonce";
    pub(crate) const LONG_PAYLOAD: &[u8] = b"undertone/1 ratchet long payload key";
    pub(crate) const EPOCH_JITTER: &[u8] = b"undertone/1 ratchet epoch jitter";
    pub(crate) const HASH_ROOT: &[u8] = b"undertone/1 shown root key";
    pub(crate) const HASH_CHAIN: &[u8] = b"undertone/1 shown chain keys";
    pub(crate) const HASH_HEADER: &[u8] = b"undertone/1 shown header keys";
    pub(crate) const STEP_TAGS: &[u8] = b"undertone/1 ratchet next tag seed";
    pub(crate) const TAGS_INITIATOR: &[u8] = b"undertone/1 tag seed initiator";
    pub(crate) const TAGS_RESPONDER: &[u8] = b"undertone/1 tag seed responder";
    pub(crate) const STREAM_KEY: &[u8] = b"undertone/1 stream key";
    pub(crate) const STREAM_CHECK: &[u8] = b"undertone/1 stream check";
    pub(crate) const SEALED_TAG: &[u8] = b"undertone/1 sealed packet tag";
    pub(crate) const SEALED_KEY: &[u8] = b"undertone/1 sealed packet key";
    pub(crate) const SEALED_NEXT: &[u8] = b"undertone/1 sealed packet next step";
    pub(crate) const SEALED_PAYLOAD: &[u8] = b"undertone/1 sealed payload key";
    pub(crate) const REPAIR: &[u8] = b"undertone/1 repair message";
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
    let mut out = [0; N];
    expand_to(prk.as_bytes(), label, context, &mut out);
    let secret = Secret::from_bytes(&out);
    out.zeroize();
    secret
}

/// [`expand`] without the heap, for what every packet needs. The caller erases `out`.
pub(crate) fn expand_to<const N: usize>(
    prk: &[u8; 32],
    label: &[u8],
    context: &[u8],
    out: &mut [u8; N],
) {
    const { assert!(N <= 255 * 32) }
    #[expect(clippy::expect_used, reason = "both lengths are checked when compiling")]
    Hkdf::<Sha256>::from_prk(prk)
        .ok()
        .and_then(|hkdf| hkdf.expand_multi_info(&[label, context], out).ok())
        .expect("a 32-byte key and at most 255 blocks");
}

/// HMAC over the concatenation of `parts`.
pub(crate) fn hmac(key: &Secret<32>, parts: &[&[u8]]) -> Secret<32> {
    let mut out = [0; 32];
    hmac_to(key.as_bytes(), parts, &mut out);
    let secret = Secret::from_bytes(&out);
    out.zeroize();
    secret
}

/// [`hmac`] without the heap, for what every packet needs. The caller erases `out`.
pub(crate) fn hmac_to(key: &[u8; 32], parts: &[&[u8]], out: &mut [u8; 32]) {
    Keyed::new(key).hmac_to(parts, out);
}

/// HMAC under one key for several inputs: setting the key up is half the work of a short one. Erased on drop.
pub(crate) struct Keyed(Hmac<Sha256>);

impl Keyed {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
        let mac = Hmac::new_from_slice(key).expect("any length will do");
        Self(mac)
    }

    /// HMAC over the concatenation of `parts`. The caller erases `out`.
    pub(crate) fn hmac_to(&self, parts: &[&[u8]], out: &mut [u8; 32]) {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        let mut tag = mac.finalize().into_bytes();
        out.copy_from_slice(&tag);
        tag.as_mut_slice().zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_label_is_the_beginning_of_another() {
        let labels = [
            label::ROOT,
            label::KEM,
            label::ASSOCIATED_DATA,
            label::CONFIRM_INITIATOR,
            label::CONFIRM_RESPONDER,
            label::LINK,
            label::AUTHENTICATOR,
            label::RECOVERY,
            label::SESSION_ROOT,
            label::HEADER_INITIATOR,
            label::HEADER_RESPONDER,
            label::STEP_ROOT,
            label::STEP_CHAIN,
            label::STEP_HEADER,
            label::CHAIN,
            label::MESSAGE,
            label::HEADER_NONCE,
            label::PAYLOAD,
            label::LONG_HASH,
            label::LONG_HEADER_NONCE,
            label::LONG_PAYLOAD,
            label::EPOCH_JITTER,
            label::HASH_ROOT,
            label::HASH_CHAIN,
            label::HASH_HEADER,
            label::STEP_TAGS,
            label::TAGS_INITIATOR,
            label::TAGS_RESPONDER,
            label::STREAM_KEY,
            label::STREAM_CHECK,
            label::SEALED_TAG,
            label::SEALED_KEY,
            label::SEALED_NEXT,
            label::SEALED_PAYLOAD,
            label::REPAIR,
        ];
        for (i, one) in labels.iter().enumerate() {
            assert!(one.starts_with(b"undertone/1 "));
            for (k, other) in labels.iter().enumerate() {
                assert!(i == k || !other.starts_with(one), "{i} begins {k}");
            }
        }
    }

    #[test]
    fn extract_and_expand_are_those_of_rfc_5869() {
        // Test case 1 has a short salt, which HMAC pads with zeros to the same key as ours.
        let mut salt = [0; 32];
        for (n, byte) in (0..).zip(salt.iter_mut().take(13)) {
            *byte = n;
        }
        let prk = extract(&salt, [[0x0b; 20].as_slice(), &[0x0b; 2]]);
        let info: Vec<u8> = (0xf0..=0xf9).collect();
        let okm: Secret<42> = expand(&prk, &info[..4], &info[4..]);
        let expected = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf\
                        34007208d5b887185865";
        assert_eq!(hex(okm.as_bytes()), expected);
    }

    #[test]
    fn hmac_is_that_of_rfc_4231() {
        // Test case 1: a key of 20 bytes, which zeros pad to the same key.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        let tag = hmac(&Secret::from_bytes(&key), &[b"Hi ", b"There"]);
        let expected = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7";
        assert_eq!(hex(tag.as_bytes()), expected);
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
