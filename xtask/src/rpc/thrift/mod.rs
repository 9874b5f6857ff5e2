//! What Apache's own library of Thrift says: in frames and without, in both protocols and their older ways, with headers.

use crate::keyvalue::{Client, Scenario, Store};

const FIXTURES: &str = "crates/protocols/src/web/thrift/fixtures";
/// What is served, and the server.
const FILES: [(&str, &str); 2] = [
    ("thrift_shop.py", include_str!("../../../../crates/plainsight/tests/live/clients/thrift_shop.py")),
    ("thrift_server.py", include_str!("../../../../crates/plainsight/tests/live/clients/thrift_server.py")),
];
const CALLED: [&str; 3] =
    ["Thrift", "/usr/bin/python3", "-cfrom importlib.metadata import version; print(version('thrift'))"];

/// A server that tells framings and protocols apart, and one that speaks as they all did at first.
pub(super) const STORES: [Store; 2] = [
    Store {
        protocol: "thrift",
        fixtures: FIXTURES,
        server: &["/usr/bin/python3", "thrift_server.py", "PORT", "header"],
        files: &FILES,
        called: CALLED,
        scenarios: &[
            calls("framed_binary", "framed binary calls"),
            calls("framed_compact", "framed compact calls"),
            calls("bare_binary", "bare binary calls"),
            calls("bare_compact", "bare compact calls"),
            calls("numbered", "framed compact numbered"),
            calls("numbered_bare", "bare binary numbered"),
            calls("pipelined", "framed binary pipelined"),
            calls("services", "framed binary services"),
            calls("long_framed", "framed binary long"),
            calls("long_bare", "bare compact long"),
            calls("header_binary", "header binary headers"),
            calls("header_compact", "header compact headers"),
        ],
    },
    Store {
        protocol: "thrift",
        fixtures: FIXTURES,
        server: &["/usr/bin/python3", "thrift_server.py", "PORT", "old"],
        files: &FILES,
        called: CALLED,
        scenarios: &[calls("old_binary", "bare old calls"), calls("old_long", "bare old long")],
    },
];

const fn calls(name: &'static str, says: &'static str) -> Scenario {
    let script = concat!(
        include_str!("../../../../crates/plainsight/tests/live/clients/thrift_shop.py"),
        include_str!("calls.py")
    );
    Scenario { name, client: Client::Lines([script, "thrift"], "", says), connection: 0 }
}
