//! The Socialist Millionaire check, before the conversation and at any time in it.
//!
//! If either side wishes it, both run it. The host of the pairing begins the run as soon as it has
//! its secret, whoever wished; so two runs never cross.
//!
//! A run's secret is bound to a post-quantum epoch: the newest one that both have mixed in, for all
//! that the beginning side knows, and it names it in its first message. So an active clone of
//! either side, which shares no epoch with both, is found like anybody else in the middle. When the
//! other side has gone on so far that it no longer has that epoch's authenticator, it asks for
//! another first message. Nothing has been compared then, so it gives no guess away.
//!
//! Either side may cancel a run. As long as the other cannot know the outcome nothing was guessed
//! and it counts as none; a run that breaks off later counts as failed, or a liar could hide each
//! wrong guess. An abort is answered by a wish of 0; whatever comes before the answer belongs to
//! what the abort ended, and is dropped.

use undertone_handle::SecretText;
use undertone_handle::command::{CONFIRMATION, CheckCommand, Role};
use undertone_handle::event::{CheckEvent, ConversationEvent, Trust};
use undertone_ratchet::secret::Secret;
use undertone_smp::{Context, Reply, Ristretto, Smp, SmpSecret};
use undertone_wire::message::Body;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::{Conversation, Phase};
use crate::Cx;
use crate::limits::{CHECK_FAILURES, CHECKS_ANEW};

/// Where the check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Both say whether they wish it.
    Wishing,
    /// It runs, or waits for a secret.
    Running,
    /// It failed; the user decides whether to stay.
    Failed,
    /// The partner cancelled it before the conversation; the user decides whether to go on without.
    Forgone,
    /// It is over, or was never wished.
    Idle,
}

pub(super) struct Check {
    stage: Stage,
    own_wish: Option<bool>,
    peer_wish: Option<bool>,
    /// Given beforehand, for the first run.
    given: Option<SecretText>,
    /// What the user typed for this run.
    words: Option<SecretText>,
    /// The epoch that the partner's first message named, and its authenticator as it was then: the
    /// user may take longer to answer than epochs last.
    named: Option<(u32, Secret<32>)>,
    /// The partner's first message named an epoch whose authenticator is forgotten here.
    unknown: bool,
    /// Our first message is out and nothing has answered it.
    begun: bool,
    /// How often this run was begun anew.
    anew: u32,
    /// The partner wishes another run, and our user has not decided yet what the failure means.
    asked_again: bool,
    /// The user has not typed yet what this run needs after so many failures.
    unconfirmed: bool,
    /// Our message is out from which the partner learns the outcome before we do.
    outcome_out: bool,
    /// Runs of this conversation that failed, since the program began or was loaded.
    failures: u32,
    /// The partner has not answered our abort.
    unanswered: bool,
    /// Our user wished a run before that answer.
    wish_held: bool,
    /// The number of our last answer to an abort.
    answer: u64,
    smp: Smp<Ristretto>,
}

impl Check {
    pub(super) fn new(wish: Option<bool>, given: Option<SecretText>) -> Self {
        Self {
            stage: Stage::Wishing,
            own_wish: wish,
            peer_wish: None,
            given,
            words: None,
            named: None,
            unknown: false,
            begun: false,
            anew: 0,
            asked_again: false,
            unconfirmed: false,
            outcome_out: false,
            failures: 0,
            unanswered: false,
            wish_held: false,
            answer: 0,
            smp: Smp::new(),
        }
    }

    /// After loading: a run lives in memory alone, so none is under way.
    pub(super) fn loaded() -> Self {
        Self { stage: Stage::Idle, peer_wish: Some(false), ..Self::new(None, None) }
    }

    /// Erases what belongs to one run.
    fn forget(&mut self) {
        self.words = None;
        self.named = None;
        self.unknown = false;
        self.begun = false;
        self.anew = 0;
        self.asked_again = false;
        self.unconfirmed = false;
        self.outcome_out = false;
        self.smp = Smp::new();
    }
}

impl Conversation {
    pub(super) fn begin_check(&mut self, cx: &mut Cx<'_, '_>) {
        match self.check.own_wish {
            Some(wish) => self.queue(&Body::CheckWish(wish), None, cx),
            None => cx.tell(self.id, ConversationEvent::Check(CheckEvent::WishWanted)),
        }
    }

    /// After loading: the partner may wait for a step of a run that is forgotten here. It is told,
    /// and a check that stands before the conversation counts as failed like any that broke off.
    pub(super) fn resume_check(&mut self, cx: &mut Cx<'_, '_>) {
        self.break_off(cx);
        if self.phase == Phase::Checking {
            self.failed(CheckEvent::Aborted, cx);
        }
    }

    pub(super) fn answer_check(&mut self, answer: CheckCommand, cx: &mut Cx<'_, '_>) {
        match answer {
            CheckCommand::Wish(wish) => self.own_wish(wish, cx),
            CheckCommand::Secret(words) => self.own_secret(words, cx),
            CheckCommand::Confirm(word) => self.confirm(&word, cx),
            CheckCommand::Cancel => self.cancel(cx),
            CheckCommand::Stay => {
                let trust = match self.check.stage {
                    Stage::Failed => Trust::Unverified,
                    Stage::Forgone => Trust::Verified { skipped: true },
                    Stage::Wishing | Stage::Running | Stage::Idle => return,
                };
                self.check.stage = Stage::Idle;
                self.open(trust, cx);
                if std::mem::take(&mut self.check.asked_again) {
                    cx.tell(self.id, ConversationEvent::Check(CheckEvent::PeerAsked));
                    self.run(cx);
                }
            }
        }
    }

    fn own_wish(&mut self, wish: bool, cx: &mut Cx<'_, '_>) {
        match self.check.stage {
            Stage::Wishing if self.check.own_wish.is_none() => {
                self.check.own_wish = Some(wish);
                self.queue(&Body::CheckWish(wish), None, cx);
                self.decide(cx);
            }
            // In the middle of a conversation a wish needs no answer: the partner joins in.
            Stage::Idle if wish && self.phase == Phase::Open => self.ask(cx),
            Stage::Wishing | Stage::Running | Stage::Failed | Stage::Forgone | Stage::Idle => {}
        }
    }

    /// Asks the partner for a run, once it has answered what ended the one before.
    fn ask(&mut self, cx: &mut Cx<'_, '_>) {
        self.check.wish_held = self.check.unanswered;
        if self.check.wish_held {
            cx.tell(self.id, ConversationEvent::Check(CheckEvent::WaitingForPeer));
        } else {
            self.queue(&Body::CheckWish(true), None, cx);
            self.run(cx);
        }
    }

    pub(super) fn peer_wish(&mut self, wish: bool, cx: &mut Cx<'_, '_>) {
        let first = self.check.peer_wish.is_none();
        self.check.peer_wish.get_or_insert(wish);
        if self.check.unanswered {
            // Before the conversation each side says its wish once, and the answer comes after it.
            let answers = !first && !wish;
            self.check.unanswered = !answers;
            if answers && self.check.wish_held && self.check.stage == Stage::Idle {
                self.ask(cx);
            }
            return;
        }
        match self.check.stage {
            Stage::Wishing if first => {
                if wish && self.check.own_wish != Some(true) {
                    cx.tell(self.id, ConversationEvent::Check(CheckEvent::PeerAsked));
                }
                self.decide(cx);
            }
            Stage::Idle if wish && self.phase == Phase::Open => {
                cx.tell(self.id, ConversationEvent::Check(CheckEvent::PeerAsked));
                self.run(cx);
            }
            Stage::Failed | Stage::Forgone if wish => self.check.asked_again = true,
            Stage::Wishing | Stage::Running | Stage::Failed | Stage::Forgone | Stage::Idle => {}
        }
    }

    /// If one wishes, both run; if both have declined, it is skipped.
    fn decide(&mut self, cx: &mut Cx<'_, '_>) {
        match (self.check.own_wish, self.check.peer_wish) {
            (Some(true), _) | (_, Some(true)) => {
                // The partner may still wait for our wish; it counts as given now.
                if self.check.own_wish.is_none() {
                    self.check.own_wish = Some(true);
                    self.queue(&Body::CheckWish(true), None, cx);
                }
                self.run(cx);
            }
            (Some(false), Some(false)) => {
                self.check.stage = Stage::Idle;
                cx.tell(self.id, ConversationEvent::Check(CheckEvent::Skipped));
                self.open(Trust::Verified { skipped: true }, cx);
            }
            (Some(false), None) | (None, Some(false) | None) => {}
        }
    }

    fn run(&mut self, cx: &mut Cx<'_, '_>) {
        self.check.stage = Stage::Running;
        self.check.unconfirmed = self.check.failures >= CHECK_FAILURES;
        if self.check.unconfirmed {
            cx.tell(self.id, ConversationEvent::Check(CheckEvent::ConfirmationWanted));
        } else {
            self.want_secret(cx);
        }
    }

    fn confirm(&mut self, word: &str, cx: &mut Cx<'_, '_>) {
        if self.check.stage != Stage::Running || !self.check.unconfirmed {
            return;
        }
        if word.trim() == CONFIRMATION {
            self.check.unconfirmed = false;
            self.want_secret(cx);
        } else {
            cx.tell(self.id, ConversationEvent::Check(CheckEvent::ConfirmationWanted));
        }
    }

    fn want_secret(&mut self, cx: &mut Cx<'_, '_>) {
        match self.check.given.take() {
            Some(words) => self.own_secret(words, cx),
            None => cx.tell(self.id, ConversationEvent::Check(CheckEvent::SecretWanted)),
        }
    }

    fn own_secret(&mut self, words: SecretText, cx: &mut Cx<'_, '_>) {
        let check = &mut self.check;
        if check.stage != Stage::Running || check.unconfirmed || check.words.is_some() {
            return;
        }
        check.words = Some(words);
        let goes_on = if self.check.named.is_some() {
            self.answer_run(cx)
        } else if self.check.unknown {
            self.want_anew(cx);
            true
        } else {
            // The guest answers the host's first message when it comes.
            self.contact.role != Role::Host || self.begin_run(cx)
        };
        if goes_on {
            cx.tell(self.id, ConversationEvent::Check(CheckEvent::WaitingForPeer));
        } else {
            self.abort(cx);
        }
    }

    /// Sends the first message of a run. `false`: there is none.
    fn begin_run(&mut self, cx: &mut Cx<'_, '_>) -> bool {
        let epoch = self.session.shared_epoch();
        let Some(authenticator) = self.session.authenticator(epoch) else { return false };
        let Some(secret) = self.bind(epoch, authenticator) else { return false };
        let Ok(message) = self.check.smp.start(&secret, None, cx.rng) else { return false };
        self.check.begun = true;
        self.queue(&Body::CheckBegin { epoch, message }, None, cx);
        true
    }

    /// Answers the first message of a run. `false`: that is not possible.
    fn answer_run(&mut self, cx: &mut Cx<'_, '_>) -> bool {
        let Some((epoch, authenticator)) = &self.check.named else { return false };
        let Some(secret) = self.bind(*epoch, authenticator) else { return false };
        let Ok(message) = self.check.smp.answer(&secret, cx.rng) else { return false };
        self.queue(&Body::Check(message), None, cx);
        true
    }

    /// The secret of the check: what was typed, bound to this pairing and to an epoch. `None`: nothing
    /// was typed.
    fn bind(&self, epoch: u32, authenticator: &Secret<32>) -> Option<SmpSecret> {
        let words = self.check.words.as_ref()?;
        let normalised: Zeroizing<String> = Zeroizing::new(words.reveal().trim().nfc().collect());
        let own = self.contact.own.public().identity();
        let peer = self.contact.card.identity();
        let (initiator_identity, responder_identity) = match self.contact.role {
            Role::Guest => (own, peer),
            Role::Host => (peer, own),
        };
        let context = Context {
            initiator_identity,
            responder_identity,
            pairing_transcript: &self.contact.pairing,
            epoch,
            epoch_authenticator: authenticator.as_bytes(),
        };
        Some(SmpSecret::derive(&context, &normalised))
    }

    /// The partner begins a run, bound to an epoch.
    pub(super) fn peer_begins(&mut self, epoch: u32, bytes: &[u8], cx: &mut Cx<'_, '_>) {
        let running = self.check.stage == Stage::Running;
        // It may come before our user has decided what the failure of the last run means.
        let awaited = matches!(self.check.stage, Stage::Failed | Stage::Forgone);
        if self.check.unanswered || !(running || awaited && self.check.asked_again) {
            return;
        }
        let Some(authenticator) = self.session.authenticator(epoch).cloned() else {
            self.check.unknown = true;
            if running && self.check.words.is_some() {
                self.want_anew(cx);
            }
            return;
        };
        match self.check.smp.receive(bytes, cx.rng) {
            Ok(Reply::SecretWanted { .. }) => {
                self.check.named = Some((epoch, authenticator));
                if self.check.words.is_some() && !self.answer_run(cx) {
                    self.abort(cx);
                }
            }
            Ok(_) | Err(_) if running => self.abort(cx),
            Ok(_) | Err(_) => {}
        }
    }

    /// Asks for another first message, under an epoch that is still known here. Only ever once our
    /// user has typed a secret, so that no partner fills the outbox by this.
    fn want_anew(&mut self, cx: &mut Cx<'_, '_>) {
        if self.check.anew >= CHECKS_ANEW {
            return self.abort(cx);
        }
        self.check.anew = self.check.anew.saturating_add(1);
        self.check.unknown = false;
        self.queue(&Body::CheckAnew, None, cx);
        cx.tell(self.id, ConversationEvent::Check(CheckEvent::BegunAnew));
    }

    /// The partner no longer has the authenticator of the epoch that we named.
    pub(super) fn peer_wants_anew(&mut self, cx: &mut Cx<'_, '_>) {
        if self.check.unanswered || self.check.stage != Stage::Running {
            return;
        }
        let again = self.check.begun && self.check.anew < CHECKS_ANEW;
        self.check.anew = self.check.anew.saturating_add(1);
        self.check.smp = Smp::new();
        if again {
            cx.tell(self.id, ConversationEvent::Check(CheckEvent::BegunAnew));
        }
        if !again || !self.begin_run(cx) {
            self.abort(cx);
        }
    }

    pub(super) fn check_message(&mut self, bytes: &[u8], cx: &mut Cx<'_, '_>) {
        if self.check.unanswered || self.check.stage != Stage::Running {
            return;
        }
        self.check.begun = false;
        match self.check.smp.receive(bytes, cx.rng) {
            Ok(Reply::Send(message)) => {
                self.check.outcome_out = true;
                self.queue(&Body::Check(message), None, cx);
            }
            Ok(Reply::Finished { matched, send }) => {
                if let Some(message) = send {
                    self.queue(&Body::Check(message), None, cx);
                }
                self.outcome(matched, cx);
            }
            Ok(Reply::Aborted) => self.failed(CheckEvent::Aborted, cx),
            // A first message names its epoch; without it it begins nothing.
            Ok(Reply::SecretWanted { .. }) | Err(_) => self.abort(cx),
        }
    }

    pub(super) fn peer_aborted(&mut self, cx: &mut Cx<'_, '_>) {
        // An honest partner has read our answer before it aborts once more: one is kept at a time.
        if self.check.answer <= self.counters.acknowledged {
            self.check.answer = self.counters.next;
            self.queue(&Body::CheckWish(false), None, cx);
        }
        match self.check.stage {
            Stage::Running if self.check.outcome_out => self.failed(CheckEvent::Aborted, cx),
            Stage::Wishing | Stage::Running => {
                self.check.forget();
                let open = self.phase != Phase::Checking;
                self.check.stage = if open { Stage::Idle } else { Stage::Forgone };
                cx.tell(self.id, ConversationEvent::Check(CheckEvent::PeerCancelled));
            }
            Stage::Failed | Stage::Forgone => self.check.forget(),
            Stage::Idle => {}
        }
    }

    /// The user wants no check after all.
    fn cancel(&mut self, cx: &mut Cx<'_, '_>) {
        let held = std::mem::take(&mut self.check.wish_held);
        match self.check.stage {
            // Whoever keeps the last message back must not make us hide its wrong guess.
            Stage::Running if self.check.outcome_out => return self.abort(cx),
            Stage::Running => {
                self.break_off(cx);
                self.check.forget();
                self.check.stage = Stage::Idle;
            }
            Stage::Idle if held => {}
            Stage::Wishing | Stage::Failed | Stage::Forgone | Stage::Idle => return,
        }
        cx.tell(self.id, ConversationEvent::Check(CheckEvent::Cancelled));
        if self.phase == Phase::Checking {
            self.open(Trust::Verified { skipped: true }, cx);
        }
    }

    /// Tells the partner that the run is over here.
    fn break_off(&mut self, cx: &mut Cx<'_, '_>) {
        self.queue(&Body::CheckAbort, None, cx);
        self.check.unanswered = true;
    }

    fn abort(&mut self, cx: &mut Cx<'_, '_>) {
        self.break_off(cx);
        self.failed(CheckEvent::Aborted, cx);
    }

    fn outcome(&mut self, matched: bool, cx: &mut Cx<'_, '_>) {
        if matched {
            self.check.forget();
            self.check.stage = Stage::Idle;
            cx.tell(self.id, ConversationEvent::Check(CheckEvent::Match));
            self.open(Trust::Authenticated, cx);
        } else {
            self.failed(CheckEvent::Mismatch, cx);
        }
    }

    /// Whatever did not end in a match counts as failed until the user acts.
    fn failed(&mut self, event: CheckEvent, cx: &mut Cx<'_, '_>) {
        self.check.forget();
        self.check.failures = self.check.failures.saturating_add(1);
        self.check.stage = Stage::Failed;
        cx.tell(self.id, ConversationEvent::Check(event));
        self.set_trust(Trust::Unverified, cx);
    }
}
