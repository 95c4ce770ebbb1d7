//! The run, step by step. Each step is a type that holds what is still needed and no more, and
//! is used up by the next one.
//!
//! The *starter* is OTR's Alice, the *answerer* Bob; letters are those of OTR's specification.

use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::group::Group;
use crate::hash::{self, label};
use crate::message::{Kind, Reader, Writer};
use crate::proof::{
    Bases, Blinded, BlindedProof, EqualityProof, ExponentProof, Statement, place, random_scalar,
};
use crate::{ReceiveError, SmpSecret};

/// Hash of all messages of the run so far.
#[cfg_attr(test, derive(Clone))]
struct Transcript(Statement);

impl Transcript {
    fn new<G: Group>() -> Self {
        Self(hash::hash(label::RUN, &[G::NAME.as_bytes()]))
    }

    /// What the proofs of the next message are about: all before it, and its own beginning.
    fn statement(&self, beginning: &[u8]) -> Statement {
        hash::hash(label::STATEMENT, &[self.0.as_slice(), beginning])
    }

    fn absorb(&mut self, message: &[u8]) {
        self.0 = hash::hash(label::MESSAGE, &[self.0.as_slice(), message]);
    }
}

/// Refuses a proof that doesn't hold.
fn require(holds: bool) -> Result<(), ReceiveError> {
    if holds { Ok(()) } else { Err(ReceiveError::Proof) }
}

/// The differences `Pa - Pb` and `Qa - Qb`. OTR leaves open whether equal ones are refused; we
/// do, for honest sides never have them, and the identity proves nothing.
fn differences<G: Group>(
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
fn blind<G: Group>(
    bases: &Bases<G>,
    secret: &G::Scalar,
    rng: &mut impl CryptoRng,
) -> (Blinded<G>, Zeroizing<G::Scalar>) {
    let r4 = random_scalar::<G>(rng);
    let p = G::mul(&bases.g3, &r4);
    let q = G::add(&G::mul_base(&r4), &G::mul(&bases.g2, secret));
    (Blinded { p, q }, r4)
}

/// The starter after the first message.
#[cfg_attr(test, derive(Clone))]
pub(crate) struct Started<G: Group> {
    x: Zeroizing<G::Scalar>,
    a2: Zeroizing<G::Scalar>,
    a3: Zeroizing<G::Scalar>,
    transcript: Transcript,
}

impl<G: Group> Started<G> {
    /// Begins a run; none if the question is too long.
    pub(crate) fn new(
        secret: &SmpSecret,
        question: &str,
        rng: &mut impl CryptoRng,
    ) -> Option<(Self, Vec<u8>)> {
        let mut transcript = Transcript::new::<G>();
        let mut writer = Writer::new::<G>(Kind::First);
        writer.question(question)?;
        let a2 = random_scalar::<G>(rng);
        let a3 = random_scalar::<G>(rng);
        writer.element::<G>(&G::mul_base(&a2));
        writer.element::<G>(&G::mul_base(&a3));
        let statement = transcript.statement(writer.written());
        let proof = ExponentProof::<G>::new(place::STARTER_G2, &statement, &a2, rng);
        writer.exponent_proof::<G>(&proof);
        let proof = ExponentProof::<G>::new(place::STARTER_G3, &statement, &a3, rng);
        writer.exponent_proof::<G>(&proof);
        let message = writer.finish::<G>();
        transcript.absorb(&message);
        Some((Self { x: secret.scalar::<G>(), a2, a3, transcript }, message))
    }

    /// Takes the second message and gives the third.
    pub(crate) fn second(
        self,
        message: &[u8],
        mut reader: Reader<'_>,
        rng: &mut impl CryptoRng,
    ) -> Result<(Compared<G>, Vec<u8>), ReceiveError> {
        let Self { x, a2, a3, mut transcript } = self;
        let g2b = reader.element::<G>()?;
        let g3b = reader.element::<G>()?;
        let answerer = Blinded { p: reader.element::<G>()?, q: reader.element::<G>()? };
        let statement = transcript.statement(reader.read());
        let g2_proof = reader.exponent_proof::<G>()?;
        let g3_proof = reader.exponent_proof::<G>()?;
        let blinded_proof = reader.blinded_proof::<G>()?;
        reader.finish()?;
        require(g2_proof.holds(place::ANSWERER_G2, &statement, &g2b))?;
        require(g3_proof.holds(place::ANSWERER_G3, &statement, &g3b))?;
        let bases =
            Bases { g2: Zeroizing::new(G::mul(&g2b, &a2)), g3: Zeroizing::new(G::mul(&g3b, &a3)) };
        require(blinded_proof.holds(place::ANSWERER_PQ, &statement, &bases, &answerer))?;
        transcript.absorb(message);

        let (starter, r4) = blind::<G>(&bases, &x, rng);
        let between = differences(&starter, &answerer)?;
        let mut writer = Writer::new::<G>(Kind::Third);
        writer.element::<G>(&starter.p);
        writer.element::<G>(&starter.q);
        writer.element::<G>(&G::mul(&between.q, &a3));
        let statement = transcript.statement(writer.written());
        let proof = BlindedProof::<G>::new(place::STARTER_PQ, &statement, &bases, (&r4, &x), rng);
        writer.blinded_proof::<G>(&proof);
        let proof = EqualityProof::<G>::new(place::STARTER_R, &statement, &between.q, &a3, rng);
        writer.equality_proof::<G>(&proof);
        let reply = writer.finish::<G>();
        transcript.absorb(&reply);
        Ok((Compared { a3, g3b, between, transcript }, reply))
    }
}

/// The answerer after the first message, while the user is being asked.
#[cfg_attr(test, derive(Clone))]
pub(crate) struct Asked<G: Group> {
    g2a: G::Element,
    g3a: G::Element,
    transcript: Transcript,
}

impl<G: Group> Asked<G> {
    /// Takes the first message and gives its question.
    pub(crate) fn first(
        message: &[u8],
        mut reader: Reader<'_>,
    ) -> Result<(Self, Option<String>), ReceiveError> {
        let mut transcript = Transcript::new::<G>();
        let question = reader.question()?;
        let g2a = reader.element::<G>()?;
        let g3a = reader.element::<G>()?;
        let statement = transcript.statement(reader.read());
        let g2_proof = reader.exponent_proof::<G>()?;
        let g3_proof = reader.exponent_proof::<G>()?;
        reader.finish()?;
        require(g2_proof.holds(place::STARTER_G2, &statement, &g2a))?;
        require(g3_proof.holds(place::STARTER_G3, &statement, &g3a))?;
        transcript.absorb(message);
        Ok((Self { g2a, g3a, transcript }, question))
    }

    /// Gives the second message, once the user has answered.
    pub(crate) fn answer(
        self,
        secret: &SmpSecret,
        rng: &mut impl CryptoRng,
    ) -> (Answered<G>, Vec<u8>) {
        let Self { g2a, g3a, mut transcript } = self;
        let y = secret.scalar::<G>();
        let b2 = random_scalar::<G>(rng);
        let b3 = random_scalar::<G>(rng);
        let bases =
            Bases { g2: Zeroizing::new(G::mul(&g2a, &b2)), g3: Zeroizing::new(G::mul(&g3a, &b3)) };
        let (own, r4) = blind::<G>(&bases, &y, rng);
        let mut writer = Writer::new::<G>(Kind::Second);
        writer.element::<G>(&G::mul_base(&b2));
        writer.element::<G>(&G::mul_base(&b3));
        writer.element::<G>(&own.p);
        writer.element::<G>(&own.q);
        let statement = transcript.statement(writer.written());
        let proof = ExponentProof::<G>::new(place::ANSWERER_G2, &statement, &b2, rng);
        writer.exponent_proof::<G>(&proof);
        let proof = ExponentProof::<G>::new(place::ANSWERER_G3, &statement, &b3, rng);
        writer.exponent_proof::<G>(&proof);
        let proof = BlindedProof::<G>::new(place::ANSWERER_PQ, &statement, &bases, (&r4, &y), rng);
        writer.blinded_proof::<G>(&proof);
        let message = writer.finish::<G>();
        transcript.absorb(&message);
        (Answered { b3, g3a, bases, own, transcript }, message)
    }
}

/// The answerer after the second message.
#[cfg_attr(test, derive(Clone))]
pub(crate) struct Answered<G: Group> {
    b3: Zeroizing<G::Scalar>,
    g3a: G::Element,
    bases: Bases<G>,
    own: Blinded<G>,
    transcript: Transcript,
}

impl<G: Group> Answered<G> {
    /// Takes the third message; gives the outcome and the fourth message, which is the same
    /// work and the same size whatever the outcome is.
    pub(crate) fn third(
        self,
        message: &[u8],
        mut reader: Reader<'_>,
        rng: &mut impl CryptoRng,
    ) -> Result<(bool, Vec<u8>), ReceiveError> {
        let Self { b3, g3a, bases, own, mut transcript } = self;
        let starter = Blinded { p: reader.element::<G>()?, q: reader.element::<G>()? };
        let ra = reader.element::<G>()?;
        let statement = transcript.statement(reader.read());
        let blinded_proof = reader.blinded_proof::<G>()?;
        let equality_proof = reader.equality_proof::<G>()?;
        reader.finish()?;
        let between = differences(&starter, &own)?;
        require(blinded_proof.holds(place::STARTER_PQ, &statement, &bases, &starter))?;
        require(equality_proof.holds(place::STARTER_R, &statement, &between.q, (&g3a, &ra)))?;
        transcript.absorb(message);

        let mut writer = Writer::new::<G>(Kind::Fourth);
        writer.element::<G>(&G::mul(&between.q, &b3));
        let statement = transcript.statement(writer.written());
        let proof = EqualityProof::<G>::new(place::ANSWERER_R, &statement, &between.q, &b3, rng);
        writer.equality_proof::<G>(&proof);
        let matched = Zeroizing::new(G::mul(&ra, &b3)).ct_eq(&between.p);
        Ok((matched.into(), writer.finish::<G>()))
    }
}

/// The starter after the third message.
#[cfg_attr(test, derive(Clone))]
pub(crate) struct Compared<G: Group> {
    a3: Zeroizing<G::Scalar>,
    g3b: G::Element,
    between: Blinded<G>,
    transcript: Transcript,
}

impl<G: Group> Compared<G> {
    /// Takes the fourth message and gives the outcome.
    pub(crate) fn fourth(self, mut reader: Reader<'_>) -> Result<bool, ReceiveError> {
        let Self { a3, g3b, between, transcript } = self;
        let rb = reader.element::<G>()?;
        let statement = transcript.statement(reader.read());
        let equality_proof = reader.equality_proof::<G>()?;
        reader.finish()?;
        require(equality_proof.holds(place::ANSWERER_R, &statement, &between.q, (&g3b, &rb)))?;
        let matched = Zeroizing::new(G::mul(&rb, &a3)).ct_eq(&between.p);
        Ok(matched.into())
    }
}
