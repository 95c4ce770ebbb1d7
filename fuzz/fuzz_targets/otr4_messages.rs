#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    undertone_fuzz::tell(undertone_fuzz::otr4::messages(data) > 0);
});
