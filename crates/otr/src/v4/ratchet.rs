//! The double ratchet (OTRv4 "Key Management", "Data Exchange"): which keys a message has, what
//! comes out of order, and which authenticators' keys are revealed.
//!
//! Programs that speak version 4 number ratchets across both ends: the first chain of either has 0,
//! and after that the numbers alternate. Our next chain is made as soon as the peer's arrives, so
//! that sending needs no random numbers.

mod skipped;

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit as _, StreamCipher as _};
use rand_core::CryptoRng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::curve::Pair;
use super::dh;
use super::kdf::{Usage, kdf};
use super::message::{BRACE_EVERY, Data, KeyPairs, MAC_LEN, PublicKeys};
use crate::v3::keys::{DataError, ExtraKey};
use crate::v3::message::Header;

use skipped::Skipped;

/// How many messages may be missing in a chain: more are refused, so that nobody lets us compute
/// for long.
pub(crate) const SKIP_MAX: u32 = 1_000;

/// How many keys of authenticators wait to be revealed; the oldest are dropped then. With this many
/// a message of the longest text still can be received.
const REVEAL_MAX: usize = 512;

/// Length of root and chain keys, and of a message's key before it is cut.
const KEY_LEN: usize = 64;

type Key = Zeroizing<[u8; KEY_LEN]>;

/// A chain of message keys.
#[derive(Clone)]
struct Chain {
    /// The ratchet's number on the wire.
    ratchet: u32,
    key: Key,
    /// The number of its next message.
    next: u32,
}

/// The keys of one message.
#[derive(Clone)]
struct MessageKeys {
    /// `MKenc`.
    enc: Key,
    extra: Key,
}

impl MessageKeys {
    fn mac(&self) -> Key {
        kdf(Usage::MacKey, &[&*self.enc])
    }

    fn cipher(&self, bytes: &mut [u8]) {
        if let Some((key, _)) = self.enc.split_first_chunk::<32>() {
            ChaCha20::new(key.into(), &[0; 12].into()).apply_keystream(bytes);
        }
    }
}

impl Chain {
    fn keys(&self) -> MessageKeys {
        MessageKeys {
            enc: kdf(Usage::MessageKey, &[&*self.key]),
            extra: kdf(Usage::ExtraSymmetricKey, &[&[0xff], &*self.key]),
        }
    }

    /// The keys of the next message, and the chain after it.
    fn step(&self) -> (MessageKeys, Self) {
        let key = kdf(Usage::NextChainKey, &[&*self.key]);
        let next = self.next.saturating_add(1);
        (self.keys(), Self { ratchet: self.ratchet, key, next })
    }

    /// The chain at message `number`, and the keys of those before it.
    fn skip_to(mut self, number: u32) -> Result<(Self, Vec<(u32, MessageKeys)>), DataError> {
        // The last number has no next one.
        if number.saturating_sub(self.next) > SKIP_MAX || number == u32::MAX {
            return Err(DataError::TooFar);
        }
        let mut skipped = Vec::new();
        while self.next < number {
            let (keys, next) = self.step();
            skipped.push((self.next, keys));
            self = next;
        }
        Ok((self, skipped))
    }
}

/// A root key with the brace key beside it.
#[derive(Clone)]
struct Root {
    key: Key,
    brace: Zeroizing<[u8; 32]>,
}

impl Root {
    /// The root after a turn with these keys, and the chain that it gives. A third turn takes a new
    /// brace key from the numbers.
    fn turn(&self, third: bool, ours: &KeyPairs, theirs: &PublicKeys) -> (Self, Key) {
        let brace = if third {
            kdf(Usage::ThirdBraceKey, &[&ours.dh.shared(&theirs.number)])
        } else {
            kdf(Usage::BraceKey, &[&*self.brace])
        };
        let shared = ours.ecdh.shared(&theirs.point);
        let shared: Key = kdf(Usage::SharedSecret, &[&*shared, &*brace]);
        let chain = kdf(Usage::ChainKey, &[&*self.key, &*shared]);
        (Self { key: kdf(Usage::RootKey, &[&*self.key, &*shared]), brace }, chain)
    }
}

/// All keys of a session.
pub(crate) struct Ratchet {
    /// Turns so far, of both ends; the number of the peer's next chain.
    turns: u32,
    root: Root,
    ours: KeyPairs,
    theirs: PublicKeys,
    sending: Chain,
    /// How many messages our chain before this one has.
    previous: u32,
    /// None until the peer's first chain begins.
    receiving: Option<Chain>,
    skipped: Skipped,
    reveal: Vec<[u8; MAC_LEN]>,
}

/// An opened message.
pub(crate) struct Opened {
    pub(crate) plaintext: Zeroizing<Vec<u8>>,
    /// What extra symmetric keys of its records are made from.
    pub(crate) extra: ExtraKey,
}

/// Which turn is third, counted from 0.
fn is_third(turn: u32) -> bool {
    turn.is_multiple_of(BRACE_EVERY)
}

impl Ratchet {
    /// After an interactive key exchange with the shared key `mixed` (`K`), for who sent Auth-R:
    /// the chain of the first keys is for sending.
    pub(crate) fn alice(mixed: &[u8; 64], ours: KeyPairs, theirs: PublicKeys) -> Self {
        let (root, chain) = first_turn(mixed, &ours, &theirs);
        let sending = Chain { ratchet: 0, key: chain, next: 0 };
        Self::new(0, root, ours, theirs, sending, None)
    }

    /// The same for who sent Auth-I: the chain of the first keys is for receiving, and a turn
    /// follows.
    pub(crate) fn bob(
        mixed: &[u8; 64],
        ours: KeyPairs,
        theirs: PublicKeys,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let (root, chain) = first_turn(mixed, &ours, &theirs);
        let receiving = Chain { ratchet: 0, key: chain.clone(), next: 0 };
        let sending = Chain { ratchet: 0, key: chain, next: 0 };
        let mut ratchet = Self::new(0, root, ours, theirs, sending, Some(receiving));
        ratchet.turn_sending(rng);
        ratchet
    }

    /// After a key exchange with somebody offline, for who began it ("Non-Interactive-Auth"): root
    /// and chain come from `mixed` alone, and the chain is for sending.
    pub(crate) fn offline_alice(
        mixed: &[u8; 64],
        brace: &[u8; 32],
        ours: KeyPairs,
        theirs: PublicKeys,
    ) -> Self {
        let (root, chain) = offline_root(mixed, brace);
        let sending = Chain { ratchet: 0, key: chain, next: 0 };
        Self::new(1, root, ours, theirs, sending, None)
    }

    /// The same for who was offline: the chain is for receiving, and a turn follows.
    pub(crate) fn offline_bob(
        mixed: &[u8; 64],
        brace: &[u8; 32],
        ours: KeyPairs,
        theirs: PublicKeys,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let (root, chain) = offline_root(mixed, brace);
        let receiving = Chain { ratchet: 0, key: chain.clone(), next: 0 };
        let sending = Chain { ratchet: 0, key: chain, next: 0 };
        let mut ratchet = Self::new(1, root, ours, theirs, sending, Some(receiving));
        ratchet.turn_sending(rng);
        ratchet
    }

    fn new(
        turns: u32,
        root: Root,
        ours: KeyPairs,
        theirs: PublicKeys,
        sending: Chain,
        receiving: Option<Chain>,
    ) -> Self {
        Self {
            turns,
            root,
            ours,
            theirs,
            sending,
            previous: 0,
            receiving,
            skipped: Skipped::default(),
            reveal: Vec::new(),
        }
    }

    /// Begins our next chain.
    fn turn_sending(&mut self, rng: &mut impl CryptoRng) {
        // After four thousand million turns the latest chain stays.
        let Some(turns) = self.turns.checked_add(1) else { return };
        let third = is_third(self.turns);
        self.ours.ecdh = Pair::random(rng);
        if third {
            self.ours.dh = dh::Pair::random(rng);
        }
        let (root, key) = self.root.turn(third, &self.ours, &self.theirs);
        // Who has not sent yet had no chain before this one; the exchange's own counts as none.
        self.previous = self.sending.next;
        self.sending = Chain { ratchet: self.turns, key, next: 0 };
        (self.root, self.turns) = (root, turns);
    }

    /// Encrypts a plaintext. Gives the whole message, and what extra symmetric keys of its records
    /// are made from.
    pub(crate) fn seal(
        &mut self,
        header: Header,
        flags: u8,
        plaintext: &[u8],
    ) -> (Vec<u8>, ExtraKey) {
        // The first message of a chain reveals keys, but for the chains that a key exchange gives;
        // each other chain answers something, so there always are some.
        let reveal = match (self.sending.ratchet, self.sending.next) {
            (1.., 0) => std::mem::take(&mut self.reveal),
            _ => Vec::new(),
        };
        self.seal_with(header, flags, plaintext, &reveal.concat())
    }

    /// Encrypts the last message of a session, and reveals all keys that are left.
    pub(crate) fn seal_last(mut self, header: Header, flags: u8, plaintext: &[u8]) -> Vec<u8> {
        let mut reveal = std::mem::take(&mut self.reveal);
        reveal.extend(self.skipped.drain());
        let too_many = reveal.len().saturating_sub(REVEAL_MAX);
        reveal.drain(..too_many);
        self.seal_with(header, flags, plaintext, &reveal.concat()).0
    }

    fn seal_with(
        &mut self,
        header: Header,
        flags: u8,
        plaintext: &[u8],
        reveal: &[u8],
    ) -> (Vec<u8>, ExtraKey) {
        let Chain { ratchet, next: number, .. } = self.sending;
        let (keys, chain) = self.sending.step();
        self.sending = chain;
        let mut ciphertext = plaintext.to_vec();
        keys.cipher(&mut ciphertext);
        let writer = header.write().byte(flags).int(self.previous).int(ratchet).int(number);
        let writer = writer.raw(self.ours.ecdh.public.bytes());
        let writer = if is_third(ratchet) {
            writer.mpi(&self.ours.dh.public.bytes())
        } else {
            writer.mpi(&[])
        };
        let covered = writer.data(&ciphertext);
        let mac = authenticator(&keys, covered.bytes());
        let message = covered.raw(&*mac).data(reveal).finish();
        (message, ExtraKey::new(&*keys.extra))
    }

    /// Opens a message. Changes nothing unless it is authentic and new.
    pub(crate) fn open(
        &mut self,
        data: &Data<'_>,
        rng: &mut impl CryptoRng,
    ) -> Result<Opened, DataError> {
        if data.ratchet > self.turns {
            return Err(DataError::Keys);
        }
        if data.ratchet == self.turns {
            return self.open_first(data, rng);
        }
        match &self.receiving {
            Some(chain) if chain.ratchet == data.ratchet && chain.next <= data.number => {
                let (chain, skipped) = chain.clone().skip_to(data.number)?;
                let (keys, after) = chain.step();
                let opened = check(&keys, data)?;
                self.keep(data.ratchet, skipped);
                self.receiving = Some(after);
                self.used(&keys);
                Ok(opened)
            }
            Some(chain) if chain.ratchet >= data.ratchet => {
                let keys = self.skipped.get(data.ratchet, data.number).ok_or(DataError::Replay)?;
                let opened = check(keys, data)?;
                if let Some(keys) = self.skipped.take(data.ratchet, data.number) {
                    self.used(&keys);
                }
                Ok(opened)
            }
            _ => Err(DataError::Keys),
        }
    }

    /// Opens the first message that came of a new chain of the peer.
    fn open_first(
        &mut self,
        data: &Data<'_>,
        rng: &mut impl CryptoRng,
    ) -> Result<Opened, DataError> {
        let turns = self.turns.checked_add(1).ok_or(DataError::Keys)?;
        let third = is_third(self.turns);
        let number = match data.dh {
            // A number without need of it is one of a chain that is not the next.
            Some(number) if third => number,
            None if !third => self.theirs.number,
            _ => return Err(DataError::Keys),
        };
        let theirs = PublicKeys { point: data.point, number };
        let ours = self.ours.public();
        let repeats = theirs.point == self.theirs.point
            || theirs.point == ours.point
            || third && (number == self.theirs.number || number == ours.number);
        if repeats {
            return Err(DataError::Keys);
        }
        // What is missing at the end of the chain before.
        let (before, missing) = match &self.receiving {
            Some(chain) if chain.next < data.previous => {
                (chain.ratchet, chain.clone().skip_to(data.previous)?.1)
            }
            _ => (0, Vec::new()),
        };
        let (root, key) = self.root.turn(third, &self.ours, &theirs);
        let chain = Chain { ratchet: data.ratchet, key, next: 0 };
        let (chain, skipped) = chain.skip_to(data.number)?;
        let (keys, after) = chain.step();
        let opened = check(&keys, data)?;
        self.keep(before, missing);
        self.keep(data.ratchet, skipped);
        (self.root, self.turns, self.theirs, self.receiving) = (root, turns, theirs, Some(after));
        self.used(&keys);
        self.turn_sending(rng);
        Ok(opened)
    }

    /// Keeps keys of messages that may still come. Those that have to go are revealed.
    fn keep(&mut self, ratchet: u32, skipped: Vec<(u32, MessageKeys)>) {
        for (number, keys) in skipped {
            if let Some(dropped) = self.skipped.insert(ratchet, number, keys) {
                self.used(&dropped);
            }
        }
    }

    /// What authenticated something, or never will, is revealed.
    fn used(&mut self, keys: &MessageKeys) {
        if self.reveal.len() >= REVEAL_MAX {
            self.reveal.remove(0);
        }
        self.reveal.push(*keys.mac());
    }

    /// How many turns there were, of both ends.
    pub(crate) fn turns(&self) -> u32 {
        self.turns
    }
}

impl std::fmt::Debug for Ratchet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { turns, skipped, reveal, .. } = self;
        f.debug_struct("Ratchet")
            .field("turns", turns)
            .field("skipped", &skipped.len())
            .field("to_reveal", &reveal.len())
            .finish_non_exhaustive()
    }
}

fn first_turn(mixed: &[u8; 64], ours: &KeyPairs, theirs: &PublicKeys) -> (Root, Key) {
    let key = kdf(Usage::FirstRootKey, &[mixed]);
    Root { key, brace: Zeroizing::new([0; 32]) }.turn(true, ours, theirs)
}

fn offline_root(mixed: &[u8; 64], brace: &[u8; 32]) -> (Root, Key) {
    let key = kdf(Usage::RootKey, &[mixed]);
    (Root { key, brace: Zeroizing::new(*brace) }, kdf(Usage::ChainKey, &[mixed]))
}

fn authenticator(keys: &MessageKeys, covered: &[u8]) -> Key {
    kdf(Usage::Authenticator, &[&*keys.mac(), covered])
}

fn check(keys: &MessageKeys, data: &Data<'_>) -> Result<Opened, DataError> {
    let mac = authenticator(keys, data.covered);
    if !bool::from(mac.ct_eq(&data.mac)) {
        return Err(DataError::Mac);
    }
    let mut plaintext = Zeroizing::new(data.ciphertext.to_vec());
    keys.cipher(&mut plaintext);
    Ok(Opened { plaintext, extra: ExtraKey::new(&*keys.extra) })
}

#[cfg(test)]
mod tests;
