//! Protocols that find things by their names.

pub mod dns;
