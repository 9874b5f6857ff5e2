//! Stores of keys and values.

pub mod memcached;
pub mod redis;
