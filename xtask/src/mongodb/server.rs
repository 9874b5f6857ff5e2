//! A server that speaks MongoDB's protocol, and one that compresses before it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::Outcome;
use crate::programs::{await_line, free_address};

/// A running server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    child: Child,
    folder: PathBuf,
}

impl Server {
    /// Starts SecantusDB in a folder of its own.
    pub(crate) fn start(python: &str) -> Outcome<Server> {
        let address = free_address()?;
        let folder = std::env::temp_dir().join(format!("plainsight-record-mongodb-{}", address.port()));
        let mut command = Command::new(python);
        command.args(["-m", "secantus", "--host", "127.0.0.1", "--port", &address.port().to_string()]);
        command.arg("--storage-path").arg(&folder).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|e| format!("starting secantus: {e}"))?;
        let said = child.stderr.take().ok_or("secantus has no errors to read")?;
        await_line(said, |line| line.contains("listening"))?;
        Ok(Server { address, child, folder })
    }

    /// Starts what compresses for the server at `server`.
    pub(crate) fn compressing(python: &str, server: SocketAddr, compressor: &str) -> Outcome<Server> {
        let address = free_address()?;
        let mut command = Command::new(python);
        command.args(["-c", include_str!("compressing.py"), &address.port().to_string()]);
        command.args([&server.port().to_string(), compressor]).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|e| format!("starting the compressor: {e}"))?;
        let said = child.stdout.take().ok_or("the compressor has no output to read")?;
        await_line(said, |line| line.contains("listening"))?;
        Ok(Server { address, child, folder: PathBuf::new() })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !self.folder.as_os_str().is_empty() {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}
