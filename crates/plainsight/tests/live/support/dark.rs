//! A web server over TLS that nobody reads into, as if it stood on another machine.

use std::path::Path;
use std::process::Stdio;

use super::ground::Ground;
use super::libraries::blinded_to;
use super::process::{Lines, Running, free_port, make_certificate, program};

/// What these tests need for it.
pub(crate) const PROGRAMS: [&str; 3] = ["gnutls-serv", "openssl", "curl"];

/// The server; who reads its calls reads them at the client.
pub(crate) struct Dark {
    pub(crate) port: u16,
    running: Running,
    _notes: Lines,
}

impl Dark {
    /// Starts it, on all addresses.
    pub(crate) fn start(ground: &Ground) -> Dark {
        let libraries = ground.folder.path().join("dark");
        blinded_to(&libraries);
        Dark::start_with(ground, Some(&libraries))
    }

    /// The same server, with the system's GnuTLS, which is read into.
    pub(crate) fn start_seen(ground: &Ground) -> Dark {
        Dark::start_with(ground, None)
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.running.pid()
    }

    fn start_with(ground: &Ground, libraries: Option<&Path>) -> Dark {
        let folder = ground.folder.path();
        make_certificate(folder);
        let port = free_port();
        let mut serve = program("gnutls-serv");
        serve.envs(libraries.map(|libraries| ("LD_LIBRARY_PATH", libraries)));
        serve.args(["--http", "--port", &port.to_string()]);
        serve.arg("--x509keyfile").arg(folder.join("key.pem"));
        serve.arg("--x509certfile").arg(folder.join("cert.pem"));
        serve.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut running = Running(serve.spawn().unwrap());
        let notes = Lines::of(running.0.stderr.take().unwrap());
        notes.until("listening on IPv4");
        Dark { port, running, _notes: notes }
    }
}
