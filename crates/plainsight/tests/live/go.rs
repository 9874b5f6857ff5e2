//! Programs whose TLS is Go's own, stripped or not, of two versions: the other end is dark, so that what is shown was read from theirs.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

use crate::support::access::Access;
use crate::support::clients::{python, truth_of};
use crate::support::dark::{self, Dark};
use crate::support::go::Go;
use crate::support::ground::{Ground, ground};
use crate::support::libraries::{blind, blinded_to, changed_bytes};
use crate::support::process::{Lines, Running, make_certificate, text_of, until};
use crate::support::watch::{PLAINSIGHT, Seen, Watch};

/// What these tests need.
const PROGRAMS: [&str; 3] = ["go", "gcc", "openssl"];
/// Connections at once.
const CONNECTIONS: usize = 40;
/// Calls on each.
const CALLS: usize = 5;
/// Leaves out the table of symbols, as most do.
const STRIPPED: [&str; 2] = ["-ldflags", "-s -w"];
/// C's linker puts C's code before Go's.
const LINKED_BY_C: [&str; 2] = ["-ldflags", "-s -w -linkmode=external"];

#[test]
fn debians_go_is_shown_as_it_was() {
    let Some(ground) = ground("Debian's Go", &PROGRAMS) else { return };
    is_shown(&ground, &Go::of_debian(), &[]);
}

#[test]
fn debians_go_without_symbols_is_shown_as_it_was() {
    let Some(ground) = ground("Debian's Go without symbols", &PROGRAMS) else { return };
    is_shown(&ground, &Go::of_debian(), &STRIPPED);
}

#[test]
fn current_go_is_shown_as_it_was() {
    let Some(ground) = ground("current Go", &PROGRAMS) else { return };
    let Some(go) = Go::current("current Go") else { return };
    is_shown(&ground, &go, &["-buildmode=pie"]);
}

#[test]
fn current_go_without_symbols_is_shown_as_it_was() {
    let Some(ground) = ground("current Go without symbols", &PROGRAMS) else { return };
    let Some(go) = Go::current("current Go without symbols") else { return };
    is_shown(&ground, &go, &LINKED_BY_C);
}

/// What a program says of one call.
#[derive(Debug, Deserialize)]
struct Made {
    pid: u32,
    fd: u32,
    port: u16,
    path: String,
    status: i64,
}

/// Each kind of client against a dark server, then a server against a dark client.
fn is_shown(ground: &Ground, go: &Go, words: &[&str]) {
    let seen = go.build(ground, words);
    let dark = ground.folder.path().join("dark");
    blind(&seen, &dark);
    make_certificate(ground.folder.path());
    for kind in ["call", "raw", "wrapped"] {
        client_is_shown(ground, go, [&seen, &dark], kind);
    }
    let server = Served::start(ground, &seen);
    let watch = Watch::ports(&[server.port]);
    let _called = asked(&dark, "call", server.port);
    let shown = watch.end();
    let pid = server.running.pid();
    compare(&shown, &server.served(), |access| {
        assert_eq!(access.server_pid(), pid, "{access:#?}");
    });
}

fn client_is_shown(ground: &Ground, go: &Go, [seen, dark]: [&Path; 2], kind: &str) {
    let server = Served::start(ground, dark);
    let watch = Watch::ports(&[server.port]);
    // Somebody who has it mapped, so that it is hooked before the first call.
    let waiting = Served::start(ground, seen);
    let pid = waiting.running.pid();
    until("the program is hooked", || changed_bytes(pid, "talk") > 0);
    assert_known(pid, go.version);
    let made = asked(seen, kind, server.port);
    let shown = watch.end();
    compare(&shown, &made, |access| {
        let made = made.iter().find(|made| Some(made.port) == access.client.port).unwrap();
        assert_eq!(access.socket(), (made.pid, made.fd), "{access:#?}");
        assert_eq!(access.client_pid(), made.pid, "{access:#?}");
    });
}

fn asked(program: &Path, kind: &str, port: u16) -> Vec<Made> {
    let words = [kind.to_owned(), port.to_string(), CONNECTIONS.to_string(), CALLS.to_string()];
    truth_of(Command::new(program).args(words))
}

/// Every call that was made is shown, once and whole, and no other.
fn compare(seen: &Seen, made: &[Made], also: impl Fn(&Access)) {
    assert_eq!(made.len(), CONNECTIONS * CALLS);
    let mut asked: Vec<_> = made
        .iter()
        .map(|made| (format!("GET {}", made.path), Some(made.port), Value::from(made.status)))
        .collect();
    let say = |access: &Access| {
        let status = access.details["http"]["status"].clone();
        (access.statement.clone().unwrap(), access.client.port, status)
    };
    let mut shown: Vec<_> = seen.accesses.iter().map(say).collect();
    let order = |one: &(String, Option<u16>, Value)| (one.0.clone(), one.1);
    asked.sort_by_key(order);
    shown.sort_by_key(order);
    assert_eq!(shown, asked);
    for access in &seen.accesses {
        assert_eq!((access.layer.as_str(), access.role.as_deref()), ("tls", Some("both")), "{access:#?}");
        assert_eq!(access.paired.as_deref(), Some("certain"), "{access:#?}");
        assert!(access.complete.ok, "{access:#?}");
        also(access);
    }
    assert_eq!(seen.statistics["kernel"]["violations"], 0, "{:#}", seen.statistics);
}

/// The doctor must name the code in a process, and see it.
fn assert_known(pid: u32, version: &str) {
    let report: Value =
        serde_json::from_str(&text_of(Command::new(PLAINSIGHT).args(["doctor", "--json"]))).unwrap();
    let process = report["processes"].as_array().unwrap().iter().find(|process| process["pid"] == pid);
    let process = process.unwrap_or_else(|| panic!("the doctor does not know {pid}: {report:#}"));
    assert!(process["library"].as_str().unwrap().starts_with(version), "{process:#}");
    assert_eq!(process["hook"], "returns", "{process:#}");
}

/// A proxy that is spoken to over TLS: a call is made inside of each call, on the same goroutine.
#[test]
fn gos_tls_inside_of_tls_is_shown() {
    let needed = [PROGRAMS.as_slice(), &dark::PROGRAMS].concat();
    let Some(ground) = ground("Go's TLS inside of TLS", &needed) else { return };
    let seen = Go::of_debian().build(&ground, &[]);
    let server = Dark::start(&ground);
    let libraries = ground.folder.path().join("blinded");
    blinded_to(&libraries);
    let mut proxy = python("tls_proxy.py");
    proxy.current_dir(ground.folder.path()).env("LD_LIBRARY_PATH", &libraries);
    let mut proxy = Running::start(&mut proxy);
    let port: u16 = Lines::of(proxy.0.stdout.take().unwrap()).next().unwrap().parse().unwrap();
    let waiting = Served::start(&ground, &seen);
    let watch = Watch::ports(&[port]);
    let pid = waiting.running.pid();
    until("the program is hooked", || changed_bytes(pid, "talk") > 0);
    let client =
        Running::start(Command::new(&seen).args(["proxied", &server.port.to_string(), &port.to_string()]));
    let pid = client.pid();
    client.end_well();
    let shown = watch.end();
    let statements: Vec<_> =
        shown.accesses.iter().map(|access| access.statement.as_deref().unwrap()).collect();
    assert_eq!(statements, [&*format!("CONNECT 127.0.0.1:{}", server.port), "GET /inside"]);
    let [below, above] = shown.accesses.as_slice() else { panic!("two calls: {shown:#?}") };
    assert_eq!((below.client_pid(), above.client_pid()), (pid, pid), "{shown:#?}");
    assert_eq!(above.client.port, below.client.port, "{shown:#?}");
    assert_ne!(above.connection, below.connection, "two streams: {shown:#?}");
    assert!(above.complete.ok, "{above:#?}");
}

/// A server of the program, and what it says that it answered.
pub(crate) struct Served {
    pub(crate) port: u16,
    running: Running,
    lines: Lines,
}

impl Served {
    pub(crate) fn start(ground: &Ground, program: &Path) -> Served {
        let folder = ground.folder.path();
        let files = ["cert.pem", "key.pem"].map(|name| folder.join(name));
        if !files.iter().all(|file: &PathBuf| file.exists()) {
            make_certificate(folder);
        }
        let mut running = Running::start(Command::new(program).arg("serve").args(files));
        let lines = Lines::of(running.0.stdout.take().unwrap());
        let port = lines.next().expect("a port").parse().unwrap();
        Served { port, running, lines }
    }

    /// What it answered, when it has ended.
    fn served(self) -> Vec<Made> {
        let Served { running, lines, .. } = self;
        running.end_well();
        std::iter::from_fn(|| lines.next()).map(|line| serde_json::from_str(&line).unwrap()).collect()
    }
}
