//! A PostgreSQL server of the test's own, and the log in which it says what it was asked.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::ground::{Ground, program_path};
use super::libraries::blinded_to;
use super::process::{Running, free_port, make_certificate, run, until};

/// What begins an entry of the log; the process follows, and a bar.
const MARK: &str = "\u{1}";

/// A server on a port of its own, in clear and over TLS, with a Unix socket in its folder.
pub(crate) struct Postgres {
    pub(crate) port: u16,
    pub(crate) folder: PathBuf,
    running: Running,
}

/// A statement that the server says it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Logged {
    /// The server process that served it.
    pub(crate) pid: u32,
    /// Its text.
    pub(crate) statement: String,
    /// What was bound to it, as text.
    pub(crate) parameters: Vec<Option<String>>,
}

/// What these tests need for a server.
pub(crate) const PROGRAMS: [&str; 5] = ["initdb", "postgres", "psql", "openssl", "setpriv"];

impl Postgres {
    /// Starts a server in the ground's folder; user and database are `shop`.
    pub(crate) fn start(ground: &Ground) -> Postgres {
        Postgres::start_with(ground, None)
    }

    /// Starts one whose TLS nobody reads into: who reads its calls over TLS reads them at the client.
    pub(crate) fn start_dark(ground: &Ground) -> Postgres {
        let libraries = ground.folder.path().join("blinded");
        blinded_to(&libraries);
        Postgres::start_with(ground, Some(&libraries))
    }

    fn start_with(ground: &Ground, libraries: Option<&Path>) -> Postgres {
        let folder = ground.folder.path().join("postgres");
        fs::create_dir(&folder).unwrap();
        make_certificate(&folder);
        run(Command::new("chown").args(["-R", "postgres:postgres"]).arg(&folder));
        let data = folder.join("data");
        run(as_postgres("initdb").arg("-D").arg(&data).args([
            "-U",
            "shop",
            "-A",
            "trust",
            "-N",
            "--locale=C",
        ]));
        let port = free_port();
        let log = File::create(folder.join("log")).unwrap();
        let mut server = as_postgres("postgres");
        server.envs(libraries.map(|libraries| ("LD_LIBRARY_PATH", libraries)));
        server.arg("-D").arg(&data).args(["-p", &port.to_string()]);
        for (name, value) in settings(&folder) {
            server.args(["-c", &format!("{name}={value}")]);
        }
        server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let running = Running(server.spawn().unwrap());
        let postgres = Postgres { port, folder, running };
        until("the server is ready", || postgres.log_text().contains("ready to accept connections"));
        run(postgres.psql("sslmode=disable", "postgres").args(["-c", "create database shop"]));
        postgres
    }

    /// The process that all its others come from.
    pub(crate) fn pid(&self) -> u32 {
        self.running.pid()
    }

    /// How a client says where the server is.
    pub(crate) fn conninfo(&self, tls: &str, database: &str) -> String {
        format!("host=127.0.0.1 port={} user=shop dbname={database} {tls}", self.port)
    }

    /// A `psql` on the server.
    pub(crate) fn psql(&self, tls: &str, database: &str) -> Command {
        let mut psql = Command::new(program_path("psql").unwrap());
        psql.arg("-XAtq").arg(self.conninfo(tls, database));
        psql
    }

    /// All statements that it was asked in the database `shop`, in the order of its log.
    pub(crate) fn logged(&self) -> Vec<Logged> {
        let text = self.log_text();
        let mut logged: Vec<Logged> = Vec::new();
        for entry in text.split(MARK).skip(1) {
            let (head, message) = entry.split_once('|').unwrap();
            let Some(pid) = head.strip_suffix("@shop") else { continue };
            let pid = pid.parse().unwrap();
            // Lines after the first are indented by a tab.
            let message = message.trim_end_matches('\n').replace("\n\t", "\n");
            if let Some(statement) = statement(&message) {
                logged.push(Logged { pid, statement: statement.to_owned(), parameters: Vec::new() });
            } else if let Some(bound) = message.strip_prefix("DETAIL:  parameters: ") {
                logged.iter_mut().rev().find(|entry| entry.pid == pid).unwrap().parameters =
                    parameters(bound);
            }
        }
        logged
    }

    /// The statements after the first `before` of its log, when the processes that served them have ended.
    ///
    /// A process may have answered, and be put aside before what it did was told: its client can be gone by then.
    pub(crate) fn served(&self, before: usize) -> Vec<Logged> {
        let logged = self.logged().split_off(before);
        let serves = |one: &Logged| Path::new(&format!("/proc/{}", one.pid)).exists();
        until("the server's processes ended", || !logged.iter().any(serves));
        logged
    }

    fn log_text(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.folder.join("log")).unwrap()).into_owned()
    }
}

fn settings(folder: &Path) -> [(&'static str, String); 13] {
    let path = |name: &str| folder.join(name).display().to_string();
    [
        ("listen_addresses", "127.0.0.1".to_owned()),
        ("unix_socket_directories", folder.display().to_string()),
        ("ssl", "on".to_owned()),
        ("ssl_cert_file", path("cert.pem")),
        ("ssl_key_file", path("key.pem")),
        ("fsync", "off".to_owned()),
        ("synchronous_commit", "off".to_owned()),
        ("full_page_writes", "off".to_owned()),
        ("autovacuum", "off".to_owned()),
        ("log_statement", "all".to_owned()),
        ("log_line_prefix", format!("{MARK}%p@%d|")),
        ("log_parameter_max_length", "-1".to_owned()),
        ("lc_messages", "C".to_owned()),
    ]
}

fn as_postgres(program: &str) -> Command {
    let mut command = Command::new(program_path("setpriv").unwrap());
    // The server goes with the thread that started it, should that have no time to end it.
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig=QUIT", "--"]);
    command.arg(program_path(program).unwrap());
    command
}

/// The statement of a message, however it was sent.
fn statement(message: &str) -> Option<&str> {
    let message = message.strip_prefix("LOG:  ")?;
    if let Some(statement) = message.strip_prefix("statement: ") {
        return Some(statement);
    }
    // `execute NAME: TEXT`, `execute NAME/PORTAL: TEXT`
    Some(message.strip_prefix("execute ")?.split_once(": ")?.1)
}

/// `$1 = 'it''s', $2 = NULL`
fn parameters(text: &str) -> Vec<Option<String>> {
    let mut parameters = Vec::new();
    let mut rest = text;
    while let Some((_, value)) = rest.split_once(" = ") {
        if let Some(after) = value.strip_prefix("NULL") {
            parameters.push(None);
            rest = after;
            continue;
        }
        let mut cell = String::new();
        let mut letters = value.char_indices().skip(1).peekable();
        let mut end = value.len();
        while let Some((at, letter)) = letters.next() {
            // Two quotes stand for one.
            if letter == '\'' && letters.next_if(|(_, next)| *next == '\'').is_none() {
                end = at + 1;
                break;
            }
            cell.push(letter);
        }
        parameters.push(Some(cell));
        rest = value.get(end..).unwrap();
    }
    parameters
}
