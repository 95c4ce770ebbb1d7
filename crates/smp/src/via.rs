//! A use seen through a hook: for tests that count what is done, and for tests that plant a
//! weakness and see it found.

use core::marker::PhantomData;

use rand_core::CryptoRng;
use subtle::{Choice, ConstantTimeEq};
use zeroize::{Zeroize, Zeroizing};

use crate::ReceiveError;
use crate::group::Group;
use crate::suite::{Opened, Place, Runs, Step, Suite};

/// What happens on the way; by default nothing.
pub(crate) trait Hook {
    /// Called for each operation.
    fn seen(_operation: &'static str) {}
    /// Whether challenges and scalars are compared at all.
    const CHECKS_PROOFS: bool = true;
    /// Whether proofs are about what was said before and beside them.
    const BINDS_PROOFS: bool = true;
    /// Whether the secret comes into the run.
    const TAKES_SECRET: bool = true;
    /// Whether the step of a message is looked at by the proofs.
    const KNOWS_PLACES: bool = true;
}

/// The use `S` through the hook `H`.
pub(crate) struct Via<S, H>(PhantomData<(S, H)>);

impl<S, H> Clone for Via<S, H> {
    fn clone(&self) -> Self {
        Self(PhantomData)
    }
}

pub(crate) struct Element<S: Group, H>(S::Element, PhantomData<H>);

impl<S: Group, H> Element<S, H> {
    const fn new(element: S::Element) -> Self {
        Self(element, PhantomData)
    }
}

impl<S: Group, H> Clone for Element<S, H> {
    fn clone(&self) -> Self {
        Self::new(self.0.clone())
    }
}

impl<S: Group, H> Zeroize for Element<S, H> {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl<S: Group, H: Hook> ConstantTimeEq for Element<S, H> {
    fn ct_eq(&self, other: &Self) -> Choice {
        H::seen("elements compared");
        self.0.ct_eq(&other.0)
    }
}

impl<S: Group, H: Hook> Group for Via<S, H> {
    const NAME: &'static str = S::NAME;
    const ELEMENT_LEN: usize = S::ELEMENT_LEN;
    const SCALAR_LEN: usize = S::SCALAR_LEN;

    type Element = Element<S, H>;
    type Scalar = S::Scalar;

    fn mul_base(scalar: &S::Scalar) -> Self::Element {
        H::seen("mul_base");
        Element::new(S::mul_base(scalar))
    }

    fn mul(element: &Self::Element, scalar: &S::Scalar) -> Self::Element {
        H::seen("mul");
        Element::new(S::mul(&element.0, scalar))
    }

    fn add(one: &Self::Element, two: &Self::Element) -> Self::Element {
        H::seen("add");
        Element::new(S::add(&one.0, &two.0))
    }

    fn sub(one: &Self::Element, two: &Self::Element) -> Self::Element {
        H::seen("sub");
        Element::new(S::sub(&one.0, &two.0))
    }

    fn scalar_sub_product(minuend: &S::Scalar, one: &S::Scalar, two: &S::Scalar) -> S::Scalar {
        H::seen("scalar_sub_product");
        S::scalar_sub_product(minuend, one, two)
    }

    fn scalar_eq(one: &S::Scalar, two: &S::Scalar) -> Choice {
        H::seen("scalars compared");
        S::scalar_eq(one, two) | Choice::from(u8::from(!H::CHECKS_PROOFS))
    }

    fn element_len(bytes: &[u8]) -> Option<usize> {
        S::element_len(bytes)
    }

    fn encode(element: &Self::Element, out: &mut Vec<u8>) {
        H::seen("encode");
        S::encode(&element.0, out);
    }

    fn decode(bytes: &[u8]) -> Option<Self::Element> {
        H::seen("decode");
        S::decode(bytes).map(Element::new)
    }

    fn scalar_len(bytes: &[u8]) -> Option<usize> {
        S::scalar_len(bytes)
    }

    fn encode_scalar(scalar: &S::Scalar, out: &mut Vec<u8>) {
        H::seen("encode_scalar");
        S::encode_scalar(scalar, out);
    }

    fn decode_scalar(bytes: &[u8]) -> Option<S::Scalar> {
        H::seen("decode_scalar");
        S::decode_scalar(bytes)
    }
}

fn inner<S: Group, H>(elements: &[&Element<S, H>]) -> Vec<S::Element> {
    elements.iter().map(|element| element.0.clone()).collect()
}

impl<S: Suite, H: Hook> Suite for Via<S, H> {
    type Secret = S::Secret;
    type Message = S::Message;
    type Received = S::Received;
    type Transcript = S::Transcript;
    type Statement = S::Statement;

    const QUESTION_MAX: usize = S::QUESTION_MAX;

    fn secret_scalar(secret: &S::Secret) -> Zeroizing<S::Scalar> {
        H::seen("secret_scalar");
        if H::TAKES_SECRET {
            return S::secret_scalar(secret);
        }
        let generator = S::mul_base(&S::secret_scalar(secret));
        let statement = S::statement(&S::transcript(), Step::First, None, &[]);
        let one_for_all = S::sub(&generator, &generator);
        S::challenge(Place::StarterG2, &statement, &[], &[&one_for_all])
    }

    fn random_scalar(rng: &mut impl CryptoRng) -> Zeroizing<S::Scalar> {
        H::seen("random_scalar");
        S::random_scalar(rng)
    }

    fn transcript() -> S::Transcript {
        S::transcript()
    }

    fn absorb(transcript: &mut S::Transcript, message: &S::Received) {
        H::seen("absorb");
        S::absorb(transcript, message);
    }

    fn statement(
        transcript: &S::Transcript,
        step: Step,
        question: Option<&str>,
        elements: &[Self::Element],
    ) -> S::Statement {
        H::seen("statement");
        if !H::BINDS_PROOFS {
            return S::statement(&S::transcript(), Step::First, None, &[]);
        }
        let elements = inner::<S, H>(&elements.iter().collect::<Vec<_>>());
        S::statement(transcript, step, question, &elements)
    }

    fn challenge(
        place: Place,
        statement: &S::Statement,
        bases: &[&Self::Element],
        commitments: &[&Self::Element],
    ) -> Zeroizing<S::Scalar> {
        H::seen("challenge");
        let place = if H::KNOWS_PLACES { place } else { Place::StarterG2 };
        let (bases, commitments) = (inner::<S, H>(bases), inner::<S, H>(commitments));
        let bases: Vec<_> = bases.iter().collect();
        S::challenge(place, statement, &bases, &commitments.iter().collect::<Vec<_>>())
    }

    fn runs(step: Step) -> Runs {
        S::runs(step)
    }

    fn close(step: Step, question: Option<&str>, fields: &[u8]) -> S::Message {
        H::seen("close");
        S::close(step, question, fields)
    }

    fn abort() -> S::Message {
        S::abort()
    }

    fn open(message: &S::Received) -> Result<Opened<'_>, ReceiveError> {
        H::seen("open");
        S::open(message)
    }

    fn is_padding(bytes: &[u8]) -> bool {
        S::is_padding(bytes)
    }
}
