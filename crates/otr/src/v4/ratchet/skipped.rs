//! Keys of messages that have not come yet.

use std::collections::VecDeque;

use super::super::message::MAC_LEN;
use super::MessageKeys;

/// How many keys are kept; the oldest go first.
pub(super) const SKIPPED_MAX: usize = 1_000;

/// Keys by ratchet and number.
#[derive(Default)]
pub(super) struct Skipped {
    keys: VecDeque<(u32, u32, MessageKeys)>,
}

impl Skipped {
    /// Keeps keys; gives back those that have to go for them.
    pub(super) fn insert(
        &mut self,
        ratchet: u32,
        number: u32,
        keys: MessageKeys,
    ) -> Option<MessageKeys> {
        let full = self.keys.len() >= SKIPPED_MAX;
        let dropped = if full { self.keys.pop_front() } else { None };
        self.keys.push_back((ratchet, number, keys));
        dropped.map(|(_, _, keys)| keys)
    }

    fn position(&self, ratchet: u32, number: u32) -> Option<usize> {
        self.keys.iter().position(|entry| (entry.0, entry.1) == (ratchet, number))
    }

    pub(super) fn get(&self, ratchet: u32, number: u32) -> Option<&MessageKeys> {
        let (_, _, keys) = self.keys.get(self.position(ratchet, number)?)?;
        Some(keys)
    }

    pub(super) fn take(&mut self, ratchet: u32, number: u32) -> Option<MessageKeys> {
        let position = self.position(ratchet, number)?;
        self.keys.remove(position).map(|(_, _, keys)| keys)
    }

    /// The keys of their authenticators; nothing is left.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = [u8; MAC_LEN]> + '_ {
        self.keys.drain(..).map(|(_, _, keys)| *keys.mac())
    }

    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }
}
