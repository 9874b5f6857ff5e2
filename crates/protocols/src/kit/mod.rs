//! What every protocol is built with: the contracts, one reader, one pairing, one conversation.

pub mod conversation;
mod half;
pub mod pairing;
pub mod protocol;
pub mod queue;
pub mod reader;
pub mod transcript;
