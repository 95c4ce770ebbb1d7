//! What keys, pastes and commands do on each screen.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use undertone_handle::SecretText;
use undertone_handle::command::{CheckCommand, Command, Role};
use undertone_handle::words::{self, Locked};
use zeroize::Zeroizing;

use super::app::{Action, App, Ask, Stage};
use super::chat::Tone;
use super::commands::{COMMANDS, OF_PROFILE, Typed, typed};
use super::prompt::Field;
use crate::plan::End;

/// How long a first Ctrl-C in a conversation is remembered.
const ARMED: Duration = Duration::from_secs(3);

impl App {
    pub(super) fn key(&mut self, key: KeyEvent) {
        if key.kind == KeyEventKind::Release {
            return;
        }
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        if self.form.is_some() && !matches!(self.stage, Stage::Closing) {
            self.key_at_form(key);
            return;
        }
        if ctrl && key.code == KeyCode::Char('c') {
            self.ctrl_c();
            return;
        }
        if self.help {
            // A profile has a page of its own behind the first.
            self.more_help = self.plan.profile.is_some() && !self.more_help;
            self.help = self.more_help;
            if self.help {
                return;
            }
            // A second question mark was meant as a text.
            if key.code == KeyCode::Char('?') && matches!(self.stage, Stage::Chat) {
                self.type_text("?");
            }
            return;
        }
        if key.code == KeyCode::F(1) {
            self.help = true;
            return;
        }
        if ctrl && key.code == KeyCode::Char('l') && !matches!(self.stage, Stage::Closing) {
            if let Err(why) = self.lock(Locked::Asked) {
                self.note(why, Tone::Bad);
            }
            return;
        }
        if self.switches(key) {
            return;
        }
        match &self.stage {
            Stage::Start(_) => self.key_at_start(key),
            Stage::Home(_) => self.key_at_home(key),
            Stage::Requests(_) => self.key_at_requests(key),
            Stage::Asking(_) => self.key_at_asking(key),
            Stage::Prompt(_) => self.key_at_prompt(key),
            Stage::Meeting(_) => {
                if ctrl && key.code == KeyCode::Char('r') {
                    self.reveal = !self.reveal;
                }
            }
            Stage::Check => self.key_at_check(key),
            Stage::Chat => self.key_at_chat(key),
            Stage::Failed { .. } => self.key_at_failure(key),
            Stage::Closing => {}
        }
    }

    /// Goes to another conversation of the profile, if that is what the key is for.
    fn switches(&mut self, key: KeyEvent) -> bool {
        if self.plan.profile.is_none() || !self.may_switch() {
            return false;
        }
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        match key.code {
            KeyCode::Char('n') if ctrl => self.go_on(true),
            KeyCode::Char('p') if ctrl => self.go_on(false),
            KeyCode::Char(digit @ '1'..='9') if alt => {
                let number = digit.to_digit(10).and_then(|number| usize::try_from(number).ok());
                self.go_to_place(number.unwrap_or(1).saturating_sub(1));
            }
            _ => return false,
        }
        true
    }

    pub(super) fn paste(&mut self, text: &str) {
        (self.help, self.more_help) = (false, false);
        if let Some(form) = &mut self.form {
            let fits = form.editor.insert(text.trim_end_matches(['\r', '\n'])).is_ok();
            form.remark = (!fits).then(|| "The pasted text is too long here.".to_owned());
            return;
        }
        match &mut self.stage {
            Stage::Prompt(prompt) => {
                match prompt.editor.insert(text.trim_end_matches(['\r', '\n'])) {
                    Ok(()) => prompt.changed(),
                    Err(_) => {
                        prompt.remark = Some("The pasted text is too long here.".to_owned());
                    }
                }
            }
            Stage::Check => {
                if let Ask::Secret(editor, _) | Ask::Confirm(editor) = &mut self.ask {
                    let fits = editor.insert(text.trim_end_matches(['\r', '\n'])).is_ok();
                    if !fits {
                        self.note("The pasted text is too long here.", Tone::Bad);
                    }
                }
            }
            Stage::Asking(questions) => {
                let fits = questions.editor.insert(text.trim_end_matches(['\r', '\n'])).is_ok();
                questions.remark = (!fits).then(|| "The pasted text is too long here.".to_owned());
            }
            Stage::Home(_) | Stage::Requests(_) => self.paste_command(text),
            Stage::Chat => self.type_text(text),
            _ => {}
        }
    }

    fn ctrl_c(&mut self) {
        match &self.stage {
            Stage::Start(_)
            | Stage::Home(_)
            | Stage::Requests(_)
            | Stage::Asking(_)
            | Stage::Prompt(_) => self.close(End::Done),
            Stage::Meeting(_) => self.give_up(),
            Stage::Check | Stage::Chat => {
                if let Some(end) = self.over.clone() {
                    self.close(end);
                } else if self.armed.take().is_some() || self.ask.decides() {
                    let end = self.end_of_leaving();
                    self.leave(end);
                } else {
                    self.armed = Some(self.now.monotonic.saturating_add(ARMED));
                }
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

    fn key_at_start(&mut self, key: KeyEvent) {
        let Stage::Start(chosen) = &mut self.stage else { return };
        match key.code {
            KeyCode::Up | KeyCode::BackTab => *chosen = (*chosen + 2) % 3,
            KeyCode::Down | KeyCode::Tab => *chosen = (*chosen + 1) % 3,
            KeyCode::Enter => {
                let chosen = *chosen;
                self.choose(chosen);
            }
            KeyCode::Char('1' | 's') => self.choose(0),
            KeyCode::Char('2' | 'j' | 'c') => self.choose(1),
            KeyCode::Char('3' | 'd') => self.choose(2),
            KeyCode::Char('?') => self.help = true,
            KeyCode::Char('q') | KeyCode::Esc => self.close(End::Done),
            _ => {}
        }
    }

    fn choose(&mut self, choice: usize) {
        self.plan.role = match choice {
            0 => Some(Role::Host),
            1 => Some(Role::Guest),
            _ => {
                self.close(End::Demo);
                return;
            }
        };
        self.next_question();
    }

    fn key_at_prompt(&mut self, key: KeyEvent) {
        let Stage::Prompt(prompt) = &mut self.stage else { return };
        if let Some((code, _)) = &prompt.doubtful {
            match key.code {
                KeyCode::Char('y' | 'Y') => {
                    self.plan.code = Some((**code).clone());
                    self.answered.push(Field::Code);
                    self.next_question();
                }
                _ => prompt.changed(),
            }
            return;
        }
        match key.code {
            KeyCode::Enter => {
                if prompt.answer(&mut self.plan) {
                    self.answered.push(prompt.field);
                    self.next_question();
                }
            }
            KeyCode::Tab => prompt.complete(),
            KeyCode::Char('r') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                if prompt.field == Field::Code && self.plan.role == Some(Role::Guest) {
                    prompt.hidden = !prompt.hidden;
                    prompt.changed();
                }
            }
            KeyCode::Esc => self.back(),
            _ => {
                if prompt.editor.key(key) == Ok(true) {
                    prompt.changed();
                }
            }
        }
    }

    /// Back to the question before, with its answer to be changed.
    fn back(&mut self) {
        let answer = match self.answered.pop() {
            Some(Field::Nick) => self.plan.nick.take(),
            Some(Field::Peer) => self.plan.peer.take(),
            Some(Field::Code) => {
                self.plan.code = None;
                None
            }
            None => {
                self.plan.role = None;
                if self.plan.profile.is_some() {
                    self.go_home();
                } else {
                    self.stage = Stage::Start(0);
                }
                return;
            }
        };
        self.next_question();
        if let (Stage::Prompt(prompt), Some(name)) = (&mut self.stage, answer) {
            prompt.editor.set(name.as_str());
        }
    }

    fn key_at_check(&mut self, key: KeyEvent) {
        let Some(id) = self.id else { return };
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match &mut self.ask {
            Ask::Nothing if self.checking && key.code == KeyCode::Esc => self.cancel_check(),
            Ask::Nothing => {}
            Ask::Wish => {
                let wish = match key.code {
                    KeyCode::Char('y' | 'Y') => true,
                    KeyCode::Char('n' | 'N') | KeyCode::Enter => false,
                    _ => return,
                };
                self.ask = Ask::Nothing;
                self.wished = wish;
                let wish = CheckCommand::Wish(wish);
                self.actions.push(Action::Command(Command::Check(id, wish)));
                self.note("Waiting for your partner's choice.", Tone::Plain);
            }
            Ask::Notice(next) => {
                if key.code == KeyCode::Enter {
                    self.ask = std::mem::replace(next, Ask::Nothing);
                    match self.ask {
                        Ask::Stay if self.open => self.show_stay_or_quit(),
                        Ask::Nothing if self.open => self.show_chat(),
                        _ => {}
                    }
                }
            }
            Ask::Secret(..) | Ask::Confirm(_) if key.code == KeyCode::Esc => {
                if self.open {
                    // Back to the conversation; the question stays open.
                    self.show_chat();
                } else {
                    self.cancel_check();
                }
            }
            Ask::Confirm(editor) => {
                if key.code == KeyCode::Enter {
                    let word = CheckCommand::Confirm(std::mem::take(&mut *editor.take()));
                    self.ask = Ask::Nothing;
                    self.actions.push(Action::Command(Command::Check(id, word)));
                } else if editor.key(key).is_err() {
                    self.note("The word is shorter.", Tone::Bad);
                }
            }
            Ask::Secret(editor, hidden) => match key.code {
                KeyCode::Char('r') if ctrl => *hidden = !*hidden,
                KeyCode::Enter if !editor.text().trim().is_empty() => {
                    let secret = SecretText::new(std::mem::take(&mut *editor.take()));
                    self.ask = Ask::Nothing;
                    let secret = CheckCommand::Secret(secret);
                    self.actions.push(Action::Command(Command::Check(id, secret)));
                    if self.open {
                        self.show_chat();
                    }
                }
                _ => {
                    if editor.key(key).is_err() {
                        self.note("No more fits into a secret.", Tone::Bad);
                    }
                }
            },
            Ask::Stay | Ask::Without => match key.code {
                KeyCode::Char('y' | 'Y') => {
                    self.ask = Ask::Nothing;
                    self.actions.push(Action::Command(Command::Check(id, CheckCommand::Stay)));
                    if self.open {
                        self.show_chat();
                    }
                }
                KeyCode::Char('n' | 'N') | KeyCode::Enter | KeyCode::Esc => {
                    let end = self.end_of_leaving();
                    self.leave(end);
                }
                _ => {}
            },
        }
    }

    /// No check after all.
    pub(super) fn cancel_check(&mut self) {
        let Some(id) = self.id else { return };
        self.ask = Ask::Nothing;
        self.wants_check = false;
        self.actions.push(Action::Command(Command::Check(id, CheckCommand::Cancel)));
    }

    fn key_at_failure(&mut self, key: KeyEvent) {
        let Stage::Failed { error, again } = &self.stage else { return };
        match key.code {
            KeyCode::Char('r') | KeyCode::Enter if *again => self.again(),
            KeyCode::Esc if *again && self.plan.profile.is_some() => self.go_home(),
            KeyCode::Enter | KeyCode::Esc | KeyCode::Char('q') => {
                let end = End::Failed(error.clone());
                self.close(end);
            }
            _ => {}
        }
    }

    fn key_at_chat(&mut self, key: KeyEvent) {
        let view = self.view();
        let page = view.height.saturating_sub(1).max(1);
        match key.code {
            KeyCode::PageUp => {
                self.chat.scroll(true, page, &view);
                self.look_back();
            }
            KeyCode::PageDown => self.chat.scroll(false, page, &view),
            KeyCode::End if !self.chat.is_at_end() => self.chat.go_to_end(),
            KeyCode::Esc if self.chat.is_at_end() && self.plan.profile.is_some() => self.go_home(),
            KeyCode::Esc => self.chat.go_to_end(),
            KeyCode::Enter if self.over.is_some() && self.plan.profile.is_some() => {
                self.enter_ended();
            }
            KeyCode::Enter if !key.modifiers.contains(KeyModifiers::ALT) => self.enter(),
            _ if self.over.is_some() && self.plan.profile.is_none() => {}
            KeyCode::Char('?') if self.input.is_empty() => self.help = true,
            KeyCode::Tab => self.complete_command(),
            _ => match self.input.key(key) {
                Ok(true) => self.chat.go_to_end(),
                Ok(false) => match key.code {
                    KeyCode::Up if self.input.is_empty() && self.edit_last() => {}
                    KeyCode::Up => self.recall(true),
                    KeyCode::Down => self.recall(false),
                    _ => {}
                },
                Err(_) => self.too_long(),
            },
        }
    }

    fn type_text(&mut self, text: &str) {
        if self.over.is_some() && self.plan.profile.is_none() {
            return;
        }
        self.chat.go_to_end();
        if self.input.insert(text).is_err() {
            self.too_long();
        }
    }

    fn too_long(&mut self) {
        let error = words::not_sent(undertone_handle::event::NotSent::TooLong);
        self.note(error.to_string(), Tone::Bad);
    }

    fn recall(&mut self, back: bool) {
        let (index, draft) = match self.recalled.take() {
            Some((index, draft)) => (index, draft),
            None if back => (self.history.len(), Zeroizing::new(self.input.text().to_owned())),
            None => return,
        };
        let wanted = if back { index.saturating_sub(1) } else { index + 1 };
        if let Some(text) = self.history.get(wanted) {
            self.input.set(text);
            self.recalled = Some((wanted, draft));
        } else {
            self.input.set(&draft);
        }
    }

    pub(super) fn complete_command(&mut self) {
        let typed = self.input.text();
        if typed.len() < 2 || typed.contains(char::is_whitespace) {
            return;
        }
        let mut matching = COMMANDS
            .iter()
            .chain(&OF_PROFILE)
            .flat_map(|(names, _)| names.iter())
            .filter(|name| name.starts_with(typed));
        if let (Some(only), None) = (matching.next(), matching.next()) {
            self.input.set(only);
        }
    }

    fn enter(&mut self) {
        if let (Some(end), None) = (&self.over, &self.plan.profile) {
            self.close(end.clone());
            return;
        }
        let text = Zeroizing::new(self.input.text().to_owned());
        if text.trim().is_empty() {
            return;
        }
        let command = text.trim_end();
        if matches!(self.ask, Ask::Stay)
            && !matches!(command, "/stay" | "/quit" | ".quit" | "/exit")
        {
            self.note("First: /stay goes on, unverified; /quit leaves.", Tone::Bad);
            return;
        }
        let done = match typed(&text) {
            Typed::Change(Ok(change)) => self.change(change).map_err(str::to_owned),
            Typed::Change(Err(usage)) | Typed::Deed(Err(usage)) => Err(usage.to_owned()),
            Typed::Deed(Ok(deed)) => {
                // Before another conversation takes the place of this one.
                self.input.clear();
                let done = self.deed(deed);
                if done.is_err() {
                    self.input.set(&text);
                }
                return done.unwrap_or_else(|why| self.note(why, Tone::Bad));
            }
            Typed::Known(name) => {
                self.input.clear();
                return self.command(name);
            }
            Typed::Text => return self.send_typed(&text),
        };
        match done {
            Ok(()) => self.input.clear(),
            Err(why) => self.note(why, Tone::Bad),
        }
    }

    /// Enter in a conversation of the profile that has ended: commands go on working.
    fn enter_ended(&mut self) {
        let text = Zeroizing::new(self.input.text().to_owned());
        if text.trim().is_empty() {
            self.go_home();
            return;
        }
        match typed(&text) {
            Typed::Text | Typed::Change(_) => {
                self.note("The conversation has ended; Esc leads to the others.", Tone::Bad);
            }
            _ => self.enter(),
        }
    }

    fn send_typed(&mut self, text: &Zeroizing<String>) {
        let command = text.trim_end();
        if let (Ask::Stay, Some(id)) = (&self.ask, self.id) {
            self.input.clear();
            self.ask = Ask::Nothing;
            self.actions.push(Action::Command(Command::Check(id, CheckCommand::Stay)));
            return;
        }
        let body = match text.strip_prefix('/') {
            Some(rest) if rest.starts_with('/') => rest,
            Some(_) => {
                let name = command.split_whitespace().next().unwrap_or_default().to_owned();
                self.note(
                    format!(
                        "There is no command {name}; /help lists them all. A text that begins \
                         with / is sent by typing // there."
                    ),
                    Tone::Bad,
                );
                return;
            }
            None => text,
        };
        let Some(id) = self.id.filter(|_| self.open) else { return };
        self.actions.push(Action::Text(id, body.to_owned()));
        self.unnumbered.push_back(Zeroizing::new(body.to_owned()));
        self.input.clear();
        self.remember(text);
        self.chat.go_to_end();
    }
}
