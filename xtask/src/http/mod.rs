//! Records fixtures of the HTTP/1 protocol.

mod scenarios;
mod server;

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use protocols::kit::transcript::Line;

use crate::Outcome;
use crate::fixture::{UNITS, keep, shortened};
use crate::options::Options;
use crate::programs::run;
use crate::relay::Relay;

use scenarios::{Kind, SCENARIOS, Scenario};
use server::Server;

/// Where the fixtures live.
const FIXTURES: &str = "crates/protocols/src/web/http1/fixtures";

/// Starts the servers, runs the scenarios, and writes their fixtures.
///
/// # Errors
/// The first scenario that failed. One whose programs are not installed is skipped, and named.
pub(crate) fn record(options: &Options) -> Outcome<()> {
    let folder = std::env::temp_dir().join(format!("plainsight-record-http-{}", std::process::id()));
    let recorded = fill(&folder).and_then(|()| record_in(&folder, options));
    let _ = fs::remove_dir_all(&folder);
    recorded
}

fn record_in(folder: &Path, options: &Options) -> Outcome<()> {
    let origin = Server::start(Kind::Nginx, &options.python, folder)?;
    for scenario in SCENARIOS.iter().filter(|s| options.wants(s.name)) {
        if let Err(why) = installed(scenario, &options.python) {
            eprintln!("SKIPPED {}: {why}", scenario.name);
            continue;
        }
        let other = match scenario.server {
            Kind::Nginx => None,
            kind => Some(Server::start(kind, &options.python, folder)?),
        };
        let relay = Relay::open(other.as_ref().unwrap_or(&origin).address)?;
        let said = speak(scenario, options, relay.address, origin.address, folder)?;
        let talks = relay.finish().map_err(|e| format!("{}: {e}", scenario.name))?;
        let talk = talks.first().ok_or(format!("{}: no connection was made: {said}", scenario.name))?;
        write(scenario, &options.python, talk)?;
    }
    Ok(())
}

/// The files that nginx serves.
pub(crate) fn fill(folder: &Path) -> Outcome<()> {
    let www = folder.join("www");
    fs::create_dir_all(&www).map_err(|e| format!("making {}: {e}", www.display()))?;
    let [text, bytes, _] = UNITS;
    let user = |id| format!(r#"{{"id": {id}, "name": "user {id}", "email": "user{id}@example.com"}}"#);
    let users = (0..12).map(user).collect::<Vec<_>>().join(", ");
    let files = [
        ("index.html", b"<html><body>Hello from a page</body></html>\n".to_vec()),
        ("users.json", format!("[{users}]\n").into_bytes()),
        ("three.txt", text.repeat(188)),
        ("big.txt", text.repeat(327_680)),
        ("big.bin", bytes.repeat(131_072)),
    ];
    for (name, content) in files {
        fs::write(www.join(name), content).map_err(|e| format!("writing {name}: {e}"))?;
    }
    Ok(())
}

fn installed(scenario: &Scenario, python: &str) -> Outcome<()> {
    let imports = match scenario.server {
        Kind::Aiohttp => format!("import aiohttp, {}", scenario.imports),
        Kind::Nginx | Kind::Node | Kind::Closing => format!("import {}", scenario.imports),
    };
    run(Command::new(python).args(["-c", &imports]))?;
    version(scenario.program, python).map(|_| ())
}

fn speak(
    scenario: &Scenario,
    options: &Options,
    relay: SocketAddr,
    origin: SocketAddr,
    folder: &Path,
) -> Outcome<String> {
    let (url, origin) = (format!("http://{relay}"), format!("http://{origin}"));
    let www = folder.join("www").display().to_string();
    let program = if scenario.program == "python3" { &options.python } else { scenario.program };
    let mut command = Command::new(program);
    for word in scenario.words {
        // A script finds the address in its environment.
        let script = word.contains('\n');
        let filled = || word.replace("URL", &url).replace("ORIGIN", &origin).replace("WWW", &www);
        command.arg(if script { (*word).to_owned() } else { filled() });
    }
    run(command.env("URL", &url).stdin(Stdio::null())).map_err(|e| format!("{}: {e}", scenario.name))
}

fn write(scenario: &Scenario, python: &str, talk: &[Line]) -> Outcome<()> {
    let server = match scenario.server {
        Kind::Nginx => version("nginx", python)?,
        Kind::Aiohttp => module_version("aiohttp", python)?,
        Kind::Node => version("node", python)?,
        Kind::Closing => format!("http.server of {}", version("python3", python)?),
    };
    let client = match scenario.imports {
        module @ ("requests" | "aiohttp") => module_version(module, python)?,
        _ => version(scenario.program, python)?,
    };
    let mut text = format!("# http: {server}, {client}\n");
    text.push_str(&shortened(talk));
    keep(FIXTURES, scenario.name, &text)
}

/// A program with its version, as a fixture's first line has them.
pub(crate) fn version(program: &str, python: &str) -> Outcome<String> {
    let (name, command, option) = match program {
        "nginx" => ("nginx", program, "-v"),
        "node" => ("Node", program, "--version"),
        "ab" => ("ab", program, "-V"),
        "python3" => ("Python", python, "--version"),
        _ => (program, program, "--version"),
    };
    let output = Command::new(command).arg(option).output().map_err(|e| format!("{command}: {e}"))?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let number = said
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.'));
    Ok(format!("{name} {}", number.ok_or(format!("{program} does not tell its version"))?))
}

pub(crate) fn module_version(module: &str, python: &str) -> Outcome<String> {
    let script = format!("import {module}; print({module}.__version__)");
    Ok(format!("{module} {}", run(Command::new(python).args(["-c", &script]))?.trim()))
}
