//! Records fixtures of what is spoken inside of HTTP.

mod scenarios;

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use protocols::kit::transcript::Line;

use crate::Outcome;
use crate::fixture::{keep, shortened};
use crate::options::Options;
use crate::programs::{await_connections, free_address, run};
use crate::relay::Relay;

use scenarios::{SCENARIOS, Scenario};

/// Where the fixtures live.
const FIXTURES: &str = "crates/protocols/src/web";

/// Starts the servers, runs the scenarios, and writes their fixtures.
///
/// # Errors
/// The first scenario that failed. One whose programs are not installed is skipped, and named.
pub(crate) fn record(options: &Options) -> Outcome<()> {
    for scenario in SCENARIOS.iter().filter(|s| options.wants(s.name)) {
        let folder = std::env::temp_dir().join(format!("plainsight-record-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|e| format!("making {}: {e}", folder.display()))?;
        let recorded = match programs(scenario, &options.python) {
            Ok(programs) => record_one(scenario, options, &folder, &programs),
            Err(why) => {
                eprintln!("SKIPPED {}: {why}", scenario.name);
                Ok(())
            }
        };
        let _ = fs::remove_dir_all(&folder);
        recorded?;
    }
    Ok(())
}

fn record_one(scenario: &Scenario, options: &Options, folder: &Path, programs: &str) -> Outcome<()> {
    let server = Server::start(scenario, options, folder)?;
    let relay = Relay::open(server.address)?;
    let mut client = command(scenario.client, options, folder);
    client.env("URL", format!("http://{}", relay.address)).env("ADDRESS", relay.address.to_string());
    client.env("DIRECT", format!("http://{}", server.address));
    let said = run(&mut client).map_err(|e| format!("{}: {e}", scenario.name))?;
    let talks = relay.finish().map_err(|e| format!("{}: {e}", scenario.name))?;
    let says = |talk: &&Vec<Line>| {
        talk.iter()
            .any(|line| line.bytes.windows(scenario.says.len()).any(|word| word == scenario.says.as_bytes()))
    };
    let talk = talks.iter().find(says).ok_or(format!("{}: no connection says so: {said}", scenario.name))?;
    write(scenario, programs, talk)
}

/// A server that runs, gone when its keeper goes.
struct Server {
    address: SocketAddr,
    process: Child,
}

impl Server {
    fn start(scenario: &Scenario, options: &Options, folder: &Path) -> Outcome<Server> {
        let address = free_address()?;
        let mut command = command(scenario.server, options, folder);
        command.env("PORT", address.port().to_string());
        let process = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("starting the server of {}: {e}", scenario.name))?;
        let mut server = Server { address, process };
        await_connections(address, &mut server.process).map_err(|e| format!("{}: {e}", scenario.name))?;
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let _ = self.process.wait();
    }
}

/// A command of these words: `python` is the one that was chosen.
fn command(words: &[&str], options: &Options, folder: &Path) -> Command {
    let (program, arguments) = words.split_first().unwrap_or((&"false", &[]));
    let mut command = Command::new(if *program == "python" { &options.python } else { *program });
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    command
}

/// The server and the client with their versions, as a fixture's first line has them.
fn programs(scenario: &Scenario, python: &str) -> Outcome<String> {
    let mut told = Vec::new();
    for word in scenario.programs {
        let (kind, name) = word.split_once(':').unwrap_or(("program", word));
        let version = match kind {
            "python" => {
                let script = format!("from importlib.metadata import version; print(version('{name}'))");
                run(Command::new(python).args(["-c", &script]))?
            }
            "node" => {
                let folder = std::env::var("NODE_PATH").unwrap_or_default();
                let script = format!("JSON.parse(fs.readFileSync('{folder}/{name}/package.json')).version");
                run(Command::new("node").args(["-p", &script]))?
            }
            // This one alone has a word for it.
            _ if name == "influxd" => {
                run(Command::new(name).arg("version"))?.split(' ').nth(1).unwrap_or_default().to_owned()
            }
            _ => {
                told.push(crate::http::version(name, python)?);
                continue;
            }
        };
        told.push(format!("{name} {}", version.trim()));
    }
    Ok(told.join(", "))
}

fn write(scenario: &Scenario, programs: &str, talk: &[Line]) -> Outcome<()> {
    let is_http2 = talk.iter().any(|line| line.bytes.starts_with(b"PRI * HTTP/2.0"));
    let protocol = if is_http2 { "http2" } else { "http" };
    let text = format!("# {protocol}: {programs}\n{}", shortened(talk));
    let folder = format!("{FIXTURES}/{}/fixtures", scenario.dialect);
    fs::create_dir_all(&folder).map_err(|e| format!("making {folder}: {e}"))?;
    keep(&folder, scenario.name, &text)
}
