//! A MariaDB server of the test's own, and the general log in which it says what it was asked.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::ground::{Ground, program_path};
use super::libraries::blinded_to;
use super::process::{Running, free_port, make_certificate, program, run, until};

/// A server on a port of its own, in clear and over TLS.
pub(crate) struct Mysql {
    pub(crate) port: u16,
    folder: PathBuf,
    running: Running,
}

/// What the server says it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Logged {
    /// Its own word for the command: `Query`, `Init DB`, `Execute`.
    pub(crate) command: String,
    pub(crate) argument: String,
}

/// What these tests need for a server.
pub(crate) const PROGRAMS: [&str; 5] = ["mariadbd", "mariadb-install-db", "mariadb", "openssl", "setpriv"];

impl Mysql {
    /// Starts a server in the ground's folder; the user `shop` has the password `tulip` and the database `shop`.
    pub(crate) fn start(ground: &Ground) -> Mysql {
        Mysql::start_with(ground, None)
    }

    /// Starts one whose TLS nobody reads into: who reads its calls over TLS reads them at the client.
    pub(crate) fn start_dark(ground: &Ground) -> Mysql {
        let libraries = ground.folder.path().join("blinded");
        blinded_to(&libraries);
        Mysql::start_with(ground, Some(&libraries))
    }

    fn start_with(ground: &Ground, libraries: Option<&Path>) -> Mysql {
        let folder = ground.folder.path().join("mysql");
        fs::create_dir(&folder).unwrap();
        make_certificate(&folder);
        run(program("mariadb-install-db")
            .args(["--no-defaults", "--skip-test-db", "--auth-root-authentication-method=normal"])
            .arg(format!("--datadir={}", folder.join("data").display())));
        run(Command::new("chown").args(["-R", "mysql:mysql"]).arg(&folder));
        let port = free_port();
        let mut server = server(&folder, port);
        server.envs(libraries.map(|libraries| ("LD_LIBRARY_PATH", libraries)));
        let running = Running(server.spawn().unwrap());
        let mysql = Mysql { port, folder, running };
        until("the server is ready", || mysql.root("SELECT 1").output().unwrap().status.success());
        run(&mut mysql.root(
            "CREATE DATABASE shop; CREATE DATABASE attic; \
             CREATE USER shop@'127.0.0.1' IDENTIFIED BY 'tulip'; GRANT ALL ON *.* TO shop@'127.0.0.1'",
        ));
        mysql
    }

    /// The server's process.
    pub(crate) fn pid(&self) -> u32 {
        self.running.pid()
    }

    /// The server's certificate, which signs itself.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.join("cert.pem")
    }

    /// A `mariadb` client that runs these statements as the server's master.
    fn root(&self, statements: &str) -> Command {
        let mut client = program("mariadb");
        client.args(["--no-defaults", "-u", "root", "-e", statements]);
        client.arg(format!("--socket={}", self.folder.join("socket").display()));
        client
    }

    /// A `mariadb` client as the user `shop`.
    pub(crate) fn client(&self, words: &[&str]) -> Command {
        let mut client = program("mariadb");
        client.args(["--no-defaults", "-h", "127.0.0.1", "-u", "shop", "-D", "shop"]);
        client.arg(format!("--port={}", self.port)).args(words).env("MYSQL_PWD", "tulip");
        client
    }

    /// What it was asked by the user `shop` over TCP since its first `before` lines, in the order of its log.
    pub(crate) fn logged(&self, before: usize) -> Vec<Logged> {
        let text = String::from_utf8_lossy(&fs::read(self.folder.join("general.log")).unwrap()).into_owned();
        let lines = text.lines().skip(before).filter_map(entry);
        let mut connections = Vec::new();
        let mut logged = Vec::new();
        for (connection, entry) in lines {
            if entry.command == "Connect" && entry.argument.starts_with("shop@") {
                connections.push(connection);
            }
            if connections.contains(&connection) {
                logged.push(entry);
            }
        }
        logged
    }

    /// The lines of its log so far.
    pub(crate) fn lines(&self) -> usize {
        String::from_utf8_lossy(&fs::read(self.folder.join("general.log")).unwrap()).lines().count()
    }
}

fn server(folder: &Path, port: u16) -> Command {
    let path = |name: &str, file: &str| format!("--{name}={}", folder.join(file).display());
    let mut server = program("setpriv");
    // The server goes with the thread that started it, should that have no time to end it.
    server.args(["--reuid=mysql", "--regid=mysql", "--clear-groups", "--pdeathsig=KILL", "--"]);
    server.arg(program_path("mariadbd").unwrap()).args(["--no-defaults", "--bind-address=127.0.0.1"]);
    server.args(["--local-infile=1", "--innodb-buffer-pool-size=16M", "--general-log=1"]);
    server.arg(format!("--port={port}")).arg(path("datadir", "data")).arg(path("socket", "socket"));
    server.arg(path("general-log-file", "general.log"));
    server.arg(path("ssl-cert", "cert.pem")).arg(path("ssl-key", "key.pem"));
    server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    server
}

/// A line of the log: a time or nothing, the connection and the command, what it is about.
fn entry(line: &str) -> Option<(u64, Logged)> {
    let (head, argument) = line.rsplit_once('\t')?;
    let (connection, command) = head.rsplit('\t').next()?.trim_start().split_once(' ')?;
    let connection = connection.parse().ok()?;
    Some((connection, Logged { command: command.to_owned(), argument: argument.to_owned() }))
}
