//! Relational databases.

pub(crate) mod calendar;
mod calls;
pub mod cassandra;
pub mod clickhouse;
mod columns;
mod digits;
pub mod drda;
mod identified;
mod logins;
pub mod mysql;
mod names;
pub mod postgres;
mod procedures;
mod said;
pub(crate) mod secrets;
pub mod tds;
mod utf16;
pub(crate) mod verb;
