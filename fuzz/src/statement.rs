//! Any text as a statement.
#![no_main]

use libfuzzer_sys::fuzz_target;
use statements::tables::tables;

fuzz_target!(|text: &str| {
    let names = tables(text).iter().map(|name| name.len()).sum::<usize>();
    assert!(names <= text.len() * 2, "names longer than their text");
});
