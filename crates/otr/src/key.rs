//! Long-lived keys: DSA, 1,024 bits with a subgroup of 160 (OTRv3 "Public keys, signatures, and
//! fingerprints").

use std::fmt;

use crypto_bigint::{BoxedUint, NonZero, Resize};
use dsa::signature::hazmat::{PrehashVerifier, RandomizedPrehashSigner};
use dsa::{Components, KeySize, Signature, SigningKey, VerifyingKey};
use rand_core::CryptoRng;
use sha1::{Digest, Sha1};
use zeroize::Zeroizing;

use crate::codec::{DecodeError, Reader, Writer, minimal};
use crate::fingerprint::Fingerprint;

/// Length of a signature: both of its numbers have 20 bytes.
pub(crate) const SIGNATURE_LEN: usize = 40;

/// Length of the order of the subgroup, and of each half of a signature, in bytes.
const ORDER_LEN: usize = 20;

/// Bits of primes that are taken. libotr makes 1,024; the order has 160 in any case.
const PRIME_BITS: std::ops::RangeInclusive<u32> = 1_024..=3_072;

/// Bits of the order.
const ORDER_BITS: u32 = 160;

/// How often a signature is tried before the random numbers are given up as broken: the chance of
/// the first failure is one in 2^159.
const TRIES: usize = 8;

/// Why numbers are no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The bytes can't be read.
    #[error("the key can't be read: {0}")]
    Bytes(#[from] DecodeError),
    /// It isn't a DSA key.
    #[error("the key is not a DSA key, and versions 2 and 3 of OTR know no other")]
    Kind,
    /// The sizes are not those of OTR: 1,024 to 3,072 bits and exactly 160.
    #[error("the key has numbers of a size that OTR doesn't use")]
    Size,
    /// The numbers don't belong together.
    #[error("the numbers of the key don't belong together; it may be damaged or made to deceive")]
    Numbers,
    /// It was written by a later version of this library.
    #[error("the key is in a format of a later version; update the program to read it")]
    Version,
}

/// A public key (PUBKEY).
#[derive(Clone, PartialEq)]
pub struct PublicKey {
    key: VerifyingKey,
    encoded: Vec<u8>,
}

/// What marks a DSA key.
const KIND: u16 = 0;

impl PublicKey {
    /// Reads a PUBKEY that is all of `bytes`.
    ///
    /// # Errors
    /// [`KeyError`] unless the bytes are the one encoding of a DSA key of OTR's sizes whose numbers
    /// lie in the subgroup.
    pub fn decode(bytes: &[u8]) -> Result<Self, KeyError> {
        let mut reader = Reader::new(bytes);
        let key = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(key)
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, KeyError> {
        if reader.short()? != KIND {
            return Err(KeyError::Kind);
        }
        let [p, q, g, y] = [reader.mpi()?, reader.mpi()?, reader.mpi()?, reader.mpi()?];
        Self::from_numbers(p, q, g, y)
    }

    /// Puts a key together from big-endian numbers.
    pub(crate) fn from_numbers(p: &[u8], q: &[u8], g: &[u8], y: &[u8]) -> Result<Self, KeyError> {
        let bits = BoxedUint::from_be_slice_vartime(p).bits();
        if !PRIME_BITS.contains(&bits) || BoxedUint::from_be_slice_vartime(q).bits() != 160 {
            return Err(KeyError::Size);
        }
        let wide = |number: &[u8]| {
            BoxedUint::from_be_slice(minimal(number), bits).map_err(|_| KeyError::Numbers)
        };
        let (prime, generator, public) = (wide(p)?, wide(g)?, wide(y)?);
        let order = BoxedUint::from_be_slice(minimal(q), 160).map_err(|_| KeyError::Numbers)?;
        if public >= prime || generator < BoxedUint::from(2_u8).resize(generator.bits_precision()) {
            return Err(KeyError::Numbers);
        }
        // The order must divide the prime less one; the crate below checks y, and here g, too.
        let numbers = |_| KeyError::Numbers;
        let components = Components::from_components_unchecked(prime, order, generator.clone())
            .map_err(numbers)?;
        let _in_the_subgroup =
            VerifyingKey::from_components(components.clone(), generator).map_err(numbers)?;
        let key = VerifyingKey::from_components(components, public).map_err(numbers)?;
        Ok(Self::new(key))
    }

    fn new(key: VerifyingKey) -> Self {
        let parts = key.components();
        let encoded = Writer::new()
            .short(KIND)
            .mpi(&parts.p().to_be_bytes())
            .mpi(&parts.q().to_be_bytes())
            .mpi(&parts.g().to_be_bytes())
            .mpi(&key.y().to_be_bytes())
            .finish();
        Self { key, encoded }
    }

    /// The PUBKEY, 2 bytes of kind and four MPIs.
    #[must_use]
    pub fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    /// The key's fingerprint: over the numbers alone, without the kind.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let numbers = self.encoded.get(2..).unwrap_or_default();
        Fingerprint::new(Sha1::digest(numbers).into())
    }

    /// Whether `signature` over `value`, taken as one number, was made with this key.
    pub(crate) fn verify(&self, value: &[u8], signature: &[u8; SIGNATURE_LEN]) -> bool {
        let (r, s) = signature.split_at(ORDER_LEN);
        let number = |bytes| BoxedUint::from_be_slice_truncated(bytes, 160);
        let Some(signature) = Signature::from_components(number(r), number(s)) else {
            return false;
        };
        let reduced = reduce(value, self.key.components().q());
        self.key.verify_prehash(&reduced, &signature).is_ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.fingerprint())
    }
}

/// OTR signs all bytes as one number, reduced modulo the order, where later rules of DSA would cut
/// it to its first 160 bits: 32 bytes in version 3, a whole profile in version 4.
fn reduce(value: &[u8], order: &NonZero<BoxedUint>) -> [u8; ORDER_LEN] {
    let len = u32::try_from(value.len()).unwrap_or(u32::MAX);
    let bits = len.saturating_mul(8).max(ORDER_BITS);
    let number = BoxedUint::from_be_slice_truncated(value, bits);
    let order = NonZero::new(order.as_ref().resize(bits));
    let mut out = [0; ORDER_LEN];
    if let Some(order) = order.into_option() {
        last_bytes(&number.rem(&order).to_be_bytes(), &mut out);
    }
    out
}

/// The end of `number` in `out`, with zeros before it where it is shorter.
fn last_bytes(number: &[u8], out: &mut [u8]) {
    for (place, byte) in out.iter_mut().rev().zip(number.iter().rev()) {
        *place = *byte;
    }
}

/// First byte of a stored private key.
const STORED_VERSION: u8 = 1;

/// An account's private key. To be kept as long as the account, and shown to nobody.
pub struct PrivateKey {
    key: SigningKey,
    public: PublicKey,
}

impl PrivateKey {
    /// Makes a key. Looking for primes takes seconds.
    #[expect(deprecated, reason = "the size that OTR prescribes; its weakness is in docs/otr.md")]
    #[must_use]
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let Ok(components) =
            Components::try_generate_from_rng_with_key_size(rng, KeySize::DSA_1024_160);
        let Ok(key) = SigningKey::try_generate_from_rng_with_components(rng, components);
        let public = PublicKey::new(key.verifying_key().clone());
        Self { key, public }
    }

    /// Puts a key together from big-endian numbers.
    pub(crate) fn from_numbers(public: PublicKey, x: &[u8]) -> Result<Self, KeyError> {
        let x = BoxedUint::from_be_slice(minimal(x), 160).map_err(|_| KeyError::Numbers)?;
        let key =
            SigningKey::from_components(public.key.clone(), x).map_err(|_| KeyError::Numbers)?;
        let made = Self { key, public };
        made.fits().then_some(made).ok_or(KeyError::Numbers)
    }

    /// Whether the private number belongs to the public one.
    fn fits(&self) -> bool {
        use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
        let parts = self.public.key.components();
        let params = BoxedMontyParams::new(parts.p().clone());
        let power = BoxedMontyForm::new(parts.g().as_ref().clone(), &params).pow(self.key.x());
        power.retrieve() == *self.public.key.y().as_ref()
    }

    /// The key that others see.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The numbers p, q, g, y and x, big-endian.
    pub(crate) fn numbers(&self) -> [Zeroizing<Vec<u8>>; 5] {
        let parts = self.public.key.components();
        [
            parts.p().as_ref(),
            parts.q().as_ref(),
            parts.g().as_ref(),
            self.public.key.y().as_ref(),
            self.key.x().as_ref(),
        ]
        .map(|number| Zeroizing::new(minimal(&number.to_be_bytes()).to_vec()))
    }

    /// The key as this library stores it: `u8 version = 1 ‖ PUBKEY ‖ MPI x`. Secret.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let x = Zeroizing::new(self.key.x().to_be_bytes());
        Writer::new().byte(STORED_VERSION).raw(self.public.encoded()).mpi(&x).secret()
    }

    /// Reads what [`PrivateKey::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`KeyError`] if the bytes are of a later version, damaged, or no key.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let mut reader = Reader::new(bytes);
        if reader.byte()? != STORED_VERSION {
            return Err(KeyError::Version);
        }
        let public = PublicKey::read(&mut reader)?;
        let x = reader.mpi()?;
        reader.finish()?;
        Self::from_numbers(public, x)
    }

    /// Signs bytes, taken as one number.
    ///
    /// # Errors
    /// [`RandomnessError`] if the random numbers are no such.
    pub(crate) fn sign(
        &self,
        value: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<[u8; SIGNATURE_LEN], RandomnessError> {
        let reduced = reduce(value, self.public.key.components().q());
        let signature = (0..TRIES)
            .find_map(|_| self.key.sign_prehash_with_rng(rng, &reduced).ok())
            .ok_or(RandomnessError)?;
        let mut out = [0; SIGNATURE_LEN];
        let (r, s) = out.split_at_mut(ORDER_LEN);
        last_bytes(&signature.r().to_be_bytes(), r);
        last_bytes(&signature.s().to_be_bytes(), s);
        Ok(out)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key: _, public } = self;
        f.debug_struct("PrivateKey").field("public", public).finish_non_exhaustive()
    }
}

/// The random numbers repeat or are zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the random numbers of this machine are broken; nothing was signed")]
pub struct RandomnessError;

#[cfg(test)]
pub(crate) mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;
    use crate::vectors;

    fn rng() -> ChaCha20Rng {
        ChaCha20Rng::from_seed([3; 32])
    }

    /// The key of the vectors.
    pub(crate) fn key() -> PrivateKey {
        let vectors = vectors::ake();
        let number = |name: &str| vectors::hex(&vectors["dsa"][name]);
        let [p, q, g, y, x] = ["p", "q", "g", "y", "x"].map(number);
        let public = PublicKey::from_numbers(&p, &q, &g, &y).unwrap();
        PrivateKey::from_numbers(public, &x).unwrap()
    }

    #[test]
    fn a_key_has_the_vectors_encoding_and_fingerprint() {
        let vectors = vectors::ake();
        let key = key();
        assert_eq!(key.public().encoded(), vectors::hex(&vectors["dsa"]["pubkey_encoded"]));
        let fingerprint = key.public().fingerprint();
        assert_eq!(fingerprint.to_hex(), vectors["dsa"]["fingerprint"].as_str().unwrap());
        assert_eq!(fingerprint.to_string(), "76C21F2F C0B424F5 CA6ADCF0 72F682C0 C4BC5AEF");
        assert_eq!(Fingerprint::from_hex(&fingerprint.to_string()), Some(fingerprint));
        assert_eq!(Fingerprint::from_hex("76C2"), None);
        assert_eq!(PublicKey::decode(key.public().encoded()).unwrap(), *key.public());
    }

    #[test]
    fn signatures_hold_for_their_value_and_key_only() {
        let key = key();
        let signature = key.sign(&[0xfe; 32], &mut rng()).unwrap();
        assert!(key.public().verify(&[0xfe; 32], &signature));
        assert!(!key.public().verify(&[0xff; 32], &signature));
        assert!(!key.public().verify(&[0xfe; 32], &[0; 40]));
        assert!(!key.public().verify(&[0xfe; 32], &[0xff; 40]));
        for bit in 0..320 {
            let mut changed = signature;
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(!key.public().verify(&[0xfe; 32], &changed), "bit {bit}");
        }
    }

    /// Later rules of DSA would sign the first 160 bits and leave the others free.
    #[test]
    fn all_bits_of_a_value_are_signed() {
        let key = key();
        let signature = key.sign(&[0xfe; 32], &mut rng()).unwrap();
        for bit in 0..256 {
            let mut value = [0xfe; 32];
            value[bit / 8] ^= 1 << (bit % 8);
            assert!(!key.public().verify(&value, &signature), "bit {bit}");
        }
    }

    #[test]
    fn a_made_key_signs_and_comes_back() {
        let key = PrivateKey::generate(&mut rng());
        let signature = key.sign(&[7; 32], &mut rng()).unwrap();
        let read = PrivateKey::from_bytes(&key.to_bytes()).unwrap();
        assert_eq!(read.public(), key.public());
        assert!(read.public().verify(&[7; 32], &signature));
        let again = read.sign(&[7; 32], &mut rng()).unwrap();
        assert_eq!(again, signature, "the same random numbers");
    }

    #[test]
    fn numbers_that_make_no_key_are_refused() {
        let vectors = vectors::ake();
        let number = |name: &str| vectors::hex(&vectors["dsa"][name]);
        let [p, q, g, y, x] = ["p", "q", "g", "y", "x"].map(number);
        let of = |p: &[u8], q: &[u8], g: &[u8], y: &[u8]| PublicKey::from_numbers(p, q, g, y).err();
        assert_eq!(of(&p, &q, &g, &y), None);
        assert_eq!(of(&q, &q, &g, &y), Some(KeyError::Size));
        assert_eq!(of(&p, &q[1..], &g, &y), Some(KeyError::Size));
        assert_eq!(of(&p, &p, &g, &y), Some(KeyError::Size));
        assert_eq!(of(&[&p[..], &p, &p, &p].concat(), &q, &g, &y), Some(KeyError::Size));
        for bad in [&[][..], &[1], &[2], &p, &[0xff; 128], &[1; 129]] {
            assert_eq!(of(&p, &q, bad, &y), Some(KeyError::Numbers), "{bad:?}");
            assert_eq!(of(&p, &q, &g, bad), Some(KeyError::Numbers), "{bad:?}");
        }
        let mut even = p.clone();
        *even.last_mut().unwrap() ^= 1;
        assert_eq!(of(&even, &q, &g, &y), Some(KeyError::Numbers));
        let public = PublicKey::from_numbers(&p, &q, &g, &y).unwrap();
        for bad in [&[][..], &[1], &q, &[1; 21]] {
            let made = PrivateKey::from_numbers(public.clone(), bad);
            assert_eq!(made.err(), Some(KeyError::Numbers), "{bad:?}");
        }
        assert!(PrivateKey::from_numbers(public, &x).is_ok());
    }

    #[test]
    fn stored_keys_have_a_version_and_one_form() {
        let stored = key().to_bytes();
        let refused = |bytes: &[u8]| PrivateKey::from_bytes(bytes).err();
        assert_eq!(refused(&[]), Some(KeyError::Bytes(DecodeError::Short)));
        assert_eq!(refused(&[&[2], &stored[1..]].concat()), Some(KeyError::Version));
        assert_eq!(
            refused(&[&stored[..], &[0]].concat()),
            Some(KeyError::Bytes(DecodeError::Long))
        );
        for end in 0..stored.len() {
            assert!(refused(&stored[..end]).is_some(), "{end}");
        }
    }

    #[test]
    fn debug_shows_nothing_secret() {
        insta::assert_snapshot!(format!("{:?}", key()), @"PrivateKey { public: PublicKey(76C21F2F C0B424F5 CA6ADCF0 72F682C0 C4BC5AEF), .. }");
    }
}
