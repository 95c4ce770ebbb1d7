//! Two ends that have been paired and can be repaired, for the scenarios.

use rand_chacha::ChaCha20Rng;
use undertone_ratchet::handshake::OwnKeys;
use undertone_ratchet::repair::{
    ANSWER_LEN, CONSENT_LEN, Contact, Incarnations, Initiator, PROOF_LEN, REQUEST_LEN,
    RecoveryKeys, RepairError, Repaired, Responder,
};
use undertone_ratchet::secret::Secret;
use undertone_ratchet::session::Session;

use crate::ends::{handshake, pass};

/// What binds the channel on which a repair runs.
pub(crate) const CHANNEL: [u8; 32] = [9; 32];

/// What an end keeps of a contact: a backup holds the same.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) identity: Secret<32>,
    pub(crate) peer_identity: [u8; 32],
    pub(crate) incarnations: Incarnations,
    pub(crate) recovery: RecoveryKeys,
}

impl Kept {
    pub(crate) fn contact(&self) -> Contact {
        let Self { identity, peer_identity, incarnations, recovery } = self.clone();
        Contact::new(&identity, peer_identity, incarnations, recovery)
    }

    /// What is kept when a repair is done.
    pub(crate) fn after(&self, repaired: &Repaired) -> Self {
        Self {
            incarnations: Incarnations { peer: repaired.peer_incarnation, ..self.incarnations },
            recovery: repaired.recovery.clone(),
            ..self.clone()
        }
    }
}

/// Two ends after a pairing: the one with the lower identity first.
pub(crate) fn paired(rng: &mut ChaCha20Rng) -> [Kept; 2] {
    let pair = handshake(rng);
    let public = |keys: &OwnKeys| *keys.public().identity();
    let kept = |own: &OwnKeys, peer: &OwnKeys, key: Secret<32>, own_is: u64, peer_is: u64| Kept {
        identity: own.clone().into_identity(),
        peer_identity: public(peer),
        incarnations: Incarnations { own: own_is, peer: peer_is },
        recovery: RecoveryKeys::new(key),
    };
    let (one, two) = (&pair.initiator, &pair.responder);
    let [key, same] = [&pair.initiator_root, &pair.responder_root].map(|root| root.recovery_key());
    let mut both = [kept(one, two, key, 5, 8), kept(two, one, same, 8, 5)];
    if public(one) > public(two) {
        both.reverse();
    }
    both
}

/// The four messages of a repair.
pub(crate) struct Messages {
    pub(crate) request: [u8; REQUEST_LEN],
    pub(crate) answer: [u8; ANSWER_LEN],
    pub(crate) proof: [u8; PROOF_LEN],
    pub(crate) consent: [u8; CONSENT_LEN],
}

/// A whole repair, in which `one` is the initiator.
pub(crate) fn repair(
    one: &Kept,
    two: &Kept,
    rng: &mut ChaCha20Rng,
) -> Result<(Repaired, Repaired, Messages), RepairError> {
    let (one, two) = (one.contact(), two.contact());
    let (initiator, request) = Initiator::start(&one, one.recovery().current(), &CHANNEL, rng);
    let (responder, answer) = Responder::answer(&two, &CHANNEL, request.as_slice(), rng)?;
    let (waiting, proof) = initiator.prove(&one, answer.as_slice(), rng)?;
    let (far, consent) = responder.consent(proof.as_slice(), rng)?;
    let near = waiting.finish(consent.as_slice())?;
    let messages =
        Messages { request: *request, answer: *answer, proof: *proof, consent: *consent };
    Ok((near, far, messages))
}

/// Sends packets both ways.
pub(crate) fn talk(one: &mut Session, two: &mut Session, rng: &mut ChaCha20Rng) {
    for _ in 0..3 {
        pass(one, two, b"there", rng);
        pass(two, one, b"and back", rng);
    }
}
