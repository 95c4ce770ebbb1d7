//! Sessions of version 4: key exchanges, data messages, and their end.

use std::sync::Arc;
use std::time::Duration;

use rand_core::CryptoRng;

use super::event::{Event, Instance, OfflineError, Output, Refusal};
use super::instance::{Address, Keys, Peer, State};
use super::{INSTANCES_MAX, SESSION_LIFETIME, Session, Settings, TEXT_MAX};
use crate::key::RandomnessError;
use crate::line;
use crate::tag::InstanceTag;
use crate::v3::ake::{AkeError, Auth};
use crate::v3::message::IGNORE_UNREADABLE;
use crate::v4::dake::{Dake, Ends, Established, Outcome, Own, Started};
use crate::v4::message::{Body, Data, OfflineAuth};
use crate::v4::offline;
use crate::v4::prekey::Ensemble;
use crate::v4::profile::{ClientProfile, PROFILE_LIFETIME};
use crate::version::{Version, Versions};

/// What a peer is told whose message can't be read, with the codes of the specification.
const UNREADABLE: &str = "ERROR_1: Unreadable message";
const NOT_PRIVATE: &str = "ERROR_2: Not in private state message";
pub(super) const MALFORMED: &str = "ERROR_3: Malformed message";

/// How many data messages may come before the end of a key exchange, where a carrier changes their
/// order.
const EARLY_MAX: usize = 4;

/// How long before its end a profile of ours is renewed, in seconds.
const RENEW_BEFORE: u64 = 24 * 60 * 60;

impl Session {
    fn address4(&self, theirs: Instance) -> Address {
        let (ours, longest) = (self.account.tag, self.settings.longest_line);
        Address { version: Version::V4, ours, theirs, longest }
    }

    /// Our profile, renewed in time.
    pub(super) fn own_profile(
        &mut self,
        now: Duration,
        rng: &mut impl CryptoRng,
    ) -> Result<Option<ClientProfile>, RandomnessError> {
        let Some(v4) = self.account.v4.clone() else { return Ok(None) };
        let unix = v4.unix(now);
        let renew = unix.saturating_add(RENEW_BEFORE);
        if let Some(profile) = self.profile.as_ref().filter(|profile| profile.expires() > renew) {
            return Ok(Some(profile.clone()));
        }
        // Version 3's key vouches for the identity, if that version is spoken.
        let both = self.versions().has(Version::V3);
        let versions = Versions::NONE.with(Version::V4);
        let versions = if both { versions.with(Version::V3) } else { versions };
        let (tag, expires) = (self.account.tag, unix.saturating_add(PROFILE_LIFETIME));
        let dsa = both.then(|| &*self.account.key);
        let profile = ClientProfile::sign(&v4.identity, tag, versions, expires, dsa, rng)?;
        self.profile = Some(profile.clone());
        Ok(Some(profile))
    }

    /// Begins a key exchange with whatever client of the peer answers.
    pub(super) fn begin4(&mut self, now: Duration, rng: &mut impl CryptoRng) -> Vec<String> {
        // Without random numbers nothing begins.
        let Ok(Some(profile)) = self.own_profile(now, rng) else { return Vec::new() };
        let started = Arc::new(Started::new(profile, rng));
        let lines = self.address4(None).exchange(&started.message());
        self.started4 = Some((started, now));
        lines
    }

    /// Takes a message of a key exchange.
    pub(super) fn exchange4(
        &mut self,
        theirs: InstanceTag,
        body: Body<'_>,
        now: Duration,
        rng: &mut impl CryptoRng,
        out: &mut Output,
    ) -> Result<(), Refusal> {
        let wrong = Refusal::Exchange;
        let v4 = self.account.v4.clone().ok_or(Refusal::Version(4))?;
        let instance = Some(theirs);
        let unix = v4.unix(now);
        // Only who begins, or answers what we began, is worth remembering.
        let started = self.started4.as_ref().map(|(started, _)| Arc::clone(started));
        let begins = match &body {
            Body::Identity(message) => {
                message.profile.check(theirs, unix).map_err(|error| wrong(error.into()))?;
                true
            }
            Body::AuthR(_) => started.is_some(),
            Body::OfflineAuth(message) => return self.offline4(theirs, message, now, rng, out),
            Body::AuthI(_) | Body::Data(_) => false,
        };
        if !begins && !self.peers.iter().any(|peer| peer.instance == instance) {
            return Err(wrong(AkeError::Unexpected));
        }
        let profile = self.own_profile(now, rng).map_err(|error| wrong(error.into()))?;
        let profile = profile.ok_or(Refusal::Version(4))?;
        let own = Own { identity: &v4.identity, profile: &profile, now: unix };
        let (our_name, their_name) =
            (self.settings.our_name.clone(), self.settings.peer_name.clone());
        let ours = self.account.tag;
        let ends = Ends { ours, theirs, our_name: &our_name, their_name: &their_name };
        if !self.has_room(instance) {
            return Err(Refusal::TooManyInstances);
        }
        // What is refused leaves no trace: whom nobody knows is remembered afterwards, and what we began lent to a
        // client until then.
        let mut fresh = Peer::new(instance, Version::V4);
        let found = self.peers.iter_mut().find(|peer| peer.instance == instance);
        let is_known = found.is_some();
        let peer = found.unwrap_or(&mut fresh);
        let lent = started.as_ref().filter(|started| {
            peer.dake.is_none()
                && matches!(body, Body::Identity(_) | Body::AuthR(_))
                && !std::ptr::eq(peer.answered4.as_ptr(), Arc::as_ptr(started))
        });
        if let Some(started) = lent {
            peer.dake = Dake::AwaitingAuthR(Arc::clone(started));
        }
        let outcome = match body {
            Body::Identity(message) => peer.dake.identity(*message, &own, ends, rng),
            Body::AuthR(message) => peer.dake.auth_r(*message, &own, ends, rng),
            Body::AuthI(signature) => peer.dake.auth_i(&signature, ends),
            Body::OfflineAuth(_) | Body::Data(_) => Err(AkeError::Unexpected),
        };
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(error) => {
                if lent.is_some() {
                    peer.dake = Dake::None;
                }
                return Err(wrong(error));
            }
        };
        peer.auth_since = now;
        // What we began is answered, or gave way to what the peer began.
        if let Some(started) = &started
            && !matches!(peer.dake, Dake::AwaitingAuthR(_))
        {
            peer.answered4 = Arc::downgrade(started);
        }
        let outgoing = match &outcome {
            Outcome::Send(outgoing) => Some(outgoing),
            Outcome::Done(_, outgoing) => outgoing.as_ref(),
        };
        if !is_known {
            *self.peer(instance, Version::V4).ok_or(Refusal::TooManyInstances)? = fresh;
        }
        let address = self.address4(instance);
        if let Some(outgoing) = outgoing {
            out.lines.extend(address.exchange(outgoing));
        }
        if let Outcome::Done(established, _) = outcome {
            self.established4(theirs, *established, now, rng, out);
        }
        Ok(())
    }

    /// Takes the beginning of a session that was written while we were offline.
    fn offline4(
        &mut self,
        theirs: InstanceTag,
        message: &OfflineAuth,
        now: Duration,
        rng: &mut impl CryptoRng,
        out: &mut Output,
    ) -> Result<(), Refusal> {
        let wrong = Refusal::Exchange;
        let v4 = self.account.v4.clone().ok_or(Refusal::Version(4))?;
        let prekeys = self.account.prekeys.clone().ok_or(wrong(AkeError::Offline))?;
        let instance = Some(theirs);
        if !self.has_room(instance) {
            return Err(Refusal::TooManyInstances);
        }
        let profile = self.own_profile(now, rng).map_err(|error| wrong(error.into()))?;
        let profile = profile.ok_or(Refusal::Version(4))?;
        let own = Own { identity: &v4.identity, profile: &profile, now: v4.unix(now) };
        let Settings { our_name, peer_name, .. } = &self.settings;
        let ends = Ends { ours: self.account.tag, theirs, our_name, their_name: peer_name };
        let established = prekeys.accept(message, &own, ends, rng).map_err(wrong)?;
        self.peer(instance, Version::V4).ok_or(Refusal::TooManyInstances)?;
        self.established4(theirs, established, now, rng, out);
        Ok(())
    }

    /// Begins a session with a client that is offline, and says the first text in it. The lines are
    /// for whatever keeps them until the client is there. Whose identity it is, the ensemble's
    /// profile tells: check its fingerprint before.
    ///
    /// # Errors
    /// [`OfflineError`]; nothing is sent then.
    pub fn write_offline(
        &mut self,
        ensemble: &Ensemble,
        text: &str,
        now: Duration,
        rng: &mut impl CryptoRng,
    ) -> Result<Output, OfflineError> {
        if self.settings.room {
            return Err(OfflineError::Room);
        }
        if text.len() > TEXT_MAX {
            return Err(OfflineError::TooLong);
        }
        let v4 = self.account.v4.clone().filter(|_| self.versions().has(Version::V4));
        let v4 = v4.ok_or(OfflineError::Off)?;
        let theirs = ensemble.profile.owner();
        if theirs == self.account.tag {
            return Err(OfflineError::Ourselves);
        }
        if !self.has_room(Some(theirs)) {
            return Err(OfflineError::TooManyInstances);
        }
        let wrong = OfflineError::Ensemble;
        let profile = self.own_profile(now, rng).map_err(|error| wrong(error.into()))?;
        let profile = profile.ok_or(OfflineError::Off)?;
        let own = Own { identity: &v4.identity, profile: &profile, now: v4.unix(now) };
        let Settings { our_name, peer_name, .. } = &self.settings;
        let ends = Ends { ours: self.account.tag, theirs, our_name, their_name: peer_name };
        let (outgoing, established) = offline::begin(ensemble, &own, ends, rng).map_err(wrong)?;
        let mut out = Output::default();
        let address = self.address4(Some(theirs));
        // Going from one kind of session to the other, the first is ended.
        let before = self.peers.iter_mut().find(|peer| peer.instance == Some(theirs));
        if let Some(peer) = before
            && peer.version == Version::V4
            && let State::Encrypted(private) = std::mem::replace(&mut peer.state, State::Plain)
        {
            out.lines.extend(address.farewell(*private));
        }
        out.lines.extend(address.exchange(&outgoing));
        self.peer(Some(theirs), Version::V4).ok_or(OfflineError::TooManyInstances)?;
        self.established4(theirs, established, now, rng, &mut out);
        let found = self.peers.iter_mut().find(|peer| peer.instance == Some(theirs));
        if let Some(private) = found.and_then(Peer::private_mut) {
            out.lines.extend(address.say(private, text, &[], now).0);
        }
        Ok(out)
    }

    /// Whether another client of the peer can be remembered.
    fn has_room(&self, instance: Instance) -> bool {
        self.peers.len() < INSTANCES_MAX
            || self
                .peers
                .iter()
                .any(|peer| peer.instance == instance || matches!(peer.state, State::Plain))
    }

    /// A session begins, or goes on under fresh keys.
    pub(super) fn established4(
        &mut self,
        theirs: InstanceTag,
        established: Established,
        now: Duration,
        rng: &mut impl CryptoRng,
        out: &mut Output,
    ) {
        let instance = Some(theirs);
        let found = self.peers.iter_mut().find(|peer| peer.instance == instance);
        let Some(peer) = found else { return };
        self.speaks_4 = true;
        if let Some(older) = established.profile.vouched_by() {
            out.events.push(Event::Vouched {
                instance,
                older,
                fingerprint: established.profile.fingerprint(),
            });
        }
        // An exchange of the older version with this client is over.
        peer.auth = Auth::None;
        let early = std::mem::take(&mut peer.early);
        let replaced = peer.establish4(established, now);
        let address = self.address4(instance);
        self.begun(address, replaced, now, out);
        for base64 in early {
            if let Err(refusal) = self.message(&base64, None, now, rng, out) {
                out.events.push(Event::Refused(refusal));
            }
        }
    }

    /// Takes a data message. `base64` is the message as it came, for one that comes too early.
    pub(super) fn data4(
        &mut self,
        theirs: InstanceTag,
        data: &Data<'_>,
        base64: &str,
        now: Duration,
        rng: &mut impl CryptoRng,
        out: &mut Output,
    ) -> Result<(), Refusal> {
        let instance = Some(theirs);
        let mut complain = |sentence| {
            if data.flags & IGNORE_UNREADABLE == 0 {
                out.lines.push(line::error(sentence));
            }
        };
        let Some(peer) = self.peers.iter_mut().find(|peer| peer.instance == instance) else {
            complain(NOT_PRIVATE);
            return Err(Refusal::NotPrivate);
        };
        let opened = match &mut peer.state {
            State::Encrypted(private) => match &mut private.keys {
                Keys::V4(ratchet) => {
                    let turns = ratchet.turns();
                    let opened = ratchet.open(data, rng).map_err(Refusal::Unreadable);
                    if ratchet.turns() != turns {
                        private.fresh_at = now;
                    }
                    opened
                }
                Keys::V3(_) => Err(Refusal::NotPrivate),
            },
            State::Plain | State::Finished => Err(Refusal::NotPrivate),
        };
        let opened = match opened {
            Ok(opened) => opened,
            // The end of the exchange is still under way.
            Err(refusal) if matches!(peer.dake, Dake::AwaitingAuthI(_)) => {
                if peer.early.len() >= EARLY_MAX {
                    return Err(refusal);
                }
                peer.early.push(base64.to_owned());
                return Err(Refusal::Early);
            }
            Err(refusal) => {
                complain(match refusal {
                    Refusal::NotPrivate => NOT_PRIVATE,
                    _ => UNREADABLE,
                });
                return Err(refusal);
            }
        };
        self.heard = self.heard.saturating_add(1);
        peer.heard = self.heard;
        self.said(instance, Version::V4, opened.plaintext, &opened.extra, now, rng, out);
        Ok(())
    }

    /// Ends sessions that went on for too long without a new key of ours. All keys of
    /// authenticators go with the message that says so.
    pub(super) fn expire(&mut self, now: Duration, out: &mut Output) {
        let (ours, longest) = (self.account.tag, self.settings.longest_line);
        for peer in &mut self.peers {
            let over = |private: &super::Private| private.expires().is_some_and(|at| now >= at);
            if !peer.private().is_some_and(over) {
                continue;
            }
            let address = Address { version: Version::V4, ours, theirs: peer.instance, longest };
            if let State::Encrypted(private) = std::mem::replace(&mut peer.state, State::Finished) {
                out.lines.extend(address.farewell(*private));
                out.events
                    .push(Event::Expired { instance: peer.instance, after: SESSION_LIFETIME });
            }
        }
    }
}
