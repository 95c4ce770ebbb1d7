//! What each fuzz target does with its input. The crates' tests compile these files too and replay the corpus.

pub mod ratchet;
