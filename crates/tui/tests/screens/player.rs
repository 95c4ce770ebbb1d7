//! Plays a person, a node and a clock to the model, and takes pictures of the screen.

use std::fmt::Write as _;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::{Backend as _, TestBackend};
use ratatui::style::{Color, Modifier};
use undertone_handle::command::{Command, Name, Role};
use undertone_handle::event::{
    CheckEvent, ConversationEvent, Delivery, MeetingEvent, MeetingStep, NetworkKind, NetworkState,
    NetworkStep, Trust,
};
use undertone_handle::{ConversationId, Event, MessageId, Ticket};
use undertone_tui::keeper::Found;
use undertone_tui::screen::{Action, App, Input};
use undertone_tui::{End, Now, Plan, Resume};
use undertone_wire::code::Code;

use crate::common;
pub(crate) use crate::common::{WALL, line};

pub(crate) fn plan() -> Plan {
    let mut drawn = 0xa6;
    Plan {
        role: None,
        nick: None,
        peer: None,
        code: None,
        check: None,
        lasting: false,
        profile: None,
        resume: None,
        settings: vec!["idle_lock = 15".to_owned()],
        secret: None,
        network: NetworkKind::Arti,
        demo: false,
        colour: true,
        utc_offset_seconds: 0,
        propose: Box::new(|| Code::parse("93-otter-lantern-mesa").unwrap()),
        conversation: Box::new(move || {
            drawn += 1;
            ConversationId(drawn)
        }),
    }
}

/// What was said with ana and ben.
pub(crate) fn rooms() -> Vec<Resume> {
    common::rooms(ConversationId(1))
}

/// A profile under a password, with these conversations.
pub(crate) fn kept_plan(conversations: Vec<Resume>) -> Plan {
    common::kept(plan(), conversations)
}

/// A plan that leaves nothing open: bob serves, doug comes.
pub(crate) fn full_plan(role: Role) -> Plan {
    Plan {
        role: Some(role),
        nick: Some(Name::parse("bob").unwrap()),
        peer: Some(Name::parse("doug").unwrap()),
        code: Some(Code::parse("93-otter-lantern-mesa").unwrap()),
        ..plan()
    }
}

pub(crate) struct Player {
    app: App,
    terminal: Terminal<TestBackend>,
    now: Now,
    next_id: u64,
    /// The conversation that the last meeting was begun under.
    pub(crate) id: ConversationId,
    /// What was asked of the node, in words.
    pub(crate) asked: Vec<String>,
    /// How the face ended.
    pub(crate) end: Option<End>,
    /// The last message that was said to be seen.
    pub(crate) seen: Option<MessageId>,
}

impl Player {
    pub(crate) fn new(plan: Plan, columns: u16, rows: u16) -> Self {
        let now = Now { wall: WALL, monotonic: Duration::from_secs(1000) };
        let (app, actions) = App::new(plan, now, (columns, rows));
        let terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        let mut player = Self {
            app,
            terminal,
            now,
            next_id: 1,
            id: ConversationId(0),
            asked: Vec::new(),
            end: None,
            seen: None,
        };
        player.perform(actions);
        // Of a profile, the first in its list.
        if player.id.0 == 0 {
            player.id = ConversationId(1);
        }
        player
    }

    /// In an open conversation that the check has authenticated.
    pub(crate) fn talking(plan: Plan, columns: u16, rows: u16) -> Self {
        let mut player = Self::new(plan, columns, rows);
        player.ready();
        player.meeting(MeetingEvent::Paired);
        player.tell(ConversationEvent::Trust(Trust::Verified { skipped: false }));
        player.tell(ConversationEvent::Check(CheckEvent::Match));
        player.tell(ConversationEvent::Trust(Trust::Authenticated));
        player.tell(ConversationEvent::Open);
        player.asked.clear();
        player
    }

    fn update(&mut self, input: Input) {
        let actions = self.app.update(input, self.now);
        self.perform(actions);
    }

    fn perform(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Command(Command::Seen(_, message)) => self.seen = Some(message),
                Action::Answer(_, MessageId(answered), text) => {
                    self.asked.push(format!("text {text:?} answers {answered}"));
                    let ticket = Ticket(self.next_id);
                    self.next_id += 1;
                    self.update(Input::Numbered(ticket));
                }
                Action::Command(command) => {
                    if let Command::Meet { conversation, .. } = &command {
                        self.id = *conversation;
                    }
                    self.asked.push(words(&command));
                }
                Action::Text(_, text) => {
                    self.asked.push(format!("text {text:?}"));
                    let ticket = Ticket(self.next_id);
                    self.next_id += 1;
                    self.update(Input::Numbered(ticket));
                }
                Action::Keep(wanted) => {
                    self.asked.push(format!("keep {}", common::wanted(&wanted)));
                }
                Action::Finish(outcome) => self.end = Some(outcome.end),
            }
        }
    }

    /// Types keys: characters, and names in angle brackets such as `<Enter>`, `<C-r>`, `<A-Enter>`.
    pub(crate) fn keys(&mut self, script: &str) -> &mut Self {
        let mut rest = script;
        while let Some(c) = rest.chars().next() {
            let (key, used) = match rest.strip_prefix('<').and_then(|r| r.split_once('>')) {
                Some((name, _)) => (named(name), name.len() + 2),
                None => (KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE), c.len_utf8()),
            };
            self.update(Input::Key(key));
            rest = &rest[used..];
        }
        self
    }

    pub(crate) fn paste(&mut self, text: &str) -> &mut Self {
        self.update(Input::Paste(text.to_owned()));
        self
    }

    pub(crate) fn event(&mut self, event: Event) -> &mut Self {
        self.update(Input::Event(event));
        self
    }

    pub(crate) fn tell_to(&mut self, id: ConversationId, event: ConversationEvent) -> &mut Self {
        self.event(Event::Conversation(id, event))
    }

    pub(crate) fn tell(&mut self, event: ConversationEvent) -> &mut Self {
        self.event(Event::Conversation(self.id, event))
    }

    pub(crate) fn meeting(&mut self, event: MeetingEvent) -> &mut Self {
        self.event(Event::Meeting(self.id, event))
    }

    pub(crate) fn step(&mut self, step: MeetingStep) -> &mut Self {
        self.meeting(MeetingEvent::Step(step))
    }

    pub(crate) fn network(&mut self, kind: NetworkKind, step: NetworkStep) -> &mut Self {
        self.event(Event::Network(NetworkState { kind, step, clock_off_by_seconds: None }))
    }

    pub(crate) fn ready(&mut self) -> &mut Self {
        self.network(NetworkKind::Arti, NetworkStep::Ready)
    }

    pub(crate) fn received(&mut self, body: &str) -> &mut Self {
        let message = MessageId(self.next_id);
        self.next_id += 1;
        let (body, at) = (body.to_owned(), self.now.wall);
        self.tell(ConversationEvent::Received { message, body, at, reply: None, timer: None })
    }

    /// Sends a text as a person would, and takes it into the outbox as a node would.
    pub(crate) fn sent(&mut self, body: &str, delivery: Delivery) -> MessageId {
        self.paste(body).keys("<Enter>");
        let number = self.next_id - 1;
        let message = MessageId(number);
        self.tell(ConversationEvent::Queued {
            ticket: Ticket(number),
            message,
            body: body.to_owned(),
            at: self.now.wall,
            reply: None,
            timer: None,
        });
        self.tell(ConversationEvent::Delivery(message, delivery));
        message
    }

    pub(crate) fn wait(&mut self, seconds: u64) -> &mut Self {
        self.now.wall += seconds;
        self.now.monotonic += Duration::from_secs(seconds);
        self.update(Input::Tick);
        self
    }

    pub(crate) fn found(&mut self, found: Found) -> &mut Self {
        self.update(Input::Found(found));
        self
    }

    pub(crate) fn resize(&mut self, columns: u16, rows: u16) -> &mut Self {
        self.terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        self.update(Input::Resize(columns, rows));
        self
    }

    /// The machine sleeps: only the wall clock goes on.
    pub(crate) fn sleep(&mut self, seconds: u64) -> &mut Self {
        self.now.wall += seconds;
        self.update(Input::Tick);
        self
    }

    /// The node has ended in order.
    pub(crate) fn ended(&mut self) -> &mut Self {
        self.event(Event::Ended)
    }

    pub(crate) fn node_gone(&mut self) -> &mut Self {
        self.update(Input::NodeGone);
        self
    }

    pub(crate) fn interrupt(&mut self) -> &mut Self {
        self.update(Input::Interrupt);
        self
    }

    /// The screen's rows as they are now, and where the cursor is.
    pub(crate) fn screen(&mut self) -> String {
        self.terminal.draw(|frame| self.app.render(frame)).unwrap();
        let area = self.terminal.backend().buffer().area;
        let mut picture = format!("┌{}┐\n", "─".repeat(usize::from(area.width)));
        for y in 0..area.height {
            picture.push('│');
            let mut skip = 0;
            for x in 0..area.width {
                let cell = &self.terminal.backend().buffer()[(x, y)];
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                picture.push_str(&visible(cell.symbol()));
                skip = usize::from(ratatui::buffer::CellWidth::cell_width(cell)).saturating_sub(1);
            }
            picture.push_str("│\n");
        }
        write!(picture, "└{}┘", "─".repeat(usize::from(area.width))).unwrap();
        if self.terminal.backend().cursor_visible() {
            let at = self.terminal.backend_mut().get_cursor_position().unwrap();
            write!(picture, "\ncursor {},{}", at.x, at.y).unwrap();
        }
        picture
    }

    /// The screen's rows, and below them which cells have which colour and weight.
    pub(crate) fn screen_with_styles(&mut self) -> String {
        let mut picture = self.screen();
        let buffer = self.terminal.backend().buffer();
        for y in 0..buffer.area.height {
            let mut runs: Vec<(u16, u16, String)> = Vec::new();
            for x in 0..buffer.area.width {
                let cell = &buffer[(x, y)];
                let style = style(cell.fg, cell.modifier);
                match runs.last_mut() {
                    Some((_, end, last)) if *last == style && *end == x => *end += 1,
                    _ => runs.push((x, x + 1, style)),
                }
            }
            runs.retain(|(.., style)| !style.is_empty());
            if !runs.is_empty() {
                let runs: Vec<_> = runs
                    .iter()
                    .map(|(start, end, style)| format!("{start}–{}:{style}", end - 1))
                    .collect();
                write!(picture, "\nrow {y}: {}", runs.join(", ")).unwrap();
            }
        }
        picture
    }

    /// Every symbol on the screen.
    pub(crate) fn symbols(&mut self) -> Vec<String> {
        self.terminal.draw(|frame| self.app.render(frame)).unwrap();
        let buffer = self.terminal.backend().buffer();
        buffer.content().iter().map(|cell| cell.symbol().to_owned()).collect()
    }

    /// Whether any cell has a colour.
    pub(crate) fn has_colour(&mut self) -> bool {
        self.terminal.draw(|frame| self.app.render(frame)).unwrap();
        let buffer = self.terminal.backend().buffer();
        buffer.content().iter().any(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset)
    }
}

fn style(colour: Color, modifier: Modifier) -> String {
    let mut style = match colour {
        Color::Reset => String::new(),
        other => format!("{other:?}").to_lowercase(),
    };
    if modifier.contains(Modifier::BOLD) {
        style.push_str(" bold");
    }
    if modifier.contains(Modifier::DIM) {
        style.push_str(" dim");
    }
    style.trim().to_owned()
}

/// Isolates as visible brackets, for the picture's sake.
fn visible(symbol: &str) -> String {
    symbol.replace('\u{2068}', "«").replace('\u{2069}', "»")
}

fn named(name: &str) -> KeyEvent {
    let (modifiers, name) = match name.split_once('-') {
        Some(("C", rest)) => (KeyModifiers::CONTROL, rest),
        Some(("A", rest)) => (KeyModifiers::ALT, rest),
        _ => (KeyModifiers::NONE, name),
    };
    let code = match name {
        "Enter" => KeyCode::Enter,
        "Tab" => KeyCode::Tab,
        "Esc" => KeyCode::Esc,
        "Up" => KeyCode::Up,
        "Down" => KeyCode::Down,
        "Left" => KeyCode::Left,
        "Right" => KeyCode::Right,
        "PgUp" => KeyCode::PageUp,
        "PgDn" => KeyCode::PageDown,
        "Home" => KeyCode::Home,
        "End" => KeyCode::End,
        "BS" => KeyCode::Backspace,
        "F1" => KeyCode::F(1),
        one => KeyCode::Char(one.chars().next().unwrap()),
    };
    KeyEvent::new(code, modifiers)
}

fn words(command: &Command) -> String {
    match command {
        Command::Meet { conversation, meet } => format!(
            "meet {} as {:?}: {} calls {} under {}, check {:?}",
            conversation,
            meet.role,
            meet.nick,
            meet.peer,
            *meet.code.text(),
            meet.check
        ),
        other => common::words(other),
    }
}
