//! The pipeline: a source, the tracker, the filter, a sink, in one thread.

use std::io::{self, IsTerminal};
use std::ops::ControlFlow;

use anyhow::Context;
use capture::source::Source;
use enrichers::names::Names;
use model::access::Access;
use model::event::Event;
use model::time::Time;
use sinks::console::{Colour, Console, Detailed};
use sinks::jsonl::JsonLines;
use sinks::sink::Sink;
use statements::memory::Memory;
use track::tally::Tally;
use track::tracker::Tracker;
use track::unknown::Show;

use crate::cli::Output;
use crate::filter::Filter;
use crate::tap::Tap;

/// So many accesses go to the sink at once, when more are there than the source's pauses let through: enough that what a
/// write costs vanishes, and so few that they and their lines are still in the cache when they are written, and when the
/// next ones are written into their memory.
const BATCH: usize = 64;
/// So many events are taken before anything else has its turn (the clock, Ctrl-C, a progress bar).
pub(crate) const EVENTS: usize = 4096;
/// So many bytes of each turn of an unknown protocol are shown.
const HEX: usize = 256;

/// Events in, accesses out.
pub(crate) struct Pipeline {
    tracker: Tracker,
    statements: Memory,
    names: Names,
    /// `None` when everything is wanted.
    filter: Option<Filter>,
    sink: Option<Box<dyn Sink>>,
    tap: Option<Tap>,
    accesses: Vec<Access>,
    latest: Time,
    shown: u64,
}

/// Whether the source has more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// At once.
    More,
    /// Perhaps later.
    Paused,
    /// Never.
    Ended,
}

impl Pipeline {
    /// A pipeline that shows what `filter` admits as `output` says; what it reads goes through `tap` too.
    pub(crate) fn new(filter: &Filter, output: &Output, tap: Option<Tap>) -> Self {
        let show = if output.hex { Show::Hex(HEX) } else { Show::Count };
        Pipeline {
            tracker: Tracker::new(show),
            statements: Memory::default(),
            names: Names::default(),
            filter: (*filter != Filter::default()).then(|| filter.clone()),
            sink: sink(output),
            tap,
            accesses: Vec::new(),
            latest: Time::default(),
            shown: 0,
        }
    }

    /// Takes events until a batch is full, or the source pauses or ends.
    pub(crate) fn step(&mut self, source: &mut impl Source) -> anyhow::Result<Flow> {
        for _ in 0..EVENTS {
            if self.tap.is_none() {
                self.hear(source);
            }
            if self.accesses.len() >= BATCH {
                break;
            }
            match source.next() {
                Ok(Some(event)) => {
                    self.latest = self.latest.max(event.at);
                    if self.tap.is_none() {
                        self.tracker.follow(event, &mut self.accesses);
                    } else {
                        self.follow_tapped(event)?;
                    }
                }
                Ok(None) => {
                    self.deliver()?;
                    self.tap.as_mut().map_or(Ok(()), Tap::flush)?;
                    return Ok(if source.is_finished() { Flow::Ended } else { Flow::Paused });
                }
                Err(error) => return Err(error).context("reading events"),
            }
        }
        self.deliver()?;
        Ok(Flow::More)
    }

    /// Hears what is said while it is at hand, until a batch is full.
    #[inline(always)]
    fn hear(&mut self, source: &mut impl Source) {
        let Pipeline { tracker, accesses, latest, .. } = self;
        source.said(|at, conn, said| {
            *latest = at.max(*latest);
            tracker.hear(at, conn, said, accesses);
            if accesses.len() < BATCH { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
    }

    /// Out of line: an event whose address is needed stands in memory, which would cost those that are not tapped.
    #[inline(never)]
    fn follow_tapped(&mut self, event: Event<'_>) -> anyhow::Result<()> {
        if let Some(tap) = &mut self.tap {
            tap.take(&event)?;
        }
        self.tracker.follow(event, &mut self.accesses);
        Ok(())
    }

    /// Tells what was asked and not answered, when no event will follow.
    pub(crate) fn finish(&mut self) -> anyhow::Result<()> {
        self.tracker.finish(self.latest, &mut self.accesses);
        self.deliver()?;
        self.tap.as_mut().map_or(Ok(()), Tap::finish)
    }

    /// Shows from now on what `filter` admits.
    pub(crate) fn refilter(&mut self, filter: &Filter) {
        self.filter = (*filter != Filter::default()).then(|| filter.clone());
        if let Some(tap) = &mut self.tap {
            tap.refilter(filter.ends());
        }
    }

    /// The tap, for the next pipeline.
    pub(crate) fn take_tap(&mut self) -> Option<Tap> {
        self.tap.take()
    }

    /// What was understood and what was not.
    pub(crate) fn tally(&self) -> Tally {
        self.tracker.tally()
    }

    /// How many connections are open.
    pub(crate) fn open(&self) -> usize {
        self.tracker.open()
    }

    /// How many accesses were shown.
    pub(crate) fn shown(&self) -> u64 {
        self.shown
    }

    fn deliver(&mut self) -> anyhow::Result<()> {
        if self.accesses.is_empty() {
            return Ok(());
        }
        for access in &mut self.accesses {
            let exchange = &mut access.exchange;
            self.statements.name_targets(exchange.protocol, &mut exchange.request);
            self.names.enrich(access);
        }
        if let Some(filter) = &self.filter {
            self.accesses.retain(|access| filter.admits(access));
        }
        self.shown += self.accesses.len() as u64;
        if let Some(sink) = &mut self.sink {
            sink.deliver(&self.accesses).context("writing accesses")?;
        }
        self.tracker.take_back(self.accesses.drain(..));
        Ok(())
    }
}

fn sink(output: &Output) -> Option<Box<dyn Sink>> {
    if output.quiet {
        return None;
    }
    let to = io::stdout();
    if output.json {
        return Some(Box::new(JsonLines::new(to)));
    }
    let detailed = if output.verbose || output.hex { Detailed::All } else { Detailed::Line };
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colour = if to.is_terminal() && !plain { Colour::On } else { Colour::Off };
    Some(Box::new(Console::new(to, detailed, colour)))
}
