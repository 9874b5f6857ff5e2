//! OpenWire, which ActiveMQ's clients and brokers speak: <https://activemq.apache.org/components/classic/documentation/openwire-version-2-specification>,
//! and for what came after version 2 the marshallers of ActiveMQ, which are all the specification that there is.
//!
//! | the wire says | the house hears |
//! |---|---|
//! | `WireFormatInfo` of both sides | how all that follows is written; what the programs call themselves |
//! | `ConnectionInfo` | a log-in; its user is the session's, its password is not told |
//! | a command that wants a response | a request by its name, with its destination; answered by the response to its number |
//! | a command that wants none | oneway |
//! | the same by the broker | the same, with the detail `from` = `server` |
//! | a message, by itself or dispatched | its body as a parameter, its properties as a detail, credentials masked |
//! | `ExceptionResponse` | an error by the class of its exception |
//! | `KeepAliveInfo`, `BrokerInfo`, `ConnectionControl`, `ProducerAck` | nothing |
//!
//! Destinations and ids that were cached before the watching began, or in lost bytes, are unknown, and a command that is
//! about one has no statement. Without lengths before its commands (`SizePrefixDisabled`) it is not read.

mod answered;
mod asked;
mod command;
mod fields;
mod format;
mod map;
mod message;
mod session;
mod wire;

use model::event::Joined;

use crate::kit::protocol::{Guess, Opening, Protocol, Session};

/// The protocol.
pub static OPENWIRE: &dyn Protocol = &OpenWire;

#[derive(Debug)]
struct OpenWire;

impl Protocol for OpenWire {
    fn name(&self) -> &'static str {
        "openwire"
    }

    fn ports(&self) -> &'static [u16] {
        &[61616, 61617]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        wire::recognise(opening)
    }

    fn open(&self, _: Joined) -> Box<dyn Session> {
        Box::<session::OpenWire>::default()
    }
}
