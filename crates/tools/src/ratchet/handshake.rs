//! How two people make a conversation by exchanging files: `docs/tools.md`, "Handshake".
//!
//! There is one kind of file, the [`Card`]. It always says everything that its maker can say by
//! now: the public keys; if the other's card is known, a secret encapsulated to it; and if the root
//! is known, a confirmation of it. Whoever gets a card answers with their own until both are ready,
//! which takes three files, whoever begins and even if both do. Nobody has a role to remember: the
//! end whose keys come first in the order of bytes is the ratchet's initiator.

use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256, Sha512};
use undertone_ratchet::handshake::{
    CIPHERTEXT_LEN, Ciphertext, KemSecret, OWN_KEYS_LEN, OwnKeys, OwnKeysError, PUBLIC_KEYS_LEN,
    PublicKeys, PublicKeysError, Role, RootError, derive_root, encapsulate,
};
use undertone_ratchet::session::Session;
use undertone_ratchet::transcript::Transcript;
use zeroize::Zeroizing;

/// The first byte of a card, and of a handshake at rest.
const VERSION: u8 = 1;
/// The second byte of a card: what it has beside the keys.
const KEYS_ONLY: u8 = 0;
const ANSWER: u8 = 1;
const CONFIRMED: u8 = 2;
const HASH_LEN: usize = 32;
const CONFIRMATION_LEN: usize = 32;
/// Length of the longest card in bytes.
pub const MAX_CARD: usize = 2 + PUBLIC_KEYS_LEN + HASH_LEN + CIPHERTEXT_LEN + CONFIRMATION_LEN;

/// Rounds of the fingerprint's hash: each guess at numbers that look alike costs so many.
const ROUNDS: u32 = 5_200;

/// Why a card is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CardError {
    /// Too short, too long, or of a kind that there isn't.
    #[error("the card is damaged or cut off")]
    Damaged,
    /// A later program's.
    #[error("the card is of version {0}, which this program doesn't know")]
    Version(u8),
    /// Keys that nobody honest has.
    #[error(transparent)]
    Keys(#[from] PublicKeysError),
}

/// What one end gives the other.
#[derive(Clone, PartialEq, Eq)]
pub struct Card {
    keys: PublicKeys,
    answer: Option<Answer>,
}

#[derive(Clone, PartialEq, Eq)]
struct Answer {
    /// SHA-256 of the keys that it answers.
    to: [u8; HASH_LEN],
    ciphertext: Ciphertext,
    confirmation: Option<[u8; CONFIRMATION_LEN]>,
}

impl Card {
    /// The bytes of the card.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        let confirmation = self.answer.as_ref().and_then(|answer| answer.confirmation);
        bytes.push(match (&self.answer, confirmation) {
            (None, _) => KEYS_ONLY,
            (Some(_), None) => ANSWER,
            (Some(_), Some(_)) => CONFIRMED,
        });
        bytes.extend_from_slice(&self.keys.encode());
        if let Some(answer) = &self.answer {
            bytes.extend_from_slice(&answer.to);
            bytes.extend_from_slice(answer.ciphertext.as_slice());
        }
        bytes.extend(confirmation.into_iter().flatten());
        bytes
    }

    /// Reads and checks a card. There is one encoding of each.
    ///
    /// # Errors
    /// See [`CardError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, CardError> {
        let rest = &mut &*bytes;
        let [version] = *cut(rest).ok_or(CardError::Damaged)?;
        if version != VERSION {
            return Err(CardError::Version(version));
        }
        let [kind] = *cut(rest).ok_or(CardError::Damaged)?;
        let keys: &[u8; PUBLIC_KEYS_LEN] = cut(rest).ok_or(CardError::Damaged)?;
        let keys = PublicKeys::decode(keys)?;
        let mut answer = None;
        if kind == ANSWER || kind == CONFIRMED {
            let to = *cut(rest).ok_or(CardError::Damaged)?;
            let ciphertext = Box::new(*cut(rest).ok_or(CardError::Damaged)?);
            let mut confirmation = None;
            if kind == CONFIRMED {
                confirmation = Some(*cut(rest).ok_or(CardError::Damaged)?);
            }
            answer = Some(Answer { to, ciphertext, confirmation });
        }
        if kind > CONFIRMED || !rest.is_empty() {
            return Err(CardError::Damaged);
        }
        Ok(Self { keys, answer })
    }

    /// The identity of whoever made it.
    #[must_use]
    pub fn identity(&self) -> &[u8; 32] {
        self.keys.identity()
    }

    /// Whether whoever made it is ready.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.answer.as_ref().is_some_and(|answer| answer.confirmation.is_some())
    }
}

impl std::fmt::Debug for Card {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Card(…)")
    }
}

/// Why a card did not bring a handshake further. The handshake is unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// It holds keys of this end.
    #[error("the card is your own; what is needed is your partner's")]
    Own,
    /// Another one was answered before, under this name.
    #[error("the card is not from the one whose card you answered under this name")]
    OtherPeer,
    /// It answers other keys than this conversation's.
    #[error("the card answers another card than the one of this conversation")]
    OtherCard,
    /// The two ends have not derived the same.
    #[error("the card doesn't fit: it was changed on its way, or somebody is in between")]
    Confirmation,
}

impl From<RootError> for HandshakeError {
    fn from(_: RootError) -> Self {
        Self::Own
    }
}

/// Why bytes at rest are no handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored handshake is damaged or of another version; delete the conversation")]
pub struct RestError;

impl From<OwnKeysError> for RestError {
    fn from(_: OwnKeysError) -> Self {
        Self
    }
}

/// One end, until both are ready.
pub struct Handshake {
    own: OwnKeys,
    peer: Option<Peer>,
}

/// The other end's keys, and what was encapsulated to them: once, however often it is asked for.
struct Peer {
    keys: PublicKeys,
    ciphertext: Ciphertext,
    secret: KemSecret,
}

/// What a card has brought.
pub enum Progress {
    /// The other end's keys are known; now it needs this end's answer.
    Answer(Box<Card>),
    /// This end is ready.
    Ready(Box<Ready>),
}

/// The outcome of a handshake.
pub struct Ready {
    /// The conversation.
    pub session: Session,
    /// What both ends compare.
    pub fingerprint: [u8; 32],
    /// What the other end needs to be ready too.
    pub card: Card,
}

impl Handshake {
    /// Begins with fresh keys.
    #[must_use]
    pub fn new(rng: &mut impl CryptoRng) -> Self {
        Self { own: OwnKeys::generate(rng), peer: None }
    }

    /// What this end can say by now.
    #[must_use]
    pub fn card(&self) -> Card {
        let answer = self.peer.as_ref().map(|peer| Answer {
            to: Sha256::digest(peer.keys.encode()).into(),
            ciphertext: peer.ciphertext.clone(),
            confirmation: None,
        });
        Card { keys: self.own.public(), answer }
    }

    /// Takes in what the other end said.
    ///
    /// # Errors
    /// See [`HandshakeError`].
    pub fn advance(
        &mut self,
        card: &Card,
        rng: &mut impl CryptoRng,
    ) -> Result<Progress, HandshakeError> {
        let own = self.own.public();
        if card.keys == own {
            return Err(HandshakeError::Own);
        }
        if self.peer.as_ref().is_some_and(|peer| peer.keys != card.keys) {
            return Err(HandshakeError::OtherPeer);
        }
        let own_hash: [u8; HASH_LEN] = Sha256::digest(own.encode()).into();
        if card.answer.as_ref().is_some_and(|answer| answer.to != own_hash) {
            return Err(HandshakeError::OtherCard);
        }
        let fresh = self.peer.is_none().then(|| {
            let (ciphertext, secret) = encapsulate(&card.keys, rng);
            Peer { keys: card.keys.clone(), ciphertext, secret }
        });
        let ready = match (&card.answer, self.peer.as_ref().or(fresh.as_ref())) {
            (Some(answer), Some(peer)) => Some(finish(&self.own, peer, answer)?),
            _ => None,
        };
        if let Some(peer) = fresh {
            self.peer = Some(peer);
        }
        Ok(match ready {
            None => Progress::Answer(Box::new(self.card())),
            Some(ready) => Progress::Ready(Box::new(ready)),
        })
    }

    /// Writes everything down: version 1 ‖ own keys ‖ 0, or 1 ‖ the other's keys 1,312 ‖ ciphertext
    /// 1,088 ‖ secret 32.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let most = 2 + OWN_KEYS_LEN + PUBLIC_KEYS_LEN + CIPHERTEXT_LEN + 32;
        let mut bytes = Zeroizing::new(Vec::with_capacity(most));
        bytes.push(VERSION);
        bytes.extend_from_slice(self.own.to_bytes().as_bytes());
        bytes.push(u8::from(self.peer.is_some()));
        if let Some(peer) = &self.peer {
            bytes.extend_from_slice(&peer.keys.encode());
            bytes.extend_from_slice(peer.ciphertext.as_slice());
            bytes.extend_from_slice(peer.secret.as_bytes());
        }
        bytes
    }

    /// Reads what [`Handshake::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`RestError`]: something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RestError> {
        let rest = &mut &*bytes;
        let [VERSION] = *cut(rest).ok_or(RestError)? else { return Err(RestError) };
        let own: &[u8; OWN_KEYS_LEN] = cut(rest).ok_or(RestError)?;
        let own = OwnKeys::from_bytes(own)?;
        let peer = match *cut(rest).ok_or(RestError)? {
            [0] => None,
            [1] => {
                let keys: &[u8; PUBLIC_KEYS_LEN] = cut(rest).ok_or(RestError)?;
                Some(Peer {
                    keys: PublicKeys::decode(keys).map_err(|_| RestError)?,
                    ciphertext: Box::new(*cut(rest).ok_or(RestError)?),
                    secret: KemSecret::from_bytes(cut(rest).ok_or(RestError)?),
                })
            }
            [_] => return Err(RestError),
        };
        if rest.is_empty() { Ok(Self { own, peer }) } else { Err(RestError) }
    }
}

impl std::fmt::Debug for Handshake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Handshake(…)")
    }
}

impl std::fmt::Debug for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Answer(_) => "Answer(…)",
            Self::Ready(_) => "Ready(…)",
        })
    }
}

impl std::fmt::Debug for Ready {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ready(…)")
    }
}

/// Derives the root from everything that both ends said, and begins the session.
fn finish(own: &OwnKeys, peer: &Peer, answer: &Answer) -> Result<Ready, HandshakeError> {
    let public = own.public();
    let (own_bytes, peer_bytes) = (public.encode(), peer.keys.encode());
    let role = if own_bytes < peer_bytes { Role::Initiator } else { Role::Responder };
    let received = own.decapsulate(&answer.ciphertext);
    let own_said = (&own_bytes, &peer.ciphertext, &peer.secret);
    let peer_said = (&peer_bytes, &answer.ciphertext, &received);
    let (initiator, responder) = match role {
        Role::Initiator => (own_said, peer_said),
        Role::Responder => (peer_said, own_said),
    };
    let mut transcript = Transcript::new(b"undertone/1 conversation by cards");
    transcript.absorb(b"initiator's keys", initiator.0);
    transcript.absorb(b"responder's keys", responder.0);
    transcript.absorb(b"initiator's ciphertext", initiator.1.as_slice());
    transcript.absorb(b"responder's ciphertext", responder.1.as_slice());
    let root = derive_root(role, own, &peer.keys, initiator.2, responder.2, &[], &transcript)?;
    if let Some(confirmation) = &answer.confirmation
        && !root.confirms(role.other(), confirmation)
    {
        return Err(HandshakeError::Confirmation);
    }
    let card = Card {
        keys: public,
        answer: Some(Answer {
            to: Sha256::digest(peer_bytes).into(),
            ciphertext: peer.ciphertext.clone(),
            confirmation: Some(root.confirmation(role)),
        }),
    };
    let fingerprint = fingerprint(&transcript);
    let session = root.into_session(role, own, &peer.keys, &transcript);
    Ok(Ready { session, fingerprint, card })
}

/// The first 32 bytes of SHA-512 iterated over the transcript, which holds all keys and ciphertexts.
fn fingerprint(transcript: &Transcript) -> [u8; 32] {
    let mut hash: [u8; 64] = Sha512::new()
        .chain_update(b"undertone/1 fingerprint")
        .chain_update(transcript.hash())
        .finalize()
        .into();
    for _ in 0..ROUNDS {
        hash = Sha512::new().chain_update(hash).chain_update(transcript.hash()).finalize().into();
    }
    let (first, _) = hash.split_first_chunk().unwrap_or((&[0; 32], &[]));
    *first
}

/// A fingerprint as people compare it: 60 digits in twelve groups, each from five bytes of its
/// SHA-512.
#[must_use]
pub fn digits(fingerprint: &[u8; 32]) -> String {
    let spread = Sha512::new()
        .chain_update(b"undertone/1 fingerprint digits")
        .chain_update(fingerprint)
        .finalize();
    let groups: Vec<String> = spread
        .chunks_exact(5)
        .take(12)
        .map(|five| {
            let number = five.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
            format!("{:05}", number % 100_000)
        })
        .collect();
    groups.join(" ")
}

fn cut<'a, const N: usize>(rest: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (first, others) = rest.split_first_chunk()?;
    *rest = others;
    Some(first)
}

#[cfg(test)]
mod tests;
