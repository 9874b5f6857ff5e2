//! The nouns that every other room speaks in; they hold facts and do nothing.
#![forbid(unsafe_code)]

pub mod access;
pub mod conn;
pub mod details;
pub mod event;
pub mod exchange;
pub mod past;
pub mod places;
pub mod process;
pub mod row;
pub mod statement;
pub mod time;
