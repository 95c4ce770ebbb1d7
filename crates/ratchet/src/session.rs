//! The double ratchet with header encryption: `docs/ratchet.md`, section "Session".
//!
//! Signal's specification, revision 4, §4, with two deviations. A new sending chain starts with the
//! next packet sent and not with the packet received, so that the private key it needs doesn't lie
//! in the state meanwhile. And because both ends know each other's first ratchet key from the
//! handshake, the responder takes its first receiving step at once: both can send first.

mod chain;
mod epochs;
mod error;
mod exchange;
mod packet;
mod sealed_by;
mod skipped;
mod state;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;
use core::fmt;

use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

pub(crate) use self::chain::EpochKeys;
use self::chain::{ChainKey, ChainStep, RootStep};
pub use self::epochs::{
    AMBER_LINK_TIME, AMBER_MESSAGES, Begin, EPOCH_LINK_TIME, EPOCH_MESSAGES, EPOCH_PAUSE, Healing,
    MAX_UNHEALED, Pace,
};
pub use self::error::{DecryptError, EncryptError};
use self::exchange::Exchange;
pub use self::exchange::{ChunkError, MAX_CHUNK, MIN_CHUNK, Taken};
use self::packet::{Header, MessageKey, SEALED_HEADER_LEN};
pub use self::packet::{MAX_PLAINTEXT, OVERHEAD};
use self::skipped::Skipped;
pub use self::skipped::{MAX_SKIPPED, MAX_SKIPPED_AGE, MAX_SKIPPED_PER_CHAIN};
pub use self::state::StateError;
use crate::dh::{KeyPair, Point};
use crate::kdf::label;
use crate::secret::Secret;

/// The most packets in one sending chain. The peer has to answer then: a chain's keys follow from
/// each other, so its length bounds what a thief of the state can read on.
pub const MAX_CHAIN: u32 = 256;

/// After this many packets of the peer without one of ours, [`Session::wants_to_answer`]: a
/// quarter of [`MAX_CHAIN`], so that three answers may get lost before the peer has to stop.
pub const ANSWER_AFTER: u32 = 64;

/// One end of a conversation.
///
/// Every change of state is to be stored ([`Session::to_bytes`]) before the packet leaves or the
/// plaintext is acknowledged: then no crash makes a key serve twice.
pub struct Session {
    /// Binds version, transcript and both identities into every packet.
    associated_data: [u8; 32],
    /// RK.
    root: Secret<32>,
    /// DHr.
    peer: Point,
    /// DHs, CKs, HKs, Ns; none between a packet with a new key and our next one.
    sending: Option<Sending>,
    /// NHKs.
    next_sending_header: Secret<32>,
    /// PN.
    previous_sent: u32,
    /// CKr, HKr, Nr; none before the initiator's first packet from the responder.
    receiving: Option<Receiving>,
    /// NHKr.
    next_receiving_header: Secret<32>,
    /// Nr when we last sent something.
    answered: u32,
    /// Whether this end offers the odd epochs: it was the handshake's initiator.
    offers_odd: bool,
    /// The last post-quantum epoch that was mixed into the root; our sending chain is of it.
    epoch: u32,
    /// The keys of that epoch and of the one before.
    keys: EpochKeys,
    previous_keys: Option<EpochKeys>,
    /// Packets that were sent and read since.
    unhealed: u32,
    /// Seconds that the link was up since.
    link_time: u32,
    /// Where the exchange for the next epoch stands.
    exchange: Exchange,
    /// MKSKIPPED.
    skipped: Skipped,
    /// Not part of the state: see [`Session::take_tag_seeds`].
    tag_seeds: TagSeeds,
}

/// Seeds of the tags for chains still to come.
#[derive(Default)]
pub(crate) struct TagSeeds {
    /// For our chain after the present one.
    pub(crate) sending: Option<Secret<32>>,
    /// For the peer's chain after the present one.
    pub(crate) receiving: Option<Secret<32>>,
}

struct Sending {
    own: KeyPair,
    chain: ChainKey,
    header: Secret<32>,
    sent: u32,
}

struct Receiving {
    chain: ChainKey,
    header: Secret<32>,
    next: u32,
    /// The epoch of this chain: the session's, or the one before if we have mixed that in since.
    epoch: u32,
}

/// A sending chain that takes effect with its first packet.
struct NewChain {
    sending: Sending,
    root: Secret<32>,
    next_header: Secret<32>,
    /// The seed of the tags for our chain after it.
    next_tags: Secret<32>,
    /// The epoch that it mixes in, and its keys.
    mixed: Option<(u32, EpochKeys)>,
}

/// What the handshake's root gives a session.
pub(crate) struct Start {
    pub(crate) associated_data: [u8; 32],
    pub(crate) root: Secret<32>,
    /// The header key of the initiator's first chain.
    pub(crate) header_initiator: Secret<32>,
    /// The header key of the responder's first chain.
    pub(crate) header_responder: Secret<32>,
    /// What epoch 0 gives beside.
    pub(crate) keys: EpochKeys,
}

/// What reading one packet changes, once its payload has been opened.
enum Change {
    /// A key that had been kept is used up.
    Kept { header: Secret<32>, number: u32 },
    /// The chain goes on.
    Along { next: u32, passed: Vec<(u32, Secret<32>)> },
    /// The peer has started a new chain.
    Step {
        peer: Point,
        step: RootStep,
        chain: ChainKey,
        next: u32,
        rest: Vec<(u32, Secret<32>)>,
        passed: Vec<(u32, Secret<32>)>,
        sent: u32,
    },
}

impl Session {
    /// The end that has a first sending chain from the two first ratchet keys.
    pub(crate) fn initiator(start: Start, own: KeyPair, peer: &Point) -> Self {
        let RootStep { root, chain, next_header, next_tags, .. } =
            RootStep::take(&start.root, &own, peer, None);
        Self {
            associated_data: start.associated_data,
            root,
            peer: peer.clone(),
            sending: Some(Sending { own, chain, header: start.header_initiator, sent: 0 }),
            next_sending_header: next_header,
            previous_sent: 0,
            receiving: None,
            next_receiving_header: start.header_responder,
            answered: 0,
            offers_odd: true,
            epoch: 0,
            keys: start.keys,
            previous_keys: None,
            unhealed: 0,
            link_time: 0,
            exchange: Exchange::Idle,
            skipped: Skipped::new(),
            tag_seeds: TagSeeds { sending: Some(next_tags), receiving: None },
        }
    }

    /// The end that can read that chain, and starts its own with its first packet.
    pub(crate) fn responder(start: Start, own: &KeyPair, peer: &Point) -> Self {
        let RootStep { root, chain, next_header, next_tags, .. } =
            RootStep::take(&start.root, own, peer, None);
        let receiving = Receiving { chain, header: start.header_initiator, next: 0, epoch: 0 };
        Self {
            associated_data: start.associated_data,
            root,
            peer: peer.clone(),
            sending: None,
            next_sending_header: start.header_responder,
            previous_sent: 0,
            receiving: Some(receiving),
            next_receiving_header: next_header,
            answered: 0,
            offers_odd: false,
            epoch: 0,
            keys: start.keys,
            previous_keys: None,
            unhealed: 0,
            link_time: 0,
            exchange: Exchange::Idle,
            skipped: Skipped::new(),
            tag_seeds: TagSeeds { sending: None, receiving: Some(next_tags) },
        }
    }

    /// Encrypts `plaintext` (0 to [`MAX_PLAINTEXT`] bytes) and appends the packet to `out`: it is
    /// [`OVERHEAD`] bytes longer. Along a chain nothing is allocated if `out` has the room.
    ///
    /// # Errors
    /// - [`EncryptError::ChainFull`]: wait until a packet of the peer was read.
    /// - [`EncryptError::Unhealed`]: end the epoch first, by [`Session::encrypt_to_heal`], or repair.
    /// - [`EncryptError::TooLong`]: cut it.
    pub fn encrypt(
        &mut self,
        plaintext: &[u8],
        out: &mut Vec<u8>,
        rng: &mut impl CryptoRng,
    ) -> Result<(), EncryptError> {
        self.encrypt_within(MAX_UNHEALED, plaintext, out, rng)
    }

    /// Like [`Session::encrypt`], and never [`EncryptError::Unhealed`]: for packets that hold nothing
    /// of what people say, so that the exchange can still end after [`MAX_UNHEALED`].
    ///
    /// # Errors
    /// See [`Session::encrypt`].
    pub fn encrypt_to_heal(
        &mut self,
        plaintext: &[u8],
        out: &mut Vec<u8>,
        rng: &mut impl CryptoRng,
    ) -> Result<(), EncryptError> {
        self.encrypt_within(u32::MAX, plaintext, out, rng)
    }

    fn encrypt_within(
        &mut self,
        most_unhealed: u32,
        plaintext: &[u8],
        out: &mut Vec<u8>,
        rng: &mut impl CryptoRng,
    ) -> Result<(), EncryptError> {
        if plaintext.len() > MAX_PLAINTEXT {
            return Err(EncryptError::TooLong);
        }
        let new = self.sending.is_none().then(|| self.new_chain(rng));
        let epoch = match &new {
            Some(NewChain { mixed: Some((epoch, _)), .. }) => *epoch,
            // A packet that brings the epoch is never one too many.
            _ if self.unhealed >= most_unhealed => return Err(EncryptError::Unhealed),
            _ => self.epoch,
        };
        let sending = new.as_ref().map(|new| &new.sending).or(self.sending.as_ref());
        let sending =
            sending.filter(|sending| sending.sent < MAX_CHAIN).ok_or(EncryptError::ChainFull)?;
        let header = Header {
            key: *sending.own.public().as_bytes(),
            previous: self.previous_sent,
            number: sending.sent,
            epoch,
        };
        let mut step = ChainStep::default();
        sending.chain.step(&mut step);
        let key = MessageKey::new(&step.message);
        let nonce = key.nonce(plaintext, rng);
        header
            .seal(&sending.header, &self.associated_data, nonce)
            .and_then(|header| packet::seal(&key, &header, &self.associated_data, plaintext, out))
            .ok_or(EncryptError::TooLong)?;

        if let Some(NewChain { sending, root, next_header, next_tags, mixed }) = new {
            self.sending = Some(sending);
            self.root = root;
            self.next_sending_header = next_header;
            self.tag_seeds.sending = Some(next_tags);
            if let Some((epoch, keys)) = mixed {
                self.enter_epoch(epoch, keys);
            }
        }
        if let Some(sending) = &mut self.sending {
            sending.chain.follow(&step);
            sending.sent = sending.sent.saturating_add(1);
        }
        self.unhealed = self.unhealed.saturating_add(1);
        self.answered = self.received();
        Ok(())
    }

    /// The chain that the next packet starts, under a fresh key; and with an epoch that we offered
    /// if its answer is here, because then the other side has what it takes, too.
    fn new_chain(&self, rng: &mut impl CryptoRng) -> NewChain {
        let own = KeyPair::generate(rng);
        let mix = self.exchange.to_send(self.next_epoch());
        let step = RootStep::take(&self.root, &own, &self.peer, mix.as_ref());
        let header = self.next_sending_header.clone();
        NewChain {
            sending: Sending { own, chain: step.chain, header, sent: 0 },
            root: step.root,
            next_header: step.next_header,
            next_tags: step.next_tags,
            mixed: step.epoch,
        }
    }

    /// Decrypts a packet and appends its plaintext to `out`. Each packet is read at most once, in
    /// whatever order they arrive. The next one of a chain allocates nothing if `out` has the room.
    ///
    /// `now` is the caller's time in seconds; only differences matter (for [`MAX_SKIPPED_AGE`]).
    ///
    /// # Errors
    /// See [`DecryptError`]; session and `out` are unchanged then.
    pub fn decrypt(
        &mut self,
        packet: &[u8],
        now: u64,
        out: &mut Vec<u8>,
    ) -> Result<(), DecryptError> {
        let wrong = || DecryptError::Length(packet.len());
        if packet.len() < OVERHEAD || packet.len() > MAX_PLAINTEXT.saturating_add(OVERHEAD) {
            return Err(wrong());
        }
        let (sealed_header, body) =
            packet.split_first_chunk::<SEALED_HEADER_LEN>().ok_or_else(wrong)?;
        let mut step = ChainStep::default();
        let change = self.prepare(sealed_header, now, &mut step)?;
        let key = MessageKey::new(&step.message);
        packet::open(&key, sealed_header, &self.associated_data, body, out)
            .ok_or(DecryptError::Payload)?;
        self.commit(change, &step, now);
        Ok(())
    }

    /// Whether the peer has sent so much without a packet of ours that one should go now, if need
    /// be an empty one: else its chain fills up.
    #[must_use]
    pub fn wants_to_answer(&self) -> bool {
        self.received().saturating_sub(self.answered) >= ANSWER_AFTER
    }

    /// How many packets can be encrypted before one of the peer has to be read: 0 to [`MAX_CHAIN`].
    #[must_use]
    pub fn room(&self) -> u32 {
        MAX_CHAIN.saturating_sub(self.sending.as_ref().map_or(0, |sending| sending.sent))
    }

    /// Erases skipped keys older than [`MAX_SKIPPED_AGE`]. Reading a packet does it too; this is
    /// for a link on which none arrives. `now` as in [`Session::decrypt`].
    pub fn expire(&mut self, now: u64) {
        self.skipped.expire(now);
    }

    /// One-way hashes of the root key, the chain keys and the header keys, in this order: to show
    /// or check that they change, without showing them.
    #[must_use]
    pub fn key_hashes(&self) -> [[u8; 32]; 3] {
        let hash = |label: &[u8], keys: &[Option<&Secret<32>>]| {
            let mut hash = Sha256::new();
            hash.update(label);
            for key in keys {
                hash.update(key.map_or(&[0; 32], Secret::as_bytes));
            }
            hash.finalize().into()
        };
        let (sending, receiving) = (self.sending.as_ref(), self.receiving.as_ref());
        [
            hash(label::HASH_ROOT, &[Some(&self.root)]),
            hash(
                label::HASH_CHAIN,
                &[sending.map(|chain| &chain.chain.0), receiving.map(|chain| &chain.chain.0)],
            ),
            hash(
                label::HASH_HEADER,
                &[
                    sending.map(|chain| &chain.header),
                    Some(&self.next_sending_header),
                    receiving.map(|chain| &chain.header),
                    Some(&self.next_receiving_header),
                ],
            ),
        ]
    }

    /// Writes the session down, secrets included, in the format of `docs/ratchet.md`, section
    /// "State".
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        state::encode(self)
    }

    /// Reads what [`Session::to_bytes`] wrote.
    ///
    /// # Errors
    /// - [`StateError::Version`]: written by a later program.
    /// - [`StateError::Damaged`]: no session has such a state.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, StateError> {
        state::decode(bytes)
    }

    /// What root steps have yielded since this was last asked: at most one seed in each direction, if it is asked after
    /// each packet and after the start. They are in no stored state: whoever wants them keeps them.
    pub(crate) fn take_tag_seeds(&mut self) -> TagSeeds {
        core::mem::take(&mut self.tag_seeds)
    }

    /// Nr: the number after the highest one read in the peer's present chain.
    fn received(&self) -> u32 {
        self.receiving.as_ref().map_or(0, |receiving| receiving.next)
    }

    /// Finds the message key for a header, and what reading it will change. Changes nothing yet. For a key that was kept,
    /// `taken` holds no key of a chain.
    fn prepare(
        &self,
        sealed: &[u8; SEALED_HEADER_LEN],
        now: u64,
        taken: &mut ChainStep,
    ) -> Result<Change, DecryptError> {
        let open = |key: &Secret<32>| Header::open(sealed, key, &self.associated_data);
        if let Some(receiving) = &self.receiving
            && let Some(header) = open(&receiving.header)
        {
            if header.epoch != receiving.epoch {
                return Err(DecryptError::Epoch(header.epoch));
            }
            return self.go_along(receiving, &header, now, taken);
        }
        if let Some(sending) = &self.sending
            && let Some(header) = open(&self.next_receiving_header)
        {
            return self.step(sending, &header, taken);
        }
        for chain in &self.skipped.chains {
            if let Some(header) = open(&chain.header) {
                // A finished chain may be of an earlier epoch, never of one still to come.
                if header.epoch > self.epoch {
                    return Err(DecryptError::Epoch(header.epoch));
                }
                return self.kept(&chain.header, header.number, now, taken);
            }
        }
        Err(DecryptError::Header)
    }

    fn kept(
        &self,
        header: &Secret<32>,
        number: u32,
        now: u64,
        taken: &mut ChainStep,
    ) -> Result<Change, DecryptError> {
        let kept = self.skipped.get(header, number, now).ok_or(DecryptError::Replayed)?;
        taken.message = *kept.as_bytes();
        Ok(Change::Kept { header: header.clone(), number })
    }

    /// A packet of the chain that is being received.
    fn go_along(
        &self,
        receiving: &Receiving,
        header: &Header,
        now: u64,
        taken: &mut ChainStep,
    ) -> Result<Change, DecryptError> {
        if header.key != *self.peer.as_bytes() {
            return Err(DecryptError::Inconsistent);
        }
        let Some(gap) = header.number.checked_sub(receiving.next) else {
            return self.kept(&receiving.header, header.number, now, taken);
        };
        let next = header.number.checked_add(1).ok_or(DecryptError::TooFarAhead)?;
        if gap == 0 {
            receiving.chain.step(taken);
            return Ok(Change::Along { next, passed: Vec::new() });
        }
        let (passed, chain) = receiving.chain.skip(receiving.next, bounded(gap)?);
        chain.step(taken);
        Ok(Change::Along { next, passed })
    }

    /// The first packet read of a new chain.
    fn step(
        &self,
        sending: &Sending,
        header: &Header,
        taken: &mut ChainStep,
    ) -> Result<Change, DecryptError> {
        let peer = Point::parse(&header.key).map_err(|_| DecryptError::Inconsistent)?;
        if peer == self.peer {
            return Err(DecryptError::Inconsistent);
        }
        let mix = if header.epoch == self.epoch {
            None
        } else {
            // Only the next epoch, and only if it is one that we answered.
            let mix = self.exchange.to_receive(self.next_epoch());
            Some(
                mix.filter(|mix| mix.epoch == header.epoch)
                    .ok_or(DecryptError::Epoch(header.epoch))?,
            )
        };
        let missing =
            header.previous.checked_sub(self.received()).ok_or(DecryptError::Inconsistent)?;
        let rest = match &self.receiving {
            Some(receiving) => receiving.chain.skip(receiving.next, bounded(missing)?).0,
            None if missing == 0 => Vec::new(),
            None => return Err(DecryptError::Inconsistent),
        };
        let next = header.number.checked_add(1).ok_or(DecryptError::TooFarAhead)?;
        let gap = bounded(header.number)?;
        let step = RootStep::take(&self.root, &sending.own, &peer, mix.as_ref());
        let (passed, chain) = step.chain.skip(0, gap);
        chain.step(taken);
        Ok(Change::Step { peer, step, chain, next, rest, passed, sent: sending.sent })
    }

    fn commit(&mut self, change: Change, taken: &ChainStep, now: u64) {
        match change {
            Change::Kept { header, number } => self.skipped.remove(&header, number),
            Change::Along { next, passed } => {
                if let Some(receiving) = &mut self.receiving {
                    receiving.chain.follow(taken);
                    receiving.next = next;
                    self.skipped.insert(&receiving.header, passed, now);
                }
            }
            Change::Step { peer, step, mut chain, next, rest, passed, sent } => {
                if let Some(finished) = &self.receiving {
                    self.skipped.insert(&finished.header, rest, now);
                }
                let header = core::mem::replace(&mut self.next_receiving_header, step.next_header);
                self.skipped.insert(&header, passed, now);
                if let Some((epoch, keys)) = step.epoch {
                    self.enter_epoch(epoch, keys);
                }
                chain.follow(taken);
                self.receiving = Some(Receiving { chain, header, next, epoch: self.epoch });
                self.root = step.root;
                self.tag_seeds.receiving = Some(step.next_tags);
                self.peer = peer;
                // With the old chain our old private key is erased: the next packet makes another.
                self.sending = None;
                self.previous_sent = sent;
                self.answered = 0;
            }
        }
        self.unhealed = self.unhealed.saturating_add(1);
        self.skipped.expire(now);
    }
}

/// A gap that may be skipped in one chain.
fn bounded(gap: u32) -> Result<u32, DecryptError> {
    match usize::try_from(gap) {
        Ok(count) if count <= MAX_SKIPPED_PER_CHAIN => Ok(gap),
        _ => Err(DecryptError::TooFarAhead),
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("sent", &self.sending.as_ref().map(|sending| sending.sent))
            .field("received", &self.receiving.as_ref().map(|receiving| receiving.next))
            .field("skipped", &self.skipped.len())
            .field("epoch", &self.epoch)
            .field("exchange", &self.exchange.name())
            .field("unhealed", &self.unhealed)
            .finish_non_exhaustive()
    }
}
