//! Protocols of document and graph databases.

pub mod mongodb;
pub mod neo4j;
