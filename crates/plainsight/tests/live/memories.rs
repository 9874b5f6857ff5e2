//! Programs whose TLS works in memory and never sees the socket: each exchange is shown once, and on its own socket.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use crate::support::access::Access;
use crate::support::clients::{Wheel, python, truth_of};
use crate::support::ground::ground;
use crate::support::libraries::blinded_to;
use crate::support::nginx::Nginx;
use crate::support::process::{Lines, Running, make_certificate};
use crate::support::watch::{Seen, Watch};

/// Connections at once, all opened in one moment.
const CONNECTIONS: usize = 40;
/// Calls on each.
const CALLS: usize = 5;
const PROGRAMS: [&str; 2] = ["python3", "openssl"];
const SERVER: &str = "asyncio_server.py";

/// What is true of one call.
#[derive(Debug, Deserialize)]
struct Made {
    pid: u32,
    /// Where the client tells it.
    fd: Option<u32>,
    port: u16,
    target: String,
    status: i64,
    /// The process that served it, where that is read too.
    #[serde(skip)]
    server: Option<u32>,
}

/// Which end is not read, as if it stood on another machine.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dark {
    Server,
    Client,
    /// Then each exchange could be told at both ends.
    Nobody,
}

const CLIENT_SEEN: [Dark; 2] = [Dark::Server, Dark::Nobody];

fn is_without_eyes(command: &mut Command, libraries: &Path) {
    command.env("LD_LIBRARY_PATH", libraries);
}

/// Runs a client that says what it did, against a server that says its port, and holds what was shown against it.
fn is_shown(name: &str, dark: Dark, mut server: Command, mut client: Command, words: &[&str]) {
    let Some(ground) = ground(name, &PROGRAMS) else { return };
    make_certificate(ground.folder.path());
    let libraries = ground.folder.path().join("blinded");
    blinded_to(&libraries);
    match dark {
        Dark::Server => is_without_eyes(&mut server, &libraries),
        Dark::Client => is_without_eyes(&mut client, &libraries),
        Dark::Nobody => {}
    }
    let mut running = Running::start(server.args(words).current_dir(ground.folder.path()));
    let port: u16 = Lines::of(running.0.stdout.take().unwrap()).next().expect("a port").parse().unwrap();
    let watch = Watch::ports(&[port]);
    let numbers = [port.to_string(), CONNECTIONS.to_string(), CALLS.to_string()];
    let mut made: Vec<Made> = truth_of(client.args(numbers).args(words));
    let seen = watch.end();
    for made in &mut made {
        made.server = (dark != Dark::Server).then_some(running.pid());
    }
    compare(name, &made, &seen);
}

fn compare(name: &str, made: &[Made], seen: &Seen) {
    assert_eq!(made.len(), CONNECTIONS * CALLS);
    let mut by_target: HashMap<&str, &Access> = HashMap::new();
    for access in &seen.accesses {
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
        match made.server {
            Some(server) => assert_eq!(access.server_pid(), server, "{access:#?}"),
            None if made.fd.is_some() => {
                assert_eq!(access.socket(), (made.pid, made.fd.unwrap()), "{access:#?}");
            }
            None => {}
        }
    }
    assert!(by_target.is_empty(), "invented: {by_target:#?}");
    let certain = seen.accesses.iter().filter(|access| access.paired.as_deref() == Some("certain")).count();
    // Shown by `--nocapture`.
    println!("{name}: the socket is certain of {certain} of {} exchanges", seen.accesses.len());
    assert_eq!(certain, seen.accesses.len(), "{:#?}", seen.accesses);
    seen.assert_holds();
}

#[test]
fn connections_of_one_loop_are_each_on_their_own_socket() {
    is_shown("asyncio, client", Dark::Server, python(SERVER), python("asyncio_client.py"), &[]);
}

/// Two sessions that began in one moment were once each told on the other one's socket too.
#[test]
fn what_is_read_at_both_ends_is_told_once() {
    is_shown("asyncio, both ends", Dark::Nobody, python(SERVER), python("asyncio_client.py"), &[]);
}

#[test]
fn connections_of_uvloop_are_each_on_their_own_socket() {
    let Some(wheel) = Wheel::of("uvloop", "uvloop") else { return };
    for dark in CLIENT_SEEN {
        is_shown("uvloop", dark, wheel.python(SERVER), wheel.python("asyncio_client.py"), &["uvloop"]);
    }
}

#[test]
fn what_another_thread_decrypts_than_received_it_is_on_its_own_socket() {
    for dark in CLIENT_SEEN {
        is_shown("thread pool", dark, python(SERVER), python("pool_client.py"), &[]);
    }
}

/// `SslStream`, behind which a thread of .NET's pool receives and decrypts.
#[test]
fn connections_of_a_server_in_dot_net_are_each_on_their_own_socket() {
    let Some(wheel) = Wheel::of("dotnet", "dotnet") else { return };
    for dark in [Dark::Client, Dark::Nobody] {
        is_shown(".NET, server", dark, wheel.python("dotnet_server.py"), python("asyncio_client.py"), &[]);
    }
}

#[test]
fn connections_of_dot_nets_http_client_are_each_on_their_own_socket() {
    let Some(wheel) = Wheel::of("dotnet", "dotnet") else { return };
    for dark in CLIENT_SEEN {
        let Some(ground) = ground("dotnet", &["nginx", "openssl", "curl"]) else { return };
        let libraries = ground.folder.path().join("blinded");
        blinded_to(&libraries);
        let nginx = Nginx::start_with(&ground, (dark == Dark::Server).then_some(&libraries));
        let watch = Watch::ports(&[nginx.tls]);
        let numbers = [nginx.tls.to_string(), CONNECTIONS.to_string(), CALLS.to_string()];
        let asked: Vec<Asked> = truth_of(wheel.python("dotnet_client.py").args(numbers));
        let seen = watch.end();
        let pids: HashMap<&str, u32> = asked.iter().map(|asked| (&*asked.target, asked.pid)).collect();
        let served = nginx.served(0, asked.len()).into_iter().map(|logged| Made {
            pid: pids[&*logged.target],
            fd: None,
            port: logged.client_port,
            status: logged.status,
            server: (dark == Dark::Nobody).then_some(logged.pid),
            target: logged.target,
        });
        compare(".NET, HttpClient", &served.collect::<Vec<_>>(), &seen);
    }
}

/// What a client says that does not know on which socket it asked: the server's log does.
#[derive(Debug, Deserialize)]
struct Asked {
    pid: u32,
    target: String,
}
