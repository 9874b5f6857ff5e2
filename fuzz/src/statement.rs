//! Any text as a statement.
#![no_main]

use libfuzzer_sys::fuzz_target;
use statements::tables::{Names, tables};

fuzz_target!(|text: &str| {
    let names = tables(text, &mut Names::default()).iter().map(|name| name.len()).sum::<usize>();
    assert!(names <= text.len() * 2, "names longer than their text");
});
