//! Records fixtures of MongoDB's protocol.

mod server;

use std::process::{Command, Stdio};

use protocols::kit::transcript::Line;

use crate::Outcome;
use crate::fixture::{as_said, keep};
use crate::options::Options;
use crate::programs::run;
use crate::relay::Relay;

use server::Server;

/// Where the fixtures live.
const FIXTURES: &str = "crates/protocols/src/document/mongodb/fixtures";
/// What the driver's connections to watch the server do, and those to be used, come in no order: this names the ones that
/// are used.
const OPTIONS: &str = "directConnection=true&serverMonitoringMode=poll";

/// One thing that a client does.
struct Scenario {
    name: &'static str,
    script: &'static str,
    compressor: Option<&'static str>,
    /// What the connection that is kept says, and no other one: the n-th that says so.
    says: (&'static [u8], usize),
}

const fn scenario(name: &'static str, script: &'static str, says: (&'static [u8], usize)) -> Scenario {
    Scenario { name, script, compressor: None, says }
}

const SCENARIOS: &[Scenario] = &[
    scenario("commands", include_str!("commands.py"), (b"insert\0", 0)),
    scenario("oneway", include_str!("oneway.py"), (b"insert\0", 0)),
    scenario("exhaust", include_str!("exhaust.py"), (b"insert\0", 0)),
    scenario("create_user", include_str!("login.py"), (b"createUser\0", 0)),
    scenario("login", include_str!("login.py"), (b"saslContinue\0", 0)),
    scenario("login_refused", include_str!("login.py"), (b"saslContinue\0", 1)),
    Scenario {
        compressor: Some("snappy"),
        ..scenario("snappy", include_str!("compressed.py"), (b"\xdc\x07\0\0", 0))
    },
    Scenario {
        compressor: Some("zlib"),
        ..scenario("zlib", include_str!("compressed.py"), (b"\xdc\x07\0\0", 0))
    },
    Scenario {
        compressor: Some("zstd"),
        ..scenario("zstd", include_str!("compressed.py"), (b"\xdc\x07\0\0", 0))
    },
    scenario("monitor", include_str!("monitor.py"), (b"topologyVersion\0", 0)),
];

/// Starts the servers, runs the scenarios, and writes their fixtures.
pub(crate) fn record(options: &Options) -> Outcome<()> {
    for scenario in SCENARIOS.iter().filter(|s| options.wants(s.name)) {
        let server = Server::start(&options.python)?;
        let compressing =
            scenario.compressor.map(|name| Server::compressing(&options.python, server.address, name));
        let compressing = compressing.transpose()?;
        let relay = Relay::open(compressing.as_ref().unwrap_or(&server).address)?;
        let offered = scenario.compressor.map(|name| format!("&compressors={name}")).unwrap_or_default();
        let mode = if scenario.name == "monitor" { "directConnection=true" } else { OPTIONS };
        let uri = format!("mongodb://{}/?{mode}{offered}", relay.address);
        let mut client = Command::new(&options.python);
        client.args(["-c", scenario.script]).env("URI", uri).stdin(Stdio::null());
        run(&mut client).map_err(|e| format!("{}: {e}", scenario.name))?;
        let talks = relay.finish().map_err(|e| format!("{}: {e}", scenario.name))?;
        let (word, nth) = scenario.says;
        let says = |talk: &&Vec<Line>| talk.iter().any(|l| l.bytes.windows(word.len()).any(|w| w == word));
        let talk = talks.iter().filter(says).nth(nth);
        write(scenario, &options.python, talk.ok_or(format!("{}: no connection says so", scenario.name))?)?;
    }
    Ok(())
}

fn write(scenario: &Scenario, python: &str, talk: &[Line]) -> Outcome<()> {
    let version = |package: &str| {
        let script = format!("from importlib.metadata import version; print(version('{package}'))");
        run(Command::new(python).args(["-c", &script])).map(|text| text.trim().to_owned())
    };
    let (server, client) = (version("secantusdb")?, version("pymongo")?);
    let before = scenario.compressor.map(|name| format!(" behind a relay that compresses with {name}"));
    let mut text =
        format!("# mongodb: SecantusDB {server}{}, PyMongo {client}\n", before.unwrap_or_default());
    text.push_str(&as_said(talk));
    keep(FIXTURES, scenario.name, &text)
}
