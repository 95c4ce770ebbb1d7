//! The side that waits at the address.

use std::{fmt, mem};

use rand_core::CryptoRng;
use undertone_ratchet::handshake::{CIPHERTEXT_LEN, KemSecret, Role, derive_root, encapsulate};
use undertone_ratchet::transcript::Transcript;
use zeroize::Zeroizing;

use super::frame::{MAC_LEN, Share, Step, version_list};
use super::keys::{Confirmed, Unconfirmed, channel, root_transcript, transcript};
use super::{Exporters, Paired, PairingError, Progress};
use crate::address::OnionAddress;
use crate::card::{CARD_LEN, Card, CardError, OwnCard};
use crate::code::Password;
use crate::cpace::{Flight, Inputs, respond};

/// The serving side of one pairing on one stream. See [`super`].
///
/// The first frame it is given is answered with a share, and from then until
/// [`HostStage::Confirmed`] a guess is at stake: the caller gives no second machine its first
/// frame in that span. Until its first frame a host keeps a few hundred bytes.
pub struct Host(State);

enum State {
    /// Nothing came yet.
    Share(Start),
    /// Our share is out.
    Confirmation(Box<Unconfirmed>),
    /// Our confirmation is out.
    Card(Box<Confirmed>),
    /// Our card is out.
    Proof {
        confirmed: Box<Confirmed>,
        own: Box<OwnCard>,
        peer: Box<Card>,
        from_host: KemSecret,
    },
    Over,
}

struct Start {
    password: Password,
    channel: Zeroizing<Vec<u8>>,
    sid: Zeroizing<[u8; 32]>,
    transcript: Transcript,
}

/// Where a host stands.
#[derive(Debug)]
pub enum HostStage {
    /// The guest's next frame is awaited.
    Waiting,
    /// The guest knows the password: this is the guest, and the code has served its purpose.
    Confirmed,
    /// Both ends have confirmed the root, once this last frame arrives.
    Paired(Box<Paired>),
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Host(…)")
    }
}

/// What a step ends in.
type Next = (State, Progress<HostStage>);

impl Host {
    /// Begins, on a stream that came to `address` in the network named `network_id`.
    #[must_use]
    pub fn new(
        password: &Password,
        network_id: &str,
        address: &OnionAddress,
        exporters: &Exporters,
    ) -> Self {
        Self(State::Share(Start {
            password: password.clone(),
            channel: channel(network_id, address),
            sid: Zeroizing::new(exporters.sid),
            transcript: transcript(network_id, address, exporters),
        }))
    }

    /// Takes the guest's next frame.
    ///
    /// # Errors
    /// See [`PairingError`]; the pairing is over then. [`PairingError::WrongPassword`] is a guess
    /// that failed. An error on the first frame costs no guess: nothing was answered.
    pub fn handle(
        &mut self,
        frame: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Progress<HostStage>, PairingError> {
        let (state, progress) = match mem::replace(&mut self.0, State::Over) {
            State::Share(start) => on_share(start, frame, rng)?,
            State::Confirmation(mut unconfirmed) => {
                unconfirmed.receive(Step::GuestConfirmation, frame)?;
                let send = Some(unconfirmed.send(Step::HostConfirmation));
                let confirmed = Box::new(unconfirmed.confirmed());
                (State::Card(confirmed), Progress { send, stage: HostStage::Confirmed })
            }
            State::Card(confirmed) => on_card(confirmed, frame, rng)?,
            State::Proof { confirmed, own, peer, from_host } => {
                on_proof(*confirmed, *own, *peer, &from_host, frame)?
            }
            State::Over => return Err(PairingError::Over),
        };
        self.0 = state;
        Ok(progress)
    }
}

fn on_share(start: Start, frame: &[u8], rng: &mut impl CryptoRng) -> Result<Next, PairingError> {
    let Start { password, channel, sid, mut transcript } = start;
    let Share { list, share, version } = Share::decode(Step::GuestShare.body(frame)?)?;
    transcript.absorb(Step::GuestShare.sender(), frame);
    let inputs =
        Inputs { password: password.as_bytes(), channel: &channel, session: sid.as_slice() };
    let (share, isk) = respond(&inputs, &version_list(), &Flight { share, data: list }, rng)
        .map_err(|_| PairingError::Malformed)?;
    let frame = Step::HostShare.frame(&Share::encode(&share));
    transcript.absorb(Step::HostShare.sender(), &frame);
    let unconfirmed = Box::new(Unconfirmed::new(isk, transcript, version));
    let progress = Progress { send: Some(frame), stage: HostStage::Waiting };
    Ok((State::Confirmation(unconfirmed), progress))
}

fn on_card(
    mut confirmed: Box<Confirmed>,
    frame: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<Next, PairingError> {
    let content = confirmed.receive(Step::GuestCard, frame, CARD_LEN)?;
    let own = Box::new(OwnCard::generate(rng));
    let peer = Box::new(Card::decode_peer(&content, own.public())?);
    let (ciphertext, from_host) = encapsulate(peer.keys(), rng);
    let mut content = Zeroizing::new(own.public().encode().to_vec());
    content.extend_from_slice(ciphertext.as_slice());
    let frame = confirmed.send(Step::HostCard, &content);
    let progress = Progress { send: Some(frame), stage: HostStage::Waiting };
    Ok((State::Proof { confirmed, own, peer, from_host }, progress))
}

fn on_proof(
    mut confirmed: Confirmed,
    own: OwnCard,
    peer: Card,
    from_host: &KemSecret,
    frame: &[u8],
) -> Result<Next, PairingError> {
    let before = confirmed.transcript.clone();
    let content =
        confirmed.receive(Step::GuestProof, frame, CIPHERTEXT_LEN.saturating_add(MAC_LEN))?;
    let (ciphertext, proof) =
        content.split_first_chunk::<CIPHERTEXT_LEN>().ok_or(PairingError::Malformed)?;
    let root = derive_root(
        Role::Responder,
        own.keys(),
        peer.keys(),
        &own.keys().decapsulate(ciphertext),
        from_host,
        &[confirmed.root_source.as_bytes()],
        &root_transcript(before, ciphertext),
    )
    .map_err(|_| CardError::Reflected)?;
    if !root.confirms(Role::Initiator, proof) {
        return Err(PairingError::RootMismatch);
    }
    let frame = confirmed.send(Step::HostProof, &root.confirmation(Role::Responder));
    let Confirmed { transcript, version, .. } = confirmed;
    let paired = Paired { root, transcript, own, peer, role: Role::Responder, version };
    let stage = HostStage::Paired(Box::new(paired));
    Ok((State::Over, Progress { send: Some(frame), stage }))
}
