//! HTTP and what is like it.

mod answer;
pub mod anthropic;
pub mod chroma;
pub mod clickhouse;
mod content;
pub(crate) mod credentials;
mod dialect;
pub mod elasticsearch;
pub mod etcd;
mod events;
mod fields;
pub mod gemini;
pub mod graphql;
pub mod grpc;
mod head;
pub mod http1;
pub mod http2;
mod identity;
pub mod influxdb;
mod json;
pub(crate) mod mask;
pub mod mcp;
pub mod openai;
mod parts;
mod prompt;
pub mod qdrant;
mod vectors;
