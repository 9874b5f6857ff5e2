//! Records fixtures of ClickHouse's native protocol.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::Outcome;
use crate::fixture::{keep, shortened};
use crate::options::Options;
use crate::programs::{await_connections, await_line, free_address, run};
use crate::relay::Relay;

/// Where the fixtures live.
const FIXTURES: &str = "crates/protocols/src/sql/clickhouse/fixtures";
/// How a server is started, which the live tests do too.
const SERVER: &str = include_str!("../../../crates/plainsight/tests/live/clients/clickhouse_server.sh");

/// What a newer one says, from its source and its engine.
const MODERN: &str = include_str!("modern_server.py");

/// One thing that a client does.
struct Scenario {
    name: &'static str,
    client: Client,
    script: &'static str,
}

enum Client {
    /// The driver for Python, which packs its blocks so.
    Driver(&'static str),
    /// The same, which speaks to a newer server.
    Modern,
    /// The program of ClickHouse's own.
    Program,
}

const SCENARIOS: &[Scenario] = &[
    driver("statements", "no", include_str!("statements.py")),
    driver("packed_lz4", "lz4", include_str!("packed.py")),
    driver("packed_zstd", "zstd", include_str!("packed.py")),
    driver("kinds", "no", include_str!("kinds.py")),
    driver("refused", "no", include_str!("refused.py")),
    driver("cancelled", "lz4", include_str!("cancelled.py")),
    driver("long", "lz4", include_str!("long.py")),
    driver("long_plain", "no", include_str!("long.py")),
    Scenario { name: "modern", client: Client::Modern, script: include_str!("modern.py") },
    Scenario { name: "program", client: Client::Program, script: include_str!("program.sh") },
];

const fn driver(name: &'static str, packing: &'static str, script: &'static str) -> Scenario {
    Scenario { name, client: Client::Driver(packing), script }
}

/// Starts a server for each scenario, runs its client, and writes the fixture.
pub(crate) fn record(options: &Options) -> Outcome<()> {
    let script = "import clickhouse_driver; print(clickhouse_driver.__version__)";
    let driver = run(Command::new(&options.python).args(["-c", script]))?;
    for scenario in SCENARIOS.iter().filter(|s| options.wants(s.name)) {
        let server = match scenario.client {
            Client::Modern => Server::modern(&options.python)?,
            Client::Driver(_) | Client::Program => Server::start()?,
        };
        let relay = Relay::open(server.address)?;
        let (mut client, name) = match scenario.client {
            Client::Driver(packing) => {
                let mut client = Command::new(&options.python);
                client.args(["-c", scenario.script]).env("PACKING", packing);
                (client, format!("clickhouse-driver {}", driver.trim()))
            }
            Client::Modern => {
                let mut client = Command::new(&options.python);
                client.args(["-c", scenario.script]);
                (client, format!("clickhouse-driver {}", driver.trim()))
            }
            Client::Program => {
                let mut client = Command::new("bash");
                client.args(["-ec", scenario.script]);
                (client, "clickhouse-client 18.16.1".to_owned())
            }
        };
        client.env("PORT", relay.address.port().to_string()).stdin(Stdio::null());
        run(&mut client).map_err(|e| format!("{}: {e}", scenario.name))?;
        let talks = relay.finish().map_err(|e| format!("{}: {e}", scenario.name))?;
        // The driver leaves a connection on which something failed, and the program asks some things on one of its own.
        let talk = talks
            .iter()
            .max_by_key(|talk| talk.len())
            .ok_or(format!("{}: no connection was made", scenario.name))?;
        let text = format!("# clickhouse: {}, {name}\n{}", server.name, shortened(talk));
        keep(FIXTURES, scenario.name, &text)?;
    }
    Ok(())
}

/// A running server.
struct Server {
    name: &'static str,
    address: SocketAddr,
    child: Child,
    folder: PathBuf,
}

impl Server {
    fn start() -> Outcome<Server> {
        let folder =
            std::env::temp_dir().join(format!("plainsight-record-clickhouse-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|e| format!("making {}: {e}", folder.display()))?;
        let address = free_address()?;
        let mut command = Command::new("sh");
        command.args(["-c", SERVER]).current_dir(&folder).env("LISTENS", "tcp_port");
        command.env("PORT", address.port().to_string()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().map_err(|e| format!("starting clickhouse-server: {e}"))?;
        let mut server = Server { name: "ClickHouse 18.16.1", address, child, folder };
        await_connections(address, &mut server.child)?;
        Ok(server)
    }

    /// One made from the source, with the engine of a newer release.
    fn modern(python: &str) -> Outcome<Server> {
        let folder = std::env::temp_dir().join(format!("plainsight-record-chdb-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|e| format!("making {}: {e}", folder.display()))?;
        let address = free_address()?;
        let mut command = Command::new(python);
        command.args(["-c", MODERN, &address.port().to_string()]).current_dir(&folder).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|e| format!("starting the server: {e}"))?;
        let said = child.stdout.take().ok_or("the server has no output to read")?;
        await_line(said, |line| line.contains("listening"))?;
        Ok(Server {
            name: "a server made from the source, revision 54468, with chdb-core 26.9.0",
            address,
            child,
            folder,
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
