//! ZooKeeper's clients: what each says that it did is what is shown.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use crate::support::clients::{python, python_has};
use crate::support::ground::{Ground, ground, skip};
use crate::support::process::{Running, free_port, program, until};
use crate::support::watch::Watch;

/// Where Debian keeps the server.
const CLASSES: &str = "/usr/share/java/zookeeper.jar";
/// Clients at once, each with a connection of its own, and what each does so many times.
const CLIENTS: usize = 8;
const ROUNDS: usize = 40;

/// What a client says of one thing that it did.
#[derive(Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Did {
    statement: String,
    error: Option<String>,
    rows: Option<u64>,
    parameters: Vec<String>,
}

#[test]
fn nodes_are_shown_as_their_clients_tell() {
    let Some(ground) = ground("zookeeper", &["java"]) else { return };
    if !python_has("kazoo") || !Path::new(CLASSES).exists() {
        return skip("zookeeper", "needs zookeeper and python3-kazoo (`.ci/packages test`)");
    }
    let (mut server, port) = start(&ground);
    let server_pid = server.pid();
    let watch = Watch::ports(&[port]);
    let mut client = python("zookeeper_client.py");
    let client =
        Running::start(client.args([usize::from(port), CLIENTS, ROUNDS].map(|number| number.to_string())));
    let pid = client.pid();
    let mut did: Vec<Did> = serde_json::from_str(&client.output()).unwrap();
    let seen = watch.end();
    server.stop();
    let own = ["connect", "closeSession", "ping"];
    let shown = seen.accesses.iter().filter(|access| !own.contains(&access.operation.as_str()));
    let mut told: Vec<Did> = Vec::new();
    for access in shown {
        assert_eq!((&*access.protocol, &*access.layer), ("zookeeper", "plain"), "{access:#?}");
        assert_eq!((access.client_pid(), access.server_pid()), (pid, server_pid), "{access:#?}");
        assert!(access.complete.ok && !access.targets.is_empty(), "{access:#?}");
        told.push(Did {
            statement: access.statement.clone().unwrap(),
            error: access.error.as_ref().map(|error| error.code.clone()),
            rows: access.rows,
            parameters: access.parameters.iter().flatten().cloned().collect(),
        });
    }
    did.sort();
    told.sort();
    assert_eq!(did.len(), CLIENTS * ROUNDS * 5);
    assert_eq!(told, did);
    let greetings = seen.accesses.iter().filter(|access| access.operation == "connect").count();
    assert_eq!(greetings, CLIENTS);
}

/// Starts a server in the ground's folder, and waits until it serves.
fn start(ground: &Ground) -> (Running, u16) {
    let (folder, port) = (ground.folder.path(), free_port());
    let settings = format!(
        "tickTime=2000\nclientPort={port}\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\n\
         maxClientCnxns=0\n4lw.commands.whitelist=ruok,isro\ndataDir={}\n",
        folder.display()
    );
    std::fs::write(folder.join("zoo.cfg"), settings).unwrap();
    let mut java = program("java");
    java.current_dir(folder).args([
        "-cp",
        CLASSES,
        "org.apache.zookeeper.server.ZooKeeperServerMain",
        "zoo.cfg",
    ]);
    let server = Running::start(&mut java);
    until("ZooKeeper serves", || asked(port, "isro").is_ok_and(|said| said == "rw"));
    (server, port)
}

/// What the server says to a command of four letters; what it takes before it serves, it never answers.
fn asked(port: u16, command: &str) -> std::io::Result<String> {
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    connection.set_read_timeout(Some(Duration::from_secs(1)))?;
    connection.write_all(command.as_bytes())?;
    let mut said = String::new();
    connection.read_to_string(&mut said)?;
    Ok(said)
}
