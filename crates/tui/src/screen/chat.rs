//! What was said: the messages and notes of one conversation, and where in them the view stands.

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};

use undertone_handle::MessageId;
use undertone_handle::event::Delivery;
use unicode_width::UnicodeWidthStr as _;
use zeroize::Zeroizing;

use crate::text;
use crate::time::Local;

/// The most entries that are kept. Older ones go, and the top of the conversation says so.
const MAX_ENTRIES: usize = 20_000;

/// The most bytes of text that are kept.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// Below this width there is no room for times and long marks.
const NARROW: u16 = 48;

/// The widest column of names.
const MAX_NAME_COLUMNS: usize = 12;

/// One entry of a conversation.
#[derive(Debug)]
pub(super) struct Entry {
    /// When, in seconds since 1970.
    pub(super) at: u64,
    pub(super) what: What,
    /// The columns it was last counted for, and the rows it took: scrolling counts the same
    /// entries again and again.
    counted: Cell<Option<(usize, usize)>>,
}

impl Entry {
    fn new(at: u64, what: What) -> Self {
        Self { at, what, counted: Cell::new(None) }
    }

    /// The rows that its text takes.
    fn rows(&self, columns: usize) -> usize {
        match self.counted.get() {
            Some((counted, rows)) if counted == columns => rows,
            _ => {
                let rows = text::wrap(self.what.text(), columns).len();
                self.counted.set(Some((columns, rows)));
                rows
            }
        }
    }
}

/// What an entry is.
pub(super) enum What {
    /// A text from the partner.
    Theirs(Zeroizing<String>),
    /// A text of this side, and where it is.
    Ours(Zeroizing<String>, Delivery),
    /// Something that happened.
    Note(String, Tone),
}

impl std::fmt::Debug for What {
    /// Says nothing of any text.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Theirs(_) => "Theirs(…)",
            Self::Ours(..) => "Ours(…)",
            Self::Note(..) => "Note(…)",
        })
    }
}

impl What {
    /// The text.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Theirs(text) | Self::Ours(text, _) => text,
            Self::Note(text, _) => text,
        }
    }
}

/// How a note sounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Good,
    Amber,
    Bad,
}

/// The widths in which entries are laid out; they follow from the screen's width and the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    /// Whether times and long marks are shown.
    pub(super) wide: bool,
    /// Where names begin.
    pub(super) name: u16,
    /// Columns of a name.
    pub(super) name_width: u16,
    /// Where texts begin.
    pub(super) text: u16,
    /// The screen's width.
    pub(super) width: u16,
}

impl Columns {
    pub(super) fn new(width: u16, nick: &str, peer: &str) -> Self {
        let wide = width >= NARROW;
        let most = if wide { MAX_NAME_COLUMNS } else { 5 };
        let name_width = text::width(nick).max(text::width(peer)).min(most);
        let name_width = u16::try_from(name_width).unwrap_or_default();
        let name = if wide { 8 } else { 0 };
        Self { wide, name, name_width, text: name + name_width + 2, width }
    }

    /// Columns of a mark of delivery, with the gap before it.
    fn mark(self) -> u16 {
        if self.wide { 12 } else { 3 }
    }

    /// Columns that an entry's text may take.
    pub(super) fn text_width(self, what: &What) -> usize {
        let right = match what {
            What::Ours(..) => self.mark(),
            What::Theirs(_) => u16::from(self.wide),
            What::Note(..) => {
                let frame = if self.wide { 8 } else { 2 };
                let taken = self.name.saturating_add(frame);
                return usize::from(self.width.saturating_sub(taken).max(1));
            }
        };
        usize::from(self.width.saturating_sub(self.text).saturating_sub(right).max(1))
    }
}

/// Where the view's last row is, if it is not at the end of the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Anchor {
    /// The entry that the last row belongs to, counted over the whole conversation.
    entry: u64,
    /// So many of its rows are below the view.
    below: usize,
}

/// A conversation's entries.
#[derive(Debug, Default)]
pub(super) struct Chat {
    entries: VecDeque<Entry>,
    /// How many entries went because there were too many.
    gone: u64,
    bytes: usize,
    /// Our messages that can still move on.
    ours: BTreeMap<MessageId, u64>,
    anchor: Option<Anchor>,
    /// Messages that came while the view was not at the end.
    unseen: usize,
}

impl Chat {
    pub(super) fn note(&mut self, at: u64, text: impl Into<String>, tone: Tone) {
        self.push(Entry::new(at, What::Note(text.into(), tone)));
    }

    pub(super) fn theirs(&mut self, at: u64, body: String) {
        self.push(Entry::new(at, What::Theirs(Zeroizing::new(body))));
        if self.anchor.is_some() {
            self.unseen += 1;
        }
    }

    pub(super) fn ours(&mut self, id: MessageId, at: u64, body: String) {
        let fate = Delivery::Waiting;
        self.push(Entry::new(at, What::Ours(Zeroizing::new(body), fate)));
        self.ours.insert(id, self.gone + self.entries.len() as u64 - 1);
    }

    /// A message of ours moved on. One that never was queued is not known here: `false`.
    pub(super) fn fate(&mut self, id: MessageId, fate: Delivery) -> bool {
        let Some(number) = self.ours.get(&id).copied() else { return false };
        if fate == Delivery::Delivered {
            self.ours.remove(&id);
        }
        let Some(entry) = self.entry_mut(number) else { return true };
        if let What::Ours(_, before) = &mut entry.what {
            *before = fate;
        }
        true
    }

    /// How many messages of ours were taken and not confirmed.
    pub(super) fn unconfirmed(&self) -> usize {
        self.ours.len()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<&Entry> {
        self.entries.get(index)
    }

    /// Whether older entries had to go.
    pub(super) fn is_cut(&self) -> bool {
        self.gone > 0
    }

    /// Messages that came while the view was not at the end.
    pub(super) fn unseen(&self) -> usize {
        self.unseen
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.anchor.is_none()
    }

    fn entry_mut(&mut self, number: u64) -> Option<&mut Entry> {
        let index = usize::try_from(number.checked_sub(self.gone)?).ok()?;
        self.entries.get_mut(index)
    }

    fn push(&mut self, entry: Entry) {
        self.bytes += entry.what.text().len();
        self.entries.push_back(entry);
        while self.entries.len() > MAX_ENTRIES || self.bytes > MAX_BYTES {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.bytes -= oldest.what.text().len();
            self.gone += 1;
        }
    }

    /// The rows that an entry takes, with the day's line before it.
    pub(super) fn rows(&self, index: usize, view: &View) -> usize {
        let Some(entry) = self.entries.get(index) else { return 0 };
        entry.rows(view.columns.text_width(&entry.what))
            + usize::from(self.begins_day(index, view.offset))
    }

    /// Whether an entry is the first of its day.
    pub(super) fn begins_day(&self, index: usize, offset: i32) -> bool {
        let day = |index: usize| self.entries.get(index).map(|e| Local::new(e.at, offset).day());
        index == 0 || day(index) != day(index - 1)
    }

    /// The entry at the view's end, and how many of its rows are below the view.
    pub(super) fn bottom(&self, view: &View) -> Option<(usize, usize)> {
        let last = self.entries.len().checked_sub(1)?;
        let Some(anchor) = self.anchor else { return Some((last, 0)) };
        let Some(index) = anchor.entry.checked_sub(self.gone) else { return Some((0, 0)) };
        let index = usize::try_from(index).unwrap_or(last).min(last);
        // The screen may have become wider since: the entry has fewer rows then.
        Some((index, anchor.below.min(self.rows(index, view).saturating_sub(1))))
    }

    /// Goes up or down by so many rows; only what is passed is laid out.
    pub(super) fn scroll(&mut self, up: bool, rows: usize, view: &View) {
        let Some((mut index, mut below)) = self.bottom(view) else { return };
        if up {
            // Not further than until the first row is the view's first row.
            let room = self.rows_above(index, below, rows + view.height, view);
            below += rows.min(room.saturating_sub(view.height));
            loop {
                let height = self.rows(index, view);
                if below < height || index == 0 {
                    break;
                }
                below -= height;
                index -= 1;
            }
        } else {
            let mut left = rows;
            while left > below {
                left -= below + 1;
                index += 1;
                if index >= self.entries.len() {
                    self.go_to_end();
                    return;
                }
                below = self.rows(index, view).saturating_sub(1);
            }
            below -= left;
        }
        if index + 1 == self.entries.len() && below == 0 {
            self.go_to_end();
        } else {
            self.anchor = Some(Anchor { entry: self.gone + index as u64, below });
        }
    }

    /// How many rows there are from the first to the view's last, counted up to `enough`.
    fn rows_above(&self, index: usize, below: usize, enough: usize, view: &View) -> usize {
        let mut rows = self.rows(index, view).saturating_sub(below);
        let mut index = index;
        while rows < enough && index > 0 {
            index -= 1;
            rows += self.rows(index, view);
        }
        rows
    }

    /// Back to the end, where new messages appear.
    pub(super) fn go_to_end(&mut self) {
        self.anchor = None;
        self.unseen = 0;
    }
}

/// The shape in which a conversation is seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    pub(super) columns: Columns,
    /// Rows for entries.
    pub(super) height: usize,
    /// Local time's seconds ahead of UTC.
    pub(super) offset: i32,
}

/// A mark of delivery for narrow screens.
pub(super) fn short_mark(fate: Delivery) -> &'static str {
    match fate {
        Delivery::Waiting => "…",
        Delivery::Sent => "✓",
        Delivery::Delivered => "✓✓",
    }
}

/// The columns that a mark takes.
pub(super) fn mark_width(mark: &str) -> u16 {
    u16::try_from(mark.width()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(height: usize) -> View {
        View { columns: Columns::new(80, "bob", "doug"), height, offset: 0 }
    }

    fn filled(count: u64) -> Chat {
        let mut chat = Chat::default();
        for n in 0..count {
            chat.theirs(1_000, format!("message {n}"));
        }
        chat
    }

    #[test]
    fn scrolling_stops_at_both_ends() {
        let view = view(10);
        let mut chat = filled(25); // 26 rows, with the day
        chat.scroll(true, 9, &view);
        assert_eq!(chat.bottom(&view), Some((15, 0)));
        chat.scroll(true, 900, &view);
        assert_eq!(chat.bottom(&view), Some((8, 0)));
        chat.scroll(true, 1, &view);
        assert_eq!(chat.bottom(&view), Some((8, 0)));
        chat.scroll(false, 7, &view);
        assert_eq!(chat.bottom(&view), Some((15, 0)));
        chat.scroll(false, 9, &view);
        assert!(chat.is_at_end());
        let mut short = filled(3);
        short.scroll(true, 5, &view);
        assert!(short.is_at_end());
    }

    #[test]
    fn the_view_stays_where_it_is_when_messages_come_and_go() {
        let view = view(10);
        let mut chat = filled(MAX_ENTRIES as u64);
        chat.scroll(true, 10, &view);
        let (before, _) = chat.bottom(&view).unwrap();
        let seen = chat.get(before).unwrap().what.text().to_owned();
        for _ in 0..5 {
            chat.theirs(1_000, "new".into());
        }
        let (after, _) = chat.bottom(&view).unwrap();
        assert_eq!(chat.get(after).unwrap().what.text(), seen);
        assert_eq!(after, before - 5);
        assert_eq!((chat.unseen(), chat.len(), chat.is_cut()), (5, MAX_ENTRIES, true));
    }

    #[test]
    fn a_long_message_is_scrolled_within() {
        let view = view(10);
        let mut chat = Chat::default();
        chat.theirs(1_000, "x".repeat(64 * 1024));
        let rows = chat.rows(0, &view);
        assert!(rows > 900);
        chat.scroll(true, 100, &view);
        assert_eq!(chat.bottom(&view), Some((0, 100)));
        chat.scroll(true, rows, &view);
        assert_eq!(chat.bottom(&view), Some((0, rows - 10)));
        let narrow = View { columns: Columns::new(400, "bob", "doug"), ..view };
        assert!(chat.bottom(&narrow).unwrap().1 < chat.rows(0, &narrow));
    }

    #[test]
    fn what_is_kept_is_bounded_in_bytes() {
        let mut chat = Chat::default();
        for _ in 0..600 {
            chat.theirs(1_000, "x".repeat(64 * 1024));
        }
        assert!(chat.bytes <= MAX_BYTES);
        assert_eq!(chat.len(), MAX_BYTES / (64 * 1024));
    }

    #[test]
    fn fates_reach_their_message_and_unknown_ones_nobody() {
        let mut chat = Chat::default();
        chat.ours(MessageId(7), 1_000, "one".into());
        chat.ours(MessageId(8), 1_000, "two".into());
        assert_eq!(chat.unconfirmed(), 2);
        assert!(chat.fate(MessageId(7), Delivery::Delivered));
        assert!(!chat.fate(MessageId(9), Delivery::Sent));
        assert_eq!(chat.unconfirmed(), 1);
        assert!(matches!(chat.get(0).unwrap().what, What::Ours(_, Delivery::Delivered)));
    }
}
