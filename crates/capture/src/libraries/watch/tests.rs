//! Real processes that load, fork, and go; some in a mount namespace of their own.

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::process::{Child, Command, Stdio};

use super::*;

/// A process that does as it is told, and is gone with its test.
struct Helped(Child);

impl Drop for Helped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Helped {
    fn start(program: &str, arguments: &[&str]) -> Option<Helped> {
        let started = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        if started.is_err() {
            eprintln!("SKIPPED: {program} does not run here");
        }
        started.ok().map(Helped)
    }

    /// Waits for the one byte by which it says that it is ready.
    fn is_ready(&mut self) -> bool {
        self.0.stdout.as_mut().is_some_and(|out| out.read_exact(&mut [0]).is_ok())
    }

    fn go_on(&mut self) {
        self.0.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    }
}

/// A watch that the kernel tells what processes do; `None`, loudly, where it may not.
fn told() -> Option<Watch> {
    let watch = Watch::start();
    if let Some(why) = watch.blind() {
        eprintln!("SKIPPED: perf events are refused here ({why}); run as root");
        return None;
    }
    Some(watch)
}

/// Polls, when there is something to poll for, until a change is as wanted; the answer to it, or `None` in the end.
fn until<T>(watch: &mut Watch, mut wanted: impl FnMut(&Change) -> Option<T>) -> Option<T> {
    let end = Instant::now() + Duration::from_secs(20);
    while Instant::now() < end {
        if let Some(found) = watch.poll().iter().find_map(&mut wanted) {
            return Some(found);
        }
        let fd = watch.ready().unwrap().as_raw_fd();
        let _ = Command::new("true").status();
        assert!(fd >= 0);
    }
    None
}

const LOADS_SSL: &str = "import os,sys\nos.write(1,b'.')\nsys.stdin.readline()\nimport ssl\nos.write(1,b'.')\nsys.stdin.readline()";

#[test]
fn a_library_loaded_later_is_seen_at_once_and_its_user_is_missed_at_once() {
    let Some(mut watch) = told() else { return };
    let Some(mut python) = Helped::start("python3", &["-c", LOADS_SSL]) else { return };
    assert!(python.is_ready());
    watch.poll();
    let pid = python.0.id();
    assert!(!watch.census().iter().any(|one| one.pid == pid));
    python.go_on();
    let used = until(&mut watch, |change| match change {
        Change::Used { library, pid: its } if *its == pid => Some(*library),
        _ => None,
    });
    let library = used.unwrap();
    assert!(watch.census().iter().any(|one| one.pid == pid && one.library == library));
    drop(python);
    let end = Instant::now() + Duration::from_secs(20);
    while watch.census().iter().any(|one| one.pid == pid) {
        assert!(Instant::now() < end, "its end was not noticed");
        watch.poll();
    }
}
