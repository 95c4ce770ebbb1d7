//! Puts texts into cells. The only way from a text to the terminal.

use std::num::NonZeroU16;

use ratatui::buffer::{Buffer, CellDiffOption, CellWidth as _};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use undertone_handle::words::TrustColour;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::text::{self, ISOLATE, ISOLATE_END, PieceKind};

/// How things look: sixteen colours that the terminal's own scheme makes readable on light and
/// dark, or none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Looks {
    /// Whether colours are used; weight, underlining and marks stay without them.
    pub(super) colour: bool,
}

impl Looks {
    pub(super) fn trust(self, colour: TrustColour) -> Style {
        self.coloured(match colour {
            TrustColour::Red => Color::Red,
            TrustColour::Green => Color::Green,
            TrustColour::Cyan => Color::Cyan,
        })
    }

    pub(super) fn warning(self) -> Style {
        self.coloured(Color::Red).add_modifier(Modifier::BOLD)
    }

    pub(super) fn amber(self) -> Style {
        self.coloured(Color::Yellow).add_modifier(Modifier::BOLD)
    }

    pub(super) fn good(self) -> Style {
        self.coloured(Color::Green)
    }

    pub(super) fn faint(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    pub(super) fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    fn coloured(self, colour: Color) -> Style {
        if self.colour { Style::new().fg(colour) } else { Style::new() }
    }
}

/// A place to write on: a row from `x` up to, but not including, `right`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) x: u16,
    pub(super) y: u16,
    pub(super) right: u16,
}

/// Writes a text into a slot, made harmless, cut where the slot ends. Says where it stopped.
///
/// A text that runs from right to left is isolated, so that a terminal that reorders letters
/// leaves what stands beside it alone.
pub(super) fn put(buffer: &mut Buffer, slot: Slot, text: &str, style: Style) -> u16 {
    let right = slot.right.min(buffer.area.right());
    let mut x = slot.x;
    let mut ends: Option<(u16, u16)> = None;
    'text: for piece in text::pieces(text) {
        let shown = if piece.kind == PieceKind::Newline { "␊" } else { &piece.shown };
        for cluster in shown.graphemes(true) {
            let columns = u16::try_from(cluster.width()).unwrap_or(u16::MAX);
            let Some(columns) = NonZeroU16::new(columns) else { continue };
            let Some(after) = x.checked_add(columns.get()).filter(|after| *after <= right) else {
                break 'text;
            };
            let Some(cell) = buffer.cell_mut((x, slot.y)) else { break 'text };
            cell.set_symbol(cluster).set_style(style);
            if cluster.cell_width() != columns.get() {
                cell.set_diff_option(CellDiffOption::ForcedWidth(columns));
            }
            for covered in x.saturating_add(1)..after {
                if let Some(cell) = buffer.cell_mut((covered, slot.y)) {
                    cell.reset();
                }
            }
            ends = Some((ends.map_or(x, |(first, _)| first), x));
            x = after;
        }
    }
    if let Some((first, last)) = ends.filter(|_| text::has_rtl(text)) {
        if let Some(cell) = buffer.cell_mut((first, slot.y)) {
            let symbol = format!("{ISOLATE}{}", cell.symbol());
            cell.set_symbol(&symbol);
        }
        if let Some(cell) = buffer.cell_mut((last, slot.y)) {
            let symbol = format!("{}{ISOLATE_END}", cell.symbol());
            cell.set_symbol(&symbol);
        }
    }
    x
}

/// A rule across a row.
pub(super) fn rule(buffer: &mut Buffer, area: Rect, y: u16, style: Style) {
    for x in area.left()..area.right() {
        if let Some(cell) = buffer.cell_mut((x, y)) {
            cell.set_symbol("─").set_style(style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painted(text: &str, columns: u16) -> (Vec<String>, u16) {
        let mut buffer = Buffer::empty(Rect::new(0, 0, columns, 1));
        let end = put(&mut buffer, Slot { x: 0, y: 0, right: columns }, text, Style::new());
        (buffer.content().iter().map(|cell| cell.symbol().to_owned()).collect(), end)
    }

    #[test]
    fn a_wide_cluster_takes_its_columns_or_is_left_out() {
        assert_eq!(painted("a日b", 4), (vec!["a".into(), "日".into(), " ".into(), "b".into()], 4));
        assert_eq!(painted("a日b", 2), (vec!["a".into(), " ".into()], 1));
    }

    #[test]
    fn a_text_from_right_to_left_is_isolated_cell_by_cell() {
        let (cells, end) = painted("שלום", 6);
        assert_eq!(cells.concat(), "\u{2068}שלום\u{2069}  ");
        assert_eq!(end, 4);
        assert_eq!(painted("ש", 1).0, ["\u{2068}ש\u{2069}"]);
    }

    #[test]
    fn no_cell_ever_holds_a_control_character() {
        let hostile: String = (0..0x2100_u32).filter_map(char::from_u32).collect();
        let (cells, _) = painted(&hostile, u16::MAX / 2);
        assert!(cells.iter().all(|cell| !cell.contains(char::is_control)));
    }

    #[test]
    fn a_cell_is_as_wide_as_the_terminal_shows_it() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 4, 1));
        let end = put(&mut buffer, Slot { x: 0, y: 0, right: 4 }, "ﾊﾟx", Style::new());
        assert_eq!((end, buffer[(0, 0)].cell_width()), (3, 2));
    }

    #[test]
    fn without_colours_no_style_has_one() {
        let plain = Looks { colour: false };
        for style in [
            plain.trust(TrustColour::Red),
            plain.trust(TrustColour::Green),
            plain.trust(TrustColour::Cyan),
            plain.warning(),
            plain.amber(),
            plain.good(),
            plain.faint(),
            plain.strong(),
        ] {
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }
}
