//! Files that are fetched and stored.

pub mod ftp;
