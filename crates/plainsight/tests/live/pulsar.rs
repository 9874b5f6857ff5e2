//! Pulsar's client: what it says that it wrote and read is what is shown.

use std::process::Command;

use serde::Deserialize;

use crate::support::access::Access;
use crate::support::clients::{Wheel, truth_of};
use crate::support::ground::ground;
use crate::support::process::{Running, free_port, text_of, until};
use crate::support::watch::Watch;

/// What the client did.
#[derive(Debug, Deserialize)]
struct Did {
    pid: u32,
    operation: String,
    parameters: Vec<Option<String>>,
    rows: u64,
}

const TOPIC: &str = "persistent://public/default/goods";

#[test]
fn pulsar_is_shown_as_it_was() {
    let Some(ground) = ground("pulsar", &[]) else { return };
    let Some(wheel) = Wheel::of("pulsar", "pulsar") else { return };
    let port = free_port();
    let mut find = wheel.words("import pulsar_lite.binary_finder as it; print(it.find_pulsar_lite_binary())");
    let mut command = Command::new(text_of(&mut find).trim());
    command.args(["--log-level", "error", "--addr", &format!("127.0.0.1:{port}")]);
    let server = Running::start(command.arg("--db-path").arg(ground.folder.path()));
    until("somebody listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    let watch = Watch::ports(&[port]);
    let did: Vec<Did> = truth_of(wheel.python("pulsar_client.py").arg(format!("pulsar://127.0.0.1:{port}")));
    let seen = watch.end();
    for access in &seen.accesses {
        assert_eq!((&*access.protocol, &*access.layer), ("pulsar", "plain"), "{access:#?}");
        assert_eq!((access.client_pid(), access.server_pid()), (did[0].pid, server.pid()), "{access:#?}");
        assert!(access.complete.ok, "{access:#?}");
        let application = access.session.as_ref().and_then(|session| session.application.as_deref());
        assert!(application.is_some_and(|name| name.starts_with("Pulsar-CPP")), "{access:#?}");
    }
    for operation in ["Subscribe", "Producer", "Send", "Message"] {
        let done: Vec<_> = did.iter().filter(|did| did.operation == operation).collect();
        let shown: Vec<_> = seen.accesses.iter().filter(|access| access.operation == operation).collect();
        assert_eq!(done.len(), shown.len(), "{operation}: {done:#?}\n{shown:#?}");
        done.iter().zip(shown).for_each(|(did, access)| compare(did, access));
    }
    let acknowledged = seen.accesses.iter().filter(|access| access.operation == "Ack");
    assert!(acknowledged.clone().count() > 0);
    acknowledged.for_each(|access| assert_eq!(access.details["subscription"], "shop", "{access:#?}"));
}

fn compare(did: &Did, access: &Access) {
    assert_eq!(access.targets, [TOPIC], "{access:#?}");
    match did.operation.as_str() {
        "Send" => {
            assert_eq!((access.affected, &*access.outcome), (Some(did.rows), "ok"), "{access:#?}");
            assert_eq!(access.parameters, did.parameters, "{access:#?}");
        }
        "Message" => {
            assert_eq!((access.rows, &*access.outcome), (Some(did.rows), "oneway"), "{access:#?}");
            let cells: Vec<_> = access.samples.iter().flat_map(|sample| sample[..2].to_vec()).collect();
            assert_eq!(cells, did.parameters, "{access:#?}");
        }
        _ => assert_eq!(access.outcome, "ok", "{access:#?}"),
    }
}
