//! The model of the full screen: what was seen and typed so far.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crossterm::event::KeyEvent;
use undertone_handle::command::{Command, History, MAX_TEXT, Meet, Role};
use undertone_handle::event::{
    HealingEvent, LinkState, MeetingEnd, NetworkState, StorageFault, Trust,
};
use undertone_handle::words::{self, UserError};
use undertone_handle::{ConversationId, Event, MessageId, Ticket};
use zeroize::Zeroizing;

use super::asking::Questions;
use super::chat::{Chat, Columns, Tone, View};
use super::editor::Editor;
use super::lock::Form;
use super::meeting::Progress;
use super::paint::Looks;
use super::prompt::{Field, Prompt};
use super::rooms::{Draft, Room};
use crate::asking::Asking;
use crate::keeper::{Found, Wanted};
use crate::plan::{End, Now, Outcome, Plan};

/// The most bytes of a check's secret that are taken.
pub(super) const MAX_SECRET: usize = 1024;

/// The most sent texts that the arrow keys bring back.
const MAX_HISTORY: usize = 100;

/// Something that the model is told.
pub enum Input {
    /// A key was pressed.
    Key(KeyEvent),
    /// A text was pasted.
    Paste(String),
    /// The screen has so many columns and rows now.
    Resize(u16, u16),
    /// The node told something.
    Event(Event),
    /// The oldest text that was handed out by [`Action::Text`] goes under this id.
    Numbered(Ticket),
    /// The node has ended without a word.
    NodeGone,
    /// Somebody outside wants the program to end.
    Interrupt,
    /// What was asked of the profile's keeper is done.
    Found(Found),
    /// Time went by.
    Tick,
}

impl std::fmt::Debug for Input {
    /// Says nothing of what was typed or told.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Key(_) => "Key(…)",
            Self::Paste(_) => "Paste(…)",
            Self::Resize(..) => "Resize",
            Self::Event(_) => "Event(…)",
            Self::Numbered(_) => "Numbered",
            Self::NodeGone => "NodeGone",
            Self::Interrupt => "Interrupt",
            Self::Found(_) => "Found(…)",
            Self::Tick => "Tick",
        })
    }
}

/// Something that the model asks for.
pub enum Action {
    /// Send this to the node.
    Command(Command),
    /// Send this text, and tell the model its ticket by [`Input::Numbered`].
    Text(ConversationId, String),
    /// Send this text, which answers a message, and tell the model its ticket too.
    Answer(ConversationId, MessageId, String),
    /// Ask this of the profile's keeper, and tell the model by [`Input::Found`].
    Keep(Wanted),
    /// The face has ended.
    Finish(Outcome),
}

impl std::fmt::Debug for Action {
    /// Says nothing of any text.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Command(_) => "Command(…)",
            Self::Text(..) => "Text(…)",
            Self::Answer(..) => "Answer(…)",
            Self::Keep(_) => "Keep(…)",
            Self::Finish(_) => "Finish(…)",
        })
    }
}

/// What the screen shows.
#[derive(Debug)]
pub(super) enum Stage {
    /// The three things one can do; this one is chosen.
    Start(usize),
    /// The conversations of the profile, and two ways to meet somebody else; this row is chosen.
    Home(usize),
    /// All requests, from this row on.
    Requests(usize),
    /// A question about a request.
    Asking(Box<Questions>),
    /// A question before the meeting.
    Prompt(Box<Prompt>),
    /// The meeting on its way.
    Meeting(Progress),
    /// The check between pairing and conversation.
    Check,
    /// The conversation.
    Chat,
    /// It did not come to a conversation, for this reason.
    Failed { error: UserError, again: bool },
    /// The goodbye is on its way, or the node is ending.
    Closing,
}

/// What the check asks of the user.
#[derive(Debug)]
pub(super) enum Ask {
    /// Nothing now.
    Nothing,
    /// Whether they want it.
    Wish,
    /// Nothing but Enter: the question behind it came while keys for another one may have been
    /// under way, and none of those may answer it.
    Notice(Box<Self>),
    /// The secret; `true` while it is shown as dots.
    Secret(Editor, bool),
    /// The word without which no further check runs.
    Confirm(Editor),
    /// After a failure: whether to stay.
    Stay,
    /// The partner cancelled the check before the conversation: whether to go on without it.
    Without,
}

impl Ask {
    /// Whether the user decides now whether this goes on at all.
    pub(super) fn decides(&self) -> bool {
        matches!(self.question(), Self::Stay | Self::Without)
    }

    /// What is asked, whether Enter has led there or not.
    pub(super) fn question(&self) -> &Self {
        match self {
            Self::Notice(next) => next,
            ask => ask,
        }
    }
}

/// The full screen as a model: no IO, no clock. [`App::update`] takes what happens,
/// [`App::render`](App::render) draws what is.
pub struct App {
    pub(super) plan: Plan,
    pub(super) looks: Looks,
    pub(super) now: Now,
    pub(super) size: (u16, u16),
    pub(super) stage: Stage,
    pub(super) help: bool,
    /// The second page of the help, in a profile.
    pub(super) more_help: bool,
    pub(super) network: Option<NetworkState>,
    /// Since when the network is being looked for.
    pub(super) network_since: Duration,
    pub(super) id: Option<ConversationId>,
    /// Questions that were answered here, so that Esc can go back.
    pub(super) answered: Vec<Field>,
    /// Whether the code is shown in the joining side's meeting.
    pub(super) reveal: bool,
    pub(super) ask: Ask,
    /// Whether the user wished the check before the conversation.
    pub(super) wished: bool,
    /// Whether a check runs that can be cancelled.
    pub(super) checking: bool,
    /// Whether the user asked for a check in the open conversation.
    pub(super) wants_check: bool,
    /// How far the partner is known, and since when.
    pub(super) trust: Option<(Trust, u64)>,
    pub(super) link: Option<LinkState>,
    /// What was told last of the keys' renewal, and the worst of it that is not over.
    pub(super) healing: Option<HealingEvent>,
    pub(super) chat: Chat,
    /// The timer on new messages, in seconds.
    pub(super) timer: Option<u32>,
    /// The last message of the partner's that was said to be seen.
    pub(super) seen: Option<MessageId>,
    /// Messages of the partner's that nobody has seen.
    pub(super) unread: usize,
    /// How long this side keeps the messages.
    pub(super) keeps: History,
    /// What was begun to be written, as it is kept.
    pub(super) draft: Draft,
    /// The conversations that are not shown.
    pub(super) rooms: Vec<Room>,
    /// All conversations in the order of the list, which stays as it is: keys go by it.
    pub(super) list: Vec<ConversationId>,
    /// The public address and requests.
    pub(super) asking: Asking,
    /// What was said where there is no conversation to say it in.
    pub(super) remark: Option<(String, Tone)>,
    /// A password that is being typed; it takes all keys.
    pub(super) form: Option<Box<Form>>,
    /// What the storage does not do.
    pub(super) storage: Option<StorageFault>,
    /// When a key was pressed last, on both clocks.
    pub(super) last_key: Now,
    /// Whether texts flow.
    pub(super) open: bool,
    /// The user has blocked the partner.
    pub(super) blocked: bool,
    /// How the conversation ended, once it has.
    pub(super) over: Option<End>,
    pub(super) input: Editor,
    pub(super) history: VecDeque<Zeroizing<String>>,
    /// Which entry of the history is in the input, and what was there before.
    pub(super) recalled: Option<(usize, Zeroizing<String>)>,
    /// Texts that were handed out and have no ticket yet, oldest first.
    pub(super) unnumbered: VecDeque<Zeroizing<String>>,
    /// Texts that have a ticket and were not taken yet.
    pub(super) unqueued: BTreeMap<Ticket, Zeroizing<String>>,
    /// Until when a second Ctrl-C ends the conversation.
    pub(super) armed: Option<Duration>,
    /// Whether the meeting is being given up.
    pub(super) giving_up: bool,
    /// Whether the node was asked to end.
    shutting_down: bool,
    /// What the face will end with.
    pub(super) end: Option<End>,
    pub(super) actions: Vec<Action>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("stage", &self.stage).finish_non_exhaustive()
    }
}

impl App {
    /// The screen at its beginning, and what it asks for at once: with a plan that leaves nothing
    /// open, the meeting begins.
    #[must_use]
    pub fn new(plan: Plan, now: Now, size: (u16, u16)) -> (Self, Vec<Action>) {
        let looks = Looks { colour: plan.colour };
        let mut app = Self {
            plan,
            looks,
            now,
            size,
            stage: Stage::Start(0),
            help: false,
            more_help: false,
            network: None,
            network_since: now.monotonic,
            id: None,
            answered: Vec::new(),
            reveal: false,
            ask: Ask::Nothing,
            wished: false,
            checking: false,
            wants_check: false,
            trust: None,
            link: None,
            healing: None,
            chat: Chat::default(),
            timer: None,
            seen: None,
            unread: 0,
            keeps: History::Kept,
            draft: Draft::default(),
            rooms: Vec::new(),
            list: Vec::new(),
            asking: Asking::default(),
            remark: None,
            form: None,
            storage: None,
            last_key: now,
            open: false,
            blocked: false,
            over: None,
            input: Editor::lines(MAX_TEXT),
            history: VecDeque::new(),
            recalled: None,
            unnumbered: VecDeque::new(),
            unqueued: BTreeMap::new(),
            armed: None,
            giving_up: false,
            shutting_down: false,
            end: None,
            actions: Vec::new(),
        };
        app.take_rooms();
        let resumed = app.plan.resume.take();
        if app.plan.role.is_some() {
            app.next_question();
        } else if app.plan.profile.is_some() {
            app.stage = Stage::Home(0);
            app.say_protection();
        }
        if let Some(id) = resumed {
            app.go_to(id);
            app.say_protection();
        }
        app.tell_seen();
        let actions = std::mem::take(&mut app.actions);
        (app, actions)
    }

    /// Takes in what happened at a moment, and says what to do about it, in order.
    #[must_use]
    pub fn update(&mut self, input: Input, now: Now) -> Vec<Action> {
        self.now = now;
        if self.armed.is_some_and(|until| now.monotonic >= until) {
            self.armed = None;
        }
        match input {
            Input::Key(key) => {
                self.last_key = now;
                self.key(key);
            }
            Input::Paste(text) => {
                self.last_key = now;
                self.paste(&Zeroizing::new(text));
            }
            Input::Resize(columns, rows) => self.size = (columns, rows),
            Input::Event(event) => self.event(event),
            Input::Numbered(id) => {
                if let Some(text) = self.unnumbered.pop_front() {
                    self.unqueued.insert(id, text);
                }
            }
            Input::NodeGone => self.node_gone(),
            Input::Interrupt => self.interrupt(),
            Input::Found(found) => self.found(found),
            Input::Tick => {}
        }
        self.lock_when_idle();
        self.tell_seen();
        self.keep_draft(false);
        std::mem::take(&mut self.actions)
    }

    /// What stands at the end of the conversation has been seen when the view is there.
    fn tell_seen(&mut self) {
        let shown = matches!(self.stage, Stage::Chat)
            && !self.help
            && self.form.is_none()
            && self.chat.is_at_end();
        let last = self.chat.last_of_theirs().filter(|last| shown && self.seen < Some(*last));
        if shown {
            self.unread = 0;
        }
        if let (Some(id), Some(last)) = (self.id, last) {
            self.seen = Some(last);
            self.actions.push(Action::Command(Command::Seen(id, last)));
        }
    }

    /// Whether something on the screen changes by time alone.
    #[must_use]
    pub fn ticks(&self) -> bool {
        self.armed.is_some()
            || self.owes_draft()
            || self.locks_when_idle()
            || matches!(self.stage, Stage::Meeting(_) | Stage::Prompt(_) | Stage::Start(_))
    }

    /// Asks what is still open, or begins the meeting.
    pub(super) fn next_question(&mut self) {
        if let Some(prompt) = Prompt::next(&mut self.plan) {
            self.stage = Stage::Prompt(Box::new(prompt));
            return;
        }
        let (Some(role), Some(nick), Some(peer), Some(code)) = (
            self.plan.role,
            self.plan.nick.clone(),
            self.plan.peer.clone(),
            self.plan.code.clone(),
        ) else {
            return;
        };
        let conversation = (self.plan.conversation)();
        self.id = Some(conversation);
        let (check, secret) = (self.plan.check, self.plan.secret.clone());
        self.wished = check == Some(true);
        let lasting = self.plan.lasting;
        let meet = Box::new(Meet { role, nick, peer, code, check, secret, lasting });
        self.actions.push(Action::Command(Command::Meet { conversation, meet }));
        let mut progress = Progress::new(role);
        match &self.network {
            Some(state) if state.step == undertone_handle::event::NetworkStep::Ready => {
                progress.network_sought(self.now.monotonic);
                progress.network_found(self.now.monotonic);
            }
            _ => progress.network_sought(self.network_since),
        }
        self.stage = Stage::Meeting(progress);
    }

    /// After a meeting that came to nothing: the next one, under another code.
    pub(super) fn again(&mut self) {
        self.plan.code = None;
        self.id = None;
        self.reveal = false;
        self.next_question();
    }

    /// Gives the meeting up; the second time at once.
    pub(super) fn give_up(&mut self) {
        let role = self.plan.role.unwrap_or(Role::Guest);
        let end = End::Failed(words::meeting_end(&MeetingEnd::GivenUp, role));
        match self.id {
            Some(id) if !self.giving_up => {
                self.giving_up = true;
                self.end = Some(end);
                self.actions.push(Action::Command(Command::GiveUp(id)));
            }
            _ => self.finish(end),
        }
    }

    /// Says goodbye; the face ends when the node says that it is out.
    pub(super) fn leave(&mut self, end: End) {
        match self.id {
            // What lasts goes on the next time; nothing is said.
            Some(_) if self.plan.lasting && self.open => self.close(end),
            Some(id) if self.over.is_none() => {
                self.end = Some(end);
                self.stage = Stage::Closing;
                self.actions.push(Action::Command(Command::Leave(id)));
            }
            _ => self.close(end),
        }
    }

    /// Asks the node to end; the face ends with it.
    pub(super) fn close(&mut self, end: End) {
        self.keep_draft(true);
        let unconfirmed = self.chat.unconfirmed() + self.unnumbered.len() + self.unqueued.len();
        let end = match end {
            End::Done if unconfirmed > 0 && !self.plan.lasting => {
                End::Failed(words::undelivered(unconfirmed))
            }
            end => end,
        };
        self.end = Some(end);
        self.stage = Stage::Closing;
        if !std::mem::replace(&mut self.shutting_down, true) {
            self.actions.push(Action::Command(Command::Shutdown));
        }
    }

    /// The face ends now.
    pub(super) fn finish(&mut self, end: End) {
        self.actions.push(Action::Finish(Outcome { end, told: false }));
    }

    fn node_gone(&mut self) {
        match (&self.stage, self.end.take()) {
            (Stage::Closing, Some(end)) => self.finish(end),
            (_, Some(end)) if self.giving_up => self.finish(end),
            (Stage::Failed { error, .. }, _) => {
                let end = End::Failed(error.clone());
                self.finish(end);
            }
            _ => match self.over.take() {
                Some(end) => self.finish(end),
                None => self.stage = Stage::Failed { error: words::node_gone(), again: false },
            },
        }
        self.id = None;
    }

    /// Somebody outside wants an end: in order the first time, at once the second.
    fn interrupt(&mut self) {
        match &self.stage {
            Stage::Start(_)
            | Stage::Home(_)
            | Stage::Requests(_)
            | Stage::Asking(_)
            | Stage::Prompt(_) => self.close(End::Done),
            Stage::Meeting(_) => self.give_up(),
            Stage::Check | Stage::Chat => {
                let end = self.over.clone().unwrap_or_else(|| self.end_of_leaving());
                self.leave(end);
            }
            Stage::Failed { error, .. } => {
                let end = End::Failed(error.clone());
                self.close(end);
            }
            Stage::Closing => {
                let end = self.end.take().unwrap_or(End::Done);
                self.finish(end);
            }
        }
    }

    /// What leaving now means: after a failed or forgone check that nobody overruled, a failure.
    pub(super) fn end_of_leaving(&self) -> End {
        match self.ask.question() {
            Ask::Stay => End::Failed(words::check_failed()),
            Ask::Without => End::Failed(words::check_cancelled()),
            _ => End::Done,
        }
    }

    /// Remembers a sent text for the arrow keys.
    pub(super) fn remember(&mut self, text: &str) {
        self.recalled = None;
        if self.history.back().is_some_and(|last| last.as_str() == text) {
            return;
        }
        if self.history.len() == MAX_HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(Zeroizing::new(text.to_owned()));
    }

    pub(super) fn note(&mut self, text: impl Into<String>, tone: Tone) {
        if matches!(self.stage, Stage::Home(_) | Stage::Requests(_) | Stage::Asking(_)) {
            self.remark = Some((text.into(), tone));
            return;
        }
        self.chat.note(self.now.wall, text, tone);
    }

    /// This side's name, as far as it is known.
    pub(super) fn nick(&self) -> &str {
        self.plan.nick.as_ref().map_or("you", |name| name.as_str())
    }

    /// The partner's name here.
    pub(super) fn peer(&self) -> &str {
        self.plan.peer.as_ref().map_or("partner", |name| name.as_str())
    }

    /// The shape in which the conversation is seen.
    pub(super) fn view(&self) -> View {
        let layout = self.layout();
        View {
            columns: Columns::new(self.size.0, self.nick(), self.peer()),
            height: usize::from(layout.entries.height).max(1),
            offset: self.plan.utc_offset_seconds,
        }
    }
}
