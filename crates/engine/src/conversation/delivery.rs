//! The outbox, receipts, and what arrives: every message once, in order, whatever is lost between.

use undertone_handle::command::{MAX_TEXT, MAX_TIMER, Name};
use undertone_handle::event::{ConversationEvent, Delivery, NotSent};
use undertone_handle::{MessageId, Ticket};
use undertone_ratchet::session::DecryptError;
use undertone_wire::cell::FrameKind;
use undertone_wire::message::{Body, Payload, Reference};
use zeroize::Zeroizing;

use super::{Conversation, Phase};
use crate::limits::{IN_FLIGHT, KEPT_BACK, OUTBOX, WAITING};
use crate::memory::covers;
use crate::storage::{
    Counters, EarlyRow, MessageRow, OutboxRow, RepairState, Write, message_id, number_of,
};
use crate::{CloseWhen, Cx, Effect};

impl Conversation {
    /// Takes a text of the user's, or says why not.
    pub(super) fn text(
        &mut self,
        ticket: Ticket,
        body: String,
        reply: Option<MessageId>,
        cx: &mut Cx<'_, '_>,
    ) {
        let refused = if self.phase != Phase::Open {
            Some(NotSent::NotOpen)
        } else if self.policy.blocked {
            Some(NotSent::Blocked)
        } else if body.len() > MAX_TEXT || body.is_empty() {
            Some(NotSent::TooLong)
        } else if cx.view.outbox_len(self.id) >= OUTBOX || self.waiting() >= WAITING {
            Some(NotSent::OutboxFull)
        } else {
            None
        };
        if let Some(why) = refused {
            cx.tell(self.id, ConversationEvent::NotSent(ticket, why));
            return;
        }
        // An answer to what is not here any more is a text like any other.
        let reply = reply
            .and_then(|message| cx.view.message(message))
            .filter(|row| number_of(row.message) == self.contact.number);
        let (message, timer) = (self.next_place(), self.policy.timer);
        cx.step.writes.push(Write::PutMessage(
            self.id,
            Box::new(MessageRow {
                message,
                own: true,
                sequence: self.counters.next,
                body: Zeroizing::new(body.clone()),
                at: cx.wall,
                delivery: Delivery::Waiting,
                seen: true,
                edited: None,
                reply: reply.as_ref().map(|row| row.message),
                own_reaction: None,
                peer_reaction: None,
                timer,
                expires: None,
            }),
        ));
        cx.tell(
            self.id,
            ConversationEvent::Queued {
                ticket,
                message,
                body: body.clone(),
                at: cx.wall,
                reply: reply.as_ref().map(|row| row.message),
                timer,
            },
        );
        let reply = reply.map(|row| Reference { own: row.own, sequence: row.sequence });
        self.queue(&Body::Text { text: Zeroizing::new(body), reply, timer }, Some(message), cx);
    }

    /// The id of the next message of the conversation.
    pub(super) fn next_place(&mut self) -> MessageId {
        let place = self.counters.place;
        self.counters.place = place.saturating_add(1);
        self.counters_changed = true;
        message_id(self.contact.number, place)
    }

    /// Gives a body its sequence number, keeps it until its receipt, and sends it if it is its turn.
    pub(super) fn queue(&mut self, body: &Body, message: Option<MessageId>, cx: &mut Cx<'_, '_>) {
        // Nothing is said after a goodbye; what would be, a check's answer say, could hide it from the next start.
        if matches!(self.phase, Phase::Leaving(_)) && *body != Body::Goodbye {
            return;
        }
        // Every body of ours is within its bounds: texts are checked where they come in, and the
        // rest is made here.
        let Ok(encoded) = body.encode() else { return };
        let row = OutboxRow { sequence: self.counters.next, message, body: encoded };
        self.counters.next = self.counters.next.saturating_add(1);
        self.counters_changed = true;
        // Only the direct successor of what is under way may leave now; anything else waits for the
        // receipt that lets the queue before it move.
        let its_turn = self.sent.saturating_add(1) == row.sequence;
        let left = its_turn && self.transmit(&row, cx);
        if let Some(message) = message.filter(|_| !left) {
            cx.tell(self.id, ConversationEvent::Delivery(message, Delivery::Waiting));
        }
        cx.step.writes.push(Write::AddOutbox(self.id, row));
        // What waits for an epoch alone has nothing else to move it on.
        if its_turn && !left && self.is_stopped() {
            self.send_unsequenced(&Body::Empty, cx);
        }
    }

    /// Sends as much of the outbox as the window and the sending chain allow.
    pub(super) fn pump(&mut self, cx: &mut Cx<'_, '_>) {
        let rows = cx.outbox(self.id, self.sent.saturating_add(1), window_len());
        for row in rows {
            if row.sequence <= self.counters.acknowledged {
                continue;
            }
            if !self.transmit(&row, cx) {
                break;
            }
        }
    }

    /// Seals one outbox row anew and sends it. `false`: not now.
    pub(super) fn transmit(&mut self, row: &OutboxRow, cx: &mut Cx<'_, '_>) -> bool {
        let beyond = row.sequence.saturating_sub(self.counters.acknowledged) > IN_FLIGHT;
        let early = self.repair_state() != RepairState::Well;
        if early || beyond || !self.seal(row.sequence, &row.body, cx) {
            return false;
        }
        self.sent = self.sent.max(row.sequence);
        self.counters.sent = self.counters.sent.max(row.sequence);
        self.counters_changed = true;
        if let Some(message) = row.message {
            cx.step.writes.push(Write::SetDelivery(message, Delivery::Sent));
            cx.tell(self.id, ConversationEvent::Delivery(message, Delivery::Sent));
        }
        true
    }

    /// Encrypts a body and sends it on the connection. `false`: there is none, or the chain is full
    /// until the partner's next packet.
    fn seal(&mut self, sequence: u64, body: &[u8], cx: &mut Cx<'_, '_>) -> bool {
        let Some(stream) = self.connection.stream() else { return false };
        if self.session.room() <= KEPT_BACK {
            return false;
        }
        let Some(bytes) = self.packet_of(sequence, body, cx) else { return false };
        cx.effect(Effect::Send { stream, kind: FrameKind::Packet, bytes });
        self.make_room_for_epoch(body.len(), stream, cx);
        true
    }

    pub(super) fn packet_of(
        &mut self,
        sequence: u64,
        body: &[u8],
        cx: &mut Cx<'_, '_>,
    ) -> Option<Vec<u8>> {
        self.tend_epoch(cx);
        let session = &mut self.session;
        let fill = |room, out: &mut Vec<u8>| {
            session.next_chunk(room, out);
        };
        let payload = Payload::encode_with_chunk(sequence, body, fill).ok()?;
        let mut bytes = Vec::new();
        // What has no number says nothing of what people do, so it may still end a late epoch.
        let sealed = match sequence {
            0 => self.session.encrypt_to_heal(&payload, &mut bytes, cx.rng),
            _ => self.session.encrypt(&payload, &mut bytes, cx.rng),
        };
        sealed.ok()?;
        self.sealed_packet();
        self.session_changed |= !cfg!(planted = "committed");
        Some(bytes)
    }

    /// Opens a connection: with a receipt, and nothing else before the partner is heard. A sending
    /// chain has 256 packets, and sealing the whole window for each connection that breaks at once
    /// would use it up.
    ///
    /// When it is used up all the same, and nothing of it has arrived, the partner has no reason to
    /// renew its own key, and neither side would ever speak again. So the last word of a chain is
    /// kept and said again on each connection, the same bytes, until the partner has heard it.
    pub(super) fn greet(&mut self, cx: &mut Cx<'_, '_>) {
        let body = self.resume_of();
        if self.session.room() > KEPT_BACK {
            self.owes_receipt = !self.send_unsequenced(&body, cx);
            return;
        }
        self.owes_receipt = true;
        if self.last_word.is_none() {
            let encoded = body.encode().ok();
            self.last_word = encoded.and_then(|encoded| self.packet_of(0, &encoded, cx));
        }
        if let (Some(stream), Some(bytes)) = (self.connection.stream(), &self.last_word) {
            let bytes = bytes.clone();
            cx.effect(Effect::Send { stream, kind: FrameKind::Packet, bytes });
        }
    }

    /// Sends what needs no number: it is repeated by itself or answers something that is.
    pub(super) fn send_unsequenced(&mut self, body: &Body, cx: &mut Cx<'_, '_>) -> bool {
        body.encode().is_ok_and(|encoded| self.seal(0, &encoded, cx))
    }

    fn receipt_of(&self) -> Body {
        Body::Receipt { highest: self.counters.highest, window: self.counters.window }
    }

    /// What a connection is opened with.
    fn resume_of(&self) -> Body {
        let Counters { highest, window, acknowledged: gone, .. } = self.counters;
        Body::Resume { highest, window, gone }
    }

    pub(super) fn send_receipt(&mut self, cx: &mut Cx<'_, '_>) {
        let body = self.receipt_of();
        self.owes_receipt = !self.send_unsequenced(&body, cx);
    }

    /// Only who has the session sends what can be read: from the first time on it is certain that the
    /// partner kept us.
    fn is_kept(&mut self, cx: &mut Cx<'_, '_>) {
        if !std::mem::replace(&mut self.contact.made, true) {
            cx.step.writes.push(Write::PutContact(Box::new(self.contact.clone())));
        }
    }

    /// A ratchet packet came on the connection.
    pub(super) fn packet(&mut self, bytes: &[u8], cx: &mut Cx<'_, '_>) {
        let mut plain = Zeroizing::new(Vec::new());
        let first = !std::mem::replace(&mut self.heard, true);
        let before = self.before_packet();
        let mut asked = (false, false);
        match self.session.decrypt(bytes, cx.now / 1000, &mut plain) {
            Ok(()) => {}
            Err(error) => {
                if self.unreadable(error, cx) {
                    return;
                }
                // The partner opens the connection with a last word that came on an earlier one.
                if first && error == DecryptError::Replayed {
                    return self.pump(cx);
                }
                cx.tell(self.id, ConversationEvent::Refused);
                return;
            }
        }
        self.session_changed = true;
        self.is_kept(cx);
        self.repairing.packet_read();
        self.settle_recovery(cx);
        self.after_packet(&before);
        if self.session.room() > KEPT_BACK {
            self.last_word = None;
        }
        let effects = cx.step.effects.len();
        match Payload::decode_with_chunk(&plain) {
            Ok((payload, chunk)) => {
                // First, so that the answer can go with what answers the body.
                if !self.take_chunk(chunk, cx) {
                    return;
                }
                asked = (payload.body == Body::Empty, !chunk.is_empty());
                match payload {
                    Payload { sequence: 0, body } => self.unsequenced(&body, cx),
                    Payload { sequence, body } => self.sequenced(sequence, body, cx),
                }
            }
            Err(_) => cx.tell(self.id, ConversationEvent::Refused),
        }
        if matches!(self.phase, Phase::Over | Phase::Ended) {
            return;
        }
        // A full chain opened, if this packet brought a newer ratchet key.
        if self.owes_receipt {
            self.send_receipt(cx);
        }
        self.pump(cx);
        let sent = cx.step.effects.iter().skip(effects).any(|e| matches!(e, Effect::Send { .. }));
        let (empty, chunk) = asked;
        let owed = self.session.wants_to_answer() || self.owes_answer(&before, empty, chunk);
        if !sent && owed {
            self.send_unsequenced(&Body::Empty, cx);
        }
    }

    fn unsequenced(&mut self, body: &Body, cx: &mut Cx<'_, '_>) {
        match body {
            Body::Receipt { highest, window } => self.receipt(*highest, *window, cx),
            Body::Resume { highest, window, gone } => self.resume(*highest, *window, *gone, cx),
            Body::GoodbyeSeen => {
                if matches!(self.phase, Phase::Leaving(_)) {
                    cx.tell(self.id, ConversationEvent::Left { confirmed: true });
                    self.finish(cx);
                }
            }
            Body::Empty => {}
            Body::Text { .. }
            | Body::Edit { .. }
            | Body::Delete { .. }
            | Body::React { .. }
            | Body::Timer { .. }
            | Body::Withdrawn
            | Body::Name(_)
            | Body::CheckWish(_)
            | Body::Check(_)
            | Body::CheckBegin { .. }
            | Body::CheckAnew
            | Body::CheckAbort
            | Body::Goodbye
            | Body::Skip { .. } => cx.tell(self.id, ConversationEvent::Refused),
        }
    }

    /// A receipt: remove what it covers, tell, send the holes again, then what waited for room.
    pub(super) fn receipt(&mut self, highest: u64, window: u64, cx: &mut Cx<'_, '_>) {
        if self.repair_state() != RepairState::Well {
            return;
        }
        if highest >= self.counters.next {
            // Nobody can have what was never sent.
            cx.tell(self.id, ConversationEvent::Refused);
            return;
        }
        let open = self.covered(highest, window, window_len(), cx);
        // What the partner lacks although it has later numbers was lost on the way.
        let last = highest.saturating_add(64u64.saturating_sub(window.leading_zeros().into()));
        let sent = self.sent;
        for row in open.iter().filter(|row| row.sequence < last && row.sequence <= sent) {
            if !self.transmit(row, cx) {
                break;
            }
        }
    }

    /// Takes what a receipt covers out of the outbox. Gives what it doesn't cover of the first rows.
    pub(super) fn covered(
        &mut self,
        highest: u64,
        window: u64,
        most: usize,
        cx: &mut Cx<'_, '_>,
    ) -> Vec<OutboxRow> {
        let from = self.counters.acknowledged.saturating_add(1);
        let rows = cx.view.outbox(self.id, from, most);
        let (covered, open): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|row| covers(highest, window, row.sequence));
        for message in covered.iter().filter_map(|row| row.message) {
            cx.step.writes.push(Write::SetDelivery(message, Delivery::Delivered));
            cx.tell(self.id, ConversationEvent::Delivery(message, Delivery::Delivered));
        }
        if !covered.is_empty() {
            cx.step.writes.push(Write::Acknowledge { contact: self.id, highest, window });
            self.arrived_there(covered.iter().filter_map(|row| row.message).collect(), cx);
        }
        if highest > self.counters.acknowledged {
            self.counters.acknowledged = highest;
            self.counters_changed = true;
            self.settle_restored(cx);
        }
        // What came on an earlier connection needs no sending on this one: the next text is the
        // direct successor of it.
        self.sent = self.sent.max(self.counters.acknowledged);
        open
    }

    fn sequenced(&mut self, sequence: u64, body: Body, cx: &mut Cx<'_, '_>) {
        if self.repair_state() != RepairState::Well {
            // It comes again when the partner has said from where on it goes on.
            return;
        }
        let known = covers(self.counters.highest, self.counters.window, sequence);
        if known {
            if cfg!(planted = "once") {
                self.take(sequence, body.clone(), cx);
            }
            // It came before and its receipt did not: say again that it is here.
            if body == Body::Goodbye {
                self.send_unsequenced(&Body::GoodbyeSeen, cx);
            } else {
                self.send_receipt(cx);
            }
            return;
        }
        if sequence.saturating_sub(self.counters.highest) > IN_FLIGHT {
            cx.tell(self.id, ConversationEvent::Refused);
            return;
        }
        let its_turn = sequence == self.counters.highest.saturating_add(1);
        let early = if self.counters.window == 0 { Vec::new() } else { cx.view.early(self.id) };
        self.mark(sequence);
        if its_turn || cfg!(planted = "order") {
            self.take_with_early(sequence, body, early, cx);
        } else if let Ok(encoded) = body.encode() {
            if let Body::Delete { of } = body {
                self.peer_deletes_early(sequence, of, cx);
            }
            let body = encoded;
            // Everything is shown in the order in which it was said.
            cx.step.writes.push(Write::PutEarly(self.id, EarlyRow { sequence, body }));
        }
        if !matches!(self.phase, Phase::Over | Phase::Ended) {
            self.send_receipt(cx);
        }
    }

    /// Takes what was missing, and then what came before it, as far as nothing else is missing.
    fn take_with_early(
        &mut self,
        sequence: u64,
        body: Body,
        early: Vec<EarlyRow>,
        cx: &mut Cx<'_, '_>,
    ) {
        // A text whose deletion is here already is never shown.
        let mut short = early.iter().filter(|row| row.body.len() == DELETE_LEN);
        let deleted = short.any(
            |row| matches!(Body::decode(&row.body), Ok(Body::Delete { of }) if of == sequence),
        );
        if !(deleted && matches!(body, Body::Text { .. })) {
            self.take(sequence, body, cx);
        }
        let mut last = sequence;
        for row in early {
            let follows = row.sequence == last.saturating_add(1);
            if !follows || matches!(self.phase, Phase::Over | Phase::Ended) {
                break;
            }
            last = row.sequence;
            cx.step.writes.push(Write::TakeEarly(self.id, row.sequence));
            if let Ok(body) = Body::decode(&row.body) {
                self.take(row.sequence, body, cx);
            }
        }
    }

    /// Notes that a sequence number came: the window slides over what is contiguous.
    fn mark(&mut self, sequence: u64) {
        let counters = &mut self.counters;
        let after = sequence.saturating_sub(counters.highest).saturating_sub(1);
        counters.window |= u32::try_from(after).ok().and_then(|b| 1u64.checked_shl(b)).unwrap_or(0);
        let contiguous = counters.window.trailing_ones();
        counters.highest = counters.highest.saturating_add(contiguous.into());
        counters.window = counters.window.checked_shr(contiguous).unwrap_or(0);
        self.counters_changed = true;
    }

    pub(super) fn take(&mut self, sequence: u64, body: Body, cx: &mut Cx<'_, '_>) {
        match body {
            Body::Text { text, reply, timer } => {
                self.take_text(sequence, text, reply, timer, cx);
            }
            Body::Edit { of, text } => self.peer_edits(sequence, of, text, cx),
            Body::Delete { of } => self.peer_deletes(sequence, of, cx),
            Body::React { to, sign } => self.peer_reacts(to, &sign, cx),
            Body::Timer { changes, seconds } => self.peer_sets_timer(changes, seconds, cx),
            Body::Withdrawn => {}
            Body::Skip { to } => self.peer_skips(sequence, to, cx),
            Body::Name(name) => match Name::parse(&name) {
                Ok(name) => {
                    cx.tell(self.id, ConversationEvent::PeerName(name.as_str().to_owned()));
                }
                Err(_) => cx.tell(self.id, ConversationEvent::Refused),
            },
            Body::CheckWish(wish) => self.peer_wish(wish, cx),
            Body::Check(bytes) => self.check_message(&bytes, cx),
            Body::CheckBegin { epoch, message } => self.peer_begins(epoch, &message, cx),
            Body::CheckAnew => self.peer_wants_anew(cx),
            Body::CheckAbort => self.peer_aborted(cx),
            Body::Goodbye => {
                self.send_unsequenced(&Body::GoodbyeSeen, cx);
                if matches!(self.phase, Phase::Leaving(_)) {
                    cx.tell(self.id, ConversationEvent::Left { confirmed: true });
                    self.finish(cx);
                } else {
                    self.peer_left(cx);
                }
            }
            Body::Receipt { .. } | Body::GoodbyeSeen | Body::Empty | Body::Resume { .. } => {
                cx.tell(self.id, ConversationEvent::Refused);
            }
        }
    }

    fn take_text(
        &mut self,
        sequence: u64,
        text: Zeroizing<String>,
        reply: Option<Reference>,
        timer: Option<u32>,
        cx: &mut Cx<'_, '_>,
    ) {
        let message = self.next_place();
        let reply = reply.and_then(|to| cx.numbered(self.id, !to.own, to.sequence));
        let reply = reply.map(|row| row.message);
        let timer = timer.map(|seconds| seconds.min(MAX_TIMER));
        let expires = self.goes_by_age(cx.wall);
        cx.going.look_by(expires, cx.now, cx.wall);
        let body = text.as_str().to_owned();
        cx.step.writes.push(Write::PutMessage(
            self.id,
            Box::new(MessageRow {
                message,
                own: false,
                sequence,
                body: text,
                at: cx.wall,
                delivery: Delivery::Delivered,
                seen: false,
                edited: None,
                reply,
                own_reaction: None,
                peer_reaction: None,
                timer,
                expires,
            }),
        ));
        let at = cx.wall;
        cx.tell(self.id, ConversationEvent::Received { message, body, at, reply, timer });
    }

    /// The connection is gone: what was under way waits again.
    pub(super) fn wait_again(&mut self, cx: &mut Cx<'_, '_>) {
        let from = self.counters.acknowledged.saturating_add(1);
        for row in cx.view.outbox(self.id, from, window_len()) {
            if let Some(message) = row.message.filter(|_| row.sequence <= self.sent) {
                cx.step.writes.push(Write::SetDelivery(message, Delivery::Waiting));
                cx.tell(self.id, ConversationEvent::Delivery(message, Delivery::Waiting));
            }
        }
        self.sent = self.counters.acknowledged;
    }

    /// Closes the present connection for what the other end sent on it.
    pub(super) fn violation(&mut self, cx: &mut Cx<'_, '_>) {
        if let Some(stream) = self.connection.stream() {
            cx.close(stream, CloseWhen::Now);
            self.lost(cx);
        }
    }
}

/// Bytes of an encoded deletion; see `docs/protocol.md`.
const DELETE_LEN: usize = 9;

/// How many outbox rows one look-up reads: all that can be under way.
fn window_len() -> usize {
    usize::try_from(IN_FLIGHT).unwrap_or(usize::MAX)
}
