//! What a provider of dubbo-py's and two clients for Python say; Java's own cannot be had everywhere.

use crate::keyvalue::{Client, Scenario, Store};

/// dubbo-py's provider.
pub(super) const STORE: Store = Store {
    protocol: "dubbo",
    fixtures: "crates/protocols/src/web/dubbo/fixtures",
    server: &["/usr/bin/python3", "server.py", "PORT"],
    files: &[("server.py", include_str!("server.py"))],
    called: [
        "dubbo-py",
        "/usr/bin/python3",
        "-cfrom importlib.metadata import version; print(version('dubbo-py'))",
    ],
    scenarios: &[
        Scenario { name: "kinds", client: Client::Python(include_str!("own.py"), "dubbo-py"), connection: 0 },
        Scenario {
            name: "calls",
            client: Client::Python(include_str!("ssl_client.py"), "dubbo-ssl-python"),
            connection: 0,
        },
    ],
};
