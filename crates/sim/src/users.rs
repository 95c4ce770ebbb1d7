//! What users do to their messages.

use undertone_engine::storage::MessageRow;
use undertone_handle::command::{History, Reaction};
use undertone_handle::{Command, MessageId, Ticket};

use crate::pairing::{contact_id, text};
use crate::script::{Deed, Way};
use crate::world::World;

/// What a script writes for messages that are kept for ever.
pub(crate) const FOR_EVER: u32 = u32::MAX;

impl World {
    /// A user wishes something of a program that is up.
    pub(crate) fn wish(&mut self, deed: Deed) {
        let Some(way) = deed.way() else { return };
        if !self.machines[way.from].is_up() || !self.machines[way.from].is_honest() {
            return;
        }
        let conversation = contact_id(way.to);
        let theirs = |row: &MessageRow| !row.own;
        let own = |row: &MessageRow| row.own;
        let commands = match deed {
            Deed::Say(_, count, length) => {
                (0..count).map(|_| self.text(way, length, None)).collect()
            }
            Deed::Reply(_, back) => {
                let reply = self.newest(way, back, theirs).map(|row| row.message);
                vec![self.text(way, 40, reply)]
            }
            Deed::Edit(_, back) => {
                let edited = self.newest(way, back, own);
                let command = edited.map(|row| {
                    let version = self.now;
                    let body = format!("{} changed {version}", row.body.as_str());
                    Command::Edit { message: row.message, body }
                });
                command.into_iter().collect()
            }
            Deed::Cancel(_, back) => {
                let row = self.newest(way, back, own);
                row.map(|row| Command::Cancel(row.message)).into_iter().collect()
            }
            Deed::Delete(_, back) => {
                let row = self.newest(way, back, own);
                row.map(|row| Command::Delete(row.message)).into_iter().collect()
            }
            Deed::Erase(_, back) => {
                let row = self.newest(way, back, theirs);
                row.map(|row| Command::Delete(row.message)).into_iter().collect()
            }
            Deed::React(_, back) => {
                let row = self.newest(way, back / 2, |row| row.own == (back % 2 == 1));
                let sign = Reaction::parse(if self.dice.once_in(2) { "+" } else { "-" });
                let sign = sign.filter(|_| !self.dice.once_in(4));
                row.map(|row| Command::React(row.message, sign)).into_iter().collect()
            }
            Deed::Seen(_) => {
                let row = self.newest(way, 0, theirs);
                row.map(|row| Command::Seen(conversation, row.message)).into_iter().collect()
            }
            Deed::Block(..) => vec![Command::Block(conversation, true)],
            Deed::Leave(_) => vec![Command::Leave(conversation)],
            Deed::Heal(_) => vec![Command::Heal(conversation)],
            Deed::Timer(_, seconds) => {
                vec![Command::SetTimer(conversation, (seconds > 0).then_some(seconds))]
            }
            Deed::Keep(_, seconds) => {
                let history = match seconds {
                    0 => History::NotKept,
                    FOR_EVER => History::Kept,
                    seconds => History::For(seconds),
                };
                vec![Command::SetHistory(conversation, history)]
            }
            _ => Vec::new(),
        };
        if !commands.is_empty() {
            self.machines[way.from].commands.extend(commands);
            let after = self.dice.below(4);
            self.wake(way.from, self.now + after);
        }
    }

    fn text(&mut self, way: Way, length: u64, reply: Option<MessageId>) -> Command {
        let number = self.watch.next_text(way.from, way.to);
        let body = text(way.from, way.to, number, length);
        let conversation = contact_id(way.to);
        Command::Send { conversation, ticket: Ticket(number), body, reply }
    }

    /// One of the newest messages of a conversation, as it is on the disk.
    fn newest(
        &self,
        way: Way,
        back: u64,
        which: impl Fn(&MessageRow) -> bool,
    ) -> Option<MessageRow> {
        let rows = self.machines[way.from].memory.rows(contact_id(way.to)).rev();
        let mut rows = rows.filter(|row| which(row));
        rows.nth(usize::try_from(back).unwrap_or(0)).cloned()
    }
}
