//! Records fixtures of Bolt.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::Outcome;
use crate::fixture::{as_said, keep};
use crate::options::Options;
use crate::programs::{await_connections, await_ready, free_address, run};
use crate::relay::Relay;

/// Where the fixtures live.
const FIXTURES: &str = "crates/protocols/src/document/neo4j/fixtures";
/// A client, which the live tests start too.
const CLIENT: &str = include_str!("../../../crates/plainsight/tests/live/clients/neo4j_client.py");
const SCENARIOS: [&str; 4] = ["statements", "transactions", "pages", "refused"];

/// Starts a server, runs each scenario's client, and writes its fixture.
pub(crate) fn record(options: &Options) -> Outcome<()> {
    let server = Server::start(&options.python)?;
    for scenario in SCENARIOS.into_iter().filter(|name| options.wants(name)) {
        let relay = Relay::open(server.address)?;
        let mut client = Command::new(&options.python);
        client.args(["-c", CLIENT, &relay.address.port().to_string(), scenario]).stdin(Stdio::null());
        run(&mut client).map_err(|e| format!("{scenario}: {e}"))?;
        let talks = relay.finish().map_err(|e| format!("{scenario}: {e}"))?;
        let talk = talks.last().ok_or(format!("{scenario}: no connection was made"))?;
        let version = |package: &str| {
            let script = format!("from importlib.metadata import version; print(version('{package}'))");
            run(Command::new(&options.python).args(["-c", &script])).map(|text| text.trim().to_owned())
        };
        let (arcade, neo4j) = (version("arcadedb-embedded")?, version("neo4j")?);
        let text = format!("# neo4j: ArcadeDB {arcade}, neo4j {neo4j} of Python\n{}", as_said(talk));
        keep(FIXTURES, scenario, &text)?;
    }
    Ok(())
}

/// A running server.
struct Server {
    address: SocketAddr,
    child: Child,
    folder: PathBuf,
}

impl Server {
    fn start(python: &str) -> Outcome<Server> {
        let script = "import importlib.util as u; print(u.find_spec('arcadedb_embedded').submodule_search_locations[0])";
        let package = run(Command::new(python).args(["-c", script]))?;
        let package = PathBuf::from(package.trim());
        let address = free_address()?;
        let folder = std::env::temp_dir().join(format!("plainsight-record-neo4j-{}", address.port()));
        std::fs::create_dir_all(&folder).map_err(|e| format!("making {}: {e}", folder.display()))?;
        let mut java = Command::new(package.join("jre/bin/java"));
        java.current_dir(&folder).args(["-Xmx512m", "-cp"]).arg(package.join("jars/*")).args([
            "-Darcadedb.server.rootPassword=tulip123",
            "-Darcadedb.server.plugins=Bolt:com.arcadedb.bolt.BoltProtocolPlugin",
            "-Darcadedb.bolt.host=127.0.0.1",
            "-Darcadedb.server.httpIncomingHost=127.0.0.1",
            "-Darcadedb.server.defaultDatabases=shop[root]",
        ]);
        let http = free_address()?;
        java.arg(format!("-Darcadedb.bolt.port={}", address.port()));
        java.arg(format!("-Darcadedb.server.httpIncomingPort={}", http.port()));
        java.arg("com.arcadedb.server.ArcadeDBServer").stdin(Stdio::null());
        let child = java
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("starting ArcadeDB: {e}"))?;
        let mut server = Server { address, child, folder };
        await_connections(address, &mut server.child)?;
        // It takes connections before its database is there.
        await_ready(|| Ok(server.folder.join("databases/shop").exists()))?;
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
