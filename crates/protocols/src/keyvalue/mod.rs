//! Stores of keys and values.

pub mod redis;
