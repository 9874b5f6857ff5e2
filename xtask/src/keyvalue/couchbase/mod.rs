//! What Couchbase's own client says to what answers by the specification: no server of it is packaged.

use super::{Client, Scenario, Store};

/// Couchbase's data service.
pub(super) const STORE: Store = Store {
    protocol: "couchbase",
    fixtures: "crates/protocols/src/keyvalue/couchbase/fixtures",
    server: &["python3", "-c", include_str!("server.py"), "PORT"],
    files: &[],
    called: ["an answerer by the specification in Python", "python3", "--version"],
    scenarios: SCENARIOS,
};

/// The first connection learns of the cluster, the second is that of the bucket.
const fn python(name: &'static str, connection: usize, script: &'static str) -> Scenario {
    Scenario { name, client: Client::Python(script, "couchbase"), connection }
}

const SCENARIOS: &[Scenario] = &[
    python("documents", 1, include_str!("documents.py")),
    python("paths", 1, include_str!("paths.py")),
    python("refused", 0, include_str!("refused.py")),
];
