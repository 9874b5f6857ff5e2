//! SQL Server's clients: what they say that they asked and got is what is shown, in clear and over TLS in all its ways.

use std::io::Write as _;

use crate::support::clients::{Asked, Wheel, truth_of};
use crate::support::ground::{Ground, ground};
use crate::support::process::{Lines, Running, free_port, make_certificate, program};
use crate::support::watch::{Seen, Watch};

/// A server of the test's own.
struct Mssql {
    port: u16,
    running: Running,
    /// Kept, or it would wait for somebody to read it.
    _log: Lines,
}

impl Mssql {
    fn start(ground: &Ground, wheel: &Wheel, mode: &str) -> Mssql {
        let port = free_port();
        let mut command = wheel.python("tds_server.py");
        command.arg(ground.folder.path()).args([mode, &port.to_string()]);
        let mut running = Running::start(&mut command);
        let log = Lines::of(running.0.stdout.take().unwrap());
        log.until("listening");
        Mssql { port, running, _log: log }
    }
}

/// Asks a server that encrypts so, by this driver, and demands that what is shown is what was asked.
fn is_shown(test: &str, driver: &str, mode: &str, layer: &str) {
    let Some(ground) = ground(test, &["openssl"]) else { return };
    let Some(wheel) = Wheel::of(test, "tds") else { return };
    make_certificate(ground.folder.path());
    let server = Mssql::start(&ground, &wheel, mode);
    let watch = Watch::ports(&[server.port]);
    let mut client = wheel.python("tds_client.py");
    client.args([&server.port.to_string(), driver]);
    if layer == "tls" {
        client.arg(ground.folder.path().join("cert.pem"));
    }
    let asked: Vec<Asked> = truth_of(&mut client);
    assert!(asked.len() > 20, "{asked:#?}");
    // What is written into memory before a record of TLS was on the socket has no connection yet: this log-in alone.
    // A log-in that alone is encrypted is read apart from what follows it in clear.
    let is_paired = mode == "clear" || (driver == "pymssql" && layer == "tls");
    let who = [Some("ada").filter(|_| is_paired), Some("shop"), Some("live client").filter(|_| is_paired)];
    compare(&asked, &watch.end(), (layer, who), server.running.pid());
}

#[test]
fn pytds_is_shown_in_clear() {
    is_shown("pytds", "pytds", "clear", "plain");
}

#[test]
fn freetds_is_shown_in_clear() {
    is_shown("pymssql", "pymssql", "clear", "plain");
}

#[test]
fn pytds_is_shown_inside_of_the_tunnel() {
    is_shown("pytds over TLS", "pytds", "tunnel", "tls");
}

#[test]
fn freetds_is_shown_inside_of_the_tunnel() {
    is_shown("pymssql over TLS", "pymssql", "tunnel", "tls");
}

/// FreeTDS encrypts the log-in alone, unless it is told otherwise: what follows passes in clear.
#[test]
fn freetds_is_shown_behind_an_encrypted_login() {
    is_shown("pymssql, log-in over TLS", "pymssql", "tunnel", "plain");
}

#[test]
fn the_shell_of_freetds_is_shown_behind_its_encrypted_login() {
    let test = "tsql";
    let Some(ground) = ground(test, &["openssl", "tsql"]) else { return };
    let Some(wheel) = Wheel::of(test, "tds") else { return };
    make_certificate(ground.folder.path());
    let server = Mssql::start(&ground, &wheel, "tunnel");
    let watch = Watch::ports(&[server.port]);
    let mut tsql = program("tsql");
    tsql.args(["-H", "127.0.0.1", "-p", &server.port.to_string()]);
    let mut client = Running::start(tsql.args(["-U", "ada", "-P", "tulip-cleartext", "-D", "shop"]));
    let pid = client.pid();
    let statements: Vec<String> =
        (1..=20).map(|number| format!("select name from users where id = {number}")).collect();
    let input = client.0.stdin.as_mut().unwrap();
    for statement in &statements {
        writeln!(input, "{statement}\ngo").unwrap();
    }
    client.end_well();
    let seen = watch.end();
    let those = seen.accesses.iter().filter(|access| access.operation == "SELECT");
    let told: Vec<_> = those
        .filter(|access| access.statement.as_ref().is_some_and(|text| text.contains(" from users ")))
        .map(|access| {
            assert_eq!((access.protocol.as_str(), access.layer.as_str()), ("mssql", "plain"), "{access:#?}");
            assert_eq!(
                (access.client_pid(), access.server_pid()),
                (pid, server.running.pid()),
                "{access:#?}"
            );
            assert_eq!((access.rows, access.outcome.as_str()), (Some(1), "ok"), "{access:#?}");
            assert!(access.complete.ok, "{access:#?}");
            access.statement.as_deref().unwrap().trim().to_owned()
        })
        .collect();
    assert_eq!(told, statements);
    assert!(!format!("{:?}", seen.accesses).contains("tulip"));
    assert_eq!(seen.statistics["breaches"], 0, "{:#}", seen.statistics);
    seen.assert_account();
}

/// What a client says, and what was shown must be one.
fn compare(asked: &[Asked], seen: &Seen, (layer, who): (&str, [Option<&str>; 3]), server: u32) {
    let is_asked =
        |statement: &Option<String>| asked.iter().any(|a| Some(&a.statement) == statement.as_ref());
    let shown: Vec<_> = seen.accesses.iter().filter(|access| is_asked(&access.statement)).collect();
    let told: Vec<_> = shown.iter().map(|access| access.statement.as_deref().unwrap()).collect();
    let wanted: Vec<_> = asked.iter().map(|asked| asked.statement.as_str()).collect();
    assert_eq!(told, wanted);
    for (asked, access) in asked.iter().zip(&shown) {
        assert_eq!((access.protocol.as_str(), access.layer.as_str()), ("mssql", layer), "{access:#?}");
        assert!(access.complete.ok, "{access:#?}");
        assert_eq!(access.operation, "SELECT", "{access:#?}");
        assert_eq!(access.rows, asked.rows, "{access:#?}");
        assert_eq!(access.error.as_ref().map(|error| error.code.clone()), asked.error, "{access:#?}");
        assert_eq!(access.outcome, if asked.error.is_some() { "error" } else { "ok" }, "{access:#?}");
        let parameters: Vec<_> = access.parameters.iter().flatten().cloned().collect();
        assert_eq!(parameters, asked.parameters, "{access:#?}");
        let session = access.session.as_ref().unwrap();
        let told = [&session.user, &session.database, &session.application].map(Option::as_deref);
        assert_eq!((told, session.version.as_deref()), (who, Some("17.0.1000")), "{access:#?}");
        assert_eq!((access.client_pid(), access.server_pid()), (asked.pid, server), "{access:#?}");
    }
    assert!(!format!("{:?}", seen.accesses).contains("tulip"));
}
