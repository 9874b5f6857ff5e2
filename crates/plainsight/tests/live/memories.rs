//! Programs whose TLS works in memory and never sees the socket: each exchange is shown once, and on its own socket.

use std::collections::HashMap;
use std::process::Command;

use serde::Deserialize;

use crate::support::access::Access;
use crate::support::clients::{Wheel, python, truth_of};
use crate::support::ground::{Ground, ground};
use crate::support::libraries::blinded_to;
use crate::support::process::{Lines, Running, make_certificate};
use crate::support::watch::Watch;

/// Connections at once, all opened in one moment.
const CONNECTIONS: usize = 40;
/// Calls on each.
const CALLS: usize = 5;
const PROGRAMS: [&str; 2] = ["python3", "openssl"];

/// What a client says of one call.
#[derive(Debug, Deserialize)]
struct Made {
    pid: u32,
    fd: u32,
    port: u16,
    target: String,
    status: i64,
}

/// Whether the server is read too.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Server {
    /// As if it stood on another machine.
    Dark,
    /// Then each exchange could be told at both ends.
    Seen,
}

fn served(ground: &Ground, server: Server, mut command: Command) -> (Running, u16) {
    make_certificate(ground.folder.path());
    let libraries = ground.folder.path().join("blinded");
    blinded_to(&libraries);
    if server == Server::Dark {
        command.env("LD_LIBRARY_PATH", &libraries);
    }
    let mut running = Running::start(command.current_dir(ground.folder.path()));
    let port = Lines::of(running.0.stdout.take().unwrap()).next().expect("a port").parse().unwrap();
    (running, port)
}

/// Runs a client, and holds what was shown against what it says.
fn is_shown(name: &str, server: Server, of: impl Fn(&str) -> Command, file: &str, words: &[&str]) {
    let Some(ground) = ground(name, &PROGRAMS) else { return };
    let mut serve = of("asyncio_server.py");
    serve.args(words);
    let (running, port) = served(&ground, server, serve);
    let watch = Watch::ports(&[port]);
    let numbers = [port.to_string(), CONNECTIONS.to_string(), CALLS.to_string()];
    let made: Vec<Made> = truth_of(of(file).args(numbers).args(words));
    let seen = watch.end();
    assert_eq!(made.len(), CONNECTIONS * CALLS);
    compare(&made, &seen.accesses, (server == Server::Seen).then_some(running.pid()));
    let certain = seen.accesses.iter().filter(|access| access.paired.as_deref() == Some("certain")).count();
    // Shown by `--nocapture`.
    println!("{name}: the socket is certain of {certain} of {} exchanges", seen.accesses.len());
    assert_eq!(certain, seen.accesses.len(), "{:#?}", seen.accesses);
    seen.assert_holds();
}

fn compare(made: &[Made], shown: &[Access], server: Option<u32>) {
    let mut by_target: HashMap<&str, &Access> = HashMap::new();
    for access in shown {
        let target = access.statement.as_deref().and_then(|statement| statement.strip_prefix("GET "));
        let target = target.unwrap_or_else(|| panic!("invented: {access:#?}"));
        let before = by_target.insert(target, access);
        assert!(before.is_none(), "shown twice: {before:#?} {access:#?}");
    }
    for made in made {
        let access = by_target.remove(&*made.target).unwrap_or_else(|| panic!("not shown: {made:?}"));
        assert_eq!(access.client.port, Some(made.port), "{access:#?}");
        assert_eq!(access.client_pid(), made.pid, "{access:#?}");
        assert_eq!(access.details["http"]["status"], made.status, "{access:#?}");
        assert!(access.complete.ok && access.layer == "tls", "{access:#?}");
        match server {
            Some(server) => assert_eq!(access.server_pid(), server, "{access:#?}"),
            None => assert_eq!(access.socket(), (made.pid, made.fd), "{access:#?}"),
        }
    }
    assert!(by_target.is_empty(), "invented: {by_target:#?}");
}

#[test]
fn connections_of_one_loop_are_each_on_their_own_socket() {
    is_shown("asyncio, client", Server::Dark, python, "asyncio_client.py", &[]);
}

/// Two sessions that began in one moment were once each told on the other one's socket too.
#[test]
fn what_is_read_at_both_ends_is_told_once() {
    is_shown("asyncio, both ends", Server::Seen, python, "asyncio_client.py", &[]);
}

#[test]
fn connections_of_uvloop_are_each_on_their_own_socket() {
    let Some(wheel) = Wheel::of("uvloop", "uvloop") else { return };
    for server in [Server::Dark, Server::Seen] {
        is_shown("uvloop", server, |file| wheel.python(file), "asyncio_client.py", &["uvloop"]);
    }
}

#[test]
fn what_another_thread_decrypts_than_received_it_is_on_its_own_socket() {
    for server in [Server::Dark, Server::Seen] {
        is_shown("thread pool", server, python, "pool_client.py", &[]);
    }
}
