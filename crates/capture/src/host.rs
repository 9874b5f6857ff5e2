//! What this host allows and what runs on it, for `plainsight doctor`: each fact with what to do about it.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use memchr::memmem;
use serde::Serialize;

use crate::java;
use crate::libraries::change::{Standing, Use};
use crate::libraries::plan::{Found, Refusal};
use crate::libraries::watch::Watch;

mod kernel_tls;
pub(crate) mod rings;

/// A file of facts is a few lines; what is longer is not what was expected.
const FACTS: u64 = 64 << 10;
/// The kernel's type description has 5 to 10 MiB.
const BTF: u64 = 64 << 20;
/// The first kernel that tells a hook at which of many places it stands; the ring buffer, pointers given to verified
/// functions and atomic exchange are older (docs/adr/0008).
const OLDEST: (u32, u32) = (5, 15);
/// What such a kernel calls it, and so do older ones to which a distribution brought it.
const COOKIE: &str = "BPF_FUNC_get_attach_cookie";
/// What a kernel that sets many hooks at once (6.6) has among its types.
const MANY: &str = "bpf_uprobe_multi_link";
/// The type that says that one hook stands at a function's entry and at its return (6.13).
const BOTH_WAYS: &str = "BPF_TRACE_UPROBE_SESSION";

/// What was found on this host.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The kernel's release, as `uname -r` prints it.
    pub kernel: String,
    /// What the kernel and our privileges allow.
    pub features: Vec<Feature>,
    /// Every process with TLS code, by process id.
    pub processes: Vec<Watched>,
}

/// One thing that watching needs or profits from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Feature {
    /// What it is.
    pub name: &'static str,
    /// What was found, in the host's own words.
    pub found: String,
    /// Whether that is enough.
    #[serde(flatten)]
    pub state: State,
}

/// Whether something is enough, and what to do if not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", content = "advice", rename_all = "lowercase")]
pub enum State {
    /// It is.
    Ok,
    /// Watching works with less; what is lost, and what to do about it.
    Limited(String),
    /// Watching does not work; what to do about it.
    Missing(String),
}

/// One process with TLS code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Watched {
    /// The process.
    pub pid: u32,
    /// The kernel's short name of it.
    pub name: String,
    /// The file with the TLS code, in the process's own mount namespace.
    pub path: PathBuf,
    /// What that code is, with its version where the file says so.
    pub library: String,
    /// The file's build id in hexadecimal, empty when it has none.
    pub build_id: String,
    /// How it is hooked.
    #[serde(flatten)]
    pub hook: Hook,
}

/// How TLS code is hooked, or why not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "hook", content = "why", rename_all = "lowercase")]
pub enum Hook {
    /// At the internal functions, which costs the watched program least.
    Internals,
    /// At the exported functions, for this reason.
    Exports(String),
    /// At internal functions that its own tables lead to.
    Tables,
    /// At internal functions that its symbols name.
    Symbols,
    /// At the begin and at each return of its functions.
    Returns,
    /// At functions that were found without their names: watching believes them when what they move fits the socket.
    Located,
    /// By an agent inside of the program, which tells.
    Agent,
    /// Not at all, for this reason.
    Dark(String),
}

/// Looks at this host; what runs on it is what the watch has learned by its last poll.
#[must_use]
pub fn report(watch: &Watch) -> Report {
    let host = Host::own();
    let mut features = host.features();
    features.push(match watch.blind() {
        None => feature("new processes", "told by the kernel", State::Ok),
        Some(why) => {
            let advice = "processes that live less than a second may be missed; give it CAP_PERFMON";
            feature("new processes", &why.to_string(), State::Limited(advice.to_owned()))
        }
    });
    Report {
        kernel: host.release(),
        features,
        processes: watch.census().into_iter().filter_map(watched).collect(),
    }
}

/// What is to be said of one process; nothing when it has ended in the meantime.
fn watched(one: Use) -> Option<Watched> {
    let name = fs::read_to_string(format!("/proc/{}/comm", one.pid)).ok()?;
    let (library, hook) = match one.standing {
        Standing::Hooked(plan) => {
            let hook = match plan.found {
                Found::Internals => Hook::Internals,
                Found::Exports(why) => Hook::Exports(why.to_string()),
                Found::Tables => Hook::Tables,
                Found::Symbols => Hook::Symbols,
                Found::Returns => Hook::Returns,
                Found::Located => Hook::Located,
            };
            (plan.stack.clone(), hook)
        }
        Standing::Dark(stack, Refusal::NoAgent) if java::is_loaded(one.pid) => {
            (stack.to_string(), Hook::Agent)
        }
        Standing::Dark(stack, why) => (stack.to_string(), Hook::Dark(why.to_string())),
        Standing::Plain => return None,
    };
    let name = name.trim().to_owned();
    Some(Watched { pid: one.pid, name, path: one.path, library, build_id: one.build_id, hook })
}

fn feature(name: &'static str, found: &str, state: State) -> Feature {
    Feature { name, found: found.trim().to_owned(), state }
}

/// The privileges that this process lacks, each with what is not seen without it.
#[must_use]
pub fn privileges() -> Vec<Feature> {
    let host = Host::own();
    lacking(host.capabilities(&host.types()))
}

/// What watching cannot do without and this host or process lacks.
pub(crate) fn missing() -> Vec<Feature> {
    let mut features = lacking(Host::own().features());
    features.retain(|feature| matches!(feature.state, State::Missing(_)));
    features
}

/// How a kernel sets hooks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// All entries and returns with one link, whose program spares the returns that tell nothing (Linux 6.13).
    BothWays,
    /// All entries with one link, and all returns with another (Linux 6.6; without `CAP_SYS_ADMIN`).
    Many,
    /// One link for each place.
    OneByOne,
}

/// The best way of setting hooks that this kernel knows.
pub(crate) fn manner() -> Manner {
    let types = Host::own().types();
    if types.name(BOTH_WAYS) {
        Manner::BothWays
    } else if types.name(MANY) {
        Manner::Many
    } else {
        Manner::OneByOne
    }
}

fn lacking(mut features: Vec<Feature>) -> Vec<Feature> {
    features.retain(|feature| feature.state != State::Ok);
    features
}

/// A privilege of this process.
struct Capability {
    name: &'static str,
    /// Its bit (capability.h).
    bit: u32,
    without: fn(String) -> State,
    /// What is lost without it.
    cost: &'static str,
}

/// The one privilege for everything before Linux 5.8 cut others out of it, for which it still stands.
const ADMIN: u32 = 21;
const CUT_OUT: [u32; 3] = [38, 39, 40];
const CAPABILITIES: [Capability; 6] = [
    Capability { name: "CAP_BPF", bit: 39, without: State::Missing, cost: "no program can be loaded" },
    Capability {
        name: "CAP_PERFMON",
        bit: 38,
        without: State::Missing,
        cost: "no program may read memory, and no hook can be set",
    },
    Capability {
        name: "CAP_SYS_ADMIN",
        bit: ADMIN,
        without: State::Limited,
        cost: "nothing inside TLS is seen: before Linux 6.6 a hook in a library wants it",
    },
    Capability {
        name: "CAP_SYS_PTRACE",
        bit: 19,
        without: State::Limited,
        cost: "other users' processes are known by the kernel's word alone, and TLS in their containers stays dark",
    },
    Capability {
        name: "CAP_DAC_READ_SEARCH",
        bit: 2,
        without: State::Limited,
        cost: "TLS libraries that this user may not read stay dark",
    },
    Capability {
        name: "CAP_CHECKPOINT_RESTORE",
        bit: 40,
        without: State::Limited,
        cost: "TLS libraries that were deleted or replaced since a process mapped them stay dark",
    },
];

/// The kernel's description of its own types; empty where there is none.
struct Types(Vec<u8>);

impl Types {
    /// Whether something in it has this name.
    fn name(&self, name: &str) -> bool {
        memmem::find(&self.0, name.as_bytes()).is_some()
    }
}

/// A host, by its files of facts.
struct Host {
    root: PathBuf,
}

impl Host {
    /// This one.
    fn own() -> Host {
        Host { root: PathBuf::from("/") }
    }

    fn features(&self) -> Vec<Feature> {
        let types = self.types();
        let mut features = vec![self.kernel(&types), btf(&types), many(&types), self.rings(&types)];
        features.extend([self.kernel_tls(), self.user_namespace()]);
        features.extend(self.capabilities(&types));
        features.extend([self.perf(), self.bpf(), self.lockdown(), self.cgroup()]);
        features
    }

    /// The text of a file of facts; `None` when it is not there.
    fn read(&self, path: &str) -> Option<String> {
        let mut text = String::new();
        File::open(self.at(path)).ok()?.take(FACTS).read_to_string(&mut text).ok()?;
        Some(text)
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.join(Path::new(path))
    }

    fn release(&self) -> String {
        self.read("proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned()
    }

    /// The release's first two numbers.
    fn version(&self) -> (u32, u32) {
        let release = self.release();
        let mut numbers =
            release.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse().unwrap_or(0));
        (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
    }

    fn types(&self) -> Types {
        let mut types = Vec::new();
        let read =
            File::open(self.at("sys/kernel/btf/vmlinux")).map(|file| file.take(BTF).read_to_end(&mut types));
        Types(if read.is_ok() { types } else { Vec::new() })
    }

    fn kernel(&self, types: &Types) -> Feature {
        let state = if types.name(COOKIE) || self.version() >= OLDEST {
            State::Ok
        } else {
            let (major, minor) = OLDEST;
            State::Missing(format!(
                "it does not tell a hook where it stands (bpf_get_attach_cookie); Linux {major}.{minor} does"
            ))
        };
        feature("kernel", &self.release(), state)
    }

    /// Privileges inside a user namespace are none outside of it, where the kernel side works.
    fn user_namespace(&self) -> Feature {
        let map = self.read("proc/self/uid_map").unwrap_or_default();
        let is_whole = map.is_empty() || map.split_whitespace().eq(["0", "0", "4294967295"]);
        if is_whole {
            return feature("user namespace", "the host's", State::Ok);
        }
        let advice = "privileges in it do not count for the kernel; run it in the host's user namespace";
        feature("user namespace", "one of its own", State::Missing(advice.to_owned()))
    }

    fn capabilities(&self, types: &Types) -> Vec<Feature> {
        let status = self.read("proc/self/status").unwrap_or_default();
        let set = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
        let set = set.and_then(|set| u64::from_str_radix(set.trim(), 16).ok()).unwrap_or_default();
        let has = |bit: u32| set >> bit & 1 == 1;
        let is_needless = |capability: &&Capability| capability.bit == ADMIN && types.name(MANY);
        let is_implied = |capability: &Capability| CUT_OUT.contains(&capability.bit) && has(ADMIN);
        CAPABILITIES
            .iter()
            .filter(|capability| !is_needless(capability))
            .map(|capability| {
                let found = if has(capability.bit) { "yes" } else { "no" };
                if has(capability.bit) || is_implied(capability) {
                    return feature(capability.name, found, State::Ok);
                }
                let advice = format!("{}; add {}", capability.cost, capability.name.to_lowercase());
                feature(capability.name, found, (capability.without)(advice))
            })
            .collect()
    }

    /// What the kernel lets processes without privileges measure; ours have `CAP_PERFMON`, so that it only informs.
    fn perf(&self) -> Feature {
        self.setting("perf_event_paranoid", "proc/sys/kernel/perf_event_paranoid")
    }

    /// Whether users without privileges may load programs; ours have `CAP_BPF`, so that it only informs.
    fn bpf(&self) -> Feature {
        self.setting("unprivileged_bpf_disabled", "proc/sys/kernel/unprivileged_bpf_disabled")
    }

    fn setting(&self, name: &'static str, path: &str) -> Feature {
        feature(name, self.read(path).as_deref().unwrap_or("not there"), State::Ok)
    }

    fn lockdown(&self) -> Feature {
        let modes = self.read("sys/kernel/security/lockdown").unwrap_or_default();
        let mode = modes.split_whitespace().find_map(|mode| mode.strip_prefix('[')?.strip_suffix(']'));
        let state = match mode {
            Some("confidentiality") => {
                let advice = "programs may not read memory; boot with lockdown=integrity or none";
                State::Missing(advice.to_owned())
            }
            _ => State::Ok,
        };
        feature("lockdown", mode.unwrap_or("none"), state)
    }

    fn cgroup(&self) -> Feature {
        let is_there = |path| self.at(path).exists();
        let (found, state) = if is_there("sys/fs/cgroup/cgroup.controllers") {
            ("v2", State::Ok)
        } else if is_there("sys/fs/cgroup/unified/cgroup.procs") {
            ("v1 and v2", State::Ok)
        } else {
            let advice =
                "containers are told apart by /proc only; boot with systemd.unified_cgroup_hierarchy=1";
            ("v1", State::Limited(advice.to_owned()))
        };
        feature("control groups", found, state)
    }
}

fn btf(types: &Types) -> Feature {
    if !types.0.is_empty() {
        return feature("BTF", "/sys/kernel/btf/vmlinux", State::Ok);
    }
    let advice = "the kernel does not describe its types; use one built with CONFIG_DEBUG_INFO_BTF=y";
    feature("BTF", "none", State::Missing(advice.to_owned()))
}

/// How hooks are set; what the slower way wants is told with the privileges.
fn many(types: &Types) -> Feature {
    let found = if types.name(MANY) { "yes" } else { "no: hooks are set one by one" };
    feature("uprobe.multi", found, State::Ok)
}

#[cfg(test)]
mod tests;
