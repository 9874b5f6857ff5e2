//! Where events come from: the kernel, a packet capture, or a recording of our own.

pub mod host;
pub mod java;
pub mod kernel;
pub mod libraries;
pub mod replay;
pub mod source;
