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

    /// Begins behind the confirmations, however they were made: the guest's card comes next.
    pub(crate) fn confirmed(confirmed: Confirmed) -> Self {
        Self(State::Card(Box::new(confirmed)))
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
                let Self(state) = Self::confirmed(unconfirmed.confirmed());
                (state, Progress { send, stage: HostStage::Confirmed })
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

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;
    use crate::address::OnionSeed;
    use crate::code::Code;
    use crate::cpace::Initiator;
    use crate::pairing::Refusal;

    /// A host in front of a guest that knows the password and then does as it likes.
    fn insider(rng: &mut ChaCha20Rng) -> (Host, Confirmed) {
        let password = Code::parse("93-xyz1zyquux").unwrap().password();
        let address = OnionSeed::random(rng).address();
        let exporters = Exporters { sid: [1; 32], binding: [2; 32] };
        let mut host = Host::new(&password, "local", &address, &exporters);

        let channel = channel("local", &address);
        let inputs = Inputs { password: password.as_bytes(), channel: &channel, session: &[1; 32] };
        let initiator = Initiator::start(&inputs, &version_list(), rng);
        let mut transcript = transcript("local", &address, &exporters);
        let frame = Step::GuestShare.frame(&Share::encode(initiator.share()));
        transcript.absorb(b"guest", &frame);
        let answer = host.handle(&frame, rng).unwrap().send.unwrap();
        transcript.absorb(b"host", &answer);
        let Share { list, share, version } = Share::decode(&answer[1..]).unwrap();
        let isk = initiator.finish(&Flight { share, data: list }).unwrap();
        let mut unconfirmed = Unconfirmed::new(isk, transcript, version);
        let progress = host.handle(&unconfirmed.send(Step::GuestConfirmation), rng).unwrap();
        assert!(matches!(progress.stage, HostStage::Confirmed));
        unconfirmed.receive(Step::HostConfirmation, &progress.send.unwrap()).unwrap();
        (host, unconfirmed.confirmed())
    }

    #[test]
    fn a_card_that_cannot_be_used_is_refused() {
        let rng = &mut ChaCha20Rng::from_seed([1; 32]);
        let (mut host, mut guest) = insider(rng);
        let mut card = OwnCard::generate(rng).public().encode();
        card[33..65].fill(0);
        let error = host.handle(&guest.send(Step::GuestCard, &card), rng).unwrap_err();
        assert_eq!(error, PairingError::BadCard(CardError::ClientAuth));
        assert_eq!(error.refusal(), None);
    }

    #[test]
    fn a_card_of_another_length_is_malformed() {
        let rng = &mut ChaCha20Rng::from_seed([2; 32]);
        let (mut host, mut guest) = insider(rng);
        let error = host.handle(&guest.send(Step::GuestCard, &[0; 5]), rng).unwrap_err();
        assert_eq!(error, PairingError::Malformed);
    }

    #[test]
    fn a_guest_with_another_root_is_refused() {
        let rng = &mut ChaCha20Rng::from_seed([3; 32]);
        let (mut host, mut guest) = insider(rng);
        let own = OwnCard::generate(rng);
        let frame = guest.send(Step::GuestCard, &own.public().encode());
        let answer = host.handle(&frame, rng).unwrap().send.unwrap();
        let length = CARD_LEN + CIPHERTEXT_LEN;
        let content = guest.receive(Step::HostCard, &answer, length).unwrap();
        let peer = Card::decode_peer(&content[..CARD_LEN], own.public()).unwrap();
        let (ciphertext, _) = encapsulate(peer.keys(), rng);
        let proof = [ciphertext.as_slice(), &[0; MAC_LEN]].concat();
        let error = host.handle(&guest.send(Step::GuestProof, &proof), rng).unwrap_err();
        assert_eq!(error, PairingError::RootMismatch);
        assert_eq!(host.handle(&[], rng).unwrap_err(), PairingError::Over);
    }

    #[test]
    fn a_guest_that_speaks_no_known_version_is_told() {
        let rng = &mut ChaCha20Rng::from_seed([4; 32]);
        let exporters = Exporters { sid: [1; 32], binding: [2; 32] };
        let password = Code::parse("93-xyz1zyquux").unwrap().password();
        let mut host = Host::new(&password, "local", &OnionAddress([3; 32]), &exporters);
        let frame = [&[1, 1, 0, 7][..], &[9; 32]].concat();
        let error = host.handle(&frame, rng).unwrap_err();
        assert_eq!(error, PairingError::NoCommonVersion);
        assert_eq!(error.refusal(), Some(Refusal::NoCommonVersion));
    }

    #[test]
    fn a_host_that_waits_is_small() {
        assert!(size_of::<Host>() <= 256, "{}", size_of::<Host>());
    }
}
