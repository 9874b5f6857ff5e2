//! Relational databases.

mod columns;
mod digits;
mod identified;
pub mod mysql;
mod names;
pub mod postgres;
mod said;
pub(crate) mod secrets;
pub(crate) mod verb;
