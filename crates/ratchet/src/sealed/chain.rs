//! Tags of one chain: each a one-way step from the one before.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::kdf::{self, label};
use crate::secret::Secret;

/// Bytes of a tag: long enough that chance never makes two alike, among all tags of all conversations.
pub(super) const TAG_LEN: usize = 16;

/// How far ahead of the highest tag seen the receiver looks: so many packets in a row may be lost.
pub const WINDOW: u32 = 32;

/// How many tags of lost packets are kept for each chain; the lowest numbers go first.
pub const KEPT: usize = 32;

/// What a packet is found by. Random bytes to everybody but the two ends, and public once it was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Tag(pub(super) [u8; TAG_LEN]);

/// The state from which a tag, its packet's key, and the next state come.
#[derive(Clone)]
pub(super) struct Seed(pub(super) Secret<32>);

impl Seed {
    pub(super) fn tag(&self) -> Tag {
        let whole = kdf::hmac(&self.0, &[label::SEALED_TAG]);
        let mut tag = [0; TAG_LEN];
        for (to, from) in tag.iter_mut().zip(whole.as_bytes()) {
            *to = *from;
        }
        Tag(tag)
    }

    pub(super) fn key(&self) -> Secret<32> {
        kdf::hmac(&self.0, &[label::SEALED_KEY])
    }

    pub(super) fn next(&self) -> Self {
        Self(kdf::hmac(&self.0, &[label::SEALED_NEXT]))
    }
}

/// The tag of a packet that hasn't come although later ones have.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) number: u32,
    pub(super) tag: Tag,
    pub(super) key: Secret<32>,
}

/// The receiver's end of one chain: the tags from `number` on for [`WINDOW`], and those kept from before.
#[derive(Clone)]
pub(super) struct Chain {
    /// The state of tag `number`.
    pub(super) low: Seed,
    /// The number after the highest that was seen.
    pub(super) number: u32,
    /// The state of tag `number` + [`WINDOW`].
    high: Seed,
    /// Ascending, all below `number`.
    pub(super) kept: VecDeque<Kept>,
}

/// What has become of tags: who has them in a table has to do the same.
#[derive(Default)]
pub(super) struct Change {
    pub(super) gone: Vec<Tag>,
    pub(super) new: Vec<(u32, Tag)>,
}

impl Chain {
    pub(super) fn new(seed: Secret<32>) -> Self {
        Self::from_parts(Seed(seed), 0, VecDeque::new())
    }

    pub(super) fn from_parts(low: Seed, number: u32, kept: VecDeque<Kept>) -> Self {
        let high = (0..WINDOW).fold(low.clone(), |seed, _| seed.next());
        Self { low, number, high, kept }
    }

    /// All tags that the chain waits for.
    pub(super) fn tags(&self) -> Vec<(u32, Tag)> {
        let kept = self.kept.iter().map(|kept| (kept.number, kept.tag));
        let numbers = (0..WINDOW).map_while(|ahead| self.number.checked_add(ahead));
        let ahead = numbers.scan(self.low.clone(), |seed, number| {
            let tag = seed.tag();
            *seed = seed.next();
            Some((number, tag))
        });
        kept.chain(ahead).collect()
    }

    /// The key of the packet with this number, if it is waited for; and the chain once it was seen. The work is bounded
    /// by [`WINDOW`].
    pub(super) fn see(&self, number: u32) -> Option<(Secret<32>, Self, Change)> {
        let mut after = self.clone();
        let mut change = Change::default();
        let Some(ahead) = number.checked_sub(self.number) else {
            let place = self.kept.iter().position(|kept| kept.number == number)?;
            let Kept { tag, key, .. } = after.kept.remove(place)?;
            change.gone.push(tag);
            return Some((key, after, change));
        };
        if ahead >= WINDOW {
            return None;
        }
        let last = number.checked_add(1)?;
        // The window's end has to be a number too.
        last.checked_add(WINDOW)?;
        let mut key = after.low.key();
        for passed in self.number..last {
            let tag = after.low.tag();
            key = after.low.key();
            if passed == number {
                change.gone.push(tag);
            } else {
                after.kept.push_back(Kept { number: passed, tag, key: key.clone() });
            }
            change.new.push((passed.saturating_add(WINDOW), after.high.tag()));
            after.low = after.low.next();
            after.high = after.high.next();
        }
        after.number = last;
        while after.kept.len() > KEPT {
            change.gone.extend(after.kept.pop_front().map(|kept| kept.tag));
        }
        Some((key, after, change))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain() -> Chain {
        Chain::new(Secret::from_bytes(&[7; 32]))
    }

    /// Tag and key of a number, straight from the seed.
    fn straight(number: u32) -> (Tag, Secret<32>) {
        let seed = (0..number).fold(Seed(Secret::from_bytes(&[7; 32])), |seed, _| seed.next());
        (seed.tag(), seed.key())
    }

    #[test]
    fn a_chain_waits_for_what_it_says() {
        let mut chain = chain();
        let mut table: Vec<(u32, Tag)> = chain.tags();
        for number in [0, 1, 5, 3, 2, 36, 4, 68, 69, 99] {
            let (key, after, change) = chain.see(number).unwrap();
            assert!(key == straight(number).1);
            assert!(change.gone.contains(&straight(number).0));
            table.retain(|(_, tag)| !change.gone.contains(tag));
            table.extend(change.new);
            chain = after;
            let mut expected = chain.tags();
            expected.sort_by_key(|(number, _)| *number);
            table.sort_by_key(|(number, _)| *number);
            assert_eq!(table, expected);
            assert!(table.iter().all(|(number, tag)| *tag == straight(*number).0));
            assert!(chain.see(number).is_none(), "{number} is seen once");
        }
    }

    #[test]
    fn neither_far_ahead_nor_long_gone() {
        let fresh = chain();
        assert!(fresh.see(WINDOW - 1).is_some());
        assert!(fresh.see(WINDOW).is_none());
        assert!(fresh.see(u32::MAX).is_none());
        let (_, chain, _) = fresh.see(31).unwrap();
        let (_, chain, _) = chain.see(40).unwrap();
        // 39 are missing, of which the first 7 are forgotten.
        assert_eq!(chain.kept.len(), KEPT);
        assert!(chain.see(6).is_none());
        assert!(chain.see(7).is_some());
    }

    #[test]
    fn numbers_end() {
        let near =
            |number| Chain::from_parts(Seed(Secret::from_bytes(&[7; 32])), number, VecDeque::new());
        assert!(near(u32::MAX).see(u32::MAX).is_none());
        assert!(near(u32::MAX - WINDOW).see(u32::MAX - WINDOW).is_none());
        assert!(near(u32::MAX - WINDOW - 1).see(u32::MAX - WINDOW - 1).is_some());
        assert!(near(u32::MAX - 1).tags().len() <= 32);
    }

    #[test]
    fn earlier_steps_can_not_be_told_from_what_is_left() {
        let (_, chain, _) = chain().see(3).unwrap();
        let (_, chain, _) = chain.see(1).unwrap();
        let left: Vec<[u8; 32]> = [&chain.low.0, &chain.high.0]
            .into_iter()
            .chain(chain.kept.iter().map(|kept| &kept.key))
            .map(|secret| *secret.as_bytes())
            .collect();
        let used: Vec<[u8; 32]> = [1, 3].map(|number| *straight(number).1.as_bytes()).to_vec();
        assert!(!left.iter().any(|secret| used.contains(secret)));
        let numbers: Vec<u32> = chain.kept.iter().map(|kept| kept.number).collect();
        assert_eq!(numbers, [0, 2]);
    }
}
