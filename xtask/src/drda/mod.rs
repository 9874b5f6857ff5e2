//! Records fixtures of DRDA: Derby's network server, and its own client.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::Outcome;
use crate::fixture::{keep, shortened};
use crate::options::Options;
use crate::programs::{await_connections, free_address, run};
use crate::relay::Relay;

/// Where the fixtures live.
const FIXTURES: &str = "crates/protocols/src/sql/drda/fixtures";
/// Where Debian keeps the server and the client.
const CLASSES: &str = "/usr/share/java/derby.jar:/usr/share/java/derbynet.jar:/usr/share/java/derbytools.jar:\
                       /usr/share/java/derbyclient.jar";
const CLIENT: &str = "xtask/src/drda/Client.java";

/// Who may log in, and that who may not is refused.
const SETTINGS: [&str; 3] = [
    "-Dderby.connection.requireAuthentication=true",
    "-Dderby.authentication.provider=BUILTIN",
    "-Dderby.user.ada=hunter2",
];

/// The scenarios, each with the database that it asks for.
const SCENARIOS: [(&str, &str); 8] = [
    ("statements", "shop"),
    ("prepared", "shop"),
    ("transactions", "shop"),
    ("cursors", "shop"),
    ("long", "shop"),
    ("calls", "shop"),
    ("refused", "shop"),
    ("nowhere", "nowhere"),
];

/// Starts a server, runs the scenarios one behind the other, and writes the fixtures.
pub(crate) fn record(options: &Options) -> Outcome<()> {
    let server = Server::start()?;
    speak(server.address, "shop;create=true", "prepare")?;
    let version = run(Command::new("dpkg-query").args(["-W", "-f", "${Version}", "libderby-java"]))?;
    let version = version.split('-').next().unwrap_or_default().to_owned();
    for (name, database) in SCENARIOS.iter().filter(|(name, _)| options.wants(name)) {
        let relay = Relay::open(server.address)?;
        let spoke = match *name {
            // The password is right, and the database is none.
            "nowhere" => run(&mut shell(relay.address)).map(drop),
            _ => speak(relay.address, database, name),
        };
        spoke.map_err(|e| format!("{name}: {e}"))?;
        let talks = relay.finish().map_err(|e| format!("{name}: {e}"))?;
        let talk = talks.first().ok_or(format!("{name}: no connection was made"))?;
        let client = if *name == "nowhere" { "ij" } else { "its JDBC client" };
        keep(FIXTURES, name, &format!("# db2: Apache Derby {version}, {client}\n{}", shortened(talk)))?;
    }
    Ok(())
}

fn speak(server: SocketAddr, database: &str, scenario: &str) -> Outcome<()> {
    let mut java = Command::new("java");
    java.args(["-cp", CLASSES, CLIENT]).args([&server.to_string(), database, scenario]);
    run(&mut java).map(drop)
}

/// Derby's own shell, which asks for a database that is none.
fn shell(server: SocketAddr) -> Command {
    let words = format!("connect 'jdbc:derby://{server}/nowhere;user=ada;password=hunter2';");
    let script = format!("echo \"{words}\" | java -cp {CLASSES} org.apache.derby.tools.ij");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]);
    shell
}

/// A running server.
struct Server {
    address: SocketAddr,
    process: Child,
    folder: PathBuf,
}

impl Server {
    fn start() -> Outcome<Server> {
        let address = free_address()?;
        let folder = std::env::temp_dir().join(format!("plainsight-record-derby-{}", address.port()));
        fs::create_dir_all(&folder).map_err(|e| format!("preparing {}: {e}", folder.display()))?;
        let process = Command::new("java")
            .arg(format!("-Dderby.system.home={}", folder.display()))
            .args(SETTINGS)
            .args([
                "-cp",
                CLASSES,
                "org.apache.derby.drda.NetworkServerControl",
                "start",
                "-noSecurityManager",
            ])
            .args(["-h", "127.0.0.1", "-p", &address.port().to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("starting the server: {e}"))?;
        let mut server = Server { address, process, folder };
        await_connections(address, &mut server.process)?;
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
