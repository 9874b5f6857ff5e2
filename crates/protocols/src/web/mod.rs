//! HTTP and what is like it.
