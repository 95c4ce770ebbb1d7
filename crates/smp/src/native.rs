//! The native use: ristretto255, SHA-512, messages of one size (`docs/smp.md`).

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::group::{Group, Ristretto};
use crate::hash::{self, HASH_LEN, label};
use crate::suite::{Opened, Place, Runs, Step, Suite, take};
use crate::{ReceiveError, SmpSecret};

/// The first byte of each message.
const VERSION: u8 = 1;
const HEADER_LEN: usize = 2;
/// The second byte of the message that ends a run; the others have the number of their step.
const KIND_ABORT: u8 = 5;

/// The longest question of the native use, in bytes of UTF-8.
pub const QUESTION_MAX: usize = 200;
/// The question's length in one byte, and room for the longest.
const QUESTION_FIELD_LEN: usize = 1 + QUESTION_MAX;

/// Length of every message, in bytes: as much as the first needs, which is the longest.
pub(crate) const MESSAGE_LEN: usize =
    HEADER_LEN + QUESTION_FIELD_LEN + 2 * Ristretto::ELEMENT_LEN + 4 * Ristretto::SCALAR_LEN;

const fn kind(step: Step) -> u8 {
    match step {
        Step::First => 1,
        Step::Second => 2,
        Step::Third => 3,
        Step::Fourth => 4,
    }
}

/// Header and question: what stands before the elements.
fn beginning(step: Step, question: Option<&str>) -> Vec<u8> {
    let mut out = Vec::with_capacity(MESSAGE_LEN);
    out.extend_from_slice(&[VERSION, kind(step)]);
    if step == Step::First {
        // `check_question` has seen the length, so nothing is cut off here.
        let question = question.unwrap_or_default().as_bytes();
        out.push(u8::try_from(question.len()).unwrap_or_default());
        out.extend_from_slice(question);
        out.resize(HEADER_LEN + QUESTION_FIELD_LEN, 0);
    }
    out
}

fn challenge_label(place: Place) -> &'static [u8] {
    match place {
        Place::StarterG2 => b"undertone smp v1 proof 1",
        Place::StarterG3 => b"undertone smp v1 proof 2",
        Place::AnswererG2 => b"undertone smp v1 proof 3",
        Place::AnswererG3 => b"undertone smp v1 proof 4",
        Place::AnswererPq => b"undertone smp v1 proof 5",
        Place::StarterPq => b"undertone smp v1 proof 6",
        Place::StarterR => b"undertone smp v1 proof 7",
        Place::AnswererR => b"undertone smp v1 proof 8",
    }
}

impl Suite for Ristretto {
    type Secret = SmpSecret;
    type Message = Vec<u8>;
    type Received = [u8];
    /// The hash of all messages so far.
    type Transcript = Zeroizing<[u8; HASH_LEN]>;
    /// The hash of the transcript and of all that stands before the proofs.
    type Statement = Zeroizing<[u8; HASH_LEN]>;

    const QUESTION_MAX: usize = QUESTION_MAX;

    fn secret_scalar(secret: &SmpSecret) -> Zeroizing<Self::Scalar> {
        secret.scalar()
    }

    fn random_scalar(rng: &mut impl CryptoRng) -> Zeroizing<Self::Scalar> {
        let mut wide = Zeroizing::new([0; HASH_LEN]);
        rng.fill_bytes(wide.as_mut());
        Zeroizing::new(Self::scalar_from_wide(&wide))
    }

    fn transcript() -> Self::Transcript {
        hash::hash(label::RUN, &[Self::NAME.as_bytes()])
    }

    fn absorb(transcript: &mut Self::Transcript, message: &[u8]) {
        *transcript = hash::hash(label::MESSAGE, &[transcript.as_slice(), message]);
    }

    fn statement(
        transcript: &Self::Transcript,
        step: Step,
        question: Option<&str>,
        elements: &[Self::Element],
    ) -> Self::Statement {
        let mut beginning = beginning(step, question);
        for element in elements {
            Self::encode(element, &mut beginning);
        }
        hash::hash(label::STATEMENT, &[transcript.as_slice(), &beginning])
    }

    fn challenge(
        place: Place,
        statement: &Self::Statement,
        bases: &[&Self::Element],
        commitments: &[&Self::Element],
    ) -> Zeroizing<Self::Scalar> {
        // Bases and commitments are four at most; room for all, lest a copy is left behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(4 * Self::ELEMENT_LEN));
        for element in bases.iter().chain(commitments) {
            Self::encode(element, &mut bytes);
        }
        hash::scalar(challenge_label(place), &[Self::NAME.as_bytes(), statement.as_slice(), &bytes])
    }

    fn runs(step: Step) -> Runs {
        match step {
            Step::First => &[(2, 4)],
            Step::Second => &[(4, 7)],
            Step::Third => &[(3, 5)],
            Step::Fourth => &[(1, 2)],
        }
    }

    fn close(step: Step, question: Option<&str>, fields: &[u8]) -> Vec<u8> {
        let mut message = beginning(step, question);
        message.extend_from_slice(fields);
        message.resize(MESSAGE_LEN, 0);
        message
    }

    fn abort() -> Vec<u8> {
        let mut message = vec![VERSION, KIND_ABORT];
        message.resize(MESSAGE_LEN, 0);
        message
    }

    fn open(message: &[u8]) -> Result<Opened<'_>, ReceiveError> {
        if message.len() != MESSAGE_LEN {
            return Err(ReceiveError::Malformed);
        }
        let Some(([version, number], mut rest)) = message.split_first_chunk() else {
            return Err(ReceiveError::Malformed);
        };
        if *version != VERSION {
            return Err(ReceiveError::Version);
        }
        if *number == KIND_ABORT {
            let clean = Self::is_padding(rest);
            return if clean { Ok(Opened::Abort) } else { Err(ReceiveError::Malformed) };
        }
        let step = [Step::First, Step::Second, Step::Third, Step::Fourth]
            .into_iter()
            .find(|step| kind(*step) == *number)
            .ok_or(ReceiveError::Malformed)?;
        let question = if step == Step::First { read_question(&mut rest)? } else { None };
        Ok(Opened::Step { step, question, rest })
    }

    fn is_padding(bytes: &[u8]) -> bool {
        bytes.iter().all(|byte| *byte == 0)
    }
}

/// The question, none if it is empty. What follows it in its field must be zeros.
fn read_question(rest: &mut &[u8]) -> Result<Option<String>, ReceiveError> {
    let field = take(rest, Some(QUESTION_FIELD_LEN))?;
    let (length, room) = field.split_first().ok_or(ReceiveError::Malformed)?;
    let (question, padding) =
        room.split_at_checked((*length).into()).ok_or(ReceiveError::Malformed)?;
    let question = core::str::from_utf8(question).map_err(|_| ReceiveError::Malformed)?;
    if !Ristretto::is_padding(padding) {
        return Err(ReceiveError::Malformed);
    }
    Ok((!question.is_empty()).then(|| String::from(question)))
}
