//! Apache's own library of Thrift, in each framing and protocol, in clear and over TLS: what the client says that it asked
//! and got is what is shown.

use serde::Deserialize;

use crate::support::clients::{python, python_has, truth_of};
use crate::support::ground::{ground, skip};
use crate::support::process::{Lines, Running, free_port, make_certificate};
use crate::support::watch::Watch;

/// How often the client asks all that it asks.
const ROUNDS: usize = 12;

/// What a client says of one call.
#[derive(Debug, Deserialize)]
struct Call {
    pid: u32,
    statement: String,
    operation: String,
    parameter: String,
    sample: Option<String>,
    outcome: String,
    error: Option<String>,
}

#[test]
fn calls_in_clear_are_shown_in_every_framing() {
    for (framing, written) in [
        ("framed", "binary"),
        ("framed", "compact"),
        ("bare", "binary"),
        ("bare", "compact"),
        ("header", "compact"),
    ] {
        is_shown("thrift", [framing, written, "plain"]);
    }
}

#[test]
fn calls_over_tls_are_shown() {
    for (framing, written) in [("framed", "binary"), ("bare", "compact"), ("header", "binary")] {
        is_shown("thrift tls", [framing, written, "tls"]);
    }
}

fn is_shown(test: &str, [framing, written, layer]: [&str; 3]) {
    let Some(ground) = ground(test, &["openssl"]) else { return };
    if !python_has("thrift") {
        return skip(test, "needs python3-thrift (`.ci/packages test`)");
    }
    let (folder, port) = (ground.folder.path(), free_port());
    make_certificate(folder);
    let mut server = python("thrift_server.py");
    server.args([&port.to_string(), "header"]).current_dir(folder);
    let mut client = python("thrift_client.py");
    client.args([&port.to_string(), framing, written, &ROUNDS.to_string()]);
    if layer == "tls" {
        server.args(["cert.pem", "key.pem"]);
        client.arg(folder.join("cert.pem"));
    }
    let mut server = Running::start(&mut server);
    Lines::of(server.0.stdout.take().unwrap()).until("listening");
    let watch = Watch::ports(&[port]);
    let calls: Vec<Call> = truth_of(&mut client);
    let seen = watch.end();
    assert_eq!((calls.len(), seen.accesses.len()), (ROUNDS * 8, ROUNDS * 8), "{framing} {written}");
    for (call, access) in calls.iter().zip(&seen.accesses) {
        assert_eq!((&*access.protocol, &*access.layer), ("thrift", layer), "{access:#?}");
        assert_eq!((access.client_pid(), access.server_pid()), (call.pid, server.pid()), "{access:#?}");
        assert!(access.complete.ok, "{access:#?}");
        assert_eq!(access.statement.as_deref(), Some(&*call.statement), "{access:#?}");
        assert_eq!((&access.operation, &access.outcome), (&call.operation, &call.outcome), "{access:#?}");
        assert_eq!(access.targets, ["Shop"], "{access:#?}");
        assert_eq!(access.parameters, [Some(call.parameter.clone())], "{access:#?}");
        assert_eq!(
            access.samples.first().and_then(|row| row[0].as_ref()),
            call.sample.as_ref(),
            "{access:#?}"
        );
        assert_eq!(access.error.as_ref().map(|error| &error.code), call.error.as_ref(), "{access:#?}");
    }
    assert!(!format!("{seen:?}").contains("hunter2"));
    seen.assert_account();
    server.stop();
}
