//! What is wanted of the kernel side: which connections, how many of those, and how much of each process.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use libbpf_rs::{MapCore, MapFlags};
use model::process::Process;

use super::error::KernelError;
use super::processes::{container_of, running};
use super::skeleton::{WatchMaps, types};

/// What is wanted. Values of one kind are alternatives, none means any; all kinds must hold, each at either end of a
/// connection that has both on this host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// These processes, with all that they start.
    pub pids: Vec<u32>,
    /// Processes with these names, of which the kernel keeps [`NAME`] bytes.
    pub names: Vec<String>,
    /// Processes of these users.
    pub uids: Vec<u32>,
    /// Processes in containers whose ids begin so.
    pub containers: Vec<String>,
    /// Connections with these ports, at either end.
    pub ports: Vec<u16>,
    /// Connections that such processes made, or that they accepted.
    pub direction: Option<Direction>,
    /// One connection of so many is read; 0 and 1 mean all.
    pub sample: u32,
    /// So many bytes a second are copied of one process; 0 means any number.
    pub rate: u64,
}

/// Which end of a connection a process holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// It made the connection.
    Out,
    /// It accepted the connection.
    In,
}

/// How much is read of a process, to keep to what watching it may cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// All that is wanted of it.
    #[default]
    Whole,
    /// The first [`HEAD`] bytes of each call.
    Heads,
    /// The same, of one connection in [`SPARE`].
    Sampled,
    /// Nothing: its connections and their bytes are counted.
    Counters,
}

/// What is read of a call where bodies cost too much: a request line with its headers, a statement, a first row.
pub const HEAD: u32 = 1024;
/// Of so many connections one is read, where heads of all cost too much.
pub const SPARE: u32 = 10;

impl Step {
    /// `struct step` of `bpf/choose.h`.
    fn words(self) -> [u32; 2] {
        match self {
            Step::Whole => [0, 0],
            Step::Heads => [HEAD, 0],
            Step::Sampled => [HEAD, SPARE],
            Step::Counters => [HEAD, u32::MAX],
        }
    }
}

/// The bytes of a process's name that the kernel keeps.
pub const NAME: usize = 15;

/// `enum wish` of `bpf/choose.h`.
const BY_PID: u32 = 1;
const BY_NAME: u32 = 2;
const BY_UID: u32 = 4;
const BY_CONTAINER: u32 = 8;
const BY_PORT: u32 = 16;
const BY_DIRECTION: u32 = 32;

/// A key of the map `terms`: version, wish and value.
type Term = [u8; 24];

/// What the kernel side was told.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    choice: Choice,
    terms: Vec<Term>,
    version: u32,
    /// Since which versions these processes and containers are asked for.
    descent: u32,
    containment: u32,
    /// The processes of which less is read, to keep to a budget.
    steps: HashMap<u32, Step>,
}

impl Chosen {
    /// Tells another choice, which holds for all connections, also those that are open.
    pub(super) fn choose(&mut self, maps: &mut WatchMaps<'_>, choice: &Choice) -> Result<(), KernelError> {
        let version = self.version + 1;
        let terms = terms(version, choice);
        for term in &terms {
            maps.terms.update(term, &[1], MapFlags::ANY).map_err(refused)?;
        }
        if self.choice.pids != choice.pids || self.choice.containers != choice.containers {
            (self.descent, self.containment) = (version, version);
            self.admit(&maps.members, choice)?;
        }
        let told = types::choice {
            rate: choice.rate,
            wishes: wishes(choice),
            role: choice.direction.map_or(0, role),
            sample: if choice.sample > 1 { choice.sample } else { 0 },
            descent: self.descent,
            containment: self.containment,
            is_budgeted: u32::from(!self.steps.is_empty()),
        };
        let kept = maps.bss_data.as_deref_mut().ok_or_else(|| refused("its memory is not mapped"))?;
        if let Some(slot) = kept.choices.get_mut(version as usize & 1) {
            *slot = told;
        }
        // SAFETY: both are aligned words of memory that is mapped for as long as the skeleton lives; the kernel side reads
        // them, and changes the second, by whole words only.
        unsafe {
            AtomicU32::from_ptr(&raw mut kept.version).store(version, Ordering::Release);
            AtomicU64::from_ptr(&raw mut kept.changes).fetch_add(1, Ordering::Release);
        }
        let before = std::mem::replace(&mut self.terms, terms);
        (self.choice, self.version) = (choice.clone(), version);
        before.iter().try_for_each(|term| maps.terms.delete(term)).map_err(refused)
    }

    /// Reads from now on so much of these processes, at both ends of each of their connections.
    pub(super) fn step(
        &mut self,
        maps: &mut WatchMaps<'_>,
        steps: &[(u32, Step)],
    ) -> Result<(), KernelError> {
        for (pid, step) in steps {
            let key = pid.to_ne_bytes();
            if *step == Step::Whole {
                if self.steps.remove(pid).is_some() {
                    maps.steps.delete(&key).map_err(refused)?;
                }
            } else {
                maps.steps
                    .update(&key, &step.words().map(u32::to_ne_bytes).concat(), MapFlags::ANY)
                    .map_err(refused)?;
                self.steps.insert(*pid, *step);
            }
        }
        let choice = self.choice.clone();
        self.choose(maps, &choice)
    }

    /// Whether processes that become known must be told.
    pub(super) fn asks_containers(&self) -> bool {
        !self.choice.containers.is_empty()
    }

    /// Tells in which container a process is.
    pub(super) fn place(&self, members: &impl MapCore, process: &Process) -> Result<(), KernelError> {
        let key = process.pid.to_ne_bytes();
        let before = members.lookup(&key, MapFlags::ANY).map_err(refused)?;
        let descends = before.and_then(|kept| kept.first_chunk().copied()).map_or(0, u32::from_ne_bytes);
        let is_contained = self.choice.holds(process.container.as_deref());
        self.write(members, process.pid, descends, is_contained)
    }

    /// Tells of every process that runs whether it is, or comes from, one that is asked for, and which container it is in.
    ///
    /// A process that begins meanwhile has it from its parent, if that was told already; else the next look finds it.
    fn admit(&self, members: &impl MapCore, choice: &Choice) -> Result<(), KernelError> {
        if choice.pids.is_empty() && choice.containers.is_empty() {
            return Ok(());
        }
        let mut told = HashMap::new();
        loop {
            let running = running();
            let fresh: Vec<u32> = running.keys().copied().filter(|pid| !told.contains_key(pid)).collect();
            if fresh.is_empty() {
                return Ok(());
            }
            for pid in fresh {
                let descends = if comes_from(pid, &choice.pids, &running) { self.descent } else { 0 };
                let is_contained =
                    !choice.containers.is_empty() && choice.holds(container_of(pid).as_deref());
                self.write(members, pid, descends, is_contained)?;
                told.insert(pid, ());
            }
        }
    }

    fn write(
        &self,
        members: &impl MapCore,
        pid: u32,
        descends: u32,
        is_contained: bool,
    ) -> Result<(), KernelError> {
        let member = [descends, self.containment, u32::from(is_contained)].map(u32::to_ne_bytes).concat();
        members.update(&pid.to_ne_bytes(), &member, MapFlags::ANY).map_err(refused)
    }
}

impl Choice {
    /// Whether a process in this container is wanted.
    fn holds(&self, container: Option<&str>) -> bool {
        container.is_some_and(|id| self.containers.iter().any(|beginning| id.starts_with(beginning.as_str())))
    }
}

/// Whether a process is one of these, or comes from one.
fn comes_from(pid: u32, wanted: &[u32], parents: &HashMap<u32, u32>) -> bool {
    let mut next = Some(pid);
    // No line of processes is longer than there are processes.
    for _ in 0..=parents.len() {
        let Some(pid) = next else { return false };
        if wanted.contains(&pid) {
            return true;
        }
        next = parents.get(&pid).copied();
    }
    false
}

fn wishes(choice: &Choice) -> u32 {
    let kinds = [
        (BY_PID, choice.pids.is_empty()),
        (BY_NAME, choice.names.is_empty()),
        (BY_UID, choice.uids.is_empty()),
        (BY_CONTAINER, choice.containers.is_empty()),
        (BY_PORT, choice.ports.is_empty()),
        (BY_DIRECTION, choice.direction.is_none()),
    ];
    kinds.into_iter().filter(|(_, any)| !any).map(|(wish, _)| wish).sum()
}

/// `enum role` of `bpf/events.h`.
fn role(direction: Direction) -> u32 {
    match direction {
        Direction::Out => 1,
        Direction::In => 2,
    }
}

fn terms(version: u32, choice: &Choice) -> Vec<Term> {
    let names =
        choice.names.iter().map(|name| (BY_NAME, name.as_bytes().iter().copied().take(NAME).collect()));
    let uids = choice.uids.iter().map(|uid| (BY_UID, uid.to_ne_bytes().to_vec()));
    let ports = choice.ports.iter().map(|port| (BY_PORT, port.to_ne_bytes().to_vec()));
    names.chain(uids).chain(ports).map(|(wish, value): (u32, Vec<u8>)| term(version, wish, &value)).collect()
}

fn term(version: u32, wish: u32, value: &[u8]) -> Term {
    let mut term = Term::default();
    let words = version.to_ne_bytes().into_iter().chain(wish.to_ne_bytes());
    for (to, from) in term.iter_mut().zip(words.chain(value.iter().copied())) {
        *to = from;
    }
    term
}

fn refused(error: impl ToString) -> KernelError {
    KernelError::Choice(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{BY_NAME, Choice, comes_from, term, terms, wishes};

    #[test]
    fn a_name_is_asked_for_as_the_kernel_keeps_it() {
        let choice = Choice { names: vec!["chromium-headless-shell".to_owned()], ..Choice::default() };
        assert_eq!(terms(7, &choice), [term(7, BY_NAME, b"chromium-headle")]);
        assert_eq!(wishes(&choice), BY_NAME);
    }

    #[test]
    fn descent_is_followed_up_to_where_it_is_known() {
        let parents = HashMap::from([(4, 3), (3, 2), (2, 1), (1, 0), (8, 8)]);
        assert!(comes_from(4, &[2], &parents) && comes_from(2, &[2], &parents));
        assert!(!comes_from(1, &[2], &parents));
        assert!(!comes_from(8, &[2], &parents), "a circle ends");
    }
}
