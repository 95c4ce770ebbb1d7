//! The two key derivations of the double ratchet: root steps and chain steps.

use zeroize::Zeroizing;

use super::exchange::Mix;
use crate::dh::{KeyPair, Point};
use crate::kdf::{self, label};
use crate::secret::Secret;

/// What a root step gives: Double Ratchet §4.3's `KDF_RK_HE`.
pub(super) struct RootStep {
    pub(super) root: Secret<32>,
    pub(super) chain: ChainKey,
    /// The header key of the chain after this one, in the same direction.
    pub(super) next_header: Secret<32>,
    /// The epoch that the step mixed in, and what it gives beside.
    pub(super) epoch: Option<(u32, EpochKeys)>,
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

/// A chain's key: `CK` of the specification. A chain step is taken in two halves, the key of the
/// packet first and the chain once the packet is sealed or read, so that neither needs the heap.
pub(super) struct ChainKey(pub(super) Secret<32>);

impl ChainKey {
    /// The key of this packet.
    pub(super) fn message_key(&self, out: &mut Zeroizing<[u8; 32]>) {
        kdf::hmac_to(self.0.as_bytes(), &[label::MESSAGE], out);
    }

    /// Goes on to the next packet, and erases the key of this one.
    pub(super) fn advance(&mut self) {
        let mut next = Zeroizing::new([0; 32]);
        kdf::hmac_to(self.0.as_bytes(), &[label::CHAIN], &mut next);
        self.0.replace(&next);
    }

    /// Steps `count` times and keeps the keys that were passed, numbered from `first`.
    pub(super) fn skip(&self, first: u32, count: u32) -> (Vec<(u32, Secret<32>)>, Self) {
        let mut chain = Self(self.0.clone());
        let mut passed = Vec::new();
        for number in (first..).zip(0..count).map(|(number, _)| number) {
            passed.push((number, kdf::hmac(&chain.0, &[label::MESSAGE])));
            chain.advance();
        }
        (passed, chain)
    }
}
