//! A target's corpus, as far as it is committed, run again by the tests of the crates.

use std::path::Path;

/// Runs a target on each file of its corpus, and on as many `beginnings` of each; one file in `of` has to get behind
/// acceptance.
pub(crate) fn replay(target: &str, run: fn(&[u8]) -> usize, beginnings: usize, of: usize) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let files = std::fs::read_dir(&folder).unwrap();
    let inputs: Vec<_> = files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
    assert!(!inputs.is_empty(), "{target} has no corpus");
    let mut accepted = 0;
    for input in &inputs {
        accepted += usize::from(run(input) > 0);
        // Each beginning of it is an input too.
        for length in (0..input.len()).step_by(input.len() / beginnings + 1) {
            run(&input[..length]);
        }
    }
    let enough = accepted > 0 && accepted.saturating_mul(of) > inputs.len();
    assert!(enough, "{target} accepts {accepted} of {}", inputs.len());
}
