//! The list of a profile's conversations: keys and drawing.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::Style;
use undertone_handle::command::Role;
use undertone_handle::event::LinkState;
use undertone_handle::words;

use super::app::{App, Stage};
use super::chat::Tone;
use super::commands::{Typed, typed};
use super::lock::Form;
use super::paint::Looks;
use super::render::Page;
use super::rooms::Listed;
use crate::deeds::Deed;
use crate::plan::End;
use crate::text;
use crate::time::Local;

/// Said where there is no conversation.
const NOBODY: &str = "Nobody yet: meet somebody by a code, or use /ask ADDRESS or /address on.";

/// The rows below the conversations.
const CHOICES: [(&str, &str, Role); 2] = [
    ("Say a code", "you say it, somebody else types it", Role::Host),
    ("Join by a code", "somebody said one to you", Role::Guest),
];

/// The widest column of names.
const MAX_NAME: usize = 20;

impl App {
    pub(super) fn key_at_home(&mut self, key: KeyEvent) {
        let Stage::Home(chosen) = self.stage else { return };
        let rows = self.list.len() + CHOICES.len();
        if !self.input.is_empty() || key.code == KeyCode::Char('/') {
            self.key_of_command(key);
            return;
        }
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Up | KeyCode::BackTab => self.stage = Stage::Home((chosen + rows - 1) % rows),
            KeyCode::Down | KeyCode::Tab => self.stage = Stage::Home((chosen + 1) % rows),
            KeyCode::Enter => match chosen.checked_sub(self.list.len()) {
                None => self.go_to_place(chosen),
                Some(choice) => {
                    if let Some((_, _, role)) = CHOICES.get(choice) {
                        self.meet_another(*role);
                    }
                }
            },
            KeyCode::Char('s') if !ctrl => self.meet_another(Role::Host),
            KeyCode::Char('c' | 'j') if !ctrl => self.meet_another(Role::Guest),
            KeyCode::Char('?') => self.help = true,
            KeyCode::Char('q') if !ctrl => self.close(End::Done),
            _ => {}
        }
    }

    /// A key of a command that is typed where there is no conversation.
    pub(super) fn key_of_command(&mut self, key: KeyEvent) {
        match key.code {
            KeyCode::Esc => self.input.clear(),
            KeyCode::Tab => self.complete_command(),
            KeyCode::Enter => {
                let line = self.input.take();
                let done = match typed(&line) {
                    Typed::Deed(Ok(deed)) => self.deed(deed),
                    Typed::Deed(Err(usage)) => Err(usage.to_owned()),
                    Typed::Known("/quit") => {
                        self.close(End::Done);
                        Ok(())
                    }
                    Typed::Known("/help") => {
                        self.help = true;
                        Ok(())
                    }
                    Typed::Known("/network") => self.deed(Deed::Status),
                    _ => Err("That needs a conversation; /help lists all commands.".to_owned()),
                };
                if let Err(why) = done {
                    self.note(why, Tone::Bad);
                }
            }
            _ => {
                if self.input.key(key).is_err() {
                    self.note("No command is that long.", Tone::Bad);
                }
            }
        }
    }

    /// An address is pasted behind its command.
    pub(super) fn paste_command(&mut self, text: &str) {
        let typing = !self.input.is_empty();
        if typing && self.input.insert(text.trim_end_matches(['\r', '\n'])).is_err() {
            self.note("No command is that long.", Tone::Bad);
        }
    }

    pub(super) fn home_page(&self, page: &mut Page, chosen: usize, width: u16) {
        let profile = self.plan.profile.as_ref().map_or("", |profile| profile.name.as_str());
        page.must(format!("Conversations in \u{201c}{profile}\u{201d}"), self.looks.strong());
        page.blank();
        let listed = self.listed();
        let names = listed.iter().map(|one| text::width(&one.name)).max().unwrap_or(0);
        let names = names.min(MAX_NAME);
        if listed.is_empty() {
            page.help(NOBODY, Style::new());
        }
        for (place, one) in listed.iter().enumerate() {
            let line = self.row(place, one, chosen == place, names, usize::from(width));
            let style = match one.trust {
                Some(trust) => self.looks.trust(words::trust(trust).colour),
                None => Style::new(),
            };
            let style = if one.unread > 0 { style.patch(self.looks.strong()) } else { style };
            // The chosen one stays when rows are few.
            if chosen == place { page.must(line, style) } else { page.help(line, style) }
        }
        page.blank();
        for (index, (choice, meaning, _)) in CHOICES.into_iter().enumerate() {
            let here = chosen == listed.len() + index;
            let mark = if here { "▸" } else { " " };
            let line = if width < 60 {
                format!("{mark} {choice}")
            } else {
                format!("{mark} {choice:<22}{meaning}")
            };
            let style = if here { self.looks.strong() } else { Style::new() };
            if here { page.must(line, style) } else { page.help(line, style) }
        }
        if self.asking.pending() > 0 {
            page.blank();
            let count = words::requests_short(self.asking.pending());
            page.must(format!("{count}: /requests shows what came."), self.looks.strong());
        }
        if self.asking.address().is_some_and(|line| line.on) {
            page.help("Your address is on; /address says it.", self.looks.faint());
        }
        if let Some((remark, tone)) = &self.remark {
            page.blank();
            for line in remark.split('\n') {
                page.must(line, tone_style(self.looks, *tone));
            }
        }
        if self.input.is_empty() {
            page.blank();
            let keys = "Arrows and Enter, Alt-1 to 9; / begins a command, Ctrl-L locks, q leaves.";
            page.help(keys, self.looks.faint());
        } else {
            page.blank();
            page.input(self.input.before(), self.input.text(), width, self.looks.strong());
        }
    }

    fn row(&self, place: usize, one: &Listed, here: bool, names: usize, width: usize) -> String {
        let offset = self.plan.utc_offset_seconds;
        let now = Local::new(self.now.wall, offset);
        let mark = if here { "▸" } else { " " };
        let number = if place < 9 { (place + 1).to_string() } else { " ".to_owned() };
        let name = text::cut(&one.name, names);
        let gap = " ".repeat(names.saturating_sub(text::width(&name)));
        let trust = one.trust.map_or(' ', |trust| words::trust(trust).mark);
        let mut line = format!("{mark} {number} {name}{gap}  {trust}");
        let mut after = Vec::new();
        if one.unread > 0 {
            after.push(format!("{} new", one.unread));
        }
        if one.draft {
            after.push("draft".to_owned());
        }
        if one.ended {
            after.push("ended".to_owned());
        } else if one.blocked {
            after.push("blocked".to_owned());
        } else if matches!(one.link, Some(LinkState::Up)) {
            after.push("online".to_owned());
        }
        if let Some((at, said)) = &one.last {
            let at = Local::new(*at, offset);
            let when = if at.day() == now.day() { at.time() } else { at.date(now) };
            after.push(when);
            let so_far =
                text::width(&line) + after.iter().map(|part| part.len() + 3).sum::<usize>();
            let room = width.saturating_sub(so_far + 3);
            if room >= 8 {
                after.push(text::cut(said, room));
            }
        }
        for (index, part) in after.iter().enumerate() {
            line.push_str(if index == 0 { "  " } else { " · " });
            line.push_str(part);
        }
        line
    }

    /// A password that is being typed.
    pub(super) fn form_page(&self, page: &mut Page, form: &Form, width: u16) {
        page.must("The password of your profile", self.looks.strong());
        page.blank();
        page.must(form.question(), Style::new());
        let hidden = |text: &str| text::dots(text).replace('-', "•");
        let (before, all) = (hidden(form.editor.before()), hidden(form.editor.text()));
        page.input(&before, &all, width, self.looks.strong());
        if let Some(strength) = form.strength() {
            page.help(format!("An estimate: {strength}."), Style::new());
        }
        if let Some(remark) = &form.remark {
            page.must(remark.as_str(), self.looks.warning());
        }
        page.blank();
        let forgotten = "Nobody can give you another one: whoever forgets it loses the profile.";
        page.help(forgotten, Style::new());
        page.help("Enter goes on, Esc leaves it as it is.", self.looks.faint());
    }
}

pub(super) fn tone_style(looks: Looks, tone: Tone) -> Style {
    match tone {
        Tone::Plain => Style::new(),
        Tone::Good => looks.good(),
        Tone::Amber => looks.amber(),
        Tone::Bad => looks.warning(),
    }
}
