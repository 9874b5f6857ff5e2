//! What clients say to RabbitMQ.

use crate::keyvalue::{Client, Scenario, Store};
use crate::queue::{RABBITMQ, RABBITMQ_START};

/// RabbitMQ as it is, with a user.
pub(super) const STORE: Store = Store {
    protocol: "amqp",
    fixtures: "crates/protocols/src/queue/amqp/fixtures",
    server: &["sh", "start.sh"],
    files: &[
        ("start.sh", RABBITMQ_START),
        ("rabbitmq.conf", include_str!("rabbitmq.conf")),
        ("enabled_plugins", include_str!("enabled_plugins")),
    ],
    called: RABBITMQ,
    scenarios: SCENARIOS,
};

const fn pika(name: &'static str, script: &'static str) -> Scenario {
    Scenario { name, client: Client::Python(script, "pika"), connection: 0 }
}

const SCENARIOS: &[Scenario] = &[
    pika("session", include_str!("session.py")),
    pika("long", include_str!("long.py")),
    pika("confirms", include_str!("confirms.py")),
    pika("refused", include_str!("refused.py")),
    pika("missing", include_str!("missing.py")),
    pika("transactions", include_str!("transactions.py")),
];
