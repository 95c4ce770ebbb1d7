//! The interactive key exchange (OTRv4 "Interactive Deniable Authenticated Key Exchange (DAKEZ)").
//! Who sends the Identity message is called Bob there, who answers is Alice.

use std::fmt;
use std::sync::Arc;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::curve::Point;
use super::identity::Identity;
use super::kdf::{Usage, kdf, shake};
use super::message::{AuthR, IdentityMessage, KeyPairs, PublicKeys, kind};
use super::profile::ClientProfile;
use super::ratchet::Ratchet;
use super::ring::{self, OTR4, RING_LEN};
use crate::codec::Writer;
use crate::tag::InstanceTag;
use crate::v3::ake::{AkeError, Outgoing};

/// Both ends of an exchange, as their carrier knows them. Either end must have the same names.
#[derive(Clone, Copy)]
pub(crate) struct Ends<'a> {
    pub(crate) ours: InstanceTag,
    pub(crate) theirs: InstanceTag,
    pub(crate) our_name: &'a str,
    pub(crate) their_name: &'a str,
}

impl Ends<'_> {
    /// What an exchange is bound to besides its keys (`phi`), for a message from `sender` to
    /// `receiver`; `ours` says whether the message is ours.
    pub(super) fn phi(self, ours: bool, sender: &PublicKeys, receiver: &PublicKeys) -> Writer {
        let (tags, names) = if ours {
            ([self.ours, self.theirs], [self.our_name, self.their_name])
        } else {
            ([self.theirs, self.ours], [self.their_name, self.our_name])
        };
        let writer = tags.into_iter().fold(Writer::new(), |writer, tag| writer.int(tag.number()));
        let writer = receiver.write(sender.write(writer));
        names.into_iter().fold(writer, |writer, name| writer.data(name.as_bytes()))
    }
}

/// Our side of an exchange at this moment.
pub(crate) struct Own<'a> {
    pub(crate) identity: &'a Identity,
    pub(crate) profile: &'a ClientProfile,
    /// Unix time.
    pub(crate) now: u64,
}

/// What both ends have after a key exchange.
pub(crate) struct Established {
    pub(crate) ssid: [u8; 8],
    /// Whether we sent Auth-R: then we stress the first half of the session id.
    pub(crate) first: bool,
    pub(crate) ratchet: Ratchet,
    pub(crate) profile: ClientProfile,
}

/// What one end does in a key exchange with one instance of the peer.
#[derive(Default)]
pub(crate) enum Dake {
    /// Nothing is under way.
    #[default]
    None,
    /// We have sent an Identity message.
    AwaitingAuthR(Arc<Started>),
    /// We have answered one.
    AwaitingAuthI(Box<Answered>),
}

/// An Identity message of ours. Several instances of the peer may answer it.
pub(crate) struct Started {
    keys: KeyPairs,
    first: KeyPairs,
    message: IdentityMessage,
    hash: [u8; 32],
}

impl Started {
    /// Begins an exchange.
    pub(crate) fn new(profile: ClientProfile, rng: &mut impl CryptoRng) -> Self {
        let (keys, first) = (KeyPairs::random(rng), KeyPairs::random(rng));
        let message = IdentityMessage { profile, keys: keys.public(), first: first.public() };
        let hash = hash(&message.keys);
        Self { keys, first, message, hash }
    }

    /// The Identity message.
    pub(crate) fn message(&self) -> Outgoing {
        (kind::IDENTITY, self.message.write())
    }
}

/// What decides who goes on when both begin: the hash of `B`.
fn hash(keys: &PublicKeys) -> [u8; 32] {
    *shake(&[Writer::new().mpi(&keys.number.bytes()).bytes()])
}

/// What we hold after answering.
pub(crate) struct Answered {
    theirs: IdentityMessage,
    our_profile: ClientProfile,
    keys: PublicKeys,
    first: KeyPairs,
    mixed: Zeroizing<[u8; 64]>,
    /// For a peer that lost it.
    message: Vec<u8>,
}

/// What came of a step.
pub(crate) enum Outcome {
    /// Send this and wait.
    Send(Outgoing),
    /// Send this, if anything, and talk.
    Done(Box<Established>, Option<Outgoing>),
}

/// What the signatures of an exchange are over (`t`).
struct Transcript<'a> {
    bob: &'a ClientProfile,
    alice: &'a ClientProfile,
    /// `Y` and `B`.
    bobs: &'a PublicKeys,
    /// `X` and `A`.
    alices: &'a PublicKeys,
}

impl Transcript<'_> {
    fn bytes(&self, lead: u8, [bob, alice, phi]: [Usage; 3], shared: &Writer) -> Vec<u8> {
        Writer::new()
            .byte(lead)
            .raw(&*kdf::<64>(bob, &[self.bob.encoded()]))
            .raw(&*kdf::<64>(alice, &[self.alice.encoded()]))
            .raw(self.bobs.point.bytes())
            .raw(self.alices.point.bytes())
            .mpi(&self.bobs.number.bytes())
            .mpi(&self.alices.number.bytes())
            .raw(&*kdf::<64>(phi, &[shared.bytes()]))
            .finish()
    }

    fn auth_r(&self, phi: &Writer) -> Vec<u8> {
        let usages = [Usage::AuthRBobProfile, Usage::AuthRAliceProfile, Usage::AuthRPhi];
        self.bytes(0, usages, phi)
    }

    fn auth_i(&self, phi: &Writer) -> Vec<u8> {
        let usages = [Usage::AuthIBobProfile, Usage::AuthIAliceProfile, Usage::AuthIPhi];
        self.bytes(1, usages, phi)
    }

    /// Whose keys an Auth-R message may be signed with.
    fn ring_r(&self) -> [Point; 3] {
        [*self.bob.forging(), *self.alice.identity(), self.bobs.point]
    }

    /// Whose keys an Auth-I message may be signed with.
    fn ring_i(&self) -> [Point; 3] {
        [*self.bob.identity(), *self.alice.forging(), self.alices.point]
    }
}

/// The shared key of an exchange (`K`).
fn mix(ours: &KeyPairs, theirs: &PublicKeys) -> Zeroizing<[u8; 64]> {
    let (ecdh, dh) = ours.shared(theirs);
    let brace = kdf::<32>(Usage::ThirdBraceKey, &[&dh]);
    kdf(Usage::SharedSecret, &[&*ecdh, &*brace])
}

/// The session id of a shared key.
pub(super) fn ssid(mixed: &[u8; 64]) -> [u8; 8] {
    *kdf(Usage::Ssid, &[mixed])
}

/// What holds of the keys of honest ends: each is fresh.
pub(super) fn check_fresh(all: &[&PublicKeys]) -> Result<(), AkeError> {
    for (index, one) in all.iter().enumerate() {
        if all.iter().skip(index.saturating_add(1)).any(|other| one.repeats(other)) {
            return Err(AkeError::Repeated);
        }
    }
    Ok(())
}

impl Dake {
    /// Takes an Identity message.
    pub(crate) fn identity(
        &mut self,
        theirs: IdentityMessage,
        own: &Own<'_>,
        ends: Ends<'_>,
        rng: &mut impl CryptoRng,
    ) -> Result<Outcome, AkeError> {
        theirs.profile.check(ends.theirs, own.now)?;
        check_fresh(&[&theirs.keys, &theirs.first])?;
        match self {
            Self::AwaitingAuthR(started) if started.message.keys.repeats(&theirs.keys) => {
                return Err(AkeError::Reflected);
            }
            // Both have started at once: who has the higher hash goes on with its own.
            Self::AwaitingAuthR(started) if started.hash > hash(&theirs.keys) => {
                return Ok(Outcome::Send(started.message()));
            }
            // The peer has sent it once more: it gets the same answer, which it may have taken.
            Self::AwaitingAuthI(answered) if answered.theirs == theirs => {
                return Ok(Outcome::Send((kind::AUTH_R, answered.message.clone())));
            }
            _ => {}
        }
        let (pairs, first) = (KeyPairs::random(rng), KeyPairs::random(rng));
        let keys = pairs.public();
        let transcript = Transcript {
            bob: &theirs.profile,
            alice: own.profile,
            bobs: &theirs.keys,
            alices: &keys,
        };
        let phi = ends.phi(true, &first.public(), &theirs.first);
        let text = transcript.auth_r(&phi);
        let pair = own.identity.keys().pair();
        let signature = ring::sign(OTR4, pair, 1, &transcript.ring_r(), &text, rng);
        let message =
            AuthR { profile: own.profile.clone(), keys, signature, first: first.public() }.write();
        let mixed = mix(&pairs, &theirs.keys);
        let our_profile = own.profile.clone();
        let outgoing = (kind::AUTH_R, message.clone());
        *self = Self::AwaitingAuthI(Box::new(Answered {
            theirs,
            our_profile,
            keys,
            first,
            mixed,
            message,
        }));
        Ok(Outcome::Send(outgoing))
    }

    /// Takes an Auth-R message.
    pub(crate) fn auth_r(
        &mut self,
        theirs: AuthR,
        own: &Own<'_>,
        ends: Ends<'_>,
        rng: &mut impl CryptoRng,
    ) -> Result<Outcome, AkeError> {
        let Self::AwaitingAuthR(started) = self else { return Err(AkeError::Unexpected) };
        theirs.profile.check(ends.theirs, own.now)?;
        let (keys, first) = (started.keys.public(), started.first.public());
        check_fresh(&[&keys, &first, &theirs.keys, &theirs.first])?;
        let transcript = Transcript {
            bob: &started.message.profile,
            alice: &theirs.profile,
            bobs: &keys,
            alices: &theirs.keys,
        };
        let text = transcript.auth_r(&ends.phi(false, &theirs.first, &first));
        if !ring::verify(OTR4, &transcript.ring_r(), &text, &theirs.signature) {
            return Err(AkeError::Signature);
        }
        let text = transcript.auth_i(&ends.phi(true, &first, &theirs.first));
        let pair = own.identity.keys().pair();
        let signature = ring::sign(OTR4, pair, 0, &transcript.ring_i(), &text, rng);
        let mixed = mix(&started.keys, &theirs.keys);
        let ratchet = Ratchet::bob(&mixed, started.first.clone(), theirs.first, rng);
        let established =
            Established { ssid: ssid(&mixed), first: false, ratchet, profile: theirs.profile };
        *self = Self::None;
        Ok(Outcome::Done(Box::new(established), Some((kind::AUTH_I, signature.to_vec()))))
    }

    /// Takes an Auth-I message.
    pub(crate) fn auth_i(
        &mut self,
        signature: &[u8; RING_LEN],
        ends: Ends<'_>,
    ) -> Result<Outcome, AkeError> {
        let Self::AwaitingAuthI(answered) = self else { return Err(AkeError::Unexpected) };
        let Answered { theirs, our_profile, keys, first, mixed, message: _ } = &**answered;
        let transcript = Transcript {
            bob: &theirs.profile,
            alice: our_profile,
            bobs: &theirs.keys,
            alices: keys,
        };
        let text = transcript.auth_i(&ends.phi(false, &theirs.first, &first.public()));
        if !ring::verify(OTR4, &transcript.ring_i(), &text, signature) {
            return Err(AkeError::Signature);
        }
        let ratchet = Ratchet::alice(mixed, first.clone(), theirs.first);
        let profile = theirs.profile.clone();
        let established = Established { ssid: ssid(mixed), first: true, ratchet, profile };
        *self = Self::None;
        Ok(Outcome::Done(Box::new(established), None))
    }

    pub(crate) fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

impl fmt::Debug for Dake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::AwaitingAuthR(_) => "AwaitingAuthR",
            Self::AwaitingAuthI(_) => "AwaitingAuthI",
        })
    }
}

#[cfg(test)]
pub(super) mod tests;
