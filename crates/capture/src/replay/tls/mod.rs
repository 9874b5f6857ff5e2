//! TLS inside a capture: recognised by its ClientHello, opened with the keys of a key log where it has them.

mod cipher;
mod hello;
pub(super) mod keylog;
mod messages;
mod records;
mod session;
mod suite;

pub(super) use hello::is_client_hello;
pub(super) use session::{Ear, Session};
