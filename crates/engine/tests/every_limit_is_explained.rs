//! `docs/limits.md` has a line for each limit of the engine, and none for one that is gone.

use std::collections::BTreeSet;

/// Limits of the page that stand in `undertone-handle`: what people write.
const OF_WHAT_PEOPLE_WRITE: [&str; 5] =
    ["MAX_TEXT", "MAX_NAME", "MAX_GREETING", "MAX_REACTION", "MAX_TIMER"];

#[test]
fn the_page_lists_every_constant_and_no_other() {
    let constants: BTreeSet<&str> = include_str!("../src/limits.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("pub const "))
        .filter_map(|rest| rest.split(':').next())
        .chain(OF_WHAT_PEOPLE_WRITE)
        .collect();
    let page = include_str!("../../../docs/limits.md").lines();
    let rows: Vec<&str> = page
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|rest| rest.split('`').next())
        .collect();
    let listed: BTreeSet<&str> = rows.iter().copied().collect();
    assert!(constants.len() > 30, "the constants are not found: {constants:?}");
    assert_eq!(listed, constants);
    assert_eq!(rows.len(), listed.len(), "a limit is explained twice");
}

#[test]
fn every_line_says_what_happens_and_what_is_told() {
    let page = include_str!("../../../docs/limits.md").lines();
    for line in page.filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 4, "{line}");
        assert!(cells.iter().all(|cell| !cell.is_empty()), "{line}");
    }
}
