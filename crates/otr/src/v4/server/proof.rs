//! Proofs that a client has the secrets of what it publishes (Prekey Server "Proofs"): of all
//! points at once, of all numbers at once, and of the shared prekey.
//!
//! The specification draws the blinding number of the second kind from 80 bytes. A proof of one
//! number would then give away more than half of its secret's bits, for nothing is reduced; we draw
//! it from the whole order, which nobody can tell.

use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{NonZero, Odd, U512, U3072};
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::super::curve::{LEN, Pair, Point, Scalar};
use super::super::dh;
use super::{ServerError, Usage, kdf, kdf_into};
use crate::codec::{DecodeError, Reader, Writer};

/// How many bytes each factor has ("lambda" of 352 bits).
const LAMBDA_LEN: usize = 44;

/// Factors of a proof with this challenge.
fn factors(challenge: &[u8; 64], count: usize) -> Vec<[u8; LAMBDA_LEN]> {
    let mut bytes = vec![0; count.saturating_mul(LAMBDA_LEN)];
    kdf_into(Usage::ProofLambda, &[challenge], &mut bytes);
    let (factors, _) = bytes.as_chunks::<LAMBDA_LEN>();
    factors.to_vec()
}

/// The challenge of points, or of one shared prekey.
fn points_challenge(usage: Usage, first: &[u8], keys: &[Point], context: &[u8; 64]) -> [u8; 64] {
    let mut writer = Writer::new().raw(first);
    for key in keys {
        writer = writer.raw(key.bytes());
    }
    *kdf(usage, &[writer.bytes(), context])
}

/// Proves that the secrets of points are known.
pub(super) fn points(
    writer: Writer,
    usage: Usage,
    pairs: &[&Pair],
    context: &[u8; 64],
    rng: &mut impl CryptoRng,
) -> Writer {
    let blind = Pair::from_secret(Scalar::random(rng));
    let keys: Vec<Point> = pairs.iter().map(|pair| pair.public).collect();
    let challenge = points_challenge(usage, blind.public.bytes(), &keys, context);
    let mut sum = blind.secret().clone();
    for (pair, factor) in pairs.iter().zip(factors(&challenge, pairs.len())) {
        sum = sum.add(&pair.secret().mul(&Scalar::reduce(&factor)));
    }
    writer.raw(&challenge).raw(&*sum.bytes())
}

/// Whether the secrets of points are known.
pub(super) fn check_points(
    reader: &mut Reader<'_>,
    usage: Usage,
    keys: &[Point],
    context: &[u8; 64],
) -> Result<(), ServerError> {
    let challenge = reader.array::<64>()?;
    let sum = Scalar::reduce(&reader.array::<LEN>()?);
    let minus = |factor: &[u8; LAMBDA_LEN]| Scalar::zero().sub(&Scalar::reduce(factor));
    let factors = factors(&challenge, keys.len());
    let products: Vec<_> = keys.iter().copied().zip(factors.iter().map(minus)).collect();
    let first = Point::combine_all(&sum, &products);
    let again = points_challenge(usage, &first, keys, context);
    if bool::from(again.ct_eq(&challenge)) { Ok(()) } else { Err(ServerError::Proof) }
}

/// The order of the group of numbers, `(p - 1) / 2`.
fn order() -> Option<FixedMontyParams<{ U3072::LIMBS }>> {
    let order = dh::prime().shr_vartime(1);
    Some(FixedMontyParams::new_vartime(Odd::new(order).into_option()?))
}

fn numbers_challenge(first: &[u8], keys: &[dh::Public], context: &[u8; 64]) -> [u8; 64] {
    let mut writer = Writer::new().mpi(first);
    for key in keys {
        writer = writer.mpi(&key.bytes());
    }
    *kdf(Usage::ProofDh, &[writer.bytes(), context])
}

fn wide(bytes: &[u8]) -> U3072 {
    let mut wide = Zeroizing::new([0; dh::LEN]);
    let start = dh::LEN.saturating_sub(bytes.len());
    if let Some(place) = wide.get_mut(start..) {
        place.copy_from_slice(bytes);
    }
    U3072::from_be_slice(&*wide)
}

/// Proves that the secrets of numbers are known.
pub(super) fn numbers(
    writer: Writer,
    pairs: &[&dh::Pair],
    context: &[u8; 64],
    rng: &mut impl CryptoRng,
) -> Option<Writer> {
    let params = order()?;
    let modulus = NonZero::new(*params.modulus().as_ref()).into_option()?;
    let mut blind = Zeroizing::new([0; dh::LEN]);
    rng.fill_bytes(&mut *blind);
    let blind = Zeroizing::new(U3072::from_be_slice(&*blind).rem(&modulus));
    let first = dh::bytes(&dh::power(&U3072::from_u8(2), &*blind));
    let keys: Vec<_> = pairs.iter().map(|pair| pair.public).collect();
    let challenge = numbers_challenge(&first, &keys, context);
    let mut sum = Zeroizing::new(FixedMontyForm::new(&*blind, &params));
    for (pair, factor) in pairs.iter().zip(factors(&challenge, pairs.len())) {
        let secret = Zeroizing::new(FixedMontyForm::new(&wide(&*pair.secret()), &params));
        let factor = FixedMontyForm::new(&wide(&factor), &params);
        *sum = sum.add(&secret.mul(&factor));
    }
    Some(writer.raw(&challenge).mpi(&dh::bytes(&sum.retrieve())))
}

/// Whether the secrets of numbers are known.
pub(super) fn check_numbers(
    reader: &mut Reader<'_>,
    keys: &[dh::Public],
    context: &[u8; 64],
) -> Result<(), ServerError> {
    let challenge = reader.array::<64>()?;
    let sum = reader.mpi()?;
    if sum.len() > dh::LEN {
        return Err(DecodeError::Value.into());
    }
    // g^v = A · ΠB^t, so A is g^v divided by the product; everything here is public.
    let mut product = dh::one();
    for (key, factor) in keys.iter().zip(factors(&challenge, keys.len())) {
        let mut padded = [0; 64];
        if let Some(place) = padded.get_mut(64_usize.saturating_sub(LAMBDA_LEN)..) {
            place.copy_from_slice(&factor);
        }
        product = product.mul(&dh::monty(key).pow(&U512::from_be_slice(&padded)));
    }
    let inverse = product.invert().into_option().ok_or(ServerError::Proof)?;
    let first = dh::two().pow(&wide(sum)).mul(&inverse);
    let again = numbers_challenge(&dh::bytes(&first.retrieve()), keys, context);
    if bool::from(again.ct_eq(&challenge)) { Ok(()) } else { Err(ServerError::Proof) }
}
