//! The tags of both directions, chain after chain.

use core::cmp::Ordering;

use super::chain::{Chain, Change, Seed, Tag};
use super::table::{Match, TagTable};
use crate::secret::Secret;

/// Our own tags: the chain that is or will be sent in, and the seed of the one after it when that is known.
pub(super) struct Sending {
    pub(super) seed: Seed,
    pub(super) number: u32,
    pub(super) next: Option<Secret<32>>,
}

impl Sending {
    pub(super) fn new(first: Secret<32>) -> Self {
        Self { seed: Seed(first), number: 0, next: None }
    }

    /// The tag and key of the next packet. They are gone from the state then.
    pub(super) fn step(&mut self) -> (Tag, Secret<32>) {
        let used = (self.seed.tag(), self.seed.key());
        self.seed = self.seed.next();
        self.number = self.number.saturating_add(1);
        used
    }

    /// The session has started a chain, and yielded the seed of the one after it.
    pub(super) fn turn(&mut self, next: Secret<32>) {
        if let Some(started) = self.next.replace(next) {
            self.seed = Seed(started);
            self.number = 0;
        }
    }

    pub(super) fn number(&self) -> u32 {
        self.number
    }
}

/// The peer's tags: of its present chain, of the one after it when its seed is known, and what may still come of the one
/// before.
pub(super) struct Receiving {
    /// The number of `current` among the peer's chains.
    pub(super) serial: u32,
    pub(super) previous: Option<Chain>,
    pub(super) current: Chain,
    pub(super) next: Option<Chain>,
}

impl Receiving {
    pub(super) fn new(first: Secret<32>) -> Self {
        Self { serial: 0, previous: None, current: Chain::new(first), next: None }
    }

    /// What seeing a packet gives and changes: see [`Chain::see`].
    pub(super) fn see(&self, chain: u32, number: u32) -> Option<(Secret<32>, Chain, Change)> {
        self.chains().find(|(serial, _)| *serial == chain)?.1.see(number)
    }

    /// Puts a chain in the place of what it was before.
    pub(super) fn replace(&mut self, chain: u32, after: Chain) {
        match chain.cmp(&self.serial) {
            Ordering::Equal => self.current = after,
            Ordering::Greater => self.next = Some(after),
            Ordering::Less => self.previous = Some(after),
        }
    }

    /// The session has followed the peer into a chain, and yielded the seed of the one after it.
    pub(super) fn turn(&mut self, next: Secret<32>, conversation: u64, table: &mut TagTable) {
        let next = Chain::new(next);
        let Some(started) = self.next.take() else {
            // The first seed of all: the peer's first chain is the present one already.
            register(&next, self.serial.saturating_add(1), conversation, table);
            self.next = Some(next);
            return;
        };
        let finished = core::mem::replace(&mut self.current, started);
        if let Some(over) = self.previous.replace(finished) {
            forget(&over, table);
        }
        self.serial = self.serial.saturating_add(1);
        register(&next, self.serial.saturating_add(1), conversation, table);
        self.next = Some(next);
    }

    pub(super) fn register(&self, conversation: u64, table: &mut TagTable) {
        for (serial, chain) in self.chains() {
            register(chain, serial, conversation, table);
        }
    }

    pub(super) fn leave(&self, table: &mut TagTable) {
        for (_, chain) in self.chains() {
            forget(chain, table);
        }
    }

    pub(super) fn number(&self) -> u32 {
        self.current.number
    }

    fn chains(&self) -> impl Iterator<Item = (u32, &Chain)> {
        let previous = self.previous.iter().map(|chain| (self.serial.saturating_sub(1), chain));
        let next = self.next.iter().map(|chain| (self.serial.saturating_add(1), chain));
        previous.chain([(self.serial, &self.current)]).chain(next)
    }
}

fn register(chain: &Chain, serial: u32, conversation: u64, table: &mut TagTable) {
    for (number, tag) in chain.tags() {
        table.insert(tag, Match { conversation, chain: serial, number });
    }
}

fn forget(chain: &Chain, table: &mut TagTable) {
    for (_, tag) in chain.tags() {
        table.remove(&tag);
    }
}
