//! What a backup and its restore make of everything stored.

use rand_core::CryptoRng;
use undertone_ratchet::handshake::RootError;
use undertone_wire::message::Body;
use zeroize::Zeroizing;

use super::Memory;
use crate::restore;
use crate::storage::{EarlyRow, OutboxRow, View as _};

impl Memory {
    /// What a backup of this is once it is restored: no session, no request, nothing that
    /// disappears, no contact that ends with the program; each other one a newer incarnation of itself.
    ///
    /// # Errors
    /// As of [`restore::restore`].
    pub fn into_restored(mut self, rng: &mut dyn CryptoRng) -> Result<Self, RootError> {
        self.contacts.retain(|_, contact| contact.lasting);
        self.sessions.clear();
        self.requests.clear();
        self.asks.clear();
        let timed: Vec<_> = self
            .messages
            .values()
            .filter(|row| row.timer.is_some())
            .map(|row| row.message)
            .collect();
        let bodies = self.waiting_bodies();
        self.remove(timed);
        for (id, outbox, early) in bodies {
            self.outbox.insert(id, outbox.into_iter().map(|row| (row.sequence, row)).collect());
            self.early.insert(id, early.into_iter().map(|row| (row.sequence, row)).collect());
        }
        for (id, contact) in &mut self.contacts {
            let counters = self.counters.entry(*id).or_default();
            self.sessions.insert(*id, restore::restore(contact, counters, &mut *rng)?);
        }
        Ok(self)
    }

    fn waiting_bodies(
        &self,
    ) -> Vec<(undertone_handle::ConversationId, Vec<OutboxRow>, Vec<EarlyRow>)> {
        let of = |id, own: bool, body: &Zeroizing<Vec<u8>>| {
            restore::waiting(body, true, |sequence| {
                let message = self.numbered(id, own, sequence)?;
                self.message(message).map(|row| row.timer.is_some())
            })
        };
        let nothing = |body: &[u8]| matches!(Body::decode(body), Ok(Body::Withdrawn));
        let all = self.contacts.keys().map(|id| {
            let outbox = self.outbox(*id, 0, usize::MAX).into_iter().map(|row| {
                let body = of(*id, true, &row.body);
                OutboxRow { message: row.message.filter(|_| !nothing(&body)), body, ..row }
            });
            let early = self.early(*id).into_iter().map(|row| {
                let body = of(*id, false, &row.body);
                EarlyRow { body, ..row }
            });
            (*id, outbox.collect(), early.collect())
        });
        all.collect()
    }
}
