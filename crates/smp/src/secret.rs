//! What the two sides compare in the native use.

use alloc::vec::Vec;
use core::fmt;

use curve25519_dalek::scalar::Scalar;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::group::{Group as _, Ristretto};
use crate::hash::{self, label};

/// Everything besides the words on which the two sides must agree. A man in the middle at the
/// pairing makes the transcript differ, an active clone of a device the epoch's authenticator.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The X25519 identity of the side that was the guest of the pairing, whoever starts the
    /// comparison.
    pub initiator_identity: &'a [u8; 32],
    /// The X25519 identity of the host of the pairing.
    pub responder_identity: &'a [u8; 32],
    /// The hash of the pairing's transcript.
    pub pairing_transcript: &'a [u8; 32],
    /// A post-quantum epoch that both sides have mixed; 0 is the pairing itself.
    pub epoch: u32,
    /// That epoch's authenticator.
    pub epoch_authenticator: &'a [u8; 32],
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

/// The secret of one side in the native use: 64 bytes, erased on drop, compared in constant time.
#[derive(Clone)]
pub struct SmpSecret(Zeroizing<Vec<u8>>);

impl SmpSecret {
    /// Hashes the words with their context (`docs/smp.md`, "The secret").
    ///
    /// The words come in Unicode's form NFC, which is the caller's to bring about; white space
    /// around them is cut off here.
    #[must_use]
    pub fn derive(context: &Context<'_>, words: &str) -> Self {
        let hash = hash::hash(
            label::SECRET,
            &[
                context.initiator_identity,
                context.responder_identity,
                context.pairing_transcript,
                &context.epoch.to_be_bytes(),
                context.epoch_authenticator,
                words.trim().as_bytes(),
            ],
        );
        Self(Zeroizing::new(hash.to_vec()))
    }

    /// The secret as an exponent: OTR's `x` or `y`.
    pub(crate) fn scalar(&self) -> Zeroizing<Scalar> {
        hash::scalar(label::SECRET_SCALAR, &[Ristretto::NAME.as_bytes(), &self.0])
    }
}

impl PartialEq for SmpSecret {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SmpSecret {}

impl fmt::Debug for SmpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmpSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_the_context_and_the_words_make_another_secret() {
        let (one, two) = ([1; 32], [2; 32]);
        let context = Context {
            initiator_identity: &one,
            responder_identity: &two,
            pairing_transcript: &one,
            epoch: 1,
            epoch_authenticator: &one,
        };
        let secret = SmpSecret::derive(&context, "blue door");
        assert_eq!(secret, SmpSecret::derive(&context, " blue door\n"));
        let others = [
            SmpSecret::derive(&context, "blue  door"),
            SmpSecret::derive(&context, "Blue door"),
            SmpSecret::derive(&context, ""),
            SmpSecret::derive(&Context { initiator_identity: &two, ..context }, "blue door"),
            SmpSecret::derive(&Context { responder_identity: &one, ..context }, "blue door"),
            SmpSecret::derive(
                &Context { initiator_identity: &two, responder_identity: &one, ..context },
                "blue door",
            ),
            SmpSecret::derive(&Context { pairing_transcript: &two, ..context }, "blue door"),
            SmpSecret::derive(&Context { epoch: 2, ..context }, "blue door"),
            SmpSecret::derive(&Context { epoch_authenticator: &two, ..context }, "blue door"),
        ];
        for other in others {
            assert_ne!(secret, other);
        }
    }
}
