//! Programs with TLS code of their own: an older OpenSSL than the system's, a newer one, and one inside of a module.

use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

use crate::postgres::{Asked, compare, executed};
use crate::support::clients::{Wheel, truth_of};
use crate::support::dark::{self, Dark};
use crate::support::ground::ground;
use crate::support::libraries::changed_bytes;
use crate::support::postgres::{PROGRAMS, Postgres};
use crate::support::process::{text_of, until};
use crate::support::watch::{PLAINSIGHT, Watch};

#[test]
fn openssl_1_1_is_shown_as_it_was() {
    queries_are_shown_as_they_were("psycopg2", "psycopg2_client.py", "OpenSSL 1.1.1");
}

/// OpenSSL 3.3 and later, whose internal function takes flags.
#[test]
fn a_newer_openssl_than_the_systems_is_shown_as_it_was() {
    queries_are_shown_as_they_were("psycopg", "psycopg_client.py", "OpenSSL 3.");
}

/// The server is dark, so that what is shown was read from the client's library.
fn queries_are_shown_as_they_were(package: &str, file: &str, version: &str) {
    let Some(ground) = ground(package, &PROGRAMS) else { return };
    let Some(wheel) = Wheel::of(package, package) else { return };
    let server = Postgres::start_dark(&ground);
    let watch = Watch::ports(&[server.port]);
    let loaded = wheel.loaded(package);
    until("the library is hooked", || changed_bytes(loaded.pid(), "libssl") > 0);
    assert_known(loaded.pid(), "libssl-", version, "internals");
    let asked: Vec<Asked> = truth_of(wheel.python(file).arg(server.conninfo("sslmode=require", "shop")));
    let logged = server.served(0);
    let seen = watch.end();
    assert!(!asked.is_empty());
    compare(&asked, &logged, &executed(&seen), "tls");
    for access in &seen.accesses {
        assert_eq!(access.socket(), (asked[0].pid, asked[0].fd), "{access:#?}");
        assert_eq!(access.paired.as_deref(), Some("certain"), "{access:#?}");
    }
}

/// What a client says of its call.
#[derive(Debug, Deserialize)]
struct Made {
    pid: u32,
    fd: u32,
    status: i64,
    version: String,
}

#[test]
fn openssl_inside_of_a_module_is_shown_as_it_was() {
    a_call_is_shown_as_it_was("pyopenssl", "_openssl", "OpenSSL 1.1.1", "internals");
}

/// OpenSSL 4, whose internal functions are compiled into the exported ones.
#[test]
fn the_newest_openssl_inside_of_a_module_is_shown_as_it_was() {
    a_call_is_shown_as_it_was("newest", "_rust", "OpenSSL 4.", "exports");
}

/// The module is `file`, and OpenSSL inside of it is of `version`.
fn a_call_is_shown_as_it_was(package: &str, file: &str, version: &str, hook: &str) {
    let Some(ground) = ground("module", &dark::PROGRAMS) else { return };
    let Some(wheel) = Wheel::of("module", package) else { return };
    let server = Dark::start(&ground);
    let watch = Watch::ports(&[server.port]);
    let loaded = wheel.loaded("OpenSSL.SSL");
    until("the module is hooked", || changed_bytes(loaded.pid(), file) > 0);
    let made: Vec<Made> = truth_of(wheel.python("pyopenssl_client.py").arg(server.port.to_string()));
    let [made] = made.as_slice() else { panic!("one call was made: {made:?}") };
    assert!(made.version.starts_with(version), "{made:?}");
    assert_known(loaded.pid(), file, version, hook);
    let seen = watch.end();
    let [access] = seen.accesses.as_slice() else { panic!("one call was made: {seen:#?}") };
    assert_eq!(access.statement.as_deref(), Some("GET /module"));
    assert_eq!(access.socket(), (made.pid, made.fd), "{access:#?}");
    assert_eq!(access.details["http"]["status"], made.status, "{access:#?}");
    assert_eq!(access.layer, "tls", "{access:#?}");
    assert!(access.complete.ok, "{access:#?}");
}

/// The doctor must name the code in a process, by its file and its version, and see it.
fn assert_known(pid: u32, file: &str, version: &str, hook: &str) {
    let report: Value =
        serde_json::from_str(&text_of(Command::new(PLAINSIGHT).args(["doctor", "--json"]))).unwrap();
    let is_it = |process: &&Value| {
        process["pid"] == pid && process["path"].as_str().is_some_and(|path| path.contains(file))
    };
    let process = report["processes"].as_array().unwrap().iter().find(is_it);
    let process = process.unwrap_or_else(|| panic!("the doctor does not know {file} of {pid}: {report:#}"));
    assert!(process["library"].as_str().unwrap().starts_with(version), "{process:#}");
    assert_eq!(process["hook"], hook, "{process:#}");
}
