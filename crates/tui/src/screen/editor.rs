//! A text being typed: moved in and changed by clusters, never inside one.

use std::ops::Range;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use unicode_segmentation::UnicodeSegmentation;
use zeroize::{Zeroize as _, Zeroizing};

/// A text and a cursor in it. Erased when dropped.
pub(super) struct Editor {
    text: Zeroizing<String>,
    /// In bytes, between two clusters.
    cursor: usize,
    /// The most bytes.
    limit: usize,
    /// Whether line ends may be typed; if not, pasted ones become spaces.
    multiline: bool,
}

/// The text would have become longer than it may; it was left as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Editor {
    /// An empty text of one line. All memory it will need is taken at once, so that no copy of a
    /// secret stays behind when it grows.
    pub(super) fn line(limit: usize) -> Self {
        let text = Zeroizing::new(String::with_capacity(limit));
        Self { text, cursor: 0, limit, multiline: false }
    }

    /// An empty text of several lines.
    pub(super) fn lines(limit: usize) -> Self {
        Self { text: Zeroizing::default(), cursor: 0, limit, multiline: true }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Where the cursor stands, in bytes.
    pub(super) fn cursor(&self) -> usize {
        self.cursor
    }

    /// Replaces the text; the cursor goes to its end.
    pub(super) fn set(&mut self, text: &str) {
        self.clear();
        // What was typed or sent before fits; anything else is refused whole.
        let _: Result<(), Full> = self.insert(text);
    }

    pub(super) fn clear(&mut self) {
        self.text.zeroize();
        if !self.multiline {
            self.text.reserve(self.limit);
        }
        self.cursor = 0;
    }

    /// Takes the text out.
    pub(super) fn take(&mut self) -> Zeroizing<String> {
        let text = Zeroizing::new(self.text.as_str().to_owned());
        self.clear();
        text
    }

    /// Puts a text at the cursor. Line ends become one kind; control characters other than line
    /// ends and tabs are left out, for nobody means to paste them.
    pub(super) fn insert(&mut self, text: &str) -> Result<(), Full> {
        let mut clean = Zeroizing::new(String::with_capacity(text.len()));
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\r' if chars.peek() == Some(&'\n') => {}
                '\r' | '\n' => clean.push(if self.multiline { '\n' } else { ' ' }),
                '\t' => clean.push(if self.multiline { '\t' } else { ' ' }),
                c if c.is_control() => {}
                c => clean.push(c),
            }
        }
        if self.text.len() + clean.len() > self.limit {
            return Err(Full);
        }
        self.text.insert_str(self.cursor, &clean);
        self.cursor += clean.len();
        Ok(())
    }

    /// Does what a key says. `Ok(false)` if the key is none of the editor's.
    pub(super) fn key(&mut self, key: KeyEvent) -> Result<bool, Full> {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        match key.code {
            KeyCode::Enter if alt && self.multiline => self.insert("\n")?,
            KeyCode::Char('j') if ctrl && self.multiline => self.insert("\n")?,
            KeyCode::Left if ctrl || alt => self.cursor = self.word_left(),
            KeyCode::Right if ctrl || alt => self.cursor = self.word_right(),
            KeyCode::Char('b') if alt => self.cursor = self.word_left(),
            KeyCode::Char('f') if alt => self.cursor = self.word_right(),
            KeyCode::Left => self.cursor = self.left(),
            KeyCode::Right => self.cursor = self.right(),
            KeyCode::Char('b') if ctrl => self.cursor = self.left(),
            KeyCode::Char('f') if ctrl => self.cursor = self.right(),
            KeyCode::Home => self.cursor = self.line_start(),
            KeyCode::End => self.cursor = self.line_end(),
            KeyCode::Char('a') if ctrl => self.cursor = self.line_start(),
            KeyCode::Char('e') if ctrl => self.cursor = self.line_end(),
            KeyCode::Backspace if alt || ctrl => self.remove(self.word_left()..self.cursor),
            KeyCode::Char('w') if ctrl => self.remove(self.word_left()..self.cursor),
            KeyCode::Backspace => self.remove(self.left()..self.cursor),
            KeyCode::Char('h') if ctrl => self.remove(self.left()..self.cursor),
            KeyCode::Delete => self.remove(self.cursor..self.right()),
            KeyCode::Char('d') if ctrl => self.remove(self.cursor..self.right()),
            KeyCode::Char('u') if ctrl => self.remove(self.line_start()..self.cursor),
            KeyCode::Char('k') if ctrl => self.remove(self.cursor..self.line_end()),
            KeyCode::Up if self.line_start() > 0 => self.cursor = self.line_above(),
            KeyCode::Down if self.line_end() < self.text.len() => self.cursor = self.line_below(),
            KeyCode::Char(c) if !ctrl && !alt => self.insert(c.encode_utf8(&mut [0; 4]))?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn remove(&mut self, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        self.cursor = range.start;
        self.text.replace_range(range, "");
    }

    /// What stands before the cursor.
    pub(super) fn before(&self) -> &str {
        self.text.get(..self.cursor).unwrap_or_default()
    }

    fn after(&self) -> &str {
        self.text.get(self.cursor..).unwrap_or_default()
    }

    fn left(&self) -> usize {
        self.cursor - self.before().graphemes(true).next_back().map_or(0, str::len)
    }

    fn right(&self) -> usize {
        self.cursor + self.after().graphemes(true).next().map_or(0, str::len)
    }

    fn word_left(&self) -> usize {
        let words = self.before().trim_end_matches(|c: char| !c.is_alphanumeric());
        // A text of marks alone goes as a whole, down to the last space.
        let end = if words.is_empty() { self.before().trim_end() } else { words };
        end.rfind(char::is_whitespace).map_or(0, |at| {
            at + end.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8)
        })
    }

    fn word_right(&self) -> usize {
        let rest = self.after();
        let skipped = rest.len() - rest.trim_start().len();
        let word = rest.get(skipped..).unwrap_or_default();
        self.cursor + skipped + word.find(char::is_whitespace).unwrap_or(word.len())
    }

    fn line_start(&self) -> usize {
        self.before().rfind('\n').map_or(0, |at| at + 1)
    }

    fn line_end(&self) -> usize {
        self.after().find('\n').map_or(self.text.len(), |at| self.cursor + at)
    }

    /// How many clusters stand before the cursor on its line.
    fn column(&self) -> usize {
        self.text.get(self.line_start()..self.cursor).unwrap_or_default().graphemes(true).count()
    }

    fn line_above(&self) -> usize {
        let end = self.line_start().saturating_sub(1);
        let start = self.text.get(..end).unwrap_or_default().rfind('\n').map_or(0, |at| at + 1);
        self.at_column(start..end)
    }

    fn line_below(&self) -> usize {
        let start = self.line_end() + 1;
        let rest = self.text.get(start..).unwrap_or_default();
        self.at_column(start..rest.find('\n').map_or(self.text.len(), |at| start + at))
    }

    fn at_column(&self, line: Range<usize>) -> usize {
        let text = self.text.get(line.clone()).unwrap_or_default();
        line.start + text.graphemes(true).take(self.column()).map(str::len).sum::<usize>()
    }
}

impl std::fmt::Debug for Editor {
    /// Says only how long the text is.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Editor({} bytes)", self.text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text with a bar where the cursor is.
    fn shown(editor: &Editor) -> String {
        let (before, after) = editor.text.split_at(editor.cursor);
        format!("{before}|{after}")
    }

    fn press(editor: &mut Editor, code: KeyCode, modifiers: KeyModifiers) {
        assert_eq!(editor.key(KeyEvent::new(code, modifiers)), Ok(true), "{code:?}");
    }

    fn after(text: &str, keys: &[(KeyCode, KeyModifiers)]) -> String {
        let mut editor = Editor::lines(1000);
        editor.insert(text).unwrap();
        for (code, modifiers) in keys {
            press(&mut editor, *code, *modifiers);
        }
        shown(&editor)
    }

    const NONE: KeyModifiers = KeyModifiers::NONE;
    const CTRL: KeyModifiers = KeyModifiers::CONTROL;
    const ALT: KeyModifiers = KeyModifiers::ALT;

    #[test]
    fn a_cluster_is_one_step_and_goes_as_a_whole() {
        for cluster in ["e\u{301}", "👩\u{200d}🔬", "🇨🇭", "日", "👍🏽"] {
            let text = format!("a{cluster}b");
            let left = (KeyCode::Left, NONE);
            assert_eq!(after(&text, &[left, left]), format!("a|{cluster}b"));
            assert_eq!(after(&text, &[left, (KeyCode::Backspace, NONE)]), "a|b");
            assert_eq!(after(&text, &[left, left, (KeyCode::Delete, NONE)]), "a|b");
            let right = (KeyCode::Right, NONE);
            assert_eq!(after(&text, &[left, left, right]), format!("a{cluster}|b"));
        }
    }

    #[test]
    fn words_and_lines_are_moved_over_and_removed() {
        let text = "one two, three";
        assert_eq!(after(text, &[(KeyCode::Left, CTRL)]), "one two, |three");
        assert_eq!(
            after(text, &[(KeyCode::Left, CTRL), (KeyCode::Char('b'), ALT)]),
            "one |two, three"
        );
        assert_eq!(after(text, &[(KeyCode::Char('w'), CTRL)]), "one two, |");
        assert_eq!(after("a --- ", &[(KeyCode::Char('w'), CTRL)]), "|");
        assert_eq!(after("日本 語", &[(KeyCode::Char('w'), CTRL)]), "日本 |");
        assert_eq!(
            after(text, &[(KeyCode::Char('a'), CTRL), (KeyCode::Right, CTRL)]),
            "one| two, three"
        );
        assert_eq!(after(text, &[(KeyCode::Char('u'), CTRL)]), "|");
        assert_eq!(after("a\nbcd", &[(KeyCode::Home, NONE), (KeyCode::Char('k'), CTRL)]), "a\n|");
        assert_eq!(after("a\nbcd", &[(KeyCode::Char('u'), CTRL)]), "a\n|");
    }

    #[test]
    fn up_and_down_keep_the_column() {
        let up = (KeyCode::Up, NONE);
        assert_eq!(after("abc\nd\nefg", &[up]), "abc\nd|\nefg");
        assert_eq!(after("日本\nde", &[up]), "日本|\nde");
        assert_eq!(after("abc\nde", &[up, (KeyCode::Down, NONE)]), "abc\nde|");
        let mut editor = Editor::lines(10);
        editor.set("one");
        assert_eq!(editor.key(KeyEvent::new(KeyCode::Up, NONE)), Ok(false));
    }

    #[test]
    fn a_paste_is_one_text_without_controls() {
        let mut editor = Editor::lines(100);
        editor.insert("a\r\nb\rc\td\u{1b}[31m\0").unwrap();
        assert_eq!(editor.text(), "a\nb\nc\td[31m");
        let mut line = Editor::line(100);
        line.insert("a\r\nb\tc").unwrap();
        assert_eq!(line.text(), "a b c");
    }

    #[test]
    fn too_much_is_refused_whole() {
        let mut editor = Editor::lines(4);
        editor.insert("abc").unwrap();
        assert_eq!(editor.insert("de"), Err(Full));
        assert_eq!(editor.key(KeyEvent::new(KeyCode::Char('é'), NONE)), Err(Full));
        assert_eq!(editor.text(), "abc");
    }

    #[test]
    fn a_secret_line_never_moves_in_memory() {
        let mut editor = Editor::line(64);
        let before = editor.text.as_ptr();
        editor.insert(&"x".repeat(64)).unwrap();
        assert_eq!(editor.text.as_ptr(), before);
        assert_eq!(format!("{editor:?}"), "Editor(64 bytes)");
    }

    #[test]
    fn no_key_ever_leaves_the_cursor_inside_a_cluster() {
        let keys = [
            (KeyCode::Left, NONE),
            (KeyCode::Backspace, NONE),
            (KeyCode::Up, NONE),
            (KeyCode::Char('w'), CTRL),
            (KeyCode::Left, CTRL),
            (KeyCode::Right, CTRL),
            (KeyCode::Delete, NONE),
            (KeyCode::Down, NONE),
        ];
        let mut editor = Editor::lines(1000);
        for round in 0..64_usize {
            editor.set("👩\u{200d}🔬 e\u{301}\u{a0}x\u{2003}日\n🇨🇭🇨🇭 ab\n\nנו");
            for step in 0..24_usize {
                let (code, modifiers) = keys[(round * 7 + step * (round + 1)) % keys.len()];
                let _: Result<bool, Full> = editor.key(KeyEvent::new(code, modifiers));
                let bounds: Vec<_> = editor.text.grapheme_indices(true).map(|(at, _)| at).collect();
                assert!(
                    editor.cursor == editor.text.len() || bounds.contains(&editor.cursor),
                    "round {round}, step {step}: {}",
                    shown(&editor)
                );
            }
        }
    }
}
