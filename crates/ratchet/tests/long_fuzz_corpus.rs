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
#[path = "../../../fuzz/src/replay.rs"]
mod replay;

fn replay(target: &str, run: fn(&[u8]) -> usize) {
    replay::replay(target, run, 8, usize::MAX);
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
