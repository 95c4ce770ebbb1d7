//! The native use's one hash, with a label for each purpose.

use curve25519_dalek::scalar::Scalar;
use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

use crate::group::Ristretto;

/// The labels, each naming the protocol's version.
pub(crate) mod label {
    pub(crate) const RUN: &[u8] = b"undertone smp v1 run";
    pub(crate) const STATEMENT: &[u8] = b"undertone smp v1 statement";
    pub(crate) const MESSAGE: &[u8] = b"undertone smp v1 message";
    pub(crate) const SECRET: &[u8] = b"undertone smp v1 secret";
    pub(crate) const SECRET_SCALAR: &[u8] = b"undertone smp v1 secret scalar";
}

/// Length of a hash.
pub(crate) const HASH_LEN: usize = 64;

/// `SHA-512(len(label) ‖ label ‖ 0 ‖ len(part) ‖ part ‖ …)`, lengths in 64 bits, big-endian. No
/// two lists of parts run into the same bytes.
pub(crate) fn hash(label: &[u8], parts: &[&[u8]]) -> Zeroizing<[u8; HASH_LEN]> {
    let mut hash = Sha512::new();
    hash.update((label.len() as u64).to_be_bytes());
    hash.update(label);
    // The number of a block; a longer output would have more than this one.
    hash.update([0]);
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    Zeroizing::new(hash.finalize().into())
}

/// Hashes the parts to a scalar.
pub(crate) fn scalar(label: &[u8], parts: &[&[u8]]) -> Zeroizing<Scalar> {
    Zeroizing::new(Ristretto::scalar_from_wide(&hash(label, parts)))
}
