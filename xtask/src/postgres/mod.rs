//! Records fixtures of the PostgreSQL protocol.

mod scenarios;
mod server;

use std::process::{Command, Stdio};

use model::conn::Speaker;
use protocols::kit::transcript::Line;

use crate::Outcome;
use crate::fixture::{as_said, keep};
use crate::options::Options;
use crate::relay::Relay;

use scenarios::{Client, SCENARIOS, Scenario};
use server::Server;

/// Where the fixtures live.
const FIXTURES: &str = "crates/protocols/src/sql/postgres/fixtures";

/// Starts a server, runs the scenarios, and writes their fixtures.
pub(crate) fn record(options: &Options) -> Outcome<()> {
    let server = Server::start(&options.programs)?;
    for scenario in SCENARIOS.iter().filter(|s| options.wants(s.name)) {
        let relay = Relay::open(server.address)?;
        server.offer_tls(scenario.tls)?;
        let said = run(scenario, options, &relay)?;
        let talks = relay.finish().map_err(|e| format!("{}: {e}", scenario.name))?;
        for (name, connection) in scenario.keep {
            let talk = talks.get(*connection).ok_or(format!("{name}: no connection was made: {said}"))?;
            write(&server, scenario, name, talk)?;
        }
    }
    Ok(())
}

fn run(scenario: &Scenario, options: &Options, relay: &Relay) -> Outcome<String> {
    let mut command = match &scenario.client {
        Client::Psql(words) => {
            let mut command = Command::new(options.programs.join("psql"));
            command.args(["-X"]).args(*words);
            command
        }
        Client::Pgbench(words) => {
            let mut command = Command::new(options.programs.join("pgbench"));
            command.args(*words);
            command
        }
        Client::Python(script) => {
            let mut command = Command::new(&options.python);
            command.args(["-c", script]);
            command
        }
    };
    let port = relay.address.port().to_string();
    let settings = [
        ("PGHOST", "127.0.0.1"),
        ("PGPORT", port.as_str()),
        ("PGUSER", scenario.user),
        ("PGDATABASE", "shop"),
        ("PGPASSWORD", scenario.password),
        (
            "PGSSLMODE",
            if scenario.tls == server::Tls::Offered || scenario.asks_for_tls { "prefer" } else { "disable" },
        ),
        ("PGGSSENCMODE", "disable"),
    ];
    command.envs(settings).stdin(Stdio::null());
    let output = command.output().map_err(|e| format!("{}: starting its client: {e}", scenario.name))?;
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() != scenario.succeeds {
        return Err(format!("{}: its client ended with {}: {said}", scenario.name, output.status));
    }
    Ok(said)
}

fn write(server: &Server, scenario: &Scenario, name: &str, talk: &[Line]) -> Outcome<()> {
    let mut text = format!("# postgresql: {}, {}\n", server.version, scenario.program);
    // What follows the server's consent is encrypted, and says nothing to a reader.
    let consent = |line: &Line| scenario.tls == server::Tls::Offered && line.speaker == Speaker::Server;
    let clear = talk.iter().position(consent).map_or(talk.len(), |consent| consent + 1);
    text.push_str(&as_said(talk.iter().take(clear)));
    keep(FIXTURES, name, &text)
}
