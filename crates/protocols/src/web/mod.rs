//! HTTP and what is like it.

pub mod http1;
