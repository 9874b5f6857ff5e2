//! A real server in a temporary folder, gone when its keeper goes.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::Outcome;
use crate::programs::{free_address, run};

/// A server's program.
pub(super) struct Program {
    /// What its name is in a fixture's first line, and the words that make it tell its version.
    pub(super) called: [&'static str; 2],
    /// Files of its folder; `FOLDER` and `PORT` in them are what they say.
    pub(super) files: &'static [(&'static str, &'static str)],
    /// A script of `sh` that prepares its folder, where it stands.
    pub(super) prepare: &'static str,
    /// A script of `sh` that becomes the server, in its folder.
    pub(super) start: &'static str,
    /// A script of `sh` that ends what does not end with it.
    pub(super) stop: &'static str,
    /// What its log says when it listens.
    pub(super) listens: &'static str,
}

/// A server that runs.
pub(super) struct Server {
    /// Where it listens.
    pub(super) address: SocketAddr,
    pub(super) folder: PathBuf,
    process: Child,
    stop: &'static str,
}

impl Server {
    /// Starts a server on a free port, and waits until it says that it listens.
    pub(super) fn start(program: &Program, python: &str) -> Outcome<Server> {
        let address = free_address()?;
        let port = address.port().to_string();
        let folder = std::env::temp_dir().join(format!("plainsight-record-{port}"));
        fs::create_dir_all(&folder).map_err(|e| format!("making {}: {e}", folder.display()))?;
        for (name, text) in program.files {
            let text = text.replace("FOLDER", &folder.display().to_string()).replace("PORT", &port);
            fs::write(folder.join(name), text).map_err(|e| format!("writing {name}: {e}"))?;
        }
        run(&mut shell(program.prepare, &folder, &port, python))?;
        // The leader of a group, so that its workers go with it.
        let mut command = shell(program.start, &folder, &port, python);
        command.process_group(0).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = command.spawn().map_err(|e| format!("starting {}: {e}", program.called[0]))?;
        let said = process.stderr.take().ok_or("a server has no errors to read")?;
        let server = Server { address, folder, process, stop: program.stop };
        await_line(BufReader::new(said), program.listens)?;
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let stop = ["-c", self.stop];
        let _ = Command::new("sh").args(stop).current_dir(&self.folder).env("FOLDER", &self.folder).status();
        let group = format!("-{}", self.process.id());
        let _ = Command::new("kill").args(["-TERM", "--", &group]).status();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn shell(script: &str, folder: &Path, port: &str, python: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-ec", script]).current_dir(folder).env("FOLDER", folder).env("PORT", port);
    command.env("PYTHON", python);
    command.stdin(Stdio::null());
    command
}

/// Waits until a line says that somebody listens.
fn await_line(mut lines: impl BufRead + Send + 'static, listens: &str) -> Outcome<()> {
    let (mut line, mut said) = (String::new(), String::new());
    while lines.read_line(&mut line).map_err(|e| format!("reading what a server says: {e}"))? > 0 {
        if line.contains(listens) {
            // It is read on, or the server would wait for that one day.
            std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
            return Ok(());
        }
        said.push_str(&line);
        line.clear();
    }
    Err(format!("a server ended before it listened: {said}"))
}
