//! Records fixtures of HTTP/2, and of gRPC on it.

mod scenarios;
mod server;

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use protocols::kit::transcript::Line;

use crate::Outcome;
use crate::fixture::{keep, shortened};
use crate::http::{fill, module_version, version};
use crate::options::Options;
use crate::programs::run;
use crate::relay::Relay;

use scenarios::{Kind, SCENARIOS, Scenario};
use server::Server;

/// Where the fixtures live.
const FIXTURES: &str = "crates/protocols/src/web/http2/fixtures";
const GRPC_FIXTURES: &str = "crates/protocols/src/web/grpc/fixtures";

/// Starts the servers, runs the scenarios, and writes their fixtures.
///
/// # Errors
/// The first scenario that failed. One whose programs are not installed is skipped, and named.
pub(crate) fn record(options: &Options) -> Outcome<()> {
    let folder = std::env::temp_dir().join(format!("plainsight-record-http2-{}", std::process::id()));
    let recorded = fill(&folder).and_then(|()| record_in(&folder, options));
    let _ = fs::remove_dir_all(&folder);
    recorded
}

fn record_in(folder: &Path, options: &Options) -> Outcome<()> {
    for scenario in SCENARIOS.iter().filter(|s| options.wants(s.name)) {
        let programs = versions(scenario, &options.python);
        let programs = match programs {
            Ok(programs) => programs,
            Err(why) => {
                eprintln!("SKIPPED {}: {why}", scenario.name);
                continue;
            }
        };
        let server = Server::start(scenario.server, &options.python, folder)?;
        let relay = Relay::open(server.address)?;
        let said = speak(scenario, options, relay.address, folder)?;
        let talks = relay.finish().map_err(|e| format!("{}: {e}", scenario.name))?;
        if talks.is_empty() {
            return Err(format!("{}: no connection was made: {said}", scenario.name));
        }
        // A client that is started thrice makes three connections: the longest says most.
        let talk = talks.iter().max_by_key(|talk| talk.len()).map_or(&[][..], Vec::as_slice);
        write(scenario, &programs, talk)?;
    }
    Ok(())
}

fn speak(scenario: &Scenario, options: &Options, relay: SocketAddr, folder: &Path) -> Outcome<String> {
    let url = format!("http://{relay}");
    let www = folder.join("www").display().to_string();
    let program = if scenario.program == "python3" { &options.python } else { scenario.program };
    let mut command = Command::new(program);
    for word in scenario.words {
        // A script finds the address in its environment.
        let script = word.contains("import ") || word.contains("require(");
        let filled = || word.replace("URL", &url).replace("WWW", &www);
        command.arg(if script { (*word).to_owned() } else { filled() });
    }
    command.env("URL", &url).env("ADDRESS", relay.to_string()).env("WHAT", scenario.what);
    run(command.current_dir(folder).stdin(Stdio::null())).map_err(|e| format!("{}: {e}", scenario.name))
}

/// What follows a switch of protocols: a fixture is in one alone.
fn without_http1(talk: &[Line]) -> Vec<Line> {
    let mut lines = talk.to_vec();
    let switched = lines.iter().position(|line| line.bytes.starts_with(b"HTTP/1.1 101 "));
    if let Some(switched) = switched {
        lines.drain(..switched);
        if let Some(first) = lines.first_mut() {
            let head = first.bytes.windows(4).position(|end| end == b"\r\n\r\n").map_or(0, |end| end + 4);
            first.bytes.drain(..head);
        }
        lines.retain(|line| !line.bytes.is_empty());
    }
    lines
}

/// The server and the client with their versions.
fn versions(scenario: &Scenario, python: &str) -> Outcome<String> {
    run(Command::new(python).args(["-c", &format!("import {}", scenario.imports)]))?;
    let server = match scenario.server {
        Kind::Nginx => version("nginx", python)?,
        Kind::Nghttpd => version("nghttpd", python)?,
        Kind::Nghttpx => version("nghttpx", python)?,
        Kind::Node => version("node", python)?,
        Kind::Grpc => format!("a server of {}", module_version("grpc", python)?),
        Kind::Etcd => version("etcd", python)?,
    };
    let client = match (scenario.program, scenario.imports) {
        ("python3", "httpx, h2") => module_version("httpx", python)?,
        ("python3", _) => module_version("grpc", python)?,
        ("sh", _) => "etcdctl".to_owned(),
        (program, _) => version(program, python)?,
    };
    Ok(format!("{server}, {client}"))
}

fn write(scenario: &Scenario, programs: &str, talk: &[Line]) -> Outcome<()> {
    let mut text = format!("# http2: {programs}\n");
    text.push_str(&shortened(&without_http1(talk)));
    let folder = if scenario.server.is_grpc() { GRPC_FIXTURES } else { FIXTURES };
    keep(folder, scenario.name, &text)
}
