//! Programs with TLS code inside of them, with the names of its functions or without: forty connections at once.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

use crate::support::access::Access;
use crate::support::clients::{Wheel, node, truth_of};
use crate::support::dark::{self, Dark};
use crate::support::envoy::Envoy;
use crate::support::ground::{Ground, ground};
use crate::support::libraries::{blinded_to, changed_bytes};
use crate::support::nginx::{self, Nginx};
use crate::support::process::{Lines, Running, make_certificate, program, text_of, until};
use crate::support::watch::{Seen, Watch};

/// Connections of each client.
const CONNECTIONS: usize = 40;
/// Calls on each connection, where a client makes more than one.
const CALLS: usize = 5;
/// Debian's Chromium without a screen.
const CHROMIUM: &str = "chromium-headless-shell";

/// What one end says of one call: the client's port is what both ends know.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
struct Call {
    pid: u32,
    port: u16,
    method: String,
    target: String,
    status: i64,
}

/// Libraries for clients and servers that nobody shall read into.
fn blinded(ground: &Ground) -> PathBuf {
    let libraries = ground.folder.path().join("blinded");
    blinded_to(&libraries);
    libraries
}

/// One curl for each connection, all at once, that nobody reads into: what is shown was read at the server.
fn calls_of_dark_curls(ground: &Ground, port: u16) -> Vec<Call> {
    let libraries = blinded(ground);
    let started = (0..CONNECTIONS).map(|number| {
        let target = format!("/{}?call={number}", ["small.txt", "missing"][number % 2]);
        let mut curl = program("curl");
        curl.env("LD_LIBRARY_PATH", &libraries).args([
            "-sk",
            "-o",
            "/dev/null",
            "-w",
            "%{local_port} %{http_code}",
        ]);
        (Running::start(curl.arg(format!("https://127.0.0.1:{port}{target}"))), target)
    });
    let started: Vec<(Running, String)> = started.collect();
    let made = started.into_iter().map(|(curl, target)| {
        let pid = curl.pid();
        let said = curl.output();
        let (port, status) = said.split_once(' ').unwrap();
        Call {
            pid,
            port: port.parse().unwrap(),
            method: "GET".to_owned(),
            target,
            status: status.parse().unwrap(),
        }
    });
    made.collect()
}

/// Each call is shown once, over TLS, with its client, its server and its socket; gives how sure the sockets are.
fn assert_shown(made: &[Call], shown: &[Access], server: u32) -> HashMap<String, usize> {
    let mut by_target: HashMap<&str, &Access> = HashMap::new();
    for access in shown {
        let (_, target) = access.statement.as_deref().unwrap().split_once(' ').unwrap();
        assert!(by_target.insert(target, access).is_none(), "shown twice: {access:#?}");
    }
    let mut sure = HashMap::new();
    for call in made {
        let Some(access) = by_target.remove(call.target.as_str()) else { panic!("not shown: {call:?}") };
        let http = &access.details["http"];
        assert_eq!((&*access.protocol, &*access.layer), ("http", "tls"), "{access:#?}");
        assert_eq!(
            (&http["method"], &http["status"]),
            (&call.method.as_str().into(), &call.status.into()),
            "{access:#?}"
        );
        assert_eq!(http["path"], call.target.split('?').next().unwrap(), "{access:#?}");
        assert_eq!((access.client_pid(), access.server_pid()), (call.pid, server), "{access:#?}");
        assert_eq!(access.client.port, Some(call.port), "{access:#?}");
        assert!(access.complete.ok, "{access:#?}");
        *sure.entry(access.paired.clone().unwrap()).or_default() += 1;
    }
    assert!(by_target.is_empty(), "invented: {by_target:#?}");
    eprintln!("MEASURED: sockets of {} calls: {sure:?}", made.len());
    sure
}

/// The hook in a file below this folder, whose functions have no names, must have been proven.
fn assert_proven(seen: &Seen, folder: &Path) {
    let hooks = &seen.statistics["hooks"];
    // A mapping tells the path without symbolic links.
    let folder = folder.canonicalize().expect("it was unpacked");
    let is_it =
        |trial: &&Value| trial["path"].as_str().is_some_and(|path| Path::new(path).starts_with(&folder));
    let trial = hooks["trials"].as_array().unwrap().iter().find(is_it);
    let trial = trial.unwrap_or_else(|| panic!("nothing is hooked in {}: {hooks:#}", folder.display()));
    assert_eq!(trial["proven"], true, "{trial:#}");
}

fn read<T: for<'a> Deserialize<'a>>(line: &str) -> T {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

/// A server in Node, with certificate and key in the ground's folder.
fn node_server(ground: &Ground, program: &mut Command) -> (Running, Lines, u16) {
    make_certificate(ground.folder.path());
    let mut server = Running::start(program.current_dir(ground.folder.path()));
    let lines = Lines::of(server.0.stdout.take().unwrap());
    let port = lines.next().expect("the server ended").parse().unwrap();
    (server, lines, port)
}

#[test]
fn node_at_both_ends_is_shown_once() {
    let Some(ground) = ground("Node", &["node", "openssl"]) else { return };
    let (server, lines, port) = node_server(&ground, &mut node("node_server.js"));
    let watch = Watch::ports(&[port]);
    let numbers = [port.to_string(), CONNECTIONS.to_string(), CALLS.to_string()];
    let made: Vec<Call> = truth_of(node("node_client.js").arg("https").args(numbers));
    let answered: Vec<Call> = made.iter().map(|_| read(&lines.next().expect("an answer"))).collect();
    let seen = watch.end();
    assert_eq!(made.len(), CONNECTIONS * CALLS);
    let ports: HashSet<u16> = made.iter().map(|call| call.port).collect();
    assert_eq!(ports.len(), CONNECTIONS);
    let truth: HashMap<&str, u16> = answered.iter().map(|call| (&*call.target, call.port)).collect();
    assert!(made.iter().all(|call| truth[&*call.target] == call.port), "the test's own truths disagree");
    assert_shown(&made, &seen.accesses, server.pid());
}

#[test]
fn a_server_in_node_is_shown_with_its_sockets() {
    let Some(ground) = ground("Node's server", &["node", "openssl", "gnutls-serv", "curl"]) else { return };
    let (server, _lines, port) = node_server(&ground, &mut node("node_server.js"));
    let watch = Watch::ports(&[port]);
    let made = calls_of_dark_curls(&ground, port);
    assert_shown(&made, &watch.end().accesses, server.pid());
}

/// Node writes its first request while the handshake is going on, and the call that writes it finishes that: of forty such
/// requests a dozen were once told apart from their answers, without a socket.
#[test]
fn a_client_in_node_is_shown_with_its_sockets() {
    let Some(ground) = ground("Node's client", &[&dark::PROGRAMS[..], &["node"]].concat()) else { return };
    let server = Dark::start(&ground);
    let watch = Watch::ports(&[server.port]);
    let numbers = [server.port.to_string(), CONNECTIONS.to_string(), "1".to_owned()];
    let made: Vec<Call> = truth_of(node("node_client.js").arg("https").args(numbers));
    assert_eq!(made.len(), CONNECTIONS);
    assert_shown(&made, &watch.end().accesses, server.pid());
}

/// A session of Node's that began right after another one's read was once told under that one's socket, or the next one at
/// the same address in memory was.
#[test]
fn a_call_that_node_makes_for_another_is_shown_with_its_own_socket() {
    let Some(ground) = ground("Node's calls", &[&dark::PROGRAMS[..], &["node"]].concat()) else { return };
    let behind = Dark::start(&ground);
    let port = behind.port.to_string();
    let (server, lines, front) = node_server(&ground, node("node_proxy.js").arg(port));
    let watch = Watch::ports(&[front, behind.port]);
    let asked = calls_of_dark_curls(&ground, front);
    let made: Vec<Call> = asked.iter().map(|_| read(&lines.next().expect("an answer"))).collect();
    let (shown, shown_behind): (Vec<Access>, Vec<Access>) =
        watch.end().accesses.into_iter().partition(|access| access.server.port == Some(front));
    assert_shown(&asked, &shown, server.pid());
    assert_shown(&made, &shown_behind, behind.pid());
}

/// Envoy has BoringSSL inside and no symbols: what its clients ask over TLS is read in Envoy alone, what Envoy asks the
/// server behind it is in clear.
#[test]
fn envoy_is_shown_on_both_of_its_sides() {
    let needs = [&nginx::PROGRAMS[..], &["gnutls-serv", "curl"]].concat();
    let Some(ground) = ground("Envoy", &needs) else { return };
    let Some(wheel) = Wheel::of("Envoy", "envoy") else { return };
    let behind = Nginx::start(&ground);
    let envoy = Envoy::start(&ground, &wheel, behind.plain);
    let watch = Watch::ports(&[envoy.port, behind.plain]);
    until("Envoy is hooked", || changed_bytes(envoy.pid(), "_bin/envoy") > 0);
    let made = calls_of_dark_curls(&ground, envoy.port);
    let logged = behind.served(0, made.len());
    let seen = watch.end();
    assert_proven(&seen, &wheel.file("envoy"));
    let (front, back): (Vec<Access>, Vec<Access>) =
        seen.accesses.into_iter().partition(|access| access.server.port == Some(envoy.port));
    let sure = assert_shown(&made, &front, envoy.pid());
    assert_eq!(sure, HashMap::from([("certain".to_owned(), CONNECTIONS)]));
    assert_eq!(back.len(), logged.len());
    for access in &back {
        assert_eq!((access.layer.as_str(), access.client_pid()), ("plain", envoy.pid()), "{access:#?}");
        let target = access.statement.as_deref().unwrap().trim_start_matches("GET ");
        let logged = logged.iter().find(|logged| logged.target == target).unwrap();
        assert_eq!(access.details["http"]["status"], logged.status, "{access:#?}");
        assert_eq!(
            (access.client.port, access.server_pid()),
            (Some(logged.client_port), logged.pid),
            "{access:#?}"
        );
    }
}

/// What gRPC's server says of one call.
#[derive(Debug, Deserialize)]
struct Answered {
    asked: String,
    port: u16,
}

/// gRPC's module for Python has BoringSSL inside, no symbols, and never shows it the socket.
#[test]
fn grpc_is_shown_with_its_sockets() {
    let Some(ground) = ground("gRPC", &["openssl"]) else { return };
    let Some(wheel) = Wheel::of("gRPC", "grpcio") else { return };
    make_certificate(ground.folder.path());
    let pair = || {
        let mut python = wheel.python("grpc_pair.py");
        python.current_dir(ground.folder.path());
        python
    };
    let mut server = Running::start(pair().args(["serve", "key.pem", "cert.pem"]));
    let lines = Lines::of(server.0.stdout.take().unwrap());
    let port: u16 = lines.next().expect("the server ended").parse().unwrap();
    let watch = Watch::ports(&[port]);
    until("gRPC is hooked", || changed_bytes(server.pid(), "cygrpc") > 0);
    let numbers = [port.to_string(), "cert.pem".to_owned(), CONNECTIONS.to_string(), CALLS.to_string()];
    let client = Running::start(pair().arg("call").args(numbers));
    let pid = client.pid();
    let made = client.output().lines().count();
    let answered: Vec<Answered> = (0..made).map(|_| read(&lines.next().expect("an answer"))).collect();
    let seen = watch.end();
    assert_eq!(made, CONNECTIONS * CALLS);
    assert_proven(&seen, &wheel.file("grpc"));
    let mut by_port: HashMap<u16, Vec<&Access>> = HashMap::new();
    for access in &seen.accesses {
        assert_eq!((access.client_pid(), access.server_pid()), (pid, server.pid()), "{access:#?}");
        assert_eq!(access.layer, "tls", "{access:#?}");
        assert!(matches!(access.paired.as_deref(), Some("certain" | "likely")), "{access:#?}");
        assert!(access.complete.ok, "{access:#?}");
        by_port.entry(access.client.port.unwrap()).or_default().push(access);
    }
    assert_eq!(by_port.len(), CONNECTIONS);
    for Answered { asked, port } in &answered {
        assert_said(asked, &by_port[port]);
    }
}

/// A call of these words stands among those of its connection, and nothing else does. What it says has no fields: its length
/// is told.
fn assert_said(asked: &str, connection: &[&Access]) {
    assert_eq!(connection.len(), CALLS, "{connection:#?}");
    for access in connection {
        assert_eq!((access.protocol.as_str(), access.operation.as_str()), ("grpc", "Find"), "{access:#?}");
        assert_eq!(access.statement.as_deref(), Some("/shop.Catalog/Find"), "{access:#?}");
        assert_eq!(access.targets, ["shop.Catalog/Find"], "{access:#?}");
        assert_eq!((access.rows, access.outcome.as_str()), (Some(1), "ok"), "{access:#?}");
    }
    let bytes = |access: &&&Access, of: &str| access.details["grpc"][of].as_u64();
    let is_said = |access: &&&Access| {
        let answer = Some(("found ".len() + asked.len()) as u64);
        bytes(access, "request_message_bytes") == Some(asked.len() as u64)
            && bytes(access, "response_message_bytes") == answer
    };
    assert!(connection.iter().any(|access| is_said(&access)), "no answer to {asked}: {connection:#?}");
}

/// A Chromium that shows nothing and keeps its code mapped, so that it is hooked when the next one starts.
fn waiting_chromium(ground: &Ground) -> (Running, Lines) {
    let mut chromium =
        Running::start(chromium(ground, "waiting").args(["--remote-debugging-port=0", "about:blank"]));
    let notes = Lines::of(chromium.0.stderr.take().unwrap());
    notes.until("DevTools listening");
    (chromium, notes)
}

fn chromium(ground: &Ground, name: &str) -> Command {
    // What stands in the path is a script that waits for it.
    let mut chromium = Command::new(Path::new("/usr/lib/chromium").join(CHROMIUM));
    chromium.args(["--no-sandbox", "--ignore-certificate-errors", "--disable-gpu"]);
    chromium.arg(format!("--user-data-dir={}", ground.folder.path().join(name).display()));
    chromium
}

/// Chromium has BoringSSL inside, no symbols, and nothing that says where its functions begin.
#[test]
fn a_page_in_chromium_is_shown_with_all_that_it_loads() {
    let needs = [&nginx::PROGRAMS[..], &["gnutls-serv", "curl", CHROMIUM]].concat();
    let Some(ground) = ground("Chromium", &needs) else { return };
    let server = Nginx::start_with(&ground, Some(&blinded(&ground)));
    fs::write(server.files.join("page.html"), r#"<img src="small.txt"><img src="missing">"#).unwrap();
    let watch = Watch::ports(&[server.tls]);
    let (waiting, _notes) = waiting_chromium(&ground);
    until("Chromium is hooked", || changed_bytes(waiting.pid(), CHROMIUM) > 0);
    let url = format!("https://127.0.0.1:{}/page.html", server.tls);
    let page = text_of(chromium(&ground, "visit").args(["--dump-dom", &url]));
    assert!(page.contains("<img"), "{page}");
    let logged = server.served(0, 3);
    let seen = watch.end();
    let shown: HashSet<_> = seen
        .accesses
        .iter()
        .map(|access| {
            assert_eq!((&*access.layer, access.paired.as_deref()), ("tls", Some("certain")), "{access:#?}");
            assert!(access.complete.ok, "{access:#?}");
            assert!(access.process.as_ref().unwrap().exe.ends_with(CHROMIUM), "{access:#?}");
            let target = access.statement.as_deref().unwrap().trim_start_matches("GET ").to_owned();
            (
                target,
                access.details["http"]["status"].as_i64().unwrap(),
                access.client.port.unwrap(),
                access.server_pid(),
            )
        })
        .collect();
    let truth =
        logged.iter().map(|logged| (logged.target.clone(), logged.status, logged.client_port, logged.pid));
    assert_eq!(shown, truth.collect());
    assert_eq!(shown.len(), seen.accesses.len(), "shown twice: {:#?}", seen.accesses);
}
