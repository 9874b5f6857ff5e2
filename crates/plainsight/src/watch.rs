//! `watch`: what this host's programs ask and get, live.

use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use capture::kernel::{Kernel, Options};

use crate::cli;
use crate::libraries::Libraries;
use crate::pipeline::{Pipeline, stop_flag};
use crate::statistics;

/// How often the statistics are told.
const STATISTICS: Duration = Duration::from_secs(30);

/// Watches until Ctrl-C or the time is up.
pub(crate) fn run(options: &cli::Watch) -> anyhow::Result<ExitCode> {
    let stop = stop_flag()?;
    let mut pipeline = Pipeline::new(&options.filter, &options.output);
    let mut kernel = Kernel::open(&kernel_options(options.limits))?;
    let mut libraries = Libraries::find(&mut kernel)?;
    let hooked = libraries.hooked();
    eprintln!("plainsight: watching this host, {hooked} TLS libraries and programs hooked; Ctrl-C ends it");
    let begun = Instant::now();
    let mut told = begun;
    let is_over = || stop.load(Ordering::Relaxed) || options.time.is_some_and(|time| begun.elapsed() >= time);
    while !is_over() {
        pipeline.step(&mut kernel)?;
        libraries.follow(&mut kernel);
        if told.elapsed() >= STATISTICS {
            told = Instant::now();
            libraries.distrust(&mut kernel);
            eprint!("{}", statistics::tell(&pipeline.tally(), pipeline.open()));
        }
    }
    pipeline.finish()?;
    eprint!("{}", statistics::tell(&pipeline.tally(), pipeline.open()));
    eprintln!("{:#?}", kernel.ledger()?);
    Ok(ExitCode::SUCCESS)
}

/// What the kernel side is told of the user's limits.
pub(crate) fn kernel_options(limits: cli::Limits) -> Options {
    Options { ring: limits.ring << 20, call_limit: u64::from(limits.body_limit), ..Options::default() }
}
