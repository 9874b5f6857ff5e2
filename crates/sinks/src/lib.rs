//! Where accesses go.
#![forbid(unsafe_code)]

pub mod console;
pub mod jsonl;
pub mod sink;
