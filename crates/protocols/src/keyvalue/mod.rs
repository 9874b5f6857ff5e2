//! Stores of keys and values.

pub mod couchbase;
pub mod memcached;
mod packet;
pub mod redis;
pub mod zookeeper;
