//! Processes and files of the tests: started with their test, gone with it.

use std::io::{BufRead as _, BufReader, Read};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::ground::program_path;

/// No test waits longer than this for one thing; a loaded machine needs a tenth of it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A process that goes with its test.
#[derive(Debug)]
pub(crate) struct Running(pub(crate) Child);

impl Running {
    /// Starts what `command` says, with its output and its errors to be read.
    pub(crate) fn start(command: &mut Command) -> Running {
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Running(piped.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.0);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Asks it to end, and waits until it has: a server that is killed outright leaves its workers behind.
    pub(crate) fn stop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            self.signal(Signal::TERM);
            _ = self.0.wait();
        }
    }

    /// Itself, when it has said its first line.
    pub(crate) fn after_line(mut self) -> Running {
        let lines = Lines::of(self.0.stdout.take().unwrap());
        lines.next().expect("it ended before it said a line");
        self
    }

    /// Its whole output, when it has ended, however that was.
    pub(crate) fn output(mut self) -> String {
        let mut output = String::new();
        self.0.stdout.take().unwrap().read_to_string(&mut output).unwrap();
        self.0.wait().unwrap();
        output
    }

    /// Ends its input and waits for its end; panics when it does not end well.
    pub(crate) fn end_well(mut self) {
        drop(self.0.stdin.take());
        let status = self.0.wait().unwrap();
        let mut errors = String::new();
        if let Some(mut stderr) = self.0.stderr.take() {
            stderr.read_to_string(&mut errors).unwrap();
        }
        assert!(status.success(), "{status}: {errors}");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// Lines of a process, as they come.
#[derive(Debug)]
pub(crate) struct Lines(Receiver<String>);

impl Lines {
    /// The lines that `from` gives, until it ends.
    pub(crate) fn of(from: impl Read + Send + 'static) -> Lines {
        let (give, take) = channel();
        thread::spawn(move || {
            for line in BufReader::new(from).lines().map_while(Result::ok) {
                if give.send(line).is_err() {
                    return;
                }
            }
        });
        Lines(take)
    }

    /// The next line; `None` when there is no more.
    ///
    /// # Panics
    /// When nothing comes for [`PATIENCE`].
    pub(crate) fn next(&self) -> Option<String> {
        match self.0.recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("no line came for {PATIENCE:?}"),
        }
    }

    /// Reads until a line holds `word`, and gives what came before it and it.
    pub(crate) fn until(&self, word: &str) -> Vec<String> {
        let mut before = Vec::new();
        while let Some(line) = self.next() {
            let found = line.contains(word);
            before.push(line);
            if found {
                return before;
            }
        }
        panic!("it ended before it said {word:?}: {before:#?}");
    }
}

/// A command of a program that the test's ground was asked for.
pub(crate) fn program(name: &str) -> Command {
    Command::new(program_path(name).unwrap_or_else(|| panic!("{name} is not installed")))
}

/// Runs a command to its end.
///
/// # Panics
/// When it does not end well.
pub(crate) fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}: {errors}", output.status);
    output
}

/// The text that a command prints.
pub(crate) fn text_of(command: &mut Command) -> String {
    String::from_utf8(run(command).stdout).unwrap()
}

/// Looks again and again until `holds`.
///
/// # Panics
/// When it does not for [`PATIENCE`].
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "waited in vain: {what}");
        thread::yield_now();
    }
}

/// A port of the loopback that nobody listens on.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Lets every user enter a folder.
pub(crate) fn open_to_all(folder: &Path) {
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Makes a key and a certificate for localhost, signed by itself: `key.pem` and `cert.pem` in `folder`.
pub(crate) fn make_certificate(folder: &Path) {
    let mut openssl = program("openssl");
    openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]);
    openssl.args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]);
    run(openssl.arg("-keyout").arg(folder.join("key.pem")).arg("-out").arg(folder.join("cert.pem")));
}
