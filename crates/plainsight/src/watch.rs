//! `watch`: what this host's programs ask and get, live.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::budget::Budget;
use crate::cli;
use crate::command::{self, Commanded};
use crate::filters::Asked;
use crate::host::Host;
use crate::losses::{self, Apart};
use crate::pipeline::{Flow, Pipeline};
use crate::statistics;
use crate::tap::Tap;

/// How often the statistics are told.
const STATISTICS: Duration = Duration::from_secs(30);

/// Watches until Ctrl-C, or the time is up, or the program that was to be watched ended.
pub(crate) fn run(options: &cli::Watch) -> anyhow::Result<ExitCode> {
    let mut asked = Asked::of(options)?;
    let program = options.command.first().and_then(|program| command::file_of(program));
    let mut host = Host::watch(options.limits, options.time, &asked.choice(), program.as_deref())?;
    let mut command = Commanded::start(&options.command)?;
    let root = command.as_ref().map(Commanded::pid);
    let filter = asked.filter(root);
    let tap = Tap::open(&options.packets, filter.ends())?;
    let mut pipeline = Pipeline::new(&filter, &options.output, tap);
    let mut budget = Budget::of(options.budget.0);
    let mut told = Instant::now();
    while host.goes_on() && command.as_mut().map_or(Ok(true), Commanded::runs)? {
        pipeline.step(&mut host.kernel)?;
        budget.keep(&mut host.kernel)?;
        if asked.changed() {
            host.kernel.choose(&asked.choice())?;
            pipeline.refilter(&asked.filter(root));
            eprintln!("plainsight: the filters were read again, and hold from here on");
        }
        if told.elapsed() >= STATISTICS {
            told = Instant::now();
            host.check();
            tell(&pipeline, &host, &budget, &options.output)?;
        }
    }
    host.check();
    budget.finish(&mut host.kernel)?;
    host.kernel.end();
    // What was seen until then still stands in the ring.
    while pipeline.step(&mut host.kernel)? != Flow::Ended {}
    pipeline.finish()?;
    tell(&pipeline, &host, &budget, &options.output)?;
    Ok(ExitCode::SUCCESS)
}

/// Tells the statistics on standard error, so that standard output holds accesses alone.
fn tell(pipeline: &Pipeline, host: &Host, budget: &Budget, output: &cli::Output) -> anyhow::Result<()> {
    let (tally, ledger) = (pipeline.tally(), host.kernel.ledger()?);
    if output.json {
        let mut told = statistics::json(&tally, pipeline.open(), &ledger, |pid| host.why_dark(pid));
        told["hooks"] = statistics::hooks_json(host.doubtful());
        told["cost"] = budget.json(&host.kernel);
        eprintln!("{told}");
    } else {
        eprint!("{}", statistics::tell(&tally, pipeline.open()));
        eprint!("{}", statistics::darkness(&tally.dark, |pid| host.why_dark(pid)));
        eprint!("{}", losses::tell(&tally.ledger, Apart::of(output)));
        eprint!("{}", statistics::account(&ledger));
        eprint!("{}", statistics::hooks(host.doubtful()));
        eprint!("{}", budget.tell(&host.kernel));
    }
    Ok(())
}
