//! A real server in a temporary folder, gone when its keeper goes.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::Outcome;
use crate::programs::free_address;

/// A server that runs.
pub(super) struct Server {
    /// Where it listens.
    pub(super) address: SocketAddr,
    folder: PathBuf,
    process: Child,
}

impl Server {
    /// Starts the program that these words begin with on a free port, and waits until it takes connections.
    pub(super) fn start(words: &[&str]) -> Outcome<Server> {
        let address = free_address()?;
        let folder = std::env::temp_dir().join(format!("plainsight-record-{}", address.port()));
        fs::create_dir_all(&folder).map_err(|e| format!("making {}: {e}", folder.display()))?;
        let [program, words @ ..] = words else { return Err("no server".to_owned()) };
        let mut command = Command::new(program);
        let port = address.port().to_string();
        command.args(words.iter().map(|word| word.replace("PORT", &port))).current_dir(&folder);
        let process = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("starting {program}: {e}"))?;
        let server = Server { address, folder, process };
        for _ in 0..200 {
            if TcpStream::connect(address).is_ok() {
                return Ok(server);
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err(format!("{program} does not answer on {address}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
