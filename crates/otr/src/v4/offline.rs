//! Key exchanges with somebody who is offline (OTRv4 "Offline Conversations: XZDH"): prekeys, and
//! the Non-Interactive-Auth message.
//!
//! The specification doesn't say what stands in `phi` for the first keys of the side that is
//! offline, which has none; no other program that is spoken with has this exchange. We take its
//! prekeys.

mod prekeys;

use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::curve::{self, LEN, Point};
use super::dake::{Ends, Established, Own, check_fresh, ssid};
use super::kdf::{Usage, kdf};
use super::message::{KeyPairs, OfflineAuth, PublicKeys, kind};
use super::prekey::Ensemble;
use super::profile::ClientProfile;
use super::ratchet::Ratchet;
use super::ring::{self, OTR4};
use crate::codec::Writer;
use crate::v3::ake::{AkeError, Outgoing};

pub use prekeys::{PREKEY_LIFETIME, PREKEYS_MAX, Prekeys, Publication};

/// What both ends derive from their secrets.
struct Mixed {
    mac_key: Zeroizing<[u8; 64]>,
    key: Zeroizing<[u8; 64]>,
    brace: Zeroizing<[u8; 32]>,
}

impl Mixed {
    /// From `K_ecdh`, `K_dh`, and what `X` shares with the shared prekey and the long-term key.
    fn new(ecdh: &[u8; LEN], dh: &[u8], prekey: &[u8; LEN], identity: &[u8; LEN]) -> Self {
        let brace = kdf::<32>(Usage::ThirdBraceKey, &[dh]);
        let tmp = kdf::<64>(Usage::TmpKey, &[ecdh, prekey, identity, &*brace]);
        Self {
            mac_key: kdf(Usage::AuthMacKey, &[&*tmp]),
            key: kdf(Usage::SharedSecret, &[&*tmp]),
            brace,
        }
    }
}

/// What the signature of an exchange is over (`t`).
struct Transcript<'a> {
    bob: &'a ClientProfile,
    alice: &'a ClientProfile,
    /// `Y` and `B`.
    bobs: &'a PublicKeys,
    /// `X` and `A`.
    alices: &'a PublicKeys,
    /// `D`.
    prekey: &'a Point,
}

impl Transcript<'_> {
    fn bytes(&self, phi: &Writer) -> Vec<u8> {
        Writer::new()
            .raw(&*kdf::<64>(Usage::OfflineBobProfile, &[self.bob.encoded()]))
            .raw(&*kdf::<64>(Usage::OfflineAliceProfile, &[self.alice.encoded()]))
            .raw(self.bobs.point.bytes())
            .raw(self.alices.point.bytes())
            .mpi(&self.bobs.number.bytes())
            .mpi(&self.alices.number.bytes())
            .raw(self.prekey.bytes())
            .raw(&*kdf::<64>(Usage::OfflinePhi, &[phi.bytes()]))
            .finish()
    }

    fn ring(&self) -> [Point; 3] {
        [*self.bob.forging(), *self.alice.identity(), self.bobs.point]
    }
}

fn authenticator(mixed: &Mixed, text: &[u8]) -> Zeroizing<[u8; 64]> {
    kdf(Usage::AuthMac, &[&*mixed.mac_key, text])
}

/// Begins a session with the client of an ensemble: what is to be sent, and the session.
///
/// # Errors
/// [`AkeError::Profile`] if the ensemble is no longer good, or its parts don't belong together.
pub(crate) fn begin(
    ensemble: &Ensemble,
    own: &Own<'_>,
    ends: Ends<'_>,
    rng: &mut impl CryptoRng,
) -> Result<(Outgoing, Established), AkeError> {
    ensemble.check(own.now)?;
    let Ensemble { profile: theirs, prekey_profile, message: prekeys } = ensemble;
    let bobs = PublicKeys { point: prekeys.point, number: prekeys.number };
    let (pairs, first) = (KeyPairs::random(rng), KeyPairs::random(rng));
    let keys = pairs.public();
    check_fresh(&[&bobs, &keys, &first.public()])?;
    let (ecdh, dh) = pairs.shared(&bobs);
    let prekey = pairs.ecdh.shared(prekey_profile.key());
    let identity = pairs.ecdh.shared(theirs.identity());
    let mixed = Mixed::new(&ecdh, &dh, &prekey, &identity);
    let transcript = Transcript {
        bob: theirs,
        alice: own.profile,
        bobs: &bobs,
        alices: &keys,
        prekey: prekey_profile.key(),
    };
    let text = transcript.bytes(&ends.phi(true, &first.public(), &bobs));
    let pair = own.identity.keys().pair();
    let message = OfflineAuth {
        profile: own.profile.clone(),
        keys,
        signature: ring::sign(OTR4, pair, 1, &transcript.ring(), &text, rng),
        prekey: prekeys.id,
        mac: *authenticator(&mixed, &text),
        first: first.public(),
    };
    let established = Established {
        ssid: ssid(&mixed.key),
        first: true,
        ratchet: Ratchet::offline_alice(&mixed.key, &mixed.brace, first, bobs),
        profile: theirs.clone(),
    };
    Ok(((kind::OFFLINE_AUTH, message.write()), established))
}

/// The secrets that a Non-Interactive-Auth message was made for.
pub(crate) struct Secrets<'a> {
    /// Of the prekey message.
    pub(crate) keys: &'a KeyPairs,
    /// Shared prekeys that are good, or were a short while ago.
    pub(crate) shared: &'a [curve::Pair],
    /// Client profiles of ours that are good, or were a short while ago.
    pub(crate) profiles: &'a [ClientProfile],
}

/// Takes a Non-Interactive-Auth message. Which profile and which shared prekey its sender had, only
/// trying tells.
///
/// # Errors
/// [`AkeError`]; the prekeys are not used up then.
pub(crate) fn accept(
    theirs: &OfflineAuth,
    secrets: &Secrets<'_>,
    own: &Own<'_>,
    ends: Ends<'_>,
    rng: &mut impl CryptoRng,
) -> Result<Established, AkeError> {
    theirs.profile.check(ends.theirs, own.now)?;
    let bobs = secrets.keys.public();
    check_fresh(&[&bobs, &theirs.keys, &theirs.first])?;
    let (ecdh, dh) = secrets.keys.shared(&theirs.keys);
    let identity = own.identity.keys().pair().shared(&theirs.keys.point);
    let phi = ends.phi(false, &theirs.first, &bobs);
    for shared in secrets.shared {
        for profile in secrets.profiles {
            let transcript = Transcript {
                bob: profile,
                alice: &theirs.profile,
                bobs: &bobs,
                alices: &theirs.keys,
                prekey: &shared.public,
            };
            let text = transcript.bytes(&phi);
            if !ring::verify(OTR4, &transcript.ring(), &text, &theirs.signature) {
                continue;
            }
            let prekey = shared.shared(&theirs.keys.point);
            let mixed = Mixed::new(&ecdh, &dh, &prekey, &identity);
            if !bool::from(authenticator(&mixed, &text).ct_eq(&theirs.mac)) {
                return Err(AkeError::Mac);
            }
            let pairs = secrets.keys.clone();
            return Ok(Established {
                ssid: ssid(&mixed.key),
                first: false,
                ratchet: Ratchet::offline_bob(&mixed.key, &mixed.brace, pairs, theirs.first, rng),
                profile: theirs.profile.clone(),
            });
        }
    }
    Err(AkeError::Signature)
}

#[cfg(test)]
mod tests;
