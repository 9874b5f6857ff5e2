//! Records fixtures of the queues.

mod amqp;
mod amqp10;
mod mqtt;
mod nats;
mod openwire;
mod stomp;

use crate::Outcome;
use crate::keyvalue::record;
use crate::options::Options;

/// What RabbitMQ is called, and what tells its version.
const RABBITMQ: [&str; 3] = ["RabbitMQ", "ls", "/usr/lib/rabbitmq/lib"];
const RABBITMQ_START: &str = include_str!("amqp/start.sh");
/// What ActiveMQ is called, and what tells its version.
const ACTIVEMQ: [&str; 3] = ["ActiveMQ", "ls", "/usr/share/maven-repo/org/apache/activemq/activemq-broker"];
const ACTIVEMQ_START: &str = include_str!("activemq/start.sh");

/// Records AMQP 0-9-1.
pub(crate) fn amqp(options: &Options) -> Outcome<()> {
    record(&amqp::STORE, options)
}

/// Records AMQP 1.0.
pub(crate) fn amqp10(options: &Options) -> Outcome<()> {
    record(&amqp10::STORE, options)
}

/// Records MQTT.
pub(crate) fn mqtt(options: &Options) -> Outcome<()> {
    record(&mqtt::STORE, options)
}

/// Records NATS.
pub(crate) fn nats(options: &Options) -> Outcome<()> {
    record(&nats::STORE, options)
}

/// Records OpenWire.
pub(crate) fn openwire(options: &Options) -> Outcome<()> {
    record(&openwire::STORE, options)
}

/// Records STOMP.
pub(crate) fn stomp(options: &Options) -> Outcome<()> {
    record(&stomp::RABBITMQ_STORE, options)?;
    record(&stomp::ACTIVEMQ_STORE, options)
}
