//! Other sockets than those of TCP and IPv4: Unix, datagrams, IPv6, and IPv4 in IPv6's.

use std::net::UdpSocket;

use crate::support::access::Access;
use crate::support::ground::ground;
use crate::support::postgres::{PROGRAMS, Postgres};
use crate::support::process::{Lines, Running, make_certificate, program};
use crate::support::watch::Watch;

/// A server in clear and over TLS as Node's are when nobody says otherwise: on `::`, for IPv6 and IPv4; it says its ports.
const SERVER: &str = "
const { readFileSync } = require('fs');
const [key, cert] = ['key.pem', 'cert.pem'].map((name) => readFileSync(name));
const answer = (request, response) => response.end('hello');
const servers = [require('http').createServer(answer), require('https').createServer({ key, cert }, answer)];
Promise.all(servers.map((server) => new Promise((done) => server.listen(0, done))))
  .then(() => console.log(servers.map((server) => server.address().port).join(' ')));
";

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

/// A server that listens on `::` has `::ffff:127.0.0.1` where its client has `127.0.0.1`: each call was once shown twice,
/// without the process at the other end.
#[test]
fn a_server_of_both_families_is_read_once_and_names_both_processes() {
    let Some(ground) = ground("IPv6", &["node", "curl", "openssl"]) else { return };
    make_certificate(ground.folder.path());
    let mut server = Running::start(program("node").args(["-e", SERVER]).current_dir(ground.folder.path()));
    let ports = Lines::of(server.0.stdout.take().unwrap()).next().expect("the server ended");
    let ports: Vec<u16> = ports.split(' ').map(|port| port.parse().unwrap()).collect();
    let watch = Watch::ports(&ports);
    let mut calls = Vec::new();
    for (host, address) in [("[::1]", "::1"), ("127.0.0.1", "127.0.0.1")] {
        for (scheme, port) in ["http", "https"].into_iter().zip(&ports) {
            let url = format!("{scheme}://{host}:{port}/{scheme}");
            let client = Running::start(program("curl").args(["-sk", &url]));
            calls.push((client.pid(), address, scheme, *port));
            assert_eq!(client.output(), "hello");
        }
    }
    let mut seen = watch.end();
    // A server may be put aside before the end of its answer is told, and its client go on meanwhile.
    seen.accesses.sort_by_key(Access::at);
    assert_eq!(seen.accesses.len(), calls.len(), "{:#?}", seen.accesses);
    for (access, (client, address, scheme, port)) in seen.accesses.iter().zip(calls) {
        assert_eq!(access.statement, Some(format!("GET /{scheme}")), "{access:#?}");
        assert_eq!(access.layer, if scheme == "https" { "tls" } else { "plain" }, "{access:#?}");
        assert_eq!(access.role.as_deref(), Some("both"), "{access:#?}");
        assert_eq!((access.client_pid(), access.server_pid()), (client, server.pid()), "{access:#?}");
        let ends = [&access.client, &access.server].map(|end| end.address.as_deref());
        assert_eq!(ends, [Some(address); 2], "{access:#?}");
        assert_eq!(access.server.port, Some(port), "{access:#?}");
        assert!(access.complete.ok, "{access:#?}");
    }
}
