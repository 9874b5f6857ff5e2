//! HTTP and what is like it.

mod answer;
pub mod anthropic;
mod content;
pub(crate) mod credentials;
mod dialect;
mod events;
mod fields;
pub mod gemini;
pub mod graphql;
pub mod grpc;
mod head;
pub mod http1;
pub mod http2;
mod identity;
mod json;
pub(crate) mod mask;
pub mod mcp;
pub mod openai;
mod parts;
mod prompt;
