//! The post-quantum step: how one epoch's ML-KEM key and ciphertext cross the conversation.
//! `docs/ratchet.md`, section "Post-quantum epochs".
//!
//! Key and ciphertext are cut into units of [`UNIT_LEN`] bytes; a *chunk* is a run of them, as long
//! as the carrier has room, that goes on at the first unit behind the last one. Nothing acknowledges
//! a chunk: units are sent round and round until what comes back shows that all are there. The first
//! unit of the ciphertext says so of the key, the first header of the epoch of the ciphertext.

use alloc::boxed::Box;
use alloc::vec::Vec;

use ml_kem::KeyExport as _;
use ml_kem::kem::{Decapsulate as _, Encapsulate as _};
use ml_kem::ml_kem_768::{Ciphertext, DecapsulationKey, EncapsulationKey};
use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroize as _;

use crate::secret::Secret;

/// Length of a unit in bytes: the largest that both key and ciphertext are whole multiples of.
pub(super) const UNIT_LEN: usize = 32;
/// Units of an ML-KEM-768 encapsulation key of 1,184 bytes.
pub(super) const KEY_UNITS: usize = 37;
/// Units of an ML-KEM-768 ciphertext of 1,088 bytes.
pub(super) const CIPHERTEXT_UNITS: usize = 34;
/// Length of what a decapsulation key is kept as: FIPS 203's d ‖ z.
pub(super) const SEED_LEN: usize = 64;
/// Epoch u32 ‖ number of the first unit u8.
const CHUNK_HEAD_LEN: usize = 4 + 1;

/// The least room, in bytes, in which [`next_chunk`](super::Session::next_chunk) finds place for
/// something: the head of a chunk and one unit.
pub const MIN_CHUNK: usize = CHUNK_HEAD_LEN + UNIT_LEN;

/// The longest chunk in bytes: a whole encapsulation key.
pub const MAX_CHUNK: usize = CHUNK_HEAD_LEN + KEY_UNITS * UNIT_LEN;

/// What a chunk brought. Store the session before anything that follows from it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Taken {
    /// Nothing new: it was here before, or belongs to an epoch that is over.
    Known,
    /// Units that were missing; others still are.
    New,
    /// The other side wishes for an epoch which is ours to offer: it is begun.
    Begun,
    /// The last unit of the other side's key: the secret is made, and its ciphertext goes back.
    Answered,
    /// The last unit of the ciphertext: our next chain mixes the epoch in.
    Opened,
}

/// Why a chunk was not taken. The peer itself sealed it, and no honest one does: close the link.
/// The session is unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChunkError {
    /// Not a head and whole units, or units that key or ciphertext doesn't have.
    #[error("the other side sent {0} bytes that are no part of a key exchange; the link is closed")]
    Malformed(usize),
    /// An epoch that comes after the next one.
    #[error("the other side exchanges keys for epoch {0}, whose turn it isn't; the link is closed")]
    Epoch(u32),
    /// A ciphertext for a key that was never offered.
    #[error("the other side answered epoch {0}, which nobody offered; the link is closed")]
    NotOffered(u32),
    /// Other bytes for a unit that is already here.
    #[error("the other side contradicts what it sent before of epoch {0}; the link is closed")]
    Contradiction(u32),
    /// The key is whole and fails the modulus check of FIPS 203, section 7.2.
    #[error("the other side's key for epoch {0} is invalid; the link is closed")]
    InvalidKey(u32),
}

/// What a root step mixes in.
pub(super) struct Mix {
    pub(super) epoch: u32,
    /// ML-KEM's shared secret.
    pub(super) shared: Secret<32>,
    /// SHA-256 of the encapsulation key.
    pub(super) key_hash: [u8; 32],
    /// SHA-256 of the ciphertext.
    pub(super) ciphertext_hash: [u8; 32],
}

/// Where the exchange for the next epoch stands.
#[derive(Clone)]
pub(super) enum Exchange {
    /// Nobody has begun.
    Idle,
    /// We wish for an epoch that the other side has to offer.
    Asking,
    /// Ours was offered: the key goes out, the ciphertext comes in.
    Offered(Offered),
    /// Ours was answered: the next chain that we start mixes it in.
    Opened(Opened),
    /// The other side's key is coming in.
    Gathering(Units<KEY_UNITS>),
    /// The other side's was answered, once and for all: the ciphertext goes out.
    Answered(Answered),
}

#[derive(Clone)]
pub(super) struct Offered {
    pub(super) seed: Secret<SEED_LEN>,
    /// The encapsulation key, which the seed gives.
    key: Units<KEY_UNITS>,
    /// The unit that is sent next.
    pub(super) cursor: usize,
    pub(super) ciphertext: Units<CIPHERTEXT_UNITS>,
}

#[derive(Clone)]
pub(super) struct Opened {
    pub(super) shared: Secret<32>,
    pub(super) key_hash: [u8; 32],
    /// Kept to compare what comes in again.
    pub(super) ciphertext: Units<CIPHERTEXT_UNITS>,
}

#[derive(Clone)]
pub(super) struct Answered {
    pub(super) shared: Secret<32>,
    /// Kept to compare what comes in again, and to be hashed.
    pub(super) key: Units<KEY_UNITS>,
    pub(super) ciphertext: Units<CIPHERTEXT_UNITS>,
    /// The unit that is sent next.
    pub(super) cursor: usize,
}

impl Offered {
    pub(super) fn new(seed: Secret<SEED_LEN>) -> Self {
        let key = DecapsulationKey::from_seed((*seed.as_bytes()).into());
        let key = Units::whole(&key.encapsulation_key().to_bytes());
        Self { seed, key, cursor: 0, ciphertext: Units::empty() }
    }

    /// Opens the whole ciphertext. Never fails: one that was not made for this key gives a secret
    /// that nobody else has (FIPS 203's implicit rejection), and the other side reads no more.
    fn open(&self, ciphertext: Units<CIPHERTEXT_UNITS>) -> Opened {
        let mut bytes = Ciphertext::default();
        bytes.copy_from_slice(ciphertext.as_bytes());
        let key = DecapsulationKey::from_seed((*self.seed.as_bytes()).into());
        let mut shared = key.decapsulate(&bytes);
        let secret = Secret::from_bytes(shared.as_ref());
        shared.as_mut_slice().zeroize();
        Opened { shared: secret, key_hash: self.key.hash(), ciphertext }
    }
}

impl Answered {
    /// Encapsulates to the whole key, if it is one.
    fn new(key: Units<KEY_UNITS>, rng: &mut impl CryptoRng) -> Option<Self> {
        let bytes = key.as_bytes().try_into().ok()?;
        let (ciphertext, mut shared) =
            EncapsulationKey::new(&bytes).ok()?.encapsulate_with_rng(rng);
        let secret = Secret::from_bytes(shared.as_ref());
        shared.as_mut_slice().zeroize();
        Some(Self { shared: secret, key, ciphertext: Units::whole(&ciphertext), cursor: 0 })
    }
}

impl Exchange {
    /// What our next chain mixes in: an epoch that we offered, and whose answer is here.
    pub(super) fn to_send(&self, epoch: u32) -> Option<Mix> {
        let Self::Opened(Opened { shared, key_hash, ciphertext }) = self else { return None };
        let (key_hash, ciphertext_hash) = (*key_hash, ciphertext.hash());
        Some(Mix { epoch, shared: shared.clone(), key_hash, ciphertext_hash })
    }

    /// What a chain of the other side may mix in: an epoch that we answered.
    pub(super) fn to_receive(&self, epoch: u32) -> Option<Mix> {
        let Self::Answered(Answered { shared, key, ciphertext, .. }) = self else { return None };
        let (key_hash, ciphertext_hash) = (key.hash(), ciphertext.hash());
        Some(Mix { epoch, shared: shared.clone(), key_hash, ciphertext_hash })
    }

    /// Appends a chunk of at most `room` bytes to `out`, if there is something to send.
    pub(super) fn next_chunk(&mut self, epoch: u32, room: usize, out: &mut Vec<u8>) -> usize {
        match self {
            Self::Idle | Self::Opened(_) | Self::Gathering(_) => 0,
            Self::Asking if room < CHUNK_HEAD_LEN => 0,
            Self::Asking => {
                put_head(epoch, 0, out);
                CHUNK_HEAD_LEN
            }
            Self::Offered(Offered { key, cursor, .. }) => key.put_next(epoch, cursor, room, out),
            Self::Answered(Answered { ciphertext, cursor, .. }) => {
                ciphertext.put_next(epoch, cursor, room, out)
            }
        }
    }

    /// Takes a chunk of the epoch that is next. `ours` says whether it is ours to offer.
    pub(super) fn take(
        &mut self,
        chunk: &Chunk<'_>,
        ours: bool,
        rng: &mut impl CryptoRng,
    ) -> Result<Taken, ChunkError> {
        let epoch = chunk.epoch;
        if ours && chunk.is_wish() {
            if !matches!(self, Self::Idle) {
                return Ok(Taken::Known);
            }
            *self = Self::Offered(Offered::new(Secret::random(rng)));
            return Ok(Taken::Begun);
        }
        match self {
            Self::Idle | Self::Asking if ours => return Err(ChunkError::NotOffered(epoch)),
            Self::Opened(opened) => return opened.ciphertext.compare(chunk),
            Self::Answered(answered) => return answered.key.compare(chunk),
            Self::Offered(offered) => {
                let mut ciphertext = offered.ciphertext.clone();
                if !ciphertext.take(chunk)? {
                    return Ok(Taken::Known);
                }
                if ciphertext.is_whole() {
                    *self = Self::Opened(offered.open(ciphertext));
                    return Ok(Taken::Opened);
                }
                offered.ciphertext = ciphertext;
            }
            Self::Idle | Self::Asking | Self::Gathering(_) => {
                let mut key = match self {
                    Self::Gathering(key) => key.clone(),
                    _ => Units::empty(),
                };
                if !key.take(chunk)? {
                    return Ok(Taken::Known);
                }
                if key.is_whole() {
                    let answered = Answered::new(key, rng).ok_or(ChunkError::InvalidKey(epoch))?;
                    *self = Self::Answered(answered);
                    return Ok(Taken::Answered);
                }
                *self = Self::Gathering(key);
            }
        }
        Ok(Taken::New)
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Asking => "asking",
            Self::Offered(_) => "offered",
            Self::Opened(_) => "opened",
            Self::Gathering(_) => "gathering",
            Self::Answered(_) => "answered",
        }
    }
}

/// A run of units from the other side.
pub(super) struct Chunk<'a> {
    pub(super) epoch: u32,
    first: usize,
    units: &'a [[u8; UNIT_LEN]],
    /// Bytes of the whole chunk.
    len: usize,
}

impl<'a> Chunk<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, ChunkError> {
        let malformed = ChunkError::Malformed(bytes.len());
        let (epoch, rest) = bytes.split_first_chunk().ok_or(malformed)?;
        let (first, rest) = rest.split_first().ok_or(malformed)?;
        match rest.as_chunks() {
            (units, []) => Ok(Self {
                epoch: u32::from_be_bytes(*epoch),
                first: usize::from(*first),
                units,
                len: bytes.len(),
            }),
            _ => Err(malformed),
        }
    }

    /// Whether it only wishes for the epoch.
    fn is_wish(&self) -> bool {
        self.first == 0 && self.units.is_empty()
    }
}

/// Appends the head of a chunk to `out`.
fn put_head(epoch: u32, first: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&epoch.to_be_bytes());
    out.push(u8::try_from(first).unwrap_or(u8::MAX));
}

/// `N` units, of which some may still be missing.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Units<const N: usize> {
    /// Zeros where a unit is missing.
    units: Box<[[u8; UNIT_LEN]; N]>,
    /// Bit n says whether unit n is here.
    have: u64,
}

impl<const N: usize> Units<N> {
    const ALL: u64 = {
        assert!(N < 64);
        (1 << N) - 1
    };

    pub(super) fn empty() -> Self {
        Self { units: Box::new([[0; UNIT_LEN]; N]), have: 0 }
    }

    /// All units at once, of `N` times [`UNIT_LEN`] bytes.
    pub(super) fn whole(bytes: &[u8]) -> Self {
        let mut whole = Self::empty();
        for (unit, bytes) in whole.units.iter_mut().zip(bytes.as_chunks().0) {
            *unit = *bytes;
        }
        whole.have = Self::ALL;
        whole
    }

    /// The units that `have` names, in their order; nothing if it names all or too many, or
    /// if `units` are not as many.
    pub(super) fn partial(have: u64, units: &[[u8; UNIT_LEN]]) -> Option<Self> {
        let mut partial = Self { have, ..Self::empty() };
        if have & !Self::ALL != 0 || have == Self::ALL || partial.count() != units.len() {
            return None;
        }
        let places = (0..N).filter(|place| have >> place & 1 == 1);
        for (place, unit) in places.zip(units) {
            *partial.units.get_mut(place)? = *unit;
        }
        Some(partial)
    }

    pub(super) fn have(&self) -> u64 {
        self.have
    }

    pub(super) fn count(&self) -> usize {
        self.present().count()
    }

    /// The units that are here, in their order.
    pub(super) fn present(&self) -> impl Iterator<Item = &[u8; UNIT_LEN]> {
        self.units.iter().enumerate().filter(|(place, _)| self.has(*place)).map(|(_, unit)| unit)
    }

    fn has(&self, place: usize) -> bool {
        self.have >> place & 1 == 1
    }

    fn is_whole(&self) -> bool {
        self.have == Self::ALL
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.units.as_flattened()
    }

    fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.as_bytes()).into()
    }

    /// Takes a chunk's units and says whether one of them is new. On an error nothing is taken.
    fn take(&mut self, chunk: &Chunk<'_>) -> Result<bool, ChunkError> {
        let is_new = self.check(chunk)?;
        for (place, unit) in Self::places(chunk.first).zip(chunk.units) {
            if let Some(own) = self.units.get_mut(place) {
                *own = *unit;
                self.have |= 1 << place;
            }
        }
        Ok(is_new)
    }

    /// Compares a chunk with units that are all here.
    fn compare(&self, chunk: &Chunk<'_>) -> Result<Taken, ChunkError> {
        self.check(chunk).map(|_| Taken::Known)
    }

    /// Whether a chunk, which fits and contradicts nothing, has a new unit.
    fn check(&self, chunk: &Chunk<'_>) -> Result<bool, ChunkError> {
        if chunk.units.is_empty() || chunk.first >= N || chunk.units.len() > N {
            return Err(ChunkError::Malformed(chunk.len));
        }
        let mut is_new = false;
        for (place, unit) in Self::places(chunk.first).zip(chunk.units) {
            if !self.has(place) {
                is_new = true;
            } else if self.units.get(place) != Some(unit) {
                return Err(ChunkError::Contradiction(chunk.epoch));
            }
        }
        Ok(is_new)
    }

    /// The numbers of all units, from `first` round to the one before it.
    fn places(first: usize) -> impl Iterator<Item = usize> {
        (first..N).chain(0..first)
    }

    /// Appends a chunk of as many units as there is room for, from `cursor` on. It goes on at the
    /// beginning where the end is reached: rounds that always began alike would lose the same units
    /// for ever to a loss that comes in the same rhythm.
    fn put_next(&self, epoch: u32, cursor: &mut usize, room: usize, out: &mut Vec<u8>) -> usize {
        let count = room.saturating_sub(CHUNK_HEAD_LEN).checked_div(UNIT_LEN).unwrap_or(0).min(N);
        if count == 0 {
            return 0;
        }
        let start = out.len();
        put_head(epoch, *cursor, out);
        for place in Self::places(*cursor).take(count) {
            out.extend_from_slice(self.units.get(place).unwrap_or(&[0; UNIT_LEN]));
        }
        *cursor = Self::places(*cursor).nth(count).unwrap_or(*cursor);
        out.len().saturating_sub(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_half_gathered_names_what_is_there_and_no_more() {
        let is_taken =
            |have, count| Units::<3>::partial(have, &vec![[7; UNIT_LEN]; count]).is_some();
        assert!(is_taken(0b010, 1) && is_taken(0b101, 2));
        assert!(!is_taken(0b111, 3), "all are no half");
        assert!(!is_taken(0b1000, 0) && !is_taken(0b1000, 1) && !is_taken(0b1001, 1), "too many");
        assert!(!is_taken(0b010, 0) && !is_taken(0b010, 2), "not as many");
    }
}
