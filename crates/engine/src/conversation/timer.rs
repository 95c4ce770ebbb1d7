//! Disappearing messages, and how long the history is kept.
//!
//! One timer stands for both sides and is carried by each message that is written under it. It runs
//! at the receiver from when the message was seen, at the sender from its receipt; see
//! [`crate::going`] for the clocks. The history is each side's own choice.
//!
//! What has not arrived yet is not let go by any age: it is erased when it has arrived, or when its
//! author deletes it.

use undertone_handle::MessageId;
use undertone_handle::command::{History, MAX_TIMER, Role};
use undertone_handle::event::{ConversationEvent, Deletion, Delivery};
use undertone_wire::message::Body;

use super::{Conversation, Phase};
use crate::Cx;
use crate::limits::{AT_ONCE, NEXT_BATCH};
use crate::storage::{Expiry, MessageRow, OutboxRow, Policy, Write, message_id};

impl Conversation {
    pub(crate) const fn number(&self) -> u32 {
        self.contact.number
    }

    pub(super) fn put_policy(&mut self, policy: Policy, cx: &mut Cx<'_, '_>) {
        self.policy = policy;
        cx.step.writes.push(Write::PutPolicy(self.id, policy));
    }

    pub(crate) fn set_timer(&mut self, seconds: Option<u32>, cx: &mut Cx<'_, '_>) {
        let timer = seconds.filter(|seconds| *seconds > 0).map(|seconds| seconds.min(MAX_TIMER));
        let open = matches!(self.phase, Phase::Checking | Phase::Open);
        if open && timer != self.policy.timer {
            self.agree(timer, cx);
        }
        // Whoever asked sees what stands now.
        cx.tell(self.id, ConversationEvent::Timer { seconds: self.policy.timer, own: true });
        self.save(cx);
    }

    /// Tells the partner of another timer.
    fn agree(&mut self, timer: Option<u32>, cx: &mut Cx<'_, '_>) {
        let seconds = timer.unwrap_or(0);
        // A change that has not left is replaced: however often it is changed, one waits.
        let from = self.counters.sent.saturating_add(1);
        let most = usize::try_from(self.waiting()).unwrap_or(usize::MAX);
        let unsent =
            cx.outbox(self.id, from, most).into_iter().find_map(|row| {
                match Body::decode(&row.body) {
                    Ok(Body::Timer { changes, .. }) => Some((row.sequence, changes)),
                    _ => None,
                }
            });
        match unsent.filter(|(_, changes)| *changes == self.policy.timer_changes) {
            Some((sequence, changes)) => {
                if let Ok(body) = (Body::Timer { changes, seconds }).encode() {
                    let row = OutboxRow { sequence, message: None, body };
                    cx.step.writes.push(Write::ReplaceOutbox(self.id, row));
                }
                self.put_policy(Policy { timer, ..self.policy }, cx);
            }
            None => {
                let timer_changes = self.policy.timer_changes.saturating_add(1);
                self.put_policy(Policy { timer, timer_changes, ..self.policy }, cx);
                self.queue(&Body::Timer { changes: timer_changes, seconds }, None, cx);
            }
        }
    }

    /// The partner put another timer on new messages.
    pub(super) fn peer_sets_timer(&mut self, changes: u32, seconds: u32, cx: &mut Cx<'_, '_>) {
        let ours = self.policy.timer_changes;
        let leaps = changes > ours.saturating_add(1) && !self.was_restored();
        // Everything that the partner had seen of ours counts in our number too, so an honest one is
        // at most one ahead; one that leaps ahead would have the last word for ever. Where a side was
        // restored, it may not know of some.
        if leaps {
            return cx.tell(self.id, ConversationEvent::Refused);
        }
        // Of two changes at once the guest's stands.
        let stands = changes > ours || changes == ours && self.contact.role == Role::Host;
        if !stands {
            return;
        }
        let timer = (seconds > 0).then(|| seconds.min(MAX_TIMER));
        let differs = timer != self.policy.timer;
        self.put_policy(Policy { timer, timer_changes: changes, ..self.policy }, cx);
        if differs {
            cx.tell(self.id, ConversationEvent::Timer { seconds: timer, own: false });
        }
    }

    /// When a message of this time goes by the age of the history. A conversation that ends with the
    /// program has none.
    pub(super) fn goes_by_age(&self, at: u64) -> Option<u64> {
        match self.policy.history {
            History::For(seconds) if self.contact.lasting => {
                Some(at.saturating_add(seconds.into()))
            }
            History::For(_) | History::Kept | History::NotKept => None,
        }
    }

    /// The user has seen the conversation up to this message.
    pub(crate) fn seen(&mut self, last: MessageId, cx: &mut Cx<'_, '_>) {
        if !self.owns(last) {
            return;
        }
        let unseen = cx.view.unseen(self.id, last, AT_ONCE);
        // The others follow when these are done.
        let rest = unseen.len() >= AT_ONCE;
        let reached = unseen.last().copied().filter(|_| rest).unwrap_or(last);
        self.see_later = rest.then(|| (cx.now.saturating_add(NEXT_BATCH), last));
        let rows = unseen.iter().filter_map(|message| cx.message(self.id, *message));
        let rows: Vec<MessageRow> = rows.map(|row| MessageRow { seen: true, ..row }).collect();
        cx.step.writes.push(Write::SetSeen(self.id, reached));
        self.begin_timers(rows, cx);
    }

    /// Messages of ours have arrived.
    pub(super) fn arrived_there(&mut self, messages: Vec<MessageId>, cx: &mut Cx<'_, '_>) {
        let rows = messages.into_iter().filter_map(|message| cx.message(self.id, message));
        let rows = rows.map(|row| MessageRow { delivery: Delivery::Delivered, ..row }).collect();
        self.begin_timers(rows, cx);
    }

    /// The timers of these messages run from now; what is not kept is erased.
    fn begin_timers(&mut self, rows: Vec<MessageRow>, cx: &mut Cx<'_, '_>) {
        for row in &rows {
            if let Some(lasts) = row.timer {
                cx.going.start(row.message, cx.now.saturating_add(u64::from(lasts) * 1000));
            }
        }
        if self.policy.history == History::NotKept {
            return self.keep_nothing_of(&rows, cx);
        }
        let dated = rows.iter().filter_map(|row| {
            let by_timer = row.timer.map(|lasts| cx.wall.saturating_add(lasts.into()));
            let times = [by_timer, self.goes_by_age(row.at), row.expires];
            let at = times.into_iter().flatten().min()?;
            Some(Expiry { message: row.message, at, lasts: row.timer })
        });
        let dated = dated.collect();
        self.date(dated, cx);
    }

    /// Erases without a word: whoever looks at a message now still sees it, until its timer ends.
    fn keep_nothing_of(&self, rows: &[MessageRow], cx: &mut Cx<'_, '_>) {
        if !rows.is_empty() {
            let messages = rows.iter().map(|row| row.message).collect();
            cx.step.writes.push(Write::Purge(messages));
        }
    }

    fn date(&self, dated: Vec<Expiry>, cx: &mut Cx<'_, '_>) {
        let first = dated.iter().map(|expiry| expiry.at).min();
        cx.going.look_by(first, cx.now, cx.wall);
        if !dated.is_empty() {
            cx.step.writes.push(Write::SetExpiry(dated));
        }
    }

    /// The time of these messages is over.
    pub(crate) fn time_is_over(&mut self, messages: Vec<MessageId>, cx: &mut Cx<'_, '_>) {
        self.erase(messages, Some(Deletion::Timer), cx);
    }

    /// How long the history is kept. In a conversation that ends with the program an age would say
    /// nothing, and what was chosen before stands.
    pub(crate) fn set_history(&mut self, history: History, cx: &mut Cx<'_, '_>) {
        let ages = matches!(history, History::For(_));
        if history != self.policy.history && (self.contact.lasting || !ages) {
            let to_date = self.counters.place;
            self.put_policy(Policy { history, to_date, ..self.policy }, cx);
            self.date_again(cx);
        }
        cx.tell(self.id, ConversationEvent::History(self.policy.history));
    }

    /// Dates a part of the history by what was chosen last, the newest first.
    fn date_again(&mut self, cx: &mut Cx<'_, '_>) {
        let end = self.policy.to_date;
        let from = end.saturating_sub(u32::try_from(AT_ONCE).unwrap_or(u32::MAX)).max(1);
        let ids = (from..end).map(|place| message_id(self.contact.number, place));
        let rows: Vec<MessageRow> = ids.filter_map(|id| cx.message(self.id, id)).collect();
        if self.policy.history == History::NotKept {
            let (gone, stay): (Vec<_>, Vec<_>) = rows.into_iter().partition(MessageRow::timer_runs);
            self.keep_nothing_of(&gone, cx);
            self.date_each(stay, cx);
        } else {
            self.date_each(rows, cx);
        }
        let to_date = if from > 1 && from < end { from } else { 0 };
        self.put_policy(Policy { to_date, ..self.policy }, cx);
        self.date_later = (to_date > 0).then(|| cx.now.saturating_add(NEXT_BATCH));
    }

    fn date_each(&self, rows: Vec<MessageRow>, cx: &mut Cx<'_, '_>) {
        let mut dated = Vec::new();
        for row in rows {
            let waits = row.own && row.delivery != Delivery::Delivered;
            let by_age = self.goes_by_age(row.at).filter(|_| !waits);
            let lasts = row.timer.filter(|_| row.timer_runs());
            // No choice of the history makes a timer that runs any longer.
            let by_timer = row.expires.filter(|_| lasts.is_some());
            match by_age.into_iter().chain(by_timer).min() {
                Some(at) => dated.push(Expiry { message: row.message, at, lasts }),
                None if row.expires.is_some() => {
                    let row = MessageRow { expires: None, ..row };
                    cx.step.writes.push(Write::PutMessage(self.id, Box::new(row)));
                }
                None => {}
            }
        }
        self.date(dated, cx);
    }

    /// Goes on with what was too much for one step.
    pub(super) fn tick_timer(&mut self, cx: &mut Cx<'_, '_>) {
        if self.date_later.is_some_and(|at| at <= cx.now) {
            self.date_again(cx);
        }
        if let Some((_, last)) = self.see_later.filter(|(at, _)| *at <= cx.now) {
            self.seen(last, cx);
        }
    }
}
