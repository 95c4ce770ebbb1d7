//! Comparing a secret: the Socialist Millionaire Protocol within a session (OTRv3 "Socialist
//! Millionaires' Protocol (SMP)").

use std::time::Duration;

use rand_core::CryptoRng;
use undertone_smp::otr::{Kind, Message};
use undertone_smp::{AnswerError, Ed448, Modp1536, ReceiveError, Reply, Smp, StartError};
use undertone_smp::{otr3, otr4};

use super::event::{Event, Instance, Output};
use super::instance::{Address, Private};
use super::{Account, Session};
use crate::fingerprint::Fingerprint;
use crate::tlv::{Tlv, kind};
use crate::v4::identity::Identity;
use crate::version::Version;

/// A check that goes on within a session, by its version.
pub(super) enum Check {
    V3(Smp<Modp1536>),
    V4(Smp<Ed448>),
}

/// What both compare.
enum Secret {
    V3(otr3::Secret),
    V4(otr4::Secret),
}

impl Check {
    pub(super) fn of_version_3() -> Self {
        Self::V3(Smp::new())
    }

    pub(super) fn of_version_4() -> Self {
        Self::V4(Smp::new())
    }

    pub(super) fn is_idle(&self) -> bool {
        match self {
            Self::V3(smp) => smp.is_idle(),
            Self::V4(smp) => smp.is_idle(),
        }
    }

    fn start(
        &mut self,
        secret: &Secret,
        question: Option<&str>,
        rng: &mut impl CryptoRng,
    ) -> Result<Message, CheckError> {
        Ok(match (self, secret) {
            (Self::V3(smp), Secret::V3(secret)) => smp.start(secret, question, rng)?,
            (Self::V4(smp), Secret::V4(secret)) => smp.start(secret, question, rng)?,
            (Self::V3(_) | Self::V4(_), _) => return Err(CheckError::NotPrivate),
        })
    }

    fn answer(&mut self, secret: &Secret, rng: &mut impl CryptoRng) -> Result<Message, CheckError> {
        Ok(match (self, secret) {
            (Self::V3(smp), Secret::V3(secret)) => smp.answer(secret, rng)?,
            (Self::V4(smp), Secret::V4(secret)) => smp.answer(secret, rng)?,
            (Self::V3(_) | Self::V4(_), _) => return Err(CheckError::NotPrivate),
        })
    }

    fn receive(
        &mut self,
        message: &Message,
        rng: &mut impl CryptoRng,
    ) -> Result<Reply<Message>, ReceiveError> {
        match self {
            Self::V3(smp) => smp.receive(message, rng),
            Self::V4(smp) => smp.receive(message, rng),
        }
    }

    fn abort(&mut self) -> Message {
        match self {
            Self::V3(smp) => smp.abort(),
            Self::V4(smp) => smp.abort(),
        }
    }
}

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
        let account = self.account.clone();
        let (address, private) = self.target().ok_or(CheckError::NotPrivate)?;
        let ours = own(&account, private);
        let secret = derive(&ours, &private.fingerprint, private, secret)?;
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
        let account = self.account.clone();
        let (address, private) = self.private(instance).ok_or(CheckError::NotPrivate)?;
        let ours = own(&account, private);
        let secret = derive(&private.fingerprint, &ours, private, secret)?;
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

/// What a record is in a check, if it belongs to one. Version 4 has no type of its own for a question.
pub(super) fn kind_of(version: Version, record: u16) -> Option<Kind> {
    Some(match record {
        kind::SMP1 => Kind::First,
        kind::SMP2 => Kind::Second,
        kind::SMP3 => Kind::Third,
        kind::SMP4 => Kind::Fourth,
        kind::SMP_ABORT => Kind::Abort,
        kind::SMP1_QUESTION if version != Version::V4 => Kind::FirstWithQuestion,
        _ => return None,
    })
}

/// Our fingerprint in a session.
fn own(account: &Account, private: &Private) -> Fingerprint {
    let ed448 = account.identity().filter(|_| private.fingerprint.is_of_version_4());
    ed448.map_or_else(|| account.fingerprint(), Identity::fingerprint)
}

/// What both compare: the words, bound to both keys and to the session.
fn derive(
    initiator: &Fingerprint,
    responder: &Fingerprint,
    private: &Private,
    secret: &str,
) -> Result<Secret, CheckError> {
    let ssid = private.session.bytes();
    if let (Some(initiator_fingerprint), Some(responder_fingerprint)) =
        (initiator.dsa(), responder.dsa())
    {
        let context = otr3::Context { initiator_fingerprint, responder_fingerprint, ssid };
        return Ok(Secret::V3(otr3::Secret::derive(&context, secret.as_bytes())));
    }
    if let (Some(initiator_fingerprint), Some(responder_fingerprint)) =
        (initiator.ed448(), responder.ed448())
    {
        let context = otr4::Context { initiator_fingerprint, responder_fingerprint, ssid };
        return Ok(Secret::V4(otr4::Secret::derive(&context, secret)));
    }
    Err(CheckError::NotPrivate)
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
