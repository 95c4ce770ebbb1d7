//! The corpus of the fuzz targets `smp_*`, and inputs from a generator, in each use.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's own helpers may fail its way")]

#[path = "fuzzing/core.rs"]
mod core;
#[expect(dead_code, unused_macros, unused_imports, reason = "other tests need them")]
#[path = "scenarios/support.rs"]
mod support;

use std::collections::BTreeSet;
use std::path::Path;

use data_encoding::HEXLOWER;
use rand_core::Rng as _;
use support::Use;
use undertone_smp::{Ed448, Modp1536, Ristretto};

/// Runs what is committed of a target's corpus, which has to get behind acceptance with each of the four messages, with
/// equal secrets and with different ones.
fn corpus<U: Use>(target: &str) {
    let lines = include_str!("fuzzing/corpus.txt").lines();
    let lines = lines.filter(|line| !line.starts_with('#'));
    let mut inputs: BTreeSet<Vec<u8>> =
        lines.map(|line| HEXLOWER.decode(line.as_bytes()).unwrap()).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    for file in std::fs::read_dir(folder).unwrap() {
        inputs.insert(std::fs::read(file.unwrap().path()).unwrap());
    }
    let accepted = inputs.iter().filter(|input| core::step::<U>(input)).map(|input| input[0] & 7);
    assert_eq!(accepted.collect::<BTreeSet<_>>(), (0..8).collect());
}

/// Few edits, so that many of them are of fields.
fn generated<U: Use>(inputs: usize) {
    let mut rng = support::rng(80);
    for index in 0..inputs {
        let mut input = vec![0; 1 + 4 * (index % 4)];
        rng.fill_bytes(&mut input);
        core::step::<U>(&input);
    }
}

#[test]
fn the_corpus_in_the_native_use() {
    corpus::<Ristretto>("smp_ristretto");
}

#[test]
fn the_corpus_in_otr_version_3() {
    corpus::<Modp1536>("smp_modp1536");
}

#[test]
fn the_corpus_in_otr_version_4() {
    corpus::<Ed448>("smp_ed448");
}

#[test]
fn generated_inputs_in_the_native_use() {
    generated::<Ristretto>(1000);
}

#[test]
fn generated_inputs_in_otr_version_3() {
    generated::<Modp1536>(40);
}

#[test]
fn generated_inputs_in_otr_version_4() {
    generated::<Ed448>(200);
}
