//! The protocol as OTR versions 2 and 3 have it ("Socialist Millionaires' Protocol (SMP)" in
//! their specification): [`Modp1536`], SHA-256, MPIs.

use alloc::vec::Vec;
use core::fmt;

use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize as _, Zeroizing};

use crate::group::{Group, Modp1536, ModpScalar};
use crate::otr::{self, Kind, Message, PAYLOAD_MAX};
use crate::suite::{Opened, Place, Runs, Step, Suite, take};
use crate::{ReceiveError, StartError};

/// The version of SMP, hashed with the secret.
const SMP_VERSION: u8 = 1;
/// Length of the number of MPIs.
const COUNT_LEN: usize = 4;
/// Ends the question.
const QUESTION_END: u8 = 0;

/// The longest question, in bytes of UTF-8: what the value of a TLV has room for beside six MPIs
/// of full length.
pub const QUESTION_MAX: usize = PAYLOAD_MAX
    - 1
    - COUNT_LEN
    - 2 * <Modp1536 as Group>::ELEMENT_LEN
    - 4 * <Modp1536 as Group>::SCALAR_LEN;

/// Everything besides the words on which the two sides must agree.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The fingerprint of the side that starts the run: SHA-1 of its public key.
    pub initiator_fingerprint: &'a [u8; 20],
    /// The fingerprint of the side that answers.
    pub responder_fingerprint: &'a [u8; 20],
    /// The secure session id.
    pub ssid: &'a [u8; 8],
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").finish_non_exhaustive()
    }
}

/// The secret of one side in OTR version 2 or 3: 32 bytes, erased on drop, compared in constant
/// time.
#[derive(Clone)]
pub struct Secret(Zeroizing<[u8; 32]>);

impl Secret {
    /// `SHA-256(1 ‖ initiator's fingerprint ‖ responder's fingerprint ‖ ssid ‖ words)`.
    ///
    /// The words are taken as they are: how they are normalised is between the two programs.
    #[must_use]
    pub fn derive(context: &Context<'_>, words: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update([SMP_VERSION]);
        hash.update(context.initiator_fingerprint);
        hash.update(context.responder_fingerprint);
        hash.update(context.ssid);
        hash.update(words);
        Self(Zeroizing::new(hash.finalize().into()))
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(other.0.as_ref()).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// How many MPIs a message has.
const fn count(step: Step) -> u32 {
    match step {
        Step::First => 6,
        Step::Second => 11,
        Step::Third => 8,
        Step::Fourth => 3,
    }
}

/// 256 bits as an integer, which is always below the order.
fn scalar(bytes: &[u8; 32]) -> Zeroizing<ModpScalar> {
    Zeroizing::new(Modp1536::scalar_from_256(bytes))
}

impl Suite for Modp1536 {
    type Secret = Secret;
    type Message = Message;
    type Received = Message;
    /// OTR's proofs say nothing about what was said before them.
    type Transcript = ();
    type Statement = ();

    const QUESTION_MAX: usize = QUESTION_MAX;

    fn secret_scalar(secret: &Secret) -> Zeroizing<ModpScalar> {
        scalar(&secret.0)
    }

    /// OTR draws 1536 bits; these are uniform modulo the order, which nobody can tell apart.
    fn random_scalar(rng: &mut impl CryptoRng) -> Zeroizing<ModpScalar> {
        let mut wide = [0; Self::WIDE_LEN];
        rng.fill_bytes(&mut wide);
        let scalar = Zeroizing::new(Self::scalar_from_wide(&wide));
        wide.zeroize();
        scalar
    }

    fn transcript() {}

    fn absorb(_transcript: &mut (), _message: &Message) {}

    fn statement(
        _transcript: &(),
        _step: Step,
        _question: Option<&str>,
        _elements: &[Self::Element],
    ) {
    }

    fn challenge(
        place: Place,
        _statement: &(),
        _bases: &[&Self::Element],
        commitments: &[&Self::Element],
    ) -> Zeroizing<ModpScalar> {
        let mut bytes = Vec::with_capacity(1 + 2 * Self::ELEMENT_LEN);
        bytes.push(place as u8);
        for element in commitments {
            Self::encode(element, &mut bytes);
        }
        scalar(&Sha256::digest(&bytes).into())
    }

    fn check_question(question: &str) -> Result<(), StartError> {
        if question.len() > QUESTION_MAX {
            return Err(StartError::QuestionTooLong { max: QUESTION_MAX });
        }
        if question.bytes().any(|byte| byte == QUESTION_END) {
            return Err(StartError::QuestionEnds);
        }
        Ok(())
    }

    fn runs(step: Step) -> Runs {
        otr::runs(step)
    }

    fn close(step: Step, question: Option<&str>, fields: &[u8]) -> Message {
        let mut payload = Vec::with_capacity(fields.len().saturating_add(COUNT_LEN));
        if let Some(question) = question {
            payload.extend_from_slice(question.as_bytes());
            payload.push(QUESTION_END);
        }
        payload.extend_from_slice(&count(step).to_be_bytes());
        payload.extend_from_slice(fields);
        Message { kind: Kind::of(step, question.is_some()), payload }
    }

    fn abort() -> Message {
        Message { kind: Kind::Abort, payload: Vec::new() }
    }

    fn open(message: &Message) -> Result<Opened<'_>, ReceiveError> {
        let mut rest = message.payload.as_slice();
        let Some(step) = message.kind.step() else {
            return otr::check_abort(rest).map(|()| Opened::Abort);
        };
        if rest.len() > PAYLOAD_MAX {
            return Err(ReceiveError::Malformed);
        }
        let mut question = None;
        if message.kind == Kind::FirstWithQuestion {
            let length = rest.iter().position(|byte| *byte == QUESTION_END);
            question = otr::question(take(&mut rest, length)?)?;
            take(&mut rest, Some(1))?;
        }
        if take(&mut rest, Some(COUNT_LEN))? != count(step).to_be_bytes() {
            return Err(ReceiveError::Malformed);
        }
        Ok(Opened::Step { step, question, rest })
    }

    fn is_padding(bytes: &[u8]) -> bool {
        bytes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use serde_json::Value;

    use super::*;

    const VECTORS: &str = include_str!("../tests/vectors/otr3_smp.json");

    fn bytes<const N: usize>(value: &Value) -> [u8; N] {
        HEXLOWER.decode(value.as_str().unwrap().as_bytes()).unwrap().try_into().unwrap()
    }

    #[test]
    fn the_secret_is_that_of_the_vector() {
        let vectors: Value = serde_json::from_str(VECTORS).unwrap();
        let vector = &vectors["smp_secret"];
        let context = Context {
            initiator_fingerprint: &bytes(&vector["initiator_fp"]),
            responder_fingerprint: &bytes(&vector["responder_fp"]),
            ssid: &bytes(&vector["ssid"]),
        };
        let words = vector["secret_ascii"].as_str().unwrap();
        let secret = Secret::derive(&context, words.as_bytes());
        assert_eq!(*secret.0, bytes(&vector["x"]));
    }

    #[test]
    fn each_part_of_the_context_and_the_words_make_another_secret() {
        let (one, two, ssid) = ([1; 20], [2; 20], [3; 8]);
        let context =
            Context { initiator_fingerprint: &one, responder_fingerprint: &two, ssid: &ssid };
        let exchanged =
            Context { initiator_fingerprint: &two, responder_fingerprint: &one, ..context };
        let secret = Secret::derive(&context, b"words");
        assert_eq!(secret, Secret::derive(&context, b"words"));
        assert_ne!(secret, Secret::derive(&context, b"Words"));
        assert_ne!(secret, Secret::derive(&exchanged, b"words"));
        assert_ne!(secret, Secret::derive(&Context { ssid: &[4; 8], ..context }, b"words"));
    }

    #[test]
    fn the_hash_is_that_of_the_vector() {
        let vectors: Value = serde_json::from_str(VECTORS).unwrap();
        let vector = &vectors["smp_hash"];
        assert_eq!(vector["version"], 1);
        // g^2 = 4, whose MPI the note describes.
        let four = Modp1536::add(
            &Modp1536::decode(&[0, 0, 0, 1, 2]).unwrap(),
            &Modp1536::decode(&[0, 0, 0, 1, 2]).unwrap(),
        );
        let challenge = Modp1536::challenge(Place::StarterG2, &(), &[], &[&four]);
        let expected = scalar(&bytes(&vector["hash"]));
        assert!(bool::from(Modp1536::scalar_eq(&challenge, &expected)));
    }

    #[test]
    fn debug_shows_nothing() {
        let context = Context {
            initiator_fingerprint: &[1; 20],
            responder_fingerprint: &[2; 20],
            ssid: &[3; 8],
        };
        let secret = Secret::derive(&context, b"words");
        assert_eq!(format!("{context:?} {secret:?}"), "Context { .. } Secret(…)");
    }
}
