//! Texts as they may be shown: made harmless, measured in columns, and wrapped.
//!
//! A partner's text is hostile until it went through here. Nothing that leaves this module holds a
//! control character, so no escape sequence can reach the terminal.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

use undertone_handle::command::is_deceptive;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// The most characters of one cluster that are shown. A family with skin tones has eleven; more
/// than this is a pile of marks that would cover the lines above and below.
const MAX_CLUSTER: usize = 16;

/// A cluster wider than this is taken apart into its characters.
const MAX_CLUSTER_WIDTH: usize = 4;

/// Opens and closes an isolated run whose direction is found by its first strong letter.
pub(crate) const ISOLATE: char = '\u{2068}';
/// Closes what [`ISOLATE`] opened.
pub(crate) const ISOLATE_END: char = '\u{2069}';

/// What one cluster of a text looks like.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    /// What to show; empty for a line's end.
    pub(crate) shown: Cow<'a, str>,
    /// Columns of that.
    pub(crate) width: usize,
    /// Where it stands in the text, in bytes.
    pub(crate) source: Range<usize>,
    /// What it means for wrapping.
    pub(crate) kind: PieceKind,
}

/// What a piece means for wrapping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PieceKind {
    /// A part of a word.
    Word,
    /// A space: a row may end after it.
    Space,
    /// A line's end.
    Newline,
}

/// The pieces of a text, in order.
pub(crate) fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    text.grapheme_indices(true).flat_map(|(start, cluster)| {
        let apart = needs_taking_apart(cluster);
        let whole = (!apart).then(|| piece(start, cluster));
        let parts = apart.then(|| {
            cluster.char_indices().map(move |(offset, c)| {
                let end = offset.saturating_add(c.len_utf8());
                piece(start.saturating_add(offset), cluster.get(offset..end).unwrap_or_default())
            })
        });
        whole.into_iter().chain(parts.into_iter().flatten())
    })
}

fn needs_taking_apart(cluster: &str) -> bool {
    let mut chars = cluster.chars();
    let several = chars.next().is_some() && chars.next().is_some();
    several
        && cluster != "\r\n"
        && (cluster.contains(is_deceptive) || {
            let head = head(cluster);
            head.len() == cluster.len() && head.width() > MAX_CLUSTER_WIDTH
        })
}

/// The first [`MAX_CLUSTER`] characters.
fn head(cluster: &str) -> &str {
    let end = cluster.char_indices().nth(MAX_CLUSTER).map_or(cluster.len(), |(at, _)| at);
    cluster.get(..end).unwrap_or_default()
}

/// One cluster, or one character of a cluster that was taken apart.
fn piece(start: usize, cluster: &str) -> Piece<'_> {
    let source = start..start.saturating_add(cluster.len());
    let made = |shown: String, kind| {
        let width = shown.width();
        Piece { shown: Cow::Owned(shown), width, source: source.clone(), kind }
    };
    match cluster {
        "\n" | "\r\n" => {
            return Piece { shown: Cow::Borrowed(""), width: 0, source, kind: PieceKind::Newline };
        }
        "\t" => return made("    ".to_owned(), PieceKind::Space),
        _ => {}
    }
    if let Some(c) = cluster.chars().next().filter(|c| is_deceptive(*c)) {
        return made(symbol(c), PieceKind::Word);
    }
    let head = head(cluster);
    if head.len() < cluster.len() {
        let more = cluster.chars().count().saturating_sub(MAX_CLUSTER);
        // Marks alone would sit on the bracket before them.
        let base = if head.width() == 0 { "◌" } else { "" };
        return made(format!("{base}{head}⟨+{more}⟩"), PieceKind::Word);
    }
    let width = head.width();
    if width == 0 {
        // Joiners and selectors alone mean nothing; a mark alone gets something to sit on.
        if cluster.chars().all(|c| matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}')) {
            return made(String::new(), PieceKind::Word);
        }
        return made(format!("◌{cluster}"), PieceKind::Word);
    }
    let space = cluster.chars().all(|c| c.is_whitespace() && c != '\u{a0}' && c != '\u{202f}');
    let kind = if space { PieceKind::Space } else { PieceKind::Word };
    Piece { shown: Cow::Borrowed(cluster), width, source, kind }
}

/// A visible stand-in for a character that must not reach the terminal.
fn symbol(c: char) -> String {
    let code = u32::from(c);
    match code {
        0..=0x1f => char::from_u32(0x2400_u32.saturating_add(code)).map(String::from),
        0x7f => Some("␡".to_owned()),
        _ => None,
    }
    .unwrap_or_else(|| format!("⟨{code:04X}⟩"))
}

/// A text as one line that may be shown: line ends and all else that could act as visible symbols.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for piece in pieces(text) {
        line.push_str(if piece.kind == PieceKind::Newline { "␊" } else { &piece.shown });
    }
    line
}

/// A text as lines that may be shown, each isolated if it runs from right to left.
pub(crate) fn lines(text: &str) -> Vec<String> {
    let mut lines = vec![String::with_capacity(text.len())];
    for piece in pieces(text) {
        if piece.kind == PieceKind::Newline {
            lines.push(String::new());
        } else if let Some(line) = lines.last_mut() {
            line.push_str(&piece.shown);
        }
    }
    for line in &mut lines {
        if has_rtl(line) {
            line.insert(0, ISOLATE);
            line.push(ISOLATE_END);
        }
    }
    lines
}

/// The columns that a text takes on one line.
pub(crate) fn width(text: &str) -> usize {
    pieces(text).map(|piece| if piece.kind == PieceKind::Newline { 1 } else { piece.width }).sum()
}

/// A text cut to so many columns, with `…` where something was cut.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return one_line(text);
    }
    let mut line = String::new();
    let mut used = 1;
    for piece in pieces(text) {
        used += piece.width;
        if used > columns {
            break;
        }
        line.push_str(if piece.kind == PieceKind::Newline { "␊" } else { &piece.shown });
    }
    if columns > 0 {
        line.push('…');
    }
    line
}

/// The rows of a text in so many columns, as ranges of bytes. Rows end at a line's end, after a
/// space where possible, else between clusters; spaces at a row's end may hang over it. At least
/// one row.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<Range<usize>> {
    let columns = columns.max(1);
    let mut rows = Vec::new();
    let mut start = 0;
    let mut used = 0;
    // Where the row could end, and the columns up to there.
    let mut space: Option<(usize, usize)> = None;
    for piece in pieces(text) {
        let Range { start: at, end } = piece.source;
        if piece.kind == PieceKind::Newline {
            rows.push(start..at);
            (start, used, space) = (end, 0, None);
            continue;
        }
        if piece.kind == PieceKind::Word && used + piece.width > columns {
            if let Some((after, columns_to_there)) = space.take() {
                rows.push(start..after);
                start = after;
                used -= columns_to_there;
            }
            if used > 0 && used + piece.width > columns {
                rows.push(start..at);
                (start, used) = (at, 0);
            }
        }
        used += piece.width;
        if piece.kind == PieceKind::Space {
            space = Some((end, used));
        }
    }
    rows.push(start..text.len());
    rows
}

/// Whether a text has letters of a script that runs from right to left.
pub(crate) fn has_rtl(text: &str) -> bool {
    // No such letter is below U+0590, so a text of one- and most two-byte characters is quick.
    text.chars().any(|c| {
        matches!(c,
            '\u{0590}'..='\u{08ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'
            | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
    })
}

/// Dots in place of a secret; hyphens stay, so that the shape of a code can be seen.
pub(crate) fn dots(text: &str) -> String {
    let mut dots = String::new();
    for cluster in text.graphemes(true) {
        // Writing to a string cannot fail.
        let _: std::fmt::Result = dots.write_char(if cluster == "-" { '-' } else { '•' });
    }
    dots
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, columns: usize) -> Vec<&str> {
        wrap(text, columns).into_iter().map(|row| &text[row]).collect()
    }

    #[test]
    fn rows_end_after_spaces_then_anywhere() {
        assert_eq!(rows("", 5), [""]);
        assert_eq!(rows("one two three", 7), ["one two ", "three"]);
        assert_eq!(rows("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(rows("a abcdefgh", 4), ["a ", "abcd", "efgh"]);
        assert_eq!(rows("one\n\ntwo\n", 9), ["one", "", "two", ""]);
        assert_eq!(rows("a    b", 2), ["a    ", "b"]);
        assert_eq!(rows("日本語", 4), ["日本", "語"]);
        assert_eq!(rows("日本語", 1), ["日", "本", "語"]);
    }

    #[test]
    fn what_could_act_is_shown_as_a_symbol() {
        assert_eq!(one_line("\u{1b}[31m\u{7}\u{7f}\n"), "␛[31m␇␡␊");
        assert_eq!(one_line("a\u{9b}31m"), "a⟨009B⟩31m");
        assert_eq!(one_line("exe.\u{202e}gpj"), "exe.⟨202E⟩gpj");
        assert_eq!(one_line("a\u{200b}b\u{feff}"), "a⟨200B⟩b⟨FEFF⟩");
        assert_eq!(one_line("x\r\ny\rz"), "x␊y␍z");
        assert_eq!(one_line("\u{301}x"), "◌\u{301}x");
        assert_eq!(one_line("x\u{e0041}"), "x⟨E0041⟩");
    }

    #[test]
    fn emoji_and_combined_letters_stay_whole() {
        for (text, columns) in
            [("👩\u{200d}🔬", 2), ("e\u{301}", 1), ("🇨🇭", 2), ("日", 2), ("👍🏽", 2), ("ﾊﾟ", 2)]
        {
            assert_eq!(one_line(text), text);
            assert_eq!(width(text), columns, "{text}");
        }
    }

    #[test]
    fn a_pile_of_marks_is_cut() {
        let pile = format!("a{}", "\u{301}".repeat(5000));
        assert_eq!(one_line(&pile), format!("a{}⟨+4985⟩", "\u{301}".repeat(15)));
        let marks = "\u{301}".repeat(100);
        assert!(one_line(&marks).starts_with('◌'));
        let hangul = "\u{1100}".repeat(10);
        assert_eq!(rows(&hangul, 8).len(), 3);
    }

    #[test]
    fn nothing_shown_is_a_control_or_wider_than_said() {
        let hostile: String =
            (0..0x3000_u32).chain(0xe0000..0xe0100).filter_map(char::from_u32).collect();
        for piece in pieces(&hostile) {
            assert!(!piece.shown.contains(is_deceptive), "{piece:?}");
            let shown: usize = piece.shown.graphemes(true).map(|g| g.width()).sum();
            assert_eq!(shown, piece.width, "{piece:?}");
        }
    }

    #[test]
    fn lines_that_run_from_right_to_left_are_isolated() {
        assert_eq!(lines("hello\nשלום"), ["hello", "\u{2068}שלום\u{2069}"]);
        assert!(has_rtl("سلام") && !has_rtl("grüße"));
    }

    #[test]
    fn cutting_says_so() {
        assert_eq!(cut("otter", 5), "otter");
        assert_eq!(cut("otters", 5), "otte…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("otter", 0), "");
    }

    #[test]
    fn dots_keep_the_shape_of_a_code() {
        assert_eq!(dots("93-é-x"), "••-•-•");
    }
}
