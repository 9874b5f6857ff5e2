//! Relational databases.

pub mod postgres;
