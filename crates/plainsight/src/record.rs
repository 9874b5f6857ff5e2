//! `record`: raw events of this host, for `replay`.

use std::collections::HashMap;
use std::io;
use std::process::ExitCode;

use anyhow::Context;
use capture::replay::recording::Recorder;
use capture::source::Source;
use model::conn::ConnId;
use model::event::{Event, What};

use crate::cli;
use crate::filter::Ends;
use crate::host::Host;
use crate::pipeline::{EVENTS, Flow};

/// Records until Ctrl-C or the time is up.
pub(crate) fn run(options: &cli::Record) -> anyhow::Result<ExitCode> {
    let file = options.file.display();
    let mut recorder = Recorder::create(&options.file).with_context(|| format!("creating {file}"))?;
    let mut host = Host::watch(options.limits, options.time)?;
    let mut wanted = Wanted { ends: &options.ends, known: HashMap::new(), recorded: 0 };
    let mut record = |host: &mut Host| {
        wanted.record(&mut host.kernel, &mut recorder).with_context(|| format!("recording to {file}"))
    };
    while host.goes_on() {
        record(&mut host)?;
    }
    host.kernel.end();
    // What was seen until then still stands in the ring.
    while record(&mut host)? != Flow::Ended {}
    let recorded = wanted.recorded;
    recorder.finish().with_context(|| format!("writing {file}"))?;
    eprintln!("plainsight: {recorded} events in {file}");
    Ok(if recorded > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The connections that are wanted, as their openings told.
struct Wanted<'a> {
    ends: &'a Ends,
    known: HashMap<ConnId, bool>,
    recorded: u64,
}

impl Wanted<'_> {
    /// Records wanted events until a batch is done or none is there; whether more wait.
    fn record(&mut self, source: &mut dyn Source, to: &mut Recorder) -> io::Result<Flow> {
        for _ in 0..EVENTS {
            let Some(event) = source.next()? else {
                return Ok(if source.is_finished() { Flow::Ended } else { Flow::Paused });
            };
            if self.admits(&event) {
                to.record(&event)?;
                self.recorded += 1;
            }
        }
        Ok(Flow::More)
    }

    fn admits(&mut self, event: &Event<'_>) -> bool {
        match &event.what {
            What::Opened(opened) => {
                let peer =
                    opened.peer.as_ref().and_then(|peer| self.known.get(peer)).copied().unwrap_or_default();
                let admitted = peer || self.ends.admit(opened, [opened.process.as_deref(), None]);
                *self.known.entry(event.conn).and_modify(|known| *known |= admitted).or_insert(admitted)
            }
            What::Closed => self.known.remove(&event.conn).unwrap_or_default(),
            What::Said(_) | What::Lost(_) | What::Sealed { .. } | What::Secured(_) => {
                self.known.get(&event.conn).copied().unwrap_or_default()
            }
        }
    }
}
