//! Where accesses go.
#![forbid(unsafe_code)]

mod columns;
pub mod console;
mod details;
mod escape;
mod head;
mod json;
pub mod jsonl;
pub mod pcapng;
pub mod sink;
