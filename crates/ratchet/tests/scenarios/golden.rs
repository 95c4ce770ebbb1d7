//! Golden files: lines of `name = hex`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// The values of a golden file by their names.
pub(crate) fn lines(golden: &str) -> BTreeMap<&str, Vec<u8>> {
    let bytes = |hex: &str| {
        (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
    };
    golden
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_once(" = ").unwrap())
        .map(|(name, hex)| (name, bytes(hex)))
        .collect()
}

/// Fails if what is written now is not what the golden file holds, and leaves the new one to compare.
pub(crate) fn same(name: &str, written: &str, golden: &str) {
    let path = format!("{}/{name}", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&path, written).unwrap();
    assert!(written == golden, "compare {path} with tests/golden/{name}");
}
