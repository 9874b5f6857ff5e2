//! Where accesses go.
#![forbid(unsafe_code)]

pub mod console;
mod head;
mod json;
pub mod jsonl;
pub mod sink;
