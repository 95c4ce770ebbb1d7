//! What a use of the protocol makes of a group: what is compared, what is hashed, and where each
//! value stands in a message.

use alloc::string::String;
use alloc::vec::Vec;
use core::borrow::Borrow;
use core::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::group::Group;
use crate::{ReceiveError, StartError};

/// One of the four messages of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The starter's first.
    First,
    /// The answerer's first.
    Second,
    /// The starter's second.
    Third,
    /// The answerer's second.
    Fourth,
}

/// A proof's place in a run, in OTR's numbering; the number goes into its challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The exponent of `G2a`.
    StarterG2 = 1,
    /// The exponent of `G3a`.
    StarterG3 = 2,
    /// The exponent of `G2b`.
    AnswererG2 = 3,
    /// The exponent of `G3b`.
    AnswererG3 = 4,
    /// The blinding and the secret in `Pb` and `Qb`.
    AnswererPq = 5,
    /// The blinding and the secret in `Pa` and `Qa`.
    StarterPq = 6,
    /// The exponent of `G3a` in `Ra`.
    StarterR = 7,
    /// The exponent of `G3b` in `Rb`.
    AnswererR = 8,
}

/// A message, opened: its elements and scalars are still bytes.
pub enum Opened<'a> {
    /// The other side ends the run.
    Abort,
    /// A message of a run.
    Step {
        /// Which.
        step: Step,
        /// Of the first message; never empty.
        question: Option<String>,
        /// Elements and scalars, and padding where a use has some.
        rest: &'a [u8],
    },
}

impl fmt::Debug for Opened<'_> {
    /// Neither the question, which is private, nor values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Abort => f.write_str("Abort"),
            Self::Step { step, .. } => write!(f, "{step:?}(…)"),
        }
    }
}

/// How many elements and then how many scalars stand together in a message.
pub(crate) type Runs = &'static [(usize, usize)];

/// A use of the protocol over one group: [`Ristretto`](crate::Ristretto) is the native one,
/// [`Modp1536`](crate::Modp1536) that of OTR versions 2 and 3, [`Ed448`](crate::Ed448) that of
/// version 4.
///
/// Its functions are this crate's own business.
pub trait Suite: Group {
    /// What the two sides compare.
    type Secret;
    /// A message as it is sent.
    type Message: Borrow<Self::Received>;
    /// A message as it is received.
    type Received: ?Sized;
    /// What the run has said so far, where proofs are about that.
    type Transcript: Clone;
    /// What the proofs of one message are about, besides their commitments.
    type Statement;

    /// The longest question, in bytes of UTF-8.
    const QUESTION_MAX: usize;

    /// The secret as an exponent: OTR's `x` or `y`.
    fn secret_scalar(secret: &Self::Secret) -> Zeroizing<Self::Scalar>;
    /// Draws a secret scalar.
    fn random_scalar(rng: &mut impl CryptoRng) -> Zeroizing<Self::Scalar>;

    /// Before the first message.
    fn transcript() -> Self::Transcript;
    /// After this message.
    fn absorb(transcript: &mut Self::Transcript, message: &Self::Received);
    /// What the proofs of a message are about.
    fn statement(
        transcript: &Self::Transcript,
        step: Step,
        question: Option<&str>,
        elements: &[Self::Element],
    ) -> Self::Statement;
    /// The challenge of a proof.
    fn challenge(
        place: Place,
        statement: &Self::Statement,
        bases: &[&Self::Element],
        commitments: &[&Self::Element],
    ) -> Zeroizing<Self::Scalar>;

    /// Whether this question can be sent.
    ///
    /// # Errors
    /// Why not.
    fn check_question(question: &str) -> Result<(), StartError> {
        if question.len() > Self::QUESTION_MAX {
            return Err(StartError::QuestionTooLong { max: Self::QUESTION_MAX });
        }
        Ok(())
    }
    /// Where elements and scalars stand in a message.
    fn runs(step: Step) -> Runs;
    /// Makes a message of its elements and scalars, which stand in `fields`.
    fn close(step: Step, question: Option<&str>, fields: &[u8]) -> Self::Message;
    /// The message that ends a run.
    fn abort() -> Self::Message;
    /// Finds out what a message is.
    ///
    /// # Errors
    /// Why it is none.
    fn open(message: &Self::Received) -> Result<Opened<'_>, ReceiveError>;
    /// Whether these bytes may follow the last field.
    fn is_padding(bytes: &[u8]) -> bool;
}

/// The elements and the scalars of a message, each in the order of OTR's specification.
pub(crate) struct Fields<G: Group, const E: usize, const S: usize> {
    pub(crate) elements: [G::Element; E],
    pub(crate) scalars: [G::Scalar; S],
}

impl<G: Suite, const E: usize, const S: usize> Fields<G, E, S> {
    pub(crate) fn write(&self, step: Step, question: Option<&str>) -> G::Message {
        let longest =
            E.saturating_mul(G::ELEMENT_LEN).saturating_add(S.saturating_mul(G::SCALAR_LEN));
        let mut out = Vec::with_capacity(longest);
        let (mut elements, mut scalars) = (self.elements.iter(), self.scalars.iter());
        for (some_elements, some_scalars) in G::runs(step) {
            for element in elements.by_ref().take(*some_elements) {
                G::encode(element, &mut out);
            }
            for scalar in scalars.by_ref().take(*some_scalars) {
                G::encode_scalar(scalar, &mut out);
            }
        }
        G::close(step, question, &out)
    }

    /// Reads what [`Opened::Step`] left over, and nothing after it but padding.
    pub(crate) fn read(step: Step, mut rest: &[u8]) -> Result<Self, ReceiveError> {
        let (mut elements, mut scalars) = (Vec::with_capacity(E), Vec::with_capacity(S));
        for (some_elements, some_scalars) in G::runs(step) {
            for _ in 0..*some_elements {
                let field = take_with(&mut rest, G::element_len)?;
                elements.push(G::decode(field).ok_or(ReceiveError::Element)?);
            }
            for _ in 0..*some_scalars {
                let field = take_with(&mut rest, G::scalar_len)?;
                scalars.push(G::decode_scalar(field).ok_or(ReceiveError::Proof)?);
            }
        }
        if !G::is_padding(rest) {
            return Err(ReceiveError::Malformed);
        }
        Ok(Self {
            elements: elements.try_into().map_err(|_| ReceiveError::Malformed)?,
            scalars: scalars.try_into().map_err(|_| ReceiveError::Malformed)?,
        })
    }
}

fn take_with<'a>(
    rest: &mut &'a [u8],
    length: fn(&[u8]) -> Option<usize>,
) -> Result<&'a [u8], ReceiveError> {
    let length = length(rest);
    take(rest, length)
}

/// Takes so many bytes off the front.
pub(crate) fn take<'a>(
    rest: &mut &'a [u8],
    length: Option<usize>,
) -> Result<&'a [u8], ReceiveError> {
    let (field, after) =
        length.and_then(|length| rest.split_at_checked(length)).ok_or(ReceiveError::Malformed)?;
    *rest = after;
    Ok(field)
}
