//! What becomes of a message after it was written: edited, taken back, deleted, answered.
//!
//! Each side changes what it wrote itself; a change names the message by its sequence number, and
//! one of a message that is not there changes nothing.

use std::collections::BTreeSet;

use undertone_handle::command::{MAX_TEXT, Name, Reaction};
use undertone_handle::event::{ConversationEvent, Deletion, NotDone};
use undertone_handle::{MessageId, SecretText};
use undertone_wire::message::{Body, Reference};
use zeroize::Zeroizing;

use super::{Conversation, Phase};
use crate::Cx;
use crate::limits::WAITING;
use crate::storage::{EarlyRow, MessageRow, OutboxRow, Write};

impl Conversation {
    /// Whether a message's id is one of this conversation's.
    pub(crate) fn owns(&self, message: MessageId) -> bool {
        crate::storage::number_of(message) == self.contact.number
    }

    fn not_done(&self, message: MessageId, why: NotDone, cx: &mut Cx<'_, '_>) {
        cx.tell(self.id, ConversationEvent::NotDone(message, why));
    }

    /// Whether another change can wait for its receipt; if not, that is said.
    fn has_room(&self, message: MessageId, cx: &mut Cx<'_, '_>) -> bool {
        let why = if self.phase != Phase::Open {
            NotDone::NotOpen
        } else if self.waiting() >= WAITING {
            NotDone::OutboxFull
        } else {
            return true;
        };
        self.not_done(message, why, cx);
        false
    }

    /// One of our own messages; if it is none, that is said.
    fn own_row(&self, message: MessageId, cx: &mut Cx<'_, '_>) -> Option<MessageRow> {
        let row = cx.message(self.id, message);
        let why = match &row {
            None => NotDone::Gone,
            Some(row) if !row.own => NotDone::NotOurs,
            Some(_) => return row,
        };
        self.not_done(message, why, cx);
        None
    }

    pub(crate) fn edit(&mut self, message: MessageId, text: String, cx: &mut Cx<'_, '_>) {
        let Some(row) = self.own_row(message, cx) else { return };
        if text.is_empty() || text.len() > MAX_TEXT {
            return self.not_done(message, NotDone::TooLong, cx);
        }
        if self.phase != Phase::Open {
            return self.not_done(message, NotDone::NotOpen, cx);
        }
        let body = Zeroizing::new(text);
        if row.sequence > self.counters.sent {
            // Nobody has seen the older words, and nobody will.
            let rows = cx.outbox(self.id, row.sequence, 1);
            let older = rows.first().filter(|older| older.sequence == row.sequence);
            if let Some(Ok(Body::Text { reply, timer, .. })) =
                older.map(|older| Body::decode(&older.body))
            {
                let new = Body::Text { text: body.clone(), reply, timer };
                self.replace_outbox(row.sequence, Some(message), &new, cx);
            }
        } else if self.has_room(message, cx) {
            self.queue(&Body::Edit { of: row.sequence, text: body.clone() }, None, cx);
        } else {
            return;
        }
        self.put_text(row, body, cx);
        self.save(cx);
    }

    /// Gives a message another text.
    fn put_text(&self, row: MessageRow, body: Zeroizing<String>, cx: &mut Cx<'_, '_>) {
        let (message, text, at) = (row.message, body.as_str().to_owned(), cx.wall);
        let row = MessageRow { body, edited: Some(at), ..row };
        cx.step.writes.push(Write::PutMessage(self.id, Box::new(row)));
        cx.tell(self.id, ConversationEvent::Edited { message, body: text, at });
    }

    fn replace_outbox(
        &self,
        sequence: u64,
        message: Option<MessageId>,
        body: &Body,
        cx: &mut Cx<'_, '_>,
    ) {
        if let Ok(body) = body.encode() {
            let row = OutboxRow { sequence, message, body };
            cx.step.writes.push(Write::ReplaceOutbox(self.id, row));
        }
    }

    pub(crate) fn cancel_text(&mut self, message: MessageId, cx: &mut Cx<'_, '_>) {
        if self.own_row(message, cx).is_some() {
            self.delete(message, cx);
        }
    }

    /// Deletes a message: one of ours on both sides, unless it never left; one of the partner's here.
    pub(crate) fn delete(&mut self, message: MessageId, cx: &mut Cx<'_, '_>) {
        let Some(row) = cx.message(self.id, message) else {
            return self.not_done(message, NotDone::Gone, cx);
        };
        let unsent = row.own && row.sequence > self.counters.sent;
        let tells = row.own && !unsent && !matches!(self.phase, Phase::Ended | Phase::Over);
        if tells && !self.has_room(message, cx) {
            return;
        }
        let how = if unsent { Deletion::Cancelled } else { Deletion::Own };
        self.erase(vec![message], Some(how), cx);
        if tells {
            self.queue(&Body::Delete { of: row.sequence }, None, cx);
        }
        self.save(cx);
    }

    /// Erases messages with every word of them that still waits to be sent. Their numbers stay, with
    /// nothing under them. `how`: what the user is told of it, if anything.
    pub(super) fn erase(
        &mut self,
        messages: Vec<MessageId>,
        how: Option<Deletion>,
        cx: &mut Cx<'_, '_>,
    ) {
        let rows = messages.iter().filter_map(|message| cx.message(self.id, *message));
        let own: BTreeSet<u64> = rows.filter(|row| row.own).map(|row| row.sequence).collect();
        if !own.is_empty() {
            let from = self.counters.acknowledged.saturating_add(1);
            let most = usize::try_from(self.waiting()).unwrap_or(usize::MAX);
            for row in cx.outbox(self.id, from, most) {
                if says_words_of(row.sequence, &row.body, &own) && !cfg!(planted = "withdrawn") {
                    self.replace_outbox(row.sequence, None, &Body::Withdrawn, cx);
                }
            }
        }
        for message in &messages {
            cx.going.stop(*message);
            if let Some(how) = how {
                cx.tell(self.id, ConversationEvent::Deleted(*message, how));
            }
        }
        if !(cfg!(planted = "disappeared") && how == Some(Deletion::Timer)) {
            cx.step.writes.push(Write::Purge(messages));
        }
    }

    pub(crate) fn react(
        &mut self,
        message: MessageId,
        reaction: Option<Reaction>,
        cx: &mut Cx<'_, '_>,
    ) {
        let Some(row) = cx.message(self.id, message) else {
            return self.not_done(message, NotDone::Gone, cx);
        };
        if row.own_reaction == reaction || !self.has_room(message, cx) {
            return;
        }
        let sign = reaction.as_ref().map_or("", Reaction::as_str).to_owned();
        let to = Reference { own: row.own, sequence: row.sequence };
        let row = MessageRow { own_reaction: reaction.clone(), ..row };
        cx.step.writes.push(Write::PutMessage(self.id, Box::new(row)));
        cx.tell(self.id, ConversationEvent::Reacted { message, own: true, reaction });
        self.queue(&Body::React { to, sign: Zeroizing::new(sign) }, None, cx);
        self.save(cx);
    }

    /// The partner edits a text of theirs.
    pub(super) fn peer_edits(
        &self,
        sequence: u64,
        of: u64,
        text: Zeroizing<String>,
        cx: &mut Cx<'_, '_>,
    ) {
        if of >= sequence {
            return cx.tell(self.id, ConversationEvent::Refused);
        }
        if let Some(row) = cx.numbered(self.id, false, of)
            && !cfg!(planted = "converged")
        {
            self.put_text(row, text, cx);
        }
    }

    /// The partner deletes a text of theirs.
    pub(super) fn peer_deletes(&mut self, sequence: u64, of: u64, cx: &mut Cx<'_, '_>) {
        if of >= sequence {
            return cx.tell(self.id, ConversationEvent::Refused);
        }
        if let Some(row) = cx.numbered(self.id, false, of) {
            self.erase(vec![row.message], Some(Deletion::Peer), cx);
        }
    }

    /// A deletion came early: what it names goes at once, and what waits of it is never shown.
    pub(super) fn peer_deletes_early(&mut self, sequence: u64, of: u64, cx: &mut Cx<'_, '_>) {
        if of >= sequence {
            return;
        }
        self.peer_deletes(sequence, of, cx);
        let of = BTreeSet::from([of]);
        for row in cx.view.early(self.id) {
            if says_words_of(row.sequence, &row.body, &of)
                && let Ok(body) = Body::Withdrawn.encode()
            {
                let row = EarlyRow { sequence: row.sequence, body };
                cx.step.writes.push(Write::PutEarly(self.id, row));
            }
        }
    }

    /// The partner answers a message with a sign.
    pub(super) fn peer_reacts(&self, to: Reference, sign: &str, cx: &mut Cx<'_, '_>) {
        let reaction = match sign {
            "" => None,
            sign => match Reaction::parse(sign) {
                Some(reaction) => Some(reaction),
                None => return cx.tell(self.id, ConversationEvent::Refused),
            },
        };
        let Some(row) = cx.numbered(self.id, !to.own, to.sequence) else { return };
        if row.peer_reaction != reaction {
            let message = row.message;
            let row = MessageRow { peer_reaction: reaction.clone(), ..row };
            cx.step.writes.push(Write::PutMessage(self.id, Box::new(row)));
            cx.tell(self.id, ConversationEvent::Reacted { message, own: false, reaction });
        }
    }

    pub(crate) fn rename(&mut self, name: Name, cx: &mut Cx<'_, '_>) {
        if self.contact.peer != name {
            cx.tell(self.id, ConversationEvent::Renamed(name.as_str().to_owned()));
            self.contact.peer = name;
            cx.step.writes.push(Write::PutContact(Box::new(self.contact.clone())));
        }
    }

    /// Keeps a draft. One that is longer than any message is not kept, and the one before it is.
    pub(crate) fn draft(&self, draft: &SecretText, cx: &mut Cx<'_, '_>) {
        if draft.reveal().len() <= MAX_TEXT {
            let draft = Zeroizing::new(draft.reveal().to_owned());
            cx.step.writes.push(Write::PutDraft(self.id, draft));
        }
    }
}

/// Whether the body under a number is the text of one of these messages, or another text for one.
fn says_words_of(sequence: u64, body: &[u8], messages: &BTreeSet<u64>) -> bool {
    match Body::decode(body) {
        Ok(Body::Text { .. }) => messages.contains(&sequence),
        Ok(Body::Edit { of, .. }) => messages.contains(&of),
        _ => false,
    }
}
