//! Directories.

pub mod ldap;
