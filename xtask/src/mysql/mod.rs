//! Records fixtures of the protocol of MySQL and MariaDB.

mod scenarios;
mod server;

use std::process::{Command, Stdio};

use model::conn::Speaker;
use protocols::kit::transcript::Line;

use crate::Outcome;
use crate::fixture::{as_said, keep};
use crate::options::Options;
use crate::relay::Relay;

use scenarios::{Client, SCENARIOS, Scenario, Tls};
use server::Server;

/// Where the fixtures live.
const FIXTURES: &str = "crates/protocols/src/sql/mysql/fixtures";

/// Starts a server, runs the scenarios, and writes their fixtures.
pub(crate) fn record(options: &Options) -> Outcome<()> {
    let server = Server::start()?;
    for scenario in SCENARIOS.iter().filter(|s| options.wants(s.name)) {
        let relay = Relay::open(server.address)?;
        let said = run(scenario, options, &relay)?;
        let talks = relay.finish().map_err(|e| format!("{}: {e}", scenario.name))?;
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
    // What follows the client's wish is encrypted, and says nothing to a reader.
    let wish = |line: &Line| scenario.tls == Tls::Yes && line.speaker == Speaker::Client;
    let clear = talk.iter().position(wish).map_or(talk.len(), |wish| wish + 1);
    text.push_str(&as_said(talk.iter().take(clear)));
    keep(FIXTURES, scenario.name, &text)
}
