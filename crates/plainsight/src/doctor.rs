//! `doctor`: what this host allows, and which TLS code on it is watched or dark, and why.

use std::io::{self, Write};
use std::process::ExitCode;

use capture::host::{self, Hook, Report, State};
use capture::libraries::watch::Watch;

use crate::cli;

/// Looks once, and tells. It fails when watching would.
pub(crate) fn run(options: &cli::Doctor) -> anyhow::Result<ExitCode> {
    let mut watch = Watch::start();
    watch.poll();
    watch.settle();
    let report = host::report(&watch);
    let text = if options.json { serde_json::to_string(&report)? + "\n" } else { tell(&report) };
    io::stdout().write_all(text.as_bytes())?;
    let works = !report.features.iter().any(|feature| matches!(feature.state, State::Missing(_)));
    Ok(if works { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell(report: &Report) -> String {
    let mut text = format!("kernel {}\n", report.kernel);
    for feature in &report.features {
        let (mark, advice) = match &feature.state {
            State::Ok => ("ok     ", None),
            State::Limited(advice) => ("limited", Some(advice)),
            State::Missing(advice) => ("MISSING", Some(advice)),
        };
        text += &format!("  {mark}  {}: {}\n", feature.name, feature.found);
        if let Some(advice) = advice {
            text += &format!("           {advice}\n");
        }
    }
    let dark = report.processes.iter().filter(|process| matches!(process.hook, Hook::Dark(_))).count();
    let watched = report.processes.len() - dark;
    text += &format!("TLS code in processes: {watched} that watching sees, {dark} dark\n");
    for process in &report.processes {
        let hook = match &process.hook {
            Hook::Internals => "watched at its internal functions".to_owned(),
            Hook::Exports(why) => format!("watched at its exported functions: {why}"),
            Hook::Tables => "watched at the functions that its tables lead to".to_owned(),
            Hook::Symbols => "watched at internal functions that its symbols name".to_owned(),
            Hook::Returns => "watched where its functions begin and return".to_owned(),
            Hook::Located => {
                "watched at functions that were found without their names, once what they move fits the socket"
                    .to_owned()
            }
            Hook::Agent => "watched by the agent that is loaded in it".to_owned(),
            Hook::Dark(why) => format!("DARK: {why}"),
        };
        let path = process.path.display();
        text += &format!("  {} {} {path}: {}, {hook}\n", process.pid, process.name, process.library);
    }
    text
}
