//! The messages whose fields are known, by what they are about.
//!
//! They follow the definitions at <https://github.com/apache/kafka/tree/trunk/clients/src/main/resources/common/message>.
//! Of what nobody asks for, the end is left out.

pub(super) mod cluster;
pub(super) mod groups;
pub(super) mod records;
pub(super) mod security;
pub(super) mod topics;
pub(super) mod transactions;
