//! The screen of a locked profile: a password, or away.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use undertone_handle::SecretText;
use undertone_handle::words::{self, Locked, UserError};

use super::editor::Editor;
use super::lock::MAX_PASSWORD;
use super::paint::Looks;
use super::render::Page;
use crate::text;

/// A locked profile as a model: no IO, no clock.
#[derive(Debug)]
pub struct Gate {
    name: String,
    why: Locked,
    looks: Looks,
    editor: Editor,
    remark: Option<String>,
    trying: bool,
}

/// What a key led to.
pub(super) enum Knock {
    /// Nothing yet.
    Wait,
    /// The user leaves.
    Leave,
    /// This is to be tried.
    Password(SecretText),
}

impl Gate {
    /// The screen before the profile of this name; `failure` is what came of the last try.
    #[must_use]
    pub fn new(name: &str, why: Locked, colour: bool, failure: Option<&UserError>) -> Self {
        Self {
            name: name.to_owned(),
            why,
            looks: Looks { colour },
            editor: Editor::line(MAX_PASSWORD),
            remark: failure.map(ToString::to_string),
            trying: false,
        }
    }

    pub(super) fn key(&mut self, key: KeyEvent) -> Knock {
        if key.kind == KeyEventKind::Release {
            return Knock::Wait;
        }
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c' | 'd') if ctrl => return Knock::Leave,
            KeyCode::Enter => return self.enter(),
            _ => {}
        }
        self.remark = match self.editor.key(key) {
            Ok(true) => None,
            Ok(false) => self.remark.take(),
            Err(_) => Some("No more fits into a password.".to_owned()),
        };
        Knock::Wait
    }

    pub(super) fn paste(&mut self, text: &str) -> Knock {
        if self.editor.insert(text.trim_end_matches(['\r', '\n'])).is_err() {
            self.remark = Some("The pasted text is too long here.".to_owned());
        }
        Knock::Wait
    }

    fn enter(&mut self) -> Knock {
        let typed = self.editor.take();
        match typed.trim() {
            "" => {}
            "/quit" | ".quit" | "/exit" => return Knock::Leave,
            "/login" => self.remark = Some("Type the password.".to_owned()),
            "/lock" => self.remark = Some("It is locked.".to_owned()),
            "/setpassword" | "/changepassword" => {
                self.remark =
                    Some("Log in first: the present password is needed for that.".to_owned());
            }
            _ => {
                self.trying = true;
                return Knock::Password(SecretText::new(typed.as_str().to_owned()));
            }
        }
        Knock::Wait
    }

    /// Draws it.
    pub fn render(&self, frame: &mut Frame<'_>) {
        let area = frame.area();
        let margin = u16::from(area.width > 40);
        let inner =
            Rect { x: area.x + margin, width: area.width.saturating_sub(2 * margin), ..area };
        let mut page = Page::default();
        page.help("Locked", self.looks.strong());
        page.blank();
        page.help(words::locked(&text::one_line(&self.name), self.why), Style::new());
        page.blank();
        if self.trying {
            page.must("Trying the password …", Style::new());
        } else {
            if let Some(remark) = &self.remark {
                page.must(remark.as_str(), self.looks.warning());
            }
            page.must("The password:", Style::new());
            let hidden = |text: &str| text::dots(text).replace('-', "•");
            let (before, all) = (hidden(self.editor.before()), hidden(self.editor.text()));
            page.input(&before, &all, inner.width, self.looks.strong());
            page.blank();
            page.help("Enter logs in; /quit or Ctrl-C leaves.", self.looks.faint());
        }
        if let Some(cursor) = page.draw(frame.buffer_mut(), inner) {
            frame.set_cursor_position(cursor);
        }
    }
}
