//! Each step of SMP in OTR version 4: a good message, edited (`crates/smp/tests/fuzzing/core.rs`).

#![no_main]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what breaks here is to be seen")]

#[path = "../../crates/smp/tests/fuzzing/core.rs"]
mod core;
#[expect(dead_code, unused_macros, unused_imports, reason = "tests need them")]
#[path = "../../crates/smp/tests/scenarios/support.rs"]
mod support;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    undertone_fuzz::tell(core::step::<undertone_smp::Ed448>(input));
});
