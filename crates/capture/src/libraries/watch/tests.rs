//! Real processes that load, fork, and go; some in a mount namespace of their own.

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::process::{Child, Command, Stdio};

use super::*;
use crate::libraries::plan::{Found, Plan, Stack};

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
            _ = writeln!(io::stderr(), "SKIPPED: {program} does not run here");
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
        _ = writeln!(io::stderr(), "SKIPPED: perf events are refused here ({why}); run as root");
        return None;
    }
    Some(watch)
}

/// Waits until the kernel has something to tell, a second at most.
#[expect(unsafe_code, reason = "the standard library cannot wait for a descriptor")]
fn wait(fd: BorrowedFd<'_>) {
    let mut wanted = libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one descriptor, which lives through the call.
    unsafe { libc::poll(&raw mut wanted, 1, 1_000) };
}

/// Follows the watch until a change is as wanted; panics when none is for 20 seconds.
fn until<T>(watch: &mut Watch, mut wanted: impl FnMut(Change) -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(20);
    while Instant::now() < end {
        if let Some(found) = watch.poll().into_iter().find_map(&mut wanted) {
            return found;
        }
        wait(watch.ready().unwrap());
    }
    panic!("what was waited for did not happen");
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
    let library = until(&mut watch, |change| match change {
        Change::Used { library, pid: its } if its == pid => Some(library),
        _ => None,
    });
    let took = monotonic() - watch.processes[&pid][&library];
    eprintln!("MEASURED: from the mapping of libssl to the decision: {} us", took / 1_000);
    assert!(took < 100_000_000, "{took} ns");
    drop(python);
    let end = Instant::now() + Duration::from_secs(20);
    while watch.census().iter().any(|one| one.pid == pid) {
        assert!(Instant::now() < end, "its end was not noticed");
        wait(watch.ready().unwrap());
        watch.poll();
    }
}

#[test]
fn a_child_uses_what_its_parent_mapped_until_it_starts_another_program() {
    let script = "import os,sys,ssl\npid=os.fork()\nif pid==0:\n sys.stdin.readline()\n os.execlp('cat','cat')\nos.write(1,b'.')\nos.wait()";
    let Some(mut watch) = told() else { return };
    watch.poll();
    let Some(mut python) = Helped::start("python3", &["-c", script]) else { return };
    assert!(python.is_ready());
    let parent = python.0.id();
    let child = || fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default();
    let child: u32 = child().trim().parse().unwrap();
    until(&mut watch, |change| matches!(change, Change::Used { pid, .. } if pid == child).then_some(()));
    python.go_on();
    let end = Instant::now() + Duration::from_secs(20);
    while watch.census().iter().any(|one| one.pid == child) {
        assert!(Instant::now() < end, "its new program was not noticed");
        wait(watch.ready().unwrap());
        watch.poll();
    }
    assert!(watch.census().iter().any(|one| one.pid == parent));
    drop(python.0.stdin.take());
}

/// A copy of libssl that only the process's own mount namespace shows; deleted on the word.
const APART: &str = "mount -t tmpfs none /mnt && cp -L \"$0\" /mnt/libssl.so.3 && exec python3 -c \"\
import os,sys,ctypes\n\
os.write(1,b'.')\n\
sys.stdin.readline()\n\
ctypes.CDLL('/mnt/libssl.so.3')\n\
sys.stdin.readline()\n\
os.unlink('/mnt/libssl.so.3')\n\
os.write(1,b'.')\n\
sys.stdin.readline()\"";

#[test]
fn a_library_in_another_mount_namespace_is_reached_even_when_it_is_deleted() {
    let libssl = "/usr/lib/x86_64-linux-gnu/libssl.so.3";
    let Some(mut watch) = told().filter(|_| Path::new(libssl).exists()) else { return };
    let Some(mut python) = Helped::start("unshare", &["-m", "sh", "-c", APART, libssl]) else { return };
    if !python.is_ready() {
        _ = writeln!(io::stderr(), "SKIPPED: no own mount namespace is allowed here; run as root");
        return;
    }
    watch.poll();
    python.go_on();
    let attached = |change| match change {
        Change::Attach { library, door, plan } => Some((library, door, plan)),
        _ => None,
    };
    let (library, door, plan) = until(&mut watch, attached);
    let pid = python.0.id();
    until_used(&mut watch, pid, library);
    let same = |one: &Path| fs::read(one).unwrap() == fs::read(libssl).unwrap();
    assert!(same(&door.path()));
    python.go_on();
    assert!(python.is_ready());
    let mut second = Watch::start();
    let found = second.poll().into_iter().filter_map(attached).find(|(its, ..)| *its == library);
    let (_, door, again) = found.unwrap();
    assert!(same(&door.path()));
    assert_eq!(again.functions, plan.functions);
}

/// Twenty thousand mappings are more than the rings hold, and the one that counts is among the lost.
const FLOOD: &str = "import mmap,os,sys\n\
f=open('/bin/true','rb')\n\
os.write(1,b'.')\n\
sys.stdin.readline()\n\
for i in range(20000): mmap.mmap(f.fileno(),4096,mmap.MAP_PRIVATE,mmap.PROT_READ|mmap.PROT_EXEC).close()\n\
import ssl\n\
os.write(1,b'.')\n\
sys.stdin.readline()";

#[test]
fn lost_records_are_counted_and_answered_by_a_look_at_all_processes() {
    let Some(mut watch) = told() else { return };
    let Some(mut python) = Helped::start("python3", &["-c", FLOOD]) else { return };
    assert!(python.is_ready());
    watch.poll();
    assert_eq!(watch.lost(), 0);
    python.go_on();
    assert!(python.is_ready());
    watch.poll();
    assert!(watch.census().iter().any(|one| one.pid == python.0.id()), "looked at because a ring was full");
    let end = Instant::now() + Duration::from_secs(20);
    while watch.lost() == 0 {
        assert!(Instant::now() < end, "the loss was not counted");
        let _ = Command::new("true").status();
        watch.poll();
    }
}

#[test]
fn a_process_with_too_many_libraries_is_told_dark_and_not_remembered_further() {
    let mut watch = Watch::start();
    let file = |inode| FileId { major: 0, minor: 0, inode };
    for inode in 0..=PER_PROCESS as u64 {
        let (path, build_id, standing) =
            (PathBuf::new(), String::new(), Standing::Dark(Stack::Go, Refusal::NotYet));
        let known = Known {
            path,
            build_id,
            stamp: Stamp::default(),
            generation: None,
            compared: Instant::now(),
            standing,
            users: 0,
            idle: Instant::now(),
        };
        watch.known.insert(file(inode), known);
        watch.uses(1, 7, file(inode));
    }
    assert_eq!(watch.processes[&7].len(), PER_PROCESS);
    let last = watch.changes.last().unwrap();
    assert!(matches!(last, Change::Dark { pid: 7, stack: Stack::Go, why: Refusal::TooMany }));
}

fn until_used(watch: &mut Watch, pid: u32, library: FileId) {
    while !watch.census().iter().any(|one| (one.pid, one.library) == (pid, library)) {
        wait(watch.ready().unwrap());
        watch.poll();
    }
}

#[test]
fn a_library_is_attached_once_and_released_when_nobody_uses_it() {
    let Some(mut watch) = told() else { return };
    let started = Instant::now();
    let changes = watch.poll();
    eprintln!("MEASURED: first look at this host: {:?}, {} files", started.elapsed(), watch.known.len());
    let mut attached = HashSet::new();
    for change in &changes {
        if let Change::Attach { library, .. } = change {
            assert!(attached.insert(*library), "attached twice");
        }
    }
    let library = FileId { major: 0, minor: 0, inode: 1 };
    let plan = Plan {
        code: Stack::OpenSsl,
        stack: String::new(),
        build_id: String::new(),
        found: Found::Internals,
        functions: vec![],
    };
    let idle = Instant::now().checked_sub(LINGER).unwrap();
    let standing = Standing::Hooked(Arc::new(plan));
    let known = Known {
        path: PathBuf::new(),
        build_id: String::new(),
        stamp: Stamp::default(),
        generation: None,
        compared: idle,
        standing,
        users: 0,
        idle,
    };
    watch.known.insert(library, known);
    watch.released = idle;
    let released =
        |change| matches!(change, Change::Release { library: its } if its == library).then_some(());
    until(&mut watch, released);
    assert!(!watch.known.contains_key(&library));
}
