//! What web servers say to programs by FastCGI: nginx to PHP's server, cgi-fcgi to a script, records by hand to flup.

use crate::keyvalue::{Client, Scenario, Store};

const FIXTURES: &str = "crates/protocols/src/web/fastcgi/fixtures";

/// PHP's server, a server that runs scripts, and one of Python's.
pub(super) const STORES: [Store; 3] = [
    Store {
        protocol: "fastcgi",
        fixtures: FIXTURES,
        server: &["sh", "start.sh"],
        files: &[
            ("start.sh", include_str!("start.sh")),
            ("php-fpm.conf", include_str!("php-fpm.conf")),
            ("shop.php", include_str!("shop.php")),
        ],
        called: ["PHP-FPM", "ls", "/etc/php"],
        scenarios: &[
            nginx("nginx", "keep", 0),
            nginx("closing", "close", 0),
            client("values", include_str!("values.py"), 0),
        ],
    },
    Store {
        protocol: "fastcgi",
        fixtures: FIXTURES,
        server: &["fcgiwrap", "-f", "-s", "tcp:127.0.0.1:PORT"],
        files: &[("script.sh", include_str!("script.sh"))],
        called: ["fcgiwrap", "perl", "-eprint `dpkg-query -W fcgiwrap`"],
        scenarios: &[
            client("wrapped", include_str!("wrapped.py"), 0),
            client("no_script", include_str!("wrapped.py"), 1),
        ],
    },
    Store {
        protocol: "fastcgi",
        fixtures: FIXTURES,
        server: &["/usr/bin/python3", "server.py", "PORT"],
        files: &[("server.py", include_str!("flup_server.py"))],
        called: [
            "flup",
            "/usr/bin/python3",
            "-cfrom importlib.metadata import version; print(version('flup'))",
        ],
        scenarios: &[client("by_hand", include_str!("by_hand.py"), 0)],
    },
];

const fn client(name: &'static str, script: &'static str, connection: usize) -> Scenario {
    Scenario { name, client: Client::Python(script, "socket"), connection }
}

const fn nginx(name: &'static str, says: &'static str, connection: usize) -> Scenario {
    let script = include_str!("nginx.py");
    Scenario { name, client: Client::Lines([script, "nginx"], "", says), connection }
}
