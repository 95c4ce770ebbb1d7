//! One hash with a label for each purpose.

use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

use crate::group::Group;

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

/// `SHA-512(len(label) ‖ label ‖ block ‖ len(part) ‖ part ‖ …)`, lengths in 64 bits, big-endian;
/// `block` is one byte, 0 but in longer outputs (see [`scalar`]).
fn block(label: &[u8], block: u8, parts: &[&[u8]]) -> Zeroizing<[u8; HASH_LEN]> {
    let mut hash = Sha512::new();
    hash.update((label.len() as u64).to_be_bytes());
    hash.update(label);
    hash.update([block]);
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    Zeroizing::new(hash.finalize().into())
}

/// Hashes the parts; no two lists of parts run into the same bytes.
pub(crate) fn hash(label: &[u8], parts: &[&[u8]]) -> Zeroizing<[u8; HASH_LEN]> {
    block(label, 0, parts)
}

/// Hashes the parts to a scalar, by as many blocks as the group's wide scalars need.
pub(crate) fn scalar<G: Group>(label: &[u8], parts: &[&[u8]]) -> Zeroizing<G::Scalar> {
    let mut wide = Zeroizing::new(Vec::with_capacity(G::WIDE_LEN.next_multiple_of(HASH_LEN)));
    let mut number = 0;
    while wide.len() < G::WIDE_LEN {
        wide.extend_from_slice(&*block(label, number, parts));
        number = number.saturating_add(1);
    }
    wide.truncate(G::WIDE_LEN);
    Zeroizing::new(G::scalar_from_wide(&wide))
}
