//! Keys of packets that were passed over: `MKSKIPPED` of the specification.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::secret::Secret;

/// The most keys kept of one chain, and the most that one packet may make us skip in one chain.
pub const MAX_SKIPPED_PER_CHAIN: usize = 1_000;

/// The most keys kept in all: the oldest go first.
pub const MAX_SKIPPED: usize = 2_000;

/// How long a skipped key is kept, in seconds: a day.
///
/// A packet that got lost is sealed anew when the link is up again, so its old key is of use only
/// while it is still under way; a day covers a link that stood still, and whoever takes the state
/// later can read no more than a day's lost packets.
pub const MAX_SKIPPED_AGE: u64 = 86_400;

/// The kept keys, oldest chain first.
pub(super) struct Skipped {
    pub(super) chains: Vec<SkippedChain>,
}

pub(super) struct SkippedChain {
    /// The key that the headers of this chain open with.
    pub(super) header: Secret<32>,
    /// By ascending number, never empty.
    pub(super) keys: VecDeque<SkippedKey>,
}

pub(super) struct SkippedKey {
    pub(super) number: u32,
    /// When it was skipped, in seconds of the caller's clock.
    pub(super) since: u64,
    pub(super) key: Secret<32>,
}

impl SkippedKey {
    fn has_expired(&self, now: u64) -> bool {
        now.saturating_sub(self.since) > MAX_SKIPPED_AGE
    }
}

impl Skipped {
    pub(super) fn new() -> Self {
        Self { chains: Vec::new() }
    }

    /// How many keys are kept.
    pub(super) fn len(&self) -> usize {
        self.chains.iter().map(|chain| chain.keys.len()).sum()
    }

    /// The key of packet `number` in the chain with this header key.
    pub(super) fn get(&self, header: &Secret<32>, number: u32, now: u64) -> Option<&Secret<32>> {
        let chain = self.chains.iter().find(|chain| chain.header == *header)?;
        let place = chain.keys.binary_search_by_key(&number, |key| key.number).ok()?;
        chain.keys.get(place).filter(|key| !key.has_expired(now)).map(|key| &key.key)
    }

    /// Erases the key of packet `number` in the chain with this header key.
    pub(super) fn remove(&mut self, header: &Secret<32>, number: u32) {
        for chain in self.chains.iter_mut().filter(|chain| chain.header == *header) {
            chain.keys.retain(|key| key.number != number);
        }
        self.drop_empty();
    }

    /// Keeps `keys`, whose numbers ascend and are above those already kept of their chain.
    pub(super) fn insert(&mut self, header: &Secret<32>, keys: Vec<(u32, Secret<32>)>, now: u64) {
        if keys.is_empty() {
            return;
        }
        let keys = keys.into_iter().map(|(number, key)| SkippedKey { number, since: now, key });
        match self.chains.iter_mut().find(|chain| chain.header == *header) {
            Some(chain) => chain.keys.extend(keys),
            None => self.chains.push(SkippedChain { header: header.clone(), keys: keys.collect() }),
        }
        for chain in &mut self.chains {
            while chain.keys.len() > MAX_SKIPPED_PER_CHAIN {
                chain.keys.pop_front();
            }
        }
        for _ in MAX_SKIPPED..self.len() {
            if let Some(chain) = self.chains.first_mut() {
                chain.keys.pop_front();
            }
            self.drop_empty();
        }
    }

    /// Erases what is older than [`MAX_SKIPPED_AGE`]. A key from a time still to come was kept
    /// before the clock was set back: its age counts from now.
    pub(super) fn expire(&mut self, now: u64) {
        for chain in &mut self.chains {
            chain.keys.retain(|key| !key.has_expired(now));
            for key in &mut chain.keys {
                key.since = key.since.min(now);
            }
        }
        self.drop_empty();
    }

    fn drop_empty(&mut self) {
        self.chains.retain(|chain| !chain.keys.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(chain: u8) -> Secret<32> {
        Secret::from_bytes(&[chain; 32])
    }

    fn keys(numbers: std::ops::Range<u32>) -> Vec<(u32, Secret<32>)> {
        numbers.map(|number| (number, Secret::from_bytes(&[number as u8; 32]))).collect()
    }

    #[test]
    fn a_key_is_found_by_chain_and_number() {
        let mut skipped = Skipped::new();
        skipped.insert(&header(1), keys(3..6), 0);
        skipped.insert(&header(2), keys(4..5), 0);
        assert!(skipped.get(&header(1), 4, 0) == Some(&Secret::from_bytes(&[4; 32])));
        assert!(skipped.get(&header(1), 6, 0).is_none());
        assert!(skipped.get(&header(3), 4, 0).is_none());
        skipped.remove(&header(1), 4);
        assert!(skipped.get(&header(1), 4, 0).is_none());
        assert!(skipped.get(&header(2), 4, 0).is_some());
        skipped.remove(&header(2), 4);
        assert_eq!((skipped.chains.len(), skipped.len()), (1, 2));
    }

    #[test]
    fn a_chain_keeps_its_newest_thousand() {
        let mut skipped = Skipped::new();
        skipped.insert(&header(1), keys(0..900), 0);
        skipped.insert(&header(1), keys(901..1_201), 0);
        assert_eq!(skipped.len(), MAX_SKIPPED_PER_CHAIN);
        assert!(skipped.get(&header(1), 199, 0).is_none());
        assert!(skipped.get(&header(1), 200, 0).is_some());
        assert!(skipped.get(&header(1), 1_200, 0).is_some());
    }

    #[test]
    fn of_all_chains_the_oldest_keys_go_first() {
        let mut skipped = Skipped::new();
        for chain in 1..=3 {
            skipped.insert(&header(chain), keys(0..900), 0);
        }
        assert_eq!(skipped.len(), MAX_SKIPPED);
        assert!(skipped.get(&header(1), 699, 0).is_none());
        assert!(skipped.get(&header(1), 700, 0).is_some());
        skipped.insert(&header(4), keys(0..900), 0);
        assert_eq!(skipped.len(), MAX_SKIPPED);
        assert_eq!(skipped.chains.len(), 3);
        assert!(skipped.get(&header(2), 699, 0).is_none());
        assert!(skipped.get(&header(2), 700, 0).is_some());
    }

    #[test]
    fn a_key_expires_after_a_day() {
        let mut skipped = Skipped::new();
        skipped.insert(&header(1), keys(0..1), 100);
        skipped.insert(&header(1), keys(1..2), 101);
        let last = 100 + MAX_SKIPPED_AGE;
        assert!(skipped.get(&header(1), 0, last).is_some());
        assert!(skipped.get(&header(1), 0, last + 1).is_none(), "not even before it is erased");
        skipped.expire(last);
        assert_eq!(skipped.len(), 2);
        skipped.expire(last + 1);
        assert_eq!(skipped.len(), 1);
        skipped.expire(last + 2);
        assert_eq!(skipped.chains.len(), 0);
    }

    #[test]
    fn a_clock_set_back_keeps_no_key_for_ever() {
        let mut skipped = Skipped::new();
        skipped.insert(&header(1), keys(0..1), u64::MAX);
        skipped.expire(1_000);
        assert_eq!(skipped.len(), 1);
        skipped.expire(1_000 + MAX_SKIPPED_AGE + 1);
        assert_eq!(skipped.len(), 0);
    }
}
