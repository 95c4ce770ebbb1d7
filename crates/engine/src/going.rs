//! Messages that go by themselves: when, and that they do.
//!
//! What is stored says it in this machine's time of day, which survives the program and can be set.
//! For a timer that began, or was found running, in this process there is a second time, on the clock
//! that never goes back. The earlier of the two decides. A clock that went back between two runs of
//! the program gives no message longer than its timer from the start of the second.

use std::collections::{BTreeMap, BTreeSet};

use undertone_handle::{ConversationId, MessageId};

use crate::Cx;
use crate::conversation::Conversation;
use crate::limits::{AT_ONCE, CLOCK_LOOK, DATED_AT_START, Millis, NEXT_BATCH, TIMERS_HELD};
use crate::storage::{Expiry, View, Write, number_of};

/// What is known of it in memory.
#[derive(Debug, Default)]
pub(crate) struct Going {
    /// Timers that run, by the clock that never goes back.
    ends: BTreeMap<MessageId, Millis>,
    /// The same, soonest first.
    order: BTreeSet<(Millis, MessageId)>,
    /// When the time of day is compared with what is stored.
    look: Option<Millis>,
    /// What was stored before this process began was not looked through yet.
    loaded: bool,
    /// A step has done as much as one does: the next comes no earlier.
    not_before: Millis,
}

impl Going {
    pub(crate) fn load(view: &dyn View) -> Self {
        let loaded = view.next_expiry().is_some();
        Self { look: loaded.then_some(0), loaded, ..Self::default() }
    }

    pub(crate) fn deadline(&self) -> Option<Millis> {
        let first = self.order.first().map(|(at, _)| *at);
        first.into_iter().chain(self.look).min().map(|at| at.max(self.not_before))
    }

    /// A timer runs, and ends no later than this.
    pub(crate) fn start(&mut self, message: MessageId, end: Millis) {
        let end = self.ends.get(&message).map_or(end, |before| end.min(*before));
        self.stop(message);
        self.ends.insert(message, end);
        self.order.insert((end, message));
        if self.ends.len() > TIMERS_HELD
            && let Some((_, last)) = self.order.pop_last()
        {
            self.ends.remove(&last);
        }
    }

    /// The message is gone.
    pub(crate) fn stop(&mut self, message: MessageId) {
        if let Some(end) = self.ends.remove(&message) {
            self.order.remove(&(end, message));
        }
    }

    /// Something goes at this time of day, if at any.
    pub(crate) fn look_by(&mut self, at: Option<u64>, now: Millis, wall: u64) {
        if let Some(at) = at {
            let left = at.saturating_sub(wall).saturating_mul(1000).clamp(NEXT_BATCH, CLOCK_LOOK);
            let then = now.saturating_add(left);
            self.look = Some(self.look.map_or(then, |look| look.min(then)));
        }
    }

    /// Timers that have ended, soonest first, at most `limit`.
    fn take_ended(&mut self, now: Millis, limit: usize) -> BTreeSet<MessageId> {
        let ended = self.order.iter().take_while(|(at, _)| *at <= now).take(limit);
        let ended: BTreeSet<MessageId> = ended.map(|(_, message)| *message).collect();
        for message in &ended {
            self.stop(*message);
        }
        ended
    }
}

/// Lets go what is due.
pub(crate) fn tick(
    conversations: &mut BTreeMap<ConversationId, Conversation>,
    cx: &mut Cx<'_, '_>,
) {
    if std::mem::take(&mut cx.going.loaded) {
        look_through(cx);
    }
    if cx.going.deadline().is_none_or(|at| at > cx.now) {
        return;
    }
    let mut due = cx.going.take_ended(cx.now, AT_ONCE);
    let by_day = cx.view.expiring(cx.wall, AT_ONCE);
    let more = due.len().max(by_day.len()) >= AT_ONCE;
    due.extend(by_day.iter().map(|expiry| expiry.message));
    let mut by_number: BTreeMap<u32, Vec<MessageId>> = BTreeMap::new();
    for message in due {
        by_number.entry(number_of(message)).or_default().push(message);
    }
    for (number, messages) in by_number {
        let mut all = conversations.values_mut();
        match all.find(|conversation| conversation.number() == number) {
            Some(conversation) => conversation.time_is_over(messages, cx),
            // Whatever became of the conversation: what should be gone is gone.
            None => cx.step.writes.push(Write::Purge(messages)),
        }
    }
    if more {
        cx.going.not_before = cx.now.saturating_add(NEXT_BATCH);
    }
    cx.going.look = None;
    match cx.view.next_expiry() {
        // What this step has let go is still counted.
        Some(at) if at <= cx.wall => {
            cx.going.look = Some(cx.now.saturating_add(NEXT_BATCH));
        }
        next => cx.going.look_by(next, cx.now, cx.wall),
    }
}

/// Once after the start: timers that run get their second time, and none runs longer from now than
/// it lasts.
fn look_through(cx: &mut Cx<'_, '_>) {
    let mut shortened = Vec::new();
    for Expiry { message, at, lasts } in cx.view.expiring(u64::MAX, DATED_AT_START) {
        let Some(most) = lasts else { continue };
        let left = at.saturating_sub(cx.wall);
        if left > most.into() {
            let at = cx.wall.saturating_add(most.into());
            shortened.push(Expiry { message, at, lasts });
        }
        let left = left.min(most.into()).saturating_mul(1000);
        cx.going.start(message, cx.now.saturating_add(left));
    }
    if !shortened.is_empty() {
        cx.step.writes.push(Write::SetExpiry(shortened));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_beyond_the_limit_that_end_last_are_not_held() {
        let mut going = Going::default();
        let count = TIMERS_HELD as u64 + 10;
        for number in 0..count {
            // The last ones end first.
            going.start(MessageId(number), 1_000_000 - number);
        }
        assert_eq!((going.ends.len(), going.order.len()), (TIMERS_HELD, TIMERS_HELD));
        assert_eq!(going.deadline(), Some(1_000_000 - (count - 1)));
        assert!(!going.ends.contains_key(&MessageId(9)) && going.ends.contains_key(&MessageId(10)));
        going.start(MessageId(20), 5);
        assert_eq!((going.ends.len(), going.deadline()), (TIMERS_HELD, Some(5)));
    }
}
