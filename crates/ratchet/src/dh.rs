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
