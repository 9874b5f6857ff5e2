//! Protocols of document databases.

pub mod mongodb;
