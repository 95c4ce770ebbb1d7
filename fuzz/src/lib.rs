//! What each fuzz target does with its input. The crates' tests compile these files too and replay the corpus.

use std::sync::OnceLock;

mod input;
pub mod otr;
pub mod otr4;
mod pair;
mod peer4;
pub mod ratchet;
pub mod wire;

/// Asks the targets to say which inputs get behind acceptance.
const ASKS: &str = "UNDERTONE_FUZZ_TELL";

/// Says so, if asked: by that `cargo xtask fuzz` counts the inputs of a corpus that do.
pub fn tell(accepted: bool) {
    static ASKED: OnceLock<bool> = OnceLock::new();
    if accepted && *ASKED.get_or_init(|| std::env::var_os(ASKS).is_some()) {
        eprintln!("accepted");
    }
}
