//! Records fixtures of DRDA: Derby's network server, and its own client.

use std::net::SocketAddr;
use std::process::Command;

use crate::Outcome;
use crate::fixture::{keep, shortened};
use crate::options::Options;
use crate::programs::run;
use crate::relay::Relay;
use crate::server::Server;

/// Where the fixtures live.
const FIXTURES: &str = "crates/protocols/src/sql/drda/fixtures";
/// Where Debian keeps the server and the client.
const CLASSES: &str = "/usr/share/java/derby.jar:/usr/share/java/derbynet.jar:/usr/share/java/derbytools.jar:\
                       /usr/share/java/derbyclient.jar";
const CLIENT: &str = "xtask/src/drda/Client.java";

/// The server: who may log in, and that who may not is refused.
const SERVER: [&str; 14] = [
    "java",
    "-Dderby.system.home=.",
    "-Dderby.connection.requireAuthentication=true",
    "-Dderby.authentication.provider=BUILTIN",
    "-Dderby.user.ada=hunter2",
    "-cp",
    CLASSES,
    "org.apache.derby.drda.NetworkServerControl",
    "start",
    "-noSecurityManager",
    "-h",
    "127.0.0.1",
    "-p",
    "PORT",
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
    let server = Server::start(&SERVER, &[])?;
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
