//! What every protocol is built with: the contracts, one reader, one pairing, one conversation.

pub mod chain;
pub mod conversation;
pub mod desk;
mod ear;
pub mod eight;
pub mod half;
pub mod identity;
pub mod lines;
pub mod lz4;
pub mod machine;
mod named;
pub mod pairing;
pub mod protobuf;
pub mod protocol;
pub mod queue;
pub mod reader;
mod repetition;
pub mod sasl;
pub mod snappy;
pub mod text;
pub mod transcript;
mod turns;
