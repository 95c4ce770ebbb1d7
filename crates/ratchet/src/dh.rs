//! X25519 that accepts no point that could be made to give a known result.

use rand_core::CryptoRng;
use x25519_dalek::{PublicKey, StaticSecret};

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
        // Every clamped scalar is a multiple of the cofactor and no multiple of a large prime
        // order, so one result of zero means low order, and low order means zero for all scalars.
        let probe = StaticSecret::from([1; 32]).diffie_hellman(&PublicKey::from(*bytes));
        if !probe.was_contributory() {
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
        let public = PublicKey::from(&StaticSecret::from(*secret.as_bytes()));
        Self { secret, public: Point(public.to_bytes()) }
    }

    pub(crate) fn secret(&self) -> &Secret<32> {
        &self.secret
    }

    pub(crate) fn public(&self) -> &Point {
        &self.public
    }

    /// The shared secret of this key and `peer`. Never zero, because a [`Point`] was checked.
    pub(crate) fn agree(&self, peer: &Point) -> Secret<32> {
        let own = StaticSecret::from(*self.secret.as_bytes());
        Secret::from_bytes(own.diffie_hellman(&PublicKey::from(peer.0)).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng as _;

    use super::*;

    /// Points of small order that have a canonical encoding: of order 4, 1 and 8, and −1.
    fn low_order_points() -> [[u8; 32]; 5] {
        let number = |hex: &str| {
            let mut bytes = [0; 32];
            for (byte, digits) in bytes.iter_mut().zip(hex.as_bytes().as_chunks::<2>().0) {
                *byte = u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap();
            }
            bytes
        };
        let mut one = [0; 32];
        one[0] = 1;
        let mut minus_one = P;
        minus_one[0] -= 1;
        [
            [0; 32],
            one,
            number("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
            number("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
            minus_one,
        ]
    }

    #[test]
    fn points_of_low_order_are_refused() {
        for point in low_order_points() {
            assert_eq!(Point::parse(&point).err(), Some(PointError::LowOrder), "{point:?}");
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
