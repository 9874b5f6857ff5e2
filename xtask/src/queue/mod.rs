//! Records fixtures of the queues.

mod amqp;
mod mqtt;
mod nats;

use crate::Outcome;
use crate::keyvalue::record;
use crate::options::Options;

/// Records AMQP 0-9-1.
pub(crate) fn amqp(options: &Options) -> Outcome<()> {
    record(&amqp::STORE, options)
}

/// Records MQTT.
pub(crate) fn mqtt(options: &Options) -> Outcome<()> {
    record(&mqtt::STORE, options)
}

/// Records NATS.
pub(crate) fn nats(options: &Options) -> Outcome<()> {
    record(&nats::STORE, options)
}
