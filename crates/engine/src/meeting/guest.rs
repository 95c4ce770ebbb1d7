//! The joining side of a meeting.

use undertone_handle::ConversationId;
use undertone_handle::command::Meet;
use undertone_handle::event::{MeetingEnd, MeetingEvent, MeetingStep};
use undertone_wire::address::{OnionAddress, OnionSeed};
use undertone_wire::cell::FrameKind;
use undertone_wire::locator;
use undertone_wire::pairing::{self, GuestStage, PairingError, Refusal};

use super::{Outcome, exporters, made, tell_end};
use crate::limits::{
    ANSWER_PATIENCE, DIAL_PAUSE, DIAL_PAUSE_MAX, GUEST_DIAL_TIMEOUT, GUEST_PATIENCE, Millis,
    NETWORK_PATIENCE,
};
use crate::{ChannelKeys, CloseWhen, Cx, DialFailure, DialId, Effect, Owner, StreamId, Tls};

/// A joining side: one code, one or two places to look for the host.
pub(crate) struct Guest {
    id: ConversationId,
    meet: Meet,
    /// Derivations still under way, and the days of those still to begin.
    deriving: u32,
    days: Vec<u64>,
    places: Vec<OnionAddress>,
    stage: Stage,
    /// When the present stage is given up.
    deadline: Millis,
    /// No dial begins after this, however often somebody answers and goes away again.
    dials_end: Millis,
    attempt: u32,
    pause: Millis,
}

enum Stage {
    /// The places are being derived, or the network is not there yet.
    Preparing,
    /// Between two dials.
    Pausing(Millis),
    /// A dial is under way, or the stream it led to is in TLS.
    Dialling(DialId, OnionAddress),
    Securing(StreamId, OnionAddress),
    /// The pairing runs; the guess is spent once our confirmation is out.
    Agreeing {
        stream: StreamId,
        pairing: Box<pairing::Guest>,
        spent: bool,
    },
}

impl Guest {
    pub(super) fn begin(id: ConversationId, meet: Meet, cx: &mut Cx<'_, '_>) -> Self {
        let days = locator::days(cx.wall);
        cx.meeting(id, MeetingEvent::Step(MeetingStep::MakingPlace));
        let mut this = Self {
            id,
            meet,
            deriving: 0,
            days: days.neighbour.into_iter().collect(),
            places: Vec::new(),
            stage: Stage::Preparing,
            deadline: cx.now.saturating_add(NETWORK_PATIENCE),
            dials_end: Millis::MAX,
            attempt: 0,
            pause: DIAL_PAUSE,
        };
        this.derive(days.today, cx);
        this
    }

    fn derive(&mut self, day: u64, cx: &mut Cx<'_, '_>) {
        let job = cx.ids.job(Owner::Meeting(self.id));
        self.deriving = self.deriving.saturating_add(1);
        cx.effect(Effect::Derive { job, locator: self.meet.code.locator(), day });
    }

    pub(super) fn deadline(&self) -> Option<Millis> {
        match self.stage {
            Stage::Pausing(until) => Some(until.min(self.deadline)),
            _ => Some(self.deadline),
        }
    }

    pub(super) fn derived(&mut self, seed: Option<OnionSeed>, cx: &mut Cx<'_, '_>) -> Outcome {
        self.deriving = self.deriving.saturating_sub(1);
        match seed {
            Some(seed) => self.places.push(seed.address()),
            None if self.places.is_empty() => return self.end(MeetingEnd::NeverReachable, cx),
            None => {}
        }
        // Near midnight the other day's place comes second, one derivation at a time: each takes
        // 256 MiB.
        if let Some(day) = self.days.pop() {
            self.derive(day, cx);
        }
        self.dial_if_prepared(cx);
        Outcome::Going
    }

    pub(super) fn network_ready(&mut self, cx: &mut Cx<'_, '_>) {
        self.dial_if_prepared(cx);
    }

    fn dial_if_prepared(&mut self, cx: &mut Cx<'_, '_>) {
        if matches!(self.stage, Stage::Preparing) && cx.network_ready && !self.places.is_empty() {
            self.dials_end = cx.now.saturating_add(GUEST_PATIENCE);
            self.deadline = self.dials_end;
            self.dial(cx);
        }
    }

    fn dial(&mut self, cx: &mut Cx<'_, '_>) {
        let turn = usize::try_from(self.attempt).unwrap_or(0).checked_rem(self.places.len());
        let Some(address) = turn.and_then(|turn| self.places.get(turn)).copied() else { return };
        self.attempt = self.attempt.saturating_add(1);
        let dial = cx.ids.dial(Owner::Meeting(self.id));
        self.stage = Stage::Dialling(dial, address);
        cx.meeting(self.id, MeetingEvent::Step(MeetingStep::Dialling { attempt: self.attempt }));
        cx.effect(Effect::Dial {
            dial,
            address,
            client_auth: None,
            timeout: GUEST_DIAL_TIMEOUT.min(self.deadline.saturating_sub(cx.now)),
            tls: Some(Tls::Pairing),
        });
    }

    fn pause(&mut self, cx: &Cx<'_, '_>) {
        self.stage = Stage::Pausing(cx.now.saturating_add(self.pause));
        self.pause = self.pause.saturating_mul(2).min(DIAL_PAUSE_MAX);
    }

    pub(super) fn dialled(
        &mut self,
        dial: DialId,
        result: Result<StreamId, DialFailure>,
        cx: &mut Cx<'_, '_>,
    ) -> Outcome {
        match (&self.stage, result) {
            (Stage::Dialling(own, address), Ok(stream)) if *own == dial => {
                self.stage = Stage::Securing(stream, *address);
            }
            (Stage::Dialling(own, _), Err(_)) if *own == dial => self.pause(cx),
            (_, Ok(stream)) => cx.close(stream, CloseWhen::Now),
            (_, Err(_)) => {}
        }
        Outcome::Going
    }

    pub(super) fn secured(&mut self, stream: StreamId, keys: &ChannelKeys, cx: &mut Cx<'_, '_>) {
        let Stage::Securing(own, address) = &self.stage else { return };
        if *own != stream {
            return;
        }
        let (pairing, bytes) = pairing::Guest::new(
            &self.meet.code.password(),
            cx.network_id,
            address,
            &exporters(keys),
            cx.rng,
        );
        self.stage = Stage::Agreeing { stream, pairing: Box::new(pairing), spent: false };
        self.deadline = cx.now.saturating_add(ANSWER_PATIENCE);
        cx.meeting(self.id, MeetingEvent::Step(MeetingStep::Agreeing));
        cx.effect(Effect::Send { stream, kind: FrameKind::Pairing, bytes });
    }

    pub(super) fn frame(
        &mut self,
        from: StreamId,
        kind: FrameKind,
        bytes: &[u8],
        cx: &mut Cx<'_, '_>,
    ) -> Outcome {
        let Stage::Agreeing { stream, pairing, spent } = &mut self.stage else {
            return Outcome::Going;
        };
        let stream = *stream;
        if stream != from || kind == FrameKind::KeepAlive {
            return Outcome::Going;
        }
        if kind != FrameKind::Pairing {
            return self.end(MeetingEnd::ProtocolViolation, cx);
        }
        match pairing.handle(bytes, cx.rng) {
            Ok(progress) => {
                if let Some(bytes) = progress.send {
                    cx.effect(Effect::Send { stream, kind: FrameKind::Pairing, bytes });
                }
                self.deadline = cx.now.saturating_add(ANSWER_PATIENCE);
                match progress.stage {
                    GuestStage::Waiting { guess_spent } => {
                        *spent = guess_spent;
                        Outcome::Going
                    }
                    GuestStage::Paired(paired) => {
                        Outcome::Made(made(self.id, &mut self.meet, stream, *paired))
                    }
                }
            }
            Err(PairingError::Refused(Refusal::Busy)) if !*spent => {
                cx.close(stream, CloseWhen::Now);
                self.dial_again(cx);
                Outcome::Going
            }
            Err(error) => {
                // Whoever notices tells the other end; the stream is closed once that is out.
                if let Some(refusal) = error.refusal() {
                    let bytes = refusal.encode();
                    cx.effect(Effect::Send { stream, kind: FrameKind::Pairing, bytes });
                }
                self.end(why(&error), cx)
            }
        }
    }

    /// Before our confirmation is out nothing is lost and the host can be dialled again; after it the
    /// guess is spent.
    pub(super) fn closed(&mut self, gone: StreamId, cx: &mut Cx<'_, '_>) -> Outcome {
        match &self.stage {
            Stage::Securing(stream, _) if *stream == gone => self.pause(cx),
            Stage::Agreeing { stream, spent, .. } if *stream == gone => {
                if *spent {
                    return self.end(MeetingEnd::PartnerGone, cx);
                }
                self.dial_again(cx);
            }
            _ => {}
        }
        Outcome::Going
    }

    /// The stream is gone and nothing was lost with it.
    fn dial_again(&mut self, cx: &Cx<'_, '_>) {
        self.deadline = self.dials_end;
        self.pause(cx);
    }

    pub(super) fn tick(&mut self, cx: &mut Cx<'_, '_>) -> Outcome {
        if cx.now >= self.deadline {
            let why = match &self.stage {
                Stage::Preparing => MeetingEnd::NoNetwork,
                Stage::Agreeing { .. } => MeetingEnd::PartnerGone,
                Stage::Pausing(_) | Stage::Dialling(..) | Stage::Securing(..) => {
                    MeetingEnd::NobodyAnswers
                }
            };
            return self.end(why, cx);
        }
        if let Stage::Pausing(until) = self.stage
            && cx.now >= until
        {
            self.dial(cx);
        }
        Outcome::Going
    }

    pub(super) fn end(&mut self, why: MeetingEnd, cx: &mut Cx<'_, '_>) -> Outcome {
        match &self.stage {
            Stage::Dialling(dial, _) => cx.cancel_dial(*dial),
            Stage::Securing(stream, _) => cx.close(*stream, CloseWhen::Now),
            Stage::Agreeing { stream, .. } => cx.close(*stream, CloseWhen::Flushed),
            Stage::Preparing | Stage::Pausing(_) => {}
        }
        self.places.clear();
        tell_end(self.id, why, cx)
    }
}

/// What a failed pairing means for the user.
fn why(error: &PairingError) -> MeetingEnd {
    match error {
        PairingError::WrongPassword | PairingError::Refused(Refusal::WrongPassword) => {
            MeetingEnd::WrongPassword
        }
        PairingError::Refused(Refusal::Burnt) => MeetingEnd::PartnerGone,
        PairingError::NoCommonVersion | PairingError::Refused(Refusal::NoCommonVersion) => {
            MeetingEnd::NoCommonVersion
        }
        _ => MeetingEnd::ProtocolViolation,
    }
}
