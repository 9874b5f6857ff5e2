//! Other sockets than TCP's: Unix, and datagrams.

use std::net::UdpSocket;

use crate::support::access::Access;
use crate::support::ground::ground;
use crate::support::postgres::{PROGRAMS, Postgres};
use crate::support::process::{Running, program};
use crate::support::watch::Watch;

#[test]
fn psql_over_a_unix_socket_names_both_processes() {
    let Some(ground) = ground("unix socket", &PROGRAMS) else { return };
    let server = Postgres::start(&ground);
    let watch = Watch::with(&[]);
    let at = format!("host={} port={} user=shop dbname=shop", server.folder.display(), server.port);
    let client = Running::start(program("psql").args(["-XAtq", &at, "-c", "select 'over a path'"]));
    let pid = client.pid();
    client.output();
    let logged = server.served(0);
    let seen = watch.end();
    let asked = |access: &&Access| access.statement.as_deref() == Some("select 'over a path'");
    let access = seen.accesses.iter().find(asked).expect("not shown");
    assert_eq!((access.client_pid(), access.server_pid()), (pid, logged.last().unwrap().pid), "{access:#?}");
    assert_eq!(access.role.as_deref(), Some("both"), "{access:#?}");
    assert_eq!(access.layer, "plain");
    assert_eq!(access.rows, Some(1));
    assert_eq!(access.server.address.as_deref(), Some("unix"));
    let path = format!("{}/.s.PGSQL.{}", server.folder.display(), server.port);
    assert_eq!(access.server.path.as_deref(), Some(&*path), "{access:#?}");
}

#[test]
fn datagrams_that_nobody_knows_are_shown_as_they_are() {
    let Some(_ground) = ground("datagrams", &[]) else { return };
    let server = UdpSocket::bind("127.0.0.1:0").unwrap();
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = server.local_addr().unwrap().port();
    let watch = Watch::with(&["--hex"]);
    client.connect(("127.0.0.1", port)).unwrap();
    client.send(b"\x00question\xff").unwrap();
    let mut room = [0; 64];
    let (_, from) = server.recv_from(&mut room).unwrap();
    server.send_to(b"\x01answer\xfe", from).unwrap();
    client.recv(&mut room).unwrap();
    drop(client);
    let seen = watch.end();
    let access = seen.accesses.iter().find(|access| access.server.port == Some(port)).expect("not shown");
    assert_eq!(access.protocol, "unknown");
    assert_eq!(access.details["hex"], "007175657374696f6eff");
    assert_eq!(access.details["hex_response"], "01616e73776572fe");
    assert_eq!(access.client_pid(), std::process::id());
}
