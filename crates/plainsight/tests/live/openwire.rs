//! ActiveMQ's own client before its broker, in each way in which OpenWire is written: what the client says that it did is
//! what is shown.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use crate::support::access::Access;
use crate::support::clients::truth_of;
use crate::support::ground::{Ground, ground, skip};
use crate::support::process::{Lines, Running, free_port, program, until};
use crate::support::watch::Watch;

/// Where Debian has the broker and its client.
const JARS: &str = "/usr/share/activemq/lib";
/// Messages that are sent, and as many that come.
const ROUNDS: usize = 30;

/// What the client says of one thing that it did.
#[derive(Debug, Deserialize)]
struct Did {
    pid: u32,
    operation: String,
    body: Option<String>,
    outcome: String,
}

/// A broker of the test's own.
struct ActiveMq {
    port: u16,
    running: Running,
    /// Kept, or it would wait for somebody to read it.
    _log: Lines,
}

impl ActiveMq {
    fn start(ground: &Ground) -> ActiveMq {
        let port = free_port();
        let folder = ground.folder.path();
        let settings = include_str!("../../../../xtask/src/queue/activemq/activemq.xml");
        fs::write(folder.join("activemq.xml"), settings.replace("PORT", &port.to_string())).unwrap();
        let start = include_str!("../../../../xtask/src/queue/activemq/start.sh");
        let mut running = Running::start(program("sh").current_dir(folder).args(["-c", start, "sh", "tcp"]));
        let log = Lines::of(running.0.stderr.take().unwrap());
        until("the broker takes connections", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        ActiveMq { port, running, _log: log }
    }
}

impl Drop for ActiveMq {
    fn drop(&mut self) {
        self.running.stop();
    }
}

#[test]
fn what_a_client_of_activemq_did_is_shown_however_it_is_written() {
    let Some(ground) = ground("openwire", &["java", "sh"]) else { return };
    if !Path::new(JARS).is_dir() {
        return skip("openwire", "needs activemq (`.ci/packages test`)");
    }
    let broker = ActiveMq::start(&ground);
    for options in [
        "",
        "?wireFormat.tightEncodingEnabled=false",
        "?wireFormat.cacheEnabled=false",
        "?wireFormat.tightEncodingEnabled=false&wireFormat.cacheEnabled=false",
        "?wireFormat.version=5",
    ] {
        let watch = Watch::ports(&[broker.port]);
        let client = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/clients/QueueCalls.java");
        let mut java = Command::new("java");
        java.args(["-cp", &format!("{JARS}/*")]).arg(client);
        let url = format!("tcp://127.0.0.1:{}{options}", broker.port);
        let did: Vec<Did> = truth_of(java.args([&url, &ROUNDS.to_string()]));
        let seen = watch.end();
        compare(&did, &seen.accesses, broker.running.pid(), options);
    }
}

/// What the client did, and what was shown of it in this order.
fn compare(did: &[Did], shown: &[Access], broker: u32, options: &str) {
    let operations = ["ActiveMQTextMessage", "MessageDispatch"];
    let about = |access: &&Access| {
        // Brokers' advice to clients is dispatched too.
        let told = operations.contains(&&*access.operation) && access.targets == ["queue://ORDERS"];
        told || access.operation == "RemoveSubscriptionInfo"
    };
    let told: Vec<&Access> = shown.iter().filter(about).collect();
    assert_eq!(told.len(), did.len(), "{options}: {shown:#?}");
    for operation in ["ActiveMQTextMessage", "MessageDispatch", "RemoveSubscriptionInfo"] {
        let did = did.iter().filter(|did| did.operation == operation);
        let told = told.iter().filter(|access| access.operation == operation);
        for (did, access) in did.zip(told) {
            let body = access.parameters.first().cloned().flatten();
            assert_eq!((&body, &access.outcome), (&did.body, &did.outcome), "{options}: {access:#?}");
            assert_eq!(
                (access.client_pid(), access.server_pid()),
                (did.pid, broker),
                "{options}: {access:#?}"
            );
            assert_eq!((&*access.protocol, access.complete.ok), ("openwire", true), "{options}: {access:#?}");
            let session = access.session.as_ref().unwrap_or_else(|| panic!("{options}: nobody: {access:#?}"));
            assert_eq!(session.user.as_deref(), Some("ada"), "{options}: {access:#?}");
        }
    }
    assert!(shown.iter().all(|access| access.protocol == "openwire"), "{options}: {shown:#?}");
    let refused = told.iter().filter_map(|access| access.error.as_ref()).map(|error| &*error.code);
    assert_eq!(refused.collect::<Vec<_>>(), ["javax.jms.InvalidDestinationException"], "{options}");
    let told = format!("{shown:?}");
    assert!(!told.contains("hunter2") && !told.contains("tulip-cleartext"), "{options}");
}
