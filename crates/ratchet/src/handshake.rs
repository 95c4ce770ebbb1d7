//! From the keys of two ends to one root: `docs/ratchet.md`, section "Root".
//!
//! Each end makes [`OwnKeys`], shows [`PublicKeys`], encapsulates to the other and puts all sources
//! together with [`derive_root`]. Breaking one source breaks nothing: the root is unknown as long as
//! one of Diffie–Hellman, either ML-KEM secret and the extra secrets is.

mod keys;
#[cfg(test)]
mod wycheproof;

use alloc::vec::Vec;
use core::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

pub use self::keys::{
    CIPHERTEXT_LEN, Ciphertext, KemSecret, OWN_KEYS_LEN, OwnKeys, OwnKeysError, PUBLIC_KEYS_LEN,
    PublicKeys, PublicKeysError, encapsulate,
};
use crate::kdf::{self, label};
use crate::secret::Secret;
use crate::session::{EpochKeys, Session};
use crate::transcript::{Transcript, length};

/// Begins the info of every key that [`Root::export`] gives. No label of this crate begins with it,
/// nor it with one of them.
const EXPORT: &[u8] = b"undertone/1 export ";

/// Which end of a handshake one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// The end that connected: the guest.
    Initiator,
    /// The end that was connected to: the host.
    Responder,
}

impl Role {
    /// The other end's role.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Initiator => Self::Responder,
            Self::Responder => Self::Initiator,
        }
    }
}

/// Why no root was derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RootError {
    /// The peer showed a key that is our own: it reflects, or is ourselves.
    #[error("the other side shows our own keys; you can't pair with yourself")]
    OwnKeys,
}

/// Puts all sources of a handshake together. Both ends get the same [`Root`] if and only if they
/// agree on every argument, with `role`, `own` and `peer` changing sides.
///
/// `kem_initiator` is the secret that the initiator encapsulated, `kem_responder` the responder's.
/// `extra` are further secrets, such as a PAKE's key, in an order that both ends know. `transcript`
/// has to hold whatever else is to be agreed on: addresses, channel binding, versions, all bytes.
///
/// # Errors
/// [`RootError::OwnKeys`]: the peer's keys hold one of ours.
pub fn derive_root(
    role: Role,
    own: &OwnKeys,
    peer: &PublicKeys,
    kem_initiator: &KemSecret,
    kem_responder: &KemSecret,
    extra: &[&[u8]],
    transcript: &Transcript,
) -> Result<Root, RootError> {
    let own_public = own.public();
    let own_points = [&own_public.identity, &own_public.ephemeral, &own_public.ratchet];
    if [&peer.identity, &peer.ephemeral, &peer.ratchet].iter().any(|key| own_points.contains(key)) {
        return Err(RootError::OwnKeys);
    }

    let identity_ephemeral = own.identity.agree(&peer.ephemeral);
    let ephemeral_identity = own.ephemeral.agree(&peer.identity);
    let both_ephemeral = own.ephemeral.agree(&peer.ephemeral);
    // In the initiator's order: its identity with the other's ephemeral key comes first.
    let (first, second, initiator, responder) = match role {
        Role::Initiator => (&identity_ephemeral, &ephemeral_identity, &own_public, peer),
        Role::Responder => (&ephemeral_identity, &identity_ephemeral, peer, &own_public),
    };
    let initiator_keys = Sha256::digest(initiator.encode());
    let responder_keys = Sha256::digest(responder.encode());

    let fixed: [&[u8]; 8] = [
        label::ROOT,
        &initiator_keys,
        &responder_keys,
        first.as_bytes(),
        second.as_bytes(),
        both_ephemeral.as_bytes(),
        kem_initiator.0.as_bytes(),
        kem_responder.0.as_bytes(),
    ];
    let sources: Vec<&[u8]> = fixed.into_iter().chain(extra.iter().copied()).collect();
    let lengths: Vec<[u8; 8]> = sources.iter().map(|source| length(source)).collect();
    let framed = lengths.iter().zip(&sources).flat_map(|(len, source)| [len.as_slice(), source]);
    let transcript = transcript.hash();
    Ok(Root { key: kdf::extract(&transcript, framed), transcript })
}

/// What a handshake ends in: the key that all later keys come from.
#[derive(Clone)]
pub struct Root {
    key: Secret<32>,
    transcript: [u8; 32],
}

impl Root {
    /// What the end with this role sends to show that it has the root: an HMAC over the transcript.
    #[must_use]
    pub fn confirmation(&self, role: Role) -> [u8; 32] {
        let label = match role {
            Role::Initiator => label::CONFIRM_INITIATOR,
            Role::Responder => label::CONFIRM_RESPONDER,
        };
        let key = kdf::expand(&self.key, label, &[]);
        *kdf::hmac(&key, &[&self.transcript]).as_bytes()
    }

    /// Whether `bytes` are the confirmation of the end with this role, compared in constant time.
    #[must_use]
    pub fn confirms(&self, role: Role, bytes: &[u8]) -> bool {
        self.confirmation(role).as_slice().ct_eq(bytes).into()
    }

    /// The key of the MAC in a link's first frame while post-quantum epoch 0 is the newest.
    #[must_use]
    pub fn link_key(&self) -> Secret<32> {
        self.epoch_keys().link
    }

    /// What a check of shared words includes while post-quantum epoch 0 is the newest.
    #[must_use]
    pub fn authenticator(&self) -> Secret<32> {
        self.epoch_keys().authenticator
    }

    /// The handshake itself is epoch 0.
    fn epoch_keys(&self) -> EpochKeys {
        EpochKeys::derive(&self.key, 0)
    }

    /// The key that opens a repair handshake, kept until a repair replaces it.
    #[must_use]
    pub fn recovery_key(&self) -> Secret<32> {
        kdf::expand(&self.key, label::RECOVERY, &[])
    }

    /// A key for a purpose of the caller's own, named by `label`: 32 bytes, alike at both ends, that
    /// say nothing about the root, about its other keys or about a key under another label.
    ///
    /// For protocols around this crate. One label is for one purpose.
    #[must_use]
    pub fn export(&self, label: &[u8]) -> Secret<32> {
        kdf::expand(&self.key, EXPORT, label)
    }

    /// The seed of the tags for the first chain of the end with this role: `docs/sealed.md`.
    pub(crate) fn tag_seed(&self, role: Role) -> Secret<32> {
        let label = match role {
            Role::Initiator => label::TAGS_INITIATOR,
            Role::Responder => label::TAGS_RESPONDER,
        };
        kdf::expand(&self.key, label, &[])
    }

    /// Starts the double ratchet and erases the root. `role`, `own` and `peer` are those of
    /// [`derive_root`]; `transcript` has to be the same at both ends and may have grown since.
    ///
    /// `own` is done with then, but for the identity: see [`OwnKeys::into_identity`].
    #[must_use]
    pub fn into_session(
        self,
        role: Role,
        own: &OwnKeys,
        peer: &PublicKeys,
        transcript: &Transcript,
    ) -> Session {
        let own_identity = own.identity.public().as_bytes();
        let (initiator, responder) = match role {
            Role::Initiator => (own_identity, peer.identity()),
            Role::Responder => (peer.identity(), own_identity),
        };
        let associated_data =
            kdf::extract(&transcript.hash(), [label::ASSOCIATED_DATA, initiator, responder]);
        let start = crate::session::Start {
            associated_data: *associated_data.as_bytes(),
            root: kdf::expand(&self.key, label::SESSION_ROOT, &[]),
            header_initiator: kdf::expand(&self.key, label::HEADER_INITIATOR, &[]),
            header_responder: kdf::expand(&self.key, label::HEADER_RESPONDER, &[]),
            keys: self.epoch_keys(),
        };
        match role {
            Role::Initiator => Session::initiator(start, own.ratchet.clone(), &peer.ratchet),
            Role::Responder => Session::responder(start, &own.ratchet, &peer.ratchet),
        }
    }
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Root(…)")
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng as _;

    use super::*;

    /// Every argument of [`derive_root`] that both ends share, as the initiator has it.
    struct Sources {
        initiator: OwnKeys,
        responder: OwnKeys,
        kem_initiator: KemSecret,
        kem_responder: KemSecret,
        extra: Vec<Vec<u8>>,
        transcript: Transcript,
    }

    fn sources() -> Sources {
        let rng = &mut ChaCha20Rng::from_seed([1; 32]);
        let (initiator, responder) = (OwnKeys::generate(rng), OwnKeys::generate(rng));
        let (_, kem_initiator) = encapsulate(&responder.public(), rng);
        let (_, kem_responder) = encapsulate(&initiator.public(), rng);
        let extra = vec![b"pake".to_vec(), b"more".to_vec()];
        let transcript = Transcript::new(b"test");
        Sources { initiator, responder, kem_initiator, kem_responder, extra, transcript }
    }

    impl Sources {
        fn root(&self, role: Role) -> Root {
            let (own, peer) = match role {
                Role::Initiator => (&self.initiator, self.responder.public()),
                Role::Responder => (&self.responder, self.initiator.public()),
            };
            let extra: Vec<&[u8]> = self.extra.iter().map(Vec::as_slice).collect();
            let (one, two) = (&self.kem_initiator, &self.kem_responder);
            derive_root(role, own, &peer, one, two, &extra, &self.transcript).unwrap()
        }
    }

    /// All keys that a root gives.
    fn keys(root: &Root) -> [[u8; 32]; 5] {
        [
            root.confirmation(Role::Initiator),
            root.confirmation(Role::Responder),
            *root.link_key().as_bytes(),
            *root.authenticator().as_bytes(),
            *root.recovery_key().as_bytes(),
        ]
    }

    #[test]
    fn both_ends_have_the_same_root() {
        let sources = sources();
        assert_eq!(keys(&sources.root(Role::Initiator)), keys(&sources.root(Role::Responder)));
    }

    #[test]
    fn each_source_changes_every_key() {
        let other = OwnKeys::generate(&mut ChaCha20Rng::from_seed([2; 32]));
        let changes: [fn(&mut Sources, &OwnKeys); 13] = [
            |sources, other| sources.initiator.identity = other.identity.clone(),
            |sources, other| sources.initiator.ephemeral = other.ephemeral.clone(),
            |sources, other| sources.initiator.ratchet = other.ratchet.clone(),
            |sources, other| sources.responder.identity = other.identity.clone(),
            |sources, other| sources.responder.ephemeral = other.ephemeral.clone(),
            |sources, other| sources.responder.ratchet = other.ratchet.clone(),
            |sources, _| sources.kem_initiator = sources.kem_responder.clone(),
            |sources, _| sources.kem_responder = sources.kem_initiator.clone(),
            |sources, _| std::mem::swap(&mut sources.kem_initiator, &mut sources.kem_responder),
            |sources, _| sources.extra[0][0] ^= 1,
            |sources, _| sources.extra.truncate(1),
            |sources, _| sources.extra = vec![b"pakemore".to_vec()],
            |sources, _| sources.transcript.absorb(b"", b""),
        ];
        let mut seen = vec![keys(&sources().root(Role::Initiator))];
        for change in changes {
            let mut changed = sources();
            change(&mut changed, &other);
            let root = changed.root(Role::Initiator);
            assert_eq!(keys(&root), keys(&changed.root(Role::Responder)));
            seen.push(keys(&root));
        }
        let all: std::collections::BTreeSet<_> = seen.concat().into_iter().collect();
        assert_eq!(all.len(), 14 * 5, "every key is like no other");
    }

    #[test]
    fn exported_keys_are_alike_at_both_ends_and_like_no_other_key() {
        let (one, two) = (sources().root(Role::Initiator), sources().root(Role::Responder));
        // Bare labels of this crate among them, for a caller may choose any.
        let labels: [&[u8]; 6] =
            [b"", b"a", b"ab", label::LINK, label::RECOVERY, label::CONFIRM_INITIATOR];
        let mut seen: Vec<[u8; 32]> = keys(&one).to_vec();
        for label in labels {
            let exported = one.export(label);
            assert_eq!(exported, two.export(label));
            seen.push(*exported.as_bytes());
        }
        let inner = [label::LINK, label::RECOVERY, label::CONFIRM_INITIATOR, label::SESSION_ROOT];
        for label in inner {
            assert!(!label.starts_with(EXPORT) && !EXPORT.starts_with(label));
            seen.push(*kdf::expand(&one.key, label, &[]).as_bytes());
        }
        let all: std::collections::BTreeSet<_> = seen.iter().collect();
        // The recovery key is among the root's keys already.
        assert_eq!(all.len(), seen.len() - 1);
    }

    #[test]
    fn an_exported_key_is_what_the_specification_says() {
        let root = sources().root(Role::Initiator);
        let expected: Secret<32> = kdf::expand(&root.key, b"undertone/1 export some purpose", &[]);
        assert_eq!(root.export(b"some purpose"), expected);
    }

    #[test]
    fn another_transcript_gives_another_exported_key() {
        let mut changed = sources();
        let before = changed.root(Role::Initiator).export(b"a");
        changed.transcript.absorb(b"", b"");
        assert_ne!(changed.root(Role::Initiator).export(b"a"), before);
    }

    #[test]
    fn two_initiators_have_nothing_in_common() {
        let sources = sources();
        let extra: Vec<&[u8]> = sources.extra.iter().map(Vec::as_slice).collect();
        let root = |own: &OwnKeys, peer: &OwnKeys| {
            let (one, two) = (&sources.kem_initiator, &sources.kem_responder);
            let peer = peer.public();
            derive_root(Role::Initiator, own, &peer, one, two, &extra, &sources.transcript).unwrap()
        };
        let one = root(&sources.initiator, &sources.responder);
        let two = root(&sources.responder, &sources.initiator);
        assert!(!one.confirms(Role::Initiator, &two.confirmation(Role::Initiator)));
    }

    #[test]
    fn a_confirmation_is_of_one_role_and_whole() {
        let root = sources().root(Role::Initiator);
        let peer = sources().root(Role::Responder);
        let confirmation = peer.confirmation(Role::Responder);
        assert!(root.confirms(Role::Responder, &confirmation));
        assert!(!root.confirms(Role::Initiator, &confirmation));
        assert!(!root.confirms(Role::Responder, &confirmation[..31]));
        assert!(!root.confirms(Role::Responder, &[]));
        for place in 0..32 {
            let mut wrong = confirmation;
            wrong[place] ^= 1;
            assert!(!root.confirms(Role::Responder, &wrong));
        }
    }

    #[test]
    fn our_own_keys_shown_back_are_refused() {
        let mut sources = sources();
        let refused = |sources: &Sources| {
            let (one, two) = (&sources.kem_initiator, &sources.kem_responder);
            let peer = sources.responder.public();
            let own = &sources.initiator;
            derive_root(Role::Initiator, own, &peer, one, two, &[], &sources.transcript).err()
        };
        assert_eq!(refused(&sources), None);
        sources.responder.ephemeral = sources.initiator.ephemeral.clone();
        assert_eq!(refused(&sources), Some(RootError::OwnKeys));
        sources.responder = sources.initiator.clone();
        assert_eq!(refused(&sources), Some(RootError::OwnKeys));
    }

    #[test]
    fn debug_shows_no_root() {
        assert_eq!(format!("{:?}", sources().root(Role::Initiator)), "Root(…)");
    }
}
