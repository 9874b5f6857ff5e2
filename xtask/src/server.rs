//! A real server in a temporary folder, gone when its keeper goes.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::Outcome;
use crate::programs::{await_connections, free_address};

/// A server that runs.
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    folder: PathBuf,
    process: Child,
}

impl Server {
    /// Starts the program that these words begin with on a free port, beside these files, and waits until it takes
    /// connections.
    pub(crate) fn start(words: &[&str], files: &[(&str, &str)]) -> Outcome<Server> {
        let address = free_address()?;
        let folder = std::env::temp_dir().join(format!("plainsight-record-{}", address.port()));
        fs::create_dir_all(&folder).map_err(|e| format!("making {}: {e}", folder.display()))?;
        let [program, words @ ..] = words else { return Err("no server".to_owned()) };
        let mut command = Command::new(program);
        let port = address.port().to_string();
        for (name, text) in files {
            let path = folder.join(name);
            fs::write(&path, text.replace("PORT", &port))
                .map_err(|e| format!("writing {}: {e}", path.display()))?;
        }
        command.args(words.iter().map(|word| word.replace("PORT", &port))).current_dir(&folder);
        let process = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("starting {program}: {e}"))?;
        let mut server = Server { address, folder, process };
        await_connections(address, &mut server.process).map_err(|e| format!("{program}: {e}"))?;
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
