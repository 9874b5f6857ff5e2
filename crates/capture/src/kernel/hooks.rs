//! Hooks in TLS libraries: set from a plan, taken back on request or when a function answers nonsense.

use std::collections::HashMap;
use std::fs;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::{Path, PathBuf};

use libbpf_rs::{Link, MapCore as _, MapFlags, ProgramMut, UprobeMultiOpts, UprobeOpts};

use super::error::KernelError;
use super::skeleton::{OpenWatchSkel, WatchSkel};
use super::trials::{Distrust, Trial, Trust};
use crate::host::{self, Manner};
use crate::libraries::plan::{Entry, Found, Function, Plan, Purpose};

/// Every process that maps the file.
const ANY_PROCESS: i32 = -1;
/// As many hooks as the kernel side tells apart (`HOOKS` of `bpf/trial.h`).
const HOOKS: u32 = 1024;
/// Said in the cookie of a function whose first instruction costs another trap (`STEPPED` of `bpf/meter.h`).
const STEPPED: u64 = 1 << 25;
/// Said in the cookie of a function that was found without its name (`ON_TRIAL` of `bpf/trial.h`).
const ON_TRIAL: u64 = 1 << 24;

/// Names what one [`super::Kernel::attach`] hooked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hook(u32);

/// A hook that was taken back because its function is not what it seemed to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distrusted {
    /// Which hook.
    pub hook: Hook,
    /// In which file.
    pub path: PathBuf,
    /// What speaks against it.
    pub why: Distrust,
}

/// The hooks that are set.
pub(crate) struct Hooks {
    manner: Manner,
    set: HashMap<Hook, Hooked>,
    next: u32,
}

/// What is hooked in one file.
struct Hooked {
    path: PathBuf,
    found: Found,
    _links: Vec<Link>,
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
        if let Some(settings) = open.maps.rodata_data.as_deref_mut() {
            settings.spares_returns = u32::from(manner == Manner::BothWays);
        }
        Hooks { manner, set: HashMap::new(), next: 0 }
    }

    /// Hooks the plan's functions in the file at `path`.
    pub(crate) fn attach(
        &mut self,
        skel: &mut WatchSkel<'_>,
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
            .trusts
            .update(&hook.0.to_ne_bytes(), &Trust::default().to_bytes(), MapFlags::ANY)
            .map_err(|error| refused(format!("{error:#}")))?;
        if let (Found::Located, Some(kept)) = (plan.found, skel.maps.bss_data.as_deref_mut()) {
            kept.trials = 1;
        }
        let site = Site { path, hook, found: plan.found, manner: self.manner };
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
        self.set.insert(hook, Hooked { path: name, found: plan.found, _links: links });
        Ok(hook)
    }

    /// Takes all hooks back.
    pub(crate) fn clear(&mut self) {
        self.set.clear();
    }

    /// The programs that stand at hooks.
    pub(crate) fn programs<'a>(&self, skel: &'a WatchSkel<'_>) -> Vec<BorrowedFd<'a>> {
        let programs = &skel.progs;
        let (one_by_one, go) = match self.manner {
            Manner::BothWays => (vec![&programs.entered_or_left], &programs.go_many),
            Manner::Many => (vec![&programs.entered_many, &programs.left_many], &programs.go_many),
            Manner::OneByOne => (vec![&programs.entered_one, &programs.left_one], &programs.go_one),
        };
        one_by_one.into_iter().chain([go]).map(|program| program.as_fd()).collect()
    }

    /// Takes a hook back.
    pub(crate) fn detach(&mut self, hook: Hook) {
        self.set.remove(&hook);
    }

    /// Takes back what is believed no more.
    pub(crate) fn distrust(&mut self, skel: &WatchSkel<'_>) -> Vec<Distrusted> {
        let hooks = self.set.keys().copied();
        let distrusted: Vec<_> =
            hooks.filter_map(|hook| Some((hook, trust(skel, hook)?.distrust()?))).collect();
        distrusted
            .into_iter()
            .filter_map(|(hook, why)| {
                let Hooked { path, .. } = self.set.remove(&hook)?;
                Some(Distrusted { hook, path, why })
            })
            .collect()
    }

    /// How the hooks stand whose functions were found without their names.
    pub(crate) fn trials(&self, skel: &WatchSkel<'_>) -> Vec<Trial> {
        let located = self.set.iter().filter(|(_, hooked)| hooked.found == Found::Located);
        located.filter_map(|(hook, hooked)| Some(trust(skel, *hook)?.trial(hooked.path.clone()))).collect()
    }
}

fn trust(skel: &WatchSkel<'_>, hook: Hook) -> Option<Trust> {
    let kept = skel.maps.trusts.lookup(&hook.0.to_ne_bytes(), MapFlags::ANY);
    Trust::from_bytes(&kept.ok().flatten()?)
}

/// Where and how to hook.
struct Site<'a> {
    path: &'a Path,
    hook: Hook,
    found: Found,
    manner: Manner,
}

impl Site<'_> {
    /// Many places with one link.
    fn all(&self, program: &ProgramMut<'_>, functions: &[&Function], way: Way) -> libbpf_rs::Result<Link> {
        let options = UprobeMultiOpts {
            offsets: functions.iter().map(|function| offset(function)).collect(),
            cookies: functions.iter().map(|function| cookie(self, function)).collect(),
            retprobe: way == Way::Out,
            session: way == Way::Both,
            ..UprobeMultiOpts::default()
        };
        program.attach_uprobe_multi_with_opts(ANY_PROCESS, self.path, "", options)
    }

    /// One place.
    fn one(&self, program: &ProgramMut<'_>, function: &Function, way: Way) -> libbpf_rs::Result<Link> {
        let cookie = cookie(self, function);
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
    !matches!(function.purpose, Purpose::SetFd | Purpose::Free | Purpose::RustlsReceived)
}

fn offset(function: &Function) -> usize {
    usize::try_from(function.offset).unwrap_or(usize::MAX)
}

/// The purpose in the low byte (`enum purpose` of `bpf/sessions.h`), the hook above, whether it is on trial, and what
/// the purpose says in the high half.
fn cookie(site: &Site<'_>, function: &Function) -> u64 {
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
        Purpose::RustlsWrite => (18, 0),
        Purpose::RustlsReceived => (19, 0),
    };
    let trial = if site.found == Found::Located { ON_TRIAL } else { 0 };
    let stepped = if function.entry == Entry::Emulated { 0 } else { STEPPED };
    u64::from(more.cast_unsigned()) << 32 | trial | stepped | u64::from(site.hook.0) << 8 | purpose
}
