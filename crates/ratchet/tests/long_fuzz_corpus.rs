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
#[path = "../../../fuzz/src/ratchet.rs"]
mod ratchet;

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
        for length in (0..input.len()).step_by(input.len() / 8 + 1) {
            run(&input[..length]);
        }
    }
    assert!(accepted > 0, "{target} accepts nothing");
}

#[test]
fn public_keys() {
    replay("ratchet_public_keys", ratchet::public_keys);
}

#[test]
fn stored_states() {
    replay("ratchet_stored_states", ratchet::stored_states);
}

#[test]
fn packets() {
    replay("ratchet_packets", ratchet::packets);
}

#[test]
fn streams() {
    replay("ratchet_streams", ratchet::streams);
}

#[test]
fn repairs() {
    replay("ratchet_repairs", ratchet::repairs);
}

#[test]
fn sealed_packets() {
    replay("ratchet_sealed_packets", ratchet::sealed_packets);
}
