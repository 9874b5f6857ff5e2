//! Cassandra's clients: what the driver says that it asked and got is what is shown, in clear and over TLS.
//!
//! The server is one made from the specifications, for nobody packages the real one.

use crate::support::clients::{Asked, Wheel, truth_of};
use crate::support::ground::{Ground, ground};
use crate::support::process::{Lines, Running, free_port, make_certificate};
use crate::support::watch::{Seen, Watch};

/// A server of the test's own.
struct Cassandra {
    port: u16,
    running: Running,
    log: Lines,
}

impl Cassandra {
    fn start(ground: &Ground, wheel: &Wheel, layer: &str) -> Cassandra {
        let port = free_port();
        let mut command = wheel.python("cassandra_server.py");
        command.arg(port.to_string()).arg("--login").current_dir(ground.folder.path());
        if layer == "tls" {
            command.args(["--tls", "cert.pem", "key.pem"]);
        }
        let mut running = Running::start(&mut command);
        let log = Lines::of(running.0.stdout.take().unwrap());
        log.until("listening");
        Cassandra { port, running, log }
    }

    /// Stops it: how many statements it says that it ran.
    fn end(mut self) -> usize {
        self.running.stop();
        let mut ran = 0;
        while let Some(line) = self.log.next() {
            ran += usize::from(line.starts_with("ran "));
        }
        ran
    }
}

/// Asks in this version of the protocol, packed so, and demands that what is shown is what was asked.
fn is_shown(test: &str, [version, packing, layer]: [&str; 3]) {
    let Some(ground) = ground(test, &["openssl"]) else { return };
    let Some(wheel) = Wheel::of(test, "cassandra") else { return };
    make_certificate(ground.folder.path());
    let server = Cassandra::start(&ground, &wheel, layer);
    let server_pid = server.running.pid();
    let watch = Watch::ports(&[server.port]);
    let mut client = wheel.python("cassandra_client.py");
    client.args([&server.port.to_string(), version, packing, "everything"]);
    if layer == "tls" {
        client.arg("--tls").arg(ground.folder.path().join("cert.pem"));
    }
    let asked: Vec<Asked> = truth_of(&mut client);
    assert!(asked.len() > 90, "{asked:#?}");
    let seen = watch.end();
    compare(&asked, &seen, layer, server_pid);
    // Each statement that the server ran, the driver's own among them.
    let run = seen.accesses.iter().filter(|access| !is_of_session(&access.operation)).count();
    assert_eq!(run, server.end());
}

#[test]
fn version_4_is_shown_in_clear() {
    is_shown("cassandra", ["4", "no", "plain"]);
}

#[test]
fn version_3_is_shown_packed_with_snappy() {
    is_shown("cassandra snappy", ["3", "snappy", "plain"]);
}

#[test]
fn frames_are_shown_packed_with_lz4_over_tls() {
    is_shown("cassandra lz4", ["5", "lz4", "tls"]);
}

/// Whether this is no statement that is run.
fn is_of_session(operation: &str) -> bool {
    matches!(operation, "OPTIONS" | "STARTUP" | "AUTH_RESPONSE" | "REGISTER" | "PREPARE" | "EVENT")
}

/// What a client says, and what was shown must be one.
fn compare(asked: &[Asked], seen: &Seen, layer: &str, server: u32) {
    let is_asked =
        |statement: &Option<String>| asked.iter().any(|a| Some(&a.statement) == statement.as_ref());
    let shown: Vec<_> = seen.accesses.iter().filter(|access| is_asked(&access.statement)).collect();
    let told: Vec<_> = shown.iter().map(|access| access.statement.as_deref().unwrap()).collect();
    let wanted: Vec<_> = asked.iter().map(|asked| asked.statement.as_str()).collect();
    assert_eq!(told, wanted);
    for (asked, access) in asked.iter().zip(&shown) {
        assert_eq!((access.protocol.as_str(), access.layer.as_str()), ("cassandra", layer), "{access:#?}");
        assert!(access.complete.ok, "{access:#?}");
        assert_eq!(access.rows, asked.rows, "{access:#?}");
        let error = access.error.as_ref().map(|error| error.code.clone());
        assert_eq!(error.is_some(), asked.error.is_some(), "{access:#?}");
        assert!(
            error.zip(asked.error.as_ref()).is_none_or(|(code, wanted)| code.contains(wanted)),
            "{access:#?}"
        );
        let parameters: Vec<_> =
            access.parameters.iter().map(|cell| cell.clone().unwrap_or_default()).collect();
        assert_eq!(parameters, asked.parameters, "{access:#?}");
        let session = access.session.as_ref().unwrap();
        assert_eq!(
            (session.user.as_deref(), session.database.as_deref()),
            (Some("ada"), Some("shop")),
            "{access:#?}"
        );
        assert_eq!((access.client_pid(), access.server_pid()), (asked.pid, server), "{access:#?}");
        assert!(
            asked.error.is_some() || access.operation == "CREATE" || !access.targets.is_empty(),
            "{access:#?}"
        );
    }
    let all = format!("{:?}", seen.accesses);
    assert!(!all.contains("tulip") && !all.contains("hunter2"));
}
