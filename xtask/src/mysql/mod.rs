//! Records fixtures of the protocol of MySQL and MariaDB.

mod scenarios;
mod server;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use model::conn::Speaker;
use protocols::kit::transcript::{Line, write_line};

use crate::Outcome;
use crate::options::Options;
use crate::relay::Relay;

use scenarios::{Client, SCENARIOS, Scenario, Tls};
use server::Server;

/// Where the fixtures live.
const FIXTURES: &str = "crates/protocols/src/sql/mysql/fixtures";
/// A fixture is read by people: a longer one is a mistake of its scenario.
const LONGEST: usize = 64 << 10;

/// Starts a server, runs the scenarios, and writes their fixtures.
pub(crate) fn record(options: &Options) -> Outcome<()> {
    let server = Server::start()?;
    let relay = Relay::open(server.address)?;
    for scenario in SCENARIOS.iter().filter(|s| options.wants(s.name)) {
        let said = run(scenario, options, &relay)?;
        // The relay's threads end when both sides have closed.
        std::thread::sleep(Duration::from_millis(200));
        let talks = relay.take();
        let talk = talks.first().ok_or(format!("{}: no connection was made: {said}", scenario.name))?;
        write(&server, scenario, talk)?;
    }
    Ok(())
}

fn run(scenario: &Scenario, options: &Options, relay: &Relay) -> Outcome<String> {
    let port = relay.address.port().to_string();
    let mut command = match &scenario.client {
        Client::Mariadb(words) => {
            let mut command = Command::new("mariadb");
            command.args([
                "--no-defaults",
                "-h",
                "127.0.0.1",
                "-P",
                &port,
                "-u",
                scenario.user,
                "-D",
                "shop",
            ]);
            command.arg(if scenario.tls == Tls::Yes { "--ssl" } else { "--skip-ssl" });
            command.args(*words).env("MYSQL_PWD", scenario.password);
            command
        }
        Client::Python(script) => {
            let mut command = Command::new(&options.python);
            command.args(["-c", script, &port]);
            command
        }
    };
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|e| format!("{}: starting its client: {e}", scenario.name))?;
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() != scenario.succeeds {
        return Err(format!("{}: its client ended with {}: {said}", scenario.name, output.status));
    }
    Ok(said)
}

fn write(server: &Server, scenario: &Scenario, talk: &[Line]) -> Outcome<()> {
    let mut text = format!("# mysql: {}, {}\n", server.version, scenario.program);
    for line in talk {
        text.push_str(&write_line(line));
        // What follows the client's wish is encrypted, and says nothing to a reader.
        if scenario.tls == Tls::Yes && line.speaker == Speaker::Client {
            break;
        }
    }
    if text.len() > LONGEST {
        return Err(format!("{}: {} bytes are too many for a fixture", scenario.name, text.len()));
    }
    let path = Path::new(FIXTURES).join(format!("{}.transcript", scenario.name));
    std::fs::write(&path, &text).map_err(|e| format!("writing {}: {e}", path.display()))?;
    println!("{} ({} lines, {} bytes)", path.display(), talk.len(), text.len());
    Ok(())
}
