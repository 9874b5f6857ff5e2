//! Real web servers, gone when their keeper goes.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::Outcome;
use crate::programs::{await_connections, free_address};

use super::scenarios::Kind;

/// A server that runs.
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    process: Child,
}

impl Server {
    /// Starts a server on a free port; what it needs is in `folder`.
    pub(crate) fn start(kind: Kind, python: &str, folder: &Path) -> Outcome<Server> {
        let address = free_address()?;
        let port = address.port().to_string();
        let mut command = match kind {
            Kind::Nginx => {
                let place = folder.display().to_string();
                let settings = include_str!("nginx.conf").replace("FOLDER", &place).replace("PORT", &port);
                let path = folder.join("nginx.conf");
                fs::write(&path, settings).map_err(|e| format!("writing {}: {e}", path.display()))?;
                let mut command = Command::new("nginx");
                command.arg("-c").arg(path);
                command
            }
            Kind::Aiohttp => script(python, "-c", include_str!("app.py"), &port),
            Kind::Node => script("node", "-e", include_str!("server.js"), &port),
            Kind::Closing => script(python, "-c", include_str!("closing.py"), &port),
        };
        let process = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("starting {kind:?}: {e}"))?;
        let mut server = Server { address, process };
        await_connections(address, &mut server.process).map_err(|e| format!("{kind:?}: {e}"))?;
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // nginx ends its workers when it is asked to stop.
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let _ = self.process.wait();
    }
}

fn script(program: &str, option: &str, text: &str, port: &str) -> Command {
    let mut command = Command::new(program);
    command.args([option, text, port]);
    command
}
