//! The keys that each end brings to a handshake.

use alloc::boxed::Box;
use core::fmt;

use ml_kem::KeyExport as _;
use ml_kem::kem::{Decapsulate as _, Encapsulate as _};
use ml_kem::ml_kem_768::{Ciphertext as KemCiphertext, DecapsulationKey, EncapsulationKey};
use rand_core::CryptoRng;
use zeroize::Zeroize as _;

use crate::dh::{KeyPair, POINT_LEN, Point, PointError};
use crate::kdf::{self, label};
use crate::secret::Secret;

/// Length of an ML-KEM-768 encapsulation key in bytes.
const KEM_KEY_LEN: usize = 1184;
/// Length of an ML-KEM-768 private key in the form it is kept in: FIPS 203's d ‖ z.
const KEM_SEED_LEN: usize = 64;
/// Bytes of public randomness that each end adds to the transcript.
const ENTROPY_LEN: usize = 32;

/// Length of [`PublicKeys`] on the wire in bytes:
/// identity 32 ‖ ephemeral 32 ‖ ratchet 32 ‖ ML-KEM-768 encapsulation key 1184 ‖ entropy 32.
pub const PUBLIC_KEYS_LEN: usize = 3 * POINT_LEN + KEM_KEY_LEN + ENTROPY_LEN;

/// Length of [`OwnKeys`] at rest in bytes:
/// version 1 ‖ identity 32 ‖ ephemeral 32 ‖ ratchet 32 ‖ ML-KEM seed 64 ‖ entropy 32.
pub const OWN_KEYS_LEN: usize = 1 + 3 * 32 + KEM_SEED_LEN + ENTROPY_LEN;

/// Length of an ML-KEM-768 ciphertext in bytes.
pub const CIPHERTEXT_LEN: usize = 1088;

/// An ML-KEM-768 ciphertext, as it goes over the wire.
pub type Ciphertext = Box<[u8; CIPHERTEXT_LEN]>;

/// The first byte of [`OwnKeys::to_bytes`].
const OWN_KEYS_VERSION: u8 = 1;

/// The private keys that one end made for one handshake.
///
/// Identity, ephemeral and ratchet key (X25519), an ML-KEM-768 key and 32 bytes of entropy. All but
/// the identity are for this one handshake: [`OwnKeys::into_identity`] keeps that and erases the
/// rest. Everything is erased on drop.
#[derive(Clone)]
pub struct OwnKeys {
    pub(super) identity: KeyPair,
    pub(super) ephemeral: KeyPair,
    pub(super) ratchet: KeyPair,
    kem_seed: Secret<KEM_SEED_LEN>,
    entropy: [u8; ENTROPY_LEN],
}

/// Why bytes at rest are no [`OwnKeys`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OwnKeysError {
    /// Not [`OWN_KEYS_LEN`] bytes.
    #[error("stored handshake keys have {OWN_KEYS_LEN} bytes, not {0}; they are damaged")]
    Length(usize),
    /// A version that this program doesn't know.
    #[error("stored handshake keys of version {0} are unknown; use the program that wrote them")]
    Version(u8),
}

impl OwnKeys {
    /// Makes fresh keys.
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let identity = KeyPair::generate(rng);
        Self::generate_for(identity, rng)
    }

    /// Makes fresh keys around an identity that there is already.
    pub(crate) fn generate_for(identity: KeyPair, rng: &mut impl CryptoRng) -> Self {
        let ephemeral = KeyPair::generate(rng);
        let ratchet = KeyPair::generate(rng);
        let kem_seed = Secret::random(rng);
        let mut entropy = [0; ENTROPY_LEN];
        rng.fill_bytes(&mut entropy);
        Self { identity, ephemeral, ratchet, kem_seed, entropy }
    }

    /// What the other end is shown of these keys.
    #[must_use]
    pub fn public(&self) -> PublicKeys {
        PublicKeys {
            identity: self.identity.public().clone(),
            ephemeral: self.ephemeral.public().clone(),
            ratchet: self.ratchet.public().clone(),
            kem: self.decapsulation_key().encapsulation_key().clone(),
            entropy: self.entropy,
        }
    }

    /// Opens what the other end's [`encapsulate`] made for these keys.
    ///
    /// Never fails: a ciphertext that was not made for these keys gives a secret that nobody else
    /// knows (FIPS 203's implicit rejection), and the confirmations then differ.
    #[must_use]
    pub fn decapsulate(&self, ciphertext: &[u8; CIPHERTEXT_LEN]) -> KemSecret {
        let key = self.decapsulation_key();
        let mut shared = key.decapsulate(&KemCiphertext::from(*ciphertext));
        let secret = KemSecret::bind(&shared, key.encapsulation_key(), ciphertext);
        shared.as_mut_slice().zeroize();
        secret
    }

    /// Keeps the identity's private key (32 bytes, X25519) and erases the rest.
    #[must_use]
    pub fn into_identity(self) -> Secret<32> {
        self.identity.secret().clone()
    }

    /// Writes all private keys down, in the format of `docs/ratchet.md`, section "Keys at rest".
    #[must_use]
    pub fn to_bytes(&self) -> Secret<OWN_KEYS_LEN> {
        let mut bytes = [0; OWN_KEYS_LEN];
        let parts: [&[u8]; 6] = [
            &[OWN_KEYS_VERSION],
            self.identity.secret().as_bytes(),
            self.ephemeral.secret().as_bytes(),
            self.ratchet.secret().as_bytes(),
            self.kem_seed.as_bytes(),
            &self.entropy,
        ];
        fill(&mut bytes, &parts);
        let secret = Secret::from_bytes(&bytes);
        bytes.zeroize();
        secret
    }

    /// Reads what [`OwnKeys::to_bytes`] wrote.
    ///
    /// # Errors
    /// - [`OwnKeysError::Length`]: not [`OWN_KEYS_LEN`] bytes.
    /// - [`OwnKeysError::Version`]: written by a later program.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, OwnKeysError> {
        let damaged = || OwnKeysError::Length(bytes.len());
        if bytes.len() != OWN_KEYS_LEN {
            return Err(damaged());
        }
        let rest = &mut &*bytes;
        let [version] = *take(rest).ok_or_else(damaged)?;
        if version != OWN_KEYS_VERSION {
            return Err(OwnKeysError::Version(version));
        }
        let mut pair = || take(rest).map(|key| KeyPair::from_secret(Secret::from_bytes(key)));
        let (identity, ephemeral, ratchet) = (pair(), pair(), pair());
        Ok(Self {
            identity: identity.ok_or_else(damaged)?,
            ephemeral: ephemeral.ok_or_else(damaged)?,
            ratchet: ratchet.ok_or_else(damaged)?,
            kem_seed: Secret::from_bytes(take(rest).ok_or_else(damaged)?),
            entropy: *take(rest).ok_or_else(damaged)?,
        })
    }

    fn decapsulation_key(&self) -> DecapsulationKey {
        DecapsulationKey::from_seed((*self.kem_seed.as_bytes()).into())
    }
}

impl fmt::Debug for OwnKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnKeys(…)")
    }
}

/// The keys that one end shows the other. Every point and the ML-KEM key have been checked.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKeys {
    pub(super) identity: Point,
    pub(super) ephemeral: Point,
    pub(super) ratchet: Point,
    kem: EncapsulationKey,
    entropy: [u8; ENTROPY_LEN],
}

/// Why bytes are no [`PublicKeys`]. Nothing but the peer's own bytes can cause it: drop the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublicKeysError {
    /// Not [`PUBLIC_KEYS_LEN`] bytes.
    #[error("the other side's keys have {0} bytes instead of {PUBLIC_KEYS_LEN}; pair again")]
    Length(usize),
    /// An X25519 key that is not the one encoding of its point (RFC 7748, section 5: a number from
    /// 2^255 − 19 up, or with the highest bit set).
    #[error("a key of the other side is not in canonical form; pair again")]
    NotCanonical,
    /// An X25519 key of low order, such as zero, which makes any shared secret zero.
    #[error("a key of the other side is of low order; pair again")]
    LowOrder,
    /// An ML-KEM key that fails the modulus check of FIPS 203, section 7.2.
    #[error("the other side's ML-KEM key is invalid; pair again")]
    Kem,
}

impl From<PointError> for PublicKeysError {
    fn from(error: PointError) -> Self {
        match error {
            PointError::NotCanonical => Self::NotCanonical,
            PointError::LowOrder => Self::LowOrder,
        }
    }
}

impl PublicKeys {
    /// Writes the keys as they go over the wire and into the transcript.
    #[must_use]
    pub fn encode(&self) -> [u8; PUBLIC_KEYS_LEN] {
        let mut bytes = [0; PUBLIC_KEYS_LEN];
        let kem = self.kem.to_bytes();
        let parts: [&[u8]; 5] = [
            self.identity.as_bytes(),
            self.ephemeral.as_bytes(),
            self.ratchet.as_bytes(),
            &kem,
            &self.entropy,
        ];
        fill(&mut bytes, &parts);
        bytes
    }

    /// Reads and checks the other side's keys. There is one encoding of each set of keys.
    ///
    /// # Errors
    /// See [`PublicKeysError`]: a wrong length, a point that is not canonical or of low order, an
    /// ML-KEM key with a coefficient that is not below the modulus.
    pub fn decode(bytes: &[u8]) -> Result<Self, PublicKeysError> {
        let wrong = || PublicKeysError::Length(bytes.len());
        if bytes.len() != PUBLIC_KEYS_LEN {
            return Err(wrong());
        }
        let rest = &mut &*bytes;
        let identity = Point::parse(take(rest).ok_or_else(wrong)?)?;
        let ephemeral = Point::parse(take(rest).ok_or_else(wrong)?)?;
        let ratchet = Point::parse(take(rest).ok_or_else(wrong)?)?;
        let kem: &[u8; KEM_KEY_LEN] = take(rest).ok_or_else(wrong)?;
        let kem = EncapsulationKey::new(&(*kem).into()).map_err(|_| PublicKeysError::Kem)?;
        let entropy = *take(rest).ok_or_else(wrong)?;
        Ok(Self { identity, ephemeral, ratchet, kem, entropy })
    }

    /// The X25519 identity: 32 bytes, for safety numbers and checks.
    #[must_use]
    pub fn identity(&self) -> &[u8; 32] {
        self.identity.as_bytes()
    }
}

impl fmt::Debug for PublicKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Public to the peer, yet enough to tell in a log who talks to whom.
        f.write_str("PublicKeys(…)")
    }
}

/// A secret that one end encapsulated to the other's ML-KEM key, bound to key and ciphertext.
#[derive(Clone, PartialEq, Eq)]
pub struct KemSecret(pub(super) Secret<32>);

impl KemSecret {
    /// The secret itself, for an end that has to store it until the other's answer comes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Takes what [`KemSecret::as_bytes`] gave. The caller's copy is the caller's to erase.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(Secret::from_bytes(bytes))
    }

    /// ML-KEM alone doesn't promise that a shared secret belongs to one key and one ciphertext;
    /// hashing both in does.
    fn bind(shared: &[u8], key: &EncapsulationKey, ciphertext: &[u8; CIPHERTEXT_LEN]) -> Self {
        Self(kdf::extract(&[0; 32], [label::KEM, shared, &key.to_bytes(), ciphertext]))
    }
}

impl fmt::Debug for KemSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KemSecret(…)")
    }
}

/// Makes a secret that only the owner of `peer` can open, and the ciphertext that carries it.
#[must_use]
pub fn encapsulate(peer: &PublicKeys, rng: &mut impl CryptoRng) -> (Ciphertext, KemSecret) {
    let (ciphertext, mut shared) = peer.kem.encapsulate_with_rng(rng);
    let mut own: Ciphertext = Box::new([0; CIPHERTEXT_LEN]);
    own.copy_from_slice(&ciphertext);
    let secret = KemSecret::bind(&shared, &peer.kem, &own);
    shared.as_mut_slice().zeroize();
    (own, secret)
}

/// Copies `parts` one after the other; they add up to `bytes`.
fn fill(bytes: &mut [u8], parts: &[&[u8]]) {
    let source = parts.iter().flat_map(|part| part.iter());
    for (to, from) in bytes.iter_mut().zip(source) {
        *to = *from;
    }
}

/// Cuts the first `N` bytes off `rest`.
fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (first, others) = rest.split_first_chunk()?;
    *rest = others;
    Some(first)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng as _;

    use super::*;

    fn keys(seed: u8) -> OwnKeys {
        OwnKeys::generate(&mut ChaCha20Rng::from_seed([seed; 32]))
    }

    fn decode_with(change: impl FnOnce(&mut [u8])) -> Option<PublicKeysError> {
        let mut bytes = keys(1).public().encode();
        change(&mut bytes);
        PublicKeys::decode(&bytes).err()
    }

    #[test]
    fn public_keys_survive_the_wire() {
        let public = keys(1).public();
        let decoded = PublicKeys::decode(&public.encode()).unwrap();
        assert!(decoded == public);
        assert_eq!(decoded.encode(), public.encode());
        assert_eq!(public.identity(), &public.encode()[..32]);
    }

    #[test]
    fn own_keys_survive_rest() {
        let own = keys(1);
        let again = OwnKeys::from_bytes(own.to_bytes().as_bytes()).unwrap();
        assert!(again.public() == own.public());
        assert!(again.to_bytes() == own.to_bytes());
        assert_eq!(again.into_identity().as_bytes(), &own.to_bytes().as_bytes()[1..33]);
    }

    #[test]
    fn keys_of_a_wrong_length_are_refused() {
        let bytes = keys(1).public().encode();
        let longer = [bytes.as_slice(), &[0]].concat();
        for wrong in [&[], &bytes[..1], &bytes[1..], longer.as_slice()] {
            let error = PublicKeys::decode(wrong).err();
            assert_eq!(error, Some(PublicKeysError::Length(wrong.len())));
        }
        let own = keys(1).to_bytes();
        let longer = [own.as_bytes().as_slice(), &[0]].concat();
        for wrong in [&[], &own.as_bytes()[1..], longer.as_slice()] {
            let error = OwnKeys::from_bytes(wrong).err();
            assert_eq!(error, Some(OwnKeysError::Length(wrong.len())));
        }
    }

    #[test]
    fn own_keys_of_another_version_are_refused() {
        let mut bytes = *keys(1).to_bytes().as_bytes();
        bytes[0] = 2;
        assert_eq!(OwnKeys::from_bytes(&bytes).err(), Some(OwnKeysError::Version(2)));
    }

    #[test]
    fn each_of_the_three_points_is_checked() {
        for start in [0, 32, 64] {
            let zero = decode_with(|bytes| bytes[start..start + 32].fill(0));
            assert_eq!(zero, Some(PublicKeysError::LowOrder));
            let high = decode_with(|bytes| bytes[start + 31] |= 0x80);
            assert_eq!(high, Some(PublicKeysError::NotCanonical));
        }
    }

    #[test]
    fn an_ml_kem_key_that_fails_the_modulus_check_is_refused() {
        // Each coefficient has 12 bits, two in three bytes, and has to be below 3329. The 32 bytes
        // behind the 768 coefficients are a seed and may be anything.
        const SEED: usize = 96 + 1152;
        for place in (96..SEED).step_by(3) {
            let first = decode_with(|bytes| {
                bytes[place] = 0x01;
                bytes[place + 1] = (bytes[place + 1] & 0xf0) | 0x0d;
            });
            assert_eq!(first, Some(PublicKeysError::Kem), "3329 at {place}");
            let second = decode_with(|bytes| {
                bytes[place + 1] = (bytes[place + 1] & 0x0f) | 0x10;
                bytes[place + 2] = 0xd0;
            });
            assert_eq!(second, Some(PublicKeysError::Kem), "3329 after {place}");
        }
        let highest = decode_with(|bytes| {
            bytes[96] = 0x00;
            bytes[97] = (bytes[97] & 0xf0) | 0x0d;
        });
        assert_eq!(highest, None, "3328 is below the modulus");
        assert_eq!(decode_with(|bytes| bytes[SEED..SEED + 32].fill(0xff)), None);
    }

    #[test]
    fn what_is_encapsulated_is_opened_by_the_owner_alone() {
        let mut rng = ChaCha20Rng::from_seed([9; 32]);
        let (ciphertext, secret) = encapsulate(&keys(1).public(), &mut rng);
        assert!(keys(1).decapsulate(&ciphertext) == secret);
        assert!(KemSecret::from_bytes(secret.as_bytes()) == secret);
        assert!(keys(2).decapsulate(&ciphertext) != secret);
        let mut changed = ciphertext.clone();
        changed[500] ^= 1;
        assert!(keys(1).decapsulate(&changed) != secret);
        let (again, other) = encapsulate(&keys(1).public(), &mut rng);
        assert!(again != ciphertext && other != secret);
    }

    #[test]
    fn debug_shows_no_keys() {
        let own = keys(1);
        let (_, secret) = encapsulate(&own.public(), &mut ChaCha20Rng::from_seed([9; 32]));
        let shown = format!("{own:?} {:?} {secret:?} {:?}", own.public(), own.to_bytes());
        insta::assert_snapshot!(shown, @"OwnKeys(…) PublicKeys(…) KemSecret(…) Secret<193>(…)");
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_are_keys_or_refused(
            bytes in prop_oneof![
                proptest::collection::vec(any::<u8>(), PUBLIC_KEYS_LEN),
                proptest::collection::vec(any::<u8>(), 0..3_000),
            ],
        ) {
            if let Ok(keys) = PublicKeys::decode(&bytes) {
                prop_assert_eq!(keys.encode().to_vec(), bytes);
            }
        }
    }
}
