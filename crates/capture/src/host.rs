//! What this host allows and what runs on it, for `plainsight doctor`: each fact with what to do about it.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use memchr::memmem;
use serde::Serialize;

use crate::libraries::change::{Standing, Use};
use crate::libraries::plan::Found;
use crate::libraries::watch::Watch;

/// A file of facts is a few lines; what is longer is not what was expected.
const FACTS: u64 = 64 << 10;
/// The kernel's type description has 5 to 10 MiB.
const BTF: u64 = 64 << 20;
/// The first kernel that tells a hook which of many places it stands at (`bpf_get_attach_cookie`); the ring buffer and
/// the separate privileges are older.
const OLDEST: (u32, u32) = (5, 15);
/// The first kernel that charges BPF memory to the control group and no longer to the locked memory.
const CHARGED: (u32, u32) = (5, 11);

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
    /// Not at all, for this reason.
    Dark(String),
}

/// Looks at this host; what runs on it is what the watch has learned by its last poll.
#[must_use]
pub fn report(watch: &Watch) -> Report {
    let host = Host { root: PathBuf::from("/") };
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
            };
            (plan.stack.clone(), hook)
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

/// A privilege of this process, and what it is for.
struct Capability {
    name: &'static str,
    /// Its bit (capability.h).
    bit: u32,
    without: fn(String) -> State,
    advice: &'static str,
}

const ADMIN: u32 = 21;
const RESOURCE: u32 = 24;
const CAPABILITIES: [Capability; 6] = [
    Capability {
        name: "CAP_BPF",
        bit: 39,
        without: State::Missing,
        advice: "no program can be loaded; run as root, or `setcap cap_bpf,cap_perfmon,cap_sys_ptrace+ep`",
    },
    Capability {
        name: "CAP_PERFMON",
        bit: 38,
        without: State::Missing,
        advice: "no hook can be set; run as root, or `setcap cap_bpf,cap_perfmon,cap_sys_ptrace+ep`",
    },
    Capability {
        name: "CAP_SYS_ADMIN",
        bit: ADMIN,
        without: State::Limited,
        advice: "deleted libraries are out of reach, and hooks need uprobe.multi",
    },
    Capability {
        name: "CAP_SYS_PTRACE",
        bit: 19,
        without: State::Limited,
        advice: "other users' processes and containers stay dark; add cap_sys_ptrace",
    },
    Capability {
        name: "CAP_DAC_READ_SEARCH",
        bit: 2,
        without: State::Limited,
        advice: "libraries that this user may not read stay dark; add cap_dac_read_search",
    },
    Capability {
        name: "CAP_SYS_RESOURCE",
        bit: RESOURCE,
        without: State::Limited,
        advice: "before Linux 5.11 the locked-memory limit cannot be raised; add cap_sys_resource",
    },
];

/// The capabilities without which nothing can be watched and which this process lacks.
pub(crate) fn lacking() -> Vec<&'static str> {
    let features = Host { root: PathBuf::from("/") }.capabilities();
    let missing = features.into_iter().filter(|feature| matches!(feature.state, State::Missing(_)));
    missing.map(|feature| feature.name).collect()
}

/// A host, by its files of facts.
struct Host {
    root: PathBuf,
}

impl Host {
    fn features(&self) -> Vec<Feature> {
        let mut features = vec![self.kernel(), self.btf(), self.uprobe_multi()];
        features.extend(self.capabilities());
        features.extend([self.perf(), self.bpf(), self.lockdown(), self.memlock(), self.cgroup()]);
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

    fn kernel(&self) -> Feature {
        let state = if self.version() >= OLDEST {
            State::Ok
        } else {
            State::Missing(format!("Linux {}.{} or later is needed", OLDEST.0, OLDEST.1))
        };
        feature("kernel", &self.release(), state)
    }

    fn btf(&self) -> Feature {
        if self.at("sys/kernel/btf/vmlinux").exists() {
            return feature("BTF", "/sys/kernel/btf/vmlinux", State::Ok);
        }
        let advice = "the kernel does not describe its types; use one built with CONFIG_DEBUG_INFO_BTF=y";
        feature("BTF", "none", State::Missing(advice.to_owned()))
    }

    /// Whether the kernel can hook many places at once, told by its own types.
    fn uprobe_multi(&self) -> Feature {
        let mut types = Vec::new();
        let read =
            File::open(self.at("sys/kernel/btf/vmlinux")).map(|file| file.take(BTF).read_to_end(&mut types));
        let is_there = read.is_ok() && memmem::find(&types, b"bpf_uprobe_multi_link").is_some();
        if is_there {
            return feature("uprobe.multi", "yes", State::Ok);
        }
        let advice = "hooks are set one by one, which wants CAP_SYS_ADMIN; Linux 6.6 and later can do better";
        feature("uprobe.multi", "no", State::Limited(advice.to_owned()))
    }

    fn capabilities(&self) -> Vec<Feature> {
        let status = self.read("proc/self/status").unwrap_or_default();
        let set = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
        let set = set.and_then(|set| u64::from_str_radix(set.trim(), 16).ok()).unwrap_or_default();
        let has = |bit: u32| set >> bit & 1 == 1;
        CAPABILITIES
            .iter()
            .map(|capability| {
                // CAP_SYS_ADMIN was the one privilege for all of this before Linux 5.8, and still stands for these two.
                let is_implied = matches!(capability.bit, 38 | 39) && has(ADMIN);
                let is_needless = capability.bit == RESOURCE && self.version() >= CHARGED;
                let found = if has(capability.bit) { "yes" } else { "no" };
                if has(capability.bit) || is_implied || is_needless {
                    return feature(capability.name, found, State::Ok);
                }
                feature(capability.name, found, (capability.without)(capability.advice.to_owned()))
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

    fn memlock(&self) -> Feature {
        let limits = self.read("proc/self/limits").unwrap_or_default();
        let limit = limits.lines().find_map(|line| line.strip_prefix("Max locked memory"));
        let soft = limit.and_then(|limit| limit.split_whitespace().next()).unwrap_or("unknown");
        if self.version() >= CHARGED || soft == "unlimited" {
            return feature("locked memory", soft, State::Ok);
        }
        let advice = "this kernel charges maps to the locked memory; raise it with `ulimit -l unlimited`";
        feature("locked memory", soft, State::Limited(advice.to_owned()))
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

#[cfg(test)]
mod tests;
