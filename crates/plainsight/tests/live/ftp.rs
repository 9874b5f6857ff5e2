//! Files: what Python and curl ask of a server by FTP is what is shown, and as many commands as the server says that it heard.

use std::fs;

use serde::Deserialize;

use crate::support::access::Access;
use crate::support::clients::{python, python_has, truth_of};
use crate::support::ground::{Ground, ground};
use crate::support::process::{Lines, Running, make_certificate, program, run};
use crate::support::watch::Watch;

/// Connections at once.
const CONNECTIONS: usize = 8;

/// What a client says of one command.
#[derive(Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Asked {
    operation: String,
    /// What it said behind the verb.
    said: String,
    /// The code of the error, if it is one.
    code: Option<String>,
}

/// A server of files.
struct Server {
    port: u16,
    log: Lines,
    _running: Running,
}

impl Server {
    fn start(ground: &Ground) -> Server {
        let folder = ground.folder.path();
        make_certificate(folder);
        fs::create_dir(folder.join("files")).unwrap();
        fs::write(folder.join("files/may.txt"), "hello\n").unwrap();
        let mut running = Running::start(python("ftp_server.py").arg(folder));
        let log = Lines::of(running.0.stdout.take().unwrap());
        let told = log.until("listening on");
        let port = told.last().and_then(|line| line.rsplit(' ').next()).unwrap().parse().unwrap();
        Server { port, log, _running: running }
    }

    /// How many commands it heard on so many connections, which have ended.
    fn heard(&self, connections: usize) -> usize {
        let lines: Vec<_> = (0..connections).flat_map(|_| self.log.until("FTP session closed")).collect();
        lines.iter().filter(|line| line.contains(" <- ")).count()
    }
}

#[test]
fn ftplib_is_shown_as_it_was() {
    for way in ["plain", "tls"] {
        let Some(ground) = server_ground("ftp") else { return };
        let server = Server::start(&ground);
        let watch = Watch::ports(&[server.port]);
        let mut client = python("ftp_client.py");
        client.args([&server.port.to_string(), way, &CONNECTIONS.to_string()]);
        let mut asked: Vec<Asked> = truth_of(&mut client);
        let heard = server.heard(CONNECTIONS);
        let seen = watch.end();
        let mut shown: Vec<_> = seen.accesses.iter().map(told).collect();
        asked.sort();
        shown.sort();
        assert_eq!(shown, asked, "{way}");
        assert_eq!(shown.len(), heard, "{way}: as many as the server heard");
        for access in &seen.accesses {
            assert_made(access);
            let is_clear = way == "plain" || access.operation == "AUTH";
            assert_eq!(access.layer, if is_clear { "plain" } else { "tls" }, "{access:#?}");
        }
        let stored =
            seen.accesses.iter().find(|access| access.statement.as_deref() == Some("STOR 0.txt")).unwrap();
        assert_eq!(stored.targets, ["0.txt"]);
        assert_eq!(stored.session.as_ref().unwrap().user.as_deref(), Some("ada"));
        let size = seen.accesses.iter().find(|access| access.operation == "SIZE").unwrap();
        assert_eq!(size.details["size"], 7000, "{size:#?}");
    }
}

#[test]
fn curl_is_shown_as_it_was() {
    let Some(ground) = server_ground("ftp with curl") else { return };
    let server = Server::start(&ground);
    let watch = Watch::ports(&[server.port]);
    let url = format!("ftp://ada:tulip-cleartext@127.0.0.1:{}/may.txt", server.port);
    assert_eq!(run(program("curl").args(["-sS", &url])).stdout, b"hello\n");
    let heard = server.heard(1);
    let seen = watch.end();
    assert_eq!(seen.accesses.len(), heard);
    let fetched = seen.accesses.iter().find(|access| access.operation == "RETR").unwrap();
    assert_eq!((&*fetched.targets, &*fetched.outcome), (&["may.txt".to_owned()][..], "ok"));
    seen.accesses.iter().for_each(assert_made);
}

fn server_ground(what: &str) -> Option<Ground> {
    if !python_has("pyftpdlib, OpenSSL") {
        eprintln!("skipped: {what}: Python has no pyftpdlib");
        return None;
    }
    ground(what, &["openssl", "curl"])
}

fn told(access: &Access) -> Asked {
    let statement = access.statement.as_deref().unwrap();
    let said = statement.strip_prefix(&*access.operation).unwrap().trim_start().to_owned();
    let code = access.error.as_ref().map(|error| error.code.clone());
    Asked { operation: access.operation.clone(), said, code }
}

/// What holds of every access.
fn assert_made(access: &Access) {
    assert_eq!(access.protocol, "ftp", "{access:#?}");
    assert!(access.complete.ok && access.latency_us.is_some(), "{access:#?}");
    assert!(!format!("{access:?}").contains("tulip-cleartext"), "{access:#?}");
    assert_eq!(access.peer_process.as_ref().unwrap().name, "python3", "{access:#?}");
}
