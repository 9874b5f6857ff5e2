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
            (&mut programs.go_one, Manner::OneByOne),
        ] {
            program.set_autoload(manner == of);
        }
        programs.go_many.set_autoload(manner != Manner::OneByOne);
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
        let site = Site { path, hook, manner: self.manner };
        let (places, functions): (Vec<_>, Vec<_>) =
            plan.functions.iter().partition(|function| is_place(function));
        let mut links = Vec::new();
        if !functions.is_empty() {
            links.extend(around(skel, &functions, &site).map_err(|error| refused(format!("{error:#}")))?);
        }
        if !places.is_empty() {
            links.extend(at_places(skel, &places, &site).map_err(|error| refused(format!("{error:#}")))?);
        }
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

/// Where and how to hook.
struct Site<'a> {
    path: &'a Path,
    hook: Hook,
    manner: Manner,
}

impl Site<'_> {
    /// Many places with one link.
    fn all(&self, program: &ProgramMut<'_>, functions: &[&Function], way: Way) -> libbpf_rs::Result<Link> {
        let options = UprobeMultiOpts {
            offsets: functions.iter().map(|function| offset(function)).collect(),
            cookies: functions.iter().map(|function| cookie(self.hook, function)).collect(),
            retprobe: way == Way::Out,
            session: way == Way::Both,
            ..UprobeMultiOpts::default()
        };
        program.attach_uprobe_multi_with_opts(ANY_PROCESS, self.path, "", options)
    }

    /// One place.
    fn one(&self, program: &ProgramMut<'_>, function: &Function, way: Way) -> libbpf_rs::Result<Link> {
        let cookie = cookie(self.hook, function);
        let options = UprobeOpts { cookie, retprobe: way == Way::Out, ..UprobeOpts::default() };
        program.attach_uprobe_with_opts(ANY_PROCESS, self.path, offset(function), options)
    }
}

/// Which way through a function a hook is on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    In,
    Out,
    Both,
}

/// Hooks functions at their entries and where they return to.
fn around(skel: &WatchSkel<'_>, functions: &[&Function], site: &Site<'_>) -> libbpf_rs::Result<Vec<Link>> {
    let programs = &skel.progs;
    let returning: Vec<&Function> = functions.iter().copied().filter(|function| returns(function)).collect();
    let mut links = Vec::new();
    match site.manner {
        Manner::BothWays => links.push(site.all(&programs.entered_or_left, functions, Way::Both)?),
        Manner::Many => {
            links.push(site.all(&programs.entered_many, functions, Way::In)?);
            if !returning.is_empty() {
                links.push(site.all(&programs.left_many, &returning, Way::Out)?);
            }
        }
        // The return first: an entry without its return would leave the call standing.
        Manner::OneByOne => {
            for function in returning {
                links.push(site.one(&programs.left_one, function, Way::Out)?);
            }
            for function in functions {
                links.push(site.one(&programs.entered_one, function, Way::In)?);
            }
        }
    }
    Ok(links)
}

/// Hooks places at which something is done, and no return: Go's stacks move, and with them what a return probe changes.
fn at_places(skel: &WatchSkel<'_>, places: &[&Function], site: &Site<'_>) -> libbpf_rs::Result<Vec<Link>> {
    match site.manner {
        Manner::BothWays | Manner::Many => Ok(vec![site.all(&skel.progs.go_many, places, Way::In)?]),
        Manner::OneByOne => places.iter().map(|place| site.one(&skel.progs.go_one, place, Way::In)).collect(),
    }
}

fn is_place(function: &Function) -> bool {
    matches!(
        function.purpose,
        Purpose::GoWrite(_) | Purpose::GoRead(_) | Purpose::GoWritten | Purpose::GoHasRead | Purpose::GoClose
    )
}

fn returns(function: &Function) -> bool {
    !matches!(function.purpose, Purpose::SetFd | Purpose::Free)
}

fn offset(function: &Function) -> usize {
    usize::try_from(function.offset).unwrap_or(usize::MAX)
}

/// The purpose in the low byte (`enum purpose` of `bpf/sessions.h`), the hook above, and what the purpose says in the high half.
fn cookie(hook: Hook, function: &Function) -> u64 {
    let (purpose, more) = match function.purpose {
        Purpose::Write => (1, 0),
        Purpose::Read => (2, 0),
        Purpose::WriteEx => (3, 0),
        Purpose::ReadEx => (4, 0),
        Purpose::Handshake => (5, 0),
        Purpose::SetFd => (6, 0),
        Purpose::Free => (7, 0),
        Purpose::WriteFlags => (8, 0),
        Purpose::WriteEarly => (9, 0),
        Purpose::ReadEarly => (10, 0),
        Purpose::Flush => (11, 0),
        Purpose::GoWrite(behind) => (12, behind),
        Purpose::GoRead(behind) => (13, behind),
        Purpose::GoWritten => (14, 0),
        Purpose::GoHasRead => (15, 0),
        Purpose::GoClose => (16, 0),
        Purpose::ReadFlags => (17, 0),
    };
    u64::from(more.cast_unsigned()) << 32 | u64::from(hook.0) << 8 | purpose
}
