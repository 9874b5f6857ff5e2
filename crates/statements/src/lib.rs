//! What a statement's text says, whatever wire it came over.
#![forbid(unsafe_code)]

pub mod memory;
mod shapes;
pub mod tables;
pub mod tokens;
