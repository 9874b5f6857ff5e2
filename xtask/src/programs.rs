//! Programs that are run to their end, and places where servers may listen.

use std::net::{SocketAddr, TcpListener};
use std::process::Command;

use crate::Outcome;

/// What a program said that ended well.
pub(crate) fn run(command: &mut Command) -> Outcome<String> {
    let output = command.output().map_err(|e| format!("{command:?}: {e}"))?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// An address that nobody listens on.
pub(crate) fn free_address() -> Outcome<SocketAddr> {
    let listener =
        TcpListener::bind(("127.0.0.1", 0)).map_err(|e| format!("looking for a free port: {e}"))?;
    listener.local_addr().map_err(|e| format!("looking for a free port: {e}"))
}
