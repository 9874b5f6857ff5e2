//! From events to exchanges: connections are followed, their protocols recognised, their talk paired.
#![forbid(unsafe_code)]

pub mod account;
pub mod connection;
mod connections;
pub mod darkness;
mod hello;
pub mod ledger;
mod openings;
pub mod recognition;
mod slots;
pub mod stream;
pub mod talk;
pub mod tally;
pub mod tracker;
pub mod unknown;
