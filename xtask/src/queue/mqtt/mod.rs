//! What clients say to Mosquitto.

use crate::keyvalue::{Client, Scenario, Store};

/// Mosquitto, with a user and rules for what he may do.
pub(super) const STORE: Store = Store {
    protocol: "mqtt",
    fixtures: "crates/protocols/src/queue/mqtt/fixtures",
    server: &["mosquitto", "-c", "mosquitto.conf"],
    files: &[
        ("mosquitto.conf", include_str!("mosquitto.conf")),
        ("passwords", include_str!("passwords")),
        ("rules", include_str!("rules")),
    ],
    called: ["Mosquitto", "mosquitto", "-h"],
    scenarios: SCENARIOS,
};

const fn paho(name: &'static str, version: &'static str, script: &'static str) -> Scenario {
    Scenario { name, client: Client::Lines([script, "paho-mqtt"], version, ""), connection: 0 }
}

const SESSION: &str = include_str!("session.py");
const REFUSED: &str = include_str!("refused.py");
const FORBIDDEN: &str = include_str!("forbidden.py");

const SCENARIOS: &[Scenario] = &[
    paho("session_v31", "3", SESSION),
    paho("session_v311", "4", SESSION),
    paho("session_v5", "5", SESSION),
    paho("refused_v311", "4", REFUSED),
    paho("refused_v5", "5", REFUSED),
    paho("forbidden_v311", "4", FORBIDDEN),
    paho("forbidden_v5", "5", FORBIDDEN),
    paho("aliases", "5", include_str!("aliases.py")),
    paho("long", "4", include_str!("long.py")),
    paho("nameless", "5", include_str!("nameless.py")),
];
