//! The conversations of a lasting profile side by side: which is shown, and what becomes of the
//! others meanwhile.
//!
//! What belongs to one conversation stands in the model itself while it is shown, and is exchanged with
//! a [`Room`] when another one takes its place. An event of a conversation that isn't shown is taken in
//! by the same code: the rooms change places for that moment.

use std::collections::VecDeque;
use std::mem::swap;
use std::time::Duration;

use undertone_handle::command::{Command, History, MAX_TEXT, Name, Role};
use undertone_handle::event::{ConversationEvent, HealingEvent, LinkState, Trust};
use undertone_handle::{ConversationId, MessageId, SecretText, words};
use zeroize::Zeroizing;

use super::app::{Action, App, Ask, Stage};
use super::chat::{Chat, Tone};
use super::editor::Editor;
use crate::asking::Asking;
use crate::plan::{End, Resume};

/// How long after the last key a draft is kept.
const DRAFT: Duration = Duration::from_secs(2);

/// What the user has begun to write, as it is kept.
#[derive(Default)]
pub(super) struct Draft {
    saved: Zeroizing<String>,
    due: Option<Duration>,
}

/// A conversation that is not shown.
pub(super) struct Room {
    pub(super) stage: Stage,
    pub(super) id: Option<ConversationId>,
    pub(super) nick: Option<Name>,
    pub(super) peer: Option<Name>,
    ask: Ask,
    wished: bool,
    checking: bool,
    wants_check: bool,
    pub(super) trust: Option<(Trust, u64)>,
    pub(super) link: Option<LinkState>,
    healing: Option<HealingEvent>,
    pub(super) chat: Chat,
    timer: Option<u32>,
    keeps: History,
    seen: Option<MessageId>,
    open: bool,
    blocked: bool,
    pub(super) over: Option<End>,
    pub(super) input: Editor,
    history: VecDeque<Zeroizing<String>>,
    recalled: Option<(usize, Zeroizing<String>)>,
    draft: Draft,
    /// Messages of the partner's that nobody has seen.
    pub(super) unread: usize,
}

impl Room {
    fn empty() -> Self {
        Self {
            stage: Stage::Chat,
            id: None,
            nick: None,
            peer: None,
            ask: Ask::Nothing,
            wished: false,
            checking: false,
            wants_check: false,
            trust: None,
            link: None,
            healing: None,
            chat: Chat::default(),
            timer: None,
            keeps: History::Kept,
            seen: None,
            open: false,
            blocked: false,
            over: None,
            input: Editor::lines(MAX_TEXT),
            history: VecDeque::new(),
            recalled: None,
            draft: Draft::default(),
            unread: 0,
        }
    }
}

/// A row of the list of conversations.
pub(super) struct Listed {
    pub(super) id: ConversationId,
    pub(super) name: String,
    pub(super) trust: Option<Trust>,
    pub(super) unread: usize,
    pub(super) draft: bool,
    pub(super) link: Option<LinkState>,
    pub(super) ended: bool,
    pub(super) blocked: bool,
    /// When and what was said last.
    pub(super) last: Option<(u64, Zeroizing<String>)>,
}

impl App {
    fn exchange(&mut self, room: &mut Room) {
        swap(&mut self.stage, &mut room.stage);
        swap(&mut self.id, &mut room.id);
        swap(&mut self.plan.nick, &mut room.nick);
        swap(&mut self.plan.peer, &mut room.peer);
        swap(&mut self.ask, &mut room.ask);
        swap(&mut self.wished, &mut room.wished);
        swap(&mut self.checking, &mut room.checking);
        swap(&mut self.wants_check, &mut room.wants_check);
        swap(&mut self.trust, &mut room.trust);
        swap(&mut self.link, &mut room.link);
        swap(&mut self.healing, &mut room.healing);
        swap(&mut self.chat, &mut room.chat);
        swap(&mut self.timer, &mut room.timer);
        swap(&mut self.keeps, &mut room.keeps);
        swap(&mut self.seen, &mut room.seen);
        swap(&mut self.open, &mut room.open);
        swap(&mut self.blocked, &mut room.blocked);
        swap(&mut self.over, &mut room.over);
        swap(&mut self.input, &mut room.input);
        swap(&mut self.history, &mut room.history);
        swap(&mut self.recalled, &mut room.recalled);
        swap(&mut self.draft, &mut room.draft);
        swap(&mut self.unread, &mut room.unread);
    }

    /// Takes in the conversations of the profile, as they are when the face begins.
    pub(super) fn take_rooms(&mut self) {
        let Some(profile) = &mut self.plan.profile else { return };
        self.asking = Asking::new(std::mem::take(&mut profile.requests));
        for resume in std::mem::take(&mut profile.conversations) {
            let mut room = Room::empty();
            self.list.push(resume.conversation);
            self.exchange(&mut room);
            self.resume(resume);
            self.exchange(&mut room);
            self.rooms.push(room);
        }
    }

    /// A conversation that begins with a request, beside what is shown.
    pub(super) fn add_room(&mut self, id: ConversationId, nick: Option<Name>, peer: Option<Name>) {
        let trust = Some((Trust::Unverified, self.now.wall));
        let link = Some(LinkState::Up);
        let mut room = Room { id: Some(id), nick, peer, trust, link, ..Room::empty() };
        self.exchange(&mut room);
        self.note(words::PAIRED, Tone::Plain);
        let words = words::trust_sentence(Trust::Unverified, self.peer());
        self.note(words, Tone::Amber);
        self.exchange(&mut room);
        self.list.push(id);
        self.rooms.push(room);
    }

    /// Goes on with a conversation that is there.
    fn resume(&mut self, resume: Resume) {
        let Resume {
            conversation,
            nick,
            peer,
            trust,
            ended,
            blocked,
            unread,
            lines,
            timer,
            history,
            draft,
        } = resume;
        self.id = Some(conversation);
        self.plan.nick = nick;
        self.plan.peer = Some(peer);
        self.trust = Some((trust, self.now.wall));
        self.link = Some(LinkState::Away);
        (self.open, self.blocked) = (!ended, blocked);
        (self.timer, self.keeps, self.unread) = (timer, history, unread);
        for line in lines {
            if line.own {
                let body = line.body.as_str().to_owned();
                self.chat.ours(line.message, line.at, body, line.reply);
                let _: bool = self.chat.fate(line.message, line.delivery);
            } else {
                let body = line.body.as_str().to_owned();
                self.chat.theirs(line.message, line.at, body, line.reply);
            }
            self.chat.marked(&line);
        }
        if let Some(draft) = draft {
            self.input.set(draft.reveal());
            self.draft.saved = Zeroizing::new(draft.reveal().to_owned());
        }
        if ended {
            self.over = Some(End::Done);
            let peer = self.peer().to_owned();
            self.note(words::peer_left(&peer), Tone::Bad);
        }
        self.stage = Stage::Chat;
    }

    /// Whether another conversation may take the place of what is shown.
    pub(super) fn may_switch(&self) -> bool {
        matches!(self.stage, Stage::Home(_) | Stage::Requests(_) | Stage::Chat | Stage::Check)
            && !self.giving_up
    }

    /// Puts away what is shown.
    fn park(&mut self) {
        self.keep_draft(true);
        let mut room = Room::empty();
        self.exchange(&mut room);
        if room.id.is_some() {
            self.rooms.push(room);
        }
    }

    /// Puts away what is shown, for a page that belongs to no conversation.
    pub(super) fn leave_what_is_shown(&mut self) {
        self.park();
        self.remark = None;
        self.armed = None;
    }

    /// Shows a conversation.
    pub(super) fn go_to(&mut self, id: ConversationId) {
        if self.id == Some(id) || !self.may_switch() {
            return;
        }
        let Some(at) = self.rooms.iter().position(|room| room.id == Some(id)) else { return };
        let mut room = self.rooms.swap_remove(at);
        self.park();
        self.remark = None;
        self.armed = None;
        self.exchange(&mut room);
    }

    /// Shows the list of conversations.
    pub(super) fn go_home(&mut self) {
        let chosen = self.list.iter().position(|id| Some(*id) == self.id).unwrap_or(0);
        self.leave_what_is_shown();
        self.stage = Stage::Home(chosen);
    }

    /// The conversation of this place in the list, from 0.
    pub(super) fn go_to_place(&mut self, place: usize) {
        if let Some(id) = self.list.get(place) {
            self.go_to(*id);
        }
    }

    /// The next conversation of the list, or the one before.
    pub(super) fn go_on(&mut self, forward: bool) {
        let count = self.list.len();
        if count == 0 {
            return;
        }
        let at = self.list.iter().position(|id| Some(*id) == self.id);
        let place = match (at, forward) {
            (Some(at), true) => (at + 1) % count,
            (Some(at), false) => (at + count - 1) % count,
            (None, true) => 0,
            (None, false) => count - 1,
        };
        self.go_to_place(place);
    }

    /// The conversation that somebody calls so: by name, id or place in the list.
    pub(super) fn called(&self, which: &str) -> Option<ConversationId> {
        let wanted = which.trim().to_lowercase();
        let listed = self.listed();
        let named = listed
            .iter()
            .find(|one| one.name.to_lowercase() == wanted || one.id.to_string() == wanted);
        let place = || wanted.parse::<usize>().ok()?.checked_sub(1);
        named.map(|one| one.id).or_else(|| self.list.get(place()?).copied())
    }

    /// Lets an event happen in the conversation that it belongs to, shown or not.
    pub(super) fn in_room(&mut self, id: ConversationId, event: ConversationEvent) {
        if Some(id) == self.id {
            let came = matches!(event, ConversationEvent::Received { .. });
            self.conversation(event);
            self.unread += usize::from(came);
            return;
        }
        let Some(at) = self.rooms.iter().position(|room| room.id == Some(id)) else { return };
        let mut room = self.rooms.swap_remove(at);
        self.exchange(&mut room);
        let came = matches!(event, ConversationEvent::Received { .. });
        self.conversation(event);
        self.unread += usize::from(came);
        self.exchange(&mut room);
        // Unless it has ended for good.
        if room.id.is_some() {
            self.rooms.push(room);
        }
    }

    /// The contact that is shown is gone, with all that was said.
    pub(super) fn let_go(&mut self, words: &str) {
        self.list.retain(|id| Some(*id) != self.id);
        self.exchange(&mut Room::empty());
        self.stage = Stage::Home(0);
        self.remark = Some((words.to_owned(), Tone::Plain));
    }

    /// All conversations, in the order of the list.
    pub(super) fn listed(&self) -> Vec<Listed> {
        let row = |id: ConversationId| {
            if Some(id) == self.id {
                let name = self.peer().to_owned();
                let trust = self.trust.map(|(trust, _)| trust);
                let last = self.chat.last_said();
                let (unread, ended) = (self.unread, self.over.is_some());
                let draft = !self.input.is_empty();
                return Some(Listed {
                    id,
                    name,
                    trust,
                    unread,
                    draft,
                    link: self.link,
                    ended,
                    blocked: self.blocked,
                    last,
                });
            }
            let room = self.rooms.iter().find(|room| room.id == Some(id))?;
            Some(Listed {
                id,
                name: room.peer.as_ref().map_or_else(|| id.to_string(), |n| n.as_str().to_owned()),
                trust: room.trust.map(|(trust, _)| trust),
                unread: room.unread,
                draft: !room.input.is_empty(),
                link: room.link,
                ended: room.over.is_some(),
                blocked: room.blocked,
                last: room.chat.last_said(),
            })
        };
        self.list.iter().filter_map(|id| row(*id)).collect()
    }

    /// Unread messages of the conversations that are not shown.
    pub(super) fn unread_elsewhere(&self) -> usize {
        self.rooms.iter().map(|room| room.unread).sum()
    }

    /// Keeps what the user has begun to write, when it is time or `at_once`.
    pub(super) fn keep_draft(&mut self, at_once: bool) {
        let Some(id) = self.id.filter(|_| self.plan.lasting && self.open) else { return };
        let typed = self.input.text();
        if typed == self.draft.saved.as_str() {
            self.draft.due = None;
            return;
        }
        let now = self.now.monotonic;
        let due = *self.draft.due.get_or_insert(now.saturating_add(DRAFT));
        // What was sent is no draft any more, at once.
        if at_once || typed.is_empty() || now >= due {
            let draft = SecretText::new(typed.to_owned());
            self.draft = Draft { saved: Zeroizing::new(typed.to_owned()), due: None };
            self.actions.push(Action::Command(Command::Draft(id, draft)));
        }
    }

    /// Whether a draft waits to be kept.
    pub(super) fn owes_draft(&self) -> bool {
        self.draft.due.is_some()
    }

    /// Meets somebody else, from the list.
    pub(super) fn meet_another(&mut self, role: Role) {
        self.plan.role = Some(role);
        self.plan.code = None;
        self.answered.clear();
        self.reveal = false;
        self.remark = None;
        self.next_question();
    }

    /// Forgets all that was said and typed: nothing of it may be seen any more.
    pub(super) fn forget(&mut self) {
        self.rooms.clear();
        self.list.clear();
        self.asking = Asking::default();
        self.exchange(&mut Room::empty());
        self.unnumbered.clear();
        self.unqueued.clear();
        self.answered.clear();
        self.remark = None;
        self.form = None;
        self.plan.code = None;
        self.plan.secret = None;
    }
}
