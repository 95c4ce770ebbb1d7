//! The storage that lives and dies with the process.

mod read;
mod restored;

use std::collections::BTreeMap;

use undertone_handle::event::StorageFault;
use undertone_handle::{ConversationId, MessageId};
use zeroize::Zeroizing;

use crate::storage::{
    AskRow, Contact, Counters, EarlyRow, Expiry, MessageRow, OutboxRow, Policy, Profile,
    PublicAddress, RequestRow, Storage, View, Write, message_id,
};

/// Everything stored, in memory. Dropping it erases the secrets in it.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    profile: Profile,
    contacts: BTreeMap<ConversationId, Contact>,
    sessions: BTreeMap<ConversationId, Zeroizing<Vec<u8>>>,
    counters: BTreeMap<ConversationId, Counters>,
    outbox: BTreeMap<ConversationId, BTreeMap<u64, OutboxRow>>,
    messages: BTreeMap<MessageId, MessageRow>,
    /// The messages in the order in which they came, whosever they are, and the other way round.
    arrivals: BTreeMap<u64, MessageId>,
    arrived: BTreeMap<MessageId, u64>,
    early: BTreeMap<ConversationId, BTreeMap<u64, EarlyRow>>,
    policies: BTreeMap<ConversationId, Policy>,
    drafts: BTreeMap<ConversationId, Zeroizing<String>>,
    address: Option<PublicAddress>,
    requests: BTreeMap<ConversationId, RequestRow>,
    asks: BTreeMap<ConversationId, AskRow>,
}

impl Storage for Memory {
    fn apply(&mut self, writes: Vec<Write>) {
        Self::apply(self, writes);
    }

    /// Never fails: there is no medium.
    fn commit(&mut self) -> Result<(), StorageFault> {
        Ok(())
    }
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
            Write::ReplaceOutbox(id, row) => {
                if let Some(kept) =
                    self.outbox.get_mut(&id).and_then(|rows| rows.get_mut(&row.sequence))
                {
                    *kept = row;
                }
            }
            Write::PutMessage(_, row) => {
                if !self.messages.contains_key(&row.message) {
                    let serial = self.arrivals.last_key_value().map_or(1, |(last, _)| last + 1);
                    self.arrivals.insert(serial, row.message);
                    self.arrived.insert(row.message, serial);
                }
                self.messages.insert(row.message, *row);
            }
            Write::SetDelivery(message, delivery) => {
                if let Some(row) = self.messages.get_mut(&message) {
                    row.delivery = delivery;
                }
            }
            Write::SetExpiry(expiries) => {
                for Expiry { message, at, lasts: _ } in expiries {
                    if let Some(row) = self.messages.get_mut(&message) {
                        row.expires = Some(at);
                    }
                }
            }
            Write::SetSeen(id, last) => {
                for row in self.rows_mut(id).filter(|row| row.message <= last) {
                    row.seen = true;
                }
            }
            Write::Purge(messages) => {
                self.remove(messages);
            }
            Write::PutEarly(id, row) => {
                self.early.entry(id).or_default().insert(row.sequence, row);
            }
            Write::TakeEarly(id, sequence) => {
                if let Some(rows) = self.early.get_mut(&id) {
                    rows.remove(&sequence);
                }
            }
            Write::PutPolicy(id, policy) => {
                self.policies.insert(id, policy);
            }
            Write::PutDraft(id, text) => {
                self.drafts.remove(&id);
                if !text.is_empty() {
                    self.drafts.insert(id, text);
                }
            }
            Write::PutProfile(profile) => self.profile = profile,
            Write::Forget(id) => {
                let gone: Vec<MessageId> = self.rows(id).map(|row| row.message).collect();
                self.remove(gone);
                self.contacts.remove(&id);
                self.sessions.remove(&id);
                self.counters.remove(&id);
                self.outbox.remove(&id);
                self.early.remove(&id);
                self.policies.remove(&id);
                self.drafts.remove(&id);
            }
            Write::PutAddress(address) => self.address = Some(address),
            Write::PutRequest(row) => {
                self.requests.insert(row.id, *row);
            }
            Write::DropRequest(id) => {
                self.requests.remove(&id);
            }
            Write::PutAsk(row) => {
                self.asks.insert(row.id, *row);
            }
            Write::DropAsk(id) => {
                self.asks.remove(&id);
            }
        }
    }

    fn remove(&mut self, messages: Vec<MessageId>) {
        for message in messages {
            self.messages.remove(&message);
            if let Some(serial) = self.arrived.remove(&message) {
                self.arrivals.remove(&serial);
            }
        }
    }

    /// The ids that a contact's messages can have.
    fn range(&self, id: ConversationId) -> std::ops::RangeInclusive<MessageId> {
        // There is no contact 0, so nothing is in its range.
        let number = self.contacts.get(&id).map_or(0, |contact| contact.number);
        message_id(number, 0)..=message_id(number, u32::MAX)
    }

    /// The messages of a conversation, oldest first.
    pub fn rows(&self, id: ConversationId) -> impl DoubleEndedIterator<Item = &MessageRow> {
        self.messages.range(self.range(id)).map(|(_, row)| row)
    }

    fn rows_mut(&mut self, id: ConversationId) -> impl Iterator<Item = &mut MessageRow> {
        let range = self.range(id);
        self.messages.range_mut(range).map(|(_, row)| row)
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
    fn profile(&self) -> Profile {
        self.profile
    }

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

    fn message(&self, message: MessageId) -> Option<MessageRow> {
        self.messages.get(&message).cloned()
    }

    fn numbered(&self, id: ConversationId, own: bool, sequence: u64) -> Option<MessageId> {
        // Most references are to what was said lately.
        let mut rows = self.rows(id).rev();
        rows.find(|row| row.own == own && row.sequence == sequence).map(|row| row.message)
    }

    fn early(&self, id: ConversationId) -> Vec<EarlyRow> {
        self.early.get(&id).into_iter().flatten().map(|(_, row)| row.clone()).collect()
    }

    fn policy(&self, id: ConversationId) -> Option<Policy> {
        self.policies.get(&id).copied()
    }

    fn expiring(&self, until: u64, limit: usize) -> Vec<Expiry> {
        let mut due: Vec<Expiry> = self
            .messages
            .values()
            .filter_map(|row| {
                let at = row.expires.filter(|at| *at <= until)?;
                Some(Expiry {
                    message: row.message,
                    at,
                    lasts: row.timer.filter(|_| row.timer_runs()),
                })
            })
            .collect();
        due.sort_by_key(|expiry| (expiry.at, expiry.message));
        due.truncate(limit);
        due
    }

    fn next_expiry(&self) -> Option<u64> {
        self.messages.values().filter_map(|row| row.expires).min()
    }

    fn unseen(&self, id: ConversationId, last: MessageId, limit: usize) -> Vec<MessageId> {
        let rows = self.rows(id).filter(|row| !row.own && !row.seen && row.message <= last);
        rows.map(|row| row.message).take(limit).collect()
    }

    fn address(&self) -> Option<PublicAddress> {
        self.address.clone()
    }

    fn requests(&self) -> Vec<RequestRow> {
        let mut rows: Vec<RequestRow> = self.requests.values().cloned().collect();
        rows.sort_by_key(|row| (row.at, row.id));
        rows
    }

    fn asks(&self) -> Vec<AskRow> {
        let mut rows: Vec<AskRow> = self.asks.values().cloned().collect();
        rows.sort_by_key(|row| (row.at, row.id));
        rows
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
