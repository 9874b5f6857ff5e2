//! Neo4j's driver: what it says that it asked and got of a real server is what is shown.

use crate::support::clients::{Asked, Wheel, truth_of};
use crate::support::ground::{Ground, ground};
use crate::support::process::{Lines, Running, free_port, program};
use crate::support::watch::Watch;

#[test]
fn statements_are_shown_as_the_driver_tells() {
    let Some(ground) = ground("neo4j", &[]) else { return };
    let Some(wheel) = Wheel::of("neo4j", "neo4j") else { return };
    let (mut server, port, _log) = start(&ground, &wheel);
    let watch = Watch::ports(&[port]);
    let mut client = wheel.python("neo4j_client.py");
    let asked: Vec<Asked> = truth_of(client.args([&port.to_string(), "everything"]));
    let seen = watch.end();
    let server_pid = server.pid();
    server.stop();
    assert_eq!(asked.len(), 90, "{asked:#?}");
    // Transactions and log-ins are the driver's own.
    let shown: Vec<_> = seen
        .accesses
        .iter()
        .filter(|access| asked.iter().any(|asked| Some(&asked.statement) == access.statement.as_ref()))
        .collect();
    let told: Vec<_> = shown.iter().map(|access| access.statement.as_deref().unwrap()).collect();
    let wanted: Vec<_> = asked.iter().map(|asked| asked.statement.as_str()).collect();
    assert_eq!(told, wanted);
    for (asked, access) in asked.iter().zip(&shown) {
        assert_eq!((&*access.protocol, &*access.layer), ("neo4j", "plain"), "{access:#?}");
        assert!(access.complete.ok, "{access:#?}");
        assert_eq!(access.rows, asked.rows, "{access:#?}");
        assert_eq!(access.error.as_ref().map(|error| error.code.clone()), asked.error, "{access:#?}");
        let mut parameters: Vec<_> = access.parameters.iter().flatten().cloned().collect();
        parameters.sort();
        assert_eq!(parameters, asked.parameters, "{access:#?}");
        let session = access.session.as_ref().unwrap();
        let who = (session.user.as_deref(), session.database.as_deref());
        assert_eq!(who, (Some("root"), Some("shop")), "{access:#?}");
        assert_eq!((access.client_pid(), access.server_pid()), (asked.pid, server_pid), "{access:#?}");
    }
    let of = |operation: &str| seen.accesses.iter().filter(|access| access.operation == operation).count();
    assert_eq!([of("BEGIN"), of("COMMIT"), of("ROLLBACK")], [20, 10, 10]);
    let all = format!("{:?}", seen.accesses);
    assert!(!all.contains("tulip123") && !all.contains("hunter2"));
}

/// Starts ArcadeDB in the ground's folder, and waits until it serves.
fn start(ground: &Ground, wheel: &Wheel) -> (Running, u16, Lines) {
    let port = free_port();
    let mut java = program(wheel.file("arcadedb_embedded/jre/bin/java").to_str().unwrap());
    java.current_dir(ground.folder.path()).args(["-Xmx512m", "-cp"]);
    java.arg(wheel.file("arcadedb_embedded/jars/*")).args([
        "-Darcadedb.server.rootPassword=tulip123",
        "-Darcadedb.server.plugins=Bolt:com.arcadedb.bolt.BoltProtocolPlugin",
        "-Darcadedb.bolt.host=127.0.0.1",
        "-Darcadedb.server.httpIncomingHost=127.0.0.1",
        "-Darcadedb.server.defaultDatabases=shop[root]",
    ]);
    java.arg(format!("-Darcadedb.bolt.port={port}"));
    java.arg(format!("-Darcadedb.server.httpIncomingPort={}", free_port()));
    java.arg("com.arcadedb.server.ArcadeDBServer");
    let mut server = Running::start(&mut java);
    let log = Lines::of(server.0.stderr.take().unwrap());
    log.until("Server started");
    (server, port, log)
}
