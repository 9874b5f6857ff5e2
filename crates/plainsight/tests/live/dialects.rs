//! What is spoken inside of HTTP, over TLS: what the makers' own clients say that they asked and got is what is shown.

use serde::Deserialize;

use crate::support::access::Access;
use crate::support::clients::{Called, Wheel, truth_of};
use crate::support::ground::ground;
use crate::support::process::{Lines, PATIENCE, Running, make_certificate};
use crate::support::watch::Watch;

/// A server of the test's own that says its port when it listens.
struct Server {
    port: u16,
    running: Running,
    /// Kept, or it would wait for somebody to read it.
    _said: Lines,
}

impl Server {
    fn start(command: &mut std::process::Command) -> Server {
        let mut running = Running::start(command);
        let said = Lines::of(running.0.stdout.take().unwrap());
        let line = said.next().unwrap_or_else(|| panic!("it said no port within {PATIENCE:?}"));
        Server { port: line.parse().unwrap(), running, _said: said }
    }

    fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }
}

/// What a client of a model says of one call.
#[derive(Debug, Deserialize)]
struct Asked {
    pid: u32,
    protocol: String,
    operation: String,
    asked: String,
    text: Option<String>,
    called: Option<String>,
    error: Option<String>,
}

#[test]
fn model_apis_are_shown_as_they_were() {
    let Some(ground) = ground("model APIs", &["openssl", "node"]) else { return };
    let Some(clients) = Wheel::of("model APIs", "models") else { return };
    let Some(models) = Wheel::of("model APIs", "aimock") else { return };
    make_certificate(ground.folder.path());
    let mut server = Server::start(models.node("models_server.js").arg(ground.folder.path()));
    let watch = Watch::ports(&[server.port]);
    let mut client = clients.python("models_client.py");
    let asked: Vec<Asked> = truth_of(client.arg(server.url()).arg(ground.folder.path().join("cert.pem")));
    let mut seen = watch.end();
    server.running.stop();
    // A stream that its client leaves before its last byte ends with its connection, when the next call is under way.
    seen.accesses.sort_by_key(Access::at);
    assert_eq!((asked.len(), seen.accesses.len()), (18, 18), "{seen:#?}");
    for (asked, access) in asked.iter().zip(&seen.accesses) {
        assert_asked(asked, access);
        assert_eq!(access.server_pid(), server.running.pid(), "{access:#?}");
    }
    assert!(!format!("{seen:?}").contains("hunter2"), "a credential was shown");
}

fn assert_asked(asked: &Asked, access: &Access) {
    let told = (access.protocol.as_str(), access.operation.as_str(), access.layer.as_str());
    assert_eq!(told, (asked.protocol.as_str(), asked.operation.as_str(), "tls"), "{access:#?}");
    assert_eq!(access.targets, ["tulip"], "{access:#?}");
    assert_eq!(access.statement, Some(format!("user: {}", asked.asked)), "{access:#?}");
    assert_eq!(access.client_pid(), asked.pid, "{access:#?}");
    assert_eq!(access.details["ai"]["tools"], "weather", "{access:#?}");
    assert_eq!(access.error.as_ref().map(|error| &error.code), asked.error.as_ref(), "{access:#?}");
    assert!(access.complete.ok, "{access:#?}");
    let said = access.samples.first().and_then(|row| row.first().cloned().flatten());
    match &asked.called {
        // `weather({...})` is what `weather {...}` called.
        Some(called) => assert_eq!(said, Some(format!("{})", called.replacen(' ', "(", 1))), "{access:#?}"),
        None => assert_eq!(said, asked.text, "{access:#?}"),
    }
}

#[test]
fn mcp_is_shown_as_it_was() {
    let Some(ground) = ground("MCP", &["openssl"]) else { return };
    let Some(wheel) = Wheel::of("MCP", "mcp") else { return };
    make_certificate(ground.folder.path());
    let mut server = Server::start(wheel.python("mcp_server.py").arg(ground.folder.path()));
    let watch = Watch::ports(&[server.port]);
    let mut client = wheel.python("mcp_client.py");
    let called: Vec<Called> = truth_of(client.arg(server.url()).arg(ground.folder.path().join("cert.pem")));
    let mut seen = watch.end();
    server.running.stop();
    seen.accesses.sort_by_key(Access::at);
    let operations: Vec<_> = seen.accesses.iter().map(|access| access.operation.as_str()).collect();
    assert_eq!(operations, called.iter().map(|called| called.operation.as_str()).collect::<Vec<_>>());
    assert_eq!(called.len(), 6);
    for (called, access) in called.iter().zip(&seen.accesses) {
        assert_eq!((access.protocol.as_str(), access.layer.as_str()), ("mcp", "tls"), "{access:#?}");
        assert_eq!(access.operation, called.operation, "{access:#?}");
        assert_eq!(access.targets.first(), called.target.as_ref(), "{access:#?}");
        assert_eq!(access.parameters, called.parameters, "{access:#?}");
        let said = access.samples.first().and_then(|row| row.first().cloned().flatten());
        assert_eq!(said, called.text, "{access:#?}");
        assert_eq!(access.error.as_ref().map(|error| &error.code), called.error.as_ref(), "{access:#?}");
        assert_eq!((access.client_pid(), access.server_pid()), (called.pid, server.running.pid()));
    }
    assert!(!format!("{seen:?}").contains("hunter2"), "a credential was shown");
}

/// What a client of WebSocket says of one message.
#[derive(Debug, Deserialize)]
struct Message {
    pid: u32,
    operation: String,
    from: String,
    statement: Option<String>,
    bytes: u64,
    code: Option<String>,
}

#[test]
fn websocket_is_shown_as_it_was() {
    let Some(ground) = ground("WebSocket", &["openssl"]) else { return };
    let Some(wheel) = Wheel::of("WebSocket", "websockets") else { return };
    make_certificate(ground.folder.path());
    let mut server = Server::start(wheel.python("websocket_pair.py").arg("serve").arg(ground.folder.path()));
    let watch = Watch::ports(&[server.port]);
    let mut client = wheel.python("websocket_pair.py");
    client.arg("call").arg(server.url()).arg(ground.folder.path().join("cert.pem"));
    let said: Vec<Message> = truth_of(&mut client);
    let seen = watch.end();
    server.running.stop();
    let (upgraded, shown) = seen.accesses.split_first().unwrap();
    assert_eq!((upgraded.protocol.as_str(), upgraded.operation.as_str()), ("http", "GET"), "{upgraded:#?}");
    assert_eq!((said.len(), shown.len()), (11, 11), "{seen:#?}");
    for (said, access) in said.iter().zip(shown) {
        assert_eq!((access.protocol.as_str(), access.layer.as_str()), ("websocket", "tls"), "{access:#?}");
        assert_eq!((access.operation.as_str(), access.outcome.as_str()), (said.operation.as_str(), "oneway"));
        assert_eq!(access.statement, said.statement, "{access:#?}");
        assert_eq!(access.targets, ["/orders"], "{access:#?}");
        assert_eq!(access.details["websocket"]["from"], said.from, "{access:#?}");
        assert_eq!(access.details["websocket"]["bytes"], said.bytes, "{access:#?}");
        assert_eq!(access.error.as_ref().map(|error| &error.code), said.code.as_ref(), "{access:#?}");
        assert_eq!((access.client_pid(), access.server_pid()), (said.pid, server.running.pid()));
    }
}

/// What a client of GraphQL says of one operation.
#[derive(Debug, Deserialize)]
struct Executed {
    pid: u32,
    operation: String,
    statement: String,
    parameters: Vec<Option<String>>,
    target: String,
    error: Option<String>,
}

#[test]
fn graphql_is_shown_as_it_was() {
    let Some(ground) = ground("GraphQL", &["openssl"]) else { return };
    let Some(wheel) = Wheel::of("GraphQL", "graphql") else { return };
    make_certificate(ground.folder.path());
    let mut server = Server::start(wheel.python("graphql_server.py").arg(ground.folder.path()));
    let watch = Watch::ports(&[server.port]);
    let mut client = wheel.python("graphql_client.py");
    let executed: Vec<Executed> =
        truth_of(client.arg(server.url()).arg(ground.folder.path().join("cert.pem")));
    let seen = watch.end();
    server.running.stop();
    assert_eq!((executed.len(), seen.accesses.len()), (4, 4), "{seen:#?}");
    for (executed, access) in executed.iter().zip(&seen.accesses) {
        assert_eq!((access.protocol.as_str(), access.layer.as_str()), ("graphql", "tls"), "{access:#?}");
        assert_eq!(access.operation, executed.operation, "{access:#?}");
        assert_eq!(access.statement.as_ref(), Some(&executed.statement), "{access:#?}");
        assert_eq!(access.parameters, executed.parameters, "{access:#?}");
        assert_eq!(access.targets, [executed.target.as_str()], "{access:#?}");
        assert_eq!(access.outcome == "error", executed.error.is_some(), "{access:#?}");
        assert_eq!(access.details["http"]["status"], 200, "{access:#?}");
        assert_eq!((access.client_pid(), access.server_pid()), (executed.pid, server.running.pid()));
    }
    assert!(!format!("{seen:?}").contains("hunter2"), "a credential was shown");
}
