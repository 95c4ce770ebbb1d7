//! Ed448-Goldilocks in version 4 (OTRv4 "Elliptic Curve Parameters", "Encoding"): points, scalars,
//! pairs of keys, and signatures of RFC 8032.
//!
//! The arithmetic is that of `ed448-goldilocks`, whose multiplication takes the same steps for all
//! scalars: a window of fixed width, a table that is read whole, conditional negation. Its decoder
//! takes more than one encoding of some points, so ours checks that what it read is what it would
//! write.

use std::fmt;

use ed448_goldilocks::{CompressedEdwardsY, EdwardsPoint, EdwardsScalar, WideEdwardsScalarBytes};
use rand_core::CryptoRng;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::{Zeroize, Zeroizing};

use super::kdf;
use crate::codec::DecodeError;

/// Length of a point, of a scalar, and of what a secret is made from, in bytes.
pub(crate) const LEN: usize = 57;

/// Length of a signature (EDDSA-SIG), in bytes.
pub(crate) const SIGNATURE_LEN: usize = 2 * LEN;

/// The order of the group, as a SCALAR.
pub(crate) const ORDER: [u8; LEN] = [
    0xf3, 0x44, 0x58, 0xab, 0x92, 0xc2, 0x78, 0x23, 0x55, 0x8f, 0xc5, 0x8d, 0x72, 0xc2, 0x6c, 0x21,
    0x90, 0x36, 0xd6, 0xae, 0x49, 0xdb, 0x4e, 0xc4, 0xe9, 0x23, 0xca, 0x7c, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f, 0x00,
];

/// Begins what is hashed for a signature: "SigEd448", no prehash, no context (RFC 8032, section 2).
const DOM4: &[u8] = b"SigEd448\0\0";

/// A public point (POINT): of prime order, and not the identity.
#[derive(Clone, Copy)]
pub(crate) struct Point {
    point: EdwardsPoint,
    bytes: [u8; LEN],
}

impl Point {
    /// Reads 57 bytes.
    ///
    /// # Errors
    /// [`DecodeError::Value`] for what is not the one encoding of a point of the curve, is the
    /// identity, or has a part of small order.
    pub(crate) fn read(bytes: [u8; LEN]) -> Result<Self, DecodeError> {
        // The decoder refuses what is not on the curve or not of the subgroup.
        let affine = CompressedEdwardsY(bytes).decompress();
        let point: Option<EdwardsPoint> = Option::from(affine.map(|affine| affine.to_edwards()));
        let point = Self::from(point.ok_or(DecodeError::Value)?);
        // It takes a `y` that is not reduced, ignores seven bits, and takes either sign of `x = 0`.
        if point.bytes != bytes || point.point == EdwardsPoint::IDENTITY {
            return Err(DecodeError::Value);
        }
        Ok(point)
    }

    /// The generator.
    pub(crate) fn generator() -> Self {
        EdwardsPoint::GENERATOR.into()
    }

    /// Its 57 bytes (RFC 8032, section 5.2.2).
    pub(crate) fn bytes(&self) -> &[u8; LEN] {
        &self.bytes
    }

    /// `G·base + self·scalar`, and the encoding of it.
    pub(crate) fn combine(&self, base: &Scalar, scalar: &Scalar) -> [u8; LEN] {
        let sum =
            EdwardsPoint::GENERATOR.scalar_mul(&base.0).add(&self.point.scalar_mul(&scalar.0));
        sum.to_affine().compress().0
    }

    /// The encoding of `G·base` and all products together.
    pub(crate) fn combine_all(base: &Scalar, products: &[(Self, Scalar)]) -> [u8; LEN] {
        let start = EdwardsPoint::GENERATOR.scalar_mul(&base.0);
        let sum = products
            .iter()
            .fold(start, |sum, (point, scalar)| sum.add(&point.point.scalar_mul(&scalar.0)));
        sum.to_affine().compress().0
    }
}

impl From<EdwardsPoint> for Point {
    fn from(point: EdwardsPoint) -> Self {
        Self { point, bytes: point.to_affine().compress().0 }
    }
}

impl PartialEq for Point {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Point {}

impl fmt::Debug for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Point({})", data_encoding::HEXLOWER.encode(&self.bytes))
    }
}

/// An integer modulo the order (SCALAR), erased on drop.
#[derive(Clone)]
pub(crate) struct Scalar(Zeroizing<EdwardsScalar>);

impl Scalar {
    /// The little-endian integer of at most 114 bytes, reduced; more bytes are cut off.
    pub(crate) fn reduce(bytes: &[u8]) -> Self {
        let mut wide = WideEdwardsScalarBytes::default();
        for (place, byte) in wide.iter_mut().zip(bytes) {
            *place = *byte;
        }
        let scalar = EdwardsScalar::from_bytes_mod_order_wide(&wide);
        wide.as_mut_slice().zeroize();
        Self(Zeroizing::new(scalar))
    }

    /// Zero.
    pub(crate) fn zero() -> Self {
        Self(Zeroizing::new(EdwardsScalar::ZERO))
    }

    /// A random scalar ("random value in Z_q"): of 57 random bytes, hashed and pruned.
    pub(crate) fn random(rng: &mut impl CryptoRng) -> Self {
        let mut seed = Zeroizing::new([0; LEN]);
        rng.fill_bytes(&mut *seed);
        let mut hash = kdf::shake(&[&*seed]);
        prune(&mut hash);
        Self::reduce(&*hash)
    }

    /// "HashToScalar".
    pub(crate) fn hash(domain: &[u8], number: u8, parts: &[&[u8]]) -> Self {
        Self::reduce(&*kdf::numbered::<LEN>(domain, number, parts))
    }

    /// Its 57 bytes, little-endian.
    pub(crate) fn bytes(&self) -> Zeroizing<[u8; LEN]> {
        let mut bytes = self.0.to_bytes_rfc_8032();
        let mut out = Zeroizing::new([0; LEN]);
        out.copy_from_slice(bytes.as_slice());
        bytes.as_mut_slice().zeroize();
        out
    }

    pub(crate) fn add(&self, other: &Self) -> Self {
        Self(Zeroizing::new(self.0.addition(&other.0)))
    }

    pub(crate) fn sub(&self, other: &Self) -> Self {
        Self(Zeroizing::new(self.0.subtract(&other.0)))
    }

    pub(crate) fn mul(&self, other: &Self) -> Self {
        Self(Zeroizing::new(self.0.multiply(&other.0)))
    }

    /// `one` or, if so chosen, `two`, in the same time.
    pub(crate) fn select(one: &Self, two: &Self, choice: Choice) -> Self {
        Self(Zeroizing::new(EdwardsScalar::conditional_select(&one.0, &two.0, choice)))
    }

    pub(crate) fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&*other.0)
    }
}

impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scalar(…)")
    }
}

/// Makes a multiple of the cofactor with a fixed highest bit (RFC 8032, section 5.2.5).
fn prune(bytes: &mut [u8; LEN]) {
    let [first, .., last_but_one, last] = bytes;
    *first &= 0xfc;
    *last_but_one |= 0x80;
    *last = 0;
}

/// A secret scalar with its point.
#[derive(Clone)]
pub(crate) struct Pair {
    secret: Scalar,
    pub(crate) public: Point,
}

impl Pair {
    /// A new pair.
    pub(crate) fn random(rng: &mut impl CryptoRng) -> Self {
        let mut sym = Zeroizing::new([0; LEN]);
        rng.fill_bytes(&mut *sym);
        Self::from_sym(&sym)
    }

    /// The pair of 57 bytes ("symmetric key").
    pub(crate) fn from_sym(sym: &[u8; LEN]) -> Self {
        let hash = kdf::shake::<SIGNATURE_LEN>(&[sym]);
        let mut half = Zeroizing::new([0; LEN]);
        for (place, byte) in half.iter_mut().zip(*hash) {
            *place = byte;
        }
        prune(&mut half);
        Self::from_secret(Scalar::reduce(&*half))
    }

    /// The pair of a scalar that is stored.
    pub(crate) fn from_secret(secret: Scalar) -> Self {
        let public = EdwardsPoint::GENERATOR.scalar_mul(&secret.0).into();
        Self { secret, public }
    }

    pub(crate) fn secret(&self) -> &Scalar {
        &self.secret
    }

    /// What both ends share (`K_ecdh`). Never the identity: a [`Point`] has prime order, and a
    /// secret that is a multiple of it would have to be found in a hash.
    pub(crate) fn shared(&self, theirs: &Point) -> Zeroizing<[u8; LEN]> {
        let shared = Zeroizing::new(theirs.point.scalar_mul(&self.secret.0));
        Zeroizing::new(shared.to_affine().compress().0)
    }
}

/// A pair that signs (RFC 8032, section 5.2).
#[derive(Clone)]
pub(crate) struct SigningPair {
    sym: Zeroizing<[u8; LEN]>,
    pair: Pair,
    prefix: Zeroizing<[u8; LEN]>,
}

impl SigningPair {
    pub(crate) fn random(rng: &mut impl CryptoRng) -> Self {
        let mut sym = Zeroizing::new([0; LEN]);
        rng.fill_bytes(&mut *sym);
        Self::from_sym(&sym)
    }

    pub(crate) fn from_sym(sym: &[u8; LEN]) -> Self {
        let hash = kdf::shake::<SIGNATURE_LEN>(&[sym]);
        let mut prefix = Zeroizing::new([0; LEN]);
        for (place, byte) in prefix.iter_mut().zip(hash.iter().skip(LEN)) {
            *place = *byte;
        }
        Self { sym: Zeroizing::new(*sym), pair: Pair::from_sym(sym), prefix }
    }

    pub(crate) fn sym(&self) -> &[u8; LEN] {
        &self.sym
    }

    pub(crate) fn pair(&self) -> &Pair {
        &self.pair
    }

    pub(crate) fn public(&self) -> &Point {
        &self.pair.public
    }

    /// Signs a message.
    pub(crate) fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_LEN] {
        let nonce = kdf::shake::<SIGNATURE_LEN>(&[DOM4, &*self.prefix, message]);
        let nonce = Pair::from_secret(Scalar::reduce(&*nonce));
        let challenge = challenge(nonce.public.bytes(), self.public(), message);
        let s = nonce.secret.add(&challenge.mul(&self.pair.secret));
        let mut out = [0; SIGNATURE_LEN];
        for (place, byte) in out.iter_mut().zip(nonce.public.bytes().iter().chain(&*s.bytes())) {
            *place = *byte;
        }
        out
    }
}

impl fmt::Debug for SigningPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningPair({:?})", self.public())
    }
}

fn challenge(commitment: &[u8; LEN], key: &Point, message: &[u8]) -> Scalar {
    Scalar::reduce(&*kdf::shake::<SIGNATURE_LEN>(&[DOM4, commitment, key.bytes(), message]))
}

/// Whether a signature is right. It must be written in its one form: `S` below the order, and `R`
/// as its point is encoded.
pub(crate) fn verify(key: &Point, message: &[u8], signature: &[u8; SIGNATURE_LEN]) -> bool {
    let Some((commitment, s)) = signature.split_first_chunk::<LEN>() else { return false };
    let scalar = Scalar::reduce(s);
    if scalar.bytes()[..] != *s {
        return false;
    }
    // R = G·S - A·k, compared as it is encoded.
    let minus = Scalar::zero().sub(&challenge(commitment, key, message));
    key.combine(&scalar, &minus) == *commitment
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v4::vectors::{Given, array, hex, load};

    #[test]
    fn keys_and_signatures_are_those_of_the_vectors() {
        let vectors = load("ed448_keys");
        for case in vectors["keys"].as_array().unwrap() {
            let key = SigningPair::from_sym(&array(&case["sym"]));
            assert_eq!(key.public().bytes()[..], hex(&case["public_point"]));
            let secret = Scalar::reduce(&hex(&case["secret_scalar_le57"]));
            assert!(bool::from(secret.ct_eq(key.pair().secret())));
            if case["message"].is_string() {
                let message = hex(&case["message"]);
                let signature = key.sign(&message);
                assert_eq!(signature[..], hex(&case["eddsa_signature"]));
                assert!(verify(key.public(), &message, &signature));
            }
        }
        assert_eq!(Point::generator().bytes()[..], hex(&vectors["base_point"]));
        assert_eq!(ORDER[..], hex(&vectors["order_q_le57"]));
        for case in vectors["random_zq"].as_array().unwrap() {
            let scalar = Scalar::random(&mut Given::new(&[&case["random"]]));
            assert_eq!(scalar.bytes()[..], hex(&case["scalar_mod_q"]));
        }
    }

    #[test]
    fn points_that_are_none_of_the_group_are_refused() {
        let vectors = load("ed448_keys");
        for case in vectors["invalid_points"].as_array().unwrap() {
            let read = Point::read(array(&case["encoding"]));
            assert_eq!(read, Err(DecodeError::Value), "{}", case["why"]);
        }
        let mut generator = *Point::generator().bytes();
        assert!(Point::read(generator).is_ok());
        // Bits that mean nothing: another encoding of the same point.
        for bit in 0..7 {
            generator[56] ^= 1 << bit;
            assert!(Point::read(generator).is_err(), "bit {bit}");
            generator[56] ^= 1 << bit;
        }
    }

    #[test]
    fn a_signature_holds_for_its_message_and_key_in_one_form() {
        let key = SigningPair::from_sym(&[7; LEN]);
        let signature = key.sign(b"text");
        assert!(verify(key.public(), b"text", &signature));
        assert!(!verify(key.public(), b"test", &signature));
        assert!(!verify(SigningPair::from_sym(&[8; LEN]).public(), b"text", &signature));
        for bit in (0..SIGNATURE_LEN * 8).step_by(5) {
            let mut changed = signature;
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(!verify(key.public(), b"text", &changed), "bit {bit}");
        }
        // S plus the order means the same number.
        let mut carry = 0;
        let mut longer = signature;
        for (byte, order) in longer[LEN..].iter_mut().zip(ORDER) {
            carry += u16::from(*byte) + u16::from(order);
            *byte = carry.to_le_bytes()[0];
            carry >>= 8;
        }
        assert!(!verify(key.public(), b"text", &longer));
    }

    #[test]
    fn both_ends_share_a_point() {
        let (one, two) = (Pair::from_sym(&[1; LEN]), Pair::from_sym(&[2; LEN]));
        assert_eq!(one.shared(&two.public), two.shared(&one.public));
    }
}
