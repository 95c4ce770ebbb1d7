//! The two key derivations of the double ratchet: root steps and chain steps.

use alloc::vec::Vec;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::exchange::Mix;
use crate::dh::{KeyPair, Point};
use crate::kdf::{self, Keyed, label};
use crate::secret::Secret;

/// What a root step gives: Double Ratchet §4.3's `KDF_RK_HE`.
pub(super) struct RootStep {
    pub(super) root: Secret<32>,
    pub(super) chain: ChainKey,
    /// The header key of the chain after this one, in the same direction.
    pub(super) next_header: Secret<32>,
    /// The epoch that the step mixed in, and what it gives beside.
    pub(super) epoch: Option<(u32, EpochKeys)>,
    /// The seed of the tags for that same chain: `docs/sealed.md`.
    pub(super) next_tags: Secret<32>,
}

impl RootStep {
    /// Takes a step with a Diffie–Hellman agreement and, if there is one, an epoch's secret.
    pub(super) fn take(root: &Secret<32>, own: &KeyPair, peer: &Point, mix: Option<&Mix>) -> Self {
        let agreed = own.agree(peer);
        let key = match mix {
            None => kdf::extract(root.as_bytes(), [agreed.as_bytes().as_slice()]),
            Some(mix) => kdf::extract(
                root.as_bytes(),
                [
                    agreed.as_bytes().as_slice(),
                    mix.shared.as_bytes(),
                    &mix.epoch.to_be_bytes(),
                    &mix.key_hash,
                    &mix.ciphertext_hash,
                ],
            ),
        };
        Self {
            root: kdf::expand(&key, label::STEP_ROOT, &[]),
            chain: ChainKey(kdf::expand(&key, label::STEP_CHAIN, &[])),
            next_header: kdf::expand(&key, label::STEP_HEADER, &[]),
            epoch: mix.map(|mix| (mix.epoch, EpochKeys::derive(&key, mix.epoch))),
            next_tags: kdf::expand(&key, label::STEP_TAGS, &[]),
        }
    }
}

/// What an epoch gives beside the ratchet: epoch 0 by the handshake's root, later ones by the root
/// step that mixes them in.
#[derive(Clone)]
pub(crate) struct EpochKeys {
    /// The key of the MAC in a link's first frame.
    pub(crate) link: Secret<32>,
    /// What a check of shared words includes.
    pub(crate) authenticator: Secret<32>,
}

impl EpochKeys {
    pub(crate) fn derive(key: &Secret<32>, epoch: u32) -> Self {
        let epoch = epoch.to_be_bytes();
        Self {
            link: kdf::expand(key, label::LINK, &epoch),
            authenticator: kdf::expand(key, label::AUTHENTICATOR, &epoch),
        }
    }
}

/// A chain's key: `CK` of the specification.
pub(super) struct ChainKey(pub(super) Secret<32>);

/// What one chain step gives. Not on the heap, because every packet takes one.
#[derive(Default, Zeroize, ZeroizeOnDrop)]
pub(super) struct ChainStep {
    /// The key of this packet.
    pub(super) message: [u8; 32],
    /// The chain's key after it.
    next: [u8; 32],
}

impl ChainKey {
    /// Takes a step, which changes nothing until the packet is sealed or read and [`ChainKey::follow`] is called.
    pub(super) fn step(&self, step: &mut ChainStep) {
        let keyed = Keyed::new(self.0.as_bytes());
        keyed.hmac_to(&[label::MESSAGE], &mut step.message);
        keyed.hmac_to(&[label::CHAIN], &mut step.next);
    }

    /// Goes on behind a step.
    pub(super) fn follow(&mut self, step: &ChainStep) {
        self.0.replace(&step.next);
    }

    /// Steps `count` times and keeps the keys that were passed, numbered from `first`.
    pub(super) fn skip(&self, first: u32, count: u32) -> (Vec<(u32, Secret<32>)>, Self) {
        let mut chain = Self(self.0.clone());
        let mut passed = Vec::new();
        let mut step = ChainStep::default();
        for number in (first..).zip(0..count).map(|(number, _)| number) {
            chain.step(&mut step);
            passed.push((number, Secret::from_bytes(&step.message)));
            chain.follow(&step);
        }
        (passed, chain)
    }
}
