//! What the node tells the screen.

use undertone_handle::Event;
use undertone_handle::command::{Command, History, Name, Role};
use undertone_handle::event::{
    CheckEvent, ConversationEvent, HealingEvent, LinkState, MeetingEnd, MeetingEvent, NetworkStep,
    StorageEvent, Trust,
};
use undertone_handle::words;

use super::app::{Action, App, Ask, MAX_SECRET, Stage};
use super::chat::{Tone, What};
use super::editor::Editor;
use crate::plan::End;
use crate::text;

/// Columns of a name that a partner claims.
const MAX_CLAIM: usize = 40;

impl App {
    pub(super) fn event(&mut self, event: Event) {
        match event {
            Event::Network(state) => {
                if let Stage::Meeting(progress) = &mut self.stage {
                    if state.step == NetworkStep::Ready {
                        progress.network_found(self.now.monotonic);
                    } else {
                        progress.network_sought(self.now.monotonic);
                    }
                }
                self.network = Some(state);
            }
            Event::Meeting(id, event) if Some(id) == self.id => self.meeting(event),
            // After a lock nothing is kept of what came.
            Event::Meeting(..) | Event::Address(_) | Event::Request(..) | Event::Asked(..)
                if matches!(self.stage, Stage::Closing) => {}
            Event::Meeting(id, MeetingEvent::Paired) if self.begins(id) => self.begun(id),
            Event::Address(event) => self.address_told(&event),
            Event::Request(id, event) => self.request_told(id, &event),
            Event::Asked(id, event) => self.asked_told(id, event),
            Event::Conversation(id, event) => self.in_room(id, event),
            Event::Storage(StorageEvent::Failed(fault)) => {
                self.storage = Some(fault);
                self.note(words::storage(fault).to_string(), Tone::Bad);
            }
            Event::Storage(StorageEvent::Well) => {
                self.storage = None;
                self.note(words::STORAGE_WELL, Tone::Good);
            }
            Event::Fatal(error) => {
                self.id = None;
                if matches!(self.stage, Stage::Closing) {
                    self.end = Some(End::Failed(error));
                } else {
                    self.stage = Stage::Failed { error, again: false };
                }
            }
            Event::Ended => match self.end.take() {
                Some(end) => self.finish(end),
                None => match &self.stage {
                    Stage::Failed { .. } => self.id = None,
                    _ => {
                        self.id = None;
                        self.stage = Stage::Failed { error: words::node_gone(), again: false };
                    }
                },
            },
            // Of a meeting that was given up, or of a kind that came later than this face.
            _ => {}
        }
    }

    fn meeting(&mut self, event: MeetingEvent) {
        match event {
            MeetingEvent::Step(step) => {
                if let Stage::Meeting(progress) = &mut self.stage {
                    progress.step(&step, self.now.monotonic);
                }
            }
            MeetingEvent::GuessesLeft(left) => {
                if let Stage::Meeting(progress) = &mut self.stage {
                    progress.guessed(words::guesses_left(left), self.now.monotonic);
                }
            }
            MeetingEvent::Paired => {
                self.stage = Stage::Check;
                if let Some(id) = self.id.filter(|id| !self.list.contains(id)) {
                    self.list.push(id);
                }
                // A code works once. What is left of it here goes too.
                self.plan.code = None;
                self.plan.secret = None;
                self.note(words::PAIRED, Tone::Plain);
                if let Some(end) = self.end.take().filter(|_| self.giving_up) {
                    // Given up a moment too late: what came of it ends at once.
                    self.leave(end);
                }
            }
            MeetingEvent::Ended(end) => {
                self.id = None;
                let role = self.plan.role.unwrap_or(Role::Guest);
                let error = words::meeting_end(&end, role);
                if self.giving_up || end == MeetingEnd::GivenUp {
                    self.close(End::Failed(error));
                } else {
                    self.stage = Stage::Failed { error, again: true };
                }
            }
        }
    }

    pub(super) fn conversation(&mut self, event: ConversationEvent) {
        match event {
            ConversationEvent::Check(event) => self.check(event),
            ConversationEvent::Trust(level) => {
                self.trust = Some((level, self.now.wall));
            }
            ConversationEvent::Open => {
                self.open = true;
                if let (Some(id), Some(history)) = (self.id, self.wanted_history()) {
                    self.actions.push(Action::Command(Command::SetHistory(id, history)));
                }
                // The pairing came over a connection that both have heard each other on.
                self.link.get_or_insert(LinkState::Up);
                self.note(words::OPEN, Tone::Plain);
                // A question about a failed check is answered before anything is said.
                if !self.ask.decides() {
                    self.show_chat();
                }
            }
            ConversationEvent::Queued { ticket, message, body, at, reply, timer } => {
                self.unqueued.remove(&ticket);
                self.chat.ours(message, at, body, reply);
                self.chat.timed(message, timer);
            }
            ConversationEvent::Received { message, body, at, reply, timer } => {
                self.chat.theirs(message, at, body, reply);
                self.chat.timed(message, timer);
            }
            ConversationEvent::Edited { message, body, .. } => self.chat.edit(message, body),
            ConversationEvent::Deleted(message, how) => {
                self.chat.delete(message, format!("Message {}.", words::deleted(how)));
            }
            ConversationEvent::NotDone(_, reason) => {
                self.note(words::not_done(reason).to_string(), Tone::Bad);
            }
            ConversationEvent::Reacted { message, own, reaction } => {
                self.chat.react(message, own, reaction);
            }
            ConversationEvent::Timer { seconds, own } => {
                self.timer = seconds;
                let note = words::timer(seconds, own, self.peer());
                self.note(note, Tone::Plain);
            }
            ConversationEvent::Renamed(name) => {
                let before = self.peer().to_owned();
                if let Ok(name) = Name::parse(&name) {
                    self.note(format!("{before} is {name} from now on, here alone."), Tone::Plain);
                    self.plan.peer = Some(name);
                }
            }
            ConversationEvent::Blocked(blocked) => {
                self.blocked = blocked;
                let note = words::blocked(self.peer(), blocked);
                self.note(note, Tone::Plain);
            }
            ConversationEvent::History(history) => {
                self.keeps = history;
                self.note(words::history(history), Tone::Plain);
            }
            ConversationEvent::Delivery(message, delivery) => {
                // One that is not known here has been cut from the top: nothing to mark.
                let _: bool = self.chat.fate(message, delivery);
            }
            ConversationEvent::NotSent(ticket, reason) => {
                let unqueued = self.unqueued.remove(&ticket);
                self.note(words::not_sent(reason).to_string(), Tone::Bad);
                if let (Some(text), true) = (unqueued, self.input.is_empty()) {
                    self.input.set(&text);
                }
            }
            ConversationEvent::PeerName(claim) if claim != self.peer() => {
                let claim = text::cut(&claim, MAX_CLAIM);
                let note = words::peer_name(self.peer(), &claim);
                self.note(note, Tone::Plain);
            }
            ConversationEvent::Link(state) => self.link_changed(state),
            ConversationEvent::Healing(event) => self.healing_changed(event),
            ConversationEvent::Repair(event) => {
                let note = words::repair(event, self.peer());
                self.note(note, Tone::Amber);
            }
            ConversationEvent::Refused => {
                let said = self.chat.get(self.chat.len().wrapping_sub(1)).is_some_and(
                    |entry| matches!(&entry.what, What::Note(text, _) if text == words::REFUSED),
                );
                // Once is enough, however much of it comes in a row.
                if !said {
                    self.note(words::REFUSED, Tone::Bad);
                }
            }
            ConversationEvent::PeerLeft => {
                let note = words::peer_left(self.peer());
                self.ended(note, End::Done);
            }
            ConversationEvent::Left { confirmed } => {
                if self.plan.profile.is_some() && self.end.is_none() {
                    return self.let_go(words::left(confirmed));
                }
                self.note(words::left(confirmed), Tone::Plain);
                let end = self.end.take().unwrap_or(End::Done);
                self.close(end);
            }
            // The name that is shown already, or a kind that came later than this face.
            _ => {}
        }
    }

    fn check(&mut self, event: CheckEvent) {
        let tone = match event {
            CheckEvent::Match => Tone::Good,
            CheckEvent::Mismatch | CheckEvent::Aborted | CheckEvent::PeerCancelled => Tone::Bad,
            _ => Tone::Plain,
        };
        if matches!(self.stage, Stage::Closing) {
            return;
        }
        if event == CheckEvent::BegunAnew {
            // Whatever is asked is asked still.
            self.note(words::check(event), tone);
            return;
        }
        if event == CheckEvent::ConfirmationWanted
            && matches!((&self.stage, &self.ask), (Stage::Check, Ask::Nothing))
        {
            self.note("That was not the word.", Tone::Bad);
        }
        let next = match event {
            CheckEvent::WishWanted => Ask::Wish,
            CheckEvent::SecretWanted => Ask::Secret(Editor::line(MAX_SECRET), true),
            CheckEvent::ConfirmationWanted => Ask::Confirm(Editor::line(MAX_SECRET)),
            CheckEvent::Mismatch | CheckEvent::Aborted => Ask::Stay,
            CheckEvent::PeerCancelled if !self.open => Ask::Without,
            _ => Ask::Nothing,
        };
        // Nobody but the user's own yes leads to the secret at once; and what is typed for the
        // secret must not answer the question that comes in its place.
        let unasked = match next {
            Ask::Secret(..) => !self.open && !self.wished,
            Ask::Stay | Ask::Without => self.is_typing_an_answer(),
            Ask::Nothing => event == CheckEvent::PeerCancelled && self.is_typing_an_answer(),
            _ => false,
        };
        match event {
            CheckEvent::WishWanted | CheckEvent::PeerAsked => {}
            CheckEvent::SecretWanted
            | CheckEvent::ConfirmationWanted
            | CheckEvent::WaitingForPeer => self.checking = true,
            _ => self.checking = false,
        }
        self.ask = if unasked { Ask::Notice(Box::new(next)) } else { next };
        let asks = matches!(
            event,
            CheckEvent::WishWanted | CheckEvent::SecretWanted | CheckEvent::ConfirmationWanted
        );
        if !asks {
            self.note(words::check(event), tone);
        }
        if self.open {
            self.check_while_talking();
        } else if !matches!(self.ask, Ask::Nothing) && self.over.is_none() {
            self.stage = Stage::Check;
        }
    }

    /// In an open conversation nothing takes the keyboard away from who is typing: a word meant for
    /// the partner must not become an answer.
    fn check_while_talking(&mut self) {
        match self.ask {
            Ask::Secret(..) | Ask::Confirm(_) if self.wants_check => self.stage = Stage::Check,
            Ask::Secret(..) | Ask::Confirm(_) => {
                self.note("/check answers with your secret; /cancel calls it off.", Tone::Plain);
            }
            Ask::Stay => self.show_stay_or_quit(),
            Ask::Nothing => self.show_chat(),
            Ask::Wish | Ask::Notice(_) | Ask::Without => {}
        }
        if !matches!(self.ask, Ask::Secret(..) | Ask::Confirm(_)) {
            self.wants_check = false;
        }
    }

    /// In an open conversation a failure is answered by a command.
    pub(super) fn show_stay_or_quit(&mut self) {
        self.show_chat();
        self.note("/stay goes on, unverified; /quit leaves.", Tone::Bad);
    }

    /// Whether the next key may be meant for a question that is just being answered.
    fn is_typing_an_answer(&self) -> bool {
        matches!(self.stage, Stage::Check) && !matches!(self.ask, Ask::Nothing)
    }

    fn healing_changed(&mut self, event: HealingEvent) {
        let alarm = matches!(self.healing, Some(HealingEvent::Late | HealingEvent::Stopped));
        let (state, tone) = match event {
            HealingEvent::Renewed => (None, Tone::Good),
            HealingEvent::Late => (Some(event), Tone::Amber),
            HealingEvent::Stopped => (Some(event), Tone::Bad),
            // An alarm stays until it is over, whatever is on the way.
            HealingEvent::Begun | HealingEvent::Waiting if alarm => (self.healing, Tone::Plain),
            HealingEvent::Begun | HealingEvent::Waiting => (Some(event), Tone::Plain),
        };
        self.healing = state;
        self.note(words::healing(event), tone);
    }

    fn link_changed(&mut self, state: LinkState) {
        let before = self.link.replace(state);
        match state {
            LinkState::GivenUp => {
                self.ended(words::link(&state), End::Failed(words::link_given_up()));
            }
            LinkState::Lost { .. } | LinkState::Away
                if before != Some(state) && !is_down(before) && !self.blocked =>
            {
                self.note(words::link(&state), Tone::Bad);
            }
            LinkState::Up if is_down(before) => {
                self.note(words::link(&state), Tone::Good);
            }
            _ => {}
        }
    }

    /// The conversation has ended from the other side; what was said stays to be read.
    fn ended(&mut self, note: String, end: End) {
        self.note(note, Tone::Bad);
        if matches!(self.stage, Stage::Closing) {
            let end = self.end.take().unwrap_or(end);
            self.close(end);
            return;
        }
        self.over = Some(if self.ask.decides() { self.end_of_leaving() } else { end });
        self.ask = Ask::Nothing;
        self.open = false;
        self.show_chat();
    }

    pub(super) fn show_chat(&mut self) {
        self.stage = Stage::Chat;
    }

    /// How long the settings keep the messages of a new conversation, if not for good.
    fn wanted_history(&self) -> Option<History> {
        self.plan.profile.as_ref()?.history
    }

    /// Whether nothing vouches for the partner: the conversation is red then.
    pub(super) fn is_red(&self) -> bool {
        matches!(self.trust, Some((Trust::Unverified, _)))
    }
}

/// Whether a connection was there and is not any more.
fn is_down(state: Option<LinkState>) -> bool {
    matches!(state, Some(LinkState::Lost { .. } | LinkState::Away))
}
