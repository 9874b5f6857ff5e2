//! Real servers of HTTP/2 and gRPC, gone when their keeper goes.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::Outcome;
use crate::programs::{await_connections, free_address};

use super::scenarios::Kind;

/// A server that runs.
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    processes: Vec<Child>,
}

impl Server {
    /// Starts a server on a free port; what it needs is in `folder`.
    pub(crate) fn start(kind: Kind, python: &str, folder: &Path) -> Outcome<Server> {
        let address = free_address()?;
        let mut server = Server { address, processes: Vec::new() };
        for (listens, mut command) in commands(kind, address, python, folder)? {
            let mut process = command
                .current_dir(folder)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .map_err(|e| format!("starting {kind:?}: {e}"))?;
            let listening = await_connections(listens, &mut process);
            server.processes.push(process);
            listening?;
        }
        Ok(server)
    }
}

/// What is to be started, in order, and where each of them listens.
fn commands(
    kind: Kind,
    address: SocketAddr,
    python: &str,
    folder: &Path,
) -> Outcome<Vec<(SocketAddr, Command)>> {
    let port = address.port().to_string();
    let www = folder.join("www").display().to_string();
    let words = |program: &str, words: &[&str]| {
        let mut command = Command::new(program);
        command.args(words);
        command
    };
    let push = "--push=/index.html=/users.json,/missing";
    let command = match kind {
        Kind::Nginx => {
            let place = folder.display().to_string();
            let settings = include_str!("nginx.conf").replace("FOLDER", &place).replace("PORT", &port);
            let path = folder.join("nginx.conf");
            fs::write(&path, settings).map_err(|e| format!("writing {}: {e}", path.display()))?;
            words("nginx", &["-c", &path.display().to_string()])
        }
        Kind::Nghttpd => words(
            "nghttpd",
            &["--no-tls", "-d", &www, push, "--trailer=x-checksum: 77", "--padding=32", &port],
        ),
        Kind::Nghttpx => return proxied(address, &www),
        Kind::Node => words("node", &["-e", include_str!("server.js"), &port]),
        Kind::Grpc => {
            let path = folder.join("shop.proto");
            fs::write(&path, include_str!("../grpc/shop.proto"))
                .map_err(|e| format!("writing {}: {e}", path.display()))?;
            words(python, &["-c", include_str!("../grpc/server.py"), &port])
        }
        Kind::Etcd => return etcd(address, folder),
    };
    Ok(vec![(address, command)])
}

fn proxied(address: SocketAddr, www: &str) -> Outcome<Vec<(SocketAddr, Command)>> {
    let origin = free_address()?;
    let mut server = Command::new("nghttpd");
    server.args(["--no-tls", "-d", www, &origin.port().to_string()]);
    let mut proxy = Command::new("nghttpx");
    proxy.args(["--conf=/dev/null", &format!("--frontend=127.0.0.1,{};no-tls", address.port())]);
    proxy.arg(format!("--backend=127.0.0.1,{};;proto=h2", origin.port()));
    Ok(vec![(origin, server), (address, proxy)])
}

fn etcd(address: SocketAddr, folder: &Path) -> Outcome<Vec<(SocketAddr, Command)>> {
    let (url, peer) = (format!("http://{address}"), format!("http://{}", free_address()?));
    let mut command = Command::new("etcd");
    command.arg("--data-dir").arg(folder.join("etcd"));
    command.args(["--listen-client-urls", &url, "--advertise-client-urls", &url]);
    command.args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer]);
    command.args(["--initial-cluster", &format!("default={peer}")]);
    Ok(vec![(address, command)])
}

impl Drop for Server {
    fn drop(&mut self) {
        for process in &mut self.processes {
            // nginx ends its workers when it is asked to stop.
            let _ = Command::new("kill").arg(process.id().to_string()).status();
            let _ = process.wait();
        }
    }
}
