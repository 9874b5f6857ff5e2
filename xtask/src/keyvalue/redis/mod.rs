//! What clients say to Redis.

use super::{Client, Scenario, Store};

/// Redis, with its commands for testing, and its copies sent at once.
pub(super) const STORE: Store = Store {
    protocol: "redis",
    fixtures: "crates/protocols/src/keyvalue/redis/fixtures",
    server: &[
        "redis-server",
        "--port",
        "PORT",
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--enable-debug-command",
        "yes",
        "--repl-diskless-sync-delay",
        "0",
    ],
    files: &[],
    called: ["Redis", "redis-server", "--version"],
    scenarios: SCENARIOS,
};

const fn lines(name: &'static str, protocol: &'static str, lines: &'static str) -> Scenario {
    let script = [include_str!("lines.py"), "redis"];
    Scenario { name, client: Client::Lines(script, protocol, lines), connection: 0 }
}

const fn python(name: &'static str, script: &'static str, module: &'static str) -> Scenario {
    Scenario { name, client: Client::Python(script, module), connection: 0 }
}

const SCENARIOS: &[Scenario] = &[
    lines("simple", "2", include_str!("simple.txt")),
    lines("resp3", "3", include_str!("resp3.txt")),
    lines("credentials", "2", include_str!("credentials.txt")),
    lines("scripts", "2", include_str!("scripts.txt")),
    python("transactions", include_str!("transactions.py"), "redis"),
    python("pipelined", include_str!("pipelined.py"), "redis"),
    python("subscriber", include_str!("subscriber.py"), "redis"),
    python("subscriber_resp3", include_str!("subscriber_resp3.py"), "redis"),
    python("monitor", include_str!("monitor.py"), "socket"),
    python("blocking", include_str!("blocking.py"), "redis"),
    python("long", include_str!("long.py"), "redis"),
    python("typed", include_str!("typed.py"), "socket"),
    python("reply_off", include_str!("reply_off.py"), "socket"),
    python("replica", include_str!("replica.py"), "socket"),
];
