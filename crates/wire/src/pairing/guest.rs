//! The side that dials.

use std::{fmt, mem};

use rand_core::CryptoRng;
use undertone_ratchet::handshake::{CIPHERTEXT_LEN, Role, Root, derive_root, encapsulate};
use undertone_ratchet::transcript::Transcript;
use zeroize::Zeroizing;

use super::frame::{MAC_LEN, Share, Step, version_list};
use super::keys::{Confirmed, Unconfirmed, channel, root_transcript, transcript};
use super::{Exporters, Paired, PairingError, Progress};
use crate::address::OnionAddress;
use crate::card::{CARD_LEN, Card, CardError, OwnCard};
use crate::code::Password;
use crate::cpace::{Flight, Initiator, Inputs};

/// The joining side of one pairing. See [`super`].
pub struct Guest(State);

enum State {
    /// Our share is out.
    Share {
        initiator: Initiator,
        transcript: Transcript,
    },
    /// Our confirmation is out.
    Confirmation(Box<Unconfirmed>),
    /// Our card is out.
    Card {
        confirmed: Box<Confirmed>,
        own: Box<OwnCard>,
    },
    /// Our proof is out.
    Proof {
        confirmed: Box<Confirmed>,
        own: Box<OwnCard>,
        peer: Box<Card>,
        root: Root,
    },
    Over,
}

/// Where a guest stands.
#[derive(Debug)]
pub enum GuestStage {
    /// The host's next frame is awaited.
    Waiting {
        /// Our confirmation is among what was sent: whoever is at the other end has had their one
        /// guess at the password, and we ours.
        guess_spent: bool,
    },
    /// Both ends have confirmed the root.
    Paired(Box<Paired>),
}

impl fmt::Debug for Guest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guest(…)")
    }
}

/// What a step ends in.
type Next = (State, Progress<GuestStage>);

impl Guest {
    /// Begins, on a stream to `address` in the network named `network_id`. Also gives the first
    /// frame to send, which spends no guess.
    #[must_use]
    pub fn new(
        password: &Password,
        network_id: &str,
        address: &OnionAddress,
        exporters: &Exporters,
        rng: &mut impl CryptoRng,
    ) -> (Self, Vec<u8>) {
        let channel = channel(network_id, address);
        let inputs =
            Inputs { password: password.as_bytes(), channel: &channel, session: &exporters.sid };
        let initiator = Initiator::start(&inputs, &version_list(), rng);
        let mut transcript = transcript(network_id, address, exporters);
        let frame = Step::GuestShare.frame(&Share::encode(initiator.share()));
        transcript.absorb(Step::GuestShare.sender(), &frame);
        (Self(State::Share { initiator, transcript }), frame)
    }

    /// Begins behind the confirmations, however they were made: makes our card, and gives the frame
    /// with it.
    pub(crate) fn confirmed(mut confirmed: Confirmed, rng: &mut impl CryptoRng) -> (Self, Vec<u8>) {
        let own = Box::new(OwnCard::generate(rng));
        let frame = confirmed.send(Step::GuestCard, &own.public().encode());
        (Self(State::Card { confirmed: Box::new(confirmed), own }), frame)
    }

    /// Takes the host's next frame.
    ///
    /// # Errors
    /// See [`PairingError`]; the pairing is over then.
    pub fn handle(
        &mut self,
        frame: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<Progress<GuestStage>, PairingError> {
        let (state, progress) = match mem::replace(&mut self.0, State::Over) {
            State::Share { initiator, transcript } => on_share(initiator, transcript, frame)?,
            State::Confirmation(unconfirmed) => on_confirmation(*unconfirmed, frame, rng)?,
            State::Card { confirmed, own } => on_card(confirmed, own, frame, rng)?,
            State::Proof { mut confirmed, own, peer, root } => {
                let proof = confirmed.receive(Step::HostProof, frame, MAC_LEN)?;
                if !root.confirms(Role::Responder, &proof) {
                    return Err(PairingError::RootMismatch);
                }
                let Confirmed { transcript, version, .. } = *confirmed;
                let role = Role::Initiator;
                let paired = Paired { root, transcript, own: *own, peer: *peer, role, version };
                (State::Over, Progress { send: None, stage: GuestStage::Paired(Box::new(paired)) })
            }
            State::Over => return Err(PairingError::Over),
        };
        self.0 = state;
        Ok(progress)
    }
}

fn waiting(send: Vec<u8>) -> Progress<GuestStage> {
    Progress { send: Some(send), stage: GuestStage::Waiting { guess_spent: true } }
}

fn on_share(
    initiator: Initiator,
    mut transcript: Transcript,
    frame: &[u8],
) -> Result<Next, PairingError> {
    let Share { list, share, version } = Share::decode(Step::HostShare.body(frame)?)?;
    transcript.absorb(Step::HostShare.sender(), frame);
    let isk =
        initiator.finish(&Flight { share, data: list }).map_err(|_| PairingError::Malformed)?;
    let mut unconfirmed = Unconfirmed::new(isk, transcript, version);
    let frame = unconfirmed.send(Step::GuestConfirmation);
    Ok((State::Confirmation(Box::new(unconfirmed)), waiting(frame)))
}

fn on_confirmation(
    mut unconfirmed: Unconfirmed,
    frame: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<Next, PairingError> {
    unconfirmed.receive(Step::HostConfirmation, frame)?;
    let (Guest(state), frame) = Guest::confirmed(unconfirmed.confirmed(), rng);
    Ok((state, waiting(frame)))
}

fn on_card(
    mut confirmed: Box<Confirmed>,
    own: Box<OwnCard>,
    frame: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<Next, PairingError> {
    let content =
        confirmed.receive(Step::HostCard, frame, CARD_LEN.saturating_add(CIPHERTEXT_LEN))?;
    let (card, host_ciphertext) =
        content.split_last_chunk::<CIPHERTEXT_LEN>().ok_or(PairingError::Malformed)?;
    let peer = Box::new(Card::decode_peer(card, own.public())?);
    let from_host = own.keys().decapsulate(host_ciphertext);
    let (ciphertext, from_guest) = encapsulate(peer.keys(), rng);
    let root = derive_root(
        Role::Initiator,
        own.keys(),
        peer.keys(),
        &from_guest,
        &from_host,
        &[confirmed.root_source.as_bytes()],
        &root_transcript(confirmed.transcript.clone(), &ciphertext),
    )
    .map_err(|_| CardError::Reflected)?;
    let mut content = Zeroizing::new(ciphertext.to_vec());
    content.extend_from_slice(&root.confirmation(Role::Initiator));
    let frame = confirmed.send(Step::GuestProof, &content);
    Ok((State::Proof { confirmed, own, peer, root }, waiting(frame)))
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;
    use crate::address::OnionSeed;
    use crate::code::Code;
    use crate::cpace::respond;
    use crate::pairing::Refusal;

    /// A guest that has sent its card to a host that knows the password and then does as it likes.
    fn insider(rng: &mut ChaCha20Rng) -> (Guest, Confirmed, Vec<u8>) {
        let password = Code::parse("93-xyz1zyquux").unwrap().password();
        let address = OnionSeed::random(rng).address();
        let exporters = Exporters { sid: [1; 32], binding: [2; 32] };
        let (mut guest, frame) = Guest::new(&password, "local", &address, &exporters, rng);

        let channel = channel("local", &address);
        let inputs = Inputs { password: password.as_bytes(), channel: &channel, session: &[1; 32] };
        let mut transcript = transcript("local", &address, &exporters);
        transcript.absorb(b"guest", &frame);
        let Share { list, share, version } = Share::decode(&frame[1..]).unwrap();
        let flight = Flight { share, data: list };
        let (share, isk) = respond(&inputs, &version_list(), &flight, rng).unwrap();
        let answer = Step::HostShare.frame(&Share::encode(&share));
        transcript.absorb(b"host", &answer);
        let mut unconfirmed = Unconfirmed::new(isk, transcript, version);
        let frame = guest.handle(&answer, rng).unwrap().send.unwrap();
        unconfirmed.receive(Step::GuestConfirmation, &frame).unwrap();
        let answer = unconfirmed.send(Step::HostConfirmation);
        let frame = guest.handle(&answer, rng).unwrap().send.unwrap();
        let mut confirmed = unconfirmed.confirmed();
        let card = confirmed.receive(Step::GuestCard, &frame, CARD_LEN).unwrap().to_vec();
        (guest, confirmed, card)
    }

    #[test]
    fn its_own_card_is_no_answer() {
        let rng = &mut ChaCha20Rng::from_seed([1; 32]);
        let (mut guest, mut host, card) = insider(rng);
        let content = [card.as_slice(), &[0; CIPHERTEXT_LEN]].concat();
        let error = guest.handle(&host.send(Step::HostCard, &content), rng).unwrap_err();
        assert_eq!(error, PairingError::BadCard(CardError::Reflected));
    }

    #[test]
    fn a_host_with_another_root_is_refused() {
        let rng = &mut ChaCha20Rng::from_seed([2; 32]);
        let (mut guest, mut host, card) = insider(rng);
        let own = OwnCard::generate(rng);
        let peer = Card::decode(&card).unwrap();
        let (ciphertext, _) = encapsulate(peer.keys(), rng);
        let content = [own.public().encode().as_slice(), ciphertext.as_slice()].concat();
        let frame = guest.handle(&host.send(Step::HostCard, &content), rng).unwrap().send.unwrap();
        host.receive(Step::GuestProof, &frame, CIPHERTEXT_LEN + MAC_LEN).unwrap();
        let proof = host.send(Step::HostProof, &[0; MAC_LEN]);
        assert_eq!(guest.handle(&proof, rng).unwrap_err(), PairingError::RootMismatch);
    }

    #[test]
    fn a_host_that_speaks_no_known_version_is_told() {
        let rng = &mut ChaCha20Rng::from_seed([3; 32]);
        let exporters = Exporters { sid: [1; 32], binding: [2; 32] };
        let password = Code::parse("93-xyz1zyquux").unwrap().password();
        let address = OnionAddress([3; 32]);
        let (mut guest, _) = Guest::new(&password, "local", &address, &exporters, rng);
        let frame = [&[2, 1, 0, 7][..], &[9; 32]].concat();
        let error = guest.handle(&frame, rng).unwrap_err();
        assert_eq!(error, PairingError::NoCommonVersion);
        assert_eq!(error.refusal(), Some(Refusal::NoCommonVersion));
    }
}
