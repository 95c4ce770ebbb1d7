//! The conversations of a lasting profile, in lines: one is open, and what happens in the others is
//! said when they are opened. Programs are told all of it at once.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::mem::swap;

use undertone_handle::command::{Command, History, Name};
use undertone_handle::event::{ConversationEvent, LinkState, Trust};
use undertone_handle::query::{Line, Overview};
use undertone_handle::{ConversationId, MessageId, json, words};

use super::talk::{Act, Shape, Talk, Wait};
use crate::asking::Asking;
use crate::changes::Numbers;
use crate::plan::Resume;
use crate::text;

/// The most events of a conversation that wait to be said; what goes first is in the profile.
const MAX_HELD: usize = 1_000;

/// The most columns of a sign.
const MAX_SIGN: usize = 8;

/// A conversation that is not open here.
pub(super) struct Room {
    pub(super) id: Option<ConversationId>,
    pub(super) nick: Option<Name>,
    pub(super) peer: Option<Name>,
    wait: Wait,
    ours: BTreeMap<MessageId, u64>,
    said_waiting: BTreeSet<MessageId>,
    count: u64,
    numbers: Numbers,
    paired: bool,
    open: bool,
    blocked: bool,
    checking: bool,
    was_lost: bool,
    said_refused: bool,
    trust: Option<Trust>,
    timer: Option<u32>,
    keeps: History,
    link: Option<LinkState>,
    /// Not in the open one: what was there when the face began and was not said yet.
    lines: Vec<Line>,
    /// What happened meanwhile.
    held: VecDeque<ConversationEvent>,
    pub(super) unread: usize,
    draft: bool,
    ended: bool,
}

impl Room {
    fn empty() -> Self {
        Self {
            id: None,
            nick: None,
            peer: None,
            wait: Wait::Text,
            ours: BTreeMap::new(),
            said_waiting: BTreeSet::new(),
            count: 0,
            numbers: Numbers::default(),
            paired: false,
            open: false,
            blocked: false,
            checking: false,
            was_lost: false,
            said_refused: false,
            trust: None,
            timer: None,
            keeps: History::Kept,
            link: None,
            lines: Vec::new(),
            held: VecDeque::new(),
            unread: 0,
            draft: false,
            ended: false,
        }
    }

    /// A conversation that begins with a request.
    pub(super) fn begun(id: ConversationId, nick: Option<Name>, peer: Option<Name>) -> Self {
        Self {
            id: Some(id),
            nick,
            peer,
            paired: true,
            trust: Some(Trust::Unverified),
            link: Some(LinkState::Up),
            ..Self::empty()
        }
    }

    fn of(resume: Resume) -> Self {
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
        Self {
            id: Some(conversation),
            nick,
            peer: Some(peer),
            paired: true,
            open: !ended,
            blocked,
            was_lost: true,
            trust: Some(trust),
            timer,
            keeps: history,
            link: Some(LinkState::Away),
            lines,
            unread,
            draft: draft.is_some(),
            ended,
            ..Self::empty()
        }
    }

    fn name(&self) -> String {
        self.peer.as_ref().map_or_else(|| "partner".to_owned(), |name| name.as_str().to_owned())
    }

    fn overview(&self) -> Option<Overview> {
        Some(Overview {
            conversation: self.id?,
            name: self.peer.clone()?,
            trust: self.trust?,
            ended: self.ended,
            blocked: self.blocked,
            since: 0,
            last: None,
            unread: self.unread,
            waiting: self.ours.len(),
            draft: self.draft,
        })
    }
}

impl Talk {
    fn exchange(&mut self, room: &mut Room) {
        swap(&mut self.id, &mut room.id);
        swap(&mut self.plan.nick, &mut room.nick);
        swap(&mut self.plan.peer, &mut room.peer);
        swap(&mut self.wait, &mut room.wait);
        swap(&mut self.ours, &mut room.ours);
        swap(&mut self.said_waiting, &mut room.said_waiting);
        swap(&mut self.count, &mut room.count);
        swap(&mut self.numbers, &mut room.numbers);
        swap(&mut self.paired, &mut room.paired);
        swap(&mut self.open, &mut room.open);
        swap(&mut self.blocked, &mut room.blocked);
        swap(&mut self.checking, &mut room.checking);
        swap(&mut self.was_lost, &mut room.was_lost);
        swap(&mut self.said_refused, &mut room.said_refused);
        swap(&mut self.trust, &mut room.trust);
        swap(&mut self.timer, &mut room.timer);
        swap(&mut self.keeps, &mut room.keeps);
        swap(&mut self.link, &mut room.link);
    }

    /// Takes in the conversations of the profile, as they are when the face begins.
    pub(super) fn take_rooms(&mut self) {
        let Some(profile) = &mut self.plan.profile else { return };
        let rooms = std::mem::take(&mut profile.conversations);
        self.asking = Asking::new(std::mem::take(&mut profile.requests));
        let (name, password) = (profile.name.clone(), profile.password);
        self.rooms = rooms.into_iter().map(Room::of).collect();
        self.several = self.rooms.len() > 1;
        match self.options.shape {
            Shape::Json => {
                self.acts.push(Act::Out(json::opened_line(&name, password)));
                // A program reads what came while it was away, whichever conversation it is in.
                for at in 0..self.rooms.len() {
                    self.tell_unread(at);
                }
            }
            Shape::Words if !password => self.say(words::NO_PASSWORD),
            Shape::Words => {}
        }
    }

    /// Tells a program the messages of a conversation that nobody has seen.
    fn tell_unread(&mut self, at: usize) {
        let Some(room) = self.rooms.get_mut(at) else { return };
        let Some(id) = room.id else { return };
        let lines = std::mem::take(&mut room.lines);
        room.unread = 0;
        let mut last = None;
        for line in &lines {
            room.numbers.add(line.own, line.message);
            if line.own || line.seen {
                continue;
            }
            last = Some(line.message);
            let event = ConversationEvent::Received {
                message: line.message,
                body: line.body.as_str().to_owned(),
                at: line.at,
                reply: line.reply,
                timer: line.timer,
            };
            let event = undertone_handle::Event::Conversation(id, event);
            self.acts.push(Act::Out(json::line(&event)));
        }
        if let Some(last) = last {
            self.acts.push(Act::Command(Command::Seen(id, last)));
        }
    }

    /// Lists all conversations.
    pub(super) fn say_list(&mut self) {
        let mut here = Room::empty();
        self.exchange(&mut here);
        let all: Vec<Overview> =
            [&here].into_iter().chain(&self.rooms).filter_map(|room| room.overview()).collect();
        self.exchange(&mut here);
        if self.options.shape == Shape::Json {
            self.acts.extend(all.iter().map(|one| Act::Out(json::overview_line(one))));
            return;
        }
        if all.is_empty() {
            self.say(
                "There is nobody yet; `undertone chat -s --keep` makes a contact that lasts, \
                 /ask ADDRESS asks somebody, and /address on lets others ask you.",
            );
            self.say_pending();
            return;
        }
        for one in all {
            let trust = words::trust(one.trust).word;
            let mut line = format!("{}  {trust}", text::one_line(one.name.as_str()));
            for (count, word) in [(one.unread, "new"), (one.waiting, "waiting")] {
                if count > 0 {
                    line.push_str(&format!("  {count} {word}"));
                }
            }
            let marks = [
                (one.draft, "draft"),
                (one.ended, "ended by them"),
                (one.blocked, "blocked by you"),
            ];
            for (is, word) in marks {
                if is {
                    line.push_str(&format!("  {word}"));
                }
            }
            self.say(&line);
        }
        self.say("/open NAME goes to one of them.");
        self.say_pending();
    }

    /// Goes to the conversation of this name or id.
    pub(super) fn open_called(&mut self, which: &str) {
        let wanted = which.trim().to_lowercase();
        let found = self.rooms.iter().find(|room| {
            room.name().to_lowercase() == wanted
                || room.id.is_some_and(|id| id.to_string() == wanted)
        });
        match found.and_then(|room| room.id) {
            Some(id) => self.go_to(id),
            None if self.id.is_some() && self.peer().to_lowercase() == wanted => {}
            None => self.complain("There is no other conversation of this name."),
        }
    }

    /// Opens a conversation, and says what was and what happened in it.
    pub(super) fn go_to(&mut self, id: ConversationId) {
        let Some(at) = self.rooms.iter().position(|room| room.id == Some(id)) else { return };
        let mut room = self.rooms.remove(at);
        let (lines, held) = (std::mem::take(&mut room.lines), std::mem::take(&mut room.held));
        let ended = room.ended;
        let mut here = Room::empty();
        self.exchange(&mut here);
        if here.id.is_some() {
            self.rooms.push(here);
        }
        self.exchange(&mut room);
        if self.options.shape == Shape::Json {
            let line = json::selected_line(id, &self.peer());
            self.acts.push(Act::Out(line));
        }
        for line in &lines {
            self.said_before(line);
        }
        if let Some(trust) = self.trust {
            let words = words::trust_sentence(trust, &self.peer());
            self.say(&words);
        }
        if let Some(seconds) = self.timer {
            self.say(&words::timer_stands(seconds));
        }
        if ended {
            let words = words::peer_left(&self.peer());
            self.say(&words);
            if !self.several && !self.asking.waits() {
                self.close(crate::plan::End::Done);
            }
        } else if self.blocked {
            let words = words::blocked(&self.peer(), true);
            self.say(&words);
        } else if held.is_empty() {
            let link = self.link.unwrap_or(LinkState::Away);
            self.say(&words::link(&link));
        }
        for event in held {
            self.conversation(event);
        }
    }

    /// The contact that is open here is gone, with all that was said. Gives whether others go on.
    pub(super) fn let_go(&mut self) -> bool {
        self.exchange(&mut Room::empty());
        let others = !self.rooms.is_empty() || self.asking.waits();
        if others && self.options.shape == Shape::Words {
            self.say_list();
        }
        others
    }

    /// A message that was there before, with what stands beside it.
    fn said_before(&mut self, line: &Line) {
        let mut beside = Vec::new();
        if line.edited.is_some() {
            beside.push("edited".to_owned());
        }
        if let Some(seconds) = line.timer {
            let span = words::duration(std::time::Duration::from_secs(seconds.into()));
            beside.push(format!("goes {span} after it was seen"));
        }
        for (sign, who) in
            [(&line.own_reaction, "you".to_owned()), (&line.peer_reaction, self.peer())]
        {
            if let Some(sign) = sign {
                beside.push(format!("{} {who}", text::cut(sign.as_str(), MAX_SIGN)));
            }
        }
        if line.own {
            self.numbers.add(true, line.message);
            self.count += 1;
            let answers = line.reply.and_then(|to| self.numbers.name(to));
            if let Some(name) = answers {
                beside.insert(0, format!("answers {name}"));
            }
            let beside = in_brackets(&beside);
            self.block(&format!("you{beside}"), &line.body);
        } else {
            self.received_with(line.message, &line.body, line.reply, &beside);
        }
    }

    /// An event of a conversation that is not open here.
    pub(super) fn elsewhere(&mut self, id: ConversationId, event: ConversationEvent) {
        let Some(at) = self.rooms.iter().position(|room| room.id == Some(id)) else { return };
        if self.options.shape == Shape::Json {
            // Nothing is said but by lines that name their conversation.
            let mut room = self.rooms.remove(at);
            self.exchange(&mut room);
            self.conversation(event);
            self.exchange(&mut room);
            self.rooms.insert(at, room);
            return;
        }
        let Some(room) = self.rooms.get_mut(at) else { return };
        let came = matches!(event, ConversationEvent::Received { .. });
        match event {
            // It has begun just now; what holds in it is said when it is opened.
            ConversationEvent::Trust(level) if !room.open => {
                room.trust = Some(level);
                return;
            }
            ConversationEvent::Open => {
                room.open = true;
                let wanted = self.plan.profile.as_ref().and_then(|profile| profile.history);
                if let Some(history) = wanted {
                    self.acts.push(Act::Command(Command::SetHistory(id, history)));
                }
                return;
            }
            _ => {}
        }
        if let ConversationEvent::Link(state) = event {
            room.link = Some(state);
            room.was_lost = state != LinkState::Up;
            return;
        }
        room.ended |= matches!(event, ConversationEvent::PeerLeft);
        room.held.push_back(event);
        if room.held.len() > MAX_HELD {
            room.held.pop_front();
        }
        room.unread += usize::from(came);
        let (name, unread) = (text::one_line(&room.name()), room.unread);
        if came {
            self.say(&format!("{name}: {unread} new; /open {name} shows it."));
        }
    }
}

/// What stands beside a text, if anything does.
pub(super) fn in_brackets(beside: &[String]) -> String {
    if beside.is_empty() { String::new() } else { format!(" ({})", beside.join(", ")) }
}
