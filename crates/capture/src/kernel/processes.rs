//! Processes: who runs, as whom, in which container, started by whom; read once and kept while they live.

use std::collections::HashMap;
use std::fs;
use std::io::Read as _;
use std::str::FromStr;
use std::sync::Arc;

use model::process::Process;

use super::records::{Life, text};

/// More processes than a host runs (the kernel's own default `pid_max`); beyond it the table starts anew, from /proc.
const PROCESSES: usize = 32_768;
/// A command line is shortened to this many bytes: enough to tell what runs, too few for a whole script.
const COMMAND: u64 = 512;
/// Other small files of /proc are read up to here.
const SMALL_FILE: u64 = 4096;
/// Parents named above a process; deeper trees are shells in shells.
const PARENTS: usize = 8;
/// A container's id is so many hexadecimal digits, in every engine.
const CONTAINER: usize = 64;

/// The processes that are known.
pub(crate) struct Processes {
    known: HashMap<u32, Known>,
    users: HashMap<u32, Arc<str>>,
    /// Those that became known and are to be asked for, if somebody asks.
    fresh: Option<Vec<Arc<Process>>>,
}

struct Known {
    process: Arc<Process>,
    parent: u32,
}

impl Processes {
    /// An empty table, with the host's user names.
    pub(crate) fn new() -> Processes {
        Processes { known: HashMap::new(), users: users(), fresh: None }
    }

    /// Keeps from now on, or no more, what becomes known for [`Processes::fresh`].
    pub(crate) fn announce(&mut self, wanted: bool) {
        self.fresh = wanted.then(Vec::new);
    }

    /// What became known since the last call.
    pub(crate) fn fresh(&mut self) -> Vec<Arc<Process>> {
        self.fresh.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The process `pid`; `name` and `uid` are what the kernel said, for one that is gone already.
    pub(crate) fn process(&mut self, pid: u32, name: &str, uid: u32) -> Arc<Process> {
        let Some(known) = self.known.get_mut(&pid) else {
            return self.learn(pid, parent_of(pid).unwrap_or(0), name, uid, "");
        };
        // A server's worker begins as its parent's user and becomes another.
        if known.process.uid != uid {
            let user = self.users.get(&uid).cloned();
            known.process = Arc::new(Process { uid, user, ..Process::clone(&known.process) });
        }
        Arc::clone(&known.process)
    }

    /// The process `pid`, of which the kernel said nothing else.
    pub(crate) fn known(&mut self, pid: u32) -> Arc<Process> {
        match self.known.get(&pid) {
            Some(known) => Arc::clone(&known.process),
            None => self.learn(pid, parent_of(pid).unwrap_or(0), "", 0, ""),
        }
    }

    /// A process began: until it starts a program, it is what its parent is.
    pub(crate) fn forked(&mut self, life: &Life) {
        let Some(parent) = self.known.get(&life.parent) else { return };
        let mut process = Process::clone(&parent.process);
        process.pid = life.head.user;
        process.parents.insert(0, Arc::clone(&parent.process.name));
        process.parents.truncate(PARENTS);
        process.ancestors.insert(0, life.parent);
        process.ancestors.truncate(PARENTS);
        self.keep(life.head.user, Known { process: Arc::new(process), parent: life.parent });
    }

    /// A process started a program.
    pub(crate) fn execed(&mut self, life: &Life) {
        self.known.remove(&life.head.user);
        self.learn(life.head.user, life.parent, &text(&life.name), life.uid, &text(&life.filename));
    }

    /// A process ended; what still needs it has its own reference.
    pub(crate) fn exited(&mut self, pid: u32) {
        self.known.remove(&pid);
    }

    fn learn(&mut self, pid: u32, parent: u32, name: &str, uid: u32, filename: &str) -> Arc<Process> {
        let (ancestors, parents) = self.above(parent);
        let exe = fs::read_link(format!("/proc/{pid}/exe")).map(|path| path.to_string_lossy().into_owned());
        let process = Arc::new(Process {
            pid,
            name: Arc::from(name),
            exe: exe.map_or_else(|_| Arc::from(filename), Arc::from),
            command: command_of(pid).map_or_else(|| Arc::from(filename), Arc::from),
            uid,
            user: self.users.get(&uid).cloned(),
            parents,
            ancestors,
            container: container_of(pid),
        });
        if let Some(fresh) = &mut self.fresh {
            fresh.push(Arc::clone(&process));
        }
        self.keep(pid, Known { process: Arc::clone(&process), parent });
        process
    }

    fn keep(&mut self, pid: u32, known: Known) {
        if self.known.len() >= PROCESSES {
            self.known.clear();
        }
        self.known.insert(pid, known);
    }

    /// The processes above one, from its parent on: ids and names.
    fn above(&self, first: u32) -> (Vec<u32>, Vec<Arc<str>>) {
        let (mut ids, mut names) = (Vec::new(), Vec::new());
        let mut pid = first;
        while pid != 0 && names.len() < PARENTS {
            let (name, parent) = match self.known.get(&pid) {
                Some(known) => (Arc::clone(&known.process.name), known.parent),
                None => match (name_of(pid), parent_of(pid)) {
                    (Some(name), Some(parent)) => (name, parent),
                    _ => break,
                },
            };
            ids.push(pid);
            names.push(name);
            pid = parent;
        }
        (ids, names)
    }
}

/// The processes that run, each with its parent.
pub(crate) fn running() -> HashMap<u32, u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid| Some((pid, parent_of(pid)?))).collect()
}

fn read_start(path: &str, limit: u64) -> Option<Vec<u8>> {
    let mut start = Vec::new();
    fs::File::open(path).ok()?.take(limit).read_to_end(&mut start).ok()?;
    Some(start)
}

fn command_of(pid: u32) -> Option<String> {
    let words = read_start(&format!("/proc/{pid}/cmdline"), COMMAND)?;
    let words: Vec<_> =
        words.split(|byte| *byte == 0).filter(|word| !word.is_empty()).map(String::from_utf8_lossy).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

fn name_of(pid: u32) -> Option<Arc<str>> {
    let name = read_start(&format!("/proc/{pid}/comm"), SMALL_FILE)?;
    Some(Arc::from(String::from_utf8_lossy(&name).trim_end()))
}

fn parent_of(pid: u32) -> Option<u32> {
    status_of(pid, 1)
}

/// Whether a process has begun others and seen them end: the kernel adds up what pages those needed.
pub(crate) fn has_begun_others(pid: u32) -> bool {
    status_of(pid, 8).is_some_and(|faults: u64| faults > 0)
}

/// A field of `/proc/PID/stat`, counted from the state: `pid (name) state ppid pgrp session tty tpgid flags minflt cminflt ..`.
/// The name may hold anything, so that the last `)` counts.
fn status_of<T: FromStr>(pid: u32, field: usize) -> Option<T> {
    let stat = read_start(&format!("/proc/{pid}/stat"), SMALL_FILE)?;
    let stat = String::from_utf8_lossy(&stat);
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(field)?.parse().ok()
}

/// The engines name a container's control group after its id (`docker-ID.scope`, `/kubepods/.../ID`).
pub(crate) fn container_of(pid: u32) -> Option<Arc<str>> {
    let groups = read_start(&format!("/proc/{pid}/cgroup"), SMALL_FILE)?;
    let groups = String::from_utf8_lossy(&groups);
    groups
        .split(|c: char| !c.is_ascii_alphanumeric())
        .find(|part| part.len() == CONTAINER && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .map(Arc::from)
}

/// `/etc/passwd`: `name:password:uid:...`.
fn users() -> HashMap<u32, Arc<str>> {
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    passwd
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            Some((fields.nth(1)?.parse().ok()?, Arc::from(name)))
        })
        .collect()
}
