//! Where accesses go.
#![forbid(unsafe_code)]

pub mod console;
mod echo;
mod escape;
mod head;
mod json;
pub mod jsonl;
mod middle;
pub mod pcapng;
pub mod sink;
mod tail;
