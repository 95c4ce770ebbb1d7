//! The ratchet's post-quantum epochs: when one begins, and how its chunks travel.
//!
//! Chunks stand where padding would, so an epoch costs no cell: `docs/protocol.md`, "Messages".

use undertone_handle::event::ConversationEvent;
use undertone_ratchet::session::{Healing, MIN_CHUNK, Pace};
use undertone_wire::cell::FrameKind;
use undertone_wire::message::{Body, Payload};

use super::Conversation;
use crate::limits::Millis;
use crate::{Cx, Effect, StreamId};

impl Conversation {
    /// Counts the time with a connection, and begins an epoch when one is due.
    pub(super) fn tend_epoch(&mut self, cx: &mut Cx<'_, '_>) {
        self.count_link_time(cx.now);
        let is_due = self.session.epoch_due(Pace::Unpaced);
        // Who has the next epoch to answer asks for it when it is late.
        if is_due || self.has_late_epoch() {
            self.session.begin_epoch(cx.rng);
            self.session_changed = true;
        }
    }

    /// Adds the whole seconds since this was last called on a connection that is up.
    fn count_link_time(&mut self, now: Millis) {
        let since = self.counted_until.filter(|_| self.connection.stream().is_some());
        let seconds = since.map_or(0, |since| now.saturating_sub(since) / 1000);
        self.counted_until = match since {
            Some(since) => Some(since.saturating_add(seconds.saturating_mul(1000))),
            None => Some(now),
        };
        if seconds > 0 {
            self.session.add_link_time(u32::try_from(seconds).unwrap_or(u32::MAX));
            self.session_changed = true;
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

    /// Whether the epoch is so late that each packet of the partner is to be answered, if need be by
    /// an empty one: so chunks and turns go to and fro until it is there.
    pub(super) fn has_late_epoch(&self) -> bool {
        self.session.healing() != Healing::Fresh
    }

    /// A packet of its own for a chunk, where all that is said leaves no room and the epoch is late:
    /// then a cell is worth it.
    pub(super) fn make_room_for_epoch(
        &mut self,
        body: usize,
        stream: StreamId,
        cx: &mut Cx<'_, '_>,
    ) {
        if !self.has_late_epoch() || !self.session.has_chunk() || Payload::room(body) >= MIN_CHUNK {
            return;
        }
        let empty = Body::Empty.encode().ok();
        if let Some(bytes) = empty.and_then(|empty| self.packet_of(0, &empty, cx)) {
            cx.effect(Effect::Send { stream, kind: FrameKind::Packet, bytes });
        }
    }
}
