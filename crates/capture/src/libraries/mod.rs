//! TLS libraries: which are mapped by whom, and where their functions stand.

pub mod plan;
