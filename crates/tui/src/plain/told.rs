//! What the node tells, as lines.

use undertone_handle::command::{Command, Name, Role};
use undertone_handle::event::{
    CheckEvent, ConversationEvent, Delivery, Event, LinkState, MeetingEvent, NetworkState,
    NetworkStep, StorageEvent,
};
use undertone_handle::{json, words};

use super::talk::{Act, Shape, Talk, Wait};
use crate::plan::End;
use crate::text;

/// Columns of a name that a partner claims.
const MAX_CLAIM: usize = 40;

impl Talk {
    pub(super) fn told(&mut self, event: Event) {
        if self.options.shape == Shape::Json && self.is_ours(&event) {
            // A fatal error is the last line, not one more in the middle.
            let shown = match event {
                Event::Fatal(_) => false,
                // After a lock the profile goes on, and is told of by a line of its own.
                Event::Ended => !matches!(self.end, Some(End::Locked(..))),
                _ => true,
            };
            if shown {
                self.acts.push(Act::Out(json::line(&event)));
            }
        }
        match event {
            Event::Network(state) => self.network(&state),
            Event::Meeting(id, event) if Some(id) == self.id => self.meeting(&event),
            Event::Meeting(id, MeetingEvent::Paired) if self.begins(id) => self.begun(id),
            // After a lock nobody is told what came.
            Event::Address(_) | Event::Request(..) | Event::Asked(..)
                if matches!(self.wait, Wait::Closing) => {}
            Event::Address(event) => self.address_told(&event),
            Event::Request(id, event) => self.request_told(id, &event),
            Event::Asked(id, event) => self.asked_told(id, event),
            Event::Conversation(id, event) if Some(id) == self.id => self.conversation(event),
            Event::Conversation(id, event) => self.elsewhere(id, event),
            Event::Storage(StorageEvent::Failed(fault)) => {
                self.storage = Some(fault);
                self.say(&words::storage(fault).to_string());
            }
            Event::Storage(StorageEvent::Well) => {
                self.storage = None;
                self.say(words::STORAGE_WELL);
            }
            Event::Fatal(error) => {
                self.id = None;
                self.wait = Wait::Closing;
                self.end = Some(End::Failed(error));
            }
            Event::Ended => {
                let end = self.end.take();
                self.finish(end.unwrap_or_else(|| End::Failed(words::node_gone())));
            }
            // Of a conversation that is not this one, or of a kind that came later.
            _ => {}
        }
    }

    fn is_ours(&self, event: &Event) -> bool {
        match event {
            Event::Meeting(id, MeetingEvent::Paired) if self.begins(*id) => true,
            Event::Address(_) | Event::Request(..) | Event::Asked(..) => {
                !matches!(self.wait, Wait::Closing)
            }
            Event::Meeting(id, _) | Event::Conversation(id, _) => {
                Some(*id) == self.id || self.rooms.iter().any(|room| room.id == Some(*id))
            }
            _ => true,
        }
    }

    /// Whether keys are agreed on: from then on leaving means a goodbye.
    pub(super) fn is_paired(&self) -> bool {
        self.paired
    }

    fn network(&mut self, state: &NetworkState) {
        self.network = Some(state.clone());
        match &state.step {
            NetworkStep::Finding { percent } => {
                // Ten lines on the way, not a hundred.
                let tens = percent / 10;
                if self.told_percent == Some(tens) {
                    return;
                }
                self.told_percent = Some(tens);
            }
            _ => self.told_percent = None,
        }
        self.say(&text::one_line(&words::network(state)));
        if let Some(seconds) = state.clock_off_by_seconds {
            self.say(&words::clock_off(seconds));
        }
    }

    fn meeting(&mut self, event: &MeetingEvent) {
        match event {
            MeetingEvent::Step(step) => self.say(&words::step_sentence(step)),
            MeetingEvent::GuessesLeft(left) => self.say(&words::guesses_left(*left)),
            MeetingEvent::Paired => {
                self.paired = true;
                self.say(words::PAIRED);
                if let Some(end) = self.end.take().filter(|_| self.giving_up) {
                    // Given up a moment too late: what came of it ends at once.
                    self.leave(end);
                }
            }
            MeetingEvent::Ended(end) => {
                self.id = None;
                let role = self.plan.role.unwrap_or(Role::Guest);
                self.close(End::Failed(words::meeting_end(end, role)));
            }
        }
    }

    pub(super) fn conversation(&mut self, event: ConversationEvent) {
        if event != ConversationEvent::Refused {
            self.said_refused = false;
        }
        match event {
            ConversationEvent::Check(event) => self.check(event),
            ConversationEvent::Trust(level) => {
                self.trust = Some(level);
                let words = words::trust_sentence(level, &self.peer());
                self.say(&words);
            }
            ConversationEvent::Open => {
                self.open = true;
                let wanted = self.plan.profile.as_ref().and_then(|profile| profile.history);
                if let (Some(id), Some(history)) = (self.id, wanted) {
                    self.acts.push(Act::Command(Command::SetHistory(id, history)));
                }
                self.say(words::OPEN);
                if matches!(self.wait, Wait::Nothing) {
                    self.wait = Wait::Text;
                }
            }
            ConversationEvent::Queued { message, .. } => {
                self.handed = self.handed.saturating_sub(1);
                self.count += 1;
                self.ours.insert(message, self.count);
                self.numbers.add(true, message);
            }
            ConversationEvent::Received { message, body, reply, .. } => {
                self.received(message, &body, reply);
            }
            ConversationEvent::Edited { .. }
            | ConversationEvent::Deleted(..)
            | ConversationEvent::NotDone(..)
            | ConversationEvent::Reacted { .. }
            | ConversationEvent::Timer { .. }
            | ConversationEvent::History(_)
            | ConversationEvent::Blocked(_) => self.changed(event),
            ConversationEvent::Delivery(message, delivery) => {
                let Some(number) = self.ours.get(&message).copied() else { return };
                match delivery {
                    // Once for each message: it may wait and leave many times.
                    Delivery::Waiting if self.said_waiting.insert(message) => {
                        self.say(&format!("Message {number}: waiting."));
                    }
                    Delivery::Waiting | Delivery::Sent => {}
                    Delivery::Delivered => {
                        self.ours.remove(&message);
                        self.said_waiting.remove(&message);
                        self.say(&format!("Message {number}: delivered."));
                    }
                }
            }
            ConversationEvent::NotSent(_, reason) => {
                self.handed = self.handed.saturating_sub(1);
                self.lost += 1;
                self.say(&words::not_sent(reason).to_string());
            }
            ConversationEvent::Renamed(name) => {
                let before = self.peer();
                self.say(&format!("{before} is {name} from now on, here alone."));
                self.plan.peer = Name::parse(&name).ok().or(self.plan.peer.take());
            }
            ConversationEvent::PeerName(claim) => {
                let peer = self.peer();
                if claim != peer {
                    let words = words::peer_name(&peer, &text::cut(&claim, MAX_CLAIM));
                    self.say(&words);
                }
            }
            ConversationEvent::Link(state) => self.link(state),
            ConversationEvent::Healing(event) => self.say(words::healing(event)),
            ConversationEvent::Repair(event) => {
                let words = words::repair(event, &self.peer());
                self.say(&words);
            }
            // Once is enough, however much of it comes in a row.
            ConversationEvent::Refused if !std::mem::replace(&mut self.said_refused, true) => {
                self.say(words::REFUSED);
            }
            ConversationEvent::PeerLeft => {
                let words = words::peer_left(&self.peer());
                self.say(&words);
                self.open = false;
                let end = self.end.take().unwrap_or_else(|| self.end_of_leaving());
                // The other conversations of the profile go on.
                let others = self.several || self.asking.waits();
                if !others || matches!(self.wait, Wait::Closing) {
                    self.close(end);
                }
            }
            ConversationEvent::Left { confirmed } => {
                self.say(words::left(confirmed));
                let stays = self.plan.profile.is_some() && self.end.is_none();
                if stays && self.let_go() {
                    return;
                }
                let end = self.end.take().unwrap_or(End::Done);
                self.close(end);
            }
            // A repeated refusal, or a kind that came later than this face.
            _ => {}
        }
    }

    /// What leaving now means, on either side: after a failed or forgone check that nobody
    /// overruled, a failure.
    pub(super) fn end_of_leaving(&self) -> End {
        match self.wait {
            Wait::Stay => End::Failed(words::check_failed()),
            Wait::Without => End::Failed(words::check_cancelled()),
            _ => End::Done,
        }
    }

    fn check(&mut self, event: CheckEvent) {
        if matches!(self.wait, Wait::Closing) {
            return;
        }
        self.say(words::check(event));
        if event == CheckEvent::BegunAnew {
            // Whatever is asked is asked still.
            return;
        }
        self.drop_asking();
        match event {
            CheckEvent::WishWanted | CheckEvent::PeerAsked => {}
            CheckEvent::SecretWanted
            | CheckEvent::ConfirmationWanted
            | CheckEvent::WaitingForPeer => self.checking = true,
            _ => self.checking = false,
        }
        match event {
            CheckEvent::WishWanted => {
                self.wait = Wait::Wish;
                self.say(words::CHECK_QUESTION);
            }
            CheckEvent::SecretWanted => {
                self.wait = Wait::Secret;
                self.acts.push(Act::Hide(true));
            }
            CheckEvent::Mismatch | CheckEvent::Aborted => {
                self.unask();
                self.wait = Wait::Stay;
                self.say(words::STAY_QUESTION);
            }
            CheckEvent::ConfirmationWanted => self.wait = Wait::Confirm,
            CheckEvent::PeerCancelled if !self.open => {
                self.unask();
                self.wait = Wait::Without;
                self.say(words::WITHOUT_QUESTION);
            }
            CheckEvent::PeerCancelled if self.is_typing_a_secret() => {
                self.unask();
                self.wait = Wait::Unused;
                self.say("What you were typing is not used. Press Enter to go on.");
            }
            CheckEvent::PeerCancelled
            | CheckEvent::Cancelled
            | CheckEvent::BegunAnew
            | CheckEvent::PeerAsked
            | CheckEvent::WaitingForPeer
            | CheckEvent::Match
            | CheckEvent::Skipped => {
                self.unask();
                self.wait = if self.open { Wait::Text } else { Wait::Nothing };
            }
        }
    }

    /// Whether a person's next line may have been begun as a secret. Programs say what a line is.
    fn is_typing_a_secret(&self) -> bool {
        self.options.shape == Shape::Words && matches!(self.wait, Wait::Secret | Wait::Confirm)
    }

    /// A question for the secret that is open no more.
    pub(super) fn unask(&mut self) {
        if matches!(self.wait, Wait::Secret) {
            self.acts.push(Act::Hide(false));
        }
    }

    fn link(&mut self, state: LinkState) {
        self.link = Some(state);
        match state {
            LinkState::Up if !std::mem::replace(&mut self.was_lost, false) => {}
            LinkState::Away if self.blocked => self.was_lost = true,
            LinkState::Lost { .. } | LinkState::Away
                if std::mem::replace(&mut self.was_lost, true) => {}
            LinkState::GivenUp => {
                self.say(&words::link(&state));
                let end = self.end.take().unwrap_or_else(|| match self.end_of_leaving() {
                    End::Done => End::Failed(words::link_given_up()),
                    end => end,
                });
                self.close(end);
            }
            _ => self.say(&words::link(&state)),
        }
    }
}
