//! What clients say to NATS.

use crate::keyvalue::{Client, Scenario, Store};

/// NATS with JetStream, and a user who may not do everything.
pub(super) const STORE: Store = Store {
    protocol: "nats",
    fixtures: "crates/protocols/src/queue/nats/fixtures",
    server: &["nats-server", "-c", "nats.conf"],
    files: &[("nats.conf", include_str!("nats.conf"))],
    called: ["nats-server", "nats-server", "--version"],
    scenarios: SCENARIOS,
};

const fn client(name: &'static str, script: &'static str) -> Scenario {
    Scenario { name, client: Client::Python(script, "nats-py"), connection: 0 }
}

const fn raw(name: &'static str, script: &'static str) -> Scenario {
    Scenario { name, client: Client::Python(script, "socket"), connection: 0 }
}

const SCENARIOS: &[Scenario] = &[
    client("messages", include_str!("messages.py")),
    client("requests", include_str!("requests.py")),
    Scenario { connection: 1, ..client("service", include_str!("requests.py")) },
    client("jetstream", include_str!("jetstream.py")),
    client("pulled", include_str!("pulled.py")),
    client("forbidden", include_str!("forbidden.py")),
    client("refused", include_str!("refused.py")),
    raw("verbose", include_str!("verbose.py")),
    raw("by_hand", include_str!("by_hand.py")),
];
