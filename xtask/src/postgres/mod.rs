//! Records fixtures of the PostgreSQL protocol.

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

use scenarios::{Client, SCENARIOS, Scenario};
use server::Server;

/// Where the fixtures live.
const FIXTURES: &str = "crates/protocols/src/sql/postgres/fixtures";
/// A fixture is read by people: a longer one is a mistake of its scenario.
const LONGEST: usize = 64 << 10;

/// Starts a server, runs the scenarios, and writes their fixtures.
pub(crate) fn record(options: &Options) -> Outcome<()> {
    let server = Server::start(&options.programs)?;
    let relay = Relay::open(server.address)?;
    for scenario in SCENARIOS.iter().filter(|s| options.wants(s.name)) {
        server.offer_tls(scenario.tls)?;
        let said = run(scenario, options, &relay)?;
        // The relay's threads end when both sides have closed.
        std::thread::sleep(Duration::from_millis(200));
        let talks = relay.take();
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
    for line in talk {
        text.push_str(&write_line(line));
        // What follows the server's consent is encrypted, and says nothing to a reader.
        if scenario.tls == server::Tls::Offered && line.speaker == Speaker::Server {
            break;
        }
    }
    if text.len() > LONGEST {
        return Err(format!("{name}: {} bytes are too many for a fixture", text.len()));
    }
    let path = Path::new(FIXTURES).join(format!("{name}.transcript"));
    std::fs::write(&path, &text).map_err(|e| format!("writing {}: {e}", path.display()))?;
    println!("{} ({} lines, {} bytes)", path.display(), talk.len(), text.len());
    Ok(())
}
