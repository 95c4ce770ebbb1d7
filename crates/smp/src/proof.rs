//! The three kinds of zero-knowledge proofs, made non-interactive (Fiat–Shamir).
//!
//! What a challenge hashes is the use's: OTR hashes the proof's place and its commitments, the
//! native use also everything said in the run before and all elements of the message that the
//! proof is part of. Letters are those of OTR's specification; `docs/smp.md` has the equations.

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::group::Group;
use crate::suite::{Place, Suite};

/// Knowledge of the exponent of `exponent · G`: OTR's `c2, D2` and `c3, D3`.
pub(crate) struct ExponentProof<G: Group> {
    pub(crate) c: G::Scalar,
    pub(crate) d: G::Scalar,
}

impl<G: Suite> ExponentProof<G> {
    pub(crate) fn new(
        place: Place,
        statement: &G::Statement,
        exponent: &G::Scalar,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let r = G::random_scalar(rng);
        let c = G::challenge(place, statement, &[], &[&G::mul_base(&r)]);
        Self { d: G::scalar_sub_product(&r, exponent, &c), c: G::Scalar::clone(&c) }
    }

    pub(crate) fn holds(
        &self,
        place: Place,
        statement: &G::Statement,
        element: &G::Element,
    ) -> bool {
        let commitment = G::add(&G::mul_base(&self.d), &G::mul(element, &self.c));
        let c = G::challenge(place, statement, &[], &[&commitment]);
        G::scalar_eq(&c, &self.c).into()
    }
}

/// The bases of the comparison, which only the two sides know: OTR's `g2` and `g3`.
#[cfg_attr(test, derive(Clone))]
pub(crate) struct Bases<G: Group> {
    pub(crate) g2: Zeroizing<G::Element>,
    pub(crate) g3: Zeroizing<G::Element>,
}

/// One side's secret under a blinding: OTR's `P` and `Q`.
#[cfg_attr(test, derive(Clone))]
pub(crate) struct Blinded<G: Group> {
    pub(crate) p: G::Element,
    pub(crate) q: G::Element,
}

/// Knowledge of blinding and secret in `P = blinding · G3`, `Q = blinding · G + secret · G2`:
/// OTR's `cP, D5, D6`.
pub(crate) struct BlindedProof<G: Group> {
    pub(crate) c: G::Scalar,
    pub(crate) d5: G::Scalar,
    pub(crate) d6: G::Scalar,
}

impl<G: Suite> BlindedProof<G> {
    pub(crate) fn new(
        place: Place,
        statement: &G::Statement,
        bases: &Bases<G>,
        (blinding, secret): (&G::Scalar, &G::Scalar),
        rng: &mut impl CryptoRng,
    ) -> Self {
        let r5 = G::random_scalar(rng);
        let r6 = G::random_scalar(rng);
        let first = G::mul(&bases.g3, &r5);
        let second = G::add(&G::mul_base(&r5), &G::mul(&bases.g2, &r6));
        let c = G::challenge(place, statement, &[&bases.g2, &bases.g3], &[&first, &second]);
        Self {
            d5: G::scalar_sub_product(&r5, blinding, &c),
            d6: G::scalar_sub_product(&r6, secret, &c),
            c: G::Scalar::clone(&c),
        }
    }

    pub(crate) fn holds(
        &self,
        place: Place,
        statement: &G::Statement,
        bases: &Bases<G>,
        blinded: &Blinded<G>,
    ) -> bool {
        let first = G::add(&G::mul(&bases.g3, &self.d5), &G::mul(&blinded.p, &self.c));
        let own = G::add(&G::mul_base(&self.d5), &G::mul(&bases.g2, &self.d6));
        let second = G::add(&own, &G::mul(&blinded.q, &self.c));
        let c = G::challenge(place, statement, &[&bases.g2, &bases.g3], &[&first, &second]);
        G::scalar_eq(&c, &self.c).into()
    }
}

/// That one exponent makes both `exponent · G` and `exponent · base`: OTR's `cR, D7`, where the
/// base is `Qa - Qb`.
pub(crate) struct EqualityProof<G: Group> {
    pub(crate) c: G::Scalar,
    pub(crate) d7: G::Scalar,
}

impl<G: Suite> EqualityProof<G> {
    pub(crate) fn new(
        place: Place,
        statement: &G::Statement,
        base: &G::Element,
        exponent: &G::Scalar,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let r = G::random_scalar(rng);
        let (first, second) = (G::mul_base(&r), G::mul(base, &r));
        let c = G::challenge(place, statement, &[base], &[&first, &second]);
        Self { d7: G::scalar_sub_product(&r, exponent, &c), c: G::Scalar::clone(&c) }
    }

    /// `public` is `exponent · G`, `element` is `exponent · base`.
    pub(crate) fn holds(
        &self,
        place: Place,
        statement: &G::Statement,
        base: &G::Element,
        (public, element): (&G::Element, &G::Element),
    ) -> bool {
        let first = G::add(&G::mul_base(&self.d7), &G::mul(public, &self.c));
        let second = G::add(&G::mul(base, &self.d7), &G::mul(element, &self.c));
        let c = G::challenge(place, statement, &[base], &[&first, &second]);
        G::scalar_eq(&c, &self.c).into()
    }
}
