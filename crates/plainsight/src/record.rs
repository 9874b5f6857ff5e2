//! `record`: raw events of this host, for `replay`.

use std::io;
use std::process::ExitCode;

use anyhow::Context;
use capture::replay::recording::Recorder;
use capture::source::Source;

use crate::cli;
use crate::filter::Whom;
use crate::host::Host;
use crate::pipeline::{EVENTS, Flow};
use crate::wanted::Wanted;

/// Records until Ctrl-C or the time is up.
pub(crate) fn run(options: &cli::Record) -> anyhow::Result<ExitCode> {
    let file = options.file.display();
    let mut recorder = Recorder::create(&options.file).with_context(|| format!("creating {file}"))?;
    let choice = options.share.of(options.ends.choice(Whom::Anybody));
    let mut host = Host::watch(options.limits, options.time, &choice, None)?;
    let mut wanted = Wanted::new(&options.ends);
    let mut recorded = 0;
    let mut record = |host: &mut Host| {
        let flow = record(&mut host.kernel, &mut wanted, &mut recorder, &mut recorded);
        flow.with_context(|| format!("recording to {file}"))
    };
    while host.goes_on() {
        record(&mut host)?;
    }
    host.kernel.end();
    // What was seen until then still stands in the ring.
    while record(&mut host)? != Flow::Ended {}
    recorder.finish().with_context(|| format!("writing {file}"))?;
    eprintln!("plainsight: {recorded} events in {file}");
    Ok(if recorded > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Records wanted events until a batch is done or none is there; whether more wait.
fn record(
    source: &mut dyn Source,
    wanted: &mut Wanted,
    to: &mut Recorder,
    recorded: &mut u64,
) -> io::Result<Flow> {
    for _ in 0..EVENTS {
        let Some(event) = source.next()? else {
            return Ok(if source.is_finished() { Flow::Ended } else { Flow::Paused });
        };
        if wanted.admits(&event) {
            to.record(&event)?;
            *recorded += 1;
        }
    }
    Ok(Flow::More)
}
