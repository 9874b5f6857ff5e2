//! MQTT 3.1, 3.1.1 and 5.0: <https://docs.oasis-open.org/mqtt/mqtt/v5.0/mqtt-v5.0.html>.
//!
//! | the wire says | the house hears |
//! |---|---|
//! | `CONNECT` ... `CONNACK` | a request: client and user, the password masked; the will's payload as parameter; a refusal is an error |
//! | `AUTH` | a part of the log-in, or a request of its own: method, data masked |
//! | `PUBLISH` with QoS 0 | oneway: topic as target, payload as parameter |
//! | `PUBLISH` ... `PUBACK`; `PUBREC`, `PUBREL`, `PUBCOMP` | a request and its response, by the packet's identifier |
//! | the same of the server | the same, with the detail `from` = `server`: who answers is the client |
//! | `SUBSCRIBE` ... `SUBACK`, `UNSUBSCRIBE` ... `UNSUBACK` | a request: filters as targets; its response: what was granted, how many |
//! | `PINGREQ` ... `PINGRESP` | a request and its response |
//! | `DISCONNECT` | oneway; of a server, with its error |
//! | a reason code from 128 on | an error, with what the other side says to explain it |
//! | a topic's alias | the topic, if it was heard when it was given |
//! | other properties | details by their names; user properties as one, credentials masked |
//!
//! A session's application is its client identifier.

mod connected;
mod properties;
mod published;
mod reasons;
mod recognition;
mod session;
mod subscribed;
mod wire;

use model::event::Joined;

use crate::kit::protocol::{Guess, Opening, Protocol, Session};

/// The protocol.
pub static MQTT: &dyn Protocol = &Mqtt;

#[derive(Debug)]
struct Mqtt;

impl Protocol for Mqtt {
    fn name(&self) -> &'static str {
        "mqtt"
    }

    fn ports(&self) -> &'static [u16] {
        &[1883, 8883]
    }

    fn recognise(&self, opening: &Opening<'_>) -> Guess {
        recognition::recognise(opening)
    }

    fn open(&self, _: Joined) -> Box<dyn Session> {
        Box::<session::Mqtt>::default()
    }
}
