//! Requests before the handshake is over (early data, RFC 8446 section 2.3), as nginx and OpenSSL's own client do it.

use std::io::Write as _;
use std::path::Path;

use crate::support::access::Access;
use crate::support::ground::ground;
use crate::support::libraries::blinded_to;
use crate::support::nginx::{Logged, Nginx, PROGRAMS};
use crate::support::process::{Lines, Running, program};
use crate::support::watch::Watch;

/// What is asked on the connection that leaves a session to resume, early on the next one, and there when it is ready.
const FIRST: [&str; 1] = ["/small.txt?first"];
const EARLY: [&str; 2] = ["/small.txt?early=1", "/small.txt?early=2"];
const LATE: [&str; 1] = ["/small.txt?late"];

#[test]
fn early_data_is_shown_where_it_is_written() {
    let Some(ground) = ground("early data written", &PROGRAMS) else { return };
    let dark = ground.folder.path().join("blinded");
    blinded_to(&dark);
    is_shown(&Nginx::start_with(&ground, Some(&dark)), ground.folder.path(), None);
}

#[test]
fn early_data_is_shown_where_it_is_read() {
    let Some(ground) = ground("early data read", &PROGRAMS) else { return };
    let dark = ground.folder.path().join("blinded");
    blinded_to(&dark);
    is_shown(&Nginx::start(&ground), ground.folder.path(), Some(&dark));
}

/// Calls the server by a client with these libraries, and compares what both know with what was shown.
fn is_shown(server: &Nginx, folder: &Path, libraries: Option<&Path>) {
    let watch = Watch::ports(&[server.early]);
    let first = call(server, folder, libraries, &[]);
    let second = call(server, folder, libraries, &EARLY);
    let logged = server.served(0, 4);
    let mut seen = watch.end();
    // A server may be put aside before the end of its answer is told, and its client go on meanwhile.
    seen.accesses.sort_by_key(Access::at);
    let asked = [FIRST.as_slice(), &EARLY, &LATE].concat();
    let clients = [first, second, second, second];
    assert_eq!(seen.accesses.len(), asked.len(), "{:#?}", seen.accesses);
    for (((access, logged), target), client) in seen.accesses.iter().zip(&logged).zip(asked).zip(clients) {
        assert_call(access, logged, target, client);
    }
    assert_eq!(seen.accesses[1].connection, seen.accesses[3].connection);
}

fn assert_call(access: &Access, logged: &Logged, target: &str, client: u32) {
    assert_eq!(logged.target, target, "the test's own truths disagree");
    assert_eq!(access.statement, Some(format!("GET {target}")), "{access:#?}");
    assert_eq!(access.details["http"]["status"], logged.status, "{access:#?}");
    assert_eq!(access.client.port, Some(logged.client_port), "{access:#?}");
    assert_eq!((access.client_pid(), access.server_pid()), (client, logged.pid), "{access:#?}");
    assert_eq!((access.layer.as_str(), access.role.as_deref()), ("tls", Some("both")), "{access:#?}");
    assert!(access.complete.ok, "{access:#?}");
}

/// Makes one connection: to resume later where nothing is said early, else resumed. The client's process.
fn call(server: &Nginx, folder: &Path, libraries: Option<&Path>, early: &[&str]) -> u32 {
    let (session, data) = (folder.join("session"), folder.join("early"));
    let mut client = program("openssl");
    client.args(["s_client", "-connect", &format!("127.0.0.1:{}", server.early)]);
    client.envs(libraries.map(|libraries| ("LD_LIBRARY_PATH", libraries)));
    if early.is_empty() {
        client.arg("-sess_out").arg(session);
    } else {
        let requests: String = early.iter().map(|target| request(target)).collect();
        std::fs::write(&data, requests).unwrap();
        client.arg("-sess_in").arg(session).arg("-early_data").arg(data);
    }
    let mut running = Running::start(&mut client);
    let lines = Lines::of(running.0.stdout.take().unwrap());
    let answered = || _ = lines.until("small");
    early.iter().for_each(|_| answered());
    for target in if early.is_empty() { FIRST } else { LATE } {
        running.0.stdin.as_mut().unwrap().write_all(request(target).as_bytes()).unwrap();
        answered();
    }
    let pid = running.pid();
    running.end_well();
    pid
}

fn request(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}
