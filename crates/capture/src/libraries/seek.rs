//! Looks for functions without names, on a thread of its own: it reads all code of a program, up to a second of work.

use std::fs::File;
use std::io;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread;

use crate::libraries::mappings::FileId;
use crate::libraries::plan::Plan;
use crate::libraries::resolve::seek;

/// What came of one file.
pub(super) struct Sought {
    pub(super) library: FileId,
    pub(super) file: File,
    /// Where its functions stand; `None` when they were not found.
    pub(super) plan: Option<Plan>,
}

/// The thread, the files that wait for it, and what it has found.
pub(super) struct Seeker {
    give: Sender<(FileId, File)>,
    take: Receiver<Sought>,
    /// Files that were given and not taken back. Each is given once, and there are [`super::watch::FILES`] at most.
    open: usize,
}

impl Seeker {
    /// Starts the thread; it ends with this.
    pub(super) fn start() -> io::Result<Seeker> {
        let (give, files) = channel();
        let (found, take) = channel();
        thread::Builder::new().name("seeker".to_owned()).spawn(move || work(&files, &found))?;
        Ok(Seeker { give, take, open: 0 })
    }

    /// Asks for a file; the answer comes by [`Seeker::found`].
    pub(super) fn ask(&mut self, library: FileId, file: File) {
        // The thread is gone only when it panicked; what it was asked then stays dark, as it was before.
        if self.give.send((library, file)).is_ok() {
            self.open += 1;
        }
    }

    /// The next answer that is there; never waits.
    pub(super) fn found(&mut self) -> Option<Sought> {
        let found = self.take.try_recv();
        if matches!(found, Err(TryRecvError::Empty)) {
            return None;
        }
        self.open = self.open.saturating_sub(1);
        found.ok()
    }

    /// The next answer of those that are owed, when it is there.
    pub(super) fn owed(&mut self) -> Option<Sought> {
        if self.open == 0 {
            return None;
        }
        self.open -= 1;
        self.take.recv().ok()
    }
}

/// Looks into files until nobody asks any more.
fn work(files: &Receiver<(FileId, File)>, found: &Sender<Sought>) {
    for (library, file) in files {
        // What lies about itself has no functions.
        let plan = seek(&file).ok().flatten();
        if found.send(Sought { library, file, plan }).is_err() {
            return;
        }
    }
}
