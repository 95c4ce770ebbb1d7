#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    undertone_fuzz::tell(undertone_fuzz::wire::forms(data) > 0);
});
