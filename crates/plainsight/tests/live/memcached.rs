//! memcached clients, in clear and over TLS: what the server's own log says is what is shown.

use crate::support::access::Access;
use crate::support::clients::{python, python_has};
use crate::support::ground::{ground, skip};
use crate::support::process::Running;
use crate::support::stores::{MEMCACHED, Memcached};
use crate::support::watch::Watch;

/// Connections of the client.
const CONNECTIONS: usize = 4;
/// What each of them does so many times.
const ROUNDS: usize = 40;

#[test]
fn commands_in_clear_are_shown_as_the_server_logs_them() {
    commands_are_shown("plain");
}

#[test]
fn commands_over_tls_are_shown_as_the_server_logs_them() {
    commands_are_shown("tls");
}

fn commands_are_shown(layer: &str) {
    let Some(ground) = ground("memcached", &MEMCACHED) else { return };
    if !python_has("pymemcache") {
        return skip("memcached", "needs python3-pymemcache (`.ci/packages test`)");
    }
    let server = Memcached::start(&ground, layer);
    let server_pid = server.pid();
    let watch = Watch::ports(&[server.port]);
    let mut client = python("memcached_client.py");
    client.args([server.port.to_string(), layer.to_owned(), CONNECTIONS.to_string(), ROUNDS.to_string()]);
    let client = Running::start(&mut client);
    let pid = client.pid();
    client.end_well();
    let seen = watch.end();
    let mut logged = server.end();
    let mut shown: Vec<_> =
        seen.accesses.iter().map(|access| access.statement.clone().unwrap_or_default()).collect();
    logged.sort();
    shown.sort();
    assert_eq!(shown.len(), CONNECTIONS * ROUNDS * 9);
    assert_eq!(shown, logged);
    for access in &seen.accesses {
        assert_eq!((&*access.protocol, &*access.layer), ("memcached", layer), "{access:#?}");
        assert_eq!((access.client_pid(), access.server_pid()), (pid, server_pid), "{access:#?}");
        assert!(access.complete.ok, "{access:#?}");
        assert_answer(access);
    }
}

/// What the client's commands give, each in its place.
fn assert_answer(access: &Access) {
    let key = access.targets[0].as_str();
    let reply = &access.details["reply"];
    let is_silent = key.ends_with(":silent");
    assert_eq!(access.outcome, if is_silent { "oneway" } else { "ok" }, "{access:#?}");
    match &*access.operation {
        "set" if is_silent => assert_eq!(access.affected, None, "{access:#?}"),
        "set" => assert_eq!((access.affected, access.parameters.len()), (Some(1), 1), "{access:#?}"),
        "get" => assert_eq!(access.rows, Some(1), "{access:#?}"),
        "add" => assert_eq!((access.affected, reply.as_str()), (Some(0), Some("NOT_STORED")), "{access:#?}"),
        "incr" => assert_eq!((access.affected, reply.as_i64()), (Some(1), Some(42)), "{access:#?}"),
        "delete" => assert!(access.affected == Some(1) || reply == "NOT_FOUND", "{access:#?}"),
        operation => panic!("nobody asked for {operation}: {access:#?}"),
    }
}
