//! MCP between a program and the server that it started: what the client says that it asked and got is what is shown.

use std::process::Command;

use crate::support::access::{Access, Process};
use crate::support::clients::{Called, Wheel, path, truth_of};
use crate::support::ground::ground;
use crate::support::process::run;
use crate::support::watch::{PLAINSIGHT, Watch};

/// Of one content so many bytes are told.
const CONTENT: usize = 4 << 10;

fn python() -> Option<Command> {
    let mut client = Wheel::of("MCP over stdio", "mcp")?.python("mcp_stdio_client.py");
    client.arg("/usr/bin/python3").arg(path("mcp_stdio_server.py"));
    Some(client)
}

fn node() -> Option<Command> {
    let mut client = Wheel::of("MCP over stdio", "mcp_node")?.node("mcp_stdio_client.js");
    client.arg("node").arg(path("mcp_stdio_server.js"));
    Some(client)
}

/// What the client says of each message is what was seen of it, and of both processes.
fn assert_seen(mut called: Vec<Called>, mut accesses: Vec<Access>) {
    let pid = called[0].pid;
    accesses.retain(|access| access.process.as_ref().is_some_and(|process| process.pid == pid));
    accesses.retain(|access| access.protocol == "mcp");
    accesses.sort_by_key(Access::at);
    // What the server asks, and says by the way, a client may tell before or behind its own call.
    called.sort_by(|a, b| a.operation.cmp(&b.operation));
    accesses.sort_by(|a, b| a.operation.cmp(&b.operation));
    assert_eq!(accesses.len(), called.len(), "{accesses:#?}");
    for (called, access) in called.iter().zip(&accesses) {
        assert_eq!(access.operation, called.operation, "{access:#?}");
        assert_eq!(access.targets.first(), called.target.as_ref(), "{access:#?}");
        assert_eq!(access.parameters, called.parameters, "{access:#?}");
        assert_eq!(access.error.as_ref().map(|error| &error.code), called.error.as_ref(), "{access:#?}");
        if let Some(text) = &called.text {
            let said = access.samples.first().and_then(|row| row.first().cloned().flatten());
            assert_eq!(said, text.get(..CONTENT).or(Some(text)).map(str::to_owned), "{access:#?}");
        }
        assert_eq!((access.role.as_deref(), access.layer.as_str()), (Some("both"), "plain"), "{access:#?}");
        assert_eq!(access.server_pid(), accesses[0].server_pid(), "{access:#?}");
        assert_ne!(access.server_pid(), pid, "{access:#?}");
        assert!(access.complete.ok, "{access:#?}");
    }
    assert!(!format!("{accesses:?}").contains("hunter2"), "a credential was shown");
}

/// Everything is watched while the client runs; of what the watch itself prints nothing is heard.
fn is_heard(mut client: Command, messages: usize) {
    let watch = Watch::with(&["--pipes", "--hex"]);
    let own = watch.pid();
    let called: Vec<Called> = truth_of(&mut client);
    let seen = watch.end();
    seen.assert_holds();
    assert_eq!(called.len(), messages, "{called:#?}");
    let is_own = |process: &Option<Process>| process.as_ref().is_some_and(|process| process.pid == own);
    let of_own = seen.accesses.iter().find(|access| is_own(&access.process) || is_own(&access.peer_process));
    assert!(of_own.is_none(), "it heard itself: {of_own:#?}");
    assert_seen(called, seen.accesses);
}

/// A pair of sockets and a pipe, or two pipes, by the version of Python.
#[test]
fn a_client_in_python_and_its_server_are_heard() {
    let Some(_ground) = ground("MCP over stdio", &[]) else { return };
    let Some(client) = python() else { return };
    is_heard(client, 10);
}

/// Two pairs of sockets; the server asks its client, and is told to leave a call.
#[test]
fn a_client_in_node_and_its_server_are_heard() {
    let Some(_ground) = ground("MCP over stdio", &["node"]) else { return };
    let Some(client) = node() else { return };
    is_heard(client, 12);
}

#[test]
fn a_client_that_is_started_to_be_watched_is_heard() {
    let Some(_ground) = ground("MCP over stdio", &[]) else { return };
    let Some(client) = python() else { return };
    let mut watch = Command::new(PLAINSIGHT);
    watch.args(["watch", "--json", "--pipes", "--protocol", "mcp", "--"]).arg(client.get_program());
    watch.args(client.get_args());
    watch.envs(client.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = run(&mut watch);
    let lines = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    // Its output is in the watch's errors, among other words.
    let called: Vec<Called> =
        lines(output.stderr).lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let seen: Vec<Access> =
        lines(output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(called.len(), 10, "{called:#?}");
    assert_seen(called, seen);
}

/// Only who asks for pipes hears them.
#[test]
fn nothing_is_heard_of_pipes_by_default() {
    let Some(_ground) = ground("MCP over stdio", &[]) else { return };
    let Some(mut client) = python() else { return };
    let watch = Watch::with(&[]);
    let called: Vec<Called> = truth_of(&mut client);
    let seen = watch.end();
    assert_eq!(called.len(), 10, "{called:#?}");
    assert!(seen.accesses.iter().all(|access| access.protocol != "mcp"), "{:#?}", seen.accesses);
}
