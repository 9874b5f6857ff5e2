//! HTTP and what is like it.

pub mod http1;

mod content;
mod credentials;
mod fields;
mod head;
mod identity;
mod mask;
mod parts;
