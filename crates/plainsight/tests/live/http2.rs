//! HTTP/2 and gRPC through the kernel: real clients with forty connections at once, compared with what they and the server say.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::support::access::Access;
use crate::support::clients::{python, python_has, truth_of};
use crate::support::ground::{Ground, ground, skip};
use crate::support::nginx::{Logged, Nginx, PROGRAMS};
use crate::support::process::{Running, free_port, program, run};
use crate::support::watch::Watch;

/// Connections of each client.
const CONNECTIONS: usize = 40;
/// Calls on each connection.
const CALLS: usize = 10;

/// Where a call came from, its method, target and status.
type Call = (u16, String, String, i64);

#[test]
fn curl_over_tls_is_shown() {
    let Some(ground) = ground("curl in HTTP/2", &[PROGRAMS.as_slice(), &["curl"]].concat()) else { return };
    let server = Nginx::start(&ground);
    let watch = Watch::ports(&[server.http2_tls]);
    let url = |path: &str| format!("https://127.0.0.1:{}{path}", server.http2_tls);
    let mut curl = program("curl");
    curl.args([
        "-sk",
        "--http2",
        "-u",
        "ada:hunter2",
        "-o",
        "/dev/null",
        "-o",
        "/dev/null",
        "-o",
        "/dev/null",
    ]);
    curl.args([url("/small.txt?q=1"), url("/missing"), url("/small.txt?token=hunter2")]);
    let client = Running::start(&mut curl);
    let pid = client.pid();
    client.end_well();
    let logged = server.served(0, 3);
    let seen = watch.end();
    let statements: Vec<_> = seen.accesses.iter().map(|a| a.statement.as_deref().unwrap()).collect();
    assert_eq!(statements, ["GET /small.txt?q=1", "GET /missing", "GET /small.txt?token=***"]);
    for (access, logged) in seen.accesses.iter().zip(&logged) {
        assert_call(access, logged, "tls");
        assert_eq!((access.client_pid(), access.server_pid()), (pid, logged.pid), "{access:#?}");
        let session = access.session.as_ref().unwrap();
        assert_eq!(session.user.as_deref(), Some("ada"));
        assert!(session.application.as_deref().unwrap().starts_with("curl/"));
    }
    assert_eq!(seen.accesses[0].details["http"]["response_body"], "small\n");
    assert!(!format!("{:?}", seen.accesses).contains("hunter2"), "a credential was shown");
}

fn assert_call(access: &Access, logged: &Logged, layer: &str) {
    assert_eq!((access.protocol.as_str(), access.layer.as_str()), ("http2", layer), "{access:#?}");
    assert_eq!(access.operation, logged.method, "{access:#?}");
    assert_eq!(access.details["http"]["status"], logged.status, "{access:#?}");
    assert_eq!(access.details["http"]["version"], "2", "{access:#?}");
    assert_eq!(access.client.port, Some(logged.client_port), "{access:#?}");
    assert_eq!(access.outcome, if logged.status < 400 { "ok" } else { "error" }, "{access:#?}");
    assert!(access.complete.ok, "{access:#?}");
}

#[test]
fn h2load_is_shown_whole() {
    let Some(ground) = ground("h2load", &[PROGRAMS.as_slice(), &["h2load"]].concat()) else { return };
    let server = Nginx::start(&ground);
    for (scheme, port, layer) in [("https", server.http2_tls, "tls"), ("http", server.http2, "plain")] {
        let watch = Watch::ports(&[port]);
        let before = server.logged().len();
        let count = CONNECTIONS * CALLS;
        let mut load = program("h2load");
        load.args(["-c", &CONNECTIONS.to_string(), "-n", &count.to_string(), "-m", "4"]);
        let url = |path| format!("{scheme}://127.0.0.1:{port}{path}");
        run(load.args(["/small.txt?a=1", "/missing", "/moved"].map(url)));
        let logged = server.served(before, count);
        let seen = watch.end();
        let truth =
            tally(logged.iter().map(|l| (l.client_port, l.method.clone(), l.target.clone(), l.status)));
        assert_eq!(tally(seen.accesses.iter().map(|access| call(access, layer))), truth);
        let ports: std::collections::BTreeSet<_> = truth.keys().map(|(port, ..)| port).collect();
        assert_eq!(ports.len(), CONNECTIONS, "the client did not use its connections");
    }
}

fn call(access: &Access, layer: &str) -> Call {
    assert_eq!((access.protocol.as_str(), access.layer.as_str()), ("http2", layer), "{access:#?}");
    assert!(access.complete.ok, "{access:#?}");
    let (method, target) = access.statement.as_deref().unwrap().split_once(' ').unwrap();
    let status = access.details["http"]["status"].as_i64().unwrap();
    (access.client.port.unwrap(), method.to_owned(), target.to_owned(), status)
}

fn tally<T: Ord>(calls: impl Iterator<Item = T>) -> BTreeMap<T, usize> {
    let mut tally = BTreeMap::new();
    for call in calls {
        *tally.entry(call).or_default() += 1;
    }
    tally
}

/// What a client of gRPC says of one call.
#[derive(Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Called {
    method: String,
    request: String,
    rows: u64,
    status: String,
}

#[test]
fn calls_of_grpc_are_shown() {
    let Some(_ground) = grpc_ground() else { return };
    let port = free_port();
    let mut server = Running::start(python("grpc_server.py").arg(port.to_string())).after_line();
    let watch = Watch::ports(&[port]);
    let mut client = python("grpc_client.py");
    client.arg(format!("127.0.0.1:{port}")).args([CONNECTIONS.to_string(), CALLS.to_string()]);
    let made: Vec<Called> = truth_of(&mut client);
    let seen = watch.end();
    server.stop();
    assert_eq!(made.len(), CONNECTIONS * (CALLS + 2));
    assert_eq!(tally(seen.accesses.iter().map(called)), tally(made.into_iter()));
    assert!(!format!("{:?}", seen.accesses).contains("hunter2"), "a credential was shown");
    let failed = seen.accesses.iter().find(|access| access.error.is_some()).unwrap();
    assert_eq!(failed.error.as_ref().unwrap().code, "5", "{failed:#?}");
}

fn grpc_ground() -> Option<Ground> {
    let ground = ground("gRPC", &[])?;
    if !python_has("grpc") {
        skip("gRPC", "Debian's Python has no grpc (`.ci/packages test`)");
        return None;
    }
    Some(ground)
}

fn called(access: &Access) -> Called {
    assert_eq!((access.protocol.as_str(), access.layer.as_str()), ("grpc", "plain"), "{access:#?}");
    assert!(access.complete.ok, "{access:#?}");
    let path = format!("/shop.v1.Orders/{}", access.operation);
    assert_eq!(access.statement.as_deref(), Some(path.as_str()), "{access:#?}");
    let [Some(request)] = access.parameters.as_slice() else { panic!("one message: {access:#?}") };
    let status = access.details["grpc"]["status"].as_str().unwrap();
    assert_eq!(access.outcome, if status == "OK" { "ok" } else { "error" }, "{access:#?}");
    Called {
        method: access.operation.clone(),
        request: request.clone(),
        rows: access.rows.unwrap(),
        status: status.to_owned(),
    }
}
