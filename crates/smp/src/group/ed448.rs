//! The prime-order subgroup of Ed448, for OTR version 4.

use alloc::vec::Vec;

use ed448_goldilocks::{CompressedEdwardsY, EdwardsPoint, EdwardsScalar, WideEdwardsScalarBytes};
use subtle::{Choice, ConstantTimeEq};
use zeroize::{DefaultIsZeroes, Zeroize};

use super::{Group, within};

/// Length of the encoding of points and scalars, in bytes.
const LEN: usize = 57;

/// A point of the prime-order subgroup.
#[derive(Clone, Copy, Default)]
pub struct Ed448Point(EdwardsPoint);

impl DefaultIsZeroes for Ed448Point {}

impl ConstantTimeEq for Ed448Point {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl core::fmt::Debug for Ed448Point {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Ed448Point(…)")
    }
}

/// An integer modulo the order.
#[derive(Clone, Copy, Default)]
pub struct Ed448Scalar(EdwardsScalar);

impl DefaultIsZeroes for Ed448Scalar {}

impl core::fmt::Debug for Ed448Scalar {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Ed448Scalar(…)")
    }
}

/// The subgroup of prime order 2^446 - 1381…3885 of Ed448, with the generator of RFC 8032: OTR
/// version 4. The curve's cofactor is 4; points outside the subgroup are refused, so none comes
/// into a computation.
///
/// Points are encoded in 57 bytes as RFC 8032 has it, scalars in 57 bytes, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ed448;

impl Ed448 {
    /// The scalar of a little-endian integer of 57 bytes.
    pub(crate) fn scalar_from_le(bytes: &[u8; LEN]) -> Ed448Scalar {
        Self::scalar_from_wide(bytes)
    }

    /// The scalar of a little-endian integer of at most 114 bytes; more are cut off.
    pub(crate) fn scalar_from_wide(bytes: &[u8]) -> Ed448Scalar {
        let mut wide = WideEdwardsScalarBytes::default();
        for (place, byte) in wide.iter_mut().zip(bytes) {
            *place = *byte;
        }
        let scalar = EdwardsScalar::from_bytes_mod_order_wide(&wide);
        wide.as_mut_slice().zeroize();
        Ed448Scalar(scalar)
    }
}

impl Group for Ed448 {
    const NAME: &'static str = "ed448";
    const ELEMENT_LEN: usize = LEN;
    const SCALAR_LEN: usize = LEN;

    type Element = Ed448Point;
    type Scalar = Ed448Scalar;

    fn mul_base(scalar: &Ed448Scalar) -> Ed448Point {
        Ed448Point(EdwardsPoint::GENERATOR.scalar_mul(&scalar.0))
    }

    fn mul(element: &Ed448Point, scalar: &Ed448Scalar) -> Ed448Point {
        Ed448Point(element.0.scalar_mul(&scalar.0))
    }

    fn add(one: &Ed448Point, two: &Ed448Point) -> Ed448Point {
        Ed448Point(one.0 + two.0)
    }

    fn sub(one: &Ed448Point, two: &Ed448Point) -> Ed448Point {
        Ed448Point(one.0 - two.0)
    }

    fn scalar_sub_product(
        minuend: &Ed448Scalar,
        one: &Ed448Scalar,
        two: &Ed448Scalar,
    ) -> Ed448Scalar {
        Ed448Scalar(minuend.0 - one.0 * two.0)
    }

    fn scalar_eq(one: &Ed448Scalar, two: &Ed448Scalar) -> Choice {
        one.0.ct_eq(&two.0)
    }

    fn element_len(bytes: &[u8]) -> Option<usize> {
        within(bytes, LEN)
    }

    fn encode(element: &Ed448Point, out: &mut Vec<u8>) {
        out.extend_from_slice(&element.0.to_affine().compress().0);
    }

    fn decode(bytes: &[u8]) -> Option<Ed448Point> {
        let bytes = <[u8; LEN]>::try_from(bytes).ok()?;
        // Refuses what is not on the curve or not in the subgroup.
        let point = Option::from(CompressedEdwardsY(bytes).decompress().map(|it| it.to_edwards()))?;
        let point = Ed448Point(point);
        // The decoder takes a `y` that is not reduced, ignores seven bits of the last byte, and
        // takes either sign of `x = 0`.
        let canonical = point.0.to_affine().compress().0 == bytes;
        let identity = bool::from(point.0.ct_eq(&EdwardsPoint::IDENTITY));
        (canonical && !identity).then_some(point)
    }

    fn scalar_len(bytes: &[u8]) -> Option<usize> {
        within(bytes, LEN)
    }

    fn encode_scalar(scalar: &Ed448Scalar, out: &mut Vec<u8>) {
        out.extend_from_slice(&scalar.0.to_bytes_rfc_8032());
    }

    /// Takes every integer of 57 bytes, reduced, as OTRv4 has it; only multiples of the order are
    /// refused.
    fn decode_scalar(bytes: &[u8]) -> Option<Ed448Scalar> {
        let scalar = Self::scalar_from_le(bytes.try_into().ok()?);
        let zero = bool::from(scalar.0.ct_eq(&EdwardsScalar::ZERO));
        (!zero).then_some(scalar)
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use rand_chacha::ChaCha20Rng;
    use rand_core::{Rng as _, SeedableRng as _};

    use super::*;

    type Bytes = [u8; LEN];

    const ORDER: &str = "f34458ab92c27823558fc58d72c26c219036d6ae49db4ec4e923ca7c\
                         ffffffffffffffffffffffffffffffffffffffffffffffffffffff3f00";
    /// RFC 8032, section 5.2: the encoding of its base point.
    const BASE: &str = "14fa30f25b790898adc8d74e2c13bdfdc4397ce61cffd33ad7c2a005\
                        1e9c78874098a36c7373ea4b62c7c9563720768824bcb66e71463f6900";
    /// The field's prime, 2^448 - 2^224 - 1, in 57 bytes.
    const PRIME: &str = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff\
                         feffffffffffffffffffffffffffffffffffffffffffffffffffffff00";

    fn hex(text: &str) -> Bytes {
        HEXLOWER.decode(text.as_bytes()).unwrap().try_into().unwrap()
    }

    fn number(value: u8) -> Bytes {
        let mut bytes = [0; LEN];
        bytes[0] = value;
        bytes
    }

    /// Little-endian, without the carry out of the last byte.
    fn sum(one: &Bytes, two: &Bytes) -> Bytes {
        let mut carry = 0;
        std::array::from_fn(|index| {
            let sum = u16::from(one[index]) + u16::from(two[index]) + carry;
            carry = sum >> 8;
            sum.to_le_bytes()[0]
        })
    }

    fn encoded(point: &Ed448Point) -> Bytes {
        let mut out = Vec::new();
        Ed448::encode(point, &mut out);
        out.try_into().unwrap()
    }

    /// Any point of the curve, the subgroup or not.
    fn point(bytes: &Bytes) -> Option<EdwardsPoint> {
        Option::from(CompressedEdwardsY(*bytes).decompress_unchecked().map(|it| it.to_edwards()))
    }

    /// The four points that the cofactor makes zero.
    fn torsion() -> [EdwardsPoint; 4] {
        let minus_one = sum(&hex(PRIME), &[0xff; LEN]);
        let mut other = number(0);
        other[56] = 0x80;
        [number(1), minus_one, number(0), other].map(|bytes| point(&bytes).unwrap())
    }

    /// `order · point`, bit by bit with the complete law of addition.
    fn times_order(point: &EdwardsPoint) -> EdwardsPoint {
        let mut result = EdwardsPoint::IDENTITY;
        for byte in hex(ORDER).iter().rev() {
            for bit in (0..8).rev() {
                result = result + result;
                if byte >> bit & 1 == 1 {
                    result += *point;
                }
            }
        }
        result
    }

    #[test]
    fn the_generator_is_the_base_point_of_the_rfc() {
        let one = Ed448::decode_scalar(&number(1)).unwrap();
        assert_eq!(encoded(&Ed448::mul_base(&one)), hex(BASE));
        assert!(Ed448::decode(&hex(BASE)).is_some());
    }

    #[test]
    fn exactly_the_points_of_the_prime_order_subgroup_are_taken() {
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        let (mut on_curve, mut taken) = (0, 0);
        while on_curve < 48 {
            let mut bytes = [0; LEN];
            rng.fill_bytes(&mut bytes);
            bytes[56] &= 0x80;
            let decoded = Ed448::decode(&bytes);
            let Some(point) = point(&bytes) else {
                assert!(decoded.is_none());
                continue;
            };
            on_curve += 1;
            let member = bool::from(times_order(&point).ct_eq(&EdwardsPoint::IDENTITY));
            assert_eq!(decoded.is_some(), member, "{bytes:?}");
            taken += u8::from(member);
        }
        assert!((4..24).contains(&taken), "about one of four: {taken}");
    }

    #[test]
    fn a_point_with_a_part_of_small_order_is_refused() {
        for value in 1..=20 {
            let base = Ed448::mul_base(&Ed448::decode_scalar(&number(value)).unwrap());
            for (index, torsion) in torsion().into_iter().enumerate() {
                let sum = encoded(&Ed448Point(base.0 + torsion));
                assert_eq!(Ed448::decode(&sum).is_some(), index == 0, "{value}, {index}");
            }
        }
        for (index, torsion) in torsion().into_iter().enumerate() {
            assert!(Ed448::decode(&encoded(&Ed448Point(torsion))).is_none(), "{index}");
        }
    }

    #[test]
    fn a_point_has_one_encoding() {
        let prime = hex(PRIME);
        let minus_one = sum(&prime, &[0xff; LEN]);
        let signed = |mut bytes: Bytes| {
            bytes[56] |= 0x80;
            bytes
        };
        let refused = [
            ("the identity", number(1)),
            ("the identity with a sign", signed(number(1))),
            ("the identity, not reduced", sum(&prime, &number(1))),
            ("of order two", minus_one),
            ("of order two with a sign", signed(minus_one)),
            ("of order four", number(0)),
            ("of order four, the other", signed(number(0))),
            ("of order four, not reduced", prime),
            ("of order four, the other, not reduced", signed(prime)),
            ("the largest y", [&[0xff; 56][..], &[0]].concat().try_into().unwrap()),
            ("all ones", [0xff; LEN]),
        ];
        for (name, bytes) in refused {
            assert!(Ed448::decode(&bytes).is_none(), "{name}");
        }
        // Each of the seven bits that mean nothing.
        for bit in 0..7 {
            let mut bytes = hex(BASE);
            bytes[56] |= 1 << bit;
            assert!(Ed448::decode(&bytes).is_none(), "bit {bit}");
        }
        for length in (0..LEN).chain([LEN + 1, 2 * LEN]) {
            assert!(Ed448::decode(&vec![2; length]).is_none());
            assert!(Ed448::decode_scalar(&vec![2; length]).is_none());
        }
        // A good point whose y is small enough that y + p has 448 bits too.
        let mut found = 0;
        for value in 2..=255 {
            let (bytes, again) = (number(value), sum(&prime, &number(value)));
            if let Some(point) = Ed448::decode(&bytes) {
                found += 1;
                assert_eq!(encoded(&point), bytes);
                assert!(Ed448::decode(&again).is_none(), "{value}");
                assert!(Ed448::decode(&signed(again)).is_none(), "{value}");
                assert!(Ed448::decode(&signed(bytes)).is_some(), "{value}");
            }
        }
        assert!(found > 20, "about one of eight: {found}");
    }

    #[test]
    fn scalars_are_reduced_and_zero_is_refused() {
        let order = hex(ORDER);
        assert!(Ed448::decode_scalar(&number(0)).is_none());
        assert!(Ed448::decode_scalar(&order).is_none());
        assert!(Ed448::decode_scalar(&sum(&order, &order)).is_none());
        let encoded = |scalar: Ed448Scalar| {
            let mut out = Vec::new();
            Ed448::encode_scalar(&scalar, &mut out);
            Bytes::try_from(out).unwrap()
        };
        let mut many = order;
        for _ in 0..100 {
            let scalar = Ed448::decode_scalar(&sum(&many, &number(7))).unwrap();
            assert_eq!(encoded(scalar), number(7));
            many = sum(&many, &order);
        }
        // The largest: 2^456 - 1 is 2^448 - 1 and 255 · 2^448.
        let mut low = [0xff; LEN];
        low[56] = 0;
        let mut step = number(0);
        step[56] = 1;
        let (low, step) = (Ed448::scalar_from_le(&low), Ed448::scalar_from_le(&step));
        let all = (0..255).fold(low.0, |sum, _| sum + step.0);
        assert_eq!(encoded(Ed448::scalar_from_le(&[0xff; LEN])), encoded(Ed448Scalar(all)));
    }

    #[test]
    fn the_law_of_the_group_holds() {
        let mut rng = ChaCha20Rng::from_seed([2; 32]);
        for _ in 0..16 {
            let [one, two] = [(); 2].map(|()| {
                let mut bytes = [0; LEN];
                rng.fill_bytes(&mut bytes);
                Ed448::scalar_from_le(&bytes)
            });
            let (a, b) = (Ed448::mul_base(&one), Ed448::mul_base(&two));
            let product = Ed448Scalar(one.0 * two.0);
            assert!(bool::from(Ed448::mul(&a, &two).ct_eq(&Ed448::mul_base(&product))));
            let back = Ed448::sub(&Ed448::add(&a, &b), &b);
            assert_eq!(encoded(&back), encoded(&a));
            // r - e·c, as a verifier puts it together again.
            let response = Ed448::scalar_sub_product(&one, &two, &product);
            let again = Ed448::add(&Ed448::mul_base(&response), &Ed448::mul(&b, &product));
            assert!(bool::from(again.ct_eq(&a)));
            // Multiplication against the bits of a small scalar.
            let five = Ed448::decode_scalar(&number(5)).unwrap();
            let sum = a.0 + a.0 + a.0 + a.0 + a.0;
            assert!(bool::from(Ed448::mul(&a, &five).0.ct_eq(&sum)));
        }
    }

    #[test]
    fn nothing_is_shown_in_debug() {
        let seven = Ed448::decode_scalar(&number(7)).unwrap();
        let shown = format!("{:?} {seven:?}", Ed448::mul_base(&seven));
        assert_eq!(shown, "Ed448Point(…) Ed448Scalar(…)");
    }
}
