//! What is committed of the fuzz targets' corpus is run again: with the compiler and the checks of all tests, and
//! without libFuzzer.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what fails in a helper fails its test"
)]

#[expect(unreachable_pub, reason = "public in the crate of the fuzz targets")]
#[path = "../../../fuzz/src/input.rs"]
mod input;
#[expect(unreachable_pub, reason = "public in the crate of the fuzz targets")]
#[path = "../../../fuzz/src/otr.rs"]
mod otr;
#[expect(unreachable_pub, reason = "public in the crate of the fuzz targets")]
#[path = "../../../fuzz/src/otr4.rs"]
mod otr4;
#[path = "../../../fuzz/src/pair.rs"]
mod pair;
#[path = "../../../fuzz/src/peer4.rs"]
mod peer4;

use std::path::Path;

/// Runs a target on each file of its corpus, which has to get behind acceptance now and then.
fn replay(target: &str, run: fn(&[u8]) -> usize) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let files = std::fs::read_dir(&folder).unwrap();
    let inputs: Vec<_> = files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
    assert!(!inputs.is_empty(), "{target} has no corpus");
    let mut accepted = 0;
    for input in &inputs {
        accepted += usize::from(run(input) > 0);
        // Each beginning of it is an input too.
        for length in (0..input.len()).step_by(input.len() / 4 + 1) {
            run(&input[..length]);
        }
    }
    assert!(accepted * 4 > inputs.len(), "{target} accepts {accepted} of {}", inputs.len());
}

#[test]
fn records_of_version_4() {
    replay("otr4_records", otr4::records);
}

#[test]
fn lines_of_version_4() {
    replay("otr4_lines", otr4::lines);
}

#[test]
fn exchange_of_version_4() {
    replay("otr4_exchange", otr4::exchange);
}

#[test]
fn messages_of_version_4() {
    replay("otr4_messages", otr4::messages);
}

#[test]
fn prekey_server_of_version_4() {
    replay("otr4_server", otr4::server);
}

#[test]
fn files() {
    replay("otr_files", otr::files);
}

#[test]
fn lines() {
    replay("otr_lines", otr::lines);
}

#[test]
fn exchange() {
    replay("otr_exchange", otr::exchange);
}

#[test]
fn messages() {
    replay("otr_messages", otr::messages);
}
