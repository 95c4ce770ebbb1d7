//! The two key derivations of the double ratchet: root steps and chain steps.

use crate::dh::{KeyPair, Point};
use crate::kdf::{self, label};
use crate::secret::Secret;

/// What a root step gives: Double Ratchet §4.3's `KDF_RK_HE`.
pub(super) struct RootStep {
    pub(super) root: Secret<32>,
    pub(super) chain: ChainKey,
    /// The header key of the chain after this one, in the same direction.
    pub(super) next_header: Secret<32>,
    /// The seed of the tags for that same chain: `docs/sealed.md`.
    pub(super) next_tags: Secret<32>,
}

impl RootStep {
    pub(super) fn take(root: &Secret<32>, own: &KeyPair, peer: &Point) -> Self {
        let key = kdf::extract(root.as_bytes(), [own.agree(peer).as_bytes().as_slice()]);
        Self {
            root: kdf::expand(&key, label::STEP_ROOT, &[]),
            chain: ChainKey(kdf::expand(&key, label::STEP_CHAIN, &[])),
            next_header: kdf::expand(&key, label::STEP_HEADER, &[]),
            next_tags: kdf::expand(&key, label::STEP_TAGS, &[]),
        }
    }
}

/// A chain's key: `CK` of the specification.
#[derive(Clone)]
pub(super) struct ChainKey(pub(super) Secret<32>);

impl ChainKey {
    /// The key of this packet, and the chain from the next one on: `KDF_CK`.
    pub(super) fn step(&self) -> (Secret<32>, Self) {
        (kdf::hmac(&self.0, &[label::MESSAGE]), Self(kdf::hmac(&self.0, &[label::CHAIN])))
    }

    /// Steps `count` times and keeps the keys that were passed, numbered from `first`.
    pub(super) fn skip(&self, first: u32, count: u32) -> (Vec<(u32, Secret<32>)>, Self) {
        let mut chain = self.clone();
        let mut passed = Vec::new();
        for number in (first..).zip(0..count).map(|(number, _)| number) {
            let (key, next) = chain.step();
            passed.push((number, key));
            chain = next;
        }
        (passed, chain)
    }
}
