//! Hooks in TLS libraries: set from a plan, taken back on request or when a function answers nonsense.

use std::collections::HashMap;
use std::fs::{self, File};
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd};
use std::path::{Path, PathBuf};

use libbpf_rs::{Link, MapCore as _, MapFlags, ProgramMut, UprobeMultiOpts, UprobeOpts};

use super::choice::Choice;
use super::error::KernelError;
use super::reach::Reach;
use super::skeleton::{OpenWatchSkel, WatchSkel};
use super::trials::{Distrust, Trial, Trust};
use crate::host::{self, Manner};
use crate::libraries::plan::{Entry, Found, Function, Plan, Purpose};

/// Every process that maps the file.
pub(super) const ANY_PROCESS: i32 = -1;
/// As many hooks as the kernel side tells apart (`HOOKS` of `bpf/trial.h`).
const HOOKS: u32 = 1024;
/// Said in the cookie of a function whose first instruction costs another trap (`STEPPED` of `bpf/meter.h`).
const STEPPED: u64 = 1 << 25;
/// Said in the cookie of a hook that stands for one process (`FOR_ONE` of `bpf/reach.h`).
const FOR_ONE: u64 = 1 << 26;
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
    /// Whom they reach; `None` until it was chosen.
    reach: Option<Reach>,
}

/// What is hooked in one file.
struct Hooked {
    path: PathBuf,
    plan: Plan,
    /// The way to it for everyone, who may be hooked later than a few.
    file: Option<File>,
    links: Vec<Link>,
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
        Hooks { manner, set: HashMap::new(), next: 0, reach: None }
    }

    /// Hooks the plan's functions in the file at `path`, for whom the hooks reach.
    pub(crate) fn attach(
        &mut self,
        skel: &mut WatchSkel<'_>,
        plan: &Plan,
        path: &Path,
    ) -> Result<Hook, KernelError> {
        let whom = self.reach.as_ref().map_or(vec![ANY_PROCESS], |reach| reach.whom(ANY_PROCESS));
        self.attach_to(skel, plan, path, &whom)
    }

    /// The same, for these processes.
    pub(crate) fn attach_to(
        &mut self,
        skel: &mut WatchSkel<'_>,
        plan: &Plan,
        path: &Path,
        whom: &[i32],
    ) -> Result<Hook, KernelError> {
        let hook = Hook(self.next % HOOKS);
        // Under the file's own name, not the descriptor's through which it is reached.
        let name = fs::read_link(path).unwrap_or_else(|_| path.to_path_buf());
        let refused = |reason| KernelError::Library { path: name.clone(), reason };
        if self.set.contains_key(&hook) {
            return Err(refused(format!("{HOOKS} files are hooked already")));
        }
        let is_for_few = whom != [ANY_PROCESS];
        let file = is_for_few.then(|| File::open(path)).transpose();
        let file = file.map_err(|error| refused(error.to_string()))?;
        skel.maps
            .trusts
            .update(&hook.0.to_ne_bytes(), &Trust::default().to_bytes(), MapFlags::ANY)
            .map_err(|error| refused(format!("{error:#}")))?;
        if let (Found::Located, Some(kept)) = (plan.found, skel.maps.bss_data.as_deref_mut()) {
            kept.trials = 1;
        }
        let mut hooked = Hooked { path: name, plan: plan.clone(), file, links: Vec::new() };
        let site = Site { path, hook, found: plan.found, manner: self.manner, process: ANY_PROCESS };
        whom.iter().try_for_each(|process| hooked.reach(skel, &Site { process: *process, ..site }))?;
        self.next = self.next.wrapping_add(1);
        self.set.insert(hook, hooked);
        Ok(hook)
    }

    /// Settles whom the hooks reach. What was chosen first says it; another choice reaches everyone.
    pub(crate) fn settle(&mut self, skel: &mut WatchSkel<'_>, choice: &Choice) -> Result<(), KernelError> {
        let reach = match self.manner {
            Manner::BothWays => Reach::of(choice),
            // Older kernels look whose hook it is at one thread of the process.
            Manner::Many | Manner::OneByOne => Reach::Everyone,
        };
        if self.reach.is_some() {
            return if self.reach == Some(reach) { Ok(()) } else { self.widen(skel) };
        }
        say_few(skel, matches!(reach, Reach::Few(_)));
        self.reach = Some(reach);
        Ok(())
    }

    /// Reaches everyone once one of the few began another.
    pub(crate) fn follow(&mut self, skel: &mut WatchSkel<'_>) -> Result<(), KernelError> {
        if self.reaches_few() && few_began(skel) { self.widen(skel) } else { Ok(()) }
    }

    fn reaches_few(&self) -> bool {
        matches!(self.reach, Some(Reach::Few(_)))
    }

    /// The TLS of a process stays dark, so that what it says is read where it is heard, if that is on this host.
    pub(crate) fn darkens(&mut self, skel: &mut WatchSkel<'_>, pid: u32) -> Result<(), KernelError> {
        if self.reach.as_ref().is_some_and(|reach| reach.is_few(pid)) { self.widen(skel) } else { Ok(()) }
    }

    /// Reaches everyone from now on. The hooks of the few stay, for the calls that began by them.
    fn widen(&mut self, skel: &mut WatchSkel<'_>) -> Result<(), KernelError> {
        if !self.reaches_few() {
            return Ok(());
        }
        let manner = self.manner;
        for (hook, hooked) in &mut self.set {
            let Some(file) = hooked.file.take() else { continue };
            let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
            let found = hooked.plan.found;
            hooked.reach(skel, &Site { path: &path, hook: *hook, found, manner, process: ANY_PROCESS })?;
        }
        say_few(skel, false);
        self.reach = Some(Reach::Everyone);
        Ok(())
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
        let located = self.set.iter().filter(|(_, hooked)| hooked.plan.found == Found::Located);
        located.filter_map(|(hook, hooked)| Some(trust(skel, *hook)?.trial(hooked.path.clone()))).collect()
    }
}

impl Hooked {
    /// Hooks the file for one process, or for any; nothing for one that is gone.
    fn reach(&mut self, skel: &WatchSkel<'_>, site: &Site<'_>) -> Result<(), KernelError> {
        let process = site.process;
        match links(skel, &self.plan, site) {
            Ok(links) => self.links.extend(links),
            Err(_) if process != ANY_PROCESS && !Path::new(&format!("/proc/{process}")).exists() => {}
            Err(error) => {
                return Err(KernelError::Library { path: self.path.clone(), reason: format!("{error:#}") });
            }
        }
        Ok(())
    }
}

fn links(skel: &WatchSkel<'_>, plan: &Plan, site: &Site<'_>) -> libbpf_rs::Result<Vec<Link>> {
    let (places, functions): (Vec<_>, Vec<_>) =
        plan.functions.iter().partition(|function| is_place(function));
    let mut links = Vec::new();
    if !functions.is_empty() {
        links.extend(around(skel, &functions, site)?);
    }
    if !places.is_empty() {
        links.extend(at_places(skel, &places, site)?);
    }
    Ok(links)
}

/// Whether one of the few began another since they are hooked.
fn few_began(skel: &WatchSkel<'_>) -> bool {
    let Some(kept) = skel.maps.bss_data.as_deref() else { return false };
    // SAFETY: a valid reference; the kernel side sets the word meanwhile, which a plain load might be spared for.
    unsafe { std::ptr::read_volatile(&raw const kept.few_began) != 0 }
}

fn say_few(skel: &mut WatchSkel<'_>, is_few: bool) {
    if let Some(kept) = skel.maps.bss_data.as_deref_mut() {
        kept.reaches_few = u32::from(is_few);
    }
}

fn trust(skel: &WatchSkel<'_>, hook: Hook) -> Option<Trust> {
    let kept = skel.maps.trusts.lookup(&hook.0.to_ne_bytes(), MapFlags::ANY);
    Trust::from_bytes(&kept.ok().flatten()?)
}

/// Where and how to hook.
#[derive(Clone, Copy)]
struct Site<'a> {
    path: &'a Path,
    hook: Hook,
    found: Found,
    manner: Manner,
    process: i32,
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
        program.attach_uprobe_multi_with_opts(self.process, self.path, "", options)
    }

    /// One place.
    fn one(&self, program: &ProgramMut<'_>, function: &Function, way: Way) -> libbpf_rs::Result<Link> {
        let cookie = cookie(self, function);
        let options = UprobeOpts { cookie, retprobe: way == Way::Out, ..UprobeOpts::default() };
        program.attach_uprobe_with_opts(self.process, self.path, offset(function), options)
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

/// The purpose in the low byte (`enum purpose` of `bpf/sessions.h`), the hook above, whether it is on trial or for one
/// process, and what the purpose says in the high half.
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
    let one = if site.process == ANY_PROCESS { 0 } else { FOR_ONE };
    u64::from(more.cast_unsigned()) << 32 | one | trial | stepped | u64::from(site.hook.0) << 8 | purpose
}
