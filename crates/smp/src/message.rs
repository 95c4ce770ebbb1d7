//! The messages' bytes: `version ‖ kind ‖ fields ‖ zeros`, all of one size.

use crate::ReceiveError;
use crate::group::Group;
use crate::proof::{BlindedProof, EqualityProof, ExponentProof};

/// The first byte of each message.
const VERSION: u8 = 1;
const HEADER_LEN: usize = 2;

/// The longest question, in bytes of UTF-8.
pub const QUESTION_MAX: usize = 200;
/// The question's length in one byte, and room for the longest.
const QUESTION_FIELD_LEN: usize = 1 + QUESTION_MAX;

/// What a message is; the number is its second byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    First = 1,
    Second = 2,
    Third = 3,
    Fourth = 4,
    Abort = 5,
}

/// Length of every message in this group, in bytes: as much as the longest of them needs.
pub(crate) const fn message_len<G: Group>() -> usize {
    let first = QUESTION_FIELD_LEN + 2 * G::ELEMENT_LEN + 4 * G::SCALAR_LEN;
    let second = 4 * G::ELEMENT_LEN + 7 * G::SCALAR_LEN;
    let longest = if first > second { first } else { second };
    HEADER_LEN + longest
}

/// Writes one message.
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn new<G: Group>(kind: Kind) -> Self {
        let mut bytes = Vec::with_capacity(message_len::<G>());
        bytes.extend_from_slice(&[VERSION, kind as u8]);
        Self { bytes }
    }

    /// Fails for a question that is too long.
    pub(crate) fn question(&mut self, question: &str) -> Option<()> {
        let length = u8::try_from(question.len()).ok()?;
        let padding = QUESTION_MAX.checked_sub(question.len())?;
        self.bytes.push(length);
        self.bytes.extend_from_slice(question.as_bytes());
        self.bytes.extend(std::iter::repeat_n(0, padding));
        Some(())
    }

    pub(crate) fn element<G: Group>(&mut self, element: &G::Element) {
        G::encode(element, &mut self.bytes);
    }

    pub(crate) fn exponent_proof<G: Group>(&mut self, proof: &ExponentProof<G>) {
        self.scalars::<G>(&[&proof.c, &proof.d]);
    }

    pub(crate) fn blinded_proof<G: Group>(&mut self, proof: &BlindedProof<G>) {
        self.scalars::<G>(&[&proof.c, &proof.d5, &proof.d6]);
    }

    pub(crate) fn equality_proof<G: Group>(&mut self, proof: &EqualityProof<G>) {
        self.scalars::<G>(&[&proof.c, &proof.d7]);
    }

    fn scalars<G: Group>(&mut self, scalars: &[&G::Scalar]) {
        for scalar in scalars {
            G::encode_scalar(scalar, &mut self.bytes);
        }
    }

    /// What was written so far: before the proofs it is their statement.
    pub(crate) fn written(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn finish<G: Group>(mut self) -> Vec<u8> {
        self.bytes.resize(message_len::<G>(), 0);
        self.bytes
    }
}

/// Reads one message, whose length was checked.
pub(crate) struct Reader<'a> {
    message: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Checks length, version and kind.
    pub(crate) fn new<G: Group>(message: &'a [u8]) -> Result<(Kind, Self), ReceiveError> {
        if message.len() != message_len::<G>() {
            return Err(ReceiveError::Malformed);
        }
        let Some(([version, kind], rest)) = message.split_first_chunk() else {
            return Err(ReceiveError::Malformed);
        };
        if *version != VERSION {
            return Err(ReceiveError::Version);
        }
        let kind = [Kind::First, Kind::Second, Kind::Third, Kind::Fourth, Kind::Abort]
            .into_iter()
            .find(|known| *known as u8 == *kind)
            .ok_or(ReceiveError::Malformed)?;
        Ok((kind, Self { message, rest }))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], ReceiveError> {
        let (field, rest) = self.rest.split_at_checked(length).ok_or(ReceiveError::Malformed)?;
        self.rest = rest;
        Ok(field)
    }

    /// The question, none if it is empty. What follows it in its field must be zeros.
    pub(crate) fn question(&mut self) -> Result<Option<String>, ReceiveError> {
        let field = self.take(QUESTION_FIELD_LEN)?;
        let (length, room) = field.split_first().ok_or(ReceiveError::Malformed)?;
        let (question, padding) =
            room.split_at_checked((*length).into()).ok_or(ReceiveError::Malformed)?;
        let question = std::str::from_utf8(question).map_err(|_| ReceiveError::Malformed)?;
        if padding.iter().any(|byte| *byte != 0) {
            return Err(ReceiveError::Malformed);
        }
        Ok((!question.is_empty()).then(|| question.to_owned()))
    }

    pub(crate) fn element<G: Group>(&mut self) -> Result<G::Element, ReceiveError> {
        G::decode(self.take(G::ELEMENT_LEN)?).ok_or(ReceiveError::Element)
    }

    fn scalar<G: Group>(&mut self) -> Result<G::Scalar, ReceiveError> {
        G::decode_scalar(self.take(G::SCALAR_LEN)?).ok_or(ReceiveError::Proof)
    }

    pub(crate) fn exponent_proof<G: Group>(&mut self) -> Result<ExponentProof<G>, ReceiveError> {
        Ok(ExponentProof { c: self.scalar::<G>()?, d: self.scalar::<G>()? })
    }

    pub(crate) fn blinded_proof<G: Group>(&mut self) -> Result<BlindedProof<G>, ReceiveError> {
        let c = self.scalar::<G>()?;
        Ok(BlindedProof { c, d5: self.scalar::<G>()?, d6: self.scalar::<G>()? })
    }

    pub(crate) fn equality_proof<G: Group>(&mut self) -> Result<EqualityProof<G>, ReceiveError> {
        Ok(EqualityProof { c: self.scalar::<G>()?, d7: self.scalar::<G>()? })
    }

    /// What was read so far: before the proofs it is their statement.
    pub(crate) fn read(&self) -> &'a [u8] {
        let length = self.message.len().saturating_sub(self.rest.len());
        self.message.get(..length).unwrap_or_default()
    }

    /// The rest must be zeros.
    pub(crate) fn finish(self) -> Result<(), ReceiveError> {
        if self.rest.iter().all(|byte| *byte == 0) { Ok(()) } else { Err(ReceiveError::Malformed) }
    }
}
