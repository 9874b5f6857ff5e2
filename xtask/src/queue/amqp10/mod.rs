//! What clients say to RabbitMQ by AMQP 1.0.

use crate::keyvalue::{Client, Scenario, Store};
use crate::queue::{RABBITMQ, RABBITMQ_START};

/// RabbitMQ with its plug-in, and a user.
pub(super) const STORE: Store = Store {
    protocol: "amqp1",
    fixtures: "crates/protocols/src/queue/amqp10/fixtures",
    server: &["sh", "start.sh"],
    files: &[
        ("start.sh", RABBITMQ_START),
        ("rabbitmq.conf", include_str!("../amqp/rabbitmq.conf")),
        ("enabled_plugins", "[rabbitmq_amqp1_0].\n"),
    ],
    called: RABBITMQ,
    scenarios: &[
        proton("session", include_str!("session.py")),
        proton("settled", include_str!("settled.py")),
        proton("refused", include_str!("refused.py")),
        proton("missing", include_str!("missing.py")),
        proton("long", include_str!("long.py")),
    ],
};

const fn proton(name: &'static str, script: &'static str) -> Scenario {
    Scenario { name, client: Client::Python(script, "proton"), connection: 0 }
}
