//! `agent`: lets TLS be read that no hook finds, by an agent inside of a program that a user names.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use capture::java;
use capture::java::attach::attach;

use crate::cli::{Agent, AgentOf};

/// Writes the agent, or loads it; it fails when one of the programs did not take it.
pub(crate) fn run(options: &Agent) -> anyhow::Result<ExitCode> {
    let AgentOf::Java { pids, write } = &options.of;
    if let Some(file) = write {
        let jar =
            java::jar().map_err(|why| anyhow!("this program was built without the agent for Java: {why}"))?;
        fs::write(file, jar).with_context(|| format!("writing the agent to {}", file.display()))?;
        eprintln!("plainsight: start programs with java -javaagent:{}", file.display());
    }
    let mut done = ExitCode::SUCCESS;
    for pid in pids {
        match attach(*pid) {
            Ok(()) => eprintln!("plainsight: process {pid} has the agent until it ends"),
            Err(why) => {
                eprintln!("plainsight: {why}");
                done = ExitCode::FAILURE;
            }
        }
    }
    Ok(done)
}
