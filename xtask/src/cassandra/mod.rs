//! Records fixtures of Cassandra's protocol.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use crate::Outcome;
use crate::fixture::{keep, shortened};
use crate::options::Options;
use crate::programs::{await_line, free_address, run};
use crate::relay::Relay;

/// Where the fixtures live.
const FIXTURES: &str = "crates/protocols/src/sql/cassandra/fixtures";
/// A server made from the specifications, and a client, which the live tests start too.
const SERVER: &str = include_str!("../../../crates/plainsight/tests/live/clients/cassandra_server.py");
const CLIENT: &str = include_str!("../../../crates/plainsight/tests/live/clients/cassandra_client.py");

/// One thing that a client does.
struct Scenario {
    name: &'static str,
    /// The protocol's version, how it is packed, what is asked.
    client: [&'static str; 3],
    login: Login,
    /// Which of the driver's connections is kept.
    connection: Connection,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Login {
    Needless,
    Asked,
}

#[derive(Clone, Copy)]
enum Connection {
    /// The first, on which it learns of the cluster and its changes.
    Control,
    /// The last, on which it runs statements.
    Statements,
}

const SCENARIOS: &[Scenario] = &[
    plain("control", ["4", "no", "events"], Connection::Control),
    plain("statements", ["4", "no", "statements"], Connection::Statements),
    plain("prepared", ["4", "no", "prepared"], Connection::Statements),
    plain("packed_lz4", ["4", "lz4", "prepared"], Connection::Statements),
    plain("packed_snappy", ["3", "snappy", "prepared"], Connection::Statements),
    plain("frames", ["5", "no", "prepared"], Connection::Statements),
    plain("frames_lz4", ["5", "lz4", "prepared"], Connection::Statements),
    plain("long", ["5", "no", "long"], Connection::Statements),
    plain("long_lz4", ["5", "lz4", "long"], Connection::Statements),
    Scenario {
        name: "login",
        client: ["5", "no", "statements"],
        login: Login::Asked,
        connection: Connection::Statements,
    },
    Scenario {
        name: "refused",
        client: ["4", "no", "refused"],
        login: Login::Asked,
        connection: Connection::Control,
    },
];

const fn plain(name: &'static str, client: [&'static str; 3], connection: Connection) -> Scenario {
    Scenario { name, client, login: Login::Needless, connection }
}

/// Starts a server for each scenario, runs its client, and writes the fixture.
pub(crate) fn record(options: &Options) -> Outcome<()> {
    let script = "import cassandra; print(cassandra.__version__)";
    let version = run(Command::new(&options.python).args(["-c", script]))?;
    for scenario in SCENARIOS.iter().filter(|s| options.wants(s.name)) {
        let server = Server::start(&options.python, scenario.login)?;
        let relay = Relay::open(server.address)?;
        let mut client = Command::new(&options.python);
        client
            .args(["-c", CLIENT, &relay.address.port().to_string()])
            .args(scenario.client)
            .stdin(Stdio::null());
        run(&mut client).map_err(|e| format!("{}: {e}", scenario.name))?;
        let talks = relay.finish().map_err(|e| format!("{}: {e}", scenario.name))?;
        let talk = match scenario.connection {
            Connection::Control => talks.first(),
            Connection::Statements => talks.last(),
        };
        let talk = talk.ok_or(format!("{}: no connection was made", scenario.name))?;
        let text = format!(
            "# cassandra: a server made from native_protocol_v3.spec to v5.spec, cassandra-driver {}\n{}",
            version.trim(),
            shortened(talk)
        );
        keep(FIXTURES, scenario.name, &text)?;
    }
    Ok(())
}

/// A running server.
struct Server {
    address: SocketAddr,
    child: Child,
}

impl Server {
    fn start(python: &str, login: Login) -> Outcome<Server> {
        let address = free_address()?;
        let mut command = Command::new(python);
        command.args(["-c", SERVER, &address.port().to_string()]);
        if login == Login::Asked {
            command.arg("--login");
        }
        let mut child =
            command.stdout(Stdio::piped()).spawn().map_err(|e| format!("starting the server: {e}"))?;
        let said = child.stdout.take().ok_or("the server has no output to read")?;
        await_line(said, |line| line.contains("listening"))?;
        Ok(Server { address, child })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
