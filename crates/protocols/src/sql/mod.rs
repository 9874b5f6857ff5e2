//! Relational databases.

mod columns;
mod digits;
mod names;
pub mod postgres;
mod said;
mod secrets;
mod verb;
