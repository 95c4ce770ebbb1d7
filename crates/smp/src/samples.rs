//! Secrets of each use, and messages that tests can take apart.

use crate::otr::{Kind, Message};
use crate::{Context, SmpSecret, otr3, otr4};

pub(crate) fn native_secret(words: &str) -> SmpSecret {
    let context = Context {
        initiator_identity: &[1; 32],
        responder_identity: &[2; 32],
        pairing_transcript: &[3; 32],
        epoch: 4,
        epoch_authenticator: &[5; 32],
    };
    SmpSecret::derive(&context, words)
}

pub(crate) fn otr3_secret(words: &str) -> otr3::Secret {
    let context = otr3::Context {
        initiator_fingerprint: &[1; 20],
        responder_fingerprint: &[2; 20],
        ssid: &[3; 8],
    };
    otr3::Secret::derive(&context, words.as_bytes())
}

pub(crate) fn otr4_secret(words: &str) -> otr4::Secret {
    let context = otr4::Context {
        initiator_fingerprint: &[1; 56],
        responder_fingerprint: &[2; 56],
        ssid: &[3; 8],
    };
    otr4::Secret::derive(&context, words)
}

/// A message that the explorer can take apart.
pub(crate) trait Alterable: Clone {
    fn bytes(&self) -> &[u8];
    fn with_bytes(&self, bytes: Vec<u8>) -> Self;
    /// The same bytes as each other kind of message, where that is told apart from the bytes.
    fn as_other_kinds(&self) -> Vec<Self>;
    /// What proofs can be about: all of it in the native use, all but the question in OTR.
    fn meaning(&self) -> Vec<u8>;
}

impl Alterable for Vec<u8> {
    fn bytes(&self) -> &[u8] {
        self
    }

    fn with_bytes(&self, bytes: Self) -> Self {
        bytes
    }

    fn as_other_kinds(&self) -> Vec<Self> {
        Vec::new()
    }

    fn meaning(&self) -> Vec<u8> {
        self.clone()
    }
}

impl Alterable for Message {
    fn bytes(&self) -> &[u8] {
        &self.payload
    }

    fn with_bytes(&self, payload: Vec<u8>) -> Self {
        Self { kind: self.kind, payload }
    }

    fn as_other_kinds(&self) -> Vec<Self> {
        let kinds = [
            Kind::First,
            Kind::FirstWithQuestion,
            Kind::Second,
            Kind::Third,
            Kind::Fourth,
            Kind::Abort,
        ];
        let others = kinds.into_iter().filter(|kind| *kind != self.kind);
        others.map(|kind| Self { kind, payload: self.payload.clone() }).collect()
    }

    fn meaning(&self) -> Vec<u8> {
        // The fields are what stands at the end, of a known length in each version.
        let fields = match self.kind {
            Kind::FirstWithQuestion => {
                let end = self.payload.iter().position(|byte| *byte == 0);
                end.map_or(0, |end| self.payload.len() - end - 1)
            }
            Kind::First => self.payload.len().min(6 * 57),
            _ => self.payload.len(),
        };
        let step = self.kind.step().map_or(0, |step| step as u8 + 1);
        [&[step], &self.payload[self.payload.len() - fields..]].concat()
    }
}
