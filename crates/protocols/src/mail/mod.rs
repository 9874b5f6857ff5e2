//! Mail, and what its protocols share: bodies that end with a dot, the fields of a message, log-ins in lines.

pub mod imap;
pub mod pop3;
pub mod smtp;

mod auth;
mod dotted;
mod fields;
