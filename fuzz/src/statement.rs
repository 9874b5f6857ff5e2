//! Any lines as statements: what is remembered of one and said of another is what reading that one says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use statements::memory::Memory;
use statements::tables::{Names, tables};

fuzz_target!(|text: &str| {
    let mut memory = Memory::default();
    let mut whole = text;
    // From the second on, each is likely to be of the shape of one before it, or to begin like it.
    for statement in text.split_inclusive('\n').chain([text]) {
        for statement in [statement, statement.trim_end(), whole] {
            let read = tables(statement, &mut Names::default());
            let names = read.iter().map(|name| name.len()).sum::<usize>();
            assert!(names <= statement.len() * 2, "names longer than their text");
            for time in ["first", "second"] {
                assert_eq!(memory.tables_of(statement), read, "another answer the {time} time");
            }
        }
        whole = whole.get(..whole.len() / 2).unwrap_or_default();
    }
});
