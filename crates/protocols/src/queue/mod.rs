//! Queues and logs: messages that are published to names, and delivered to who asked for them.

pub mod amqp;
pub mod amqp10;
mod greeting;
pub mod kafka;
pub(crate) mod message;
pub mod mqtt;
pub mod nats;
pub mod openwire;
pub mod pulsar;
pub mod rocketmq;
mod sides;
pub mod stomp;
