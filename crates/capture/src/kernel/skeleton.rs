//! The generated skeleton of the kernel side.
#![allow(
    unsafe_code,
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes,
    clippy::wildcard_imports,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    dead_code,
    reason = "generated"
)]

include!(concat!(env!("OUT_DIR"), "/watch.skel.rs"));
