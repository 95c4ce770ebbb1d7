//! What is stored, as it will be once the writes of the running step are applied.
//!
//! A [`View`](crate::storage::View) sees the steps before this one. One packet can complete a text
//! and its edit, though, and what a step has erased must not leave by the same step.

use undertone_handle::{ConversationId, MessageId};

use super::Conversation;
use crate::Cx;
use crate::memory::covers;
use crate::restore::JUMP;
use crate::storage::{Expiry, MessageRow, OutboxRow, Write};

impl Cx<'_, '_> {
    /// A message as it is now.
    pub(super) fn message(&self, id: ConversationId, message: MessageId) -> Option<MessageRow> {
        let mut row = self.view.message(message);
        for write in &self.step.writes {
            match write {
                Write::PutMessage(_, put) if put.message == message => {
                    row = Some(MessageRow::clone(put));
                }
                Write::Purge(gone) if gone.contains(&message) => row = None,
                Write::SetDelivery(of, delivery) if *of == message => {
                    row = row.map(|row| MessageRow { delivery: *delivery, ..row });
                }
                Write::SetExpiry(expiries) => {
                    if let Some(Expiry { at, .. }) = expiries.iter().find(|e| e.message == message)
                    {
                        row = row.map(|row| MessageRow { expires: Some(*at), ..row });
                    }
                }
                Write::SetSeen(of, last) if *of == id && message <= *last => {
                    row = row.map(|row| MessageRow { seen: true, ..row });
                }
                _ => {}
            }
        }
        row
    }

    /// The message of a direction and a number, if it is here now.
    pub(super) fn numbered(
        &self,
        id: ConversationId,
        own: bool,
        sequence: u64,
    ) -> Option<MessageRow> {
        let put = self.step.writes.iter().rev().find_map(|write| match write {
            Write::PutMessage(of, row)
                if *of == id && row.own == own && row.sequence == sequence =>
            {
                Some(row.message)
            }
            _ => None,
        });
        let message = put.or_else(|| self.view.numbered(id, own, sequence))?;
        self.message(id, message)
    }

    /// The outbox from a number on as it is now, but for what this step has added: that is sent when
    /// it is added, or with a later step.
    pub(super) fn outbox(&self, id: ConversationId, from: u64, limit: usize) -> Vec<OutboxRow> {
        let mut rows = self.view.outbox(id, from, limit);
        for write in &self.step.writes {
            match write {
                Write::ReplaceOutbox(of, new) if *of == id => {
                    if let Some(row) = rows.iter_mut().find(|row| row.sequence == new.sequence) {
                        *row = new.clone();
                    }
                }
                Write::Acknowledge { contact, highest, window } if *contact == id => {
                    rows.retain(|row| !covers(*highest, *window, row.sequence));
                }
                _ => {}
            }
        }
        rows
    }
}

/// The numbers that a receipt names after a hole, and the skip behind them.
const HOLES: u64 = 65;

impl Conversation {
    /// How many numbered bodies of every kind wait for a receipt, at most: a few more than there are
    /// while receipts name numbers after a hole.
    pub(super) fn waiting(&self) -> u64 {
        let all = self.counters.next.saturating_sub(self.counters.acknowledged).saturating_sub(1);
        let Some(from) = self.contact.recovery.restored_from else { return all };
        // Until the partner has skipped what a lost self may have used, there are two runs of numbers: from the
        // receipts to the skip, which is right behind what that self is known to have sent, and behind the jump.
        let acknowledged = self.counters.acknowledged;
        let low = from.max(acknowledged.saturating_add(HOLES)).saturating_sub(acknowledged);
        let high = self.counters.next.saturating_sub(from.saturating_add(JUMP));
        low.saturating_add(high).min(all)
    }
}
