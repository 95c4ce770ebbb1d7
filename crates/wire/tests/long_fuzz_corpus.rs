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
#[path = "../../../fuzz/src/replay.rs"]
mod replay;
#[expect(unreachable_pub, reason = "public in the crate of the fuzz targets")]
#[path = "../../../fuzz/src/wire.rs"]
mod wire;

#[test]
fn forms() {
    replay::replay("wire_forms", wire::forms, 8, usize::MAX);
}

#[test]
fn cells() {
    replay::replay("wire_cells", wire::cells, 8, usize::MAX);
}

#[test]
fn pairings() {
    replay::replay("wire_pairings", wire::pairings, 4, usize::MAX);
}
