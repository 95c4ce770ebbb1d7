//! The ratchet's post-quantum epochs: when one begins, how its chunks travel, and what is told of it.
//!
//! Chunks stand where padding would, so an epoch costs no cell. Only when one is *pressed* for, because
//! it is late or because the user asked for it, empty packets go to and fro for its sake:
//! `docs/protocol.md`, "Messages".

use undertone_handle::event::{ConversationEvent, HealingEvent};
use undertone_ratchet::session::{Begin, Healing, MIN_CHUNK, Pace};
use undertone_wire::cell::FrameKind;
use undertone_wire::message::{Body, Payload};

use super::{Conversation, Phase};
use crate::limits::{LINK_TIME_COUNT, Millis};
use crate::{Cx, Effect, StreamId};

/// The epochs of one conversation, as far as they are not the session's own business.
pub(super) struct Epochs {
    /// Up to when the time with a connection was counted.
    counted_until: Option<Millis>,
    /// What the user was told last of how late the next epoch is.
    told: Healing,
    /// What the user asked for, until both have it.
    wanted: Option<Wanted>,
    /// The partner brought the newest epoch, and no packet of ours has shown it that we have it.
    unshown: bool,
}

/// New keys that the user asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// With the next connection.
    Waiting,
    /// The epoch with this number, as soon as both have mixed it in.
    Epoch(u32),
}

/// What the session was before a packet was read.
pub(super) struct Before {
    pressed: bool,
    epoch: u32,
}

impl Epochs {
    pub(super) fn new() -> Self {
        Self { counted_until: None, told: Healing::Fresh, wanted: None, unshown: false }
    }

    /// The session is a new one. `true`: that is what the user asked for.
    pub(super) fn repaired(&mut self) -> bool {
        self.counted_until = None;
        self.unshown = false;
        self.wanted.take().is_some()
    }

    /// When the time with a connection is to be counted next.
    pub(super) fn deadline(&self) -> Option<Millis> {
        self.counted_until.map(|until| until.saturating_add(LINK_TIME_COUNT))
    }
}

impl Conversation {
    /// Counts the time with a connection, and begins an epoch when one is due or pressed for.
    pub(super) fn tend_epoch(&mut self, cx: &mut Cx<'_, '_>) {
        self.count_link_time(cx.now);
        let is_due = self.session.epoch_due(Pace::Unpaced);
        // Who has the next epoch to answer asks for it.
        if is_due || self.has_late_epoch() || self.lacks_wanted_epoch() {
            self.session.begin_epoch(cx.rng);
            self.session_changed = true;
        }
    }

    /// Adds the whole seconds since this was last called on a connection that is up.
    fn count_link_time(&mut self, now: Millis) {
        if self.connection.stream().is_none() {
            self.epochs.counted_until = None;
            return;
        }
        let since = self.epochs.counted_until.unwrap_or(now);
        let seconds = now.saturating_sub(since) / 1000;
        self.epochs.counted_until = Some(since.saturating_add(seconds.saturating_mul(1000)));
        if seconds > 0 {
            self.session.add_link_time(u32::try_from(seconds).unwrap_or(u32::MAX));
            self.session_changed = true;
        }
    }

    /// The connection is up: its time counts from now on, and what the user asked for begins.
    pub(super) fn epochs_up(&mut self, cx: &mut Cx<'_, '_>) {
        self.epochs.counted_until = Some(cx.now);
        if self.epochs.wanted == Some(Wanted::Waiting) {
            self.want_epoch(cx);
        }
    }

    /// The connection is gone: no time counts until the next one.
    pub(super) fn epochs_down(&mut self, cx: &mut Cx<'_, '_>) {
        if let Some(since) = self.epochs.counted_until.take() {
            let seconds = cx.now.saturating_sub(since) / 1000;
            self.session.add_link_time(u32::try_from(seconds).unwrap_or(u32::MAX));
            self.session_changed = true;
        }
    }

    /// Time went by on a connection, whether or not anybody said anything.
    pub(super) fn tick_epochs(&mut self, cx: &mut Cx<'_, '_>) {
        if self.epochs.deadline().is_some_and(|deadline| cx.now >= deadline) {
            self.count_link_time(cx.now);
            if self.presses_epoch() {
                self.send_unsequenced(&Body::Empty, cx);
            }
        }
    }

    /// The user wants new keys now.
    pub(crate) fn heal(&mut self, cx: &mut Cx<'_, '_>) {
        if !matches!(self.phase, Phase::Checking | Phase::Open) {
            return;
        }
        match self.epochs.wanted {
            Some(Wanted::Epoch(_)) => self.tell_begun(cx),
            Some(Wanted::Waiting) | None => self.want_epoch(cx),
        }
        self.send_unsequenced(&Body::Empty, cx);
        self.save(cx);
    }

    fn want_epoch(&mut self, cx: &mut Cx<'_, '_>) {
        if self.connection.stream().is_none() {
            self.epochs.wanted = Some(Wanted::Waiting);
            cx.tell(self.id, ConversationEvent::Healing(HealingEvent::Waiting));
            return;
        }
        // Whoever copied this side's state in the middle of an exchange has what it leads to; so one
        // that is under way is not what was asked for, but the one after it.
        let ahead = match self.session.begin_epoch(cx.rng) {
            Begin::Offered | Begin::Asked => 1,
            Begin::UnderWay => 2,
        };
        self.session_changed = true;
        self.epochs.wanted = Some(Wanted::Epoch(self.session.epoch().saturating_add(ahead)));
        self.tell_begun(cx);
    }

    fn tell_begun(&self, cx: &mut Cx<'_, '_>) {
        let begun = match self.connection.stream() {
            Some(_) => HealingEvent::Begun,
            None => HealingEvent::Waiting,
        };
        cx.tell(self.id, ConversationEvent::Healing(begun));
    }

    /// Says what became of the keys since it was last said.
    pub(super) fn tell_healing(&mut self, cx: &mut Cx<'_, '_>) {
        if self.phase == Phase::Over {
            return;
        }
        let shared = self.session.shared_epoch();
        let mut renewed = false;
        if let Some(Wanted::Epoch(wanted)) = self.epochs.wanted
            && shared >= wanted
        {
            self.epochs.wanted = None;
            renewed = true;
        }
        let (healing, told) = (self.session.healing(), self.epochs.told);
        if healing == Healing::Fresh {
            // Well again is what the other side has mixed in, too.
            if told != Healing::Fresh && shared == self.session.epoch() {
                self.epochs.told = Healing::Fresh;
                renewed = true;
            }
        } else if healing != told {
            self.epochs.told = healing;
            let event = match healing {
                Healing::Stopped => HealingEvent::Stopped,
                Healing::Late | Healing::Fresh => HealingEvent::Late,
            };
            cx.tell(self.id, ConversationEvent::Healing(event));
        }
        if renewed {
            cx.tell(self.id, ConversationEvent::Healing(HealingEvent::Renewed));
        }
    }

    /// Takes the chunk of a packet. `false`: the partner breaks the rules of the exchange, and the
    /// connection was closed for it.
    pub(super) fn take_chunk(&mut self, chunk: &[u8], cx: &mut Cx<'_, '_>) -> bool {
        self.count_link_time(cx.now);
        if chunk.is_empty() || self.session.take_chunk(chunk, cx.rng).is_ok() {
            return true;
        }
        cx.tell(self.id, ConversationEvent::Refused);
        self.violation(cx);
        false
    }

    fn has_late_epoch(&self) -> bool {
        self.session.healing() != Healing::Fresh
    }

    /// Whether the epoch that the user asked for is not mixed in here yet.
    fn lacks_wanted_epoch(&self) -> bool {
        matches!(self.epochs.wanted, Some(Wanted::Epoch(wanted)) if wanted > self.session.epoch())
    }

    /// Whether each packet of the partner is to be answered, if need be by an empty one: so chunks and
    /// turns go to and fro until the epoch is there.
    fn presses_epoch(&self) -> bool {
        self.has_late_epoch() || matches!(self.epochs.wanted, Some(Wanted::Epoch(_)))
    }

    /// What [`Conversation::after_packet`] compares with.
    pub(super) fn before_packet(&self) -> Before {
        Before { pressed: self.presses_epoch(), epoch: self.session.epoch() }
    }

    /// A packet was read: it may have brought an epoch.
    pub(super) fn after_packet(&mut self, before: &Before) {
        self.epochs.unshown |= self.session.epoch() != before.epoch;
    }

    /// A packet was sealed: it shows which epoch this side has.
    pub(super) fn sealed_packet(&mut self) {
        self.epochs.unshown = false;
    }

    /// Whether a packet that was read needs an answer for the sake of an epoch: because it is pressed
    /// for here, or there. An empty packet that brings a chunk, or comes while there is a chunk to be
    /// sent or an epoch to be shown, says the latter.
    pub(super) fn owes_answer(&self, before: &Before, empty: bool, chunk: bool) -> bool {
        let asked = chunk || self.session.has_chunk() || self.epochs.unshown;
        before.pressed || self.presses_epoch() || empty && asked
    }

    /// A packet of its own for a chunk, where all that is said leaves no room and an epoch is pressed
    /// for: then a cell is worth it.
    pub(super) fn make_room_for_epoch(
        &mut self,
        body: usize,
        stream: StreamId,
        cx: &mut Cx<'_, '_>,
    ) {
        let room = Payload::room(body) >= MIN_CHUNK;
        if !self.presses_epoch() || !self.session.has_chunk() || room {
            return;
        }
        let empty = Body::Empty.encode().ok();
        if let Some(bytes) = empty.and_then(|empty| self.packet_of(0, &empty, cx)) {
            cx.effect(Effect::Send { stream, kind: FrameKind::Packet, bytes });
        }
    }
}
