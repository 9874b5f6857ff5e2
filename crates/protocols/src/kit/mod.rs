//! What every protocol is built with: the contracts, one reader, one pairing, one conversation.

pub mod conversation;
pub mod pairing;
pub mod protocol;
pub mod reader;
pub mod transcript;
