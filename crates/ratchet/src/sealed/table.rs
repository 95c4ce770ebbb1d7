//! One table of all tags that all conversations wait for.

use core::fmt;
use core::hash::{BuildHasherDefault, Hash, Hasher};

use hashbrown::HashMap;

use super::chain::Tag;
use super::packet::tag_of;

/// Finds the conversation that a packet belongs to by one look-up, however many conversations there are.
///
/// Held in memory and made anew from the sessions when a program starts. A tag that was used is erased.
#[derive(Default)]
pub struct TagTable(HashMap<Tag, Match, BuildHasherDefault<TagHasher>>);

/// Where a packet belongs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Match {
    /// The number that the conversation was given by [`SealedSession::start`](super::SealedSession::start).
    pub conversation: u64,
    /// Which of the peer's chains, counted from its first.
    pub(super) chain: u32,
    /// Which tag of that chain.
    pub(super) number: u32,
}

impl TagTable {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The conversation that waits for this packet. None for everything else: packets of others, our own reflected ones,
    /// those read before, and what is no packet at all.
    ///
    /// A tag can be copied by whoever sees it, so this says for whom a packet may be, and opening it whether it is.
    #[must_use]
    pub fn find(&self, packet: &[u8]) -> Option<Match> {
        self.0.get(&tag_of(packet)?).copied()
    }

    /// How many tags are waited for.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no tag is waited for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn insert(&mut self, tag: Tag, found: Match) {
        self.0.insert(tag, found);
    }

    pub(super) fn remove(&mut self, tag: &Tag) {
        if let Some(found) = self.0.get_mut(tag) {
            // What stays behind in the table's memory names nobody.
            *found = Match { conversation: 0, chain: 0, number: 0 };
        }
        self.0.remove(tag);
    }
}

impl fmt::Debug for TagTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TagTable").field("len", &self.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Match(…)")
    }
}

impl Hash for Tag {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(&self.0);
    }
}

/// The first eight bytes of a tag. Only tags that we derived are put in, and nobody can choose those, so nobody can fill
/// one bucket; what is looked up may be chosen and finds at most one bucket of random tags.
#[derive(Default, Clone, Copy)]
struct TagHasher(u64);

impl Hasher for TagHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.first_chunk().copied().map_or(0, u64::from_ne_bytes);
    }

    fn finish(&self) -> u64 {
        #[cfg(test)]
        tests::HASHES.with(|count| count.set(count.get() + 1));
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::super::chain::Chain;
    use super::super::packet::SIZES;
    use super::*;
    use crate::secret::Secret;

    thread_local! {
        pub(super) static HASHES: Cell<usize> = const { Cell::new(0) };
    }

    /// How many hashes a look-up takes, and what it finds.
    fn counted(table: &TagTable, packet: &[u8]) -> (usize, Option<u64>) {
        HASHES.set(0);
        let found = table.find(packet).map(|found| found.conversation);
        (HASHES.get(), found)
    }

    fn packet(tag: Tag) -> Vec<u8> {
        let mut packet = vec![0; SIZES[0]];
        packet[24..40].copy_from_slice(&tag.0);
        packet
    }

    /// `find` has nothing but the table: no conversation is at hand that it could try. And of the table it asks one
    /// bucket, with ten thousand conversations as with ten.
    #[test]
    fn one_look_up_finds_one_of_ten_thousand_conversations() {
        for conversations in [10_u64, 10_000] {
            let mut table = TagTable::new();
            let mut some = Vec::new();
            for conversation in 0..conversations {
                let mut seed = [3; 32];
                seed[..8].copy_from_slice(&conversation.to_be_bytes());
                for chain in [0, 1] {
                    seed[31] = u8::try_from(chain).unwrap();
                    for (number, tag) in Chain::new(Secret::from_bytes(&seed)).tags() {
                        table.insert(tag, Match { conversation, chain, number });
                        if conversation % 997 == 3 && number % 11 == 5 {
                            some.push((conversation, tag));
                        }
                    }
                }
            }
            // No two tags are alike.
            assert_eq!(table.len(), usize::try_from(conversations * 64).unwrap());
            assert!(!some.is_empty());
            for (conversation, tag) in some {
                assert_eq!(counted(&table, &packet(tag)), (1, Some(conversation)));
                let mut other = tag;
                other.0[15] ^= 1;
                assert_eq!(counted(&table, &packet(other)), (1, None));
            }
            assert_eq!(counted(&table, &[0; 1_023]), (0, None));
            assert_eq!(counted(&table, &[]), (0, None));
        }
    }

    #[test]
    fn a_tag_that_was_removed_is_not_found() {
        let mut table = TagTable::new();
        let found = Match { conversation: 5, chain: 0, number: 0 };
        let tag = Tag([9; 16]);
        table.insert(tag, found);
        assert!(table.find(&packet(tag)) == Some(found));
        table.remove(&tag);
        table.remove(&tag);
        assert!(table.find(&packet(tag)).is_none() && table.is_empty());
    }

    #[test]
    fn debug_shows_no_tags() {
        let mut table = TagTable::new();
        let found = Match { conversation: 5, chain: 0, number: 0 };
        table.insert(Tag([9; 16]), found);
        assert_eq!(format!("{table:?} {found:?}"), "TagTable { len: 1, .. } Match(…)");
    }
}
