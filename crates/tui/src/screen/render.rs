//! Draws all screens but the conversation's.

use std::time::Duration;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use undertone_handle::command::Role;
use undertone_handle::event::{CheckEvent, NetworkKind, NetworkStep};
use undertone_handle::words::{self, HealingColour, HealingWords, UserError};
use unicode_width::UnicodeWidthStr as _;

use super::app::{App, Ask, Stage};
use super::chat::What;
use super::commands::{COMMANDS, OF_PROFILE};
use super::home::tone_style;
use super::meeting::{Progress, State};
use super::paint::{self, Slot};
use super::prompt::{Prompt, hide};
use crate::plan::End;
use crate::text;

/// After so long without a network the reasons that there may be are told.
const SLOW: Duration = Duration::from_secs(20);

/// A line of a page and how much it matters: when rows are short, the least important ones go.
pub(super) struct Line {
    pub(super) text: String,
    pub(super) style: Style,
    pub(super) rank: Rank,
    /// The columns before the cursor, if it is on this line.
    pub(super) cursor: Option<usize>,
}

/// How much a line of a page matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// Always shown.
    Must,
    /// Shown where there is room.
    Help,
    /// Room between the others.
    Blank,
}

/// The lines of a screen that is read from top to bottom.
#[derive(Default)]
pub(super) struct Page {
    lines: Vec<Line>,
}

impl Page {
    pub(super) fn must(&mut self, text: impl Into<String>, style: Style) {
        self.lines.push(Line { text: text.into(), style, rank: Rank::Must, cursor: None });
    }

    pub(super) fn help(&mut self, text: impl Into<String>, style: Style) {
        self.lines.push(Line { text: text.into(), style, rank: Rank::Help, cursor: None });
    }

    pub(super) fn blank(&mut self) {
        let line =
            Line { text: String::new(), style: Style::new(), rank: Rank::Blank, cursor: None };
        self.lines.push(line);
    }

    /// A line that is typed into. What doesn't fit in its width is left out on the left.
    pub(super) fn input(&mut self, before: &str, all: &str, width: u16, style: Style) {
        let room = usize::from(width).saturating_sub(3);
        let columns = text::width(before);
        let mut skipped = 0;
        let mut start = 0;
        for piece in text::pieces(before) {
            if columns - skipped <= room {
                break;
            }
            skipped += piece.width;
            start = piece.source.end;
        }
        let shown = all.get(start..).unwrap_or_default();
        self.lines.push(Line {
            text: format!("> {}", text::cut(shown, room + 1)),
            style,
            rank: Rank::Must,
            cursor: Some(2 + columns - skipped),
        });
    }

    /// Draws the page into an area and says where the cursor is.
    pub(super) fn draw(mut self, buffer: &mut Buffer, area: Rect) -> Option<Position> {
        let columns = usize::from(area.width);
        let rows = |lines: &[Line]| -> usize {
            lines.iter().map(|line| text::wrap(&line.text, columns).len()).sum()
        };
        for rank in [Rank::Blank, Rank::Help] {
            while rows(&self.lines) > usize::from(area.height) {
                let Some(at) = self.lines.iter().rposition(|line| line.rank == rank) else { break };
                self.lines.remove(at);
            }
        }
        // What matters and still doesn't fit goes from the top: the question is at the end.
        let mut skip = rows(&self.lines).saturating_sub(usize::from(area.height));
        let mut y = area.y;
        let mut cursor = None;
        for line in &self.lines {
            for (index, row) in text::wrap(&line.text, columns).into_iter().enumerate() {
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                let row = line.text.get(row).unwrap_or_default();
                paint::put(buffer, Slot { x: area.x, y, right: area.right() }, row, line.style);
                if let (0, Some(column)) = (index, line.cursor) {
                    let column = u16::try_from(column).unwrap_or(u16::MAX);
                    let x = area.x.saturating_add(column).min(area.right().saturating_sub(1));
                    cursor = Some(Position { x, y });
                }
                y = y.saturating_add(1);
            }
        }
        cursor
    }
}

impl App {
    /// Draws the screen as it is.
    pub fn render(&self, frame: &mut Frame<'_>) {
        let area = frame.area();
        if area.width == 0 || area.height == 0 {
            return;
        }
        let form = self.form.as_ref().filter(|_| !matches!(self.stage, Stage::Closing));
        if matches!(self.stage, Stage::Chat) && !self.help && form.is_none() {
            let cursor = self.render_chat(frame.buffer_mut(), area);
            if let Some(cursor) = cursor {
                frame.set_cursor_position(cursor);
            }
            return;
        }
        let inner = Rect {
            x: area.x + u16::from(area.width > 40),
            y: area.y,
            width: area.width.saturating_sub(2 * u16::from(area.width > 40)),
            height: area.height.saturating_sub(1),
        };
        let mut page = Page::default();
        if let Some(form) = form {
            self.form_page(&mut page, form, inner.width);
        } else if self.help {
            self.help_page(&mut page);
        } else {
            match &self.stage {
                Stage::Start(chosen) => self.start_page(&mut page, *chosen),
                Stage::Home(chosen) => self.home_page(&mut page, *chosen, inner.width),
                Stage::Requests(top) => self.requests_page(&mut page, *top, inner.width),
                Stage::Asking(questions) => {
                    self.questions_page(&mut page, questions, inner.width);
                }
                Stage::Prompt(prompt) => self.prompt_page(&mut page, prompt, inner.width),
                Stage::Meeting(progress) => self.meeting_page(&mut page, progress, inner.width),
                Stage::Check => self.check_page(&mut page, inner.width),
                Stage::Failed { error, again } => self.failure_page(&mut page, error, *again),
                Stage::Closing if matches!(self.end, Some(End::Locked(..))) => {
                    page.must("Locking …", Style::new());
                }
                Stage::Closing if self.plan.lasting => {
                    page.must("Ending … (Ctrl-C: at once)", Style::new());
                }
                Stage::Closing => page.must("Saying goodbye … (Ctrl-C: at once)", Style::new()),
                Stage::Chat => {}
            }
        }
        let cursor = page.draw(frame.buffer_mut(), inner);
        self.render_status(frame.buffer_mut(), area);
        if let Some(cursor) = cursor {
            frame.set_cursor_position(cursor);
        }
    }

    fn title(&self, page: &mut Page, title: &str) {
        page.must(title, self.looks.strong());
        if self.plan.demo {
            page.help(
                "A demo: your partner is played by this program, and nothing leaves this machine.",
                self.looks.faint(),
            );
        }
        page.blank();
    }

    fn start_page(&self, page: &mut Page, chosen: usize) {
        self.title(page, "Undertone");
        page.help("Two people talk over Tor, with no server in between.", Style::new());
        page.help(words::NOT_AUDITED, self.looks.faint());
        page.blank();
        let choices = [
            ("1  Say a code", "you say it, your partner types it"),
            ("2  Join by a code", "your partner said one to you"),
            ("3  Try the demo", "both sides on this machine, no network"),
        ];
        for (index, (choice, meaning)) in choices.into_iter().enumerate() {
            let (mark, style) =
                if index == chosen { ("▸", self.looks.strong()) } else { (" ", Style::new()) };
            let line = if self.size.0 < 60 {
                format!("{mark} {choice}")
            } else {
                format!("{mark} {choice:<22}{meaning}")
            };
            page.must(line, style);
        }
        page.blank();
        page.help("Arrows and Enter, or the number. q leaves, ? helps.", self.looks.faint());
    }

    fn prompt_page(&self, page: &mut Page, prompt: &Prompt, width: u16) {
        let host = self.plan.role == Some(Role::Host);
        self.title(page, if host { "Say a code" } else { "Join by a code" });
        if self.answered.is_empty() {
            page.help(words::NOT_AUDITED, self.looks.faint());
            page.blank();
        }
        if let Some(nick) = &self.plan.nick {
            page.help(format!("You are {nick}."), self.looks.faint());
        }
        if let Some(peer) = &self.plan.peer {
            page.help(format!("Your partner is {peer}."), self.looks.faint());
        }
        self.clock_warning(page);
        page.blank();
        page.must(prompt.question(), Style::new());
        page.input(&prompt.shown_before(), &prompt.shown(), width, self.looks.strong());
        match (&prompt.doubtful, &prompt.remark) {
            (Some((_, question)), _) => page.must(question.as_str(), self.looks.warning()),
            (None, Some(remark)) => page.must(remark.as_str(), self.looks.warning()),
            (None, None) => {}
        }
        page.blank();
        page.help(prompt.help(), self.looks.faint());
        page.help("Enter goes on, Esc goes back, Ctrl-C leaves.", self.looks.faint());
    }

    fn clock_warning(&self, page: &mut Page) {
        let off = self.network.as_ref().and_then(|state| state.clock_off_by_seconds);
        if let Some(seconds) = off {
            page.help(words::clock_off(seconds), self.looks.warning());
        }
    }

    fn meeting_page(&self, page: &mut Page, progress: &Progress, width: u16) {
        let wide = width >= 60;
        let now = self.now.monotonic;
        let code = self.plan.code.as_ref().map(|code| code.text()).unwrap_or_default();
        if self.plan.role == Some(Role::Host) {
            let lives = match progress.deadline {
                Some(deadline) => {
                    let left = deadline.saturating_sub(now);
                    format!("It lives for {} more.", words::duration(left))
                }
                None => "It lives for ten minutes, once it is reachable.".to_owned(),
            };
            if wide {
                let line = format!("Say this code to your partner:     {}", *code);
                page.must(line, self.looks.strong());
                page.help("They run:  undertone chat -c", Style::new());
            } else {
                page.must(code.as_str(), self.looks.strong());
            }
            page.help(lives, Style::new());
        } else {
            let shown = hide(&code, !self.reveal);
            let key = if self.reveal { "hides" } else { "shows" };
            let line = if wide {
                format!("Joining under the code {}   (Ctrl-R {key} it)", *shown)
            } else {
                format!("Joining: {}", *shown)
            };
            page.must(line, self.looks.strong());
        }
        if self.plan.demo {
            page.help("A demo: your partner is played by this program.", self.looks.faint());
        }
        page.blank();
        let active = progress.rows().iter().rposition(|row| !matches!(row.state, State::Ahead));
        for (index, row) in progress.rows().iter().enumerate() {
            let usual = row.words.usual.unwrap_or_default();
            let (mark, what, time, style) = match row.state {
                State::Ahead => {
                    ("·", row.words.doing.to_owned(), String::new(), self.looks.faint())
                }
                State::Doing(since) => {
                    let so_far = now.saturating_sub(since);
                    let what = match (&self.network, row.attempt) {
                        (Some(state), _) if index == 0 => match state.step {
                            NetworkStep::Finding { percent } => {
                                format!("{}, {percent} %", row.words.doing)
                            }
                            _ => row.words.doing.to_owned(),
                        },
                        (_, Some(attempt)) => format!("{}, attempt {attempt}", row.words.doing),
                        _ => row.words.doing.to_owned(),
                    };
                    let so_far =
                        if so_far.as_secs() >= 3 { words::duration(so_far) } else { String::new() };
                    let time = match (usual.is_empty() || !wide, so_far.is_empty()) {
                        (true, _) => so_far,
                        (false, true) => usual.to_owned(),
                        (false, false) => format!("{so_far}, {usual}"),
                    };
                    ("▸", format!("{what} …"), time, Style::new())
                }
                State::Done(took) => {
                    ("✓", row.words.done.to_owned(), words::duration(took), self.looks.good())
                }
                State::Passed => continue,
            };
            let pad = if wide { 36_usize.saturating_sub(what.width()) } else { 1 };
            let line = format!("{}{mark} {what}{:pad$}{time}", if wide { "  " } else { "" }, "");
            let line = line.trim_end().to_owned();
            // Where rows are few, the step that goes on is the one to see.
            if Some(index) == active { page.must(line, style) } else { page.help(line, style) }
        }
        self.meeting_remarks(page, progress);
        page.blank();
        page.help(
            if self.giving_up {
                "Giving up …"
            } else if self.plan.lasting && self.plan.role == Some(Role::Host) {
                "Ctrl-C gives up and burns the code."
            } else if self.plan.lasting {
                "Ctrl-C gives up."
            } else if self.plan.role == Some(Role::Host) {
                "Nothing is written to disk.  Ctrl-C gives up and burns the code."
            } else {
                "Nothing is written to disk.  Ctrl-C gives up."
            },
            self.looks.faint(),
        );
    }

    fn meeting_remarks(&self, page: &mut Page, progress: &Progress) {
        if let Some(remark) = &progress.remark {
            page.blank();
            page.must(remark.as_str(), self.looks.warning());
        }
        let seeking = progress.rows().first().map(|row| row.state);
        if let Some(State::Doing(since)) = seeking {
            let blocked = self
                .network
                .as_ref()
                .filter(|state| matches!(state.step, NetworkStep::Blocked { .. }));
            if let Some(state) = blocked {
                page.blank();
                page.help(words::network(state), self.looks.warning());
            }
            if self.now.monotonic.saturating_sub(since) >= SLOW {
                page.blank();
                page.help(words::NETWORK_SLOW, Style::new());
            }
        }
        self.clock_warning(page);
    }

    fn check_page(&self, page: &mut Page, width: u16) {
        let trust = self.trust.map(|(level, _)| words::trust(level));
        let title = match trust {
            Some(trust) => {
                format!("{} {} {} ({})", self.peer(), trust.mark, trust.word, trust.why)
            }
            None => self.peer().to_owned(),
        };
        let style = trust.map_or_else(Style::new, |trust| self.looks.trust(trust.colour));
        self.title(page, &title);
        if let Some(line) = page.lines.first_mut() {
            line.style = line.style.patch(style);
        }
        // The last few notes: what has happened since the pairing.
        let from = self.chat.len().saturating_sub(6);
        for index in from..self.chat.len() {
            let Some(entry) = self.chat.get(index) else { continue };
            if let What::Note(note, tone) = &entry.what {
                let style = tone_style(self.looks, *tone);
                // An outcome matters; what led to it can go.
                let outcome = self.ask.decides() || matches!(self.ask.question(), Ask::Nothing);
                if index + 1 == self.chat.len() && outcome {
                    page.must(note.as_str(), style);
                } else {
                    page.help(note.as_str(), style);
                }
            }
        }
        page.blank();
        match &self.ask {
            Ask::Nothing if self.checking => {
                page.help("Esc cancels the check. Ctrl-C twice leaves.", self.looks.faint());
            }
            Ask::Nothing => page.help("Ctrl-C twice leaves.", self.looks.faint()),
            Ask::Wish => {
                page.help(words::check(CheckEvent::WishWanted), Style::new());
                page.must(words::CHECK_QUESTION, self.looks.strong());
            }
            Ask::Notice(next) => {
                if matches!(**next, Ask::Secret(..)) {
                    page.must(format!("{} asks for the check.", self.peer()), Style::new());
                }
                page.must("Enter goes on.", self.looks.strong());
            }
            Ask::Secret(editor, hidden) => {
                page.help(words::check(CheckEvent::SecretWanted), Style::new());
                page.must("The shared secret:", Style::new());
                let before = hide_all(editor.before(), *hidden);
                let all = hide_all(editor.text(), *hidden);
                page.input(&before, &all, width, self.looks.strong());
                let esc = if self.open { "goes back" } else { "cancels the check" };
                let keys = format!("Ctrl-R shows or hides it. Enter compares. Esc {esc}.");
                page.help(keys, self.looks.faint());
            }
            Ask::Confirm(editor) => {
                page.help(words::check(CheckEvent::ConfirmationWanted), self.looks.warning());
                page.must("Type the word check:", Style::new());
                page.input(editor.before(), editor.text(), width, self.looks.strong());
                let esc = if self.open { "goes back; /cancel calls it off" } else { "cancels" };
                page.help(format!("Enter goes on. Esc {esc}."), self.looks.faint());
            }
            Ask::Stay => {
                page.must(words::STAY_QUESTION, self.looks.strong());
                page.help("Enter leaves. If you stay, the conversation is red.", Style::new());
            }
            Ask::Without => {
                page.must(words::WITHOUT_QUESTION, self.looks.strong());
                page.help("Enter leaves. If you go on, nothing was checked.", Style::new());
            }
        }
        if self.armed.is_some() {
            page.must(self.again_words(), self.looks.warning());
        }
    }

    pub(super) fn again_words(&self) -> &'static str {
        if self.plan.lasting && self.open { AGAIN_LASTING } else { AGAIN }
    }

    fn failure_page(&self, page: &mut Page, error: &UserError, again: bool) {
        self.title(page, "No conversation");
        page.must(error.message.as_str(), self.looks.warning());
        page.blank();
        page.help(error.hint.as_str(), Style::new());
        page.blank();
        page.must(
            if again { "Enter: another code.  Esc: leave." } else { "Enter: leave." },
            self.looks.strong(),
        );
    }

    fn more_help_page(&self, page: &mut Page) {
        page.must("The profile", self.looks.strong());
        page.blank();
        let keys = [
            ("Esc", "the list of conversations"),
            ("Alt-1 to Alt-9", "a conversation of the list"),
            ("Ctrl-N, Ctrl-P", "the next one, the one before"),
            ("Ctrl-L", "lock the profile"),
        ];
        for (key, what) in keys {
            page.must(format!("{key:<19}{what}"), Style::new());
        }
        page.blank();
        for (names, what) in OF_PROFILE {
            page.must(format!("{:<19}{what}", names.join(" ")), Style::new());
        }
        page.blank();
        page.help("Any key goes back.", self.looks.faint());
    }

    fn help_page(&self, page: &mut Page) {
        if self.more_help {
            return self.more_help_page(page);
        }
        page.must("Keys and commands", self.looks.strong());
        page.blank();
        let keys: &[(&str, &str)] = match &self.stage {
            Stage::Chat => &[
                ("Enter", "send"),
                ("Alt-Enter, Ctrl-J", "new line"),
                ("PgUp, PgDn, End", "read back, and to the end"),
                ("Up, Down", "texts sent before"),
                ("Ctrl-A E W U K", "edit the line"),
                ("Ctrl-C twice", "end the conversation"),
                ("?? or //", "begin a text with ? or /"),
            ],
            _ => &[
                ("Enter", "go on"),
                ("Esc", "go back"),
                ("Tab", "complete a word of the code"),
                ("Ctrl-R", "show or hide what is typed"),
                ("Ctrl-C", "leave"),
            ],
        };
        for (key, what) in keys {
            page.must(format!("{key:<19}{what}"), Style::new());
        }
        if matches!(self.stage, Stage::Chat) {
            page.blank();
            for (names, what) in COMMANDS {
                page.must(format!("{:<19}{what}", names.join(" ")), Style::new());
            }
        }
        page.blank();
        page.help("… waiting   ✓ sent   ✓✓ delivered", Style::new());
        page.help("■ unverified   ● verified   ▲ authenticated", Style::new());
        page.help(words::NOT_AUDITED, self.looks.faint());
        let back = if self.plan.profile.is_some() {
            "Any key: about the profile."
        } else {
            "Any key goes back."
        };
        page.help(back, self.looks.faint());
    }

    /// The last row: what holds on every screen.
    pub(super) fn render_status(&self, buffer: &mut Buffer, area: Rect) {
        let local = self.plan.network == NetworkKind::Local;
        let network = self.network.as_ref().map(words::network_short);
        let chat = matches!(self.stage, Stage::Chat);
        // In the order in which they are shown, each with its rank among those that must fit.
        let faint = self.looks.faint();
        let mut parts: Vec<(u8, String, Style)> = Vec::new();
        if local {
            parts.push((0, format!("■ {}", words::NO_ANONYMITY), self.looks.warning()));
        }
        let healing = self.healing.filter(|_| self.over.is_none()).and_then(words::healing_short);
        if let Some(HealingWords { mark, word, colour }) = healing {
            let style = match colour {
                HealingColour::Plain => faint,
                HealingColour::Amber => self.looks.amber(),
                HealingColour::Red => self.looks.warning(),
            };
            parts.push((1, format!("{mark} {word}"), style));
        }
        if self.plan.demo {
            parts.push((2, "demo".to_owned(), faint));
        }
        if self.storage.is_some() {
            parts.push((1, "✗ not stored".to_owned(), self.looks.warning()));
        }
        let unread = self.unread_elsewhere();
        if unread > 0 && !matches!(self.stage, Stage::Home(_)) {
            parts.push((2, format!("{unread} new elsewhere"), self.looks.strong()));
        }
        parts.extend(self.requests_part());
        let kept = if self.plan.lasting { "kept" } else { "RAM only" };
        parts.push((3, kept.to_owned(), faint));
        if let Some(network) = network {
            parts.push((4, network, faint));
        }
        if chat && self.over.is_none() {
            parts.push((7, "one stream, sizes padded".to_owned(), faint));
            parts.push((6, "? help".to_owned(), faint));
            let quit =
                if self.plan.lasting { "/quit leaves" } else { "/quit ends it on both sides" };
            parts.push((5, quit.to_owned(), faint));
        }
        let room = usize::from(area.width).saturating_sub(1);
        let total = |parts: &[(u8, String, Style)]| -> usize {
            parts.iter().map(|(_, part, _)| part.width() + 3).sum::<usize>().saturating_sub(3)
        };
        while total(&parts) > room && parts.len() > 1 {
            let Some(least) = parts.iter().map(|(rank, ..)| *rank).max() else { break };
            parts.retain(|(rank, ..)| *rank != least);
        }
        let y = area.bottom().saturating_sub(1);
        let mut x = area.x + u16::from(area.width > 20);
        for (index, (_, part, style)) in parts.iter().enumerate() {
            if index > 0 {
                let slot = Slot { x, y, right: area.right() };
                x = paint::put(buffer, slot, " · ", self.looks.faint());
            }
            x = paint::put(buffer, Slot { x, y, right: area.right() }, part, *style);
        }
    }
}

/// What a first Ctrl-C says.
pub(super) const AGAIN: &str = "Ctrl-C again ends the conversation on both sides.";

/// The same where the conversation lasts.
pub(super) const AGAIN_LASTING: &str =
    "Ctrl-C again leaves; the conversation goes on the next time.";

/// A secret, or dots in its place, hyphens and all.
fn hide_all(text: &str, hidden: bool) -> zeroize::Zeroizing<String> {
    if hidden {
        zeroize::Zeroizing::new(text::dots(text).replace('-', "•"))
    } else {
        zeroize::Zeroizing::new(text.to_owned())
    }
}
