//! Accesses: an exchange with who, where and what it means; the product's unit.

use std::sync::Arc;

use crate::conn::{ConnId, Layer, Paired};
use crate::event::Opened;
use crate::exchange::{Exchange, Text};
use crate::process::Process;

/// An exchange with who made it and where.
#[derive(Clone, Debug)]
pub struct Access {
    /// The connection it was made on.
    pub conn: ConnId,
    /// Where the connection's ends are.
    pub opened: Arc<Opened>,
    /// Who holds the observed end: who asked, unless the role is [`Role::Server`](crate::conn::Role); `None` in a
    /// packet capture.
    pub actor: Option<Arc<Process>>,
    /// Who answered, when both ends are on this host.
    pub peer: Option<Arc<Process>>,
    /// Where its bytes were read.
    pub layer: Layer,
    /// How sure the socket under the TLS session is; `None` without TLS.
    pub paired: Option<Paired>,
    /// The server's name, as the client said it when it began TLS, or as it was told of the server's address.
    pub server_name: Option<Text>,
    /// What was asked and answered; it stays where it was built, however often the access moves.
    pub exchange: Box<Exchange>,
}
