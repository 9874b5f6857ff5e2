//! A broker, and who names another address for it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::Outcome;
use crate::programs::{await_connections, await_line, run};

/// A running server.
pub(crate) struct Server {
    child: Child,
    folder: Option<PathBuf>,
}

impl Server {
    /// Starts Pulsar Lite in a folder of its own.
    pub(crate) fn start(python: &str, address: SocketAddr) -> Outcome<Server> {
        let find = "import pulsar_lite.binary_finder as it; print(it.find_pulsar_lite_binary())";
        let program = run(Command::new(python).args(["-c", find]))?;
        let folder = std::env::temp_dir().join(format!("plainsight-record-pulsar-{}", address.port()));
        let mut command = Command::new(program.trim());
        command.arg("--addr").arg(address.to_string()).arg("--db-path").arg(&folder);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|e| format!("starting pulsar-lite: {e}"))?;
        await_connections(address, &mut child)?;
        Ok(Server { child, folder: Some(folder) })
    }

    /// Starts who stands at `address` before the broker at `server`, and names `shown` to clients.
    pub(crate) fn naming(
        python: &str,
        address: SocketAddr,
        server: SocketAddr,
        shown: SocketAddr,
    ) -> Outcome<Server> {
        let mut command = Command::new(python);
        let ports = [address, server, shown].map(|address| address.port().to_string());
        command.args(["-c", include_str!("naming.py")]).args(ports).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|e| format!("starting who names: {e}"))?;
        let said = child.stdout.take().ok_or("who names has no output to read")?;
        await_line(said, |line| line.contains("listening"))?;
        Ok(Server { child, folder: None })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}
