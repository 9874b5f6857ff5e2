//! Relational databases.

mod columns;
mod names;
pub mod postgres;
mod said;
mod secrets;
mod verb;
