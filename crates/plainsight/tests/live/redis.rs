//! Redis clients, in clear and over TLS: what `MONITOR` tells is what is shown.

use crate::support::access::Access;
use crate::support::clients::{python, python_has};
use crate::support::ground::{ground, skip};
use crate::support::process::Running;
use crate::support::stores::{REDIS, Redis, Told};
use crate::support::watch::Watch;

/// Connections of the client, one of which logs in.
const CONNECTIONS: usize = 8;
/// What each of them does so many times.
const ROUNDS: usize = 40;

#[test]
fn commands_in_clear_are_shown_as_monitor_tells_them() {
    commands_are_shown("plain");
}

#[test]
fn commands_over_tls_are_shown_as_monitor_tells_them() {
    commands_are_shown("tls");
}

fn commands_are_shown(layer: &str) {
    let Some(ground) = ground("redis", &REDIS) else { return };
    if !python_has("redis") {
        return skip("redis", "needs python3-redis (`.ci/packages test`)");
    }
    let server = Redis::start(&ground);
    let port = if layer == "tls" { server.tls } else { server.plain };
    let watch = Watch::ports(&[port]);
    let monitor = server.monitor();
    let mut client = python("redis_client.py");
    client.args([port.to_string(), layer.to_owned(), (CONNECTIONS - 1).to_string(), ROUNDS.to_string()]);
    let client = Running::start(&mut client);
    let pid = client.pid();
    client.end_well();
    let mut told = monitor.end();
    let seen = watch.end();
    let made: Vec<&Access> = seen.accesses.iter().filter(|access| access.client_pid() == pid).collect();
    for access in &made {
        assert_eq!((&*access.protocol, &*access.layer), ("redis", layer), "{access:#?}");
        assert_eq!(access.server_pid(), server.pid(), "{access:#?}");
        assert!(access.complete.ok && access.latency_us.is_some(), "{access:#?}");
        assert!(!access.statement.as_deref().unwrap().contains("hunter2"), "{access:#?}");
    }
    // What changes who may do what, the server does not tell; and of a log-in, not who it was.
    told.retain(|told| told.statement != "AUTH (redacted) (redacted)");
    let (hidden, mut shown): (Vec<&Access>, Vec<&Access>) =
        made.iter().partition(|access| matches!(&*access.operation, "AUTH" | "ACL SETUSER"));
    let mut hidden: Vec<_> = hidden.iter().map(|access| access.statement.as_deref().unwrap()).collect();
    // Its pipelines have connections of their own.
    hidden.dedup();
    assert_eq!(hidden, ["ACL SETUSER ada on >*** ~* +@all", "AUTH ada ***"]);
    shown.sort_by_key(|access| as_told(access));
    told.sort();
    let shown_as_told: Vec<_> = shown.iter().map(|access| as_told(access)).collect();
    assert_eq!(shown_as_told, told);
    // A round has seven calls, of which one is a transaction of four commands in every second round, and else two.
    let rounds = CONNECTIONS * ROUNDS;
    assert!(shown.len() >= rounds * 8 + rounds, "{} are too few", shown.len());
    for access in shown {
        assert_answer(access, layer);
    }
}

fn as_told(access: &Access) -> Told {
    let session = access.session.as_ref().unwrap_or_else(|| panic!("nobody: {access:#?}"));
    let database = match &*access.operation {
        // It is told from within the database that it selects.
        "SELECT" => access.statement.as_deref().unwrap().replace("SELECT ", ""),
        _ => session.database.clone().unwrap(),
    };
    Told { port: access.client.port.unwrap(), database, statement: access.statement.clone().unwrap() }
}

/// What the client's commands give, each in its place.
fn assert_answer(access: &Access, layer: &str) {
    let session = access.session.as_ref().unwrap();
    let key = access.targets.first().map(String::as_str).unwrap_or_default();
    let is_queued = access.details["transaction"] == "queued";
    let is_ours = key.starts_with(layer);
    let counts = match &*access.operation {
        "GET" => (Some(1), None),
        "HGETALL" => (Some(2), None),
        "HSET" => (None, Some(2)),
        "LRANGE" if !is_queued => (Some(3), None),
        "EXEC" => (Some(2), None),
        "DEL" => (None, Some(3)),
        _ => (None, None),
    };
    assert_eq!((access.rows, access.affected), counts, "{access:#?}");
    let fails = access.operation == "INCRBY";
    assert_eq!(access.outcome, if fails { "error" } else { "ok" }, "{access:#?}");
    assert_eq!(access.error.as_ref().map(|error| &*error.code), fails.then_some("ERR"), "{access:#?}");
    assert!(is_ours || access.targets.is_empty(), "{access:#?}");
    let wanted = if access.operation == "DEL" { 4 } else { 1 };
    assert_eq!(access.targets.len(), if is_ours { wanted } else { 0 }, "{access:#?}");
    let last = format!("{layer}:{}:", CONNECTIONS - 1);
    let user = key.starts_with(&last).then_some("ada");
    assert!(!is_ours || session.user.as_deref() == user, "{access:#?}");
    let number = key.split(':').nth(1);
    let named = number.filter(|_| user.is_none()).map(|number| format!("shop-{number}"));
    assert!(!is_ours || session.application == named, "{access:#?}");
}
