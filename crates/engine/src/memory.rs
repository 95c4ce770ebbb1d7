//! The storage that lives and dies with the process.

use std::collections::BTreeMap;

use undertone_handle::ConversationId;
use zeroize::Zeroizing;

use crate::storage::{Contact, Counters, MessageRow, OutboxRow, View, Write};

/// Everything stored, in memory. Dropping it erases the secrets in it.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    contacts: BTreeMap<ConversationId, Contact>,
    sessions: BTreeMap<ConversationId, Zeroizing<Vec<u8>>>,
    counters: BTreeMap<ConversationId, Counters>,
    outbox: BTreeMap<ConversationId, BTreeMap<u64, OutboxRow>>,
    messages: BTreeMap<ConversationId, Vec<MessageRow>>,
}

impl Memory {
    /// Applies the writes of a step, in order.
    pub fn apply(&mut self, writes: Vec<Write>) {
        for write in writes {
            self.apply_one(write);
        }
    }

    fn apply_one(&mut self, write: Write) {
        match write {
            Write::PutContact(contact) => {
                self.contacts.insert(contact.id, *contact);
            }
            Write::PutSession(id, bytes) => {
                self.sessions.insert(id, bytes);
            }
            Write::PutCounters(id, counters) => {
                self.counters.insert(id, counters);
            }
            Write::AddOutbox(id, row) => {
                self.outbox.entry(id).or_default().insert(row.sequence, row);
            }
            Write::Acknowledge { contact, highest, window } => {
                if let Some(rows) = self.outbox.get_mut(&contact) {
                    rows.retain(|sequence, _| !covers(highest, window, *sequence));
                }
            }
            Write::PutMessage(id, row) => {
                self.messages.entry(id).or_default().push(row);
            }
            Write::SetDelivery(id, message, delivery) => {
                // Recent messages change, so the search begins at the end.
                let rows = self.messages.entry(id).or_default();
                if let Some(row) = rows.iter_mut().rev().find(|row| row.message == message) {
                    row.delivery = delivery;
                }
            }
            Write::Forget(id) => {
                self.contacts.remove(&id);
                self.sessions.remove(&id);
                self.counters.remove(&id);
                self.outbox.remove(&id);
                self.messages.remove(&id);
            }
        }
    }
}

/// Whether a receipt covers a sequence number.
#[must_use]
pub(crate) fn covers(highest: u64, window: u64, sequence: u64) -> bool {
    match sequence.checked_sub(highest) {
        None | Some(0) => true,
        Some(after) => u32::try_from(after - 1)
            .ok()
            .and_then(|bit| 1u64.checked_shl(bit))
            .is_some_and(|mask| window & mask != 0),
    }
}

impl View for Memory {
    fn contacts(&self) -> Vec<ConversationId> {
        self.contacts.keys().copied().collect()
    }

    fn contact(&self, id: ConversationId) -> Option<Contact> {
        self.contacts.get(&id).cloned()
    }

    fn session(&self, id: ConversationId) -> Option<Zeroizing<Vec<u8>>> {
        self.sessions.get(&id).cloned()
    }

    fn counters(&self, id: ConversationId) -> Option<Counters> {
        self.counters.get(&id).copied()
    }

    fn outbox(&self, id: ConversationId, from: u64, limit: usize) -> Vec<OutboxRow> {
        let rows = self.outbox.get(&id);
        rows.into_iter().flat_map(|r| r.range(from..)).map(|(_, r)| r.clone()).take(limit).collect()
    }

    fn outbox_len(&self, id: ConversationId) -> usize {
        let rows = self.outbox.get(&id);
        rows.into_iter().flatten().filter(|(_, row)| row.message.is_some()).count()
    }

    fn messages(&self, id: ConversationId) -> Vec<MessageRow> {
        self.messages.get(&id).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_covers_what_it_says_and_nothing_else() {
        assert!(covers(5, 0, 1) && covers(5, 0, 5));
        assert!(!covers(5, 0, 6));
        assert!(covers(5, 0b1, 6) && !covers(5, 0b1, 7));
        assert!(covers(5, 1 << 63, 69) && !covers(5, u64::MAX, 70));
        assert!(!covers(0, u64::MAX, u64::MAX));
    }
}
