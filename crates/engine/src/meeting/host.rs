//! The serving side of a meeting.

use std::time::Duration;

use undertone_handle::ConversationId;
use undertone_handle::command::Meet;
use undertone_handle::event::{MeetingEnd, MeetingEvent, MeetingStep};
use undertone_wire::address::OnionSeed;
use undertone_wire::cell::FrameKind;
use undertone_wire::locator;
use undertone_wire::pairing::{self, HostStage, PairingError, Refusal};

use super::{Outcome, exporters, made, tell_end};
use crate::input::ServiceState;
use crate::limits::{
    CARD_PATIENCE, CODE_LIFE, CONFIRMATION_PATIENCE, LOOK_TIMEOUT, LOOKS, Millis, NETWORK_PATIENCE,
    PUBLISH_PATIENCE, SHARE_PATIENCE, STRANGERS, UNCONFIRMED,
};
use crate::{
    ChannelKeys, CloseWhen, Cx, DialFailure, DialId, Effect, Owner, ServiceId, StreamId, Tls,
};

/// A serving side: one code, one service, many strangers, one guest.
pub(crate) struct Host {
    id: ConversationId,
    meet: Meet,
    stage: Stage,
    /// Nobody waits longer than this for the present stage.
    deadline: Millis,
    seed: Option<OnionSeed>,
    service: Option<ServiceId>,
    /// Streams whose share has not come or has not been answered, oldest first.
    strangers: Vec<Stranger>,
    /// The one stream between our share and the end of the pairing.
    turn: Option<Turn>,
    unconfirmed: u8,
}

enum Stage {
    /// The seed is being derived, or the network is not there yet.
    Preparing,
    /// Looking whether somebody already answers.
    Looking { dial: Option<DialId>, looks: u32 },
    /// The service is on its way up.
    Publishing,
    /// Guests can come.
    Reachable,
}

struct Stranger {
    stream: StreamId,
    deadline: Millis,
    keys: Option<ChannelKeys>,
    /// The share, if it came while another stream had the turn.
    share: Option<Vec<u8>>,
}

struct Turn {
    stream: StreamId,
    deadline: Millis,
    pairing: pairing::Host,
    /// The guest's confirmation was right: this is the guest, and the guess is used.
    confirmed: bool,
}

impl Host {
    pub(super) fn begin(id: ConversationId, meet: Meet, cx: &mut Cx<'_, '_>) -> Self {
        let job = cx.ids.job(Owner::Meeting(id));
        let day = locator::days(cx.wall).today;
        cx.meeting(id, MeetingEvent::Step(MeetingStep::MakingPlace));
        cx.effect(Effect::Derive { job, locator: meet.code.locator(), day });
        Self {
            id,
            meet,
            stage: Stage::Preparing,
            deadline: cx.now.saturating_add(NETWORK_PATIENCE),
            seed: None,
            service: None,
            strangers: Vec::new(),
            turn: None,
            unconfirmed: 0,
        }
    }

    pub(super) fn deadline(&self) -> Option<Millis> {
        let strangers = self.strangers.iter().map(|s| s.deadline);
        // While somebody has the turn nothing else ends the stage, so its deadline is no reason to
        // wake up.
        let stage = self.turn.as_ref().map_or(self.deadline, |turn| turn.deadline);
        strangers.chain([stage]).min()
    }

    pub(super) fn derived(&mut self, seed: Option<OnionSeed>, cx: &mut Cx<'_, '_>) -> Outcome {
        let Some(seed) = seed else { return self.end(MeetingEnd::NeverReachable, cx) };
        self.seed = Some(seed);
        self.look_if_prepared(cx);
        Outcome::Going
    }

    pub(super) fn network_ready(&mut self, cx: &mut Cx<'_, '_>) {
        self.look_if_prepared(cx);
    }

    fn look_if_prepared(&mut self, cx: &mut Cx<'_, '_>) {
        if matches!(self.stage, Stage::Preparing) && cx.network_ready && self.seed.is_some() {
            cx.meeting(self.id, MeetingEvent::Step(MeetingStep::LookingWhetherTaken));
            // The dial ends by itself; this is for a network that doesn't answer at all.
            self.deadline = cx.now.saturating_add(LOOK_TIMEOUT.saturating_mul(4));
            self.look(1, cx);
        }
    }

    fn look(&mut self, looks: u32, cx: &mut Cx<'_, '_>) {
        let Some(seed) = &self.seed else { return };
        let dial = cx.ids.dial(Owner::Meeting(self.id));
        self.stage = Stage::Looking { dial: Some(dial), looks };
        cx.effect(Effect::Dial {
            dial,
            address: seed.address(),
            client_auth: None,
            timeout: LOOK_TIMEOUT,
            tls: None,
        });
    }

    pub(super) fn looked(
        &mut self,
        result: Result<StreamId, DialFailure>,
        cx: &mut Cx<'_, '_>,
    ) -> Outcome {
        let Stage::Looking { dial, looks } = &mut self.stage else {
            if let Ok(stream) = result {
                cx.close(stream, CloseWhen::Now);
            }
            return Outcome::Going;
        };
        *dial = None;
        match result {
            Ok(stream) => {
                cx.close(stream, CloseWhen::Now);
                self.end(MeetingEnd::CodeTaken, cx)
            }
            Err(DialFailure::Timeout | DialFailure::Other) if *looks < LOOKS => {
                let looks = looks.saturating_add(1);
                self.look(looks, cx);
                Outcome::Going
            }
            Err(_) => {
                self.publish(cx);
                Outcome::Going
            }
        }
    }

    fn publish(&mut self, cx: &mut Cx<'_, '_>) {
        let Some(seed) = &self.seed else { return };
        if let Stage::Looking { dial: Some(dial), .. } = self.stage {
            cx.cancel_dial(dial);
        }
        let service = cx.ids.service(Owner::Meeting(self.id));
        self.service = Some(service);
        self.stage = Stage::Publishing;
        self.deadline = cx.now.saturating_add(PUBLISH_PATIENCE);
        cx.meeting(self.id, MeetingEvent::Step(MeetingStep::Publishing));
        cx.effect(Effect::Publish {
            service,
            seed: seed.clone(),
            clients: Vec::new(),
            tls: Tls::Pairing,
        });
    }

    pub(super) fn service(&mut self, state: &ServiceState, cx: &mut Cx<'_, '_>) -> Outcome {
        match (state, &self.stage) {
            (ServiceState::Reachable, Stage::Publishing) => {
                self.stage = Stage::Reachable;
                self.deadline = cx.now.saturating_add(CODE_LIFE);
                let lives = Duration::from_millis(CODE_LIFE);
                cx.meeting(self.id, MeetingEvent::Step(MeetingStep::Reachable { lives }));
                Outcome::Going
            }
            (ServiceState::Taken, Stage::Publishing) => self.end(MeetingEnd::CodeTaken, cx),
            (ServiceState::Failed, Stage::Publishing | Stage::Reachable) => {
                if self.turn.is_none() {
                    return self.end(MeetingEnd::NeverReachable, cx);
                }
                // Whoever has the turn may finish; nobody comes after.
                self.stage = Stage::Publishing;
                self.deadline = cx.now;
                Outcome::Going
            }
            _ => Outcome::Going,
        }
    }

    /// A stranger came. At most [`STRANGERS`] of them wait; the oldest makes room.
    pub(super) fn arrived(&mut self, stream: StreamId, cx: &mut Cx<'_, '_>) {
        if self.turn.as_ref().is_some_and(|turn| turn.confirmed) {
            cx.close(stream, CloseWhen::Now);
            return;
        }
        if self.strangers.len() >= STRANGERS {
            let oldest = self.strangers.remove(0);
            cx.close(oldest.stream, CloseWhen::Now);
        }
        let deadline = cx.now.saturating_add(SHARE_PATIENCE);
        self.strangers.push(Stranger { stream, deadline, keys: None, share: None });
    }

    pub(super) fn secured(&mut self, stream: StreamId, keys: ChannelKeys) {
        if let Some(stranger) = self.strangers.iter_mut().find(|s| s.stream == stream) {
            stranger.keys = Some(keys);
        }
    }

    pub(super) fn frame(
        &mut self,
        stream: StreamId,
        kind: FrameKind,
        bytes: &[u8],
        cx: &mut Cx<'_, '_>,
    ) -> Outcome {
        if self.turn.as_ref().is_some_and(|turn| turn.stream == stream) {
            return match kind {
                FrameKind::Pairing => self.next_message(bytes, cx),
                FrameKind::KeepAlive => Outcome::Going,
                FrameKind::Link | FrameKind::Packet | FrameKind::Repair | FrameKind::Request => {
                    self.turn_failed(cx)
                }
            };
        }
        let busy = self.turn.is_some();
        let Some(stranger) = self.strangers.iter_mut().find(|s| s.stream == stream) else {
            return Outcome::Going;
        };
        if kind == FrameKind::KeepAlive {
            return Outcome::Going;
        }
        if kind != FrameKind::Pairing || stranger.share.is_some() {
            self.drop_stranger(stream, cx);
            return Outcome::Going;
        }
        stranger.share = Some(bytes.to_vec());
        if busy {
            // Its share waits for its turn as long as the one whose turn it is may take.
            stranger.deadline = cx.now.saturating_add(CONFIRMATION_PATIENCE);
            return Outcome::Going;
        }
        self.next_turn(cx);
        Outcome::Going
    }

    /// Gives the turn to the stream whose share has waited longest.
    fn next_turn(&mut self, cx: &mut Cx<'_, '_>) {
        while self.turn.is_none() {
            let Some(at) = self.strangers.iter().position(|s| s.share.is_some()) else { return };
            let stranger = self.strangers.remove(at);
            let (Some(keys), Some(share)) = (stranger.keys, stranger.share) else {
                cx.close(stranger.stream, CloseWhen::Now);
                continue;
            };
            self.answer(stranger.stream, &keys, &share, cx);
        }
    }

    /// Answers a share with ours; from here on the turn is exclusive.
    fn answer(&mut self, stream: StreamId, keys: &ChannelKeys, share: &[u8], cx: &mut Cx<'_, '_>) {
        let Some(seed) = &self.seed else { return };
        let mut pairing = pairing::Host::new(
            &self.meet.code.password(),
            cx.network_id,
            &seed.address(),
            &exporters(keys),
        );
        match pairing.handle(share, cx.rng) {
            Ok(progress) => {
                if let Some(bytes) = progress.send {
                    cx.effect(Effect::Send { stream, kind: FrameKind::Pairing, bytes });
                }
                let deadline = cx.now.saturating_add(CONFIRMATION_PATIENCE);
                cx.meeting(self.id, MeetingEvent::Step(MeetingStep::Agreeing));
                self.turn = Some(Turn { stream, deadline, pairing, confirmed: false });
            }
            Err(error) => {
                // A share that is none costs no guess.
                self.refuse(stream, error.refusal(), cx);
            }
        }
    }

    fn refuse(&self, stream: StreamId, refusal: Option<Refusal>, cx: &mut Cx<'_, '_>) {
        if let Some(refusal) = refusal {
            let bytes = refusal.encode();
            cx.effect(Effect::Send { stream, kind: FrameKind::Pairing, bytes });
        }
        cx.close(stream, CloseWhen::Flushed);
    }

    /// The stream whose turn it is sent its next message.
    fn next_message(&mut self, bytes: &[u8], cx: &mut Cx<'_, '_>) -> Outcome {
        let Some(turn) = &mut self.turn else { return Outcome::Going };
        let stream = turn.stream;
        match turn.pairing.handle(bytes, cx.rng) {
            Ok(progress) => {
                if let Some(bytes) = progress.send {
                    cx.effect(Effect::Send { stream, kind: FrameKind::Pairing, bytes });
                }
                match progress.stage {
                    HostStage::Paired(paired) => {
                        self.turn = None;
                        self.withdraw(cx);
                        Outcome::Made(made(self.id, &mut self.meet, stream, *paired))
                    }
                    HostStage::Confirmed => {
                        turn.confirmed = true;
                        turn.deadline = cx.now.saturating_add(CARD_PATIENCE);
                        self.close_strangers(cx);
                        Outcome::Going
                    }
                    HostStage::Waiting => Outcome::Going,
                }
            }
            Err(PairingError::WrongPassword) => {
                self.turn = None;
                self.refuse(stream, Some(Refusal::WrongPassword), cx);
                self.end(MeetingEnd::WrongPassword, cx)
            }
            Err(error) if turn.confirmed => {
                self.turn = None;
                self.refuse(stream, error.refusal(), cx);
                self.end(MeetingEnd::ProtocolViolation, cx)
            }
            Err(_) => self.turn_failed(cx),
        }
    }

    /// The stream whose turn it was is of no use any more. Before the right confirmation it counts as
    /// an unconfirmed share; after it the guest is gone, and the code with it.
    fn turn_failed(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let Some(turn) = self.turn.take() else { return Outcome::Going };
        cx.close(turn.stream, CloseWhen::Now);
        if turn.confirmed {
            return self.end(MeetingEnd::PartnerGone, cx);
        }
        self.unconfirmed = self.unconfirmed.saturating_add(1);
        if self.unconfirmed >= UNCONFIRMED {
            return self.end(MeetingEnd::TooManyUnconfirmed, cx);
        }
        let left = UNCONFIRMED.saturating_sub(self.unconfirmed);
        cx.meeting(self.id, MeetingEvent::GuessesLeft(left));
        self.next_turn(cx);
        Outcome::Going
    }

    pub(super) fn closed(&mut self, stream: StreamId, cx: &mut Cx<'_, '_>) -> Outcome {
        if self.turn.as_ref().is_some_and(|turn| turn.stream == stream) {
            return self.turn_failed(cx);
        }
        self.strangers.retain(|s| s.stream != stream);
        Outcome::Going
    }

    fn drop_stranger(&mut self, stream: StreamId, cx: &mut Cx<'_, '_>) {
        self.strangers.retain(|s| s.stream != stream);
        cx.close(stream, CloseWhen::Now);
    }

    fn close_strangers(&mut self, cx: &mut Cx<'_, '_>) {
        for stranger in std::mem::take(&mut self.strangers) {
            cx.close(stranger.stream, CloseWhen::Now);
        }
    }

    pub(super) fn tick(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        let late: Vec<StreamId> =
            self.strangers.iter().filter(|s| cx.now >= s.deadline).map(|s| s.stream).collect();
        for stream in late {
            self.drop_stranger(stream, cx);
        }
        if self.turn.as_ref().is_some_and(|turn| cx.now >= turn.deadline) {
            let outcome = self.turn_failed(cx);
            if !matches!(outcome, Outcome::Going) {
                return outcome;
            }
        }
        // A guest whose pairing is under way when the ten minutes end may finish it.
        if cx.now < self.deadline || self.turn.is_some() {
            return Outcome::Going;
        }
        match self.stage {
            Stage::Preparing if self.seed.is_some() || !cx.network_ready => {
                self.end(MeetingEnd::NoNetwork, cx)
            }
            Stage::Preparing | Stage::Publishing => self.end(MeetingEnd::NeverReachable, cx),
            Stage::Looking { .. } => {
                self.publish(cx);
                Outcome::Going
            }
            Stage::Reachable => self.end(MeetingEnd::Expired, cx),
        }
    }

    /// Takes the service and everybody at it away.
    fn withdraw(&mut self, cx: &mut Cx<'_, '_>) {
        self.close_strangers(cx);
        if let Stage::Looking { dial: Some(dial), .. } = self.stage {
            cx.cancel_dial(dial);
        }
        if let Some(service) = self.service.take() {
            cx.unpublish(service);
        }
    }

    /// Burns the code and says why.
    pub(super) fn end(&mut self, why: MeetingEnd, cx: &mut Cx<'_, '_>) -> Outcome {
        self.withdraw(cx);
        if let Some(turn) = self.turn.take() {
            self.refuse(turn.stream, Some(Refusal::Burnt), cx);
        }
        tell_end(self.id, why, cx)
    }
}
