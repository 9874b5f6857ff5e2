//! Web clients with forty connections at once, or through a proxy: each call is shown once, with its process and its socket.

use std::collections::HashMap;

use serde::Deserialize;

use crate::support::access::Access;
use crate::support::clients::{node, python, truth_of};
use crate::support::dark::{self, Dark};
use crate::support::ground::{Ground, ground};
use crate::support::libraries::blinded_to;
use crate::support::nginx::{Logged, Nginx, PROGRAMS};
use crate::support::process::{Lines, Running, program};
use crate::support::watch::Watch;

/// Connections of each client.
const CONNECTIONS: usize = 40;
/// Calls on each connection.
const CALLS: usize = 5;

/// What a client says of one call.
#[derive(Debug, Deserialize)]
struct Made {
    pid: u32,
    /// Where the client can tell.
    fd: Option<u32>,
    port: u16,
    method: String,
    target: String,
    status: i64,
}

#[test]
fn requests_calls_are_shown_with_their_sockets() {
    let Some(ground) = ground("requests", &PROGRAMS) else { return };
    let client =
        |tls: &str, port| python_client("requests_client.py", &format!("http{tls}://127.0.0.1:{port}"));
    calls_are_shown(&ground, "python3", |server| client("s", server.tls), |server| client("", server.plain));
}

#[test]
fn aiohttp_calls_are_shown_with_their_sockets() {
    let Some(ground) = ground("aiohttp", &PROGRAMS) else { return };
    let client =
        |tls: &str, port| python_client("aiohttp_client.py", &format!("http{tls}://127.0.0.1:{port}"));
    calls_are_shown(&ground, "python3", |server| client("s", server.tls), |server| client("", server.plain));
}

#[test]
fn asyncio_calls_are_shown_with_their_sockets() {
    let Some(ground) = ground("asyncio", &PROGRAMS) else { return };
    let client = |tls, port: u16| python_client("asyncio_client.py", &format!("{tls}{port}"));
    calls_are_shown(&ground, "python3", |server| client("", server.tls), |server| client("-", server.plain));
}

#[test]
fn node_calls_are_shown_with_their_sockets() {
    let Some(ground) = ground("node", &[PROGRAMS.as_slice(), &["node"]].concat()) else { return };
    let client =
        |tls: &str, port| truth_of(node("node_client.js").arg(tls).arg(format!("{port}")).args(numbers()));
    calls_are_shown(
        &ground,
        "node",
        |server| client("https", server.tls),
        |server| client("http", server.plain),
    );
}

#[test]
fn curl_calls_are_shown_with_their_sockets() {
    let Some(ground) = ground("curl", &[PROGRAMS.as_slice(), &["curl"]].concat()) else { return };
    calls_are_shown(&ground, "curl", |server| curl("https", server.tls), |server| curl("http", server.plain));
}

fn python_client(file: &str, server: &str) -> Vec<Made> {
    truth_of(python(file).arg(server).args(numbers()))
}

fn numbers() -> [String; 2] {
    [CONNECTIONS.to_string(), CALLS.to_string()]
}

/// One curl with all connections at once, as it allows.
fn curl(scheme: &str, port: u16) -> Vec<Made> {
    let mut curl = program("curl");
    curl.args(["-sk", "--parallel", "--parallel-immediate", "--parallel-max", &CONNECTIONS.to_string()]);
    // The tool says where each came from; its process is the one that we start.
    let form = r#"{"port":%{local_port},"method":"%{method}","target":"/TARGET","status":%{http_code}}"#;
    for call in 0..CONNECTIONS {
        let path = ["small.txt", "missing", "moved"][call % 3];
        let target = format!("{path}?curl={call}");
        curl.args(["-o", "/dev/null", "-w", &format!("{}\\n", form.replace("TARGET", &target))]);
        curl.arg(format!("{scheme}://127.0.0.1:{port}/{target}"));
        if call + 1 < CONNECTIONS {
            curl.args(["--next", "-sk"]);
        }
    }
    let client = Running::start(&mut curl);
    let pid = client.pid();
    let lines = client.output();
    let made = |line: &str| {
        let mut made: serde_json::Value = serde_json::from_str(line).unwrap();
        made["pid"] = pid.into();
        serde_json::from_value(made).unwrap()
    };
    lines.lines().map(made).collect()
}

type Client<'a> = &'a dyn Fn(&Nginx) -> Vec<Made>;

/// Runs the client over TLS and in clear, and compares what it says, what the server says, and what was shown.
fn calls_are_shown(
    ground: &Ground,
    name: &str,
    over_tls: impl Fn(&Nginx) -> Vec<Made>,
    in_clear: impl Fn(&Nginx) -> Vec<Made>,
) {
    let server = Nginx::start(ground);
    let ways: [(&str, u16, Client<'_>); 2] =
        [("tls", server.tls, &over_tls), ("plain", server.plain, &in_clear)];
    for (layer, port, client) in ways {
        let watch = Watch::ports(&[port]);
        let before = server.logged().len();
        let made = client(&server);
        let logged = server.served(before, made.len());
        let seen = watch.end();
        assert!(made.len() >= CONNECTIONS, "{made:#?}");
        let ports: std::collections::HashSet<u16> = made.iter().map(|made| made.port).collect();
        assert_eq!(ports.len(), CONNECTIONS, "the client did not use its connections");
        compare(&made, &logged, &seen.accesses, layer, name);
    }
}

fn compare(made: &[Made], logged: &[Logged], shown: &[Access], layer: &str, name: &str) {
    let mut by_target: HashMap<&str, &Access> = HashMap::new();
    for access in shown {
        let (_, target) = access.statement.as_deref().unwrap().split_once(' ').unwrap();
        let before = by_target.insert(target, access);
        assert!(before.is_none(), "shown twice: {before:#?} {access:#?}");
    }
    let served: HashMap<&str, &Logged> = logged.iter().map(|logged| (&*logged.target, logged)).collect();
    for made in made {
        let Some(access) = by_target.remove(made.target.as_str()) else { panic!("not shown: {made:?}") };
        assert_call(access, made, layer, name);
        let served = served[made.target.as_str()];
        let truths = (served.client_port, &served.method, served.status);
        assert_eq!(truths, (made.port, &made.method, made.status), "the test's own truths disagree");
        assert_eq!(access.server_pid(), served.pid, "{access:#?}");
    }
    assert!(by_target.is_empty(), "invented: {by_target:#?}");
}

fn assert_call(access: &Access, made: &Made, layer: &str, name: &str) {
    assert_eq!(access.protocol, "http");
    assert_eq!(access.layer, layer, "{access:#?}");
    assert_eq!(access.operation, made.method, "{access:#?}");
    assert_eq!(access.details["http"]["method"], made.method, "{access:#?}");
    assert_eq!(access.details["http"]["path"], made.target.split('?').next().unwrap(), "{access:#?}");
    assert_eq!(access.details["http"]["status"], made.status, "{access:#?}");
    assert_eq!(access.role.as_deref(), Some("both"), "{access:#?}");
    assert_eq!(access.client_pid(), made.pid, "{access:#?}");
    assert_eq!(access.process.as_ref().unwrap().name, name, "{access:#?}");
    assert_eq!(access.peer_process.as_ref().unwrap().name, "nginx", "{access:#?}");
    assert_eq!(access.client.port, Some(made.port), "{access:#?}");
    let (pid, fd) = access.socket();
    assert!(pid != made.pid || made.fd.is_none_or(|made| made == fd), "wanted {made:?}: {access:#?}");
    let paired = access.paired.as_deref();
    assert!(if layer == "tls" { matches!(paired, Some("certain" | "likely")) } else { paired.is_none() });
    assert!(access.complete.ok, "{access:#?}");
}

/// A proxy that is spoken to over TLS: inside of each call on the session above, one on the session below is made, and
/// what was said above was once lost.
#[test]
fn tls_inside_of_tls_is_shown() {
    let Some(ground) = ground("TLS inside of TLS", &[dark::PROGRAMS.as_slice(), &["curl"]].concat()) else {
        return;
    };
    let server = Dark::start(&ground);
    let libraries = ground.folder.path().join("blinded");
    blinded_to(&libraries);
    let mut proxy = python("tls_proxy.py");
    let mut proxy =
        Running::start(proxy.current_dir(ground.folder.path()).env("LD_LIBRARY_PATH", &libraries));
    let port: u16 = Lines::of(proxy.0.stdout.take().unwrap()).next().unwrap().parse().unwrap();
    let watch = Watch::ports(&[port]);
    let mut curl = program("curl");
    curl.args(["-sk", "--proxy-insecure", "-o", "/dev/null", "-x", &format!("https://127.0.0.1:{port}")]);
    let client = Running::start(curl.arg(format!("https://127.0.0.1:{}/inside", server.port)));
    let pid = client.pid();
    client.end_well();
    let seen = watch.end();
    let statements: Vec<_> =
        seen.accesses.iter().map(|access| access.statement.as_deref().unwrap()).collect();
    assert_eq!(statements, [&*format!("CONNECT 127.0.0.1:{}", server.port), "GET /inside"]);
    let [below, above] = seen.accesses.as_slice() else { panic!("two calls: {seen:#?}") };
    assert_eq!((below.client_pid(), above.client_pid()), (pid, pid), "{seen:#?}");
    assert_eq!(above.client.port, below.client.port, "{seen:#?}");
    assert_eq!(above.server.port, Some(port), "{above:#?}");
    assert_eq!(above.details["http"]["status"], 200, "{above:#?}");
    assert_ne!(above.connection, below.connection, "two streams: {seen:#?}");
    assert!(above.complete.ok, "{above:#?}");
}
