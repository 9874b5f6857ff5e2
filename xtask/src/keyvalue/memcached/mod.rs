//! What clients say to memcached.

use super::{Client, Scenario, Store};

/// memcached, over TCP.
pub(super) const STORE: Store = Store {
    protocol: "memcached",
    fixtures: "crates/protocols/src/keyvalue/memcached/fixtures",
    server: &["memcached", "-u", "root", "-l", "127.0.0.1", "-p", "PORT", "-U", "PORT"],
    files: &[],
    called: ["memcached", "memcached", "-V"],
    scenarios: SCENARIOS,
};

/// The same, to which clients say who they are before anything else.
pub(super) const GUARDED: Store = Store {
    server: &["memcached", "-u", "root", "-l", "127.0.0.1", "-p", "PORT", "-Y", "users"],
    files: &[("users", "ada:tulip-cleartext\n")],
    scenarios: &[python("login", include_str!("login.py"), "socket")],
    ..STORE
};

const fn python(name: &'static str, script: &'static str, module: &'static str) -> Scenario {
    Scenario { name, client: Client::Python(script, module), connection: 0 }
}

const SCENARIOS: &[Scenario] = &[
    python("text", include_str!("text.py"), "pymemcache"),
    python("raw", include_str!("raw.py"), "socket"),
    python("meta", include_str!("meta.py"), "socket"),
    python("binary", include_str!("binary.py"), "python-binary-memcached"),
];
