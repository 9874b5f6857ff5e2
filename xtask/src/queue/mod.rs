//! Records fixtures of the queues.

mod mqtt;
mod nats;

use crate::Outcome;
use crate::keyvalue::record;
use crate::options::Options;

/// Records MQTT.
pub(crate) fn mqtt(options: &Options) -> Outcome<()> {
    record(&mqtt::STORE, options)
}

/// Records NATS.
pub(crate) fn nats(options: &Options) -> Outcome<()> {
    record(&nats::STORE, options)
}
