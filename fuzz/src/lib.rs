//! What each fuzz target does with its input. The crates' tests compile these files too and replay the corpus.

mod input;
pub mod otr;
pub mod ratchet;
