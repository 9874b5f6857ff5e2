//! AMQP 0-9-1, as RabbitMQ speaks it: <https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf>.
//!
//! | the wire says | the house hears |
//! |---|---|
//! | `connection.start` ... `start-ok` ... `tune` | a request: mechanism and user, the rest masked; the server's version; the client's name |
//! | `connection.open` | a request: the virtual host is the session's database |
//! | a method and its `-ok` | a request and its response, by channel: names as targets, flags as details |
//! | a method with `nowait` | oneway |
//! | `basic.publish` and the frames behind it | oneway, or, where the server confirms, a request: exchange and routing key as targets; body as parameter |
//! | `basic.ack`, `basic.nack` of the server | the responses to what was published; `nack` is an error |
//! | `basic.deliver`, `basic.return` | oneway, with the detail `from` = `server`; what comes back has its error |
//! | `basic.get` ... `get-ok`, `get-empty` | a request: the message as row |
//! | `basic.ack`, `nack`, `reject` of the client | oneway |
//! | `channel.close`, `connection.close` of the server | the error of what waits there, or oneway |
//! | a header's properties | details; headers as one, credentials masked |
//! | heartbeats | nothing |

mod arguments;
mod channel;
mod content;
mod heard;
mod login;
mod methods;
mod recognition;
mod session;
mod wire;

use model::event::Joined;

use crate::kit::protocol::{Guess, Opening, Protocol, Session};

/// The protocol.
pub static AMQP: &dyn Protocol = &Amqp;

#[derive(Debug)]
struct Amqp;

impl Protocol for Amqp {
    fn name(&self) -> &'static str {
        "amqp"
    }

    fn ports(&self) -> &'static [u16] {
        &[5672, 5671]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        recognition::recognise(opening)
    }

    fn open(&self, joined: Joined) -> Box<dyn Session> {
        Box::new(session::Amqp::new(joined))
    }
}
