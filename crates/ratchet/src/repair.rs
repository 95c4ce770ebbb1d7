//! A new session for a contact whose old one is lost or broken: `docs/repair.md`.
//!
//! Who has lost its state, or restored an old one, still has its identity, the other's, and the *recovery key* that the
//! last handshake left. With these both ends agree on fresh keys, as they once did when they paired. Four messages:
//!
//! 1. the initiator's [`Request`]: [`Initiator::start`];
//! 2. the responder's [`Answer`]: [`Responder::answer`];
//! 3. the initiator's [`Proof`]: [`Initiator::prove`];
//! 4. the responder's [`Consent`]: [`Responder::consent`], read by [`Waiting::finish`].
//!
//! Each is sealed under the recovery key and bound to the channel and to everything before it, so whoever lacks that key
//! is refused at the price of one MAC, and a message that was recorded on another channel opens nothing.

mod message;

use alloc::boxed::Box;
use core::fmt;

use rand_core::CryptoRng;

pub use self::message::{
    ANSWER_LEN, Answer, CONSENT_LEN, Consent, PROOF_LEN, Proof, REQUEST_LEN, Request,
};
use self::message::{Kind, open, seal};
use crate::dh::KeyPair;
use crate::handshake::{
    CIPHERTEXT_LEN, KemSecret, OwnKeys, PublicKeys, PublicKeysError, Role, Root, RootError,
    derive_root, encapsulate,
};
use crate::secret::Secret;
use crate::session::Session;
use crate::transcript::Transcript;

/// The name of a repair's transcript, and its version.
const TRANSCRIPT: &[u8] = b"repair 1";

/// What one end knows of the contact to be repaired with.
pub struct Contact {
    identity: KeyPair,
    peer_identity: [u8; 32],
    incarnations: Incarnations,
    recovery: RecoveryKeys,
}

/// Which copy of itself each end is: higher is newer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Incarnations {
    /// Ours: [`next_incarnation`] after a restore, else the one it was.
    pub own: u64,
    /// The contact's, as it last showed it.
    pub peer: u64,
}

impl Contact {
    /// `identity` is our private X25519 identity for this contact, `peer_identity` the contact's public one.
    #[must_use]
    pub fn new(
        identity: &Secret<32>,
        peer_identity: [u8; 32],
        incarnations: Incarnations,
        recovery: RecoveryKeys,
    ) -> Self {
        let identity = KeyPair::from_secret(identity.clone());
        Self { identity, peer_identity, incarnations, recovery }
    }

    /// The keys to try.
    #[must_use]
    pub fn recovery(&self) -> &RecoveryKeys {
        &self.recovery
    }

    /// The transcript of a repair in which we have this role, before its first message.
    fn transcript(&self, role: Role, binding: &[u8; 32]) -> Transcript {
        let own = self.identity.public().as_bytes();
        let (initiator, responder) = match role {
            Role::Initiator => (own, &self.peer_identity),
            Role::Responder => (&self.peer_identity, own),
        };
        let mut transcript = Transcript::new(TRANSCRIPT);
        transcript.absorb(b"binding", binding);
        transcript.absorb(b"initiator identity", initiator);
        transcript.absorb(b"responder identity", responder);
        transcript
    }

    /// Reads what each end shows of itself: incarnation 8 ‖ public keys.
    fn read_shown(&self, shown: &[u8]) -> Result<(u64, PublicKeys), RepairError> {
        let wrong = || RepairError::Length(shown.len());
        let (incarnation, keys) = shown.split_first_chunk().ok_or_else(wrong)?;
        let incarnation = u64::from_be_bytes(*incarnation);
        let known = self.incarnations.peer;
        if incarnation < known {
            return Err(RepairError::Incarnation { known, shown: incarnation });
        }
        let peer = PublicKeys::decode(keys)?;
        if peer.identity() != &self.peer_identity {
            return Err(RepairError::Identity);
        }
        Ok((incarnation, peer))
    }
}

/// The recovery key that counts, and until the contact has shown that it has it too, the one before.
#[derive(Clone)]
pub struct RecoveryKeys {
    current: Secret<32>,
    former: Option<Secret<32>>,
}

impl RecoveryKeys {
    /// The key that a pairing's root gives: [`Root::recovery_key`].
    #[must_use]
    pub fn new(current: Secret<32>) -> Self {
        Self { current, former: None }
    }

    /// What was stored of [`RecoveryKeys::current`] and [`RecoveryKeys::former`].
    #[must_use]
    pub fn from_parts(current: Secret<32>, former: Option<Secret<32>>) -> Self {
        Self { current, former }
    }

    /// The key to start a repair with.
    #[must_use]
    pub fn current(&self) -> &Secret<32> {
        &self.current
    }

    /// The key to try next when the contact refuses the current one: its end of the last repair may be missing.
    #[must_use]
    pub fn former(&self) -> Option<&Secret<32>> {
        self.former.as_ref()
    }

    /// Erases the former key. To be called when the first packet of the repaired session was read.
    pub fn settle(&mut self) {
        self.former = None;
    }
}

/// An incarnation for a state that was restored: above the last one known by a random step, so that of two restored from
/// one copy one is the newer.
#[must_use]
pub fn next_incarnation(last: u64, rng: &mut impl CryptoRng) -> u64 {
    last.saturating_add(u64::from(rng.next_u32())).saturating_add(1)
}

/// Why a repair went no further. Close the connection; the contact's session and recovery keys stay as they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RepairError {
    /// Another length than the message has that comes next.
    #[error("{0} bytes are no repair message; the other side may run another version")]
    Length(usize),
    /// A version that this program doesn't know.
    #[error("a repair of version {0} is unknown; update the program")]
    Version(u8),
    /// Not sealed under this contact's recovery key for this place on this channel: a stranger, a replay, a damaged
    /// message, or a backup from before the last repair.
    #[error(
        "the other side doesn't prove that it is this contact; if its backup is older than the last repair, pair again"
    )]
    Unproved,
    /// The contact shows an incarnation below the one it had: an old machine or an old backup is still in use.
    #[error(
        "the contact comes back as an older copy of itself; use its newer machine, or pair again"
    )]
    Incarnation {
        /// The highest that the contact has shown.
        known: u64,
        /// What it shows now.
        shown: u64,
    },
    /// The recovery key was right, and the identity is another: only a program at fault does that.
    #[error("the contact shows another identity; pair again")]
    Identity,
    /// The contact's keys are invalid.
    #[error(transparent)]
    Keys(#[from] PublicKeysError),
    /// The contact's keys are ours.
    #[error(transparent)]
    Root(#[from] RootError),
    /// Both ends have come to different keys.
    #[error(
        "both sides have come to different keys; try again, and if it happens twice, pair again"
    )]
    Confirmation,
}

/// What a repair leaves: all of it is to be stored at once, in place of the old.
///
/// The responder stores it before its [`Consent`] leaves. Both tell their users, and trust falls to verified at most.
pub struct Repaired {
    /// The role in which the session was started.
    pub role: Role,
    /// The new session.
    pub session: Session,
    /// Gives link key and authenticator; to be dropped then.
    pub root: Root,
    /// Everything that both ends agreed on.
    pub transcript: Transcript,
    /// The contact's incarnation from now on.
    pub peer_incarnation: u64,
    /// The recovery keys from now on.
    pub recovery: RecoveryKeys,
}

/// What both roles keep between messages.
struct State {
    role: Role,
    own: OwnKeys,
    recovery: Secret<32>,
    transcript: Transcript,
}

impl State {
    fn new(
        role: Role,
        contact: &Contact,
        recovery: &Secret<32>,
        binding: &[u8; 32],
        rng: &mut impl CryptoRng,
    ) -> Self {
        let own = OwnKeys::generate_for(contact.identity.clone(), rng);
        let transcript = contact.transcript(role, binding);
        Self { role, own, recovery: recovery.clone(), transcript }
    }

    /// Adds both incarnations, when both are known.
    fn absorb_incarnations(&mut self, Incarnations { own, peer }: Incarnations) {
        let (initiator, responder) = match self.role {
            Role::Initiator => (own, peer),
            Role::Responder => (peer, own),
        };
        self.transcript.absorb(b"initiator incarnation", &initiator.to_be_bytes());
        self.transcript.absorb(b"responder incarnation", &responder.to_be_bytes());
    }

    fn root(
        &self,
        peer: &PublicKeys,
        from_initiator: &KemSecret,
        from_responder: &KemSecret,
    ) -> Result<Root, RepairError> {
        let Self { role, own, recovery, transcript } = self;
        let extra: [&[u8]; 1] = [recovery.as_bytes()];
        Ok(derive_root(*role, own, peer, from_initiator, from_responder, &extra, transcript)?)
    }

    fn repaired(self, peer: &PublicKeys, root: Root, peer_incarnation: u64) -> Repaired {
        let Self { role, own, recovery, transcript } = self;
        let former = match role {
            // The responder has shown that it has the new key.
            Role::Initiator => None,
            // The consent may get lost, and then the initiator has this one still.
            Role::Responder => Some(recovery),
        };
        Repaired {
            role,
            session: root.clone().into_session(role, &own, peer, &transcript),
            recovery: RecoveryKeys { current: root.recovery_key(), former },
            root,
            transcript,
            peer_incarnation,
        }
    }
}

/// The end that has sent a request.
pub struct Initiator {
    state: State,
}

impl Initiator {
    /// Starts a repair and gives the [`Request`] to send.
    ///
    /// `key` is [`RecoveryKeys::current`]; if the contact refuses that, [`RecoveryKeys::former`]. `binding` is 32 bytes
    /// that both ends of the channel have and no other channel has: TLS's exporter.
    #[must_use]
    pub fn start(
        contact: &Contact,
        key: &Secret<32>,
        binding: &[u8; 32],
        rng: &mut impl CryptoRng,
    ) -> (Self, Request) {
        let mut state = State::new(Role::Initiator, contact, key, binding, rng);
        let shown = contact.incarnations.own.to_be_bytes();
        let parts: [&[u8]; 2] = [&shown, &state.own.public().encode()];
        let request = seal(Kind::Request, &state.recovery, &state.transcript, &parts, rng);
        state.transcript.absorb(b"request", request.as_slice());
        (Self { state }, request)
    }

    /// Reads the [`Answer`] and gives the [`Proof`] to send. `contact` as in [`Initiator::start`].
    ///
    /// # Errors
    /// See [`RepairError`]. Before the answer's MAC is found right, no random number is drawn and no key is used.
    pub fn prove(
        self,
        contact: &Contact,
        answer: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<(Waiting, Proof), RepairError> {
        let Self { mut state } = self;
        let body = open::<ANSWER_LEN>(Kind::Answer, &state.recovery, &state.transcript, answer)?;
        let wrong = || RepairError::Length(answer.len());
        let (shown, ciphertext) = body.split_last_chunk::<CIPHERTEXT_LEN>().ok_or_else(wrong)?;
        let (peer_incarnation, peer) = contact.read_shown(shown)?;
        state.transcript.absorb(b"answer", answer);
        state.absorb_incarnations(Incarnations { peer: peer_incarnation, ..contact.incarnations });

        let from_responder = state.own.decapsulate(ciphertext);
        let (ciphertext, from_initiator) = encapsulate(&peer, rng);
        let before = state.transcript.clone();
        state.transcript.absorb(b"ciphertext", ciphertext.as_slice());
        let root = state.root(&peer, &from_initiator, &from_responder)?;
        let parts: [&[u8]; 2] = [ciphertext.as_slice(), &root.confirmation(Role::Initiator)];
        let proof = seal(Kind::Proof, &state.recovery, &before, &parts, rng);
        Ok((Waiting { state, peer, peer_incarnation, root }, proof))
    }

    /// Reads a [`Request`] that the contact sent, on the channel of `binding`, while ours was under way.
    ///
    /// Of two repairs that cross, the one stands whose initiator has the lower identity; both ends find the same.
    ///
    /// # Errors
    /// See [`RepairError`]; our own repair goes on then.
    pub fn cross(
        &self,
        contact: &Contact,
        binding: &[u8; 32],
        request: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Crossed, RepairError> {
        if contact.identity.public().as_bytes() < &contact.peer_identity {
            return Responder::check(contact, binding, request).map(|_| Crossed::Keep);
        }
        let (responder, answer) = Responder::answer(contact, binding, request, rng)?;
        Ok(Crossed::Yield(Box::new(responder), answer))
    }
}

/// Which of two repairs that cross stands.
#[derive(Debug)]
pub enum Crossed {
    /// Ours: close the other's channel and wait for the answer.
    Keep,
    /// The other's: drop our [`Initiator`] and send this answer.
    Yield(Box<Responder>, Answer),
}

/// The initiator, when its proof is out.
pub struct Waiting {
    state: State,
    peer: PublicKeys,
    peer_incarnation: u64,
    root: Root,
}

impl Waiting {
    /// Reads the [`Consent`]: the repair is done.
    ///
    /// # Errors
    /// [`RepairError`]'s `Length`, `Version`, `Unproved` and `Confirmation`.
    pub fn finish(self, consent: &[u8]) -> Result<Repaired, RepairError> {
        let Self { state, peer, peer_incarnation, root } = self;
        let body = open::<CONSENT_LEN>(Kind::Consent, &state.recovery, &state.transcript, consent)?;
        if !root.confirms(Role::Responder, &body) {
            return Err(RepairError::Confirmation);
        }
        Ok(state.repaired(&peer, root, peer_incarnation))
    }
}

/// The end that has answered a request.
pub struct Responder {
    state: State,
    peer: PublicKeys,
    peer_incarnation: u64,
    from_responder: KemSecret,
}

impl Responder {
    /// Reads a [`Request`] and gives the [`Answer`] to send. `binding` as in [`Initiator::start`].
    ///
    /// # Errors
    /// See [`RepairError`]. Until the request's MAC is found right under one of the contact's recovery keys, no random
    /// number is drawn and no key is used; until incarnation and identity are the contact's, none is made.
    pub fn answer(
        contact: &Contact,
        binding: &[u8; 32],
        request: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<(Self, Answer), RepairError> {
        let (recovery, peer_incarnation, peer) = Self::check(contact, binding, request)?;
        let mut state = State::new(Role::Responder, contact, recovery, binding, rng);
        state.transcript.absorb(b"request", request);
        let (ciphertext, from_responder) = encapsulate(&peer, rng);
        let shown = contact.incarnations.own.to_be_bytes();
        let parts: [&[u8]; 3] = [&shown, &state.own.public().encode(), ciphertext.as_slice()];
        let answer = seal(Kind::Answer, &state.recovery, &state.transcript, &parts, rng);
        state.transcript.absorb(b"answer", answer.as_slice());
        state.absorb_incarnations(Incarnations { peer: peer_incarnation, ..contact.incarnations });
        Ok((Self { state, peer, peer_incarnation, from_responder }, answer))
    }

    /// Reads the [`Proof`]: the repair is done here, and at the other end with the [`Consent`]. Store first, then send.
    ///
    /// # Errors
    /// See [`RepairError`].
    pub fn consent(
        self,
        proof: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<(Repaired, Consent), RepairError> {
        let Self { mut state, peer, peer_incarnation, from_responder } = self;
        let body = open::<PROOF_LEN>(Kind::Proof, &state.recovery, &state.transcript, proof)?;
        let wrong = || RepairError::Length(proof.len());
        let (ciphertext, confirmation) =
            body.split_first_chunk::<CIPHERTEXT_LEN>().ok_or_else(wrong)?;
        let from_initiator = state.own.decapsulate(ciphertext);
        state.transcript.absorb(b"ciphertext", ciphertext);
        let root = state.root(&peer, &from_initiator, &from_responder)?;
        if !root.confirms(Role::Initiator, confirmation) {
            return Err(RepairError::Confirmation);
        }
        let parts: [&[u8]; 1] = [&root.confirmation(Role::Responder)];
        let consent = seal(Kind::Consent, &state.recovery, &state.transcript, &parts, rng);
        Ok((state.repaired(&peer, root, peer_incarnation), consent))
    }

    /// Everything about a request that costs little: which recovery key it is under, and what it shows.
    fn check<'a>(
        contact: &'a Contact,
        binding: &[u8; 32],
        request: &[u8],
    ) -> Result<(&'a Secret<32>, u64, PublicKeys), RepairError> {
        let transcript = contact.transcript(Role::Responder, binding);
        let try_key = |key: &'a Secret<32>| {
            open::<REQUEST_LEN>(Kind::Request, key, &transcript, request).map(|body| (key, body))
        };
        let RecoveryKeys { current, former } = &contact.recovery;
        let (recovery, body) = match (try_key(current), former) {
            (Err(RepairError::Unproved), Some(former)) => try_key(former)?,
            (tried, _) => tried?,
        };
        let (peer_incarnation, peer) = contact.read_shown(&body)?;
        Ok((recovery, peer_incarnation, peer))
    }
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { identity: _, peer_identity: _, incarnations: _, recovery } = self;
        f.debug_struct("Contact").field("recovery", recovery).finish_non_exhaustive()
    }
}

impl fmt::Debug for RecoveryKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { current: _, former } = self;
        f.debug_struct("RecoveryKeys").field("settled", &former.is_none()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Repaired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, session, root: _, transcript: _, peer_incarnation: _, recovery: _ } = self;
        f.debug_struct("Repaired")
            .field("role", role)
            .field("session", session)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Initiator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { state: _ } = self;
        f.write_str("Initiator(…)")
    }
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { state: _, peer: _, peer_incarnation: _, root: _ } = self;
        f.write_str("Waiting(…)")
    }
}

impl fmt::Debug for Responder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { state: _, peer: _, peer_incarnation: _, from_responder: _ } = self;
        f.write_str("Responder(…)")
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng as _;

    use super::*;

    #[test]
    fn debug_shows_no_keys_and_no_identities() {
        let rng = &mut ChaCha20Rng::from_seed([1; 32]);
        let (one, two) = (KeyPair::generate(rng), KeyPair::generate(rng));
        let key = Secret::random(rng);
        let contact = |own: &KeyPair, peer: &KeyPair| {
            let incarnations = Incarnations { own: 1, peer: 1 };
            let recovery = RecoveryKeys::new(key.clone());
            Contact::new(own.secret(), *peer.public().as_bytes(), incarnations, recovery)
        };
        let (one, two) = (contact(&one, &two), contact(&two, &one));
        let (initiator, request) = Initiator::start(&one, &key, &[0; 32], rng);
        let mut shown = format!("{one:?}\n{initiator:?}");
        let (responder, answer) =
            Responder::answer(&two, &[0; 32], request.as_slice(), rng).unwrap();
        let (waiting, proof) = initiator.prove(&one, answer.as_slice(), rng).unwrap();
        shown += &format!("\n{responder:?}\n{waiting:?}");
        let (repaired, _) = responder.consent(proof.as_slice(), rng).unwrap();
        shown += &format!("\n{repaired:?}\n{:?}", repaired.recovery);
        insta::assert_snapshot!(shown, @r#"
            Contact { recovery: RecoveryKeys { settled: true, .. }, .. }
            Initiator(…)
            Responder(…)
            Waiting(…)
            Repaired { role: Responder, session: Session { sent: None, received: Some(0), skipped: 0, epoch: 0, exchange: "idle", unhealed: 0, .. }, .. }
            RecoveryKeys { settled: false, .. }
        "#);
    }

    /// Both ends of a contact whose recovery key is 32 bytes 7.
    fn contacts(rng: &mut ChaCha20Rng) -> [Contact; 2] {
        let keys = [KeyPair::generate(rng), KeyPair::generate(rng)];
        [(0, 1), (1, 0)].map(|(own, peer): (usize, usize)| {
            let incarnations = Incarnations { own: 1, peer: 1 };
            let recovery = RecoveryKeys::new(Secret::from_bytes(&[7; 32]));
            let peer = *keys[peer].public().as_bytes();
            Contact::new(keys[own].secret(), peer, incarnations, recovery)
        })
    }

    #[test]
    fn a_contact_that_has_the_recovery_key_and_lies_is_refused() {
        let rng = &mut ChaCha20Rng::from_seed([2; 32]);
        let [one, two] = contacts(rng);
        let mut ask = |shown: &[u8]| {
            let transcript = one.transcript(Role::Initiator, &[0; 32]);
            let key = one.recovery.current();
            let request: Request = seal(Kind::Request, key, &transcript, &[shown], rng);
            Responder::answer(&two, &[0; 32], request.as_slice(), rng).err()
        };
        let keys = |identity: &KeyPair, seed: u8| {
            let rng = &mut ChaCha20Rng::from_seed([seed; 32]);
            let own = OwnKeys::generate_for(identity.clone(), rng);
            [&1_u64.to_be_bytes(), own.public().encode().as_slice()].concat()
        };
        let other = KeyPair::generate(&mut ChaCha20Rng::from_seed([9; 32]));
        assert_eq!(ask(&keys(&one.identity, 3)), None);
        assert_eq!(ask(&keys(&other, 3)), Some(RepairError::Identity));
        assert_eq!(ask(&keys(&two.identity, 3)), Some(RepairError::Identity));
        let mut weak = keys(&one.identity, 3);
        weak[8 + 32..8 + 64].fill(0);
        assert_eq!(ask(&weak), Some(RepairError::Keys(PublicKeysError::LowOrder)));
    }

    #[test]
    fn a_wrong_confirmation_is_refused_though_its_message_is_right() {
        let rng = &mut ChaCha20Rng::from_seed([3; 32]);
        let [one, two] = contacts(rng);
        let key = one.recovery.current();
        for place in [0, 31] {
            let (initiator, request) = Initiator::start(&one, key, &[0; 32], rng);
            let (responder, answer) =
                Responder::answer(&two, &[0; 32], request.as_slice(), rng).unwrap();
            let before = responder.state.transcript.clone();
            let (waiting, proof) = initiator.prove(&one, answer.as_slice(), rng).unwrap();
            let mut body = open::<PROOF_LEN>(Kind::Proof, key, &before, proof.as_slice()).unwrap();
            body[CIPHERTEXT_LEN + place] ^= 1;
            let lie: Proof = seal(Kind::Proof, key, &before, &[&body], rng);
            let refused = responder.consent(lie.as_slice(), rng).err();
            assert_eq!(refused, Some(RepairError::Confirmation));

            let mut confirmation = waiting.root.confirmation(Role::Responder);
            confirmation[place] ^= 1;
            let transcript = waiting.state.transcript.clone();
            let lie: Consent = seal(Kind::Consent, key, &transcript, &[&confirmation], rng);
            let refused = waiting.finish(lie.as_slice()).err();
            assert_eq!(refused, Some(RepairError::Confirmation));
        }
    }
}
