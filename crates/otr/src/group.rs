//! The group of the key exchange and of data keys: 1,536 bits, RFC 3526 group 5, generator 2 (OTRv3
//! "Diffie-Hellman Group").

use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{Odd, U320, U1536, Uint};
use rand_core::CryptoRng;
use subtle::{ConstantTimeEq, ConstantTimeLess};
use zeroize::Zeroizing;

use crate::codec::{DecodeError, Writer};

const LIMBS: usize = U1536::LIMBS;

/// Length of the prime, in bytes.
pub(crate) const LEN: usize = 192;

/// Length of a secret exponent, in bytes: 320 bits, as the specification has it.
const EXPONENT_LEN: usize = 40;

const PRIME: Odd<U1536> = Odd::<U1536>::from_be_hex(concat!(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD",
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED",
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F",
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA237327FFFFFFFFFFFFFFFF",
));

/// The highest public value.
const LAST: U1536 = PRIME.as_ref().wrapping_sub(&U1536::from_u8(2));

const PARAMS: FixedMontyParams<LIMBS> = FixedMontyParams::new_vartime(PRIME);

/// A public value, between 2 and the prime less 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Public(U1536);

impl Public {
    /// Reads the bytes of an MPI.
    ///
    /// # Errors
    /// [`DecodeError::Value`] for a number that lies outside: 0, 1 and the prime less 1 would make
    /// the shared secret a known one.
    pub(crate) fn from_mpi(number: &[u8]) -> Result<Self, DecodeError> {
        if number.len() > LEN {
            return Err(DecodeError::Value);
        }
        let mut wide = [0; LEN];
        let start = LEN.saturating_sub(number.len());
        if let Some(place) = wide.get_mut(start..) {
            place.copy_from_slice(number);
        }
        let value = U1536::from_be_slice(&wide);
        if value < U1536::from_u8(2) || value > LAST {
            return Err(DecodeError::Value);
        }
        Ok(Self(value))
    }

    /// The number, big-endian, of [`LEN`] bytes.
    pub(crate) fn bytes(&self) -> [u8; LEN] {
        bytes(&self.0)
    }

    /// Whether this number is the higher one.
    pub(crate) fn is_above(&self, other: &Self) -> bool {
        other.0.ct_lt(&self.0).into()
    }
}

/// A secret exponent with its public value.
pub(crate) struct Pair {
    secret: Zeroizing<U320>,
    pub(crate) public: Public,
}

impl Pair {
    /// A new pair.
    pub(crate) fn random(rng: &mut impl CryptoRng) -> Self {
        loop {
            let mut secret = Zeroizing::new([0; EXPONENT_LEN]);
            rng.fill_bytes(&mut *secret);
            let secret = Zeroizing::new(U320::from_be_slice(&*secret));
            let public = power(&U1536::from_u8(2), &secret);
            // Zero and the like, which no one has seen yet.
            if let Ok(public) = Public::from_mpi(&bytes(&public)) {
                return Self { secret, public };
            }
        }
    }

    /// What both ends share: the MPI of the shared number, as all keys are derived from.
    pub(crate) fn shared(&self, theirs: &Public) -> Zeroizing<Vec<u8>> {
        let shared = Zeroizing::new(power(&theirs.0, &self.secret));
        let shared = Zeroizing::new(bytes(&shared));
        Writer::new().mpi(&*shared).secret()
    }
}

/// `base` to the power of `exponent`, in the same time for all exponents.
fn power(base: &U1536, exponent: &U320) -> U1536 {
    FixedMontyForm::new(base, &PARAMS).pow(exponent).retrieve()
}

fn bytes(number: &Uint<LIMBS>) -> [u8; LEN] {
    let mut out = [0; LEN];
    out.copy_from_slice(number.to_be_bytes().as_ref());
    out
}

impl ConstantTimeEq for Public {
    fn ct_eq(&self, other: &Self) -> subtle::Choice {
        ConstantTimeEq::ct_eq(&self.0, &other.0)
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;

    #[test]
    fn both_ends_share_a_number() {
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        let (one, two) = (Pair::random(&mut rng), Pair::random(&mut rng));
        assert_eq!(one.shared(&two.public), two.shared(&one.public));
        assert_ne!(one.public, two.public);
        assert_ne!(one.public.is_above(&two.public), two.public.is_above(&one.public));
    }

    #[test]
    fn numbers_at_the_edges_are_refused() {
        let prime = PRIME.get();
        let less = |by: u8| bytes(&prime.wrapping_sub(&U1536::from_u8(by)));
        for refused in [&[][..], &[0], &[1], &less(0), &less(1), &[0xff; LEN], &[1; LEN + 1]] {
            assert!(Public::from_mpi(refused).is_err(), "{refused:?}");
        }
        assert!(Public::from_mpi(&[2]).is_ok());
        assert!(Public::from_mpi(&less(2)).is_ok());
    }

    /// One in 256 shared numbers begins with a zero byte, which an MPI leaves out.
    #[test]
    fn a_short_shared_number_is_a_short_mpi() {
        let mut rng = ChaCha20Rng::from_seed([2; 32]);
        let ours = Pair::random(&mut rng);
        let short = (0..4_096).find_map(|_| {
            let shared = ours.shared(&Pair::random(&mut rng).public);
            (shared.len() < LEN + 4).then_some(shared)
        });
        let short = short.expect("one of 4,096");
        assert_eq!(short[..4], u32::try_from(short.len() - 4).unwrap().to_be_bytes());
        assert_ne!(short[4], 0);
    }
}
