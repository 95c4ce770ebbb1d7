//! What was said: the messages and notes of one conversation, and where in them the view stands.

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};

use undertone_handle::MessageId;
use undertone_handle::command::Reaction;
use undertone_handle::event::Delivery;
use undertone_handle::query::Line;
use unicode_width::UnicodeWidthStr as _;
use zeroize::Zeroizing;

use super::older::Older;
use crate::changes::{Numbers, Which};
use crate::text;
use crate::time::Local;

/// The most entries that are kept. Older ones go, and the top of the conversation says so.
const MAX_ENTRIES: usize = 20_000;

/// The most bytes of text that are kept.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// Below this width there is no room for times and long marks.
const NARROW: u16 = 48;

/// The most columns that are quoted of what is answered.
const QUOTED: usize = 40;

/// What is quoted of a message that is gone.
const QUOTE_GONE: &str = "(gone)";

/// The widest column of names.
const MAX_NAME_COLUMNS: usize = 12;

/// One entry of a conversation.
#[derive(Debug)]
pub(super) struct Entry {
    /// When, in seconds since 1970.
    pub(super) at: u64,
    pub(super) what: What,
    /// What stands beside a message's text.
    pub(super) beside: Beside,
    /// Which message it is.
    message: Option<MessageId>,
    /// The columns it was last counted for, and the rows it took: scrolling counts the same
    /// entries again and again.
    counted: Cell<Option<(usize, usize)>>,
}

impl Entry {
    fn new(at: u64, what: What) -> Self {
        Self { at, what, beside: Beside::default(), message: None, counted: Cell::new(None) }
    }

    /// The rows that it takes.
    fn rows(&self, columns: usize) -> usize {
        let beside =
            usize::from(self.beside.quote.is_some()) + usize::from(self.beside.has_marks());
        match self.counted.get() {
            Some((counted, rows)) if counted == columns => rows + beside,
            _ => {
                let rows = text::wrap(self.what.text(), columns).len();
                self.counted.set(Some((columns, rows)));
                rows + beside
            }
        }
    }
}

/// What stands beside a message's text, in rows of its own and another style than any text has.
#[derive(Default)]
pub(super) struct Beside {
    /// What it answers.
    answers: Option<MessageId>,
    /// The beginning of that.
    pub(super) quote: Option<Zeroizing<String>>,
    /// It has other words than it had.
    pub(super) edited: bool,
    /// What this side answered it with.
    pub(super) own: Option<Reaction>,
    /// What the partner answered it with.
    pub(super) peer: Option<Reaction>,
    /// The timer that it has, in seconds.
    pub(super) timer: Option<u32>,
}

impl Beside {
    pub(super) fn has_marks(&self) -> bool {
        self.edited || self.own.is_some() || self.peer.is_some() || self.timer.is_some()
    }
}

impl std::fmt::Debug for Beside {
    /// Says nothing of any text.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Beside").field("edited", &self.edited).finish_non_exhaustive()
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
    /// The number of the entry that the last row belongs to.
    entry: i64,
    /// So many of its rows are below the view.
    below: usize,
}

/// A conversation's entries.
#[derive(Debug, Default)]
pub(super) struct Chat {
    entries: VecDeque<Entry>,
    /// The number of the first entry. Older ones that are put before it have lower numbers.
    first: i64,
    /// Entries went because there were too many.
    cut: bool,
    /// Whether the profile has messages from before the first one here.
    pub(super) older: Older,
    /// The user took all that was shown off the screen.
    cleared: bool,
    bytes: usize,
    /// Our messages that can still move on.
    ours: BTreeMap<MessageId, i64>,
    /// All messages that are here.
    messages: BTreeMap<MessageId, i64>,
    /// The numbers of messages, as commands name them.
    pub(super) numbers: Numbers,
    anchor: Option<Anchor>,
    /// Messages that came while the view was not at the end.
    unseen: usize,
}

impl Chat {
    pub(super) fn note(&mut self, at: u64, text: impl Into<String>, tone: Tone) {
        self.push(Entry::new(at, What::Note(text.into(), tone)));
    }

    pub(super) fn theirs(
        &mut self,
        id: MessageId,
        at: u64,
        body: String,
        reply: Option<MessageId>,
    ) {
        self.message(id, Entry::new(at, What::Theirs(Zeroizing::new(body))), reply);
        self.numbers.add(false, id);
        if self.anchor.is_some() {
            self.unseen += 1;
        }
    }

    pub(super) fn ours(&mut self, id: MessageId, at: u64, body: String, reply: Option<MessageId>) {
        let fate = Delivery::Waiting;
        self.message(id, Entry::new(at, What::Ours(Zeroizing::new(body), fate)), reply);
        self.numbers.add(true, id);
        self.ours.insert(id, self.last());
    }

    fn message(&mut self, id: MessageId, entry: Entry, reply: Option<MessageId>) {
        let quote = reply.and_then(|answered| self.text_of(answered)).map(quote_of);
        let beside = Beside { answers: reply, quote, ..Beside::default() };
        self.push(Entry { beside, message: Some(id), ..entry });
        self.messages.insert(id, self.last());
    }

    /// What a message says, if it is here.
    pub(super) fn text_of(&self, id: MessageId) -> Option<&str> {
        let number = self.messages.get(&id)?;
        let entry = self.entries.get(usize::try_from(number - self.first).ok()?)?;
        Some(entry.what.text())
    }

    /// The partner's message that came last.
    pub(super) fn last_of_theirs(&self) -> Option<MessageId> {
        self.numbers.find(Which { own: false, number: None })
    }

    fn message_mut(&mut self, id: MessageId) -> Option<&mut Entry> {
        let number = self.known(id)?;
        self.entry_mut(number)
    }

    /// The number of a message. One that isn't here may be among those that are being read, as it was.
    fn known(&mut self, id: MessageId) -> Option<i64> {
        let number = self.messages.get(&id).copied();
        if let (None, Older::Asked { stale }) = (number, &mut self.older) {
            *stale = true;
        }
        number
    }

    /// The number of the last entry.
    fn last(&self) -> i64 {
        self.first + self.entries.len() as i64 - 1
    }

    /// A message has other words now.
    pub(super) fn edit(&mut self, id: MessageId, body: String) {
        let Some(entry) = self.message_mut(id) else { return };
        let before = entry.what.text().len();
        let after = body.len();
        match &mut entry.what {
            What::Theirs(text) | What::Ours(text, _) => *text = Zeroizing::new(body),
            What::Note(..) => return,
        }
        entry.beside.edited = true;
        entry.counted.set(None);
        self.bytes = self.bytes.saturating_sub(before).saturating_add(after);
        self.cut();
    }

    /// A message was answered with a sign, or with none any more.
    pub(super) fn react(&mut self, id: MessageId, own: bool, reaction: Option<Reaction>) {
        if let Some(entry) = self.message_mut(id) {
            let side = if own { &mut entry.beside.own } else { &mut entry.beside.peer };
            *side = reaction;
        }
    }

    /// A message has a timer.
    pub(super) fn timed(&mut self, id: MessageId, seconds: Option<u32>) {
        if let Some(entry) = self.message_mut(id) {
            entry.beside.timer = seconds;
        }
    }

    /// What stands beside a message that was there before.
    pub(super) fn marked(&mut self, line: &Line) {
        if let Some(entry) = self.message_mut(line.message) {
            entry.beside.edited = line.edited.is_some();
            entry.beside.own.clone_from(&line.own_reaction);
            entry.beside.peer.clone_from(&line.peer_reaction);
            entry.beside.timer = line.timer;
        }
    }

    /// The newest message, for a list: when it came, and its first line.
    pub(super) fn last_said(&self) -> Option<(u64, Zeroizing<String>)> {
        let said = |entry: &&Entry| !matches!(entry.what, What::Note(..));
        let entry = self.entries.iter().rev().find(said)?;
        let first = text::lines(entry.what.text()).into_iter().next().unwrap_or_default();
        Some((entry.at, Zeroizing::new(first)))
    }

    /// Takes what is shown off the screen. Messages stay known by their numbers.
    pub(super) fn clear(&mut self) {
        self.first = self.last() + 1;
        self.entries.clear();
        self.messages.clear();
        self.bytes = 0;
        self.cleared = true;
        self.go_to_end();
    }

    /// A message is gone; a note stands where it stood.
    pub(super) fn delete(&mut self, id: MessageId, note: String) {
        self.ours.remove(&id);
        let Some(number) = self.known(id) else { return };
        self.messages.remove(&id);
        let Some(entry) = self.entry_mut(number) else { return };
        let before = entry.what.text().len();
        let after = note.len();
        let at = entry.at;
        *entry = Entry::new(at, What::Note(note, Tone::Plain));
        self.bytes = self.bytes.saturating_sub(before).saturating_add(after);
        // Nothing of it stays in the answers to it.
        for answer in self.entries.iter_mut().filter(|entry| entry.beside.answers == Some(id)) {
            answer.beside.quote = Some(Zeroizing::new(QUOTE_GONE.to_owned()));
        }
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
        self.cut && !self.cleared
    }

    /// Messages that came while the view was not at the end.
    pub(super) fn unseen(&self) -> usize {
        self.unseen
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.anchor.is_none()
    }

    fn entry_mut(&mut self, number: i64) -> Option<&mut Entry> {
        let index = usize::try_from(number - self.first).ok()?;
        self.entries.get_mut(index)
    }

    fn push(&mut self, entry: Entry) {
        self.bytes += entry.what.text().len();
        self.entries.push_back(entry);
        self.cut();
    }

    /// The oldest message here.
    pub(super) fn oldest(&self) -> Option<MessageId> {
        self.entries.iter().find_map(|entry| entry.message)
    }

    /// Whether less than a screen is above the view.
    pub(super) fn is_top_near(&self, view: &View) -> bool {
        let enough = 2 * view.height;
        self.bottom(view)
            .is_none_or(|(index, below)| self.rows_above(index, below, enough, view) < enough)
    }

    /// Puts older messages before the first entry, oldest first. Gives whether there was room for them.
    pub(super) fn put_before(&mut self, lines: &[Line]) -> bool {
        let bytes: usize = lines.iter().map(|line| line.body.len()).sum();
        if self.entries.len() + lines.len() > MAX_ENTRIES || self.bytes + bytes > MAX_BYTES {
            return false;
        }
        for line in lines.iter().rev() {
            self.first -= 1;
            let body = line.body.clone();
            let what = match line.own {
                true => What::Ours(body, line.delivery),
                false => What::Theirs(body),
            };
            let quoted = line.reply.and_then(|to| lines.iter().find(|other| other.message == to));
            let beside = Beside {
                answers: line.reply,
                quote: quoted.map(|quoted| quote_of(&quoted.body)),
                ..Beside::default()
            };
            let entry = Entry::new(line.at, what);
            self.entries.push_front(Entry { beside, message: Some(line.message), ..entry });
            self.messages.insert(line.message, self.first);
            if line.own && line.delivery != Delivery::Delivered {
                self.ours.insert(line.message, self.first);
            }
            self.marked(line);
        }
        self.bytes += bytes;
        true
    }

    /// Lets the oldest go while there is too much.
    fn cut(&mut self) {
        while self.entries.len() > MAX_ENTRIES || self.bytes > MAX_BYTES {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.bytes -= oldest.what.text().len();
            if let Some(message) = oldest.message {
                self.messages.remove(&message);
            }
            self.first += 1;
            self.cut = true;
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
        let Ok(index) = usize::try_from(anchor.entry - self.first) else { return Some((0, 0)) };
        let index = index.min(last);
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
            self.anchor = Some(Anchor { entry: self.first + index as i64, below });
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

/// The beginning of what is answered.
fn quote_of(text: &str) -> Zeroizing<String> {
    let first = text::lines(text).into_iter().next().unwrap_or_default();
    Zeroizing::new(text::cut(&first, QUOTED))
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
mod tests;
