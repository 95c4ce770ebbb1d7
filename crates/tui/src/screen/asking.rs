//! The public address and requests on the full screen. Whatever is shown, a request that comes is told; a
//! conversation that begins with one appears in the list and takes no keyboard away.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::style::Style;
use undertone_handle::command::{Command, Name};
use undertone_handle::event::{AddressEvent, AskedEvent, RequestEvent};
use undertone_handle::{ConversationId, words};

use super::app::{Action, App, Stage};
use super::chat::Tone;
use super::editor::Editor;
use super::home::tone_style;
use super::render::Page;
use crate::asking::{Dialogue, Led, Next, QUOTE, Said, Show, Wish};
use crate::keeper::{Wanted, nothing_lasts};
use crate::plan::Requests;
use crate::text;

/// Questions about a request, and the answer as far as it is typed.
#[derive(Debug)]
pub(super) struct Questions {
    dialogue: Box<Dialogue>,
    pub(super) editor: Editor,
    /// What was wrong with the last answer.
    pub(super) remark: Option<String>,
}

impl Questions {
    fn new(dialogue: Box<Dialogue>, remark: Option<String>) -> Box<Self> {
        let editor = Editor::line(dialogue.limit());
        Box::new(Self { dialogue, editor, remark })
    }
}

impl App {
    /// What was typed about the address and requests. An error says why it leads to nothing.
    pub(super) fn asked_for(&mut self, wish: Wish) -> Result<(), String> {
        if self.plan.profile.is_none() {
            return Err(nothing_lasts().to_string());
        }
        match self.asking.wish(wish)? {
            Led::Command(command) => self.actions.push(Action::Command(command)),
            Led::Look => self.actions.push(Action::Keep(Wanted::Requests)),
            Led::Questions(dialogue) => {
                self.leave_what_is_shown();
                self.stage = Stage::Asking(Questions::new(dialogue, None));
            }
        }
        Ok(())
    }

    pub(super) fn key_at_asking(&mut self, key: KeyEvent) {
        let Stage::Asking(questions) = &mut self.stage else { return };
        match key.code {
            KeyCode::Esc => {
                let over = questions.dialogue.over();
                self.end_questions(Some(over));
            }
            KeyCode::Enter => self.answer_question(),
            _ => {
                questions.remark = match questions.editor.key(key) {
                    Ok(_) => None,
                    Err(_) => Some("No more fits here.".to_owned()),
                };
            }
        }
    }

    fn answer_question(&mut self) {
        let stage = std::mem::replace(&mut self.stage, Stage::Home(0));
        let Stage::Asking(questions) = stage else { return };
        let Questions { mut dialogue, editor, .. } = *questions;
        match dialogue.answer(editor.text(), &mut self.plan.conversation) {
            Next::Question => self.stage = Stage::Asking(Questions::new(dialogue, None)),
            Next::Wrong(why) => {
                let mut questions = Questions::new(dialogue, Some(why));
                questions.editor.set(editor.text());
                self.stage = Stage::Asking(questions);
            }
            Next::Over(words) => self.end_questions(Some(words)),
            Next::Done(command) => {
                self.end_questions(None);
                self.ask_node(command);
            }
        }
    }

    fn end_questions(&mut self, words: Option<&str>) {
        self.stage = Stage::Home(0);
        self.remark = words.map(|words| (words.to_owned(), Tone::Plain));
    }

    fn ask_node(&mut self, command: Command) {
        self.asking.asks(&command);
        self.actions.push(Action::Command(command));
    }

    pub(super) fn key_at_requests(&mut self, key: KeyEvent) {
        let Stage::Requests(top) = &mut self.stage else { return };
        if !self.input.is_empty() || key.code == KeyCode::Char('/') {
            self.key_of_command(key);
            return;
        }
        let page = usize::from(self.size.1 / 2).max(1);
        match key.code {
            KeyCode::Up => *top = top.saturating_sub(1),
            KeyCode::PageUp => *top = top.saturating_sub(page),
            KeyCode::Down => *top = top.saturating_add(1),
            KeyCode::PageDown => *top = top.saturating_add(page),
            KeyCode::Home => *top = 0,
            KeyCode::End => *top = usize::MAX,
            KeyCode::Char('?') => self.help = true,
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q') => self.go_home(),
            _ => {}
        }
        let (rows, room) = (self.request_rows(self.page_width()).len(), self.request_room());
        if let Stage::Requests(top) = &mut self.stage {
            *top = (*top).min(rows.saturating_sub(room));
        }
    }

    pub(super) fn address_told(&mut self, event: &AddressEvent) {
        let words = self.asking.address_told(event);
        let tone = match event {
            AddressEvent::Reachable(_) => Tone::Good,
            AddressEvent::Elsewhere(_) => Tone::Bad,
            _ => Tone::Plain,
        };
        self.note(words, tone);
    }

    pub(super) fn request_told(&mut self, id: ConversationId, event: &RequestEvent) {
        let said = self.asking.request_told(id, event);
        let tone = match event {
            RequestEvent::Came { .. } => Tone::Amber,
            RequestEvent::Stranger => Tone::Bad,
            _ => Tone::Plain,
        };
        self.note_all(said, tone);
    }

    pub(super) fn asked_told(&mut self, id: ConversationId, event: AskedEvent) {
        let said = self.asking.asked_told(id, event);
        let tone = match event {
            AskedEvent::NotUnderstood | AskedEvent::NotKept(_) => Tone::Bad,
            AskedEvent::Arrived => Tone::Good,
            _ => Tone::Plain,
        };
        self.note_all(said, tone);
    }

    fn note_all(&mut self, said: Option<Said>, tone: Tone) {
        if let Some(Said { words, quoted }) = said {
            let all: Vec<String> = std::iter::once(words).chain(quoted).collect();
            self.note(all.join("\n"), tone);
        }
    }

    /// Whether a pairing of this id is that of a request: one's own meetings have an id here from their
    /// beginning.
    pub(super) fn begins(&self, id: ConversationId) -> bool {
        self.plan.profile.is_some() && self.id != Some(id) && !self.list.contains(&id)
    }

    /// A conversation begins with a request that was accepted at either end.
    pub(super) fn begun(&mut self, id: ConversationId) {
        let (nick, peer) = self.asking.begun(id);
        let said = nick.is_some().then(|| peer.clone()).flatten();
        self.add_room(id, nick, peer);
        match said {
            Some(peer) => self.note(words::begun(&text::one_line(peer.as_str())), Tone::Good),
            // The names were given before this program began.
            None => self.actions.push(Action::Keep(Wanted::Names(id))),
        }
    }

    /// The names of a conversation that has begun.
    pub(super) fn named(&mut self, id: ConversationId, nick: Name, peer: Name) {
        let words = words::begun(&text::one_line(peer.as_str()));
        if self.id == Some(id) {
            (self.plan.nick, self.plan.peer) = (Some(nick), Some(peer));
        } else if let Some(room) = self.rooms.iter_mut().find(|room| room.id == Some(id)) {
            (room.nick, room.peer) = (Some(nick), Some(peer));
        }
        self.note(words, Tone::Good);
    }

    /// What the keeper knows of the address and of requests.
    pub(super) fn requests_found(&mut self, known: Requests) {
        let list = &self.list;
        match self.asking.found(known, |id| list.contains(&id)) {
            Some(Show::Address) => {
                self.note(words::address_line(self.asking.address()), Tone::Plain);
            }
            Some(Show::Requests) if self.may_switch() => {
                self.leave_what_is_shown();
                self.stage = Stage::Requests(0);
            }
            Some(Show::Requests) | None => {}
        }
    }

    /// The rows of the list of requests, in so many columns.
    fn request_rows(&self, width: u16) -> Vec<String> {
        let mut rows = Vec::new();
        for line in self.asking.listing(self.now.wall, self.plan.utc_offset_seconds) {
            // What goes on in the next row stays as far in as the first: it is quoted still.
            let (lead, line) = match line.strip_prefix(QUOTE) {
                Some(quoted) => (QUOTE, quoted),
                None => ("", line.as_str()),
            };
            let room = usize::from(width).saturating_sub(lead.len()).max(1);
            for part in text::wrap(line, room) {
                rows.push(format!("{lead}{}", line.get(part).unwrap_or_default()));
            }
        }
        rows
    }

    /// How many rows of the list are shown at once.
    fn request_room(&self) -> usize {
        let remark = self.remark.as_ref().map_or(0, |(remark, _)| remark.split('\n').count() + 1);
        let around = if self.is_low() { 3 } else { 6 };
        usize::from(self.size.1).saturating_sub(around + remark).max(1)
    }

    fn page_width(&self) -> u16 {
        let columns = self.size.0;
        columns.saturating_sub(2 * u16::from(columns > 40))
    }

    /// Whether there are too few rows for a title.
    fn is_low(&self) -> bool {
        self.size.1 < 10
    }

    pub(super) fn requests_page(&self, page: &mut Page, top: usize, width: u16) {
        if !self.is_low() {
            page.must("Requests", self.looks.strong());
            page.blank();
        }
        let (rows, room) = (self.request_rows(self.page_width()), self.request_room());
        let count = rows.len();
        for row in rows.into_iter().skip(top).take(room) {
            page.must(row, Style::new());
        }
        if let Some((remark, tone)) = &self.remark {
            page.blank();
            for line in remark.split('\n') {
                page.must(line, tone_style(self.looks, *tone));
            }
        }
        page.blank();
        if self.input.is_empty() {
            let more = if count > top.saturating_add(room) { "Down shows more; " } else { "" };
            let keys = format!("{more}/ begins a command, Esc goes back.");
            page.help(keys, self.looks.faint());
        } else {
            page.input(self.input.before(), self.input.text(), width, self.looks.strong());
        }
    }

    /// How many requests wait, for the last row of pages that don't show them.
    pub(super) fn requests_part(&self) -> Option<(u8, String, Style)> {
        let count = self.asking.pending();
        let shown = matches!(self.stage, Stage::Home(_) | Stage::Requests(_));
        (count > 0 && !shown).then(|| (2, words::requests_short(count), self.looks.strong()))
    }

    pub(super) fn questions_page(&self, page: &mut Page, questions: &Questions, width: u16) {
        let Questions { dialogue, editor, remark } = questions;
        page.must(dialogue.title(), self.looks.strong());
        page.blank();
        page.must(dialogue.question(), Style::new());
        page.input(editor.before(), editor.text(), width, self.looks.strong());
        if let Some(remark) = remark {
            page.must(remark.as_str(), self.looks.warning());
        }
        if let Some((remark, tone)) = &self.remark {
            page.blank();
            for line in remark.split('\n') {
                page.help(line, tone_style(self.looks, *tone));
            }
        }
        page.blank();
        page.help("Enter goes on, Esc gives it up.", self.looks.faint());
    }
}
