//! The profile on the full screen: its lock, its password, and what is looked up in it.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use undertone_handle::SecretText;
use undertone_handle::command::Command;
use undertone_handle::query::Line;
use undertone_handle::words::{self, Locked};
use undertone_wire::code::guessing_bits;
use zeroize::Zeroizing;

use super::app::{Action, App, Stage};
use super::chat::Tone;
use super::editor::Editor;
use crate::deeds::Deed;
use crate::keeper::{Found, Hit, Wanted, nothing_lasts};
use crate::plan::End;
use crate::text;
use crate::time::Local;

/// The most bytes of a password that are taken, as key files have it.
pub(super) const MAX_PASSWORD: usize = 1024;

/// The most columns of a name in what a search found.
const MAX_NAME: usize = 20;

/// The most columns of what was said beside what was found.
const BESIDE: usize = 48;

/// Which password is being typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Old,
    New,
    Again,
    /// All three are there, and the keeper is at work.
    Busy,
}

/// A password that is being given or changed.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) step: Step,
    pub(super) editor: Editor,
    old: Option<SecretText>,
    new: Option<SecretText>,
    pub(super) remark: Option<String>,
}

impl Form {
    fn new(step: Step) -> Self {
        Self { step, editor: Editor::line(MAX_PASSWORD), old: None, new: None, remark: None }
    }

    /// What is asked for.
    pub(super) fn question(&self) -> &'static str {
        match self.step {
            Step::Old => "The present password:",
            Step::New => "The new password:",
            Step::Again => "The same again:",
            Step::Busy => "Changing it …",
        }
    }

    /// How hard what is typed is to guess.
    pub(super) fn strength(&self) -> Option<String> {
        let shown = self.step == Step::New && !self.editor.is_empty();
        shown.then(|| words::password_strength(guessing_bits(self.editor.text())))
    }
}

impl App {
    /// Says that a profile without a password has none.
    pub(super) fn say_protection(&mut self) {
        if self.plan.profile.as_ref().is_some_and(|profile| !profile.password) {
            self.note(words::NO_PASSWORD, Tone::Amber);
        }
    }

    /// Does what a command wants. An error says why not.
    pub(super) fn deed(&mut self, deed: Deed) -> Result<(), String> {
        let conversation = || "There is no conversation here; /open NAME goes to one.".to_owned();
        match deed {
            Deed::Lock => return self.lock(Locked::Asked),
            Deed::Login => self.note("You are logged in.", Tone::Plain),
            Deed::SetPassword | Deed::ChangePassword => {
                let profile = self.plan.profile.as_ref();
                let has = profile.ok_or_else(|| nothing_lasts().to_string())?.password;
                let step = match (deed, has) {
                    (Deed::SetPassword, true) => {
                        return Err(
                            "The profile has a password; /changepassword puts another one \
                                    in its place."
                                .to_owned(),
                        );
                    }
                    (_, true) => Step::Old,
                    (_, false) => Step::New,
                };
                self.form = Some(Box::new(Form::new(step)));
            }
            Deed::Rename(name) => {
                let id = self.id.ok_or_else(conversation)?;
                self.actions.push(Action::Command(Command::Rename(id, name)));
            }
            Deed::History(history) => {
                let id = self.id.ok_or_else(conversation)?;
                self.actions.push(Action::Command(Command::SetHistory(id, history)));
            }
            Deed::Block(blocked) => {
                let id = self.id.ok_or_else(conversation)?;
                if !self.plan.lasting {
                    return Err(nothing_lasts().to_string());
                }
                self.actions.push(Action::Command(Command::Block(id, blocked)));
            }
            Deed::Leave(name) => {
                let id = self.id.ok_or_else(conversation)?;
                if !self.plan.lasting {
                    return Err(nothing_lasts().to_string());
                }
                if name != self.peer() {
                    return Err(words::leave_how(self.peer()));
                }
                self.actions.push(Action::Command(Command::Leave(id)));
            }
            Deed::Search(search) => self.actions.push(Action::Keep(Wanted::Search(search))),
            Deed::Status => self.say_status(),
            Deed::Config => {
                for line in self.plan.settings.clone() {
                    self.note(line, Tone::Plain);
                }
            }
            Deed::Reset => {
                if let Some(id) = self.id {
                    self.actions.push(Action::Command(Command::Reconnect(id)));
                }
            }
            Deed::Clear => {
                self.chat.clear();
                self.remark = None;
            }
            Deed::List if self.plan.profile.is_some() => self.go_home(),
            Deed::List => return Err(nothing_lasts().to_string()),
            Deed::Open(which) => match self.called(&which) {
                Some(id) => {
                    self.input.clear();
                    self.go_to(id);
                }
                None => return Err("There is no conversation of this name.".to_owned()),
            },
            Deed::Asking(wish) => return self.asked_for(wish),
        }
        Ok(())
    }

    fn say_status(&mut self) {
        let mut lines = Vec::new();
        if let Some(state) = &self.network {
            lines.push(words::network(state));
        }
        if let Some((trust, _)) = self.trust {
            lines.push(words::trust_sentence(trust, self.peer()));
        }
        if self.blocked {
            lines.push(words::blocked(self.peer(), true));
        } else if let (Some(link), None) = (&self.link, &self.over) {
            lines.push(words::link(link));
        }
        if self.asking.address().is_some() {
            lines.push(words::address_line(self.asking.address()));
        }
        if self.id.is_some() {
            lines.push(match self.timer {
                Some(seconds) => words::timer_stands(seconds),
                None => "There is no timer on new messages.".to_owned(),
            });
            if self.plan.lasting {
                lines.push(words::history(self.keeps));
            }
            lines.push(match self.chat.unconfirmed() {
                0 => "Nothing waits to be delivered.".to_owned(),
                count => format!("{count} of your messages have not been delivered yet."),
            });
        }
        lines.push(match &self.plan.profile {
            Some(profile) if profile.password => {
                format!(
                    "What lasts is in the profile \u{201c}{}\u{201d}, under a password.",
                    profile.name
                )
            }
            Some(profile) => {
                format!(
                    "What lasts is in the profile \u{201c}{}\u{201d}, which has no password.",
                    profile.name
                )
            }
            None => "Nothing is kept: all of it is in memory alone.".to_owned(),
        });
        if let Some(fault) = self.storage {
            lines.push(words::storage(fault).to_string());
        }
        for line in lines {
            self.note(line, Tone::Plain);
        }
    }

    /// Locks the profile: the node ends, and nothing of it stays in this model.
    pub(super) fn lock(&mut self, why: Locked) -> Result<(), String> {
        match &self.plan.profile {
            None => return Err(nothing_lasts().to_string()),
            Some(profile) if !profile.password => {
                return Err(words::NOT_LOCKED_BY_WORDS.to_owned());
            }
            Some(_) => {}
        }
        if matches!(self.stage, Stage::Closing) {
            return Ok(());
        }
        // A meeting that was under way is given up with the node.
        let shown = self.id.filter(|id| self.list.contains(id));
        self.close(End::Locked(why, shown));
        self.forget();
        self.stage = Stage::Closing;
        Ok(())
    }

    fn idle_limit(&self) -> Option<Duration> {
        let profile = self.plan.profile.as_ref().filter(|profile| profile.password)?;
        profile.idle_lock
    }

    /// Whether time alone may lock the profile.
    pub(super) fn locks_when_idle(&self) -> bool {
        self.idle_limit().is_some() && !matches!(self.stage, Stage::Closing)
    }

    /// Locks the profile when no key was pressed for as long as the settings say. By either clock:
    /// while a machine sleeps, one of them stands still.
    pub(super) fn lock_when_idle(&mut self) {
        let Some(limit) = self.idle_limit() else { return };
        let steady = self.now.monotonic.saturating_sub(self.last_key.monotonic);
        let wall = Duration::from_secs(self.now.wall.saturating_sub(self.last_key.wall));
        if steady.max(wall) >= limit && !matches!(self.stage, Stage::Closing) {
            // It has a password: that is where the limit comes from.
            let _locked: Result<(), String> = self.lock(Locked::Idle);
        }
    }

    /// What the keeper did.
    pub(super) fn found(&mut self, found: Found) {
        if matches!(self.stage, Stage::Closing) {
            return;
        }
        match found {
            Found::Password(true) => {
                if let Some(profile) = &mut self.plan.profile {
                    profile.password = true;
                }
                self.form = None;
                self.note(words::PASSWORD_CHANGED, Tone::Good);
            }
            Found::Password(false) => {
                let mut form = Form::new(Step::Old);
                form.remark =
                    Some("That is not the present password. Nothing was changed.".to_owned());
                self.form = Some(Box::new(form));
            }
            Found::Hits(hits) => self.say_hits(&hits),
            Found::Page(id, lines) => self.take_page(id, &lines),
            Found::Requests(known) => self.requests_found(known),
            Found::Names { conversation, nick, peer } => self.named(conversation, nick, peer),
            Found::Failed(error) => {
                self.asking.not_found();
                self.chat.no_older();
                self.rooms.iter_mut().for_each(|room| room.chat.no_older());
                self.form = None;
                self.note(error.to_string(), Tone::Bad);
            }
        }
    }

    fn say_hits(&mut self, hits: &[Hit]) {
        let offset = self.plan.utc_offset_seconds;
        let today = Local::new(self.now.wall, offset);
        let mut said = Vec::new();
        // The newest last, where the eye is.
        for hit in hits.iter().rev() {
            let name = text::cut(&hit.name, MAX_NAME);
            let row = |mark: &str, line: &Line, most: usize| {
                let at = Local::new(line.at, offset);
                let way = if line.own { format!("you to {name}") } else { name.clone() };
                let words = Zeroizing::new(text::lines(&line.body).join(" "));
                let words = text::cut(&words, most);
                Zeroizing::new(format!("{mark}{} {}, {way}: {words}", at.date(today), at.time()))
            };
            said.extend(hit.before.iter().map(|line| row("  \u{b7} ", line, BESIDE)));
            said.push(row("", &hit.line, usize::MAX));
            said.extend(hit.after.iter().map(|line| row("  \u{b7} ", line, BESIDE)));
        }
        said.push(Zeroizing::new(match hits.len() {
            0 => "Nothing was found.".to_owned(),
            1 => "One message was found.".to_owned(),
            count => format!("{count} messages were found."),
        }));
        if matches!(self.stage, Stage::Home(_)) {
            let lines: Vec<&str> = said.iter().map(|line| line.as_str()).collect();
            self.remark = Some((lines.join("\n"), Tone::Plain));
            return;
        }
        for line in said {
            self.note(line.as_str(), Tone::Plain);
        }
    }

    pub(super) fn key_at_form(&mut self, key: KeyEvent) {
        let Some(form) = &mut self.form else { return };
        if form.step == Step::Busy {
            return;
        }
        if key.code == KeyCode::Esc
            || key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL)
        {
            self.form = None;
            self.note("The password stays as it is.", Tone::Plain);
            return;
        }
        if key.code != KeyCode::Enter {
            form.remark = match form.editor.key(key) {
                Ok(_) => None,
                Err(_) => Some("No more fits into a password.".to_owned()),
            };
            return;
        }
        if form.editor.is_empty() {
            form.remark = Some("A password needs at least one character.".to_owned());
            return;
        }
        let typed = SecretText::new(std::mem::take(&mut *form.editor.take()));
        match form.step {
            Step::Old => {
                form.old = Some(typed);
                form.step = Step::New;
            }
            Step::New => {
                form.new = Some(typed);
                form.step = Step::Again;
            }
            Step::Again => {
                let (old, new) = (form.old.take(), form.new.take());
                if new.as_ref() == Some(&typed) {
                    form.step = Step::Busy;
                    self.actions.push(Action::Keep(Wanted::Password { old, new: typed }));
                } else {
                    self.form = None;
                    self.note(words::password_differs().to_string(), Tone::Bad);
                }
            }
            Step::Busy => {}
        }
    }
}
