//! ClickHouse's native protocol: what the driver says that it asked and got, and what the server logged, is what is shown, in
//! clear and over TLS.

use std::net::TcpStream;
use std::process::Command;

use serde::Deserialize;

use crate::support::access::Access;
use crate::support::clients::{Wheel, truth_of};
use crate::support::ground::{Ground, ground};
use crate::support::process::{Running, free_port, make_certificate, until};
use crate::support::watch::Watch;

const SERVER: &str = include_str!("clients/clickhouse_server.sh");

/// Of a frame that is longer, only the first columns are told.
const LONG: u64 = 192 << 10;

/// So many bytes of one call are captured: all of them.
const CALL: &str = "16777216";

/// What a client says of one statement.
#[derive(Debug, Deserialize)]
struct Asked {
    pid: u32,
    id: String,
    statement: String,
    rows: Option<u64>,
    affected: Option<u64>,
    /// The first row that came or went.
    first: Vec<String>,
    error: Option<i32>,
    /// The server's.
    version: String,
    logged: Logged,
}

/// What the server's log says of it.
#[derive(Debug, Deserialize)]
struct Logged {
    statement: String,
    user: String,
    /// The client's.
    port: u16,
    read_rows: u64,
    result_rows: u64,
    written_rows: u64,
    exception: String,
}

#[test]
fn statements_are_shown_in_clear() {
    is_shown("clickhouse", "no", "plain");
}

#[test]
fn statements_are_shown_packed_with_lz4() {
    is_shown("clickhouse lz4", "lz4", "plain");
}

#[test]
fn statements_are_shown_over_tls() {
    is_shown("clickhouse tls", "no", "tls");
}

#[test]
fn statements_are_shown_packed_with_zstd_over_tls() {
    is_shown("clickhouse zstd", "zstd", "tls");
}

fn start(ground: &Ground, layer: &str, port: u16) -> Running {
    make_certificate(ground.folder.path());
    let mut command = Command::new("sh");
    command.args(["-c", SERVER]).current_dir(ground.folder.path()).env("PORT", port.to_string());
    command.env("LISTENS", if layer == "tls" { "tcp_port_secure" } else { "tcp_port" });
    let server = Running::start(&mut command);
    until("the server to listen", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    server
}

/// Asks with blocks packed so, and demands that what is shown is what was asked.
fn is_shown(test: &str, packing: &str, layer: &str) {
    let Some(ground) = ground(test, &["clickhouse-server", "openssl"]) else { return };
    let Some(wheel) = Wheel::of(test, "clickhouse") else { return };
    let port = free_port();
    let mut server = start(&ground, layer, port);
    let watch = Watch::ports_with(&[port], &["--body-limit", CALL]);
    let mut client = wheel.python("clickhouse_client.py");
    client.args([&port.to_string(), packing]);
    if layer == "tls" {
        client.arg("--tls");
    }
    let asked: Vec<Asked> = truth_of(&mut client);
    let seen = watch.end();
    server.stop();
    let shown: Vec<_> = seen.accesses.iter().filter(|access| is_statement(access)).collect();
    let told: Vec<_> = shown.iter().map(|access| access.statement.as_deref().unwrap()).collect();
    let wanted: Vec<_> = asked.iter().map(|asked| asked.statement.as_str()).collect();
    assert_eq!(told, wanted);
    for (asked, access) in asked.iter().zip(shown) {
        assert_eq!((access.protocol.as_str(), access.layer.as_str()), ("clickhouse", layer), "{access:#?}");
        assert_eq!((access.client_pid(), access.server_pid()), (asked.pid, server.pid()), "{access:#?}");
        assert_answered(access, asked);
        assert_logged(access, &asked.logged);
    }
    seen.assert_holds();
    assert!(!format!("{:?}", seen.accesses).contains("hunter2"));
}

/// Whether it is a statement of the user whose statements the client tells of.
fn is_statement(access: &Access) -> bool {
    let user = access.session.as_ref().and_then(|session| session.user.as_deref());
    user == Some("ada") && !["Hello", "Ping"].contains(&access.operation.as_str())
}

/// Demands that an access is what the driver says.
fn assert_answered(access: &Access, asked: &Asked) {
    assert!(access.complete.ok, "{access:#?}");
    assert_eq!(access.details["query_id"], asked.id.as_str(), "{access:#?}");
    let code = access.error.as_ref().map(|error| error.code.clone());
    assert_eq!(code, asked.error.map(|code| code.to_string()), "{access:#?}");
    let session = access.session.as_ref().unwrap();
    let at = (session.database.as_deref(), session.version.as_ref());
    assert_eq!(at, (Some("shop"), Some(&asked.version)), "{access:#?}");
    if asked.error.is_some() {
        return;
    }
    assert_eq!((access.rows, access.affected), (asked.rows, asked.affected), "{access:#?}");
    let first: Vec<_> = access.samples.iter().take(1).flatten().map(Option::as_deref).collect();
    let wanted: Vec<_> = asked.first.iter().map(|cell| Some(cell.as_str())).collect();
    let is_long = access.request_bytes.max(access.response_bytes) > LONG;
    let columns = if is_long { first.len().max(1) } else { wanted.len() };
    assert_eq!(first, wanted[..columns], "{access:#?}");
}

/// Demands that an access is what the server logged.
fn assert_logged(access: &Access, logged: &Logged) {
    assert_eq!(access.statement.as_ref(), Some(&logged.statement), "{access:#?}");
    assert_eq!(access.session.as_ref().unwrap().user.as_ref(), Some(&logged.user), "{access:#?}");
    assert_eq!(access.client.port, Some(logged.port), "{access:#?}");
    let Some(error) = &access.error else {
        assert_eq!(access.rows.unwrap_or(logged.result_rows), logged.result_rows, "{access:#?}");
        assert_eq!(access.affected.unwrap_or_default(), logged.written_rows, "{access:#?}");
        assert_eq!(access.details["read_rows"].as_u64().unwrap_or_default(), logged.read_rows, "{access:#?}");
        return assert_eq!(logged.exception, "", "{access:#?}");
    };
    let begin = format!("Code: {}, ", error.code);
    assert!(logged.exception.starts_with(&begin), "{}: {access:#?}", logged.exception);
}
