//! What clients say to RabbitMQ and to ActiveMQ by STOMP.

use crate::keyvalue::{Client, Scenario, Store};
use crate::queue::{ACTIVEMQ, ACTIVEMQ_START, RABBITMQ, RABBITMQ_START};

const FIXTURES: &str = "crates/protocols/src/queue/stomp/fixtures";

/// RabbitMQ with its plug-in, and a user.
pub(super) const RABBITMQ_STORE: Store = Store {
    protocol: "stomp",
    fixtures: FIXTURES,
    server: &["sh", "start.sh"],
    files: &[
        ("start.sh", RABBITMQ_START),
        ("rabbitmq.conf", include_str!("rabbitmq.conf")),
        ("enabled_plugins", include_str!("enabled_plugins")),
    ],
    called: RABBITMQ,
    scenarios: &[
        client("session", SESSION),
        client(
            "session_v11",
            concat!("VERSION = 11\n", include_str!("heard.py"), include_str!("session.py")),
        ),
        client("session_v10", concat!(include_str!("heard.py"), include_str!("session_v10.py"))),
        client("refused", include_str!("refused.py")),
        raw("by_hand", include_str!("by_hand.py")),
        raw("long", include_str!("long.py")),
        raw("no_destination", ERRORS),
        Scenario { connection: 1, ..raw("nowhere", ERRORS) },
        Scenario { connection: 2, ..raw("not_delivered", ERRORS) },
    ],
};

/// ActiveMQ, with a user.
pub(super) const ACTIVEMQ_STORE: Store = Store {
    protocol: "stomp",
    fixtures: FIXTURES,
    server: &["sh", "start.sh", "stomp"],
    files: &[("start.sh", ACTIVEMQ_START), ("activemq.xml", include_str!("../activemq/activemq.xml"))],
    called: ACTIVEMQ,
    scenarios: &[
        client("activemq", SESSION),
        client("activemq_refused", include_str!("refused.py")),
        raw("activemq_no_destination", ERRORS),
        Scenario { connection: 2, ..raw("activemq_not_delivered", ERRORS) },
    ],
};

const SESSION: &str = concat!("VERSION = 12\n", include_str!("heard.py"), include_str!("session.py"));
const ERRORS: &str = include_str!("errors.py");

const fn client(name: &'static str, script: &'static str) -> Scenario {
    Scenario { name, client: Client::Python(script, "stomp.py"), connection: 0 }
}

const fn raw(name: &'static str, script: &'static str) -> Scenario {
    Scenario { name, client: Client::Python(script, "socket"), connection: 0 }
}
