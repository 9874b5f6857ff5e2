//! Records fixtures of SQL Server's protocol.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use protocols::kit::transcript::Line;

use crate::Outcome;
use crate::fixture::{as_said, keep};
use crate::options::Options;
use crate::programs::{await_line, free_address, run};
use crate::relay::Relay;

/// Where the fixtures live.
const FIXTURES: &str = "crates/protocols/src/sql/tds/fixtures";
/// A server that speaks the protocol, which the live tests start too.
const SERVER: &str = include_str!("../../../crates/plainsight/tests/live/clients/tds_server.py");

/// One thing that a client does.
struct Scenario {
    name: &'static str,
    script: &'static str,
    /// How the server encrypts.
    mode: &'static str,
    /// What the client is made of.
    client: &'static str,
}

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "statements",
        script: include_str!("statements.py"),
        mode: "clear",
        client: "python-tds",
    },
    Scenario { name: "refused", script: include_str!("refused.py"), mode: "clear", client: "python-tds" },
    Scenario { name: "pymssql", script: include_str!("pymssql_client.py"), mode: "clear", client: "pymssql" },
    Scenario {
        name: "login_encrypted",
        script: include_str!("pymssql_client.py"),
        mode: "tunnel",
        client: "pymssql",
    },
    Scenario {
        name: "encrypted",
        script: include_str!("encrypted.py"),
        mode: "tunnel",
        client: "python-tds",
    },
];

/// Starts the servers, runs the scenarios, and writes their fixtures.
pub(crate) fn record(options: &Options) -> Outcome<()> {
    for scenario in SCENARIOS.iter().filter(|s| options.wants(s.name)) {
        let server = Server::start(&options.python, scenario.mode)?;
        let relay = Relay::open(server.address)?;
        let mut client = Command::new(&options.python);
        client.args(["-c", scenario.script]).env("PORT", relay.address.port().to_string());
        client.env("CERTIFICATE", server.folder.join("cert.pem")).stdin(Stdio::null());
        run(&mut client).map_err(|e| format!("{}: {e}", scenario.name))?;
        let talks = relay.finish().map_err(|e| format!("{}: {e}", scenario.name))?;
        let [talk] = &*talks else { return Err(format!("{}: {} connections", scenario.name, talks.len())) };
        write(scenario, &options.python, talk)?;
    }
    Ok(())
}

fn write(scenario: &Scenario, python: &str, talk: &[Line]) -> Outcome<()> {
    let version = |package: &str| {
        let script = format!("from importlib.metadata import version; print(version('{package}'))");
        run(Command::new(python).args(["-c", &script])).map(|text| text.trim().to_owned())
    };
    let clear = if scenario.mode == "clear" { " without its encryption" } else { "" };
    let (server, client) = (version("pysqlbridge")?, version(scenario.client)?);
    let mut text = format!("# mssql: pysqlbridge {server}{clear}, {} {client}\n", scenario.client);
    text.push_str(&as_said(talk));
    keep(FIXTURES, scenario.name, &text)
}

/// A running server.
struct Server {
    address: SocketAddr,
    child: Child,
    folder: PathBuf,
}

impl Server {
    fn start(python: &str, mode: &str) -> Outcome<Server> {
        let folder = std::env::temp_dir().join(format!("plainsight-record-mssql-{}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(|e| format!("making {}: {e}", folder.display()))?;
        let mut certificate = Command::new("openssl");
        certificate.args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "3",
            "-subj",
            "/CN=localhost",
        ]);
        certificate.args(["-keyout", "key.pem", "-out", "cert.pem"]).current_dir(&folder);
        run(&mut certificate)?;
        let address = free_address()?;
        let mut command = Command::new(python);
        command.args(["-c", SERVER]).arg(&folder).args([mode, &address.port().to_string()]);
        let mut child =
            command.stdout(Stdio::piped()).spawn().map_err(|e| format!("starting pysqlbridge: {e}"))?;
        let said = child.stdout.take().ok_or("pysqlbridge has no output to read")?;
        await_line(said, |line| line.contains("listening"))?;
        Ok(Server { address, child, folder })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
