//! Records fixtures of Pulsar's protocol.

mod server;

use std::process::{Command, Stdio};

use protocols::kit::transcript::Line;

use crate::Outcome;
use crate::fixture::{keep, shortened};
use crate::options::Options;
use crate::programs::{free_address, run};
use crate::relay::Relay;

use server::Server;

/// Where the fixtures live.
const FIXTURES: &str = "crates/protocols/src/queue/pulsar/fixtures";

/// What clients do, by name.
const SCENARIOS: [(&str, &str); 4] = [
    ("orders", include_str!("orders.py")),
    ("packed", include_str!("packed.py")),
    ("long", include_str!("long.py")),
    ("login", include_str!("login.py")),
];

/// Starts the servers, runs the scenarios, and writes their fixtures.
pub(crate) fn record(options: &Options) -> Outcome<()> {
    for (name, script) in SCENARIOS.iter().filter(|(name, _)| options.wants(name)) {
        let (address, named) = (free_address()?, free_address()?);
        let _server = Server::start(&options.python, address)?;
        let relay = Relay::open(named)?;
        let _naming = Server::naming(&options.python, named, address, relay.address)?;
        let mut client = Command::new(&options.python);
        client
            .args(["-c", script])
            .env("ADDRESS", format!("pulsar://{}", relay.address))
            .stdin(Stdio::null());
        run(&mut client).map_err(|e| format!("{name}: {e}"))?;
        let talks = relay.finish().map_err(|e| format!("{name}: {e}"))?;
        let talk = talks.first().ok_or(format!("{name}: nobody came"))?;
        write(name, &options.python, talk)?;
    }
    Ok(())
}

fn write(name: &str, python: &str, talk: &[Line]) -> Outcome<()> {
    let version = |package: &str| {
        let script = format!("from importlib.metadata import version; print(version('{package}'))");
        run(Command::new(python).args(["-c", &script])).map(|text| text.trim().to_owned())
    };
    let (server, client) = (version("pulsar_lite")?, version("pulsar_client")?);
    let mut text =
        format!("# pulsar: Pulsar Lite {server} behind a relay that names itself, pulsar-client {client}\n");
    text.push_str(&shortened(talk));
    keep(FIXTURES, name, &text)
}
