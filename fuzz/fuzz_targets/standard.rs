#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| reseller_hooks_parsers::standard(input));
