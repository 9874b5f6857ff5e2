//! A real PostgreSQL server in a temporary folder, gone when its keeper goes.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::Outcome;
use crate::programs::{await_ready, free_address, run};

/// Who may log in, and how. The names of roles say how they prove who they are.
const ACCESS: &str = "local all all trust
host all by_md5 127.0.0.1/32 md5
host all by_scram 127.0.0.1/32 scram-sha-256
host all by_cleartext 127.0.0.1/32 password
host all,replication all 127.0.0.1/32 trust
";

/// What the scenarios find.
const CONTENT: &str = include_str!("content.sql");

/// Whether the server takes TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tls {
    Refused,
    Offered,
}

/// A server that runs.
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Its version, as it is called in a fixture's first line.
    pub(crate) version: String,
    programs: PathBuf,
    folder: PathBuf,
    process: Child,
}

impl Server {
    /// Makes a data folder and starts a server on a free port.
    pub(crate) fn start(programs: &Path) -> Outcome<Server> {
        let folder = std::env::temp_dir().join(format!("plainsight-record-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|e| format!("making {}: {e}", folder.display()))?;
        if is_root()? {
            run(Command::new("chown").arg("postgres").arg(&folder))?;
        }
        let data = folder.join("data");
        run(as_postgres(&programs.join("initdb"))?
            .args(["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "-D"])
            .arg(&data))?;
        let access = data.join("pg_hba.conf");
        fs::write(&access, ACCESS).map_err(|e| format!("writing {}: {e}", access.display()))?;
        certify(&data)?;
        let address = free_address()?;
        let process = as_postgres(&programs.join("postgres"))?
            .arg("-D")
            .arg(&data)
            .args(["-p", &address.port().to_string(), "-k"])
            .arg(&folder)
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "wal_level=logical", "-c", "fsync=off"])
            .args(["-c", "timezone=UTC", "-c", "lc_messages=C"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("starting the server: {e}"))?;
        let mut server =
            Server { address, version: String::new(), programs: programs.to_owned(), folder, process };
        server.wait()?;
        server.version =
            format!("PostgreSQL {}", server.sql("SHOW server_version")?.split(' ').next().unwrap_or("?"));
        server.sql("CREATE DATABASE shop")?;
        run(server.psql("shop").args(["-c", CONTENT]))?;
        run(Command::new(server.programs.join("pgbench"))
            .args(["-i", "-q", "-U", "postgres", "-h"])
            .arg(&server.folder)
            .args(["-p", &address.port().to_string(), "shop"]))?;
        Ok(server)
    }

    /// Whether it takes TLS from now on.
    pub(crate) fn offer_tls(&self, tls: Tls) -> Outcome<()> {
        let wanted = if tls == Tls::Offered { "on" } else { "off" };
        if self.sql("SHOW ssl")?.trim() == wanted {
            return Ok(());
        }
        self.sql(&format!("ALTER SYSTEM SET ssl = {wanted}"))?;
        self.sql("SELECT pg_reload_conf()")?;
        await_ready(|| Ok(self.sql("SHOW ssl")?.trim() == wanted))
    }

    fn sql(&self, statement: &str) -> Outcome<String> {
        run(self.psql("postgres").args(["-A", "-t", "-c", statement]))
    }

    fn psql(&self, database: &str) -> Command {
        let mut command = Command::new(self.programs.join("psql"));
        command
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database, "-h"])
            .arg(&self.folder);
        command.args(["-p", &self.address.port().to_string()]);
        command
    }

    /// Waits until it takes connections.
    fn wait(&self) -> Outcome<()> {
        await_ready(|| Ok(TcpStream::connect(self.address).is_ok() && self.sql("SELECT 1").is_ok()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGINT is its fast, clean way to stop.
        let _ = Command::new("kill").args(["-INT", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The key must belong to the server's user, who therefore makes it.
fn certify(data: &Path) -> Outcome<()> {
    run(as_postgres(Path::new("openssl"))?
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "1",
            "-subj",
            "/CN=localhost",
            "-keyout",
        ])
        .arg(data.join("server.key"))
        .arg("-out")
        .arg(data.join("server.crt")))?;
    Ok(())
}

/// The server refuses to run as root.
fn as_postgres(program: &Path) -> Outcome<Command> {
    if !is_root()? {
        return Ok(Command::new(program));
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program).current_dir("/");
    Ok(command)
}

fn is_root() -> Outcome<bool> {
    Ok(run(Command::new("id").arg("-u"))?.trim() == "0")
}
