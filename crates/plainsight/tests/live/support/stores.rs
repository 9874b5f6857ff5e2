//! Stores of keys and values of the test's own, in clear and over TLS, and where they say what they were asked.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpStream};

use super::ground::Ground;
use super::process::{Lines, Running, free_port, make_certificate, program};

/// What these tests need for a server.
pub(crate) const REDIS: [&str; 2] = ["redis-server", "openssl"];
pub(crate) const MEMCACHED: [&str; 2] = ["memcached", "openssl"];

/// A Redis server.
pub(crate) struct Redis {
    pub(crate) plain: u16,
    pub(crate) tls: u16,
    running: Running,
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.running.stop();
    }
}

impl Redis {
    /// Starts a server in the ground's folder.
    pub(crate) fn start(ground: &Ground) -> Redis {
        let folder = ground.folder.path();
        make_certificate(folder);
        let (plain, tls) = (free_port(), free_port());
        let mut server = program("redis-server");
        server.current_dir(folder).args(["--bind", "127.0.0.1", "--save", "", "--tls-auth-clients", "no"]);
        server.args([
            "--tls-cert-file",
            "cert.pem",
            "--tls-key-file",
            "key.pem",
            "--tls-ca-cert-file",
            "cert.pem",
        ]);
        server.args(["--port", &plain.to_string(), "--tls-port", &tls.to_string()]);
        let mut running = Running::start(&mut server);
        Lines::of(running.0.stdout.take().unwrap()).until("Ready to accept connections");
        Redis { plain, tls, running }
    }

    /// The server's process.
    pub(crate) fn pid(&self) -> u32 {
        self.running.pid()
    }

    /// A connection on which the server tells what everybody asks from now on.
    pub(crate) fn monitor(&self) -> Monitor {
        let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, self.plain)).unwrap();
        socket.write_all(b"MONITOR\r\n").unwrap();
        let lines = Lines::of(socket.try_clone().unwrap());
        assert_eq!(lines.next().as_deref(), Some("+OK"));
        Monitor { socket, lines }
    }
}

/// What a Redis server tells of everybody's commands.
pub(crate) struct Monitor {
    socket: TcpStream,
    lines: Lines,
}

/// A command that it told of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Told {
    pub(crate) port: u16,
    pub(crate) database: String,
    /// Its words, none of which holds a blank or a quote here.
    pub(crate) statement: String,
}

impl Monitor {
    /// All that was told until now.
    pub(crate) fn end(mut self) -> Vec<Told> {
        self.socket.write_all(b"RESET\r\n").unwrap();
        let mut told = self.lines.until("+RESET");
        told.pop();
        told.iter().map(|line| Told::of(line).unwrap_or_else(|| panic!("not understood: {line}"))).collect()
    }
}

impl Told {
    /// `+time [database address:port] "word" "word"`.
    fn of(line: &str) -> Option<Told> {
        let (head, words) = line.split_once("] ")?;
        let (database, address) = head.split_once('[')?.1.split_once(' ')?;
        let port = address.rsplit(':').next()?.parse().ok()?;
        Some(Told { port, database: database.to_owned(), statement: words.replace('"', "") })
    }
}

/// A memcached, in clear or over TLS.
pub(crate) struct Memcached {
    pub(crate) port: u16,
    running: Running,
    log: Lines,
}

impl Drop for Memcached {
    fn drop(&mut self) {
        self.running.stop();
    }
}

impl Memcached {
    /// Starts a server that says what it is asked.
    pub(crate) fn start(ground: &Ground, layer: &str) -> Memcached {
        let folder = ground.folder.path();
        let port = free_port();
        let mut server = program("memcached");
        server.current_dir(folder).args([
            "-vv",
            "-u",
            "root",
            "-U",
            "0",
            "-l",
            "127.0.0.1",
            "-p",
            &port.to_string(),
        ]);
        if layer == "tls" {
            make_certificate(folder);
            server.args(["-Z", "-o", "ssl_chain_cert=cert.pem,ssl_key=key.pem"]);
        }
        let mut running = Running::start(&mut server);
        let log = Lines::of(running.0.stderr.take().unwrap());
        log.until("server listening");
        Memcached { port, running, log }
    }

    /// The server's process.
    pub(crate) fn pid(&self) -> u32 {
        self.running.pid()
    }

    /// Ends it, and gives the lines that its clients said.
    pub(crate) fn end(mut self) -> Vec<String> {
        self.running.stop();
        let mut said = Vec::new();
        while let Some(line) = self.log.next() {
            // `<30 get key`; `<30 new auto-negotiating client connection` and `<30 connection closed.` are its own.
            let Some((number, line)) = line.strip_prefix('<').and_then(|line| line.split_once(' ')) else {
                continue;
            };
            let is_own = line.starts_with("new ") || line.starts_with("connection closed");
            if number.parse::<u32>().is_ok() && !is_own {
                said.push(line.to_owned());
            }
        }
        said
    }
}
