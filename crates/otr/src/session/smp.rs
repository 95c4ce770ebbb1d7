//! Comparing a secret: the Socialist Millionaire Protocol within a session (OTRv3 "Socialist
//! Millionaires' Protocol (SMP)").

use std::time::Duration;

use rand_core::CryptoRng;
use undertone_smp::otr::{Kind, Message};
use undertone_smp::otr3::{Context, Secret};
use undertone_smp::{AnswerError, Modp1536, Reply, Smp, StartError};

use super::Session;
use super::event::{Event, Instance, Output};
use super::instance::{Address, Private};
use crate::fingerprint::Fingerprint;
use crate::tlv::{Tlv, kind};

/// A check that goes on within a session.
pub(super) type Check = Smp<Modp1536>;

/// Why a check wasn't started, answered or cancelled. Nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// No session is on, or not with the chosen client.
    #[error("a check needs a private conversation, and none is on")]
    NotPrivate,
    /// It can't be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// There is nothing to answer.
    #[error(transparent)]
    Answer(#[from] AnswerError),
}

impl Session {
    /// Asks whether the peer knows the same secret, with a question to remind it of what is meant, or
    /// without. An [`Event::Checked`] tells the outcome. Success shows that the peer's key is that of
    /// the person who knows the secret.
    ///
    /// # Errors
    /// [`CheckError`] without a session, while another check is on, and for a question that can't be
    /// sent.
    pub fn ask(
        &mut self,
        question: Option<&str>,
        secret: &str,
        now: Duration,
        rng: &mut impl CryptoRng,
    ) -> Result<Output, CheckError> {
        let ours = self.account.fingerprint();
        let (address, private) = self.target().ok_or(CheckError::NotPrivate)?;
        let secret = derive(&ours, &private.fingerprint, private, secret);
        let message = private.check.start(&secret, question, rng)?;
        Ok(Output { lines: carry(address, private, message, now), events: Vec::new() })
    }

    /// Answers an [`Event::Asked`].
    ///
    /// # Errors
    /// [`CheckError`] if nobody waits for an answer.
    pub fn answer(
        &mut self,
        instance: Instance,
        secret: &str,
        now: Duration,
        rng: &mut impl CryptoRng,
    ) -> Result<Output, CheckError> {
        let ours = self.account.fingerprint();
        let (address, private) = self.private(instance).ok_or(CheckError::NotPrivate)?;
        let secret = derive(&private.fingerprint, &ours, private, secret);
        let message = private.check.answer(&secret, rng)?;
        Ok(Output { lines: carry(address, private, message, now), events: Vec::new() })
    }

    /// Cancels the check with a client, or refuses to answer it; tells the peer.
    ///
    /// # Errors
    /// [`CheckError::NotPrivate`] without a session.
    pub fn cancel(&mut self, instance: Instance, now: Duration) -> Result<Output, CheckError> {
        let (address, private) = self.private(instance).ok_or(CheckError::NotPrivate)?;
        let message = private.check.abort();
        Ok(Output { lines: carry(address, private, message, now), events: Vec::new() })
    }

    fn private(&mut self, instance: Instance) -> Option<(Address, &mut Private)> {
        let index = self.peers.iter().position(|peer| peer.instance == instance)?;
        let address = self.address(self.peers.get(index)?);
        Some((address, self.peers.get_mut(index)?.private_mut()?))
    }

    /// Takes a record of a check.
    pub(super) fn check(
        &mut self,
        instance: Instance,
        message: &Message,
        now: Duration,
        rng: &mut impl CryptoRng,
        out: &mut Output,
    ) {
        let Some((address, private)) = self.private(instance) else { return };
        let idle = private.check.is_idle();
        let reply = match private.check.receive(message, rng) {
            Ok(Reply::SecretWanted { question }) => {
                out.events.push(Event::Asked { instance, question });
                None
            }
            Ok(Reply::Send(message)) => Some(message),
            Ok(Reply::Finished { matched, send }) => {
                out.events.push(Event::Checked { instance, matched });
                send
            }
            Ok(Reply::Aborted) => {
                if !idle {
                    out.events.push(Event::CheckCancelled { instance });
                }
                None
            }
            Err(why) => {
                out.events.push(Event::CheckFailed { instance, why });
                Some(private.check.abort())
            }
        };
        if let Some(message) = reply {
            out.lines.extend(carry(address, private, message, now));
        }
    }
}

/// What a record is in a check, if it belongs to one.
pub(super) fn kind_of(record: u16) -> Option<Kind> {
    Some(match record {
        kind::SMP1 => Kind::First,
        kind::SMP2 => Kind::Second,
        kind::SMP3 => Kind::Third,
        kind::SMP4 => Kind::Fourth,
        kind::SMP_ABORT => Kind::Abort,
        kind::SMP1_QUESTION => Kind::FirstWithQuestion,
        _ => return None,
    })
}

/// What both compare: the words, bound to both keys and to the session.
fn derive(
    initiator: &Fingerprint,
    responder: &Fingerprint,
    private: &Private,
    secret: &str,
) -> Secret {
    let none = [0; 20];
    let context = Context {
        initiator_fingerprint: initiator.dsa().unwrap_or(&none),
        responder_fingerprint: responder.dsa().unwrap_or(&none),
        ssid: private.session.bytes(),
    };
    Secret::derive(&context, secret.as_bytes())
}

/// Lines that carry a message of a check.
fn carry(address: Address, private: &mut Private, message: Message, now: Duration) -> Vec<String> {
    let kind = match message.kind {
        Kind::First => kind::SMP1,
        Kind::FirstWithQuestion => kind::SMP1_QUESTION,
        Kind::Second => kind::SMP2,
        Kind::Third => kind::SMP3,
        Kind::Fourth => kind::SMP4,
        Kind::Abort => kind::SMP_ABORT,
    };
    address.say(private, "", &[Tlv { kind, value: message.payload }], now).0
}
