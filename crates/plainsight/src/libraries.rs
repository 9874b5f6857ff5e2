//! The TLS libraries of this host, found beside the stream of events and hooked as they come.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use capture::java;
use capture::kernel::Kernel;
use capture::kernel::hooks::{Distrusted, Hook};
use capture::kernel::trials::{Distrust, Trial};
use capture::kernel::waker::Waker;
use capture::libraries::change::Change;
use capture::libraries::mappings::FileId;
use capture::libraries::plan::{Refusal, Stack};
use capture::libraries::watch::Watch;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Changes that wait for the kernel side to be hooked; more only wait longer.
const CHANGES: usize = 1024;
/// Processes whose TLS code is remembered; more than a host runs (the kernel's own default `pid_max`).
const PROCESSES: usize = 32_768;
/// Hooks whose taking back is told in every statistics: each was worth a line of its own when it happened.
const DISTRUSTED: usize = 64;
/// How long the finder sleeps when the kernel tells of nothing; it wakes at once when it does.
const WAIT: Duration = Duration::from_millis(100);
/// How long what processes do gathers, in a storm of short programs, before it is looked at together: each of them does a dozen
/// things, and so many awakenings would cost more than what is looked at.
const GATHER: Duration = Duration::from_millis(2);
/// So many awakenings in a row are at once: what a few programs do that begin together.
const AT_ONCE: u32 = 64;

/// Hooks libraries as processes map them.
///
/// Looking into a file takes up to a tenth of a second (a browser), in which the ring must be emptied: so a thread of
/// its own looks, and the hooks are set from the thread that owns the kernel side.
pub(crate) struct Libraries {
    changes: Receiver<Change>,
    refused: Sender<(FileId, Refusal)>,
    hooks: HashMap<FileId, Hook>,
    /// What is known of the TLS code of each process.
    codes: HashMap<u32, Code>,
    doubtful: Doubtful,
}

/// The TLS code of a process.
enum Code {
    Hooked,
    Dark(Stack, Refusal),
}

/// Hooks that are not believed as a name is.
#[derive(Debug, Default)]
pub(crate) struct Doubtful {
    /// At functions that were found without their names, as they stood when it was looked last.
    pub(crate) trials: Vec<Trial>,
    /// Those that were taken back, [`DISTRUSTED`] at most.
    pub(crate) distrusted: Vec<(PathBuf, Distrust)>,
}

impl Libraries {
    /// Hooks what the processes that run have mapped, and the program that is to be started, and goes on finding.
    pub(crate) fn find(kernel: &mut Kernel, program: Option<&Path>) -> anyhow::Result<Self> {
        let (give, changes) = sync_channel(CHANGES);
        let (refused, told) = channel();
        let mut libraries = Libraries {
            changes,
            refused,
            hooks: HashMap::new(),
            codes: HashMap::new(),
            doubtful: Doubtful::default(),
        };
        let expected: Vec<PathBuf> = program.map(Path::to_path_buf).into_iter().collect();
        let mut watch = Watch::expecting(&expected);
        let mut found = watch.poll();
        if program.is_some() {
            // It may have no names.
            watch.settle();
            found.extend(watch.poll());
        }
        found.into_iter().for_each(|change| libraries.take(change, kernel));
        let waker = kernel.waker();
        thread::Builder::new()
            .name("libraries".to_owned())
            .spawn(move || find(watch, &give, &told, &waker))
            .context("starting the thread that finds TLS libraries")?;
        Ok(libraries)
    }

    /// How many libraries and programs are hooked.
    pub(crate) fn hooked(&self) -> usize {
        self.hooks.len()
    }

    /// Hooks and releases what the finder has decided since the last call; never waits.
    pub(crate) fn follow(&mut self, kernel: &mut Kernel) {
        while let Ok(change) = self.changes.try_recv() {
            self.take(change, kernel);
        }
    }

    /// Gives up the hooks that are believed no more, and looks how those on trial stand.
    pub(crate) fn distrust(&mut self, kernel: &mut Kernel) {
        for Distrusted { hook, path, why } in kernel.distrust() {
            eprintln!("plainsight: {}: {}; it is no longer watched", path.display(), against(why));
            if self.doubtful.distrusted.len() < DISTRUSTED {
                self.doubtful.distrusted.push((path, why));
            }
            let library = self.hooks.iter().find(|(_, its)| **its == hook).map(|(library, _)| *library);
            if let Some(library) = library {
                self.hooks.remove(&library);
                self.refuse(library, Refusal::Contradicted);
            }
        }
        self.doubtful.trials = kernel.trials();
    }

    /// What [`Libraries::distrust`] found.
    pub(crate) fn doubtful(&self) -> &Doubtful {
        &self.doubtful
    }

    fn take(&mut self, change: Change, kernel: &mut Kernel) {
        match change {
            Change::Attach { library, door, plan } => match kernel.attach(&plan, &door.path()) {
                Ok(hook) => _ = self.hooks.insert(library, hook),
                Err(error) => {
                    eprintln!("plainsight: a TLS library stays dark: {error}");
                    self.refuse(library, Refusal::Refused);
                }
            },
            Change::Release { library } => {
                if let Some(hook) = self.hooks.remove(&library) {
                    kernel.detach(hook);
                }
            }
            Change::Used { pid, .. } => self.know(pid, Code::Hooked),
            Change::Dark { pid, stack, why } => {
                // One that is loaded later tells so itself.
                if why == Refusal::NoAgent && java::is_loaded(pid) {
                    if let Err(error) = kernel.expect_agent(pid) {
                        eprintln!("plainsight: the agent in process {pid} is not listened to: {error}");
                    }
                } else if let Err(error) = kernel.darkens(pid) {
                    eprintln!("plainsight: what process {pid} says is not read at its peers: {error}");
                }
                self.know(pid, Code::Dark(stack, why));
            }
        }
    }

    /// Why a process's connections may be dark.
    pub(crate) fn why_dark(&self, pid: u32) -> String {
        match self.codes.get(&pid) {
            Some(Code::Dark(_, Refusal::NoAgent)) if java::is_loaded(pid) => {
                "its agent is loaded, but did not tell of these sessions".to_owned()
            }
            Some(Code::Dark(stack, why)) => format!("{stack}: {why}"),
            Some(Code::Hooked) => "its TLS library is watched, but not these sessions of it".to_owned(),
            None => "no TLS code that is known was found in it".to_owned(),
        }
    }

    /// What stays dark is told of a process, whatever else is hooked in it.
    fn know(&mut self, pid: u32, code: Code) {
        if self.codes.len() >= PROCESSES {
            self.codes.clear();
        }
        match (self.codes.get(&pid), &code) {
            (Some(Code::Dark(..)), Code::Hooked) => {}
            (Some(_) | None, _) => _ = self.codes.insert(pid, code),
        }
    }

    fn refuse(&self, library: FileId, why: Refusal) {
        // The finder is gone only when this process ends.
        _ = self.refused.send((library, why));
    }
}

/// What speaks against a hook, in words.
pub(crate) fn against(why: Distrust) -> &'static str {
    match why {
        Distrust::Nonsense => "its functions return more than their buffers hold",
        Distrust::Misfit => "what its functions move does not fit what passes on the socket",
    }
}

/// Gives changes until nobody takes them any more.
fn find(mut watch: Watch, give: &SyncSender<Change>, refused: &Receiver<(FileId, Refusal)>, waker: &Waker) {
    let mut pace = Pace { left: AT_ONCE, since: Instant::now() };
    loop {
        while let Ok((library, why)) = refused.try_recv() {
            watch.refused(library, why);
        }
        let changes = watch.poll();
        let is_any = !changes.is_empty();
        for change in changes {
            if give.send(change).is_err() {
                return;
            }
        }
        if is_any {
            waker.wake();
        }
        wait(&watch, &mut pace);
    }
}

/// Waits until the kernel tells of something, or for a while where it does not.
fn wait(watch: &Watch, pace: &mut Pace) {
    let Some(ready) = watch.ready() else { return thread::sleep(WAIT) };
    let timeout = Timespec::try_from(WAIT).ok();
    // An interrupted wait only means to look earlier.
    let told = poll(&mut [PollFd::new(&ready, PollFlags::IN)], timeout.as_ref());
    if told.is_ok_and(|told| told > 0) {
        pace.keep();
    }
}

/// How often the finder is awake: [`AT_ONCE`] times without a pause, and in the long run once in [`GATHER`].
struct Pace {
    left: u32,
    /// Until when awakenings were earned.
    since: Instant,
}

impl Pace {
    /// One awakening; pauses where too many came before it.
    fn keep(&mut self) {
        let earned = self.since.elapsed().as_micros() / GATHER.as_micros();
        if let Some(earned) = u32::try_from(earned).ok().filter(|earned| *earned > 0) {
            self.left = AT_ONCE.min(self.left.saturating_add(earned));
            self.since = Instant::now();
        }
        match self.left.checked_sub(1) {
            Some(left) => self.left = left,
            None => thread::sleep(GATHER),
        }
    }
}
