//! Decides which library is hooked, from when on and until when, as processes come, map, fork and go.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::libraries::change::{Change, Door, Standing, Use};
use crate::libraries::installed::{self, Held};
use crate::libraries::mappings::{self, FileId, Mapped};
use crate::libraries::plan::Refusal;
use crate::libraries::resolve::{Verdict, build_id, resolve, stack_by_name};
use crate::libraries::ring::monotonic;
use crate::libraries::seek::{Seeker, Sought};
use crate::libraries::sideband::{Happened, Missed, Sideband};

/// Different files of which something is remembered. A host with a hundred container images maps some ten thousand;
/// beyond, what is not TLS is forgotten (and looked at again), and then new libraries stay dark.
pub const FILES: usize = 16_384;
/// Files with TLS that are remembered of one process: real ones have a handful, with every plug-in its own copy.
const PER_PROCESS: usize = 64;
/// How long an unused library stays hooked: whoever calls `curl` in a loop shall not pay for a new hook each time.
const LINGER: Duration = Duration::from_secs(30);
/// How often processes are looked at one by one where the kernel does not tell what they do.
const LOOK: Duration = Duration::from_secs(1);
/// How long a file is taken for what it was: a compiler that writes over a program takes longer until it is started. That
/// another file has its inode by now shows at once.
const FRESH: Duration = Duration::from_secs(1);
/// How often it is asked which libraries nobody uses any more.
const RELEASE: Duration = Duration::from_secs(1);
/// How often the processors are compared with those listened on.
const PROCESSORS: Duration = Duration::from_secs(5);

/// Tells two contents of one inode apart: size and moment of the last change of its bytes.
type Stamp = (u64, i64, i64);

struct Known {
    path: PathBuf,
    build_id: String,
    stamp: Stamp,
    /// Which user of its inode it is, once the kernel told.
    generation: Option<u64>,
    /// When it was last compared with what it was.
    compared: Instant,
    standing: Standing,
    users: usize,
    idle: Instant,
}

impl Known {
    /// Whether a file that is mapped can be nothing else than what was looked into: one does not ask the file system for
    /// each program that is started.
    fn is_fresh(&self, mapped: &Mapped) -> bool {
        mapped.generation.is_some()
            && mapped.generation == self.generation
            && self.compared.elapsed() < FRESH
            // Who could not be opened may be reached by another process.
            && self.stamp != Stamp::default()
    }
}

/// How the watch learns what processes do.
enum Sight {
    /// The kernel tells.
    Told(Sideband),
    /// Nobody tells, for this reason: processes are looked at every [`LOOK`].
    Looking(io::Error),
}

/// Watches the processes of this host for TLS code.
pub struct Watch {
    sight: Sight,
    known: HashMap<FileId, Known>,
    /// For each process its files with TLS, and since when (nanoseconds of `CLOCK_MONOTONIC`).
    processes: HashMap<u32, HashMap<FileId, u64>>,
    changes: Vec<Change>,
    /// Looks for functions without names; `None` where no thread can be had.
    seeker: Option<Seeker>,
    lost: u64,
    looked: Option<Instant>,
    compared: Instant,
    released: Instant,
    /// This very process, whose mappings are no concern.
    own: u32,
    /// Files that are kept ready, which count as used by this process.
    held: Vec<Held>,
}

impl Watch {
    /// Begins to watch; the first [`Watch::poll`] tells of the processes that run already.
    #[must_use]
    pub fn start() -> Watch {
        Watch::expecting(&[])
    }

    /// The same, and expects these files to be mapped soon: they are looked into, and given to be hooked, before they are.
    #[must_use]
    pub fn expecting(files: &[PathBuf]) -> Watch {
        let held = installed::hold(files);
        let mut watch = Watch {
            sight: Sideband::open().map_or_else(Sight::Looking, Sight::Told),
            known: HashMap::new(),
            processes: HashMap::new(),
            changes: Vec::new(),
            seeker: Seeker::start().ok(),
            lost: 0,
            looked: None,
            compared: Instant::now(),
            released: Instant::now(),
            own: std::process::id(),
            held,
        };
        watch.keep_held();
        watch
    }

    /// What is to be done since the last call; never waits.
    pub fn poll(&mut self) -> Vec<Change> {
        self.compare_processors();
        while let Some(sought) = self.seeker.as_mut().and_then(Seeker::found) {
            self.sought(sought);
        }
        let mut missed = Missed::default();
        let mut happened = Vec::new();
        if let Sight::Told(sideband) = &mut self.sight {
            missed = sideband.drain(|at, what| happened.push((at, what)));
        }
        for (at, what) in happened {
            self.follow(at, what);
        }
        self.lost += missed.records;
        if missed != Missed::default() || self.must_look() {
            self.look();
        }
        self.release();
        std::mem::take(&mut self.changes)
    }

    /// Waits until every file whose functions are looked for without their names has been looked into.
    pub fn settle(&mut self) {
        while let Some(sought) = self.seeker.as_mut().and_then(Seeker::owed) {
            self.sought(sought);
        }
    }

    /// A descriptor that becomes ready when there may be something to do; `None` where the kernel does not tell.
    #[must_use]
    pub fn ready(&self) -> Option<BorrowedFd<'_>> {
        match &self.sight {
            Sight::Told(sideband) => Some(sideband.as_fd()),
            Sight::Looking(_) => None,
        }
    }

    /// Why the kernel does not tell what processes do, so that short-lived ones may be missed.
    #[must_use]
    pub fn blind(&self) -> Option<&io::Error> {
        match &self.sight {
            Sight::Told(_) => None,
            Sight::Looking(why) => Some(why),
        }
    }

    /// How many of the kernel's records were lost; each loss was answered by a look at all processes.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Notes why a library could not be hooked, or is no more: its processes are dark.
    pub fn refused(&mut self, library: FileId, why: Refusal) {
        if let Some(known) = self.known.get_mut(&library)
            && let Some(stack) = known.standing.stack()
        {
            known.standing = Standing::Dark(stack, why);
        }
    }

    /// Every process with TLS code, by process id.
    #[must_use]
    pub fn census(&self) -> Vec<Use> {
        let mut uses: Vec<Use> = self
            .processes
            .iter()
            .filter(|(pid, _)| **pid != self.own)
            .flat_map(|(pid, files)| files.keys().map(move |library| (*pid, *library)))
            .filter_map(|(pid, library)| {
                let known = self.known.get(&library).filter(|known| known.standing != Standing::Plain)?;
                let (path, build_id) = (known.path.clone(), known.build_id.clone());
                Some(Use { pid, library, build_id, path, standing: known.standing.clone() })
            })
            .collect();
        uses.sort_by_key(|one| (one.pid, one.library));
        uses
    }

    /// What is held is looked into and hooked before anybody uses it.
    fn keep_held(&mut self) {
        let mut mine = Vec::new();
        // What cannot be read here is hooked when its first user maps it.
        _ = mappings::of_process(self.own, |mapped| mine.push(mapped));
        mine.retain(|mapped| self.held.iter().any(|held| held.is_at(&mapped.path)));
        for mapped in &mine {
            self.examine(mapped);
            self.uses(u64::MAX, mapped.pid, mapped.file);
        }
    }

    /// A processor that came online has no ring yet: listens anew, and looks once for what was missed.
    fn compare_processors(&mut self) {
        let Sight::Told(sideband) = &self.sight else { return };
        if self.compared.elapsed() < PROCESSORS {
            return;
        }
        self.compared = Instant::now();
        if !sideband.is_current() {
            self.sight = Sideband::open().map_or_else(Sight::Looking, Sight::Told);
            self.looked = None;
        }
    }

    fn must_look(&self) -> bool {
        match (&self.sight, self.looked) {
            (_, None) => true,
            (Sight::Told(_), Some(_)) => false,
            (Sight::Looking(_), Some(last)) => last.elapsed() >= LOOK,
        }
    }

    fn follow(&mut self, at: u64, happened: Happened) {
        match happened {
            Happened::Mapped(mapped) => self.mapped(at, &mapped),
            Happened::Forked { parent, child } => {
                let files: Vec<FileId> =
                    self.processes.get(&parent).into_iter().flat_map(HashMap::keys).copied().collect();
                files.into_iter().for_each(|file| self.uses(at, child, file));
            }
            Happened::Executed(pid) | Happened::Ended(pid) => self.forget(pid, |since| since < at),
        }
    }

    fn mapped(&mut self, at: u64, mapped: &Mapped) {
        if mapped.pid == self.own {
            return;
        }
        self.examine(mapped);
        self.uses(at, mapped.pid, mapped.file);
    }

    /// Looks into a file, unless it has been looked into and is unchanged.
    fn examine(&mut self, mapped: &Mapped) {
        if self.known.get(&mapped.file).is_some_and(|known| known.is_fresh(mapped)) {
            return;
        }
        let stamp = mappings::metadata(mapped).map(|meta| stamp_of(&meta));
        match (self.known.get_mut(&mapped.file), stamp) {
            (Some(known), Some(stamp)) if known.stamp == stamp => {
                (known.generation, known.compared) = (mapped.generation, Instant::now());
                return;
            }
            // Its name is gone, its bytes are not: a deleted file that is still mapped, or its process has ended.
            (Some(known), None) => {
                known.compared = Instant::now();
                return;
            }
            (Some(_), Some(_)) | (None, _) => {}
        }
        let Some(file) = mappings::open(mapped) else { return self.unreachable(mapped) };
        let Ok(meta) = file.metadata() else { return };
        let beside = |name: &str| mappings::open_beside(mapped, name);
        let again = file.try_clone();
        let standing = match resolve(&file, &mapped.path, beside).unwrap_or(Verdict::Plain) {
            Verdict::Plain => Standing::Plain,
            Verdict::Dark(stack, why) => Standing::Dark(stack, why),
            Verdict::Hook(plan) => Standing::Hooked(Arc::new(plan)),
        };
        let is_stripped = matches!(standing, Standing::Dark(_, Refusal::Stripped));
        self.learn(mapped, stamp_of(&meta), standing, Some(Door(file)));
        if let (true, Some(seeker), Ok(again)) = (is_stripped, &mut self.seeker, again) {
            seeker.ask(mapped.file, again);
        }
    }

    /// Hooks a file whose functions were found without their names, unless it is another file by now.
    fn sought(&mut self, Sought { library, file, plan }: Sought) {
        let stamp = file.metadata().ok().map(|meta| stamp_of(&meta));
        let Some(known) = self.known.get_mut(&library).filter(|known| Some(known.stamp) == stamp) else {
            return;
        };
        let (Some(plan), Standing::Dark(_, Refusal::Stripped)) = (plan, &known.standing) else { return };
        let plan = Arc::new(plan);
        known.standing = Standing::Hooked(Arc::clone(&plan));
        self.changes.push(Change::Attach { library, door: Door(file), plan });
        let users = self.processes.iter().filter(|(_, files)| files.contains_key(&library));
        self.changes.extend(users.map(|(pid, _)| Change::Used { library, pid: *pid }));
    }

    /// Remembers what a file is; one that was hooked with other contents is let go first.
    fn learn(&mut self, mapped: &Mapped, stamp: Stamp, standing: Standing, door: Option<Door>) {
        let library = mapped.file;
        let before = self.known.remove(&library);
        if matches!(before, Some(Known { standing: Standing::Hooked(_), .. })) {
            self.changes.push(Change::Release { library });
        }
        if !self.has_room() {
            let why = Refusal::TooMany;
            self.changes.extend(standing.stack().map(|stack| Change::Dark { pid: mapped.pid, stack, why }));
            return;
        }
        let build_id = match (&standing, &door) {
            (Standing::Hooked(plan), _) => plan.build_id.clone(),
            (Standing::Dark(..), Some(door)) => build_id(&door.0),
            (Standing::Dark(..), None) | (Standing::Plain, _) => String::new(),
        };
        if let (Standing::Hooked(plan), Some(door)) = (&standing, door) {
            self.changes.push(Change::Attach { library, door, plan: Arc::clone(plan) });
        }
        let users = before.map_or(0, |known| known.users);
        let (path, generation, now) = (mapped.path.clone(), mapped.generation, Instant::now());
        let known = Known { path, build_id, stamp, generation, compared: now, standing, users, idle: now };
        self.known.insert(library, known);
    }

    /// Whether one more file can be remembered, if need be in the place of one that is of no interest.
    fn has_room(&mut self) -> bool {
        if self.known.len() >= FILES {
            self.known.retain(|_, known| known.standing != Standing::Plain);
        }
        self.known.len() < FILES
    }

    /// Says of a file by its name alone that it is dark, when nobody can open it; it is tried again when it can.
    fn unreachable(&mut self, mapped: &Mapped) {
        let is_alive = Path::new(&format!("/proc/{}", mapped.pid)).exists();
        if is_alive && let Some(stack) = stack_by_name(&mapped.path) {
            self.learn(mapped, Stamp::default(), Standing::Dark(stack, Refusal::Unreachable), None);
        }
    }

    /// Notes that a process uses a file, and says so the first time.
    fn uses(&mut self, at: u64, pid: u32, library: FileId) {
        let Some(known) = self.known.get_mut(&library) else { return };
        let change = match known.standing {
            Standing::Plain => return,
            Standing::Dark(stack, why) => Change::Dark { pid, stack, why },
            Standing::Hooked(_) => Change::Used { library, pid },
        };
        let files = self.processes.entry(pid).or_default();
        if let Some(since) = files.get_mut(&library) {
            *since = at.max(*since);
            return;
        }
        if files.len() >= PER_PROCESS {
            let why = Refusal::TooMany;
            self.changes.extend(known.standing.stack().map(|stack| Change::Dark { pid, stack, why }));
            return;
        }
        files.insert(library, at);
        known.users += 1;
        self.changes.push(change);
    }

    /// Forgets what a process used, where `gone` says so of the moment since when.
    fn forget(&mut self, pid: u32, gone: impl Fn(u64) -> bool) {
        let Some(files) = self.processes.get_mut(&pid) else { return };
        let known = &mut self.known;
        files.retain(|file, since| {
            let stays = !gone(*since);
            if !stays && let Some(known) = known.get_mut(file) {
                known.users = known.users.saturating_sub(1);
                known.idle = Instant::now();
            }
            stays
        });
        if files.is_empty() {
            self.processes.remove(&pid);
        }
    }

    /// Looks at every process: what is mapped is used, what is not is not.
    fn look(&mut self) {
        self.looked = Some(Instant::now());
        let began = monotonic();
        let Ok(running) = mappings::processes() else { return };
        let mut ended: HashSet<u32> = self.processes.keys().copied().collect();
        for pid in running {
            let mut files = HashSet::new();
            let mut found = Vec::new();
            let read = mappings::of_process(pid, |mapped| {
                if files.insert(mapped.file) {
                    found.push(mapped);
                }
            });
            if read.is_err() && Path::new(&format!("/proc/{pid}")).exists() {
                ended.remove(&pid);
                continue;
            }
            found.iter().for_each(|mapped| self.mapped(began, mapped));
            ended.remove(&pid);
            self.forget(pid, |since| since < began);
        }
        for pid in ended {
            self.forget(pid, |since| since < began);
        }
    }

    /// Lets go of libraries that nobody has used for [`LINGER`], after a look at whether that is so.
    fn release(&mut self) {
        if self.released.elapsed() < RELEASE {
            return;
        }
        self.released = Instant::now();
        let is_due = |known: &Known| {
            known.users == 0 && known.standing != Standing::Plain && known.idle.elapsed() >= LINGER
        };
        if !self.known.values().any(is_due) {
            return;
        }
        self.look();
        let changes = &mut self.changes;
        self.known.retain(|library, known| {
            let due = is_due(known);
            if due && matches!(known.standing, Standing::Hooked(_)) {
                changes.push(Change::Release { library: *library });
            }
            !due
        });
    }
}

fn stamp_of(meta: &fs::Metadata) -> Stamp {
    (meta.size(), meta.mtime(), meta.mtime_nsec())
}

#[cfg(test)]
mod tests;
