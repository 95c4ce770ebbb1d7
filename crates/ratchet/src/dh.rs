//! X25519 that accepts no point that could be made to give a known result.

use curve25519_dalek::{EdwardsPoint, MontgomeryPoint};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// Length of a point's encoding in bytes.
pub(crate) const POINT_LEN: usize = 32;

/// 2^255 − 19, least significant byte first, as RFC 7748 encodes it.
const P: [u8; POINT_LEN] = {
    let mut p = [0xff; POINT_LEN];
    p[0] = 0xed;
    p[31] = 0x7f;
    p
};

/// The points of low order, on the curve and on its twist, as far as their encoding is canonical:
/// 0 of order 2, 1 of order 4, two of order 8, and −1 of order 4. Each gives every clamped scalar,
/// which is a multiple of 8, the result zero; every other point has a factor of large prime order.
const LOW_ORDER: [[u8; POINT_LEN]; 5] = {
    let mut one = [0; POINT_LEN];
    one[0] = 1;
    let mut minus_one = P;
    minus_one[0] -= 1;
    [
        [0; POINT_LEN],
        one,
        [
            0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f,
            0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16,
            0x5f, 0x49, 0xb8, 0x00,
        ],
        [
            0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83,
            0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd,
            0xd0, 0x9f, 0x11, 0x57,
        ],
        minus_one,
    ]
};

/// A public key that was checked: its one canonical encoding, and not of low order.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Point([u8; POINT_LEN]);

/// Why an encoding is no public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PointError {
    /// The number is not below 2^255 − 19, or the highest bit is set.
    #[error("the point's encoding is not canonical")]
    NotCanonical,
    /// The point, zero among them, gives every secret the same result.
    #[error("the point is of low order")]
    LowOrder,
}

impl Point {
    /// Checks an encoding from the other side.
    pub(crate) fn parse(bytes: &[u8; POINT_LEN]) -> Result<Self, PointError> {
        // A public value: comparing in variable time tells nobody anything.
        if !bytes.iter().rev().lt(P.iter().rev()) {
            return Err(PointError::NotCanonical);
        }
        if LOW_ORDER.contains(bytes) {
            return Err(PointError::LowOrder);
        }
        Ok(Self(*bytes))
    }

    pub(crate) fn as_bytes(&self) -> &[u8; POINT_LEN] {
        &self.0
    }
}

/// A private key, with the public key that belongs to it.
#[derive(Clone)]
pub(crate) struct KeyPair {
    secret: Secret<32>,
    public: Point,
}

impl KeyPair {
    pub(crate) fn generate(rng: &mut impl CryptoRng) -> Self {
        Self::from_secret(Secret::random(rng))
    }

    pub(crate) fn from_secret(secret: Secret<32>) -> Self {
        let public = EdwardsPoint::mul_base_clamped(*secret.as_bytes()).to_montgomery();
        Self { secret, public: Point(public.to_bytes()) }
    }

    pub(crate) fn secret(&self) -> &Secret<32> {
        &self.secret
    }

    pub(crate) fn public(&self) -> &Point {
        &self.public
    }

    /// The shared secret of this key and `peer`: X25519 of RFC 7748. Never zero, because a [`Point`] was checked.
    ///
    /// Computed on the Edwards form of the curve, whose multiplication uses vector instructions where there are any: with
    /// the two conversions it takes 60 % of a Montgomery ladder's time on AVX2. Each of the two points with this
    /// u-coordinate gives the same u-coordinate of the product. A point on the twist, which no honest end shows, has no
    /// Edwards form and takes the ladder; which of the two it is, is public. Both are constant in time for the secret.
    pub(crate) fn agree(&self, peer: &Point) -> Secret<32> {
        let peer = MontgomeryPoint(peer.0);
        let shared = Zeroizing::new(match peer.to_edwards(0) {
            Some(point) => {
                Zeroizing::new(point.mul_clamped(*self.secret.as_bytes())).to_montgomery()
            }
            None => peer.mul_clamped(*self.secret.as_bytes()),
        });
        Secret::from_bytes(shared.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng as _;
    use x25519_dalek::{PublicKey, StaticSecret, x25519};

    use super::*;

    #[test]
    fn points_of_low_order_are_refused() {
        for point in LOW_ORDER {
            assert_eq!(Point::parse(&point).err(), Some(PointError::LowOrder), "{point:?}");
        }
    }

    #[test]
    fn a_result_of_zero_means_low_order() {
        let zero = |scalar: u8, point: &[u8; 32]| {
            let secret = StaticSecret::from([scalar; 32]);
            !secret.diffie_hellman(&PublicKey::from(*point)).was_contributory()
        };
        for scalar in [1, 7, 0x55, 0xff] {
            assert!(LOW_ORDER.iter().all(|point| zero(scalar, point)));
        }
        // Small numbers, of the curve and of its twist by turns, and those just below the modulus.
        for low in 0..=255 {
            let mut small = [0; 32];
            small[0] = low;
            let mut large = P;
            large[0] = large[0].wrapping_sub(low).wrapping_sub(1);
            for point in [small, large] {
                if let Ok(point) = Point::parse(&point) {
                    assert!(!zero(1, point.as_bytes()), "{point:?}", point = point.as_bytes());
                } else {
                    assert!(LOW_ORDER.contains(&point) || low > 0xec);
                }
            }
        }
    }

    #[test]
    fn numbers_from_the_modulus_up_are_refused() {
        for above in 0..19 {
            let mut point = P;
            point[0] += above;
            assert_eq!(Point::parse(&point).err(), Some(PointError::NotCanonical));
        }
        assert_eq!(Point::parse(&[0xff; 32]).err(), Some(PointError::NotCanonical));
    }

    #[test]
    fn the_highest_bit_is_refused() {
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        let mut point = *KeyPair::generate(&mut rng).public().as_bytes();
        assert!(Point::parse(&point).is_ok());
        point[31] |= 0x80;
        assert_eq!(Point::parse(&point).err(), Some(PointError::NotCanonical));
    }

    #[test]
    fn the_number_just_below_the_modulus_is_compared_from_its_high_end() {
        // Below 2^255 − 19 although its low bytes are all above those of the modulus.
        let mut point = [0xff; 32];
        point[31] = 0x7e;
        assert_ne!(Point::parse(&point).err(), Some(PointError::NotCanonical));
    }

    /// Points of the curve and of its twist by turns, with scalars at both ends of what clamping gives.
    #[test]
    fn agreements_are_those_of_the_ladder() {
        let mut rng = ChaCha20Rng::from_seed([3; 32]);
        let (mut on_curve, mut on_twist) = (0, 0);
        for round in 0..300_u32 {
            let mut bytes = *Secret::<32>::random(&mut rng).as_bytes();
            bytes[31] &= 0x7f;
            let point = Point::parse(&bytes).unwrap();
            let secret = match round % 4 {
                0 => Secret::from_bytes(&[0; 32]),
                1 => Secret::from_bytes(&[0xff; 32]),
                _ => Secret::random(&mut rng),
            };
            let own = KeyPair::from_secret(secret);
            let secret = *own.secret().as_bytes();
            assert_eq!(own.agree(&point).as_bytes(), &x25519(secret, bytes));
            assert_eq!(
                own.public().as_bytes(),
                &x25519(secret, x25519_dalek::X25519_BASEPOINT_BYTES)
            );
            match MontgomeryPoint(bytes).to_edwards(0) {
                Some(_) => on_curve += 1,
                None => on_twist += 1,
            }
        }
        assert!(on_curve > 100 && on_twist > 100);
    }

    #[test]
    fn both_ends_agree() {
        let mut rng = ChaCha20Rng::from_seed([2; 32]);
        for _ in 0..20 {
            let (one, two) = (KeyPair::generate(&mut rng), KeyPair::generate(&mut rng));
            let parsed = Point::parse(two.public().as_bytes()).unwrap();
            assert!(one.agree(&parsed) == two.agree(one.public()));
        }
    }
}
