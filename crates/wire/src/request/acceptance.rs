//! The two machines of an acceptance, one per stream to the place. The accepter is the guest of
//! pairing by code, the asker the host: behind the second frame they are those.

use std::{fmt, mem};

use rand_core::CryptoRng;
use undertone_ratchet::handshake::{
    CIPHERTEXT_LEN, KemSecret, OwnKeys, PublicKeys, Role, Root, derive_root, encapsulate,
};
use undertone_ratchet::transcript::Transcript;

use super::{OwnOffer, OwnRequest, REQUEST_VERSION};
use crate::address::OnionAddress;
use crate::card::CardError;
use crate::pairing::{
    Confirmed, Exporters, Guest, GuestStage, Host, HostStage, MAC_LEN, Paired, PairingError,
    Progress, Share, Step,
};

const TRANSCRIPT: &[u8] = b"undertone/1 request pairing";
const ACCEPTER_SEALING: &[u8] = b"acceptance accepter sealing";
const ASKER_SEALING: &[u8] = b"acceptance asker sealing";
const ROOT_SOURCE: &[u8] = b"acceptance root source";

/// Bytes behind the version list of the asker's share: a ciphertext and a confirmation.
const ASKER_SHARE_LEN: usize = CIPHERTEXT_LEN + MAC_LEN;

/// Where an acceptance stands.
#[derive(Debug)]
pub enum AcceptanceStage {
    /// The other side's next frame is awaited.
    Waiting,
    /// So it is now too, and the other side has just proved itself: the accepter that it made the
    /// offer, the asker that it made the request.
    Confirmed,
    /// Both ends have confirmed the root; at the asker, once this last frame arrives.
    Paired(Box<Paired>),
}

/// The transcript before the first frame.
fn transcript(
    hash: &[u8; 32],
    network_id: &str,
    place: &OnionAddress,
    exporters: &Exporters,
) -> Transcript {
    let mut transcript = Transcript::new(TRANSCRIPT);
    transcript.absorb(b"version", &[REQUEST_VERSION]);
    transcript.absorb(b"network", network_id.as_bytes());
    transcript.absorb(b"address", &place.0);
    transcript.absorb(b"exporter sid", &exporters.sid);
    transcript.absorb(b"exporter binding", &exporters.binding);
    transcript.absorb(b"request", hash);
    transcript
}

/// Adds what is in both shares: the asker's without its confirmation, which can't be in what it
/// confirms.
fn absorb_shares(transcript: &mut Transcript, accepter: &[u8], asker: &[u8], version: u16) {
    transcript.absorb(Step::GuestShare.sender(), accepter);
    transcript.absorb(Step::HostShare.sender(), asker);
    transcript.absorb(b"common version", &version.to_be_bytes());
}

/// The asker has shown the first root: the keys for everything else. The root goes with this.
fn confirmed(
    root: &Root,
    mut transcript: Transcript,
    confirmation: &[u8],
    version: u16,
) -> Confirmed {
    transcript.absorb(b"confirmation", confirmation);
    Confirmed::new(
        root.export(ACCEPTER_SEALING),
        root.export(ASKER_SEALING),
        root.export(ROOT_SOURCE),
        transcript,
        version,
    )
}

/// The owner's side: it dials the place. See [`super`].
pub struct Accepter(AccepterState);

enum AccepterState {
    /// Our share is out.
    Share(Box<AccepterShare>),
    /// The asker is who asked.
    Sealed(Guest),
    Over,
}

struct AccepterShare {
    own: OwnKeys,
    peer: PublicKeys,
    from_accepter: KemSecret,
    transcript: Transcript,
    frame: Vec<u8>,
}

impl fmt::Debug for Accepter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Accepter(…)")
    }
}

impl Accepter {
    /// Begins, on a stream to `place` in the network named `network_id`. Also gives the first frame
    /// to send. `offer` is what the asker was shown, `peer` the keys and `hash` the
    /// [`request_hash`](super::request_hash) of its request; `exporters` are of the stream to the
    /// place.
    #[must_use]
    pub fn new(
        offer: &OwnOffer,
        peer: &PublicKeys,
        hash: &[u8; 32],
        network_id: &str,
        place: &OnionAddress,
        exporters: &Exporters,
        rng: &mut impl CryptoRng,
    ) -> (Self, Vec<u8>) {
        let (ciphertext, from_accepter) = encapsulate(peer, rng);
        let frame = Step::GuestShare.frame(&Share::encode(&ciphertext));
        let share = AccepterShare {
            own: offer.keys().clone(),
            peer: peer.clone(),
            from_accepter,
            transcript: transcript(hash, network_id, place, exporters),
            frame: frame.clone(),
        };
        (Self(AccepterState::Share(Box::new(share))), frame)
    }

    /// Takes the asker's next frame.
    ///
    /// # Errors
    /// See [`PairingError`]; the acceptance is over then on this stream, and may be begun anew on
    /// another. [`PairingError::RootMismatch`] on the first frame: whoever is at the place isn't who
    /// asked.
    pub fn handle(
        &mut self,
        frame: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Progress<AcceptanceStage>, PairingError> {
        let (state, progress) = match mem::replace(&mut self.0, AccepterState::Over) {
            AccepterState::Share(share) => {
                let (guest, send) = Guest::confirmed(share.check(frame)?, rng);
                let stage = AcceptanceStage::Confirmed;
                (AccepterState::Sealed(guest), Progress { send: Some(send), stage })
            }
            AccepterState::Sealed(mut guest) => {
                let Progress { send, stage } = guest.handle(frame, rng)?;
                match stage {
                    GuestStage::Waiting { .. } => {
                        let stage = AcceptanceStage::Waiting;
                        (AccepterState::Sealed(guest), Progress { send, stage })
                    }
                    GuestStage::Paired(paired) => {
                        let stage = AcceptanceStage::Paired(paired);
                        (AccepterState::Over, Progress { send, stage })
                    }
                }
            }
            AccepterState::Over => return Err(PairingError::Over),
        };
        self.0 = state;
        Ok(progress)
    }
}

impl AccepterShare {
    /// Checks the asker's share.
    fn check(self, frame: &[u8]) -> Result<Confirmed, PairingError> {
        let body = Step::HostShare.body(frame)?;
        let Share { share, version, .. } = Share::<ASKER_SHARE_LEN>::decode(body)?;
        let (ciphertext, _) =
            share.split_first_chunk::<CIPHERTEXT_LEN>().ok_or(PairingError::Malformed)?;
        let (before, confirmation) =
            frame.split_last_chunk::<MAC_LEN>().ok_or(PairingError::Malformed)?;
        let Self { own, peer, from_accepter, mut transcript, frame } = self;
        absorb_shares(&mut transcript, &frame, before, version);
        let from_asker = own.decapsulate(ciphertext);
        let role = Role::Initiator;
        let root = derive_root(role, &own, &peer, &from_accepter, &from_asker, &[], &transcript)
            .map_err(|_| CardError::Reflected)?;
        if !root.confirms(Role::Responder, confirmation) {
            return Err(PairingError::RootMismatch);
        }
        Ok(confirmed(&root, transcript, confirmation, version))
    }
}

/// The asker's side: it waits at the place. See [`super`].
pub struct Asker(AskerState);

enum AskerState {
    /// Nothing came yet.
    Share(Box<AskerShare>),
    /// Our share is out, with which we proved ourselves, or more than that.
    Sealed(Host),
    Over,
}

struct AskerShare {
    own: OwnKeys,
    peer: PublicKeys,
    transcript: Transcript,
}

impl fmt::Debug for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Asker(…)")
    }
}

impl Asker {
    /// Begins, on a stream that came to the place of `own` in the network named `network_id`.
    /// `offer_keys` are those of the offer that was answered, `hash` is the
    /// [`request_hash`](super::request_hash) of the request; `exporters` are of the stream to the
    /// place.
    #[must_use]
    pub fn new(
        own: &OwnRequest,
        offer_keys: &PublicKeys,
        hash: &[u8; 32],
        network_id: &str,
        exporters: &Exporters,
    ) -> Self {
        let transcript = transcript(hash, network_id, &own.place().address(), exporters);
        let share = AskerShare { own: own.keys().clone(), peer: offer_keys.clone(), transcript };
        Self(AskerState::Share(Box::new(share)))
    }

    /// Takes the accepter's next frame.
    ///
    /// # Errors
    /// See [`PairingError`]; the acceptance is over then on this stream, and may come on another.
    pub fn handle(
        &mut self,
        frame: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Progress<AcceptanceStage>, PairingError> {
        let (state, progress) = match mem::replace(&mut self.0, AskerState::Over) {
            AskerState::Share(share) => {
                let (confirmed, send) = share.answer(frame, rng)?;
                let progress = Progress { send: Some(send), stage: AcceptanceStage::Waiting };
                (AskerState::Sealed(Host::confirmed(confirmed)), progress)
            }
            AskerState::Sealed(mut host) => {
                let Progress { send, stage } = host.handle(frame, rng)?;
                match stage {
                    // Of what is left to a host there, it waits only behind the guest's card.
                    HostStage::Waiting | HostStage::Confirmed => {
                        let stage = AcceptanceStage::Confirmed;
                        (AskerState::Sealed(host), Progress { send, stage })
                    }
                    HostStage::Paired(paired) => {
                        let stage = AcceptanceStage::Paired(paired);
                        (AskerState::Over, Progress { send, stage })
                    }
                }
            }
            AskerState::Over => return Err(PairingError::Over),
        };
        self.0 = state;
        Ok(progress)
    }
}

impl AskerShare {
    /// Answers the accepter's share with ours, which proves that we asked.
    fn answer(
        self,
        frame: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<(Confirmed, Vec<u8>), PairingError> {
        let body = Step::GuestShare.body(frame)?;
        let Share { share, version, .. } = Share::<CIPHERTEXT_LEN>::decode(body)?;
        let Self { own, peer, mut transcript } = self;
        let from_accepter = own.decapsulate(share);
        let (ciphertext, from_asker) = encapsulate(&peer, rng);
        let mut answer = Step::HostShare.frame(&Share::encode(&ciphertext));
        absorb_shares(&mut transcript, frame, &answer, version);
        let role = Role::Responder;
        let root = derive_root(role, &own, &peer, &from_accepter, &from_asker, &[], &transcript)
            .map_err(|_| CardError::Reflected)?;
        let confirmation = root.confirmation(role);
        answer.extend_from_slice(&confirmation);
        Ok((confirmed(&root, transcript, &confirmation, version), answer))
    }
}
