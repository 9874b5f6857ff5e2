//! Puts the agent into a Java program that runs, by the door that the virtual machine itself has for that.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify;
use rustix::process::{Pid, Signal, kill_process};
use thiserror::Error;

/// How long a virtual machine may take to open its door: it does so at its next safepoint.
const PATIENCE: Duration = Duration::from_secs(10);
/// Room for what is told of files that get another name; the rest comes with the next reading.
const EVENTS: usize = 4096;
/// How long it may take to load the agent, on a machine that is busy.
const LOADING: Duration = Duration::from_secs(60);
/// An answer is a few lines.
const ANSWER: u64 = 4096;

/// Why the agent could not be put into a program.
#[derive(Debug, Error)]
pub enum AttachError {
    /// This program has no agent.
    #[error("this program was built without the agent for Java: {0}")]
    NoAgent(&'static str),
    /// There is no such process, or it may not be looked at.
    #[error("process {pid} cannot be looked at: {why}")]
    Process {
        /// Which one.
        pid: u32,
        /// What the system answered.
        why: io::Error,
    },
    /// It runs no virtual machine that can be asked; the signal would end it.
    #[error(
        "process {0} does not run a Java virtual machine that can be asked to load an agent (HotSpot, without -Xrs)"
    )]
    NoJava(u32),
    /// A file or the door of the program could not be used.
    #[error("{what} of process {pid}: {why}")]
    Door {
        /// Which process.
        pid: u32,
        /// What was tried.
        what: &'static str,
        /// What the system answered.
        why: io::Error,
    },
    /// The virtual machine did not load it.
    #[error(
        "the virtual machine of process {pid} did not load the agent, its own standard error says why (it answered: {answer})"
    )]
    Refused {
        /// Which process.
        pid: u32,
        /// What it answered.
        answer: String,
    },
}

/// Loads the agent into a program that runs. It stays until the program ends. Once more does nothing.
///
/// Wants the program's own user, or root.
///
/// # Errors
/// Whatever kept it out; the program goes on as it was.
pub fn attach(pid: u32) -> Result<(), AttachError> {
    let jar = super::jar().map_err(AttachError::NoAgent)?;
    let program = Program::of(pid)?;
    let mut door = program.open()?;
    let file = program.put(jar)?;
    let answer = ask(&mut door, &file.inside);
    // The virtual machine has it open for as long as it needs it.
    _ = fs::remove_file(&file.outside);
    let answer = answer.map_err(|why| AttachError::Door { pid, what: "the door", why })?;
    if is_success(&answer) {
        return Ok(());
    }
    Err(AttachError::Refused { pid, answer: answer.trim().replace('\n', ", ") })
}

/// Asks for the agent: the command and its three arguments, each ended by a zero (HotSpot's attach protocol, version 1).
fn ask(door: &mut UnixStream, jar: &Path) -> io::Result<String> {
    door.set_read_timeout(Some(LOADING))?;
    let request = format!("1\0load\0instrument\0false\0{}\0", jar.display());
    door.write_all(request.as_bytes())?;
    let mut answer = String::new();
    door.take(ANSWER).read_to_string(&mut answer)?;
    Ok(answer)
}

/// The first line says whether the command was understood, the second what the agent's beginning answered.
fn is_success(answer: &str) -> bool {
    let mut lines = answer.lines();
    let is_zero =
        |line: Option<&str>| line.is_some_and(|line| line.trim_start_matches("return code: ").trim() == "0");
    is_zero(lines.next()) && lines.next().is_none_or(|line| is_zero(Some(line)))
}

/// A Java program that runs.
struct Program {
    pid: u32,
    /// As it numbers itself, in its own namespace.
    inner: u32,
}

/// A file of the program's, by our path and by its own.
struct Placed {
    outside: PathBuf,
    inside: PathBuf,
}

impl Program {
    fn of(pid: u32) -> Result<Program, AttachError> {
        let process = |why| AttachError::Process { pid, why };
        let status = fs::read_to_string(format!("/proc/{pid}/status")).map_err(process)?;
        let maps = fs::read_to_string(format!("/proc/{pid}/maps")).map_err(process)?;
        let is_java = maps.lines().any(|line| line.ends_with("/libjvm.so"));
        if !is_java || !catches_quit(&status) {
            return Err(AttachError::NoJava(pid));
        }
        Ok(Program { pid, inner: inner(&status).unwrap_or(pid) })
    }

    /// The virtual machine's door, which it opens when it is asked to.
    fn open(&self) -> Result<UnixStream, AttachError> {
        let door = self.rooted(&format!("tmp/.java_pid{}", self.inner));
        if let Ok(stream) = UnixStream::connect(&door) {
            return Ok(stream);
        }
        let wish = self.rooted(&format!("tmp/.attach_pid{}", self.inner));
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&wish)
            .or_else(|why| {
                if why.kind() == io::ErrorKind::AlreadyExists { fs::File::open(&wish) } else { Err(why) }
            })
            .map_err(|why| self.failed("the wish that it open its door", why))?;
        let opened = self.knock(&door);
        _ = fs::remove_file(&wish);
        opened.map_err(|why| self.failed("the door", why))
    }

    fn knock(&self, door: &Path) -> io::Result<UnixStream> {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidInput)?;
        // It is made under another name, and gets its own when somebody listens behind it.
        let named = inotify::init(inotify::CreateFlags::CLOEXEC)?;
        inotify::add_watch(&named, self.rooted("tmp"), inotify::WatchFlags::MOVED_TO)?;
        kill_process(pid, Signal::QUIT)?;
        let until = Instant::now() + PATIENCE;
        loop {
            let refused = match UnixStream::connect(door) {
                Ok(stream) => return Ok(stream),
                Err(refused) => refused,
            };
            let left = until.saturating_duration_since(Instant::now());
            let left = Timespec::try_from(left).map_err(io::Error::other)?;
            if poll(&mut [PollFd::new(&named, PollFlags::IN)], Some(&left))? == 0 {
                return Err(refused);
            }
            // Which file it was, the next try tells.
            rustix::io::read(&named, &mut [0; EVENTS])?;
        }
    }

    /// Puts a file where the program can read it, and nobody can have put another.
    fn put(&self, bytes: &[u8]) -> Result<Placed, AttachError> {
        let name = format!("tmp/plainsight-agent-{}-{}.jar", self.inner, std::process::id());
        let outside = self.rooted(&name);
        let mut options = OpenOptions::new();
        options
            .write(true)
            .create_new(true)
            .mode(0o444)
            .open(&outside)
            .and_then(|mut file| file.write_all(bytes))
            .map_err(|why| self.failed("the agent's file in the folder /tmp", why))?;
        Ok(Placed { outside, inside: Path::new("/").join(name) })
    }

    fn rooted(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root/{path}", self.pid))
    }

    fn failed(&self, what: &'static str, why: io::Error) -> AttachError {
        AttachError::Door { pid: self.pid, what, why }
    }
}

/// Whether a process handles the signal by which a virtual machine is asked; whoever does not is ended by it.
fn catches_quit(status: &str) -> bool {
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = caught.and_then(|set| u64::from_str_radix(set.trim(), 16).ok()).unwrap_or_default();
    caught >> (Signal::QUIT.as_raw() - 1) & 1 == 1
}

/// A process's number in its innermost namespace.
fn inner(status: &str) -> Option<u32> {
    status.lines().find_map(|line| line.strip_prefix("NSpid:"))?.split_whitespace().last()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{catches_quit, inner, is_success};

    #[test]
    fn a_process_that_would_die_of_the_question_is_not_asked() {
        assert!(catches_quit("Name:\tjava\nSigCgt:\t2000000181005ccf\n"));
        assert!(!catches_quit("Name:\tsleep\nSigCgt:\t0000000000000000\n"));
        assert!(!catches_quit("Name:\tjava\n"));
    }

    #[test]
    fn a_process_in_a_container_has_a_number_of_its_own() {
        assert_eq!(inner("NSpid:\t4242\t7\n"), Some(7));
        assert_eq!(inner("NSpid:\t4242\n"), Some(4242));
        assert_eq!(inner("Pid:\t4242\n"), None);
    }

    #[test]
    fn what_the_virtual_machine_answers_is_understood() {
        assert!(is_success("0\nreturn code: 0\n"));
        assert!(is_success("0\n0\n"));
        assert!(!is_success("0\nreturn code: 102\n"));
        assert!(!is_success("101\nProtocol mismatch\n"));
        assert!(!is_success(""));
    }
}
