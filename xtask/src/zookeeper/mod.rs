//! Records fixtures of ZooKeeper.

use std::net::SocketAddr;
use std::process::Command;

use crate::Outcome;
use crate::fixture::{keep, shortened};
use crate::options::Options;
use crate::programs::run;
use crate::relay::Relay;
use crate::server::Server;

/// Where the fixtures live.
const FIXTURES: &str = "crates/protocols/src/keyvalue/zookeeper/fixtures";
/// Where Debian keeps the server and its shell.
const CLASSES: &str = "/usr/share/java/zookeeper.jar";
const SERVER: [&str; 5] =
    ["java", "-cp", CLASSES, "org.apache.zookeeper.server.ZooKeeperServerMain", "zoo.cfg"];
const SETTINGS: &str = "tickTime=2000\nclientPort=PORT\nclientPortAddress=127.0.0.1\ndataDir=data\nadmin.enableServer=false\n\
                        4lw.commands.whitelist=*\nreconfigEnabled=true\n\
                        extendedTypesEnabled=true\nzookeeper.extendedTypesEnabled=true\n";

/// One thing that a client does.
struct Scenario {
    name: &'static str,
    client: Client,
}

enum Client {
    /// A script of kazoo.
    Kazoo(&'static str),
    /// What is said to ZooKeeper's own shell.
    Shell(&'static str),
    /// A script with a bare socket.
    Socket(&'static str),
}

const SCENARIOS: &[Scenario] = &[
    Scenario { name: "kazoo", client: Client::Kazoo(include_str!("nodes.py")) },
    Scenario { name: "transaction", client: Client::Kazoo(include_str!("transaction.py")) },
    Scenario { name: "login", client: Client::Kazoo(include_str!("login.py")) },
    Scenario { name: "reconnected", client: Client::Kazoo(include_str!("reconnected.py")) },
    Scenario { name: "shell", client: Client::Shell(include_str!("shell.txt")) },
    Scenario { name: "command", client: Client::Socket(include_str!("command.py")) },
];

/// Starts a server for each scenario, runs its client, and writes the fixture.
pub(crate) fn record(options: &Options) -> Outcome<()> {
    for scenario in SCENARIOS.iter().filter(|s| options.wants(s.name)) {
        let server = Server::start(&SERVER, &[("zoo.cfg", SETTINGS)])?;
        let relay = Relay::open(server.address)?;
        let program = speak(scenario, options, relay.address)?;
        let talks = relay.finish().map_err(|e| format!("{}: {e}", scenario.name))?;
        let talk = talks.last().ok_or(format!("{}: no connection was made", scenario.name))?;
        let version = run(Command::new("dpkg-query").args(["-W", "-f", "${Version}", "zookeeper"]))?;
        let version = version.split('-').next().unwrap_or_default();
        let text = format!("# zookeeper: ZooKeeper {version}, {program}\n{}", shortened(talk));
        keep(FIXTURES, scenario.name, &text)?;
    }
    Ok(())
}

/// Runs the client, and says which program it was.
fn speak(scenario: &Scenario, options: &Options, relay: SocketAddr) -> Outcome<String> {
    let said = |e| format!("{}: {e}", scenario.name);
    let python = |script: &str| {
        run(Command::new(&options.python).args(["-c", script]).env("SERVER", relay.to_string()))
    };
    match scenario.client {
        Client::Kazoo(script) => {
            python(script).map_err(said)?;
            let version = python("import kazoo.version; print(kazoo.version.__version__)")?;
            Ok(format!("kazoo {}", version.trim()))
        }
        Client::Socket(script) => python(script).map_err(said).map(|_| "a socket".to_owned()),
        Client::Shell(words) => {
            let script = format!(
                "printf '%s' \"$WORDS\" | java -cp {CLASSES} org.apache.zookeeper.ZooKeeperMain -server {relay}"
            );
            run(Command::new("sh").args(["-c", &script]).env("WORDS", words)).map_err(said)?;
            Ok("zkCli of the same".to_owned())
        }
    }
}
