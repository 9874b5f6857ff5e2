//! The kernel as a source of events: loads the kernel side, and turns its records into events where they stand.
#![expect(
    unsafe_code,
    reason = "the ring is memory shared with the kernel; records are read from it in place"
)]

pub mod calibration;
pub mod choice;
pub mod cost;
pub mod error;
pub mod hooks;
pub mod ledger;
pub mod trials;
pub mod waker;

mod accounts;
mod clock;
mod ends;
mod hearing;
mod load;
mod pipes;
mod processes;
mod reach;
mod records;
mod ring;
mod said;
mod skeleton;
mod table;
mod uring;

use std::collections::VecDeque;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsFd as _;
use std::path::Path;
use std::time::Duration;

use libbpf_rs::skel::{OpenSkel as _, SkelBuilder as _};
use libbpf_rs::{Link, MapCore as _, MapFlags, OpenObject};
use model::event::Event;

use crate::libraries::plan::Plan;

use self::calibration::{Calibration, Own, time_call};
use self::choice::{Choice, Chosen, Step};
use self::cost::{Cost, Costs};
use self::error::KernelError;
use self::hooks::{Distrusted, Hook, Hooks};
use self::ledger::{FIGURES, Ledger};
use self::load::{configure, follow_processes, hook, refused};
use self::ring::Ring;
use self::skeleton::{WatchSkel, WatchSkelBuilder};
use self::table::Table;
use self::trials::Trial;
use self::waker::Waker;

/// How to watch.
#[derive(Clone, Debug)]
pub struct Options {
    /// Bytes of the ring between kernel and collector: a power of two, at least a page.
    pub ring: u32,
    /// Bytes that are copied of one call; what is beyond is told as lost by limit.
    pub call_limit: u64,
    /// How long [`Source::next`](crate::source::Source::next) waits when nothing happens.
    pub wait: Duration,
    /// Whether pipes are heard as well as sockets.
    pub pipes: Pipes,
}

/// Whether pipes are heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pipes {
    /// They are not, and cost nothing.
    Unheard,
    /// They are, but for the collector's own.
    Heard,
}

impl Default for Options {
    /// 16 MiB absorb 10 ms of the fastest stream; 256 KiB hold what database drivers send in one call; 20 ms are below
    /// what a reader notices.
    fn default() -> Options {
        Options {
            ring: 16 << 20,
            call_limit: 256 << 10,
            wait: Duration::from_millis(20),
            pipes: Pipes::Unheard,
        }
    }
}

/// The kernel, watched. Everything is released when it is dropped, or when the process dies.
pub struct Kernel {
    skel: WatchSkel<'static>,
    links: Vec<Link>,
    hooks: Hooks,
    chosen: Chosen,
    costs: Costs,
    ring: Ring,
    wait: Duration,
    waker: Waker,
    table: Table,
    waiting: VecDeque<Event<'static>>,
    /// Whether an event was given since there was none.
    gave: bool,
    /// Whether every hook was taken back, and what is open was counted then.
    ended: Ended,
    /// How many farewells were heard.
    farewells: u64,
}

/// How far the end of watching got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// It goes on.
    No,
    /// Every hook was taken back.
    Unhooked,
    /// What was open then was counted.
    Counted,
}

impl Kernel {
    /// Loads the kernel side and follows processes; bytes are seen from [`Kernel::begin`] on.
    ///
    /// # Errors
    /// What is missing, and what to do about it.
    pub fn open(options: &Options) -> Result<Kernel, KernelError> {
        said::listen();
        // The skeleton borrows this word for as long as it lives, so that both could not stand in one struct; a
        // collector opens the kernel once, and the leak is one pointer.
        let slot: &'static mut MaybeUninit<OpenObject> = Box::leak(Box::new(MaybeUninit::uninit()));
        let mut open = WatchSkelBuilder::default().open(slot).map_err(|error| refused(&error))?;
        configure(&mut open, options)?;
        let hooks = Hooks::choose(&mut open);
        uring::choose(&mut open);
        let skel = open.load().map_err(|error| refused(&error))?;
        if options.pipes == Pipes::Heard {
            pipes::leave_out_own(&skel)?;
        }
        let links = follow_processes(&skel)?;
        let ring = Ring::open(skel.maps.ring.as_fd(), options.ring as usize).map_err(KernelError::Ring)?;
        Ok(Kernel {
            skel,
            links,
            hooks,
            chosen: Chosen::default(),
            costs: Costs::default(),
            ring,
            wait: options.wait,
            waker: Waker::new().map_err(KernelError::Ring)?,
            table: Table::new(),
            waiting: VecDeque::new(),
            gave: false,
            ended: Ended::No,
            farewells: 0,
        })
    }

    /// Begins to see the bytes of all sockets. Libraries that are hooked before it show their sessions from the first
    /// connection on; those hooked later leave the connections in between dark.
    ///
    /// # Errors
    /// The hook that the kernel refused.
    pub fn begin(&mut self) -> Result<(), KernelError> {
        let programs = &self.skel.progs;
        let before = time_call();
        self.links.extend(hook([
            ("inet_sock_set_state", &programs.set_state),
            ("tcp_destroy_sock", &programs.destroyed),
            ("sys_exit", &programs.sys_exit),
        ])?);
        self.links.extend(hook(uring::hooks(&self.skel))?);
        self.costs.calibration.call = time_call().saturating_sub(before);
        if self.costs.begin_timing(&self.skel, &self.hooks) {
            time_call();
            self.costs.take_idle(&self.skel, &self.hooks);
        }
        Ok(())
    }

    /// Measures what a hook in a library costs on this host, for [`Kernel::costs`]: some milliseconds.
    ///
    /// # Errors
    /// The kernel's answer, where it hooks nothing.
    pub fn calibrate(&mut self) -> Result<Calibration, KernelError> {
        let bare = Own::Emulated.time();
        let entry = self.time_hooked(Own::Emulated, 0)?.saturating_sub(bare);
        let pair = self.time_hooked(Own::Emulated, 1)?.saturating_sub(bare);
        let stepped = self.time_hooked(Own::Stepped, 0)?.saturating_sub(Own::Stepped.time());
        let calibration = &mut self.costs.calibration;
        (calibration.entry, calibration.leave) = (entry, pair.saturating_sub(entry));
        calibration.stepped = stepped.saturating_sub(entry);
        Ok(*calibration)
    }

    /// A call of an own function while it is hooked, at its entry or at its return too where the kernel can tell them apart.
    fn time_hooked(&mut self, own: Own, with_return: u32) -> Result<Duration, KernelError> {
        let Some(plan) = own.plan() else { return Ok(Duration::ZERO) };
        let path = Path::new("/proc/self/exe");
        let hook = self.hooks.attach_to(&mut self.skel, &plan, path, &[hooks::ANY_PROCESS])?;
        self.say_calibrates(with_return);
        let time = own.time();
        self.say_calibrates(0);
        self.detach(hook);
        Ok(time)
    }

    fn say_calibrates(&mut self, with_return: u32) {
        if let Some(kept) = self.skel.maps.bss_data.as_deref_mut() {
            kept.calibrates = with_return;
        }
    }

    /// Ends the wait of [`Source::next`](crate::source::Source::next) from another thread.
    #[must_use]
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// What watching cost each process since the last call.
    ///
    /// # Errors
    /// What the kernel answered.
    pub fn costs(&mut self) -> Result<Vec<Cost>, KernelError> {
        self.costs.look(&self.skel, &self.hooks)
    }

    /// Whether the kernel times our programs for us; where it does not, the costs lack what they take.
    #[must_use]
    pub fn is_timed(&self) -> bool {
        self.costs.is_timed()
    }

    /// What a hit costs here, beside what our programs do.
    #[must_use]
    pub fn calibration(&self) -> Calibration {
        self.costs.calibration
    }

    /// Reads from now on so much of these processes; of all others, all that is wanted.
    ///
    /// # Errors
    /// What the kernel answered.
    pub fn step(&mut self, steps: &[(u32, Step)]) -> Result<(), KernelError> {
        self.chosen.step(&mut self.skel.maps, steps)
    }

    /// Watches from now on what is chosen, and nothing else. Connections that are open are judged anew at their next bytes:
    /// one that is no longer wanted ends here, one that is now begins midway.
    ///
    /// # Errors
    /// What the kernel answered.
    pub fn choose(&mut self, choice: &Choice) -> Result<(), KernelError> {
        self.chosen.choose(&mut self.skel.maps, choice)?;
        self.table.processes().announce(self.chosen.asks_containers());
        self.hooks.settle(&mut self.skel, choice)
    }

    /// The TLS of a process is not read: what it says to others on this host is to be read at theirs, and for that
    /// everyone is hooked.
    ///
    /// # Errors
    /// What the kernel answered.
    pub fn darkens(&mut self, pid: u32) -> Result<(), KernelError> {
        self.hooks.darkens(&mut self.skel, pid)
    }

    /// Tells the kernel side in which containers the processes are that became known.
    fn place_processes(&mut self) -> io::Result<()> {
        let mut fresh = self.table.processes().fresh().into_iter();
        fresh
            .try_for_each(|process| self.chosen.place(&self.skel.maps.members, &process))
            .map_err(io::Error::other)
    }

    /// Whether all that was begun to be told was given. [`Source::next`] pauses also where a record is still being written,
    /// with others behind it.
    ///
    /// [`Source::next`]: crate::source::Source::next
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.waiting.is_empty() && self.ring.is_empty()
    }

    /// Takes every hook back: no more is seen, what was seen can still be read until [`Source::is_finished`], and the
    /// ledger stands still.
    ///
    /// [`Source::is_finished`]: crate::source::Source::is_finished
    pub fn end(&mut self) {
        if self.ended == Ended::No {
            self.ended = Ended::Unhooked;
        }
        self.links.clear();
        self.hooks.clear();
    }

    /// Hooks a TLS library or executable for every process that maps it, now and later.
    ///
    /// # Errors
    /// The kernel's answer, with the file's path.
    pub fn attach(&mut self, plan: &Plan, path: &Path) -> Result<Hook, KernelError> {
        self.hooks.attach(&mut self.skel, plan, path)
    }

    /// Listens to the agent of a Java program from its next handshake on; one that it has told of before is known.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn expect_agent(&mut self, pid: u32) -> io::Result<()> {
        let kept = self.skel.maps.java_processes.update(&pid.to_ne_bytes(), &[1], MapFlags::ANY);
        if let Some(kept) = self.skel.maps.bss_data.as_deref_mut() {
            kept.some_java = 1;
        }
        kept.map_err(io::Error::other)
    }

    /// Takes a hook back, for a file that nobody maps any more.
    pub fn detach(&mut self, hook: Hook) {
        self.hooks.detach(hook);
    }

    /// Takes back every hook whose function answers nonsense, or moves what does not fit the socket: it stands in the
    /// wrong place. To be asked now and then: it costs one look-up for each hook.
    pub fn distrust(&mut self) -> Vec<Distrusted> {
        self.hooks.distrust(&self.skel)
    }

    /// How those hooks stand whose functions were found without their names, until [`Kernel::end`].
    #[must_use]
    pub fn trials(&self) -> Vec<Trial> {
        self.hooks.trials(&self.skel)
    }

    /// What was seen so far, and what became of it.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn ledger(&self) -> Result<Ledger, KernelError> {
        let mut figures = [0; FIGURES];
        for (index, figure) in (0u32..).zip(&mut figures) {
            let shares = self
                .skel
                .maps
                .ledger
                .lookup_percpu(&index.to_ne_bytes(), MapFlags::ANY)
                .map_err(|error| KernelError::Ledger(error.to_string()))?
                .unwrap_or_default();
            *figure = shares
                .iter()
                .filter_map(|share| share.first_chunk())
                .map(|share| u64::from_ne_bytes(*share))
                .sum();
        }
        Ok(Ledger::from_figures(figures, self.table.unreadable()))
    }
}
