//! Stores of keys and values.

pub mod memcached;
pub mod redis;
pub mod zookeeper;
