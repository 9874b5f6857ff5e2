//! A name server of BIND with a zone of its own.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::Outcome;
use crate::programs::{await_line, free_address, run};

/// A running server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// Its name and version.
    pub(crate) version: String,
    child: Child,
    folder: PathBuf,
}

impl Server {
    /// Starts a server in a folder of its own.
    pub(crate) fn start() -> Outcome<Server> {
        let address = free_address()?;
        let folder = std::env::temp_dir().join(format!("plainsight-record-dns-{}", address.port()));
        let configuration = include_str!("named.conf");
        let configuration = configuration.replace("FOLDER", &folder.display().to_string());
        let configuration = configuration.replace("PORT", &address.port().to_string());
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text);
        std::fs::create_dir_all(&folder)
            .and_then(|()| write("named.conf", &configuration))
            .and_then(|()| write("example.test.zone", include_str!("zone")))
            .map_err(|e| format!("preparing {}: {e}", folder.display()))?;
        let mut command = Command::new("named");
        command.arg("-g").arg("-c").arg(folder.join("named.conf")).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|e| format!("starting named: {e}"))?;
        let said = child.stderr.take().ok_or("named has no errors to read")?;
        await_line(said, |line| line.ends_with("running\n"))?;
        let version = run(Command::new("named").arg("-v"))?;
        let version = version.split('-').next().unwrap_or_default().to_owned();
        Ok(Server { address, version, child, folder })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
