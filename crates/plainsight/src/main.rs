//! Plainsight: every database query and API call on this machine, in plaintext even inside TLS.
#![forbid(unsafe_code)]

mod agent;
mod budget;
mod cli;
mod command;
mod doctor;
mod filter;
mod filters;
mod host;
mod libraries;
mod losses;
mod pipeline;
mod record;
mod replay;
mod statistics;
mod tap;
mod wanted;
mod watch;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};

/// The hot path allocates and frees about once an exchange; this allocator halves that against the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Watch(watch) => watch::run(&watch),
        Command::Record(record) => record::run(&record),
        Command::Agent(agent) => agent::run(&agent),
        Command::Doctor(doctor) => doctor::run(&doctor),
        Command::Replay(replay) => replay::run(&replay),
    };
    match done {
        Ok(code) => code,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("plainsight: {error:#}");
            // Words of a file are usage as those of the command line are.
            let is_usage = error.downcast_ref::<clap::Error>().is_some();
            if is_usage { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

/// Whoever read our output has gone; that is their right and no error.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.chain().find_map(|cause| cause.downcast_ref::<std::io::Error>());
    io.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
