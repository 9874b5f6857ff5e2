//! Queues and logs of messages.

pub mod kafka;
