//! Milvus over gRPC: what its own client says that it asked and got is what is shown.

use serde::Deserialize;
use serde_json::Value;

use crate::support::access::Access;
use crate::support::clients::{Wheel, truth_of};
use crate::support::ground::ground;
use crate::support::process::{Running, free_port};
use crate::support::watch::Watch;

/// What the client says of one call.
#[derive(Debug, Deserialize)]
struct Called {
    pid: u32,
    operation: String,
    rows: Option<u64>,
    affected: Option<u64>,
    error: Option<String>,
    details: Value,
}

/// What the client asks of its own accord.
const OWN: [&str; 6] = [
    "connect",
    "create_index",
    "describe_index",
    "load_collection",
    "get_loading_progress",
    "describe_collection",
];

#[test]
fn calls_are_shown_as_they_were() {
    let Some(ground) = ground("Milvus", &["python3"]) else { return };
    let Some(wheel) = Wheel::of("Milvus", "milvus") else { return };
    let port = free_port();
    let watch = Watch::ports(&[port]);
    let mut server = wheel.module("milvus_lite");
    server.args(["server", "--host", "127.0.0.1", "--port", &port.to_string(), "--data-dir"]);
    let mut server = Running::start(server.arg(ground.folder.path().join("milvus"))).after_line();
    let called: Vec<Called> = truth_of(wheel.python("milvus_client.py").arg(port.to_string()));
    let mut seen = watch.end();
    seen.accesses.sort_by_key(Access::at);
    for access in &seen.accesses {
        assert_eq!(access.layer, "plain", "{access:#?}");
        assert_eq!((access.client_pid(), access.server_pid()), (called[0].pid, server.pid()), "{access:#?}");
        assert!(access.complete.ok, "{access:#?}");
    }
    // Clocks that this server has not are asked for in vain, by a call that has no meaning for the store.
    seen.accesses.retain(|access| access.protocol == "milvus" && !OWN.contains(&access.operation.as_str()));
    assert_eq!(seen.accesses.len(), called.len(), "{seen:#?}");
    seen.accesses.iter().zip(&called).for_each(|(access, called)| assert_call(access, called));
    server.stop();
}

fn assert_call(access: &Access, called: &Called) {
    assert_eq!(access.operation, called.operation, "{access:#?}");
    assert_eq!(access.targets, ["people"], "{access:#?}");
    assert_eq!((access.rows, access.affected), (called.rows, called.affected), "{access:#?}");
    assert_eq!(access.error.as_ref().map(|error| &error.code), called.error.as_ref(), "{access:#?}");
    for (name, value) in called.details.as_object().unwrap() {
        assert_eq!(&access.details["vector"][name], value, "{access:#?}");
    }
}
