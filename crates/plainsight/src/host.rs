//! This host as a source: the kernel side with the TLS libraries hooked, until the user has enough.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use capture::host::{State, privileges};
use capture::kernel::choice::Choice;
use capture::kernel::{Kernel, Options, Pipes};

use crate::cli;
use crate::libraries::{Doubtful, Libraries};

/// The kernel side with everything hooked.
pub(crate) struct Host {
    pub(crate) kernel: Kernel,
    libraries: Libraries,
    stop: Arc<AtomicBool>,
    end: Option<Instant>,
}

impl Host {
    /// Begins to watch what is chosen, for `time` or until Ctrl-C; `program` is hooked before it is started.
    pub(crate) fn watch(
        limits: cli::Limits,
        time: Option<Duration>,
        choice: &Choice,
        program: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let stop = stop_flag()?;
        let call_limit = u64::from(limits.body_limit);
        let pipes = if limits.pipes { Pipes::Heard } else { Pipes::Unheard };
        let options = Options { ring: limits.ring, call_limit, pipes, ..Options::default() };
        let mut kernel = Kernel::open(&options)?;
        for lack in privileges() {
            if let State::Limited(cost) | State::Missing(cost) = lack.state {
                eprintln!("plainsight: {} is missing: {cost}", lack.name);
            }
        }
        kernel.choose(choice)?;
        let libraries = Libraries::find(&mut kernel, program)?;
        kernel.begin()?;
        // Where no hook can be set none costs anything.
        if let Err(error) = kernel.calibrate() {
            eprintln!("plainsight: what a hook costs here is not known: {error}");
        }
        let end = time.map(|time| Instant::now() + time);
        let hooked = libraries.hooked();
        eprintln!(
            "plainsight: watching this host, {hooked} TLS libraries and programs hooked; Ctrl-C ends it"
        );
        Ok(Host { kernel, libraries, stop, end })
    }

    /// Hooks what came since the last call; whether to go on.
    pub(crate) fn goes_on(&mut self) -> bool {
        self.libraries.follow(&mut self.kernel);
        !self.stop.load(Ordering::Relaxed) && self.end.is_none_or(|end| Instant::now() < end)
    }

    /// Why a process's connections may be dark.
    pub(crate) fn why_dark(&self, pid: u32) -> Option<String> {
        Some(self.libraries.why_dark(pid))
    }

    /// Gives up the hooks that are believed no more.
    pub(crate) fn check(&mut self) {
        self.libraries.distrust(&mut self.kernel);
    }

    /// The hooks that are not believed as a name is, as [`Host::check`] found them.
    pub(crate) fn doubtful(&self) -> &Doubtful {
        self.libraries.doubtful()
    }
}

/// A flag that Ctrl-C and a request to terminate raise.
fn stop_flag() -> anyhow::Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&flag);
    ctrlc::set_handler(move || raised.store(true, Ordering::Relaxed)).context("listening for Ctrl-C")?;
    Ok(flag)
}
