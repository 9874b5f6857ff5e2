//! `replay`: what packet captures and recordings hold.

use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use capture::replay::Options;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli;
use crate::losses::{self, Apart};
use crate::pipeline::{Flow, Pipeline};
use crate::statistics;
use crate::tap::Tap;

/// Replays every file in turn; connections do not go from one file to the next.
pub(crate) fn run(options: &cli::Replay) -> anyhow::Result<ExitCode> {
    let mut shown = 0;
    let mut tap = Tap::open(&options.packets, options.filter.ends())?;
    for file in &options.files {
        shown += replay(file, options, &mut tap)?;
    }
    Ok(if shown > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn replay(file: &Path, options: &cli::Replay, tap: &mut Option<Tap>) -> anyhow::Result<u64> {
    let given = Options { keylog: options.keylog.clone(), judge: Some(track::recognition::speaker) };
    let mut source = capture::replay::open(file, &given)?;
    let mut pipeline = Pipeline::new(&options.filter, &options.output, tap.take());
    let progress = bar(source.progress().1);
    while pipeline.step(&mut source).with_context(|| format!("replaying {}", file.display()))? != Flow::Ended
    {
        progress.set_position(source.progress().0);
    }
    pipeline.finish()?;
    *tap = pipeline.take_tap();
    progress.finish_and_clear();
    for warning in source.tally().warnings() {
        eprintln!("plainsight: {}: {warning}", file.display());
    }
    let tally = pipeline.tally();
    eprint!("{}", statistics::tell(&tally, pipeline.open()));
    eprint!("{}", statistics::darkness(&tally.dark, |_| None));
    eprint!("{}", losses::tell(&tally.ledger, Apart::of(&options.output)));
    for (reason, packets) in source.tally().undecoded().filter(|(_, packets)| *packets > 0) {
        eprintln!("{packets} packets not read: {}", reason.name());
    }
    Ok(pipeline.shown())
}

/// A progress bar on a terminal, nothing elsewhere.
fn bar(total: u64) -> ProgressBar {
    // While accesses scroll by on the same terminal, a bar would only tear them.
    let target = match std::io::stdout().is_terminal() {
        true => ProgressDrawTarget::hidden(),
        false => ProgressDrawTarget::stderr(),
    };
    let bar = ProgressBar::with_draw_target(Some(total), target);
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta} left");
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
