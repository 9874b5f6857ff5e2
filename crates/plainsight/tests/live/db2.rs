//! Derby's server and its client: what the client says that it did, and what the server says that it ran, is what is shown.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use crate::support::ground::{Ground, ground, skip};
use crate::support::java::{Java, agent};
use crate::support::process::{Lines, Running, free_port, program, run};
use crate::support::watch::{Seen, Watch};

/// Where Debian keeps the server and the client.
const SERVER: &str = "/usr/share/java/derby.jar:/usr/share/java/derbynet.jar";
const CLIENT: &str = "/usr/share/java/derbyclient.jar";
/// Connections at once, and what is done so many times on each.
const CONNECTIONS: usize = 8;
const ROUNDS: usize = 20;

/// What the client says of one statement.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Did {
    statement: String,
    parameters: Vec<Option<String>>,
    rows: Option<u64>,
    affected: Option<u64>,
    error: Option<String>,
}

#[test]
fn statements_are_shown_as_both_sides_tell() {
    let Some((ground, mut server, port)) = started("db2", &[]) else { return };
    let server_pid = server.pid();
    let client = client(&["-cp".to_owned(), CLIENT.to_owned()], port, "");
    let pid = client.pid();
    let watch = Watch::ports(&[port]);
    let did = told_by(client);
    let seen = watch.end();
    server.stop();
    compare(&seen, "plain", &did);
    let of_pids =
        |seen: &Seen| seen.accesses.iter().all(|a| (a.client_pid(), a.server_pid()) == (pid, server_pid));
    assert!(of_pids(&seen), "{:#?}", seen.accesses);
    let mut ran = ran(&ground);
    let mut wanted: Vec<_> = did.into_iter().map(|did| (did.statement, did.parameters)).collect();
    ran.sort();
    wanted.sort();
    assert_eq!(ran, wanted);
}

/// Records of Java's own TLS, which its agent tells; the server is dark.
#[test]
fn statements_inside_of_tls_are_shown_as_the_client_tells() {
    let test = "db2, TLS";
    let settings = ["-Dderby.drda.sslMode=basic", "-Djavax.net.ssl.keyStorePassword=tulip123"];
    let Some((ground, mut server, port)) = started(test, &settings) else { return };
    let Some(agent) = agent(&ground, test) else { return };
    let options = [format!("-javaagent:{}", agent.display()), "-cp".to_owned(), CLIENT.to_owned()];
    let client = client(&options, port, ";ssl=basic");
    let pid = client.pid();
    let watch = Watch::ports(&[port]);
    let did = told_by(client);
    let seen = watch.end();
    server.stop();
    compare(&seen, "tls", &did);
    assert!(seen.accesses.iter().all(|access| access.client_pid() == pid));
}

/// The accesses that are shown are what the client did.
fn compare(seen: &Seen, layer: &str, did: &[Did]) {
    let own = ["login", "CONNECT", "PREPARE", "DESCRIBE", "CALL", "COMMIT", "CLOSE", "CREATE"];
    let mut shown = Vec::new();
    for access in seen.accesses.iter().filter(|access| !own.contains(&access.operation.as_str())) {
        assert_eq!((&*access.protocol, &*access.layer), ("db2", layer), "{access:#?}");
        assert!(access.complete.ok, "{access:#?}");
        let session = access.session.as_ref().unwrap();
        assert_eq!(
            (session.user.as_deref(), session.database.as_deref()),
            (Some("ada"), Some("shop")),
            "{access:#?}"
        );
        if access.operation == "SELECT" {
            assert!(access.samples[0][1].as_ref().unwrap().ends_with("@example.com"), "{access:#?}");
        }
        shown.push(Did {
            statement: access.statement.clone().unwrap(),
            parameters: access.parameters.clone(),
            rows: access.rows,
            affected: access.affected,
            error: access.error.as_ref().map(|error| error.code.clone()),
        });
    }
    let mut did = did.to_vec();
    did.sort();
    shown.sort();
    assert_eq!(did.len(), CONNECTIONS * ROUNDS * 3);
    assert_eq!(shown, did);
    let logins = seen.accesses.iter().filter(|access| access.operation == "login").count();
    assert_eq!(logins, CONNECTIONS + 1);
    assert!(!format!("{:?}", seen.accesses).contains("hunter2"));
}

fn client(options: &[String], port: u16, attributes: &str) -> Java {
    let url = format!("jdbc:derby://127.0.0.1:{port}/shop{attributes}");
    Java::start(options, "DerbyCalls.java", &[url, CONNECTIONS.to_string(), ROUNDS.to_string()])
}

fn told_by(client: Java) -> Vec<Did> {
    client.go().iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What the server's log says that it ran of the test: statements, and what was bound to them.
fn ran(ground: &Ground) -> Vec<(String, Vec<Option<String>>)> {
    let log = std::fs::read(ground.folder.path().join("derby.log")).unwrap();
    let log = String::from_utf8_lossy(&log);
    // A statement whose plan has aged is begun, compiled anew and begun again, which the log tells twice. Each statement of the
    // client is a transaction of its own, so that nothing else stands twice in one.
    let executions: BTreeSet<_> = log.lines().filter_map(execution).collect();
    let is_of_test = |statement: &str| statement.contains(" people ") && !statement.starts_with("CREATE");
    let of_test = executions.into_iter().filter(|(_, statement, _)| is_of_test(statement));
    of_test.map(|(_, statement, parameters)| (statement.to_owned(), parameters)).collect()
}

/// The transaction, the statement and its parameters, if a line of the log tells that one is executed.
fn execution(line: &str) -> Option<(&str, &str, Vec<Option<String>>)> {
    let (session, told) = line.split_once("Executing prepared statement: ")?;
    let (transaction, _) = session.split_once("(XID = ")?.1.split_once(')')?;
    let (statement, bound) = told.split_once(" :End prepared statement")?;
    let value = |parameter: &str| {
        let (_, value) = parameter.split_once(": ").unwrap();
        Some(value.split_once(" :end parameter").unwrap().0.to_owned())
    };
    Some((transaction, statement, bound.split("begin parameter #").skip(1).map(value).collect()))
}

/// Starts a server in the ground's folder, and waits until it serves.
fn started(test: &str, settings: &[&str]) -> Option<(Ground, Running, u16)> {
    let ground = ground(test, &["java", "keytool"])?;
    if !SERVER.split(':').chain([CLIENT]).all(|jar| Path::new(jar).exists()) {
        skip(test, "needs libderbyclient-java and libderby-java (`.ci/packages test`)");
        return None;
    }
    let (folder, port) = (ground.folder.path(), free_port());
    let keys = folder.join("keys");
    run(program("keytool")
        .args(["-genkeypair", "-keyalg", "EC", "-alias", "derby", "-dname", "CN=localhost"])
        .args(["-storepass", "tulip123", "-keystore", keys.to_str().unwrap()]));
    let mut java = program("java");
    java.current_dir(folder).args(settings).arg(format!("-Djavax.net.ssl.keyStore={}", keys.display()));
    java.args([
        "-Dderby.language.logStatementText=true",
        "-Dderby.connection.requireAuthentication=true",
        "-Dderby.authentication.provider=BUILTIN",
        "-Dderby.user.ada=hunter2",
        "-cp",
        SERVER,
        "org.apache.derby.drda.NetworkServerControl",
        "start",
        "-noSecurityManager",
        "-h",
        "127.0.0.1",
        "-p",
        &port.to_string(),
    ]);
    let mut server = Running::start(&mut java);
    let said = Lines::of(server.0.stdout.take().unwrap());
    said.until("ready to accept");
    Some((ground, server, port))
}
