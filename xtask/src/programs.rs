//! Programs that are run to their end, and places where servers may listen.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use crate::Outcome;

/// How often a server is asked whether it takes connections, and the time in between.
const TRIES: u32 = 1_200;
const BETWEEN: Duration = Duration::from_millis(50);

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

/// Asks again and again until something is ready.
///
/// # Errors
/// The first error of asking, or that it was never ready.
pub(crate) fn await_ready(mut ready: impl FnMut() -> Outcome<bool>) -> Outcome<()> {
    for _ in 0..TRIES {
        if ready()? {
            return Ok(());
        }
        thread::sleep(BETWEEN);
    }
    Err("a server did not come to what was waited for".to_owned())
}

/// Waits until a server takes connections.
///
/// # Errors
/// The server ended, or nobody answered for long.
pub(crate) fn await_connections(address: SocketAddr, server: &mut Child) -> Outcome<()> {
    await_ready(|| match server.try_wait() {
        Ok(Some(status)) => Err(format!("a server ended with {status} before it took connections")),
        _ => Ok(TcpStream::connect(address).is_ok()),
    })
}

/// Waits until a line of a server says that it listens; the rest is read for as long as the server speaks.
///
/// # Errors
/// The server ended before that, with what it said.
pub(crate) fn await_line(from: impl Read + Send + 'static, listens: fn(&str) -> bool) -> Outcome<()> {
    let mut lines = BufReader::new(from);
    let (mut line, mut said) = (String::new(), String::new());
    while lines.read_line(&mut line).map_err(|e| format!("reading what a server says: {e}"))? > 0 {
        if listens(&line) {
            // It is read on, or the server would wait for that one day.
            thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
            return Ok(());
        }
        said.push_str(&line);
        line.clear();
    }
    Err(format!("a server ended before it listened: {said}"))
}
