#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    undertone_fuzz::tell(undertone_fuzz::wire::cells(data) > 0);
});
