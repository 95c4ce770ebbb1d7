#![cfg_attr(not(test), no_std)]
//! The Socialist Millionaire Protocol over a prime-order group: two sides learn whether their
//! secrets are equal, and nothing else about them.
//!
//! The mathematics are those of OTR (version 3 and 4, "Socialist Millionaires' Protocol"). There
//! are three uses, each with its group: [`Ristretto`] is Undertone's own, whose bytes, labels and
//! hashes stand in `docs/smp.md`; [`Modp1536`] is that of OTR versions 2 and 3 ([`otr3`]),
//! [`Ed448`] that of OTR version 4 ([`otr4`]), byte for byte. Each run gives a liar one guess.
//!
//! No IO, no clock, no randomness of its own, no state beyond one run. [`Smp`] is the way in:
//! one side calls [`Smp::start`], the other is told [`Reply::SecretWanted`] and calls
//! [`Smp::answer`]; each gives the messages it gets to [`Smp::receive`] and sends what comes out,
//! until [`Reply::Finished`]. Messages must come through a channel that authenticates the other
//! side, in order.
//!
//! # Undertone's own use
//! ```
//! use rand_core::SeedableRng;
//! use undertone_smp::{Context, Reply, Ristretto, Smp, SmpSecret};
//!
//! let mut rng = rand_chacha::ChaCha20Rng::from_seed([1; 32]); // the system's source, really
//! let context = Context {
//!     initiator_identity: &[1; 32],
//!     responder_identity: &[2; 32],
//!     pairing_transcript: &[3; 32],
//!     epoch: 0,
//!     epoch_authenticator: &[4; 32],
//! };
//! let (mut ana, mut ben) = (Smp::<Ristretto>::new(), Smp::<Ristretto>::new());
//! let ours = SmpSecret::derive(&context, "under the bridge");
//! let first = ana.start(&ours, Some("Where did we meet?"), &mut rng)?;
//! assert!(matches!(ben.receive(&first, &mut rng)?, Reply::SecretWanted { .. }));
//! let second = ben.answer(&SmpSecret::derive(&context, "under the bridge"), &mut rng)?;
//! let Reply::Send(third) = ana.receive(&second, &mut rng)? else { return Ok(()) };
//! let Reply::Finished { matched: true, send: Some(fourth) } = ben.receive(&third, &mut rng)?
//! else {
//!     return Ok(());
//! };
//! let end = ana.receive(&fourth, &mut rng)?;
//! assert!(matches!(end, Reply::Finished { matched: true, send: None }));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # OTR versions 2 and 3
//! A message is a TLV: its type is [`otr::Kind`], its value the payload.
//! ```
//! # use rand_core::SeedableRng;
//! use undertone_smp::{Modp1536, Reply, Smp, otr, otr3};
//!
//! # let mut rng = rand_chacha::ChaCha20Rng::from_seed([1; 32]);
//! let context = otr3::Context {
//!     initiator_fingerprint: &[1; 20], // of the side that starts this run
//!     responder_fingerprint: &[2; 20],
//!     ssid: &[3; 8],
//! };
//! let (mut ana, mut ben) = (Smp::<Modp1536>::new(), Smp::<Modp1536>::new());
//! let first = ana.start(&otr3::Secret::derive(&context, b"bridge"), Some("Where?"), &mut rng)?;
//! assert_eq!(first.kind, otr::Kind::FirstWithQuestion); // TLV 7
//! let asked = ben.receive(&first, &mut rng)?;
//! assert!(matches!(asked, Reply::SecretWanted { question: Some(it) } if it == "Where?"));
//! let second = ben.answer(&otr3::Secret::derive(&context, b"tunnel"), &mut rng)?;
//! let Reply::Send(third) = ana.receive(&second, &mut rng)? else { panic!() };
//! let end = ben.receive(&third, &mut rng)?;
//! let Reply::Finished { matched: false, send: Some(fourth) } = end else { panic!() };
//! let end = ana.receive(&fourth, &mut rng)?;
//! assert!(matches!(end, Reply::Finished { matched: false, send: None }));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # OTR version 4
//! ```
//! # use rand_core::SeedableRng;
//! use undertone_smp::{Ed448, Reply, Smp, otr, otr4};
//!
//! # let mut rng = rand_chacha::ChaCha20Rng::from_seed([1; 32]);
//! let context = otr4::Context {
//!     initiator_fingerprint: &[1; 56], // of the side that starts this run
//!     responder_fingerprint: &[2; 56],
//!     ssid: &[3; 8],
//! };
//! let secret = otr4::Secret::derive(&context, "bridge");
//! let (mut ana, mut ben) = (Smp::<Ed448>::new(), Smp::<Ed448>::new());
//! let first = ana.start(&secret, None, &mut rng)?;
//! assert_eq!((first.kind, first.payload.len()), (otr::Kind::First, 346)); // TLV 2
//! assert!(matches!(ben.receive(&first, &mut rng)?, Reply::SecretWanted { question: None }));
//! // Whatever the user says now; or a side has enough of it:
//! let end = ben.abort();
//! assert_eq!(end.kind, otr::Kind::Abort); // TLV 6
//! assert_eq!(ana.receive(&end, &mut rng)?, Reply::Aborted);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

extern crate alloc;

mod group;
mod hash;
mod native;
pub mod otr;
pub mod otr3;
pub mod otr4;
mod proof;
mod secret;
mod steps;
mod suite;

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use rand_core::CryptoRng;

pub use group::{Ed448, Group, Modp1536, Ristretto};
pub use native::QUESTION_MAX;
pub use secret::{Context, SmpSecret};
pub use suite::Suite;

use steps::{Answered, Asked, Compared, Started};
use suite::{Opened, Step};

/// Why no run was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A run is on; it goes on unchanged. Abort it first.
    #[error("a check is running already; finish or cancel it first")]
    Running,
    /// The question has more bytes than this use has room for.
    #[error("the question is too long; it can have {max} bytes")]
    QuestionTooLong {
        /// The most that it can have.
        max: usize,
    },
    /// The question has a byte 0, which ends it in OTR versions 2 and 3.
    #[error("the question has a character that would cut it off; take it out")]
    QuestionEnds,
}

/// Why no answer was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// The other side hasn't asked, or its run was aborted meanwhile.
    #[error("the other side is not waiting for an answer")]
    NothingAsked,
}

/// Why a message ended the run. After each of them the run is aborted and its secrets are
/// erased; the message of [`Smp::abort`] tells the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// Not the bytes of any message.
    #[error("the check was cancelled: the message has not the form of one")]
    Malformed,
    /// A message of another version of the protocol.
    #[error("the check was cancelled: the other side speaks another version of it")]
    Version,
    /// A message that doesn't come at this point of a run.
    #[error("the check was cancelled: its messages came out of turn")]
    OutOfTurn,
    /// Both sides started a run at the same time.
    #[error("the check was cancelled: both sides started one at the same time; start it again")]
    Crossed,
    /// An element that is none of the group, the identity, or one that repeats ours.
    #[error("the check was cancelled: the other side broke its rules")]
    Element,
    /// A proof that doesn't hold.
    #[error("the check was cancelled: the other side could not prove what it sent")]
    Proof,
}

/// What follows from a message.
#[derive(Clone, PartialEq, Eq)]
pub enum Reply<M = Vec<u8>> {
    /// Ask the user, then call [`Smp::answer`] or [`Smp::abort`].
    SecretWanted {
        /// The other side's question: at most [`Suite::QUESTION_MAX`] bytes, which may contain
        /// anything that UTF-8 can express.
        question: Option<String>,
    },
    /// Send this.
    Send(M),
    /// The run is over.
    Finished {
        /// Whether the secrets were equal.
        matched: bool,
        /// To be sent, or the other side won't learn the outcome.
        send: Option<M>,
    },
    /// The other side has aborted; a run, if there was one, is over. Nothing is to be sent.
    Aborted,
}

impl<M> fmt::Debug for Reply<M> {
    /// Neither the question, which is private, nor the outcome, nor messages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SecretWanted { .. } => "SecretWanted(…)",
            Self::Send(_) => "Send(…)",
            Self::Finished { .. } => "Finished(…)",
            Self::Aborted => "Aborted",
        })
    }
}

/// One side of the protocol, with at most one run at a time.
pub struct Smp<G: Suite> {
    state: State<G>,
}

#[cfg_attr(test, derive(Clone))]
enum State<G: Suite> {
    Idle,
    Started(Started<G>),
    Asked(Asked<G>),
    Answered(Answered<G>),
    Compared(Compared<G>),
}

impl Smp<Ristretto> {
    /// Length of each message of the native use, abort included, in bytes. The size tells
    /// neither which message it is nor whether there is a question.
    pub const MESSAGE_LEN: usize = native::MESSAGE_LEN;
}

impl<G: Suite> Smp<G> {
    /// Without a run.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: State::Idle }
    }

    /// Whether no run is on.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    /// Begins a run and gives its first message. An empty question is none.
    ///
    /// # Errors
    /// [`StartError`]; nothing has changed then.
    pub fn start(
        &mut self,
        secret: &G::Secret,
        question: Option<&str>,
        rng: &mut impl CryptoRng,
    ) -> Result<G::Message, StartError> {
        if !self.is_idle() {
            return Err(StartError::Running);
        }
        let question = question.filter(|question| !question.is_empty());
        G::check_question(question.unwrap_or_default())?;
        let (started, message) = Started::new(secret, question, rng);
        self.state = State::Started(started);
        Ok(message)
    }

    /// Takes a message of the other side.
    ///
    /// # Errors
    /// [`ReceiveError`]; the run is aborted then, and its secrets are erased.
    pub fn receive(
        &mut self,
        message: &G::Received,
        rng: &mut impl CryptoRng,
    ) -> Result<Reply<G::Message>, ReceiveError> {
        // Whatever goes wrong from here on, the state stays idle and the old one is erased.
        let state = core::mem::replace(&mut self.state, State::Idle);
        let (step, question, rest) = match G::open(message)? {
            Opened::Abort => return Ok(Reply::Aborted),
            Opened::Step { step, question, rest } => (step, question, rest),
        };
        match (step, state) {
            (Step::First, State::Idle) => {
                self.state = State::Asked(Asked::first(message, question.as_deref(), rest)?);
                Ok(Reply::SecretWanted { question })
            }
            (Step::First, State::Started(_)) => Err(ReceiveError::Crossed),
            (Step::Second, State::Started(started)) => {
                let (compared, reply) = started.second(message, rest, rng)?;
                self.state = State::Compared(compared);
                Ok(Reply::Send(reply))
            }
            (Step::Third, State::Answered(answered)) => {
                let (matched, reply) = answered.third(message, rest, rng)?;
                Ok(Reply::Finished { matched, send: Some(reply) })
            }
            (Step::Fourth, State::Compared(compared)) => {
                let matched = compared.fourth(rest)?;
                Ok(Reply::Finished { matched, send: None })
            }
            (Step::First | Step::Second | Step::Third | Step::Fourth, _) => {
                Err(ReceiveError::OutOfTurn)
            }
        }
    }

    /// Gives the second message, after [`Reply::SecretWanted`].
    ///
    /// # Errors
    /// [`AnswerError::NothingAsked`] in any other state, which hasn't changed then.
    pub fn answer(
        &mut self,
        secret: &G::Secret,
        rng: &mut impl CryptoRng,
    ) -> Result<G::Message, AnswerError> {
        match core::mem::replace(&mut self.state, State::Idle) {
            State::Asked(asked) => {
                let (answered, message) = asked.answer(secret, rng);
                self.state = State::Answered(answered);
                Ok(message)
            }
            other => {
                self.state = other;
                Err(AnswerError::NothingAsked)
            }
        }
    }

    /// Ends the run, if there is one, erases its secrets, and gives the message that ends it at
    /// the other side too.
    #[must_use = "the other side waits until it is told"]
    pub fn abort(&mut self) -> G::Message {
        self.state = State::Idle;
        G::abort()
    }
}

impl<G: Suite> Default for Smp<G> {
    fn default() -> Self {
        Self::new()
    }
}

impl<G: Suite> fmt::Debug for Smp<G> {
    /// Where the run stands, and nothing of its values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Idle => "idle",
            State::Started(_) => "waiting for message 2",
            State::Asked(_) => "waiting for the user's answer",
            State::Answered(_) => "waiting for message 3",
            State::Compared(_) => "waiting for message 4",
        };
        write!(f, "Smp({}, {state})", G::NAME)
    }
}

#[cfg(test)]
mod explore;
#[cfg(test)]
mod flipped_bits;
#[cfg(test)]
mod same_path;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod via;

/// The examples of `README.md` run with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
