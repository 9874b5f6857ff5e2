//! Records fixtures of the queues.

mod mqtt;

use crate::Outcome;
use crate::keyvalue::record;
use crate::options::Options;

/// Records MQTT.
pub(crate) fn mqtt(options: &Options) -> Outcome<()> {
    record(&mqtt::STORE, options)
}
