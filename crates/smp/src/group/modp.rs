//! The 1536-bit MODP group of RFC 3526, for OTR versions 2 and 3.

use alloc::vec::Vec;

use crypto_bigint::modular::{ConstMontyForm, ConstMontyParams as _};
use crypto_bigint::{JacobiSymbol, U1536, const_monty_params};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroize;

use super::Group;

const_monty_params!(
    Prime,
    U1536,
    "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd\
     ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7ed\
     ee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f\
     83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08ca237327ffffffffffffffff",
    "`p`, a safe prime."
);
const_monty_params!(
    Order,
    U1536,
    "7fffffffffffffffe487ed5110b4611a62633145c06e0e68948127044533e63a0105df531d89cd9128a5043cc71a026e\
     f7ca8cd9e69d218d98158536f92f8a1ba7f09ab6b6a8e122f242dabb312f3f637a262174d31bf6b585ffae5b7a035bf6\
     f71c35fdad44cfd2d74f9208be258ff324943328f6722d9ee1003e5c50b1df82cc6d241b0e2ae9cd348b1fd47e9267af\
     c1b2ae91ee51d6cb0e3179ab1042a95dcf6a9483b84b4b36b3861aa7255e4c0278ba36046511b993ffffffffffffffff",
    "`q = (p - 1) / 2`, a prime: the order of the group."
);

const LIMBS: usize = U1536::LIMBS;
/// Length of `p` and of `q`, in bytes.
const LEN: usize = U1536::BYTES;
/// Length of an MPI's length.
const MPI_HEADER_LEN: usize = 4;
/// How many uniform bytes make a scalar whose bias can't be noticed.
const WIDE_LEN: usize = LEN + WIDE_HIGH_LEN;
const WIDE_HIGH_LEN: usize = 16;

/// An element: a square modulo `p`.
#[derive(Clone, Zeroize)]
pub struct ModpElement(ConstMontyForm<Prime, LIMBS>);

impl ConstantTimeEq for ModpElement {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.as_montgomery().ct_eq(other.0.as_montgomery())
    }
}

impl core::fmt::Debug for ModpElement {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ModpElement(…)")
    }
}

/// An integer modulo `q`.
#[derive(Clone, Zeroize)]
pub struct ModpScalar(ConstMontyForm<Order, LIMBS>);

impl core::fmt::Debug for ModpScalar {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("ModpScalar(…)")
    }
}

/// The squares modulo the 1536-bit safe prime of RFC 3526 (group 5), with the generator 2: OTR
/// versions 2 and 3. The order is the prime `(p - 1) / 2`.
///
/// Elements and scalars are encoded as MPIs: `u32 length`, then the value, big-endian and without
/// leading zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modp1536;

impl Modp1536 {
    /// How many uniform bytes [`Modp1536::scalar_from_wide`] reduces.
    pub(crate) const WIDE_LEN: usize = WIDE_LEN;

    /// The scalar of a big-endian integer, which is below `q`.
    pub(crate) fn scalar_from_256(bytes: &[u8; 32]) -> ModpScalar {
        let mut integer = integer(bytes).unwrap_or(U1536::ZERO);
        let scalar = ModpScalar(ConstMontyForm::new(&integer));
        integer.zeroize();
        scalar
    }

    /// Reduces uniform bytes.
    pub(crate) fn scalar_from_wide(wide: &[u8; WIDE_LEN]) -> ModpScalar {
        // 2^1536, which is also the radix of the Montgomery form.
        let radix = ConstMontyForm::<Order, LIMBS>::from_montgomery(*Order::PARAMS.r2());
        let (high, low) = wide.split_at(WIDE_HIGH_LEN);
        let [mut high, mut low] = [high, low].map(|part| {
            let mut integer = integer(part).unwrap_or(U1536::ZERO);
            let reduced = ConstMontyForm::<Order, LIMBS>::new(&integer);
            integer.zeroize();
            reduced
        });
        let scalar = ModpScalar(high * radix + low);
        high.zeroize();
        low.zeroize();
        scalar
    }
}

/// A big-endian integer; none if it has more bytes than `p`.
fn integer(bytes: &[u8]) -> Option<U1536> {
    let mut padded = [0; LEN];
    let start = LEN.checked_sub(bytes.len())?;
    padded.get_mut(start..)?.copy_from_slice(bytes);
    let integer = U1536::from_be_slice(&padded);
    padded.zeroize();
    Some(integer)
}

fn mpi_len(bytes: &[u8]) -> Option<usize> {
    let header = bytes.first_chunk::<MPI_HEADER_LEN>()?;
    let length = usize::try_from(u32::from_be_bytes(*header)).ok()?.checked_add(MPI_HEADER_LEN)?;
    super::within(bytes, length)
}

fn encode_mpi(integer: &U1536, out: &mut Vec<u8>) {
    let bytes = integer.to_be_bytes();
    let zeros = bytes.as_ref().iter().take_while(|byte| **byte == 0).count();
    // At most 192.
    out.extend_from_slice(&(LEN.saturating_sub(zeros) as u32).to_be_bytes());
    out.extend(bytes.as_ref().iter().skip(zeros));
}

/// Reads one MPI and nothing after it; none if it has leading zeros or more bytes than `p`.
fn decode_mpi(bytes: &[u8]) -> Option<U1536> {
    let (header, value) = bytes.split_first_chunk::<MPI_HEADER_LEN>()?;
    let whole = usize::try_from(u32::from_be_bytes(*header)).ok() == Some(value.len());
    (whole && value.first() != Some(&0)).then(|| integer(value)).flatten()
}

impl Group for Modp1536 {
    const NAME: &'static str = "modp1536";
    const ELEMENT_LEN: usize = MPI_HEADER_LEN + LEN;
    const SCALAR_LEN: usize = MPI_HEADER_LEN + LEN;

    type Element = ModpElement;
    type Scalar = ModpScalar;

    fn mul_base(scalar: &ModpScalar) -> ModpElement {
        Self::mul(&ModpElement(ConstMontyForm::new(&U1536::from_u8(2))), scalar)
    }

    fn mul(element: &ModpElement, scalar: &ModpScalar) -> ModpElement {
        let mut exponent = scalar.0.retrieve();
        let power = ModpElement(element.0.pow(&exponent));
        exponent.zeroize();
        power
    }

    fn add(one: &ModpElement, two: &ModpElement) -> ModpElement {
        ModpElement(one.0 * two.0)
    }

    fn sub(one: &ModpElement, two: &ModpElement) -> ModpElement {
        // No element is zero, so each has an inverse.
        let inverse = two.0.invert().unwrap_or(ConstMontyForm::ZERO);
        ModpElement(one.0 * inverse)
    }

    fn scalar_sub_product(minuend: &ModpScalar, one: &ModpScalar, two: &ModpScalar) -> ModpScalar {
        ModpScalar(minuend.0 - one.0 * two.0)
    }

    fn scalar_eq(one: &ModpScalar, two: &ModpScalar) -> Choice {
        one.0.as_montgomery().ct_eq(two.0.as_montgomery())
    }

    fn element_len(bytes: &[u8]) -> Option<usize> {
        mpi_len(bytes)
    }

    fn encode(element: &ModpElement, out: &mut Vec<u8>) {
        encode_mpi(&element.0.retrieve(), out);
    }

    /// Takes 2 to `p - 2` only, as OTR demands, and only squares: OTR doesn't demand that, but an
    /// element that is none tells the lowest bit of each exponent that it is raised to.
    fn decode(bytes: &[u8]) -> Option<ModpElement> {
        let integer = decode_mpi(bytes)?;
        let prime = ConstMontyForm::<Prime, LIMBS>::MODULUS;
        let last = prime.as_ref().wrapping_sub(&U1536::from_u8(2));
        let in_range = integer >= U1536::from_u8(2) && integer <= last;
        let square = || integer.jacobi_symbol_vartime(&prime) == JacobiSymbol::One;
        (in_range && square()).then(|| ModpElement(ConstMontyForm::new(&integer)))
    }

    fn scalar_len(bytes: &[u8]) -> Option<usize> {
        mpi_len(bytes)
    }

    fn encode_scalar(scalar: &ModpScalar, out: &mut Vec<u8>) {
        encode_mpi(&scalar.0.retrieve(), out);
    }

    fn decode_scalar(bytes: &[u8]) -> Option<ModpScalar> {
        let integer = decode_mpi(bytes)?;
        let order = ConstMontyForm::<Order, LIMBS>::MODULUS;
        let in_range = integer != U1536::ZERO && integer < *order.as_ref();
        in_range.then(|| ModpScalar(ConstMontyForm::new(&integer)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mpi(value: &U1536) -> Vec<u8> {
        let mut out = Vec::new();
        encode_mpi(value, &mut out);
        out
    }

    fn small(value: u64) -> Vec<u8> {
        mpi(&U1536::from_u64(value))
    }

    const fn prime() -> U1536 {
        *ConstMontyForm::<Prime, LIMBS>::MODULUS.as_ref()
    }

    const fn order() -> U1536 {
        *ConstMontyForm::<Order, LIMBS>::MODULUS.as_ref()
    }

    fn scalar(value: u64) -> ModpScalar {
        ModpScalar(ConstMontyForm::new(&U1536::from_u64(value)))
    }

    fn encoded(element: &ModpElement) -> Vec<u8> {
        let mut out = Vec::new();
        Modp1536::encode(element, &mut out);
        out
    }

    #[test]
    fn the_order_is_half_of_the_prime_and_that_of_two() {
        assert_eq!(order().shl_vartime(1).wrapping_add(&U1536::ONE), prime());
        let one = ConstMontyForm::<Prime, LIMBS>::new(&U1536::from_u8(2)).pow(&order());
        assert_eq!(one.retrieve(), U1536::ONE);
    }

    #[test]
    fn elements_have_one_encoding_and_the_range_of_the_specification() {
        let two = Modp1536::mul_base(&scalar(1));
        assert_eq!(encoded(&two), [0, 0, 0, 1, 2]);
        assert!(Modp1536::decode(&small(2)).is_some_and(|read| bool::from(read.ct_eq(&two))));
        let refused = [
            vec![],
            vec![0; 4],
            small(0),
            small(1),
            mpi(&prime().wrapping_sub(&U1536::ONE)),
            mpi(&prime()),
            mpi(&prime().wrapping_add(&U1536::from_u8(2))),
            mpi(&U1536::MAX),
            // Leading zeros, lengths that lie, and what follows.
            vec![0, 0, 0, 2, 0, 2],
            vec![0, 0, 0, 0, 2],
            vec![0, 0, 0, 2, 2],
            vec![0, 0, 0, 1, 2, 0],
            vec![0xff, 0xff, 0xff, 0xff, 2],
            [&[0, 0, 0, 193, 1][..], &[0; 192]].concat(),
        ];
        for bytes in refused {
            assert!(Modp1536::decode(&bytes).is_none(), "{bytes:?}");
        }
    }

    #[test]
    fn exactly_the_elements_of_the_prime_order_subgroup_are_taken() {
        for value in 2..200 {
            let value = U1536::from_u64(value);
            for value in [value, prime().wrapping_sub(&value)] {
                let power = ConstMontyForm::<Prime, LIMBS>::new(&value).pow(&order());
                let member = power.retrieve() == U1536::ONE;
                assert_eq!(Modp1536::decode(&mpi(&value)).is_some(), member, "{value}");
            }
        }
    }

    #[test]
    fn scalars_have_one_encoding_and_zero_none() {
        for bytes in [small(0), mpi(&order()), mpi(&prime()), vec![0, 0, 0, 2, 0, 1]] {
            assert!(Modp1536::decode_scalar(&bytes).is_none(), "{bytes:?}");
        }
        let last = mpi(&order().wrapping_sub(&U1536::ONE));
        let mut again = Vec::new();
        Modp1536::encode_scalar(&Modp1536::decode_scalar(&last).unwrap(), &mut again);
        assert_eq!(again, last);
    }

    #[test]
    fn uniform_bytes_are_reduced() {
        // 2^1536 as an exponent, and as twice the exponent 2^768.
        let mut wide = [0; WIDE_LEN];
        wide[WIDE_HIGH_LEN - 1] = 1;
        let direct = Modp1536::mul_base(&Modp1536::scalar_from_wide(&wide));
        let half = ModpScalar(ConstMontyForm::new(&U1536::ONE.shl_vartime(768)));
        let twice = Modp1536::mul(&Modp1536::mul_base(&half), &half);
        assert!(bool::from(direct.ct_eq(&twice)));
        // The largest: its halves, each reduced by division.
        let low =
            U1536::MAX.rem_vartime(order().to_nz().unwrap().as_ref().to_nz().as_ref().unwrap());
        let high = U1536::from_be_hex(&format!("{:0>384}", "ff".repeat(WIDE_HIGH_LEN)));
        let form = ConstMontyForm::<Order, LIMBS>::new;
        let radix = form(&low) + form(&U1536::ONE);
        let expected = form(&high) * radix + form(&low);
        let reduced = Modp1536::scalar_from_wide(&[0xff; WIDE_LEN]);
        assert!(bool::from(Modp1536::scalar_eq(&reduced, &ModpScalar(expected))));
        assert!(reduced.0.retrieve() < order());
    }

    #[test]
    fn differences_undo_sums() {
        let (one, two) = (Modp1536::mul_base(&scalar(7)), Modp1536::mul_base(&scalar(35)));
        let back = Modp1536::sub(&Modp1536::add(&one, &two), &two);
        assert!(bool::from(back.ct_eq(&one)));
        let five = Modp1536::mul(&one, &scalar(5));
        assert!(bool::from(five.ct_eq(&two)));
    }

    #[test]
    fn nothing_is_shown_in_debug() {
        let shown = format!("{:?} {:?}", Modp1536::mul_base(&scalar(7)), scalar(7));
        assert_eq!(shown, "ModpElement(…) ModpScalar(…)");
    }
}
