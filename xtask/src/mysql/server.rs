//! A real MariaDB server in a temporary folder, gone when its keeper goes.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::Outcome;
use crate::programs::{await_ready, free_address, run};

/// What the scenarios find, and who may log in. The names of users say how they prove who they are.
const CONTENT: &str = include_str!("content.sql");

/// A server that runs.
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Its version, as it is called in a fixture's first line.
    pub(crate) version: String,
    folder: PathBuf,
    process: Child,
}

impl Server {
    /// Makes a data folder and starts a server on a free port.
    pub(crate) fn start() -> Outcome<Server> {
        let folder = std::env::temp_dir().join(format!("plainsight-record-mysql-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|e| format!("making {}: {e}", folder.display()))?;
        certify(&folder)?;
        let data = folder.join("data");
        run(Command::new("mariadb-install-db")
            .args([
                "--no-defaults",
                "--skip-test-db",
                "--auth-root-authentication-method=normal",
                "--user=mysql",
            ])
            .arg(format!("--datadir={}", data.display())))?;
        run(Command::new("chown").args(["-R", "mysql"]).arg(&folder))?;
        let address = free_address()?;
        let process = Command::new("mariadbd")
            .args([
                "--no-defaults",
                "--user=mysql",
                "--bind-address=127.0.0.1",
                "--log-bin=log",
                "--server-id=1",
            ])
            .args(["--plugin-load-add=auth_ed25519", "--local-infile=1", "--innodb-buffer-pool-size=16M"])
            .arg(format!("--port={}", address.port()))
            .arg(format!("--datadir={}", data.display()))
            .arg(format!("--socket={}", folder.join("socket").display()))
            .arg(format!("--ssl-cert={}", folder.join("cert.pem").display()))
            .arg(format!("--ssl-key={}", folder.join("key.pem").display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("starting the server: {e}"))?;
        let mut server = Server { address, version: String::new(), folder, process };
        server.wait()?;
        let version = server.sql("SELECT VERSION()")?;
        server.version = format!("MariaDB {}", version.trim().split('-').next().unwrap_or("?"));
        server.sql(CONTENT)?;
        Ok(server)
    }

    fn sql(&self, statements: &str) -> Outcome<String> {
        let socket = format!("--socket={}", self.folder.join("socket").display());
        run(Command::new("mariadb").args(["--no-defaults", "-N", "-u", "root", &socket, "-e", statements]))
    }

    /// Waits until it takes connections.
    fn wait(&self) -> Outcome<()> {
        await_ready(|| Ok(TcpStream::connect(self.address).is_ok() && self.sql("SELECT 1").is_ok()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn certify(folder: &Path) -> Outcome<()> {
    run(Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"])
        .arg("-keyout")
        .arg(folder.join("key.pem"))
        .arg("-out")
        .arg(folder.join("cert.pem")))?;
    Ok(())
}
