//! HTTP and what is like it.

pub mod grpc;
pub mod http1;
pub mod http2;

mod content;
pub(crate) mod credentials;
mod fields;
mod head;
mod identity;
mod mask;
mod parts;
