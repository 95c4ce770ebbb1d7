//! The protocol as OTR version 4 has it ("Socialist Millionaires Protocol (SMP)" in its
//! specification): [`Ed448`], SHAKE-256 with usage ids.

use alloc::vec::Vec;
use core::fmt;

use rand_core::CryptoRng;
use shake::Shake256;
use shake::digest::{ExtendableOutput as _, Update as _, XofReader as _};
use zeroize::Zeroizing;

use crate::ReceiveError;
use crate::group::{Ed448, Ed448Scalar, Group};
use crate::otr::{self, Kind, Message, PAYLOAD_MAX};
use crate::suite::{Opened, Place, Runs, Step, Suite, take};

/// The version of SMP, hashed with the secret.
const SMP_VERSION: u8 = 1;
/// The usage id of the secret. Proofs have the numbers of their places.
const USAGE_SECRET: u8 = 0x19;
/// Begins each hash.
const DOMAIN: &[u8] = b"OTRv4";
/// Length of the question's length.
const LENGTH_LEN: usize = 4;
/// How many bytes are hashed to a scalar, and drawn for one.
const HASH_LEN: usize = 57;

/// The longest question, in bytes of UTF-8: what the value of a TLV has room for beside two points
/// and four scalars.
pub const QUESTION_MAX: usize =
    PAYLOAD_MAX - LENGTH_LEN - 2 * <Ed448 as Group>::ELEMENT_LEN - 4 * <Ed448 as Group>::SCALAR_LEN;

/// Everything besides the words on which the two sides must agree.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The fingerprint of the side that starts the run.
    pub initiator_fingerprint: &'a [u8; 56],
    /// The fingerprint of the side that answers.
    pub responder_fingerprint: &'a [u8; 56],
    /// The secure session id.
    pub ssid: &'a [u8; 8],
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").finish_non_exhaustive()
    }
}

/// How the secret is derived; programs differ, and sides that differ never find equal secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// 57 bytes, pruned: the specification, and otrr by what its source says.
    Specification,
    /// 64 bytes, not pruned: otr4j by what its source says.
    Otr4j,
}

/// The secret of one side in OTR version 4: an integer modulo the order, erased on drop, compared
/// in constant time.
#[derive(Clone)]
pub struct Secret(Zeroizing<Ed448Scalar>);

impl Secret {
    /// Hashes the words with their context, as the specification has it.
    ///
    /// The words are UTF-8; how else they are normalised is between the two programs.
    #[must_use]
    pub fn derive(context: &Context<'_>, words: &str) -> Self {
        Self::derive_as(Form::Specification, context, words)
    }

    /// The same in the form of another program.
    #[must_use]
    pub fn derive_as(form: Form, context: &Context<'_>, words: &str) -> Self {
        let length = (words.len() as u64).to_be_bytes();
        let [_, _, _, _, length @ ..] = length;
        let parts: [&[u8]; 6] = [
            &[SMP_VERSION],
            context.initiator_fingerprint,
            context.responder_fingerprint,
            context.ssid,
            // DATA has four bytes of length; nobody types four gigabytes.
            &length,
            words.as_bytes(),
        ];
        Self(Zeroizing::new(match form {
            Form::Specification => {
                let mut hash = Zeroizing::new([0; HASH_LEN]);
                kdf(USAGE_SECRET, &parts, hash.as_mut());
                prune(&mut hash);
                Ed448::scalar_from_le(&hash)
            }
            Form::Otr4j => {
                let mut hash = Zeroizing::new([0; 64]);
                kdf(USAGE_SECRET, &parts, hash.as_mut());
                Ed448::scalar_from_wide(hash.as_ref())
            }
        }))
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        Ed448::scalar_eq(&self.0, &other.0).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// `SHAKE-256("OTRv4" ‖ usage ‖ parts)`.
fn kdf(usage: u8, parts: &[&[u8]], out: &mut [u8]) {
    let mut hash = Shake256::default();
    hash.update(DOMAIN);
    hash.update(&[usage]);
    for part in parts {
        hash.update(part);
    }
    hash.finalize_xof().read(out);
}

/// Makes a multiple of the cofactor with a fixed highest bit, as RFC 8032 has it.
fn prune(bytes: &mut [u8; HASH_LEN]) {
    let [first, .., last_but_one, last] = bytes;
    *first &= 0xfc;
    *last_but_one |= 0x80;
    *last = 0;
}

impl Suite for Ed448 {
    type Secret = Secret;
    type Message = Message;
    type Received = Message;
    /// OTR's proofs say nothing about what was said before them.
    type Transcript = ();
    type Statement = ();

    const QUESTION_MAX: usize = QUESTION_MAX;

    fn secret_scalar(secret: &Secret) -> Zeroizing<Ed448Scalar> {
        secret.0.clone()
    }

    /// `Prune(SHAKE-256(57 random bytes))`, reduced.
    fn random_scalar(rng: &mut impl CryptoRng) -> Zeroizing<Ed448Scalar> {
        let mut bytes = Zeroizing::new([0; HASH_LEN]);
        rng.fill_bytes(bytes.as_mut());
        let mut hash = Shake256::default();
        hash.update(bytes.as_ref());
        hash.finalize_xof().read(bytes.as_mut());
        prune(&mut bytes);
        Zeroizing::new(Self::scalar_from_le(&bytes))
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
    ) -> Zeroizing<Ed448Scalar> {
        let mut points = Vec::with_capacity(2 * Self::ELEMENT_LEN);
        for element in commitments {
            Self::encode(element, &mut points);
        }
        let mut hash = [0; HASH_LEN];
        kdf(place as u8, &[&points], &mut hash);
        Zeroizing::new(Self::scalar_from_le(&hash))
    }

    fn runs(step: Step) -> Runs {
        otr::runs(step)
    }

    fn close(step: Step, question: Option<&str>, fields: &[u8]) -> Message {
        let mut payload = Vec::with_capacity(fields.len().saturating_add(LENGTH_LEN));
        if step == Step::First {
            let question = question.unwrap_or_default().as_bytes();
            // `check_question` has seen the length.
            let length = u32::try_from(question.len()).unwrap_or_default();
            payload.extend_from_slice(&length.to_be_bytes());
            payload.extend_from_slice(question);
        }
        payload.extend_from_slice(fields);
        Message { kind: Kind::of(step, false), payload }
    }

    fn abort() -> Message {
        Message { kind: Kind::Abort, payload: Vec::new() }
    }

    fn open(message: &Message) -> Result<Opened<'_>, ReceiveError> {
        let mut rest = message.payload.as_slice();
        let Some(step) = message.kind.step() else {
            return otr::check_abort(rest).map(|()| Opened::Abort);
        };
        if rest.len() > PAYLOAD_MAX || message.kind == Kind::FirstWithQuestion {
            return Err(ReceiveError::Malformed);
        }
        let mut question = None;
        if step == Step::First {
            let length = take(&mut rest, Some(LENGTH_LEN))?;
            let length = length.try_into().ok().map(u32::from_be_bytes);
            let length = length.and_then(|length| usize::try_from(length).ok());
            question = otr::question(take(&mut rest, length)?)?;
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

    const VECTORS: &str = include_str!("../tests/vectors/otr4_smp_run.json");

    fn bytes<const N: usize>(value: &Value) -> [u8; N] {
        HEXLOWER.decode(value.as_str().unwrap().as_bytes()).unwrap().try_into().unwrap()
    }

    fn encoded(secret: &Secret) -> [u8; 57] {
        let mut out = Vec::new();
        Ed448::encode_scalar(&secret.0, &mut out);
        out.try_into().unwrap()
    }

    #[test]
    fn the_secret_is_that_of_the_vector_in_both_forms() {
        let vectors: Value = serde_json::from_str(VECTORS).unwrap();
        let context = Context {
            initiator_fingerprint: &bytes(&vectors["initiator_fp"]),
            responder_fingerprint: &bytes(&vectors["responder_fp"]),
            ssid: &bytes(&vectors["ssid"]),
        };
        let words = HEXLOWER.decode(vectors["answer_utf8"].as_str().unwrap().as_bytes()).unwrap();
        let words = String::from_utf8(words).unwrap();
        let secret = Secret::derive(&context, &words);
        assert_eq!(encoded(&secret), bytes(&vectors["secret_spec"]));
        let other = Secret::derive_as(Form::Otr4j, &context, &words);
        assert_eq!(encoded(&other), bytes(&vectors["secret_otr4j_variant_64_bytes_unpruned"]));
        assert_ne!(secret, other);
    }

    #[test]
    fn each_part_of_the_context_and_the_words_make_another_secret() {
        let (one, two, ssid) = ([1; 56], [2; 56], [3; 8]);
        let context =
            Context { initiator_fingerprint: &one, responder_fingerprint: &two, ssid: &ssid };
        let exchanged =
            Context { initiator_fingerprint: &two, responder_fingerprint: &one, ..context };
        for form in [Form::Specification, Form::Otr4j] {
            let secret = Secret::derive_as(form, &context, "words");
            assert_eq!(secret, Secret::derive_as(form, &context, "words"));
            assert_ne!(secret, Secret::derive_as(form, &context, "Words"));
            assert_ne!(secret, Secret::derive_as(form, &exchanged, "words"));
            let other = Context { ssid: &[4; 8], ..context };
            assert_ne!(secret, Secret::derive_as(form, &other, "words"));
        }
    }

    #[test]
    fn debug_shows_nothing() {
        let context = Context {
            initiator_fingerprint: &[1; 56],
            responder_fingerprint: &[2; 56],
            ssid: &[3; 8],
        };
        let secret = Secret::derive(&context, "words");
        assert_eq!(format!("{context:?} {secret:?}"), "Context { .. } Secret(…)");
    }
}
