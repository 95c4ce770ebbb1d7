//! The demo on a terminal: soon a partner who answers, on a small screen and without colours too.

mod support;

use std::time::{Duration, Instant};

use support::{Place, SOON, Terminal};

const FIRST_MESSAGE: Duration = Duration::from_secs(30);

#[test]
fn a_partner_speaks_first_and_answers() {
    let begin = Instant::now();
    let mut demo = Terminal::start(&["demo"]);
    demo.wait_for("Hello. Both of us are on this machine", FIRST_MESSAGE);
    println!("the first message was there after {:?}", begin.elapsed());
    demo.wait_for("otter ● verified", SOON);
    demo.wait_for("no anonymity", SOON);
    demo.line("is it quiet there");
    demo.wait_for("I heard you: is it quiet there", SOON);
    demo.wait_for_row(&["you", "is it quiet there", "✓✓"], SOON);
    demo.line("/quit");
    assert_eq!(demo.exit_code(SOON), 0);
    demo.assert_restored();
    assert!(demo.contents().contains("has not been audited"), "{}", demo.contents());
}

#[test]
fn the_start_screen_leads_to_it() {
    let mut program = Terminal::start(&[]);
    program.wait_for("3  Try the demo", SOON);
    program.wait_for("Nobody outside the project has audited Undertone yet.", SOON);
    program.keys("3");
    program.wait_for("Hello. Both of us are on this machine", FIRST_MESSAGE);
    program.line("/quit");
    assert_eq!(program.exit_code(SOON), 0);
    program.assert_restored();
}

#[test]
fn twenty_columns_and_five_rows_are_enough() {
    let mut demo = Terminal::start_in(&Place::default(), (20, 5), &["demo"]);
    demo.wait_for("something.", FIRST_MESSAGE);
    demo.line("hi");
    demo.wait_for("I heard you:", SOON);
    demo.line("/quit");
    assert_eq!(demo.exit_code(SOON), 0);
    demo.assert_restored();
}

/// The numbers of every sequence that sets how characters look.
fn looks(raw: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(raw);
    let sequences = text.split("\x1b[").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == ';'))?;
        rest[end..].starts_with('m').then(|| rest[..end].to_owned())
    });
    sequences
        .flat_map(|s| s.split(';').map(|n| n.parse().unwrap_or(0)).collect::<Vec<_>>())
        .collect()
}

/// Whether a number sets a colour; 39 and 49 give the terminal's own back.
fn is_colour(look: &u16) -> bool {
    matches!(look, 30..=38 | 40..=48 | 58 | 90..=97 | 100..=107)
}

#[test]
fn no_color_means_no_colour_at_all() {
    for (variables, coloured) in [(vec![("NO_COLOR", "1")], false), (Vec::new(), true)] {
        let place = Place { variables, ..Place::default() };
        let mut demo = Terminal::start_in(&place, (80, 24), &["demo"]);
        demo.wait_for("Hello. Both of us are on this machine", FIRST_MESSAGE);
        demo.wait_for("● verified", SOON);
        demo.line("/quit");
        assert_eq!(demo.exit_code(SOON), 0);
        let looks = looks(&demo.raw());
        assert_eq!(looks.iter().any(is_colour), coloured, "{looks:?}");
    }
}
