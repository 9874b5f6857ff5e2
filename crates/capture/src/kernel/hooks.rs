//! Hooks in TLS libraries: set from a plan, taken back on request or when a function answers nonsense.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use libbpf_rs::{Link, MapCore as _, MapFlags, ProgramMut, UprobeMultiOpts, UprobeOpts};

use super::error::KernelError;
use super::skeleton::{OpenWatchSkel, WatchSkel};
use crate::host::{self, Manner};
use crate::libraries::plan::{Function, Plan, Purpose};

/// Every process that maps the file.
const ANY_PROCESS: i32 = -1;
/// As many hooks as the kernel side tells apart (`HOOKS` of `bpf/tls.h`).
const HOOKS: u32 = 1024;
/// Nonsense answers after which a hook is taken back (`VIOLATIONS_ALLOWED` of `bpf/tls.h`).
const VIOLATIONS_ALLOWED: u64 = 3;

/// Names what one [`super::Kernel::attach`] hooked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hook(u32);

/// A hook that was taken back because its function returned more bytes than its buffer holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distrusted {
    /// Which hook.
    pub hook: Hook,
    /// In which file.
    pub path: PathBuf,
}

/// The hooks that are set.
pub(crate) struct Hooks {
    manner: Manner,
    set: HashMap<Hook, (PathBuf, Vec<Link>)>,
    next: u32,
}

impl Hooks {
    /// Chooses the best way that this kernel knows; the programs of the others are not loaded.
    pub(crate) fn choose(open: &mut OpenWatchSkel<'_>) -> Hooks {
        let manner = host::manner();
        let programs = &mut open.progs;
        for (program, of) in [
            (&mut programs.entered_or_left, Manner::BothWays),
            (&mut programs.entered_many, Manner::Many),
            (&mut programs.left_many, Manner::Many),
            (&mut programs.entered_one, Manner::OneByOne),
            (&mut programs.left_one, Manner::OneByOne),
        ] {
            program.set_autoload(manner == of);
        }
        Hooks { manner, set: HashMap::new(), next: 0 }
    }

    /// Hooks the plan's functions in the file at `path`.
    pub(crate) fn attach(
        &mut self,
        skel: &WatchSkel<'_>,
        plan: &Plan,
        path: &Path,
    ) -> Result<Hook, KernelError> {
        let hook = Hook(self.next % HOOKS);
        // Under the file's own name, not the descriptor's through which it is reached.
        let name = fs::read_link(path).unwrap_or_else(|_| path.to_path_buf());
        let refused = |reason| KernelError::Library { path: name.clone(), reason };
        if self.set.contains_key(&hook) {
            return Err(refused(format!("{HOOKS} files are hooked already")));
        }
        skel.maps
            .violations
            .update(&hook.0.to_ne_bytes(), &0u64.to_ne_bytes(), MapFlags::ANY)
            .map_err(|error| refused(format!("{error:#}")))?;
        let links = match self.manner {
            Manner::BothWays => both_ways(skel, plan, path, hook),
            Manner::Many => many(skel, plan, path, hook),
            Manner::OneByOne => one_by_one(skel, plan, path, hook),
        };
        let links = links.map_err(|error| refused(format!("{error:#}")))?;
        self.next = self.next.wrapping_add(1);
        self.set.insert(hook, (name, links));
        Ok(hook)
    }

    /// Takes all hooks back.
    pub(crate) fn clear(&mut self) {
        self.set.clear();
    }

    /// Takes a hook back.
    pub(crate) fn detach(&mut self, hook: Hook) {
        self.set.remove(&hook);
    }

    /// Takes back what answered nonsense.
    pub(crate) fn distrust(&mut self, skel: &WatchSkel<'_>) -> Vec<Distrusted> {
        let violates = |hook: &Hook| {
            let counted = skel.maps.violations.lookup(&hook.0.to_ne_bytes(), MapFlags::ANY);
            let counted = counted.ok().flatten().and_then(|value| value.first_chunk().copied());
            counted.is_some_and(|value| u64::from_ne_bytes(value) >= VIOLATIONS_ALLOWED)
        };
        let hooks: Vec<Hook> = self.set.keys().copied().filter(violates).collect();
        hooks
            .into_iter()
            .filter_map(|hook| self.set.remove(&hook).map(|(path, _)| Distrusted { hook, path }))
            .collect()
    }
}

fn both_ways(skel: &WatchSkel<'_>, plan: &Plan, path: &Path, hook: Hook) -> libbpf_rs::Result<Vec<Link>> {
    let options = UprobeMultiOpts {
        offsets: plan.functions.iter().map(offset).collect(),
        cookies: plan.functions.iter().map(|function| cookie(hook, function)).collect(),
        session: true,
        ..UprobeMultiOpts::default()
    };
    let link = skel.progs.entered_or_left.attach_uprobe_multi_with_opts(ANY_PROCESS, path, "", options)?;
    Ok(vec![link])
}

fn many(skel: &WatchSkel<'_>, plan: &Plan, path: &Path, hook: Hook) -> libbpf_rs::Result<Vec<Link>> {
    let entries: Vec<&Function> = plan.functions.iter().collect();
    let returns: Vec<&Function> = entries.iter().copied().filter(|function| returns(function)).collect();
    let set = |program: &ProgramMut<'_>, functions: &[&Function], retprobe| {
        let options = UprobeMultiOpts {
            offsets: functions.iter().map(|function| offset(function)).collect(),
            cookies: functions.iter().map(|function| cookie(hook, function)).collect(),
            retprobe,
            ..UprobeMultiOpts::default()
        };
        program.attach_uprobe_multi_with_opts(ANY_PROCESS, path, "", options)
    };
    let mut links = Vec::new();
    if !entries.is_empty() {
        links.push(set(&skel.progs.entered_many, &entries, false)?);
    }
    if !returns.is_empty() {
        links.push(set(&skel.progs.left_many, &returns, true)?);
    }
    Ok(links)
}

fn one_by_one(skel: &WatchSkel<'_>, plan: &Plan, path: &Path, hook: Hook) -> libbpf_rs::Result<Vec<Link>> {
    let mut links = Vec::new();
    for function in &plan.functions {
        let set = |program: &ProgramMut<'_>, retprobe| {
            let options = UprobeOpts { cookie: cookie(hook, function), retprobe, ..UprobeOpts::default() };
            program.attach_uprobe_with_opts(ANY_PROCESS, path, offset(function), options)
        };
        // The return first: an entry without its return would leave the call standing.
        if returns(function) {
            links.push(set(&skel.progs.left_one, true)?);
        }
        links.push(set(&skel.progs.entered_one, false)?);
    }
    Ok(links)
}

fn returns(function: &Function) -> bool {
    !matches!(function.purpose, Purpose::SetFd | Purpose::Free)
}

fn offset(function: &Function) -> usize {
    usize::try_from(function.offset).unwrap_or(usize::MAX)
}

/// The purpose in the low byte (`enum purpose` of `bpf/sessions.h`), the hook above.
fn cookie(hook: Hook, function: &Function) -> u64 {
    let purpose = match function.purpose {
        Purpose::Write => 1,
        Purpose::Read => 2,
        Purpose::WriteEx => 3,
        Purpose::ReadEx => 4,
        Purpose::Handshake => 5,
        Purpose::SetFd => 6,
        Purpose::Free => 7,
        Purpose::WriteFlags => 8,
        Purpose::WriteEarly => 9,
        Purpose::ReadEarly => 10,
        Purpose::Flush => 11,
    };
    u64::from(hook.0) << 8 | purpose
}
