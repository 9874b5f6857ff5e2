//! TLS libraries: which are mapped by whom, and where their functions stand.

mod decode;
mod elf;
pub mod plan;
pub mod resolve;
