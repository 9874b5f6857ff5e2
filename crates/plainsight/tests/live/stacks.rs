//! Programs whose TLS is Mbed TLS, wolfSSL or NSS; the other end is dark, so that what is shown was read from theirs.

use std::io::Write as _;
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

use crate::support::access::Access;
use crate::support::clients::{python, python_has, truth_of};
use crate::support::ground::{ground, skip};
use crate::support::libraries::blinded_to;
use crate::support::lighttpd::Lighttpd;
use crate::support::nginx::{self, Nginx};
use crate::support::process::{Running, program, text_of};
use crate::support::watch::{PLAINSIGHT, Watch};

/// Calls of a client that has 40 connections at once.
const CALLS: usize = 200;
/// Those that it has are told by the ports in the server's log; an answer may come before all are open.
const AT_ONCE: usize = 20;

#[test]
fn a_server_with_mbedtls_is_shown_as_it_was() {
    server_is_shown("mod_mbedtls", "Mbed TLS (libmbedtls.so.", "exports");
}

#[test]
fn a_server_with_wolfssl_is_shown_as_it_was() {
    server_is_shown("mod_wolfssl", "wolfSSL 5.", "exports");
}

#[test]
fn a_server_with_nss_is_shown_as_it_was() {
    server_is_shown("mod_nss", "NSS 3.", "tables");
}

fn server_is_shown(module: &str, library: &str, hook: &str) {
    let Some(ground) = ground(module, &["lighttpd", "curl", "openssl", "gnutls-serv"]) else { return };
    if Lighttpd::module(module).is_none() {
        return skip(module, "`.ci/packages test` has not installed it");
    }
    let libraries = ground.folder.path().join("blinded");
    blinded_to(&libraries);
    let server = Lighttpd::start(&ground, module);
    let watch = Watch::ports(&[server.port]);
    assert_known(server.pid(), library, hook);
    let mut curl = program("curl");
    curl.args([
        "-sk",
        "--http1.1",
        "--parallel",
        "--parallel-immediate",
        "--parallel-max",
        "40",
        "-o",
        "/dev/null",
    ]);
    curl.arg(format!("https://127.0.0.1:{}/call/[1-{CALLS}]", server.port));
    let client = Running::start(curl.env("LD_LIBRARY_PATH", libraries));
    let pid = client.pid();
    client.end_well();
    let seen = watch.end();
    let logged = server.served(CALLS);
    let mut asked: Vec<_> = logged
        .iter()
        .map(|logged| {
            (format!("{} {}", logged.method, logged.target), logged.client_port, Value::from(logged.status))
        })
        .collect();
    let mut shown: Vec<_> = seen
        .accesses
        .iter()
        .map(|access| {
            let status = access.details["http"]["status"].clone();
            (access.statement.clone().unwrap(), access.client.port.unwrap(), status)
        })
        .collect();
    let order = |one: &(String, u16, Value)| (one.0.clone(), one.1);
    asked.sort_by_key(order);
    shown.sort_by_key(order);
    assert_eq!(shown, asked);
    let mut ports: Vec<u16> = shown.iter().map(|(_, port, _)| *port).collect();
    ports.sort_unstable();
    ports.dedup();
    assert!(ports.len() >= AT_ONCE, "{ports:?}");
    for access in &seen.accesses {
        assert_eq!((access.client_pid(), access.server_pid()), (pid, server.pid()), "{access:#?}");
        assert_tls(access);
    }
}

/// What a client says of its call.
#[derive(Debug, Deserialize)]
struct Made {
    pid: u32,
    fd: Option<u32>,
    status: i64,
}

/// The client looks at the answer before it takes it: what it looked at would be told twice.
#[test]
fn a_client_with_nss_is_shown_as_it_was() {
    let needed = [nginx::PROGRAMS.as_slice(), &["curl", "gnutls-serv", "tstclnt"]].concat();
    let Some(ground) = ground("NSS", &needed) else { return };
    let libraries = ground.folder.path().join("blinded");
    blinded_to(&libraries);
    let server = Nginx::start_with(&ground, Some(&libraries));
    let watch = Watch::ports(&[server.tls]);
    let made: Vec<Made> = truth_of(python("nss_client.py").arg(server.tls.to_string()));
    is_shown(watch, "GET /nss", &made);
}

#[test]
fn the_client_of_nss_itself_is_shown() {
    let needed = [nginx::PROGRAMS.as_slice(), &["curl", "gnutls-serv", "tstclnt"]].concat();
    let Some(ground) = ground("tstclnt", &needed) else { return };
    let libraries = ground.folder.path().join("blinded");
    blinded_to(&libraries);
    let server = Nginx::start_with(&ground, Some(&libraries));
    let mut watch = Watch::ports(&[server.tls]);
    let mut tstclnt = program("tstclnt");
    // Without a database of certificates, and whatever certificate comes.
    let mut client =
        Running::start(tstclnt.args(["-h", "127.0.0.1", "-D", "-o", "-O", "-p", &server.tls.to_string()]));
    let asked = "GET /tstclnt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    client.0.stdin.as_mut().unwrap().write_all(asked.as_bytes()).unwrap();
    watch.until(|access| access.statement.as_deref() == Some("GET /tstclnt"));
    is_shown(watch, "GET /tstclnt", &[Made { pid: client.pid(), fd: None, status: 404 }]);
}

#[test]
fn a_client_with_mbedtls_is_shown_as_it_was() {
    let needed = [nginx::PROGRAMS.as_slice(), &["curl", "gnutls-serv"]].concat();
    let Some(ground) = ground("Mbed TLS", &needed) else { return };
    if !python_has("pygit2") {
        return skip("Mbed TLS", "needs python3-pygit2 (`.ci/packages test`)");
    }
    let libraries = ground.folder.path().join("blinded");
    blinded_to(&libraries);
    let server = Nginx::start_with(&ground, Some(&libraries));
    let watch = Watch::ports(&[server.tls]);
    let made: Vec<Made> = truth_of(python("pygit2_client.py").arg(server.tls.to_string()));
    is_shown(watch, "GET /nowhere/info/refs?service=git-upload-pack", &made);
}

fn is_shown(watch: Watch, statement: &str, made: &[Made]) {
    let [made] = made else { panic!("one call was made: {made:?}") };
    let seen = watch.end();
    let [access] = seen.accesses.as_slice() else { panic!("one call was made: {seen:#?}") };
    assert_eq!(access.statement.as_deref(), Some(statement), "{access:#?}");
    assert_eq!(access.details["http"]["status"], made.status, "{access:#?}");
    assert_eq!(access.socket().0, made.pid, "{access:#?}");
    assert!(made.fd.is_none_or(|fd| access.socket().1 == fd), "{made:?}: {access:#?}");
    assert_eq!(seen.statistics["breaches"], 0, "{:#}", seen.statistics);
    assert_tls(access);
}

fn assert_tls(access: &Access) {
    assert_eq!((access.layer.as_str(), access.role.as_deref()), ("tls", Some("both")), "{access:#?}");
    assert_eq!(access.paired.as_deref(), Some("certain"), "{access:#?}");
    assert!(access.complete.ok, "{access:#?}");
}

/// The doctor must name the code in a process, and see it.
fn assert_known(pid: u32, library: &str, hook: &str) {
    let report: Value =
        serde_json::from_str(&text_of(Command::new(PLAINSIGHT).args(["doctor", "--json"]))).unwrap();
    let is_it = |process: &&Value| {
        process["pid"] == pid && process["library"].as_str().is_some_and(|its| its.starts_with(library))
    };
    let process = report["processes"].as_array().unwrap().iter().find(is_it);
    let process =
        process.unwrap_or_else(|| panic!("the doctor does not know {library} of {pid}: {report:#}"));
    assert_eq!(process["hook"], hook, "{process:#}");
}
