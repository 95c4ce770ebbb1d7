//! The run, step by step. Each step is a type that holds what is still needed and no more, and
//! is used up by the next one.
//!
//! The *starter* is OTR's Alice, the *answerer* Bob; letters are those of OTR's specification.

use core::borrow::Borrow as _;

use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::ReceiveError;
use crate::proof::{Bases, Blinded, BlindedProof, EqualityProof, ExponentProof};
use crate::suite::{Fields, Place, Step, Suite};

/// Refuses a proof that doesn't hold.
fn require(holds: bool) -> Result<(), ReceiveError> {
    if holds { Ok(()) } else { Err(ReceiveError::Proof) }
}

/// The differences `Pa - Pb` and `Qa - Qb`. OTR leaves open whether equal ones are refused; we
/// do, for honest sides never have them, and the identity proves nothing.
fn differences<G: Suite>(
    starter: &Blinded<G>,
    answerer: &Blinded<G>,
) -> Result<Blinded<G>, ReceiveError> {
    let same_p: bool = starter.p.ct_eq(&answerer.p).into();
    let same_q: bool = starter.q.ct_eq(&answerer.q).into();
    if same_p || same_q {
        return Err(ReceiveError::Element);
    }
    Ok(Blinded { p: G::sub(&starter.p, &answerer.p), q: G::sub(&starter.q, &answerer.q) })
}

/// A fresh blinding of the secret, and the blinding.
fn blind<G: Suite>(
    bases: &Bases<G>,
    secret: &G::Scalar,
    rng: &mut impl CryptoRng,
) -> (Blinded<G>, Zeroizing<G::Scalar>) {
    let r4 = G::random_scalar(rng);
    let p = G::mul(&bases.g3, &r4);
    let q = G::add(&G::mul_base(&r4), &G::mul(&bases.g2, secret));
    (Blinded { p, q }, r4)
}

/// The starter after the first message.
#[cfg_attr(test, derive(Clone))]
pub(crate) struct Started<G: Suite> {
    x: Zeroizing<G::Scalar>,
    a2: Zeroizing<G::Scalar>,
    a3: Zeroizing<G::Scalar>,
    transcript: G::Transcript,
}

impl<G: Suite> Started<G> {
    /// Begins a run with a question that fits.
    pub(crate) fn new(
        secret: &G::Secret,
        question: Option<&str>,
        rng: &mut impl CryptoRng,
    ) -> (Self, G::Message) {
        let mut transcript = G::transcript();
        let a2 = G::random_scalar(rng);
        let a3 = G::random_scalar(rng);
        let elements = [G::mul_base(&a2), G::mul_base(&a3)];
        let statement = G::statement(&transcript, Step::First, question, &elements);
        let g2 = ExponentProof::<G>::new(Place::StarterG2, &statement, &a2, rng);
        let g3 = ExponentProof::<G>::new(Place::StarterG3, &statement, &a3, rng);
        let fields = Fields::<G, 2, 4> { elements, scalars: [g2.c, g2.d, g3.c, g3.d] };
        let message = fields.write(Step::First, question);
        G::absorb(&mut transcript, message.borrow());
        (Self { x: G::secret_scalar(secret), a2, a3, transcript }, message)
    }

    /// Takes the second message and gives the third.
    pub(crate) fn second(
        self,
        message: &G::Received,
        rest: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<(Compared<G>, G::Message), ReceiveError> {
        let Self { x, a2, a3, mut transcript } = self;
        let Fields { elements, scalars } = Fields::<G, 4, 7>::read(Step::Second, rest)?;
        let statement = G::statement(&transcript, Step::Second, None, &elements);
        let [g2b, g3b, p, q] = elements;
        let answerer = Blinded::<G> { p, q };
        let [c2, d2, c3, d3, c, d5, d6] = scalars;
        let g2_proof = ExponentProof::<G> { c: c2, d: d2 };
        let g3_proof = ExponentProof::<G> { c: c3, d: d3 };
        let blinded_proof = BlindedProof::<G> { c, d5, d6 };
        require(g2_proof.holds(Place::AnswererG2, &statement, &g2b))?;
        require(g3_proof.holds(Place::AnswererG3, &statement, &g3b))?;
        let bases =
            Bases { g2: Zeroizing::new(G::mul(&g2b, &a2)), g3: Zeroizing::new(G::mul(&g3b, &a3)) };
        require(blinded_proof.holds(Place::AnswererPq, &statement, &bases, &answerer))?;
        G::absorb(&mut transcript, message);

        let (starter, r4) = blind::<G>(&bases, &x, rng);
        let between = differences(&starter, &answerer)?;
        let elements = [starter.p, starter.q, G::mul(&between.q, &a3)];
        let statement = G::statement(&transcript, Step::Third, None, &elements);
        let pq = BlindedProof::<G>::new(Place::StarterPq, &statement, &bases, (&r4, &x), rng);
        let r = EqualityProof::<G>::new(Place::StarterR, &statement, &between.q, &a3, rng);
        let fields = Fields::<G, 3, 5> { elements, scalars: [pq.c, pq.d5, pq.d6, r.c, r.d7] };
        let reply = fields.write(Step::Third, None);
        G::absorb(&mut transcript, reply.borrow());
        Ok((Compared { a3, g3b, between, transcript }, reply))
    }
}

/// The answerer after the first message, while the user is being asked.
#[cfg_attr(test, derive(Clone))]
pub(crate) struct Asked<G: Suite> {
    g2a: G::Element,
    g3a: G::Element,
    transcript: G::Transcript,
}

impl<G: Suite> Asked<G> {
    /// Takes the first message.
    pub(crate) fn first(
        message: &G::Received,
        question: Option<&str>,
        rest: &[u8],
    ) -> Result<Self, ReceiveError> {
        let mut transcript = G::transcript();
        let Fields { elements, scalars } = Fields::<G, 2, 4>::read(Step::First, rest)?;
        let statement = G::statement(&transcript, Step::First, question, &elements);
        let [g2a, g3a] = elements;
        let [c2, d2, c3, d3] = scalars;
        let g2_proof = ExponentProof::<G> { c: c2, d: d2 };
        let g3_proof = ExponentProof::<G> { c: c3, d: d3 };
        require(g2_proof.holds(Place::StarterG2, &statement, &g2a))?;
        require(g3_proof.holds(Place::StarterG3, &statement, &g3a))?;
        G::absorb(&mut transcript, message);
        Ok(Self { g2a, g3a, transcript })
    }

    /// Gives the second message, once the user has answered.
    pub(crate) fn answer(
        self,
        secret: &G::Secret,
        rng: &mut impl CryptoRng,
    ) -> (Answered<G>, G::Message) {
        let Self { g2a, g3a, mut transcript } = self;
        let y = G::secret_scalar(secret);
        let b2 = G::random_scalar(rng);
        let b3 = G::random_scalar(rng);
        let bases =
            Bases { g2: Zeroizing::new(G::mul(&g2a, &b2)), g3: Zeroizing::new(G::mul(&g3a, &b3)) };
        let (own, r4) = blind::<G>(&bases, &y, rng);
        let elements = [G::mul_base(&b2), G::mul_base(&b3), own.p.clone(), own.q.clone()];
        let statement = G::statement(&transcript, Step::Second, None, &elements);
        let g2 = ExponentProof::<G>::new(Place::AnswererG2, &statement, &b2, rng);
        let g3 = ExponentProof::<G>::new(Place::AnswererG3, &statement, &b3, rng);
        let pq = BlindedProof::<G>::new(Place::AnswererPq, &statement, &bases, (&r4, &y), rng);
        let scalars = [g2.c, g2.d, g3.c, g3.d, pq.c, pq.d5, pq.d6];
        let message = Fields::<G, 4, 7> { elements, scalars }.write(Step::Second, None);
        G::absorb(&mut transcript, message.borrow());
        (Answered { b3, g3a, bases, own, transcript }, message)
    }
}

/// The answerer after the second message.
#[cfg_attr(test, derive(Clone))]
pub(crate) struct Answered<G: Suite> {
    b3: Zeroizing<G::Scalar>,
    g3a: G::Element,
    bases: Bases<G>,
    own: Blinded<G>,
    transcript: G::Transcript,
}

impl<G: Suite> Answered<G> {
    /// Takes the third message; gives the outcome and the fourth message, which is the same
    /// work and the same size whatever the outcome is.
    pub(crate) fn third(
        self,
        message: &G::Received,
        rest: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<(bool, G::Message), ReceiveError> {
        let Self { b3, g3a, bases, own, mut transcript } = self;
        let Fields { elements, scalars } = Fields::<G, 3, 5>::read(Step::Third, rest)?;
        let statement = G::statement(&transcript, Step::Third, None, &elements);
        let [p, q, ra] = elements;
        let starter = Blinded::<G> { p, q };
        let [cp, d5, d6, cr, d7] = scalars;
        let blinded_proof = BlindedProof::<G> { c: cp, d5, d6 };
        let equality_proof = EqualityProof::<G> { c: cr, d7 };
        let between = differences(&starter, &own)?;
        require(blinded_proof.holds(Place::StarterPq, &statement, &bases, &starter))?;
        require(equality_proof.holds(Place::StarterR, &statement, &between.q, (&g3a, &ra)))?;
        G::absorb(&mut transcript, message);

        let elements = [G::mul(&between.q, &b3)];
        let statement = G::statement(&transcript, Step::Fourth, None, &elements);
        let r = EqualityProof::<G>::new(Place::AnswererR, &statement, &between.q, &b3, rng);
        let reply = Fields::<G, 1, 2> { elements, scalars: [r.c, r.d7] }.write(Step::Fourth, None);
        let matched = Zeroizing::new(G::mul(&ra, &b3)).ct_eq(&between.p);
        Ok((matched.into(), reply))
    }
}

/// The starter after the third message.
#[cfg_attr(test, derive(Clone))]
pub(crate) struct Compared<G: Suite> {
    a3: Zeroizing<G::Scalar>,
    g3b: G::Element,
    between: Blinded<G>,
    transcript: G::Transcript,
}

impl<G: Suite> Compared<G> {
    /// Takes the fourth message and gives the outcome.
    pub(crate) fn fourth(self, rest: &[u8]) -> Result<bool, ReceiveError> {
        let Self { a3, g3b, between, transcript } = self;
        let Fields { elements, scalars } = Fields::<G, 1, 2>::read(Step::Fourth, rest)?;
        let statement = G::statement(&transcript, Step::Fourth, None, &elements);
        let [rb] = elements;
        let [c, d7] = scalars;
        let equality_proof = EqualityProof::<G> { c, d7 };
        require(equality_proof.holds(Place::AnswererR, &statement, &between.q, (&g3b, &rb)))?;
        let matched = Zeroizing::new(G::mul(&rb, &a3)).ct_eq(&between.p);
        Ok(matched.into())
    }
}
