//! Draws the conversation. Only what is visible is laid out.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use undertone_handle::event::LinkState;
use undertone_handle::words;

use super::app::App;
use super::chat::{Entry, Tone, View, What, mark_width, short_mark};
use super::paint::{self, Slot};
use crate::text;
use crate::time::Local;

/// The most rows of the input line.
const MAX_INPUT_ROWS: u16 = 6;

/// Below this height there are no rules between the parts.
const LOW: u16 = 10;

/// Where the parts of the conversation's screen are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    header: Rect,
    upper_rule: Option<u16>,
    pub(super) entries: Rect,
    lower_rule: Option<u16>,
    input: Rect,
}

/// The most columns of a sign that answers a message.
const MAX_SIGN: usize = 8;

impl App {
    pub(super) fn layout(&self) -> Layout {
        let (width, height) = self.size;
        let rule = u16::from(height >= LOW);
        let columns = usize::from(width.saturating_sub(4).max(1));
        let rows = text::wrap(self.input.text(), columns).len();
        let rows = u16::try_from(rows).unwrap_or(u16::MAX);
        let input = rows.clamp(1, MAX_INPUT_ROWS.min((height / 3).max(1)));
        let header = height.min(1);
        // The status takes the last row, the input comes before it; entries get the rest.
        let entries = height.saturating_sub(header + 2 * rule + input + 1);
        let row = |y: u16, rows: u16| Rect { x: 0, y, width, height: rows };
        let lower = header + rule + entries;
        Layout {
            header: row(0, header),
            upper_rule: (rule > 0).then_some(header),
            entries: row(header + rule, entries),
            lower_rule: (rule > 0).then_some(lower),
            input: row(lower + rule, input.min(height.saturating_sub(lower + rule))),
        }
    }

    /// Draws the conversation and says where the cursor is.
    pub(super) fn render_chat(&self, buffer: &mut Buffer, area: Rect) -> Option<Position> {
        let layout = self.layout();
        let view = self.view();
        self.render_header(buffer, layout.header);
        for y in [layout.upper_rule, layout.lower_rule].into_iter().flatten() {
            paint::rule(buffer, area, y, self.looks.faint());
        }
        self.render_entries(buffer, layout.entries, &view);
        if self.chat.unseen() > 0 || !self.chat.is_at_end() {
            let y = layout.lower_rule.unwrap_or(layout.entries.bottom().saturating_sub(1));
            let news = match self.chat.unseen() {
                0 => " ↓ End ".to_owned(),
                count => format!(" ↓ {count} new · End "),
            };
            let columns = u16::try_from(text::width(&news)).unwrap_or_default();
            let x = area.right().saturating_sub(columns);
            paint::put(buffer, Slot { x, y, right: area.right() }, &news, self.looks.strong());
        }
        let cursor = self.render_input(buffer, layout.input);
        self.render_status(buffer, area);
        cursor
    }

    fn render_header(&self, buffer: &mut Buffer, area: Rect) {
        if area.height == 0 {
            return;
        }
        let trust = self.trust.map(|(level, at)| (words::trust(level), at));
        let style = trust
            .as_ref()
            .map_or_else(Style::new, |(trust, _)| self.looks.trust(trust.colour))
            .patch(self.looks.strong());
        let link = match (&self.over, &self.link) {
            (Some(_), _) => "ended",
            (None, _) if self.blocked => "blocked",
            (None, Some(state)) => words::link_short(state),
            (None, None) => "",
        };
        let link = &match self.timer {
            Some(seconds) if link.is_empty() => format!("timer {}", short_span(seconds)),
            Some(seconds) => format!("timer {} · {link}", short_span(seconds)),
            None => link.to_owned(),
        };
        let link_width = text::width(link);
        let width = usize::from(area.width);
        let long = trust.as_ref().map(|(trust, at)| {
            let at = Local::new(*at, self.plan.utc_offset_seconds).time();
            let why = match trust.word {
                "authenticated" => format!("checked {at}"),
                _ => trust.why.to_owned(),
            };
            format!("{} {} {} ({why})", self.peer(), trust.mark, trust.word)
        });
        let short = trust.as_ref().map_or_else(
            || self.peer().to_owned(),
            |(trust, _)| format!("{} {} {}", self.peer(), trust.mark, trust.word),
        );
        // The mark and the word stay whatever the width is; the name gives way.
        let who = match long {
            Some(long) if text::width(&long) + link_width + 4 <= width => long,
            _ if text::width(&short) < width => short,
            _ => {
                let tail = trust
                    .as_ref()
                    .map_or_else(String::new, |(t, _)| format!(" {} {}", t.mark, t.word));
                let room = width.saturating_sub(text::width(&tail)).saturating_sub(1);
                format!("{}{tail}", text::cut(self.peer(), room))
            }
        };
        let x = area.x + u16::from(text::width(&who) < width);
        let end = paint::put(buffer, Slot { x, y: area.y, right: area.right() }, &who, style);
        let room = usize::from(area.right().saturating_sub(end));
        if link_width > 0 && link_width + 3 <= room {
            let style = match &self.link {
                Some(LinkState::Up) if self.over.is_none() => Style::new(),
                _ => self.looks.warning(),
            };
            let columns = u16::try_from(link_width).unwrap_or_default();
            let x = area.right().saturating_sub(columns + 1);
            paint::put(buffer, Slot { x, y: area.y, right: area.right() }, link, style);
        }
    }

    /// From the last row up, until the area is full.
    fn render_entries(&self, buffer: &mut Buffer, area: Rect, view: &View) {
        let Some((mut index, mut below)) = self.chat.bottom(view) else { return };
        // One past the row that comes next, going up.
        let mut y = area.bottom();
        // A conversation shorter than the area begins at its top.
        if let Some(rows) = self.rows_if_fewer(view) {
            y = area.y.saturating_add(rows).min(area.bottom());
        }
        loop {
            let Some(entry) = self.chat.get(index) else { return };
            let body = entry.what.text();
            let rows = text::wrap(body, view.columns.text_width(&entry.what));
            let quote = entry.beside.quote.as_deref();
            if entry.beside.has_marks() {
                if below > 0 {
                    below -= 1;
                } else {
                    if y <= area.y {
                        return;
                    }
                    y -= 1;
                    self.render_beside(buffer, &self.marks(entry), y, view);
                }
            }
            for (number, row) in rows.iter().enumerate().rev() {
                if below > 0 {
                    below -= 1;
                    continue;
                }
                if y <= area.y {
                    return;
                }
                y -= 1;
                let text = body.get(row.clone()).unwrap_or_default();
                let place = Row { y, first: number == 0, last: number + 1 == rows.len() };
                self.render_row(buffer, entry, text, place, view);
            }
            if let Some(quote) = quote {
                if below > 0 {
                    below -= 1;
                } else {
                    if y <= area.y {
                        return;
                    }
                    y -= 1;
                    self.render_beside(buffer, &format!("↳ {quote}"), y, view);
                }
            }
            if self.chat.begins_day(index, view.offset) {
                if below > 0 {
                    below -= 1;
                } else {
                    if y <= area.y {
                        return;
                    }
                    y -= 1;
                    self.render_day(buffer, area, y, entry);
                }
            }
            if index == 0 {
                break;
            }
            index -= 1;
        }
        if self.chat.is_cut() && y > area.y {
            y -= 1;
            let slot = Slot { x: area.x, y, right: area.right() };
            paint::put(buffer, slot, "Older messages are gone.", self.looks.faint());
        }
    }

    /// The words under a message: that it was edited, and how it was answered.
    fn marks(&self, entry: &Entry) -> String {
        let mut marks = Vec::new();
        if entry.beside.edited {
            marks.push("edited".to_owned());
        }
        let sides = [(&entry.beside.own, self.nick()), (&entry.beside.peer, self.peer())];
        for (sign, who) in sides {
            if let Some(sign) = sign {
                marks.push(format!("{} {who}", text::cut(sign.as_str(), MAX_SIGN)));
            }
        }
        if let Some(seconds) = entry.beside.timer {
            marks.push(format!("goes {} after it was seen", short_span(seconds)));
        }
        marks.join(" · ")
    }

    /// A row beside a message's text, in a style that no text has.
    fn render_beside(&self, buffer: &mut Buffer, words: &str, y: u16, view: &View) {
        let slot = Slot { x: view.columns.text, y, right: view.columns.width };
        paint::put(buffer, slot, words, self.looks.faint());
    }

    /// How many rows the whole conversation takes, if they are fewer than the area has.
    fn rows_if_fewer(&self, view: &View) -> Option<u16> {
        if !self.chat.is_at_end() || self.chat.len() > view.height || self.chat.is_cut() {
            return None;
        }
        let mut rows = 0;
        for index in 0..self.chat.len() {
            rows += self.chat.rows(index, view);
            if rows > view.height {
                return None;
            }
        }
        u16::try_from(rows).ok()
    }

    fn render_day(&self, buffer: &mut Buffer, area: Rect, y: u16, entry: &Entry) {
        let offset = self.plan.utc_offset_seconds;
        let today = Local::new(self.now.wall, offset);
        let date = Local::new(entry.at, offset).date(today);
        let columns = u16::try_from(text::width(&date)).unwrap_or(u16::MAX);
        let x = area.x + area.width.saturating_sub(columns) / 2;
        paint::put(buffer, Slot { x, y, right: area.right() }, &date, self.looks.faint());
    }

    fn render_row(&self, buffer: &mut Buffer, entry: &Entry, text: &str, row: Row, view: &View) {
        let columns = view.columns;
        let right = columns.width;
        let slot = |x: u16, right: u16| Slot { x, y: row.y, right };
        if row.first && columns.wide {
            let time = Local::new(entry.at, view.offset).time();
            paint::put(buffer, slot(1, right), &time, self.looks.faint());
        }
        let red = |style: Style| {
            if self.is_red() {
                style.patch(self.looks.trust(words::TrustColour::Red))
            } else {
                style
            }
        };
        let trust = self.trust.map(|(level, _)| words::trust(level).colour);
        let peer_style = trust.map_or_else(Style::new, |colour| self.looks.trust(colour));
        let (name, name_style) = match &entry.what {
            What::Theirs(_) => (self.peer(), peer_style),
            What::Ours(..) => (self.nick(), red(self.looks.strong())),
            What::Note(_, tone) => {
                let style = match tone {
                    Tone::Plain => self.looks.faint(),
                    Tone::Good => self.looks.good(),
                    Tone::Amber => self.looks.amber(),
                    Tone::Bad => self.looks.warning(),
                };
                let (lead, tail) = match (columns.wide, row.first) {
                    (true, true) => ("── ", " ──"),
                    (true, false) => ("   ", " ──"),
                    (false, true) => ("· ", ""),
                    (false, false) => ("  ", ""),
                };
                let x = paint::put(buffer, slot(columns.name, right), lead, style);
                let x = paint::put(buffer, slot(x, right), text.trim_end(), style);
                if row.last {
                    paint::put(buffer, slot(x, right), tail, style);
                }
                return;
            }
        };
        if row.first {
            let name = text::cut(name, usize::from(columns.name_width));
            let x = columns.name;
            let end = paint::put(buffer, slot(x, x + columns.name_width), &name, name_style);
            if !columns.wide {
                paint::put(buffer, slot(end, right), ":", name_style);
            }
        }
        let room = u16::try_from(columns.text_width(&entry.what)).unwrap_or(u16::MAX);
        let end = columns.text.saturating_add(room).min(right);
        paint::put(buffer, slot(columns.text, end), text, red(Style::new()));
        if let (What::Ours(_, fate), true) = (&entry.what, row.last) {
            let mark = if columns.wide { words::delivery_mark(*fate) } else { short_mark(*fate) };
            let style = self.looks.faint();
            let gap = u16::from(columns.wide);
            let x = right.saturating_sub(mark_width(mark) + gap);
            paint::put(buffer, slot(x, right), mark, style);
        }
    }

    fn render_input(&self, buffer: &mut Buffer, area: Rect) -> Option<Position> {
        if area.height == 0 {
            return None;
        }
        let y = area.y;
        if self.over.is_some() && (self.plan.profile.is_none() || self.input.is_empty()) {
            let words = if self.plan.profile.is_some() {
                " Ended. Esc leads to the others."
            } else {
                " Ended. Enter closes."
            };
            let slot = Slot { x: area.x, y, right: area.right() };
            paint::put(buffer, slot, words, self.looks.strong());
            return None;
        }
        if self.armed.is_some() {
            let slot = Slot { x: area.x, y, right: area.right() };
            paint::put(buffer, slot, self.again_words(), self.looks.warning());
            return None;
        }
        let trust = self.trust.map(|(level, _)| words::trust(level).colour);
        let prompt = trust.map_or_else(Style::new, |colour| self.looks.trust(colour));
        let style = if self.is_red() { prompt } else { Style::new() };
        let indent = 3.min(area.width.saturating_sub(1));
        let columns = usize::from(area.width.saturating_sub(4).max(1));
        let text = self.input.text();
        let rows = text::wrap(text, columns);
        let cursor = self.input.cursor();
        let on = rows.iter().rposition(|row| row.start <= cursor).unwrap_or_default();
        // The row with the cursor is always among those shown.
        let height = usize::from(area.height);
        let from = (on + 1).saturating_sub(height);
        paint::put(buffer, Slot { x: area.x + 1, y, right: area.right() }, ">", prompt);
        let mut position = None;
        for (offset, row) in rows.iter().enumerate().skip(from).take(height) {
            let y = y.saturating_add(u16::try_from(offset - from).unwrap_or_default());
            let line = text.get(row.clone()).unwrap_or_default();
            let slot = Slot { x: area.x + indent, y, right: area.right() };
            paint::put(buffer, slot, line, style);
            if offset == on {
                let before = text.get(row.start..cursor).unwrap_or_default();
                let column = u16::try_from(text::width(before)).unwrap_or(u16::MAX);
                let x = (area.x + indent).saturating_add(column);
                position = Some(Position { x: x.min(area.right().saturating_sub(1)), y });
            }
        }
        position
    }
}

/// Which row of an entry is drawn, and where.
#[derive(Clone, Copy)]
struct Row {
    y: u16,
    first: bool,
    last: bool,
}

/// A timer as it is typed: in the largest unit that it is whole in.
fn short_span(seconds: u32) -> String {
    let units = [(604_800, "w"), (86_400, "d"), (3_600, "h"), (60, "m")];
    let whole = units.into_iter().find(|(unit, _)| seconds.is_multiple_of(*unit));
    whole.map_or_else(|| format!("{seconds}s"), |(unit, name)| format!("{}{name}", seconds / unit))
}
