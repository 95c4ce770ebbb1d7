//! The three kinds of zero-knowledge proofs, made non-interactive (Fiat–Shamir).
//!
//! Each challenge hashes the proof's own label, the statement (which contains everything said in
//! the run before and all elements of the message that the proof is part of), the bases and the
//! commitments. So no proof fits another place, message, run or group. Letters are those of
//! OTR's specification; `docs/smp.md` has the equations.

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::group::Group;
use crate::hash;

/// The hash that stands for everything a proof is about.
pub(crate) type Statement = Zeroizing<[u8; hash::HASH_LEN]>;

/// The places of a proof, in OTR's numbering.
pub(crate) mod place {
    pub(crate) const STARTER_G2: &[u8] = b"undertone smp v1 proof 1";
    pub(crate) const STARTER_G3: &[u8] = b"undertone smp v1 proof 2";
    pub(crate) const ANSWERER_G2: &[u8] = b"undertone smp v1 proof 3";
    pub(crate) const ANSWERER_G3: &[u8] = b"undertone smp v1 proof 4";
    pub(crate) const ANSWERER_PQ: &[u8] = b"undertone smp v1 proof 5";
    pub(crate) const STARTER_PQ: &[u8] = b"undertone smp v1 proof 6";
    pub(crate) const STARTER_R: &[u8] = b"undertone smp v1 proof 7";
    pub(crate) const ANSWERER_R: &[u8] = b"undertone smp v1 proof 8";
}

/// Draws a secret scalar.
pub(crate) fn random_scalar<G: Group>(rng: &mut impl CryptoRng) -> Zeroizing<G::Scalar> {
    let mut wide = Zeroizing::new(vec![0; G::WIDE_LEN]);
    rng.fill_bytes(&mut wide);
    Zeroizing::new(G::scalar_from_wide(&wide))
}

fn challenge<G: Group>(
    place: &[u8],
    statement: &Statement,
    elements: &[&G::Element],
) -> Zeroizing<G::Scalar> {
    let mut bytes =
        Zeroizing::new(Vec::with_capacity(elements.len().saturating_mul(G::ELEMENT_LEN)));
    for element in elements {
        G::encode(element, &mut bytes);
    }
    hash::scalar::<G>(place, &[G::NAME.as_bytes(), statement.as_slice(), &bytes])
}

/// Knowledge of the exponent of `exponent · G`: OTR's `c2, D2` and `c3, D3`.
pub(crate) struct ExponentProof<G: Group> {
    pub(crate) c: G::Scalar,
    pub(crate) d: G::Scalar,
}

impl<G: Group> ExponentProof<G> {
    pub(crate) fn new(
        place: &[u8],
        statement: &Statement,
        exponent: &G::Scalar,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let r = random_scalar::<G>(rng);
        let c = challenge::<G>(place, statement, &[&G::mul_base(&r)]);
        Self { d: G::scalar_sub_product(&r, exponent, &c), c: G::Scalar::clone(&c) }
    }

    pub(crate) fn holds(&self, place: &[u8], statement: &Statement, element: &G::Element) -> bool {
        let commitment = G::add(&G::mul_base(&self.d), &G::mul(element, &self.c));
        let c = challenge::<G>(place, statement, &[&commitment]);
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

impl<G: Group> BlindedProof<G> {
    pub(crate) fn new(
        place: &[u8],
        statement: &Statement,
        bases: &Bases<G>,
        (blinding, secret): (&G::Scalar, &G::Scalar),
        rng: &mut impl CryptoRng,
    ) -> Self {
        let r5 = random_scalar::<G>(rng);
        let r6 = random_scalar::<G>(rng);
        let first = G::mul(&bases.g3, &r5);
        let second = G::add(&G::mul_base(&r5), &G::mul(&bases.g2, &r6));
        let c = challenge::<G>(place, statement, &[&bases.g2, &bases.g3, &first, &second]);
        Self {
            d5: G::scalar_sub_product(&r5, blinding, &c),
            d6: G::scalar_sub_product(&r6, secret, &c),
            c: G::Scalar::clone(&c),
        }
    }

    pub(crate) fn holds(
        &self,
        place: &[u8],
        statement: &Statement,
        bases: &Bases<G>,
        blinded: &Blinded<G>,
    ) -> bool {
        let first = G::add(&G::mul(&bases.g3, &self.d5), &G::mul(&blinded.p, &self.c));
        let own = G::add(&G::mul_base(&self.d5), &G::mul(&bases.g2, &self.d6));
        let second = G::add(&own, &G::mul(&blinded.q, &self.c));
        let c = challenge::<G>(place, statement, &[&bases.g2, &bases.g3, &first, &second]);
        G::scalar_eq(&c, &self.c).into()
    }
}

/// That one exponent makes both `exponent · G` and `exponent · base`: OTR's `cR, D7`, where the
/// base is `Qa - Qb`.
pub(crate) struct EqualityProof<G: Group> {
    pub(crate) c: G::Scalar,
    pub(crate) d7: G::Scalar,
}

impl<G: Group> EqualityProof<G> {
    pub(crate) fn new(
        place: &[u8],
        statement: &Statement,
        base: &G::Element,
        exponent: &G::Scalar,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let r = random_scalar::<G>(rng);
        let (first, second) = (G::mul_base(&r), G::mul(base, &r));
        let c = challenge::<G>(place, statement, &[base, &first, &second]);
        Self { d7: G::scalar_sub_product(&r, exponent, &c), c: G::Scalar::clone(&c) }
    }

    /// `public` is `exponent · G`, `element` is `exponent · base`.
    pub(crate) fn holds(
        &self,
        place: &[u8],
        statement: &Statement,
        base: &G::Element,
        (public, element): (&G::Element, &G::Element),
    ) -> bool {
        let first = G::add(&G::mul_base(&self.d7), &G::mul(public, &self.c));
        let second = G::add(&G::mul(base, &self.d7), &G::mul(element, &self.c));
        let c = challenge::<G>(place, statement, &[base, &first, &second]);
        G::scalar_eq(&c, &self.c).into()
    }
}
