//! What the protocol needs of a group, and ristretto255.

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::IsIdentity;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// A group of prime order in which discrete logarithms are hard.
///
/// Written additively. Everything but decoding takes the same time for all values: scalars are
/// secrets or made from such.
pub trait Group {
    /// Goes into each hash, so that runs in different groups have nothing in common.
    const NAME: &'static str;
    /// Length of an encoded element, in bytes.
    const ELEMENT_LEN: usize;
    /// Length of an encoded scalar, in bytes.
    const SCALAR_LEN: usize;
    /// How many uniform bytes make a scalar whose bias can't be noticed: those of the order and
    /// at least 16 more.
    const WIDE_LEN: usize;

    /// An element. Some are secrets shared by both sides.
    type Element: Clone + ConstantTimeEq + Zeroize;
    /// An integer modulo the order.
    type Scalar: Clone + Zeroize;

    /// `scalar · generator`.
    fn mul_base(scalar: &Self::Scalar) -> Self::Element;
    /// `scalar · element`.
    fn mul(element: &Self::Element, scalar: &Self::Scalar) -> Self::Element;
    /// `one + two`.
    fn add(one: &Self::Element, two: &Self::Element) -> Self::Element;
    /// `one - two`.
    fn sub(one: &Self::Element, two: &Self::Element) -> Self::Element;
    /// Appends the element's one encoding, of [`Group::ELEMENT_LEN`] bytes.
    fn encode(element: &Self::Element, out: &mut Vec<u8>);
    /// Reads an element; none for bytes that are not the one encoding of an element of the
    /// prime-order group, and none for the identity.
    fn decode(bytes: &[u8]) -> Option<Self::Element>;

    /// Reduces [`Group::WIDE_LEN`] uniform bytes.
    fn scalar_from_wide(bytes: &[u8]) -> Self::Scalar;
    /// `minuend - one · two`: the response of a proof.
    fn scalar_sub_product(
        minuend: &Self::Scalar,
        one: &Self::Scalar,
        two: &Self::Scalar,
    ) -> Self::Scalar;
    /// Whether both are the same scalar, in constant time.
    fn scalar_eq(one: &Self::Scalar, two: &Self::Scalar) -> subtle::Choice;
    /// Appends the scalar's one encoding, of [`Group::SCALAR_LEN`] bytes.
    fn encode_scalar(scalar: &Self::Scalar, out: &mut Vec<u8>);
    /// Reads a scalar; none for bytes that are not the one encoding of a scalar, and none for
    /// zero.
    fn decode_scalar(bytes: &[u8]) -> Option<Self::Scalar>;
}

/// ristretto255 (RFC 9496): prime order 2^252 + 2774…8493, no cofactor to think of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ristretto;

impl Group for Ristretto {
    const NAME: &'static str = "ristretto255";
    const ELEMENT_LEN: usize = 32;
    const SCALAR_LEN: usize = 32;
    const WIDE_LEN: usize = 64;

    type Element = RistrettoPoint;
    type Scalar = Scalar;

    fn mul_base(scalar: &Scalar) -> RistrettoPoint {
        RistrettoPoint::mul_base(scalar)
    }

    fn mul(element: &RistrettoPoint, scalar: &Scalar) -> RistrettoPoint {
        element * scalar
    }

    fn add(one: &RistrettoPoint, two: &RistrettoPoint) -> RistrettoPoint {
        one + two
    }

    fn sub(one: &RistrettoPoint, two: &RistrettoPoint) -> RistrettoPoint {
        one - two
    }

    fn encode(element: &RistrettoPoint, out: &mut Vec<u8>) {
        out.extend_from_slice(element.compress().as_bytes());
    }

    fn decode(bytes: &[u8]) -> Option<RistrettoPoint> {
        let point = CompressedRistretto::from_slice(bytes).ok()?.decompress()?;
        (!point.is_identity()).then_some(point)
    }

    fn scalar_from_wide(bytes: &[u8]) -> Scalar {
        let mut wide = [0; Self::WIDE_LEN];
        for (place, byte) in wide.iter_mut().zip(bytes) {
            *place = *byte;
        }
        let scalar = Scalar::from_bytes_mod_order_wide(&wide);
        wide.zeroize();
        scalar
    }

    fn scalar_sub_product(minuend: &Scalar, one: &Scalar, two: &Scalar) -> Scalar {
        minuend - one * two
    }

    fn scalar_eq(one: &Scalar, two: &Scalar) -> subtle::Choice {
        one.ct_eq(two)
    }

    fn encode_scalar(scalar: &Scalar, out: &mut Vec<u8>) {
        out.extend_from_slice(scalar.as_bytes());
    }

    fn decode_scalar(bytes: &[u8]) -> Option<Scalar> {
        let bytes = <[u8; Self::SCALAR_LEN]>::try_from(bytes).ok()?;
        let scalar = Option::<Scalar>::from(Scalar::from_canonical_bytes(bytes))?;
        (scalar != Scalar::ZERO).then_some(scalar)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(element: &RistrettoPoint) -> Vec<u8> {
        let mut out = Vec::new();
        Ristretto::encode(element, &mut out);
        out
    }

    #[test]
    fn elements_have_one_encoding_and_the_identity_none() {
        let base = Ristretto::mul_base(&Scalar::ONE);
        let bytes = encoded(&base);
        assert_eq!(bytes.len(), Ristretto::ELEMENT_LEN);
        assert!(Ristretto::decode(&bytes).is_some_and(|read| read == base));
        assert!(Ristretto::decode(&[0; 32]).is_none(), "the identity");
        assert!(Ristretto::decode(&[0xff; 32]).is_none(), "not reduced");
        assert!(Ristretto::decode(&bytes[1..]).is_none());
        assert!(Ristretto::decode(&[&bytes[..], &[0]].concat()).is_none());
        let mut negative = bytes;
        negative[0] |= 1;
        assert!(Ristretto::decode(&negative).is_none());
    }

    #[test]
    fn scalars_have_one_encoding_and_zero_none() {
        let order = [
            0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9,
            0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        ];
        assert!(Ristretto::decode_scalar(&order).is_none());
        assert!(Ristretto::decode_scalar(&[0; 32]).is_none());
        assert!(Ristretto::decode_scalar(&[0xff; 32]).is_none());
        assert!(Ristretto::decode_scalar(&[1; 31]).is_none());
        let mut last = order;
        last[0] -= 1;
        assert!(Ristretto::decode_scalar(&last).is_some_and(|read| read == -Scalar::ONE));
    }
}
