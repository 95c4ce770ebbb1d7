//! ristretto255, for the native use.

use alloc::vec::Vec;

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::IsIdentity;
use subtle::ConstantTimeEq as _;

use super::{Group, within};

/// ristretto255 (RFC 9496): prime order 2^252 + 2774…8493, no cofactor to think of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ristretto;

impl Ristretto {
    /// Reduces 64 uniform bytes: so many more than the order has that no bias can be noticed.
    pub(crate) fn scalar_from_wide(wide: &[u8; 64]) -> Scalar {
        Scalar::from_bytes_mod_order_wide(wide)
    }
}

impl Group for Ristretto {
    const NAME: &'static str = "ristretto255";
    const ELEMENT_LEN: usize = 32;
    const SCALAR_LEN: usize = 32;

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

    fn element_len(bytes: &[u8]) -> Option<usize> {
        within(bytes, Self::ELEMENT_LEN)
    }

    fn encode(element: &RistrettoPoint, out: &mut Vec<u8>) {
        out.extend_from_slice(element.compress().as_bytes());
    }

    fn decode(bytes: &[u8]) -> Option<RistrettoPoint> {
        let point = CompressedRistretto::from_slice(bytes).ok()?.decompress()?;
        (!point.is_identity()).then_some(point)
    }

    fn scalar_sub_product(minuend: &Scalar, one: &Scalar, two: &Scalar) -> Scalar {
        minuend - one * two
    }

    fn scalar_eq(one: &Scalar, two: &Scalar) -> subtle::Choice {
        one.ct_eq(two)
    }

    fn scalar_len(bytes: &[u8]) -> Option<usize> {
        within(bytes, Self::SCALAR_LEN)
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
