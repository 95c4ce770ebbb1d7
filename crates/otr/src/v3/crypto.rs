//! Hashes, authenticators and the cipher of version 3, under the names of the specification.

use aes::Aes128;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Length of a key of AES-128.
pub(crate) const AES_LEN: usize = 16;
/// Length of an authenticator, and of a key that authenticates data.
pub(crate) const MAC_LEN: usize = 20;

/// `h1(b) = SHA-1(b ‖ secbytes)`.
pub(super) fn h1(byte: u8, secbytes: &[u8]) -> Zeroizing<[u8; 20]> {
    Zeroizing::new(Sha1::new().chain_update([byte]).chain_update(secbytes).finalize().into())
}

/// `h2(b) = SHA-256(b ‖ secbytes)`.
pub(super) fn h2(byte: u8, secbytes: &[u8]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(Sha256::new().chain_update([byte]).chain_update(secbytes).finalize().into())
}

pub(super) fn sha1(bytes: &[u8]) -> Zeroizing<[u8; 20]> {
    Zeroizing::new(Sha1::digest(bytes).into())
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// HMAC-SHA256 over the joined parts.
pub(super) fn hmac256(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // A key of fixed length is never refused.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// The first 160 bits of HMAC-SHA256.
pub(super) fn hmac256_160(key: &[u8; 32], bytes: &[u8]) -> [u8; MAC_LEN] {
    let whole = hmac256(key, &[bytes]);
    let mut out = [0; MAC_LEN];
    for (place, byte) in out.iter_mut().zip(whole) {
        *place = byte;
    }
    out
}

/// HMAC-SHA1 over all bytes.
pub(super) fn hmac1(key: &[u8; MAC_LEN], bytes: &[u8]) -> [u8; MAC_LEN] {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key) else { return [0; MAC_LEN] };
    mac.update(bytes);
    mac.finalize().into_bytes().into()
}

/// AES-128 in counter mode, in place; `top` is the upper half of the first counter, the lower is 0.
pub(super) fn aes_ctr(key: &[u8; AES_LEN], top: [u8; 8], bytes: &mut [u8]) {
    let mut counter = [0; 16];
    for (place, byte) in counter.iter_mut().zip(top) {
        *place = byte;
    }
    Ctr128BE::<Aes128>::new(key.into(), &counter.into()).apply_keystream(bytes);
}

/// The first or last `N` bytes of a hash.
pub(super) fn first<const N: usize>(hash: &[u8]) -> Zeroizing<[u8; N]> {
    let mut out = Zeroizing::new([0; N]);
    for (place, byte) in out.iter_mut().zip(hash) {
        *place = *byte;
    }
    out
}

pub(super) fn last<const N: usize>(hash: &[u8]) -> Zeroizing<[u8; N]> {
    first(hash.get(hash.len().saturating_sub(N)..).unwrap_or_default())
}
