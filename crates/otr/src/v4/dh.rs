//! The 3,072-bit group (OTRv4 "3072-bit Diffie-Hellman Parameters"): RFC 3526 group 15, generator
//! 2.

use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{JacobiSymbol, Odd, U640, U3072, Uint};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::codec::{DecodeError, minimal};

const LIMBS: usize = U3072::LIMBS;

/// Length of the prime, in bytes.
pub(crate) const LEN: usize = 384;

/// Length of a secret exponent, in bytes.
pub(crate) const SECRET_LEN: usize = 80;

const PRIME: Odd<U3072> = Odd::<U3072>::from_be_hex(concat!(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD",
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED",
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F",
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B",
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510",
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7",
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C",
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
));

const PARAMS: FixedMontyParams<LIMBS> = FixedMontyParams::new_vartime(PRIME);

/// A public value, of the subgroup of prime order `(p - 1) / 2`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Public(U3072);

impl Public {
    /// Reads the bytes of an MPI.
    ///
    /// # Errors
    /// [`DecodeError::Value`] for a number that is not between 2 and the prime less 2, or has not
    /// the order of the subgroup, which the squares modulo a safe prime are.
    pub(crate) fn from_mpi(number: &[u8]) -> Result<Self, DecodeError> {
        let value = integer(number).ok_or(DecodeError::Value)?;
        let last = PRIME.get().wrapping_sub(&U3072::from_u8(2));
        if value < U3072::from_u8(2) || value > last {
            return Err(DecodeError::Value);
        }
        // As raising it to `(p - 1) / 2` would tell, much faster; the value is public.
        match value.jacobi_symbol_vartime(&PRIME) {
            JacobiSymbol::One => Ok(Self(value)),
            JacobiSymbol::Zero | JacobiSymbol::MinusOne => Err(DecodeError::Value),
        }
    }

    /// The number, big-endian.
    pub(crate) fn bytes(&self) -> [u8; LEN] {
        bytes(&self.0)
    }
}

impl std::fmt::Debug for Public {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bytes = self.bytes();
        let start = bytes.get(..8).unwrap_or_default();
        write!(f, "Public({}…)", data_encoding::HEXLOWER.encode(start))
    }
}

fn integer(number: &[u8]) -> Option<U3072> {
    let mut wide = [0; LEN];
    let start = LEN.checked_sub(number.len())?;
    wide.get_mut(start..)?.copy_from_slice(number);
    Some(U3072::from_be_slice(&wide))
}

/// A secret exponent with its public value.
#[derive(Clone)]
pub(crate) struct Pair {
    secret: Zeroizing<U640>,
    pub(crate) public: Public,
}

impl Pair {
    /// A new pair.
    pub(crate) fn random(rng: &mut impl CryptoRng) -> Self {
        loop {
            let mut secret = Zeroizing::new([0; SECRET_LEN]);
            rng.fill_bytes(&mut *secret);
            // Zero, which nobody has seen yet, and powers so small that they wouldn't be taken.
            if let Some(pair) = Self::from_secret(&secret) {
                return pair;
            }
        }
    }

    /// The pair of a secret exponent, big-endian.
    pub(crate) fn from_secret(secret: &[u8; SECRET_LEN]) -> Option<Self> {
        let secret = Zeroizing::new(U640::from_be_slice(secret));
        let public = power(&U3072::from_u8(2), &secret);
        let public = Public::from_mpi(&bytes(&public)).ok()?;
        Some(Self { secret, public })
    }

    /// The exponent, big-endian.
    pub(crate) fn secret(&self) -> Zeroizing<[u8; SECRET_LEN]> {
        let mut out = Zeroizing::new([0; SECRET_LEN]);
        out.copy_from_slice(self.secret.to_be_bytes().as_ref());
        out
    }

    /// What both ends share (`K_dh`): the number, big-endian, without zeros before it.
    pub(crate) fn shared(&self, theirs: &Public) -> Zeroizing<Vec<u8>> {
        let shared = Zeroizing::new(power(&theirs.0, &self.secret));
        let shared = Zeroizing::new(bytes(&shared));
        Zeroizing::new(minimal(&*shared).to_vec())
    }
}

/// `base` to the power of `exponent`, in the same time for all exponents of its size.
pub(crate) fn power<const E: usize>(base: &U3072, exponent: &Uint<E>) -> U3072 {
    FixedMontyForm::new(base, &PARAMS).pow(exponent).retrieve()
}

/// The prime.
pub(crate) fn prime() -> U3072 {
    PRIME.get()
}

/// Numbers of the group for products of powers, which proofs are made of.
pub(crate) type Monty = FixedMontyForm<LIMBS>;

/// 1.
pub(crate) fn one() -> Monty {
    Monty::one(&PARAMS)
}

/// The generator.
pub(crate) fn two() -> Monty {
    Monty::new(&U3072::from_u8(2), &PARAMS)
}

/// A public value.
pub(crate) fn monty(public: &Public) -> Monty {
    Monty::new(&public.0, &PARAMS)
}

/// A number, big-endian.
pub(crate) fn bytes(number: &U3072) -> [u8; LEN] {
    let mut out = [0; LEN];
    out.copy_from_slice(number.to_be_bytes().as_ref());
    out
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
        let again = Pair::from_secret(&one.secret()).unwrap();
        assert_eq!(again.public, one.public);
    }

    #[test]
    fn numbers_outside_the_subgroup_are_refused() {
        let prime = PRIME.get();
        let less = |by: u8| bytes(&prime.wrapping_sub(&U3072::from_u8(by)));
        for refused in [&[][..], &[0], &[1], &less(0), &less(1), &[0xff; LEN], &[1; LEN + 1]] {
            assert_eq!(Public::from_mpi(refused), Err(DecodeError::Value));
        }
        // 4 is a square, and its negative is none, for the prime is 3 modulo 4.
        assert!(Public::from_mpi(&[4]).is_ok());
        assert_eq!(Public::from_mpi(&less(4)), Err(DecodeError::Value));
        // What the rule of the specification says: the power of the order is 1.
        let order = prime.shr_vartime(1);
        for number in 2..40 {
            let member = power(&U3072::from_u8(number), &order) == U3072::ONE;
            assert_eq!(Public::from_mpi(&[number]).is_ok(), member, "{number}");
        }
    }
}
