//! Relational databases.

mod columns;
mod digits;
mod identified;
pub mod mysql;
mod names;
pub mod postgres;
mod said;
mod secrets;
mod verb;
