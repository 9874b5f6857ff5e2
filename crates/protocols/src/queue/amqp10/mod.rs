//! AMQP 1.0: <http://docs.oasis-open.org/amqp/core/v1.0/os/amqp-core-overview-v1.0-os.html>.
//!
//! | the wire says | the house hears |
//! |---|---|
//! | `sasl-init` ... `sasl-outcome` | a request: mechanism and user, proofs masked |
//! | `open`, `begin`, `attach`, `detach`, `end`, `close` of the client, and of the server | a request and its response; the address of a link as target |
//! | `transfer` of the client | a request, answered by the `disposition` that covers it; settled ones are oneway |
//! | `transfer` of the server | oneway, with the detail `from` = `server` |
//! | the sections of a message | properties as details, annotations and application's properties as headers, credentials masked; data or value as parameter |
//! | `disposition` of the client | oneway: what became of which deliveries |
//! | `rejected`, `released`, `modified` | an error of what was sent |
//! | `flow` of the client on a link | oneway: how many messages it wants |
//! | `detach`, `end`, `close` of the server with an error | the error of what waits there, or oneway |
//! | tokens for `$cbs` | masked |
//! | other flows, empty frames | nothing |
//!
//! What a link was called before the watching began, nobody says again: what comes on it has no target, and no statement.

mod asked;
mod heard;
mod links;
mod login;
mod messages;
mod performatives;
mod recognition;
mod session;
mod settled;
mod values;
mod wire;

use model::event::Joined;

use crate::kit::protocol::{Guess, Opening, Protocol, Session};

/// The protocol.
pub static AMQP: &dyn Protocol = &Amqp;

#[derive(Debug)]
struct Amqp;

impl Protocol for Amqp {
    fn name(&self) -> &'static str {
        "amqp1"
    }

    fn ports(&self) -> &'static [u16] {
        &[5672, 5671]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        recognition::recognise(opening)
    }

    fn open(&self, _: Joined) -> Box<dyn Session> {
        Box::<session::Amqp>::default()
    }
}
